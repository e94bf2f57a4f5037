"""`digest run`: run the schedule until SIGTERM or Ctrl-C."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.alerts import ALERTS_MISSING
from digest.cli.logs import LogFormat, info, log_option, logging_to_stderr, warn

if TYPE_CHECKING:
    from digest.app import App
    from digest.utils.heartbeat import Heartbeat
    from digest.web.server import RunningPages


@click.command()
@click.option(
    "--health-port",
    type=click.IntRange(0, 65535),
    help="Serve /healthz, /readyz and /metrics on this port of 127.0.0.1; 0 takes a free one.",
)
@log_option
@click.pass_obj
def run(home: Path, health_port: int | None, log_format: LogFormat | None) -> int:
    """Run the schedule of digest.yaml until stopped: collect, compose, send.

    With web.enabled, also serve the reader pages. Edits of the settings and of the list are followed. A second
    `digest run` on the same store waits, and takes over when the first ends.
    """
    from digest.app import make_app
    from digest.cli.signals import stopped_by_signals
    from digest.cli.telemetry import telemetry
    from digest.cli.web import announce_desk, follow_pages
    from digest.scheduler import Scheduler, sole_scheduler, watch_settings
    from digest.utils.heartbeat import Heartbeat, keeping
    from digest.utils.systemd import ServiceNotifier

    service = ServiceNotifier(os.environ)
    heartbeat = Heartbeat(service.alive)
    with (
        stopped_by_signals() as stop,
        make_app(home) as app,
        logging_to_stderr(log_format, app.now),
        telemetry(app.environment),
        keeping(heartbeat),
        _health_server(app, health_port, heartbeat) as follow_health,
    ):
        # Once, so that edits are found that were made while this process stood by.
        settings = watch_settings(app)
        while not stop.is_set():
            with sole_scheduler(app, stop, info) as lock:
                if lock is None:
                    break
                scheduler = Scheduler(settings, info, warn=warn, stop=stop)
                scheduler.on_reload.append(follow_health)
                scheduler.follow_settings()
                # A list with errors stops it, unless there is an earlier valid one.
                scheduler.app.subscriber_list.sync()
                scheduler.app.check_credentials()
                for problem in scheduler.app.alert_problems():
                    warn(f"{problem}; {ALERTS_MISSING}")
                scheduler.app.high_water.check()
                with _pages(scheduler.app, heartbeat) as pages:
                    if pages:
                        scheduler.on_reload.append(partial(follow_pages, pages))
                    info(f"Running{f', reader pages on {pages.base}' if pages else ''}. Stop with Ctrl-C.")
                    if pages:
                        announce_desk(scheduler.app, pages)
                    scheduler.run(lock)
        service.stopping()
        info("Stopped.")
    return 0


def _pages(app: App, heartbeat: Heartbeat) -> AbstractContextManager[RunningPages | None]:
    """Serve the reader pages within the block, if the settings say so."""
    from digest.web.server import run_pages

    return run_pages(app, heartbeat=heartbeat) if app.settings.web.enabled else nullcontext(None)


@contextmanager
def _health_server(app: App, port: int | None, heartbeat: Heartbeat) -> Iterator[Callable[[App], None]]:
    """Serve the health of this process within the block, if a port is given. Yields what follows new settings."""
    names = _source_names(app)

    def follow(app: App) -> None:
        names[:] = _source_names(app)

    if port is None:
        yield follow
        return
    from digest.web.health.checks import Health
    from digest.web.health.server import run_health_server

    # With its own store connections, as the pages have.
    with (
        closing(replace(app)) as own,
        Health(lambda: own.database, lambda: names, heartbeat) as health,
        run_health_server(health, port) as base,
    ):
        info(f"Health and metrics on {base}.")
        yield follow


def _source_names(app: App) -> list[str]:
    return [source.name for source in app.sources]
