"""`digest worker`: run the jobs of a newsletter beside other workers, until SIGTERM or Ctrl-C."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.engine import health_option, run_engine
from digest.cli.logs import LogFormat, log_option

if TYPE_CHECKING:
    from digest.app import App
    from digest.workers.port import Engine
    from digest.workers.start import Process


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
