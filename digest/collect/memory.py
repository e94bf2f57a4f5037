"""What collecting remembers from run to run: the shapes, and the port that a store implements. Keeps nothing itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from digest.models import Article, InlineImage, SourceHealth


@dataclass(frozen=True, slots=True)
class Validators:
    """What lets the next fetch see that nothing is new.

    `body_hash` is BLAKE2b of the body, for careless servers, after a mark of how the body was read.
    """

    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""


@dataclass(frozen=True, slots=True)
class Saved:
    """How many of the articles given were not known, and how many were known with other content."""

    new: int
    updated: int


@dataclass(frozen=True, slots=True)
class Remembered:
    """All that is remembered of one source. `health.url` is the URL or path for which it holds; `asked_at` is when
    it was last asked, whatever came of it."""

    health: SourceHealth
    validators: Validators = Validators()
    asked_at: datetime | None = None


class Memory(Protocol):
    """What collecting needs to remember from run to run. Called from one thread only.

    `save` must keep the first `published` of an article whose `dated` is false: it is when it was first seen.
    """

    def recall(self) -> Mapping[str, Remembered]:
        """What is remembered of every source, by name."""

    def note(self, remembered: Remembered) -> None:
        """Keep this of the source in the place of what was; called only after the articles have been saved."""

    def save(self, articles: Sequence[Article], *, listed: Collection[str] = ()) -> Saved:
        """Keep articles by id, durably. One whose source is no longer among those `listed` follows its new one."""

    def keep(self, pictures: Sequence[InlineImage]) -> None:
        """Keep pictures by their cid, durably; called before the articles that show them are saved."""


@runtime_checkable
class Shelf(Protocol):
    """A memory that can show the articles it holds. Called from several threads at once."""

    def held(self, ids: Sequence[str]) -> Mapping[str, Article]:
        """The stored articles of these ids, by id; unknown ones are left out."""
