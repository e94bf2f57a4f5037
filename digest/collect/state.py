"""What collecting stores between runs: the records, and the ports that a store implements."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from digest.models import Article, InlineImage, SourceHealth


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells the next fetch that a document has not changed."""

    etag: str = ""
    last_modified: str = ""
    # For servers that send neither: BLAKE2b of the body, after a prefix for the settings it was read with.
    body_hash: str = ""


@dataclass(frozen=True, slots=True)
class SaveCounts:
    """How many of the given articles were new, and how many were known with other content."""

    new: int
    updated: int


@dataclass(frozen=True, slots=True)
class SourceState:
    """Everything stored about one source."""

    # `health.url` is the URL or path that the state belongs to.
    health: SourceHealth
    validators: Validators = Validators()
    # The last attempt, successful or not.
    asked_at: datetime | None = None


class CollectStore(Protocol):
    """Storage that collecting needs. Called from one thread only."""

    def load_states(self) -> Mapping[str, SourceState]:
        """The state of every known source, by name."""

    def save_state(self, state: SourceState) -> None:
        """Replace the source's state. Called only after its articles are saved."""

    def save(self, articles: Sequence[Article], *, listed: Collection[str] = ()) -> SaveCounts:
        """Store articles by id, durably.

        An undated article keeps its first `published`: the time when it was first seen. An article whose source is
        not among those `listed` moves to the source that gives it now.
        """

    def save_images(self, images: Sequence[InlineImage]) -> None:
        """Store images by their cid, durably. Called before the articles that show them are saved."""


class ArticleLookup(Protocol):
    """Read access to stored articles. Called from several threads at once."""

    def by_ids(self, ids: Sequence[str]) -> Mapping[str, Article]:
        """The stored articles with these ids, by id; unknown ids are left out."""
