"""`digest run`: the scheduler until SIGTERM or Ctrl-C."""

from __future__ import annotations

from pathlib import Path

import click

from digest.cli.output import note


@click.command()
@click.pass_obj
def run(home: Path) -> int:
    """Keep the schedule of digest.yaml until stopped: collect, compose, send; with web.enabled serve the pages too."""
    import logging
    from contextlib import nullcontext

    from digest.app import make_app
    from digest.cli.stopping import stopped_by_signals
    from digest.scheduler import Scheduler
    from digest.web.serving import run_server

    # Its own lines say that a job ran; ours say what the job did. What goes wrong inside it must still be heard.
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    with stopped_by_signals() as stop, make_app(home) as app:
        app.subscriber_list.read()
        app.ready_to_send()
        scheduler = Scheduler(app, lambda line: note(f"{app.now():%H:%M:%S} {line}"))
        scheduler.stop = stop
        with run_server(app) if app.settings.web.enabled else nullcontext("") as base:
            note(f"running, with the reader pages on {base}; stop with Ctrl-C" if base else "running; stop with Ctrl-C")
            scheduler.run()
    note("stopped")
    return 0
