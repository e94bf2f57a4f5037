"""Newsletter folders for tests, copied, because `digest init` takes longer than many tests."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from digest.cli.init import make_folder


@cache
def _template() -> tempfile.TemporaryDirectory[str]:
    made = tempfile.TemporaryDirectory()
    make_folder(Path(made.name) / "newsletter")
    return made


def newsletter_folder(directory: Path) -> None:
    """Make the folder that `digest init` makes, from a copy that this process made once."""
    shutil.copytree(Path(_template().name) / "newsletter", directory, copy_function=shutil.copyfile)
