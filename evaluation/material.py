"""The data folder of an evaluation, and the rows that are made of it. Judges nothing.

A part that is missing is a row that says so: figures of half the material must not look like figures of all.
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
from digest.models import Article, Block

DAY = datetime(2026, 11, 23, tzinfo=UTC)
"""The day on which articles without a date are taken to appear."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `bar` is what was asked for, `rival` what another method does on the same material."""

    what: str
    count: int
    ours: str
    bar: str = ""
    rival: str = ""


class Missing(Exception):
    """A file that a part needs is not in the folder; the message is its path within it."""


@dataclass(frozen=True, slots=True)
class Material:
    """A folder laid out as `articles/<set>/*.jsonl`, `feeds/<set>/*`, `nearup/*`, `pages/<set>/*`."""

    root: Path

    def path(self, name: str) -> Path:
        """A file or folder within the root. Raises Missing."""
        found = self.root / name
        if not found.exists():
            raise Missing(name)
        return found

    def lines(self, name: str) -> list[dict[str, Any]]:
        """The records of a JSON-lines file. Raises Missing."""
        text = self.path(name).read_text(encoding="utf-8")
        return [json.loads(line) for line in text.split("\n") if line.strip()]

    def json(self, name: str) -> Any:
        """A JSON file. Raises Missing."""
        return json.loads(self.path(name).read_text(encoding="utf-8"))

    def files(self, name: str) -> list[Path]:
        """Every file below a folder, sorted, without notes on the sources. Raises Missing."""
        found = sorted(file for file in self.path(name).rglob("*") if file.is_file())
        return [file for file in found if file.name != "SOURCE.txt"]


def made(
    id_: str,
    title: str,
    paragraphs: Iterable[str],
    *,
    source: str = "paper",
    published: datetime = DAY,
    clean: bool = True,
) -> Article:
    """An article of plain paragraphs, cleaned as a collected one would be."""
    lines = (line for text in paragraphs for line in repair(text).split("\n"))
    body = tuple(Block("p", line) for line in lines if line)
    article = Article(id=id_, source=source, title=title, published=published, body=body)
    return clean_article(article) if clean else article


def attempt(part: Callable[[Material], list[Row]], name: str, material: Material) -> list[Row]:
    """The rows of a part; one row that names what is missing when it can't be measured."""
    try:
        return part(material)
    except Missing as missing:
        return [Row(name, 0, f"missing: {missing}")]
    except (KeyError, TypeError, ValueError, AttributeError) as mistake:
        return [Row(name, 0, f"unreadable: {type(mistake).__name__} {str(mistake)[:80]}")]


def percent(part: float, whole: float) -> str:
    """`part` of `whole` with three digits after the point; a dash for nothing of nothing."""
    return f"{part / whole:.3f}" if whole else "–"
