"""`digest run`: run the schedule until SIGTERM or Ctrl-C."""

from __future__ import annotations

from pathlib import Path

import click

from digest.cli.output import log_warnings, note


@click.command()
@click.pass_obj
def run(home: Path) -> int:
    """Run the schedule of digest.yaml until stopped: collect, compose, send.

    With web.enabled, also serve the reader pages. Edits of the settings and of the list are followed. A second
    `digest run` on the same store stands by, and takes over when the first ends.
    """
    from contextlib import nullcontext

    from digest.app import make_app
    from digest.cli.signals import stopped_by_signals
    from digest.scheduler import Scheduler, sole_scheduler
    from digest.web.server import run_pages

    # APScheduler logs that a job ran, our own lines say what it did. Its warnings still matter.
    log_warnings()
    with stopped_by_signals() as stop, make_app(home) as app:

        def log(line: str) -> None:
            note(f"{app.now():%H:%M:%S} {line}")

        while not stop.is_set():
            with sole_scheduler(app, stop, log) as lock:
                if lock is None:
                    break
                scheduler = Scheduler(app, log)
                scheduler.stop = stop
                # A list with errors stops it, unless there is an earlier valid one.
                scheduler.app.subscriber_list.sync()
                scheduler.app.check_credentials()
                scheduler.app.check_alert_credentials()
                scheduler.app.high_water.check()
                with run_pages(app) if app.settings.web.enabled else nullcontext(None) as pages:
                    if pages:
                        scheduler.on_reload = pages.reload
                    note(f"Running{f', reader pages on {pages.base}' if pages else ''}. Stop with Ctrl-C.")
                    scheduler.run(lock)
    note("Stopped.")
    return 0
