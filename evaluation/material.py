"""The data folder of an evaluation, and the rows of its table.

A missing part gets a row of its own, so that figures of part of the data do not look complete.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digest.collect.cleaning.clean import clean_article
from digest.hindi.text import repair
from digest.models import Article, TextBlock

# The date of articles without one.
DAY = datetime(2026, 11, 23, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, the required bar, and the figure of another method on the same data."""

    what: str
    count: int
    ours: str
    bar: str = ""
    rival: str = ""


class Missing(Exception):
    """A file that a part needs is not in the folder. The message is its path in the folder."""


@dataclass(frozen=True, slots=True)
class Material:
    """A folder with `articles/<set>/*.jsonl`, `feeds/<set>/*`, `nearup/*`, `pages/<set>/*`."""

    root: Path

    def path(self, name: str) -> Path:
        """Return the path of a file or folder in the root. Raises Missing."""
        found = self.root / name
        if not found.exists():
            raise Missing(name)
        return found

    def lines(self, name: str) -> list[dict[str, Any]]:
        """Return the records of a JSON Lines file. Raises Missing."""
        text = self.path(name).read_text(encoding="utf-8")
        return [json.loads(line) for line in text.split("\n") if line.strip()]

    def json(self, name: str) -> Any:
        """Return the content of a JSON file. Raises Missing."""
        return json.loads(self.path(name).read_text(encoding="utf-8"))

    def files(self, name: str) -> list[Path]:
        """Return the files in a folder and its subfolders, sorted, without SOURCE.txt. Raises Missing."""
        found = sorted(file for file in self.path(name).rglob("*") if file.is_file())
        return [file for file in found if file.name != "SOURCE.txt"]


def make_article(
    id_: str,
    title: str,
    paragraphs: Iterable[str],
    *,
    source: str = "paper",
    published: datetime = DAY,
    clean: bool = True,
) -> Article:
    """Return an article of plain paragraphs, cleaned like a collected one."""
    lines = (line for text in paragraphs for line in repair(text).split("\n"))
    body = tuple(TextBlock("p", line) for line in lines if line)
    article = Article(id=id_, source=source, title=title, published=published, body=body)
    return clean_article(article) if clean else article


def attempt(part: Callable[[Material], list[Row]], name: str, material: Material) -> list[Row]:
    """Return the rows of a part, or a row that names what is missing."""
    try:
        return part(material)
    except Missing as missing:
        return [Row(name, 0, f"missing: {missing}")]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return [Row(name, 0, f"unreadable: {type(error).__name__} {str(error)[:80]}")]


def percent(part: float, whole: float) -> str:
    """Return the share with three decimals, or a dash if `whole` is 0."""
    return f"{part / whole:.3f}" if whole else "–"
