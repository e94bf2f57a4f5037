"""`digest web`: serve the reader pages until SIGTERM or Ctrl-C."""

from __future__ import annotations

from pathlib import Path

import click

from digest.cli.output import log_warnings, note


@click.command()
@click.option("--host", help="The address to listen on (default: web.host).")
@click.option("--port", type=click.IntRange(0, 65535), help="The port (default: web.port); 0 takes a free one.")
@click.pass_obj
def web(home: Path, host: str | None, port: int | None) -> int:
    """Serve the reader pages: unsubscribe, preferences, sign-up, archive."""

    from digest.app import make_app
    from digest.cli.signals import stopped_by_signals
    from digest.web.server import run_server

    log_warnings()
    with stopped_by_signals() as stop, make_app(home) as app, run_server(app, host=host or "", port=port) as base:
        note(f"Reader pages on {base}. Stop with Ctrl-C.")
        public = app.settings.newsletter.base_url
        if public and public != base:
            note(f"Links in emails point to {public} (newsletter.base_url); a web server there must forward to {base}.")
        stop.wait()
    note("Stopped.")
    return 0
