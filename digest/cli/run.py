"""`digest run`: run the schedule until SIGTERM or Ctrl-C."""

from __future__ import annotations

from pathlib import Path

import click

from digest.cli.output import note


@click.command()
@click.pass_obj
def run(home: Path) -> int:
    """Run the schedule of digest.yaml until stopped: collect, compose, send.

    With web.enabled, also serve the reader pages. A second `digest run` on the same store stands by, and takes over
    when the first ends.
    """
    import logging
    from contextlib import nullcontext

    from digest.app import make_app
    from digest.cli.signals import stopped_by_signals
    from digest.scheduler import Scheduler, sole_scheduler
    from digest.web.server import run_server

    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    with stopped_by_signals() as stop, make_app(home) as app:

        def log(line: str) -> None:
            note(f"{app.now():%H:%M:%S} {line}")

        app.subscriber_list.read()
        app.check_credentials()
        while not stop.is_set():
            with sole_scheduler(app, stop, log) as lock:
                if lock is None:
                    break
                scheduler = Scheduler(app, log)
                scheduler.stop = stop
                with run_server(app) if app.settings.web.enabled else nullcontext("") as base:
                    pages = f", reader pages on {base}" if base else ""
                    note(f"Running{pages}. Stop with Ctrl-C.")
                    scheduler.run(lock)
    note("Stopped.")
    return 0
