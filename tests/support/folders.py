"""Newsletter folders for tests, copied, because `digest init` takes longer than many tests."""

from __future__ import annotations

import re
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pytest

from digest.cli.init import make_folder


@cache
def _template() -> tempfile.TemporaryDirectory[str]:
    made = tempfile.TemporaryDirectory()
    make_folder(Path(made.name) / "newsletter")
    return made


def newsletter_folder(directory: Path, *, all_sources: bool = True) -> None:
    """Make the folder that `digest init` makes, from a copy that this process made once.

    Without `all_sources`, only the first of its six sources is left. It makes an edition of eight stories in a third of
    the time.
    """
    shutil.copytree(Path(_template().name) / "newsletter", directory, copy_function=shutil.copyfile)
    if not all_sources:
        settings = directory / "digest.yaml"
        before, *sources = re.split(r"(?m)^(?=  - \{name: )", settings.read_text(encoding="utf-8"))
        after = sources[-1].partition("\n")[2]
        # Of its eight samples two are soft news, which an edition leaves out.
        after = after.replace("edition:\n", "edition:\n  min_score: 0\n")
        settings.write_text(before + sources[0] + after, encoding="utf-8")


def wants_all_sources(request: pytest.FixtureRequest) -> bool:
    """Whether the test is marked `all_sources`."""
    return request.node.get_closest_marker("all_sources") is not None
