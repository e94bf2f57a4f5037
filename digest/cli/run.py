"""`digest run`: run the schedule until SIGTERM or Ctrl-C."""

from __future__ import annotations

import os
from pathlib import Path

import click

from digest.cli.logs import LogFormat, info, log_option, logging_to_stderr, warn


@click.command()
@log_option
@click.pass_obj
def run(home: Path, log_format: LogFormat | None) -> int:
    """Run the schedule of digest.yaml until stopped: collect, compose, send.

    With web.enabled, also serve the reader pages. Edits of the settings and of the list are followed. A second
    `digest run` on the same store stands by, and takes over when the first ends.
    """
    from contextlib import nullcontext

    from digest.app import make_app
    from digest.cli.signals import stopped_by_signals
    from digest.scheduler import Scheduler, sole_scheduler
    from digest.utils.heartbeat import Heartbeat, keeping
    from digest.utils.systemd import ServiceNotifier
    from digest.web.server import run_pages

    service = ServiceNotifier(os.environ)
    heartbeat = Heartbeat(service.alive)
    with (
        stopped_by_signals() as stop,
        make_app(home) as app,
        logging_to_stderr(log_format, app.now),
        keeping(heartbeat),
    ):
        while not stop.is_set():
            with sole_scheduler(app, stop, info) as lock:
                if lock is None:
                    break
                scheduler = Scheduler(app, info, warn=warn)
                scheduler.stop = stop
                # A list with errors stops it, unless there is an earlier valid one.
                scheduler.app.subscriber_list.sync()
                scheduler.app.check_credentials()
                scheduler.app.high_water.check()
                with run_pages(app) if app.settings.web.enabled else nullcontext(None) as pages:
                    if pages:
                        scheduler.on_reload = pages.reload
                    info(f"Running{f', reader pages on {pages.base}' if pages else ''}. Stop with Ctrl-C.")
                    scheduler.run(lock)
        service.stopping()
        info("Stopped.")
    return 0
