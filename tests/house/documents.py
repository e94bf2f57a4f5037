"""README.md and the pages of docs/, and what they show: commands, settings and lists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

from tests.paths import ROOT

README = ROOT / "README.md"
PAGES = (README, *sorted((ROOT / "docs").glob("*.md")))
EVERY_DOCUMENT = (
    *PAGES,
    *sorted((ROOT / "docs/adr").glob("*.md")),
    *(ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
)

_LIST = re.compile(r"^(subscribers|include|defaults):", re.M)
_REQUIRED_SETTINGS = "newsletter: {name: न, sender: {email: news@example.com}}\n"


class Example(NamedTuple):
    """A YAML example, and the name of its page."""

    page: str
    text: str


def blocks(text: str, language: str) -> list[str]:
    return [dedent(block) for block in re.findall(rf"```{language}\n(.*?)```", text, re.S)]


def commands(page: Path, home: Path = Path("~")) -> list[list[str]]:
    """Return the words of each command in the page's console blocks, with `home` for `~`."""
    lines = [line for block in blocks(page.read_text(encoding="utf-8"), "console") for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in lines), lines
    return [[re.sub(r"^~(?=/)", str(home), word) for word in shlex.split(line[2:])] for line in lines]


def settings_examples() -> list[Example]:
    """Return every example of digest.yaml, completed to a valid file."""
    examples = [one for one in _yaml_examples() if not _LIST.search(one.text)]
    return [one if "newsletter:" in one.text else Example(one.page, _REQUIRED_SETTINGS + one.text) for one in examples]


def list_examples() -> list[Example]:
    """Return every example of subscribers.yaml."""
    return [one for one in _yaml_examples() if _LIST.search(one.text)]


def _yaml_examples() -> list[Example]:
    return [Example(page.name, block) for page in PAGES for block in blocks(page.read_text(encoding="utf-8"), "yaml")]
