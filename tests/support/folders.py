"""Newsletter folders for tests. `digest init` writes JSON Schemas, which takes longer than many a test."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from digest.cli.init import make_folder


@cache
def _template() -> tempfile.TemporaryDirectory[str]:
    made = tempfile.TemporaryDirectory()
    make_folder(Path(made.name) / "letter")
    return made


def letter_folder(directory: Path) -> None:
    """Make `directory` what `digest init` makes it, by a copy of a folder that this process made once."""
    shutil.copytree(Path(_template().name) / "letter", directory, copy_function=shutil.copyfile)
