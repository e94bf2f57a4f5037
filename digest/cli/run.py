"""`digest run`: run the schedule until SIGTERM or Ctrl-C."""

from __future__ import annotations

from pathlib import Path

import click

from digest.cli.output import note


@click.command()
@click.pass_obj
def run(home: Path) -> int:
    """Run the schedule of digest.yaml until stopped: collect, compose, send.

    With web.enabled, also serve the reader pages.
    """
    import logging
    from contextlib import nullcontext

    from digest.app import make_app
    from digest.cli.signals import stopped_by_signals
    from digest.scheduler import Scheduler
    from digest.web.server import run_server

    # APScheduler logs that a job ran, our own lines say what it did. Its warnings still matter.
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    with stopped_by_signals() as stop, make_app(home) as app:
        app.subscriber_list.read()
        app.check_credentials()
        app.check_alert_credentials()
        scheduler = Scheduler(app, lambda line: note(f"{app.now():%H:%M:%S} {line}"))
        scheduler.stop = stop
        with run_server(app) if app.settings.web.enabled else nullcontext("") as base:
            pages = f", reader pages on {base}" if base else ""
            note(f"Running{pages}. Stop with Ctrl-C.")
            scheduler.run()
    note("Stopped.")
    return 0
