"""`digest run`: run the schedule until SIGTERM or Ctrl-C."""

from __future__ import annotations

from pathlib import Path

import click

from digest.cli.engine import health_option, run_engine
from digest.cli.logs import LogFormat, log_option


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
