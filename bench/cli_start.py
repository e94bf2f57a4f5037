"""CPU time of short commands on the samples. The rival is Python that imports Click, which every command needs."""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from bench.measure import cpu_of_command
from digest import pipeline
from digest.app import make_app
from digest.cli.init import make_folder

ROUNDS = 9
BAR_HELP, BAR_STATUS = 2.0, 5.0


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (what, CPU seconds, ratio to the rival, bar): medians."""
    rounds = 3 if quick else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "newsletter"
        make_folder(home)
        with make_app(home) as app:
            pipeline.send(app, pipeline.edition_key(app))
        digest = (sys.executable, "-m", "digest.cli", "--home", str(home))
        rival, shows_help, status = (
            statistics.median(cpu_of_command(command) for _ in range(rounds))
            for command in ((sys.executable, "-c", "import click"), (*digest, "--help"), (*digest, "status"))
        )
    return [
        ("Python that imports Click", f"{rival:.2f}", "1", ""),
        ("digest --help", f"{shows_help:.2f}", f"{shows_help / rival:.1f}", f"<= {BAR_HELP}"),
        ("digest status, after a send of the samples", f"{status:.2f}", f"{status / rival:.1f}", f"<= {BAR_STATUS}"),
    ]
