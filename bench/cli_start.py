"""CPU time of short commands on the samples. The rivals are bare Python with the imports that the commands need."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.measure import cpu_of_command
from digest import pipeline
from digest.app import make_app
from digest.cli.init import make_folder

ROUNDS = 9
# CPU seconds.
BAR_HELP, BAR_STATUS = 0.15, 0.6


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (what, CPU seconds, ratio to the rival, bar): medians."""
    rounds = 3 if quick else ROUNDS
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "newsletter"
        make_folder(home)
        with make_app(home) as app:
            pipeline.send(app, pipeline.key_of_today(app))
        digest = ("-m", "digest.cli", "--home", str(home))
        click, help_page = _cpu(("-c", "import click"), rounds), _cpu((*digest, "--help"), rounds)
        store = _cpu(("-c", "import click, pydantic, sqlalchemy, yaml"), rounds)
        status = _cpu((*digest, "status"), rounds)
    return [
        ("Python that imports Click", f"{click:.2f}", "1", ""),
        ("digest --help", f"{help_page:.2f}", f"{help_page / click:.1f}", f"<= {BAR_HELP} s"),
        ("Python that imports Click, Pydantic, SQLAlchemy and PyYAML", f"{store:.2f}", "1", ""),
        ("digest status, after a send of the samples", f"{status:.2f}", f"{status / store:.1f}", f"<= {BAR_STATUS} s"),
    ]


def _cpu(arguments: Sequence[str], rounds: int) -> float:
    return statistics.median(cpu_of_command((sys.executable, *arguments)) for _ in range(rounds))
