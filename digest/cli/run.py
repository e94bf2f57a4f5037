"""`digest run` and `digest worker`: run the schedule, or jobs beside other workers, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.alerts import ALERTS_MISSING
from digest.cli.logs import LogFormat, info, log_option, logging_to_stderr, warn
from digest.errors import ConfigurationError
from digest.utils.text import plural

if TYPE_CHECKING:
    from digest.app import App
    from digest.scheduler import Scheduler
    from digest.store.workers import Worker
    from digest.utils.heartbeat import Heartbeat
    from digest.web.server import RunningPages
    from digest.workers.port import Engine
    from digest.workers.start import Process

health_option = click.option(
    "--health-port",
    type=click.IntRange(0, 65535),
    help="Serve /healthz, /readyz and /metrics on this port of 127.0.0.1; 0 takes a free one.",
)


@click.command()
@health_option
@log_option
@click.pass_obj
def run(home: Path, health_port: int | None, log_format: LogFormat | None) -> int:
    """Run the schedule of digest.yaml until stopped: collect, compose, send.

    With web.enabled, also serve the reader pages. Edits of the settings and of the list are followed. A second
    `digest run` on the same store waits, and takes over when the first ends. On PostgreSQL with hindi-digest[workers]
    both work, as `digest worker` does.
    """
    from digest.workers.start import make_engine

    return run_engine(home, health_port, log_format, make_engine, pages=True)


def run_engine(
    home: Path,
    health_port: int | None,
    log_format: LogFormat | None,
    make: Callable[[App, Process], Engine | None],
    *,
    pages: bool,
) -> int:
    """Run the engine that `make` returns. `pages`: also serve the reader pages if the settings enable them.

    If `digest run` cannot start, the admins get an alert, unless its errors appear on a terminal.
    """
    from digest.app import make_app
    from digest.cli.signals import stopped_by_signals
    from digest.cli.telemetry import telemetry
    from digest.cli.web import announce_desk, follow_pages
    from digest.newsletter.process_down import clear_failed_start
    from digest.utils.heartbeat import Heartbeat, ServiceNotifier, keeping
    from digest.workers.start import Process

    service = ServiceNotifier(os.environ)
    heartbeat = Heartbeat(service.alive)
    with (
        _alert_of_failed_start(home, log_format) if pages and not sys.stderr.isatty() else nullcontext(),
        stopped_by_signals() as stop,
        make_app(home) as app,
        logging_to_stderr(log_format, app.now),
        telemetry(app.environment),
        keeping(heartbeat),
        _health_server(app, health_port, heartbeat) as follow_health,
    ):

        @contextmanager
        def ready(scheduler: Scheduler, worker: Worker | None) -> Iterator[None]:
            scheduler.on_reload.append(follow_health)
            scheduler.follow_settings()
            # A list with errors stops the start, unless there is an earlier valid one.
            scheduler.app.subscriber_list.sync()
            scheduler.app.check_credentials()
            for problem in scheduler.app.alert_problems():
                warn(f"{problem}; {ALERTS_MISSING}")
            scheduler.app.high_water.check()
            with _pages(scheduler.app, heartbeat) if pages else nullcontext(None) as served:
                if served:
                    scheduler.on_reload.append(partial(follow_pages, served))
                if pages:
                    clear_failed_start(scheduler.app)
                own = f" as worker {worker.name} with {plural(worker.seats, 'seat')}" if worker else ""
                info(f"Running{own}{f', reader pages on {served.base}' if served else ''}. Stop with Ctrl-C.")
                if served:
                    announce_desk(scheduler.app, served)
                with _pulse(scheduler, heartbeat):
                    yield

        engine = make(app, Process(stop, info, warn, ready))
        unfinished = engine.run() if engine else ()
        service.stopping()
        if unfinished:
            info(f"Stopped before the end of: {', '.join(unfinished)}. Other workers continue.")
            # The threads of these jobs would keep the process alive for minutes.
            sys.stderr.flush()
            os._exit(0)
        info("Stopped.")
    return 0


@contextmanager
def _alert_of_failed_start(home: Path, log_format: LogFormat | None) -> Iterator[None]:
    """Alert the admins of settings that end the block."""
    from digest.newsletter.process_down import report_failed_start

    try:
        yield
    except ConfigurationError as error:
        with logging_to_stderr(log_format, lambda: datetime.now(UTC)):
            report_failed_start(home, error.problems)
        raise


def _pages(app: App, heartbeat: Heartbeat) -> AbstractContextManager[RunningPages | None]:
    """Serve the reader pages within the block, if the settings say so."""
    from digest.web.server import run_pages

    return run_pages(app, heartbeat=heartbeat) if app.settings.web.enabled else nullcontext(None)


@contextmanager
def _pulse(scheduler: Scheduler, heartbeat: Heartbeat) -> Iterator[None]:
    """Within the block, ping the service of `alerts.heartbeat_url`, and notice if the process stood still."""
    from digest.newsletter.process_down import ping
    from digest.scheduler.pulse import Pulse
    from digest.web.health.checks import Health

    with (
        closing(replace(scheduler.app)) as own,
        Health(lambda: own.database, tuple, heartbeat) as health,
        Pulse(health.problems, lambda: ping(scheduler.settings.app), scheduler.notice_standstill, warn).running(),
    ):
        yield


@contextmanager
def _health_server(app: App, port: int | None, heartbeat: Heartbeat) -> Iterator[Callable[[App], None]]:
    """Serve health checks within the block, if a port is given.

    Yields a function to call with the App of new settings.
    """
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


@click.command()
@click.option(
    "--seats", type=click.IntRange(1, 64), help="How many parts of editions to send at a time (default: workers.seats)."
)
@health_option
@log_option
@click.pass_obj
def worker(home: Path, seats: int | None, health_port: int | None, log_format: LogFormat | None) -> int:
    """Run the jobs of this newsletter beside other workers, on any number of machines with the same folder.

    A worker does all that `digest run` does, except serving the reader pages. When one dies, the others take over its
    jobs. Needs PostgreSQL and hindi-digest[workers].
    """
    from digest.workers.compatibility import require_workers
    from digest.workers.start import make_worker

    def make(app: App, process: Process) -> Engine | None:
        require_workers(app)
        return make_worker(app, seats or app.settings.workers.seats, process)

    return run_engine(home, health_port, log_format, make, pages=False)
