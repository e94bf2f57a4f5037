"""Data and ports of collecting: raw items, results and warnings of parsers, and what is stored between runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from digest.models import Article, Image, InlineImage, Source, SourceHealth, TextBlock

# The warning of an article that has the time of its collection instead of its own date.
FROM_THE_FUTURE = "its date is in the future, so the current time was used"


@dataclass(frozen=True, slots=True)
class Validators:
    """Values by which the next fetch finds that a document has not changed."""

    etag: str | None = None
    last_modified: str | None = None
    # For servers that send neither: BLAKE2b of the body, after a prefix for the settings it was read with.
    body_hash: str | None = None


@dataclass(frozen=True, slots=True)
class SaveCounts:
    """How many of the given articles were new, and how many were known with other content."""

    new: int
    updated: int


@dataclass(frozen=True, slots=True)
class SourceState:
    """Everything stored about one source."""

    # `health.url` is the URL or path that the state belongs to, without its secrets.
    health: SourceHealth
    validators: Validators = Validators()
    # The last attempt, successful or not.
    asked_at: datetime | None = None


class CollectStore(Protocol):
    """Storage that collecting needs. Called from one thread only."""

    def load_states(self) -> Mapping[str, SourceState]:
        """Return the state of every known source, by name."""

    def save_state(self, state: SourceState) -> None:
        """Replace the source's state. Called only after its articles are saved."""

    def save(self, articles: Sequence[Article], *, listed: Collection[str] = ()) -> SaveCounts:
        """Store articles by id. One whose source is not `listed` moves; an undated one keeps its first date."""

    def save_images(self, images: Sequence[InlineImage]) -> None:
        """Store images by their cid, durably. Called before the articles that show them are saved."""


class ArticleLookup(Protocol):
    """Read access to stored articles. Called from several threads at once."""

    def by_ids(self, ids: Sequence[str]) -> Mapping[str, Article]:
        """Return the stored articles with these ids, by id; unknown ids are left out."""


@dataclass(slots=True)
class RawItem:
    """One item as its source has it, before any check. Title and excerpt are texts, which may be empty."""

    title: str = ""
    url: str | None = None
    guid: str | None = None
    # Raw strings.
    date: str | None = None
    updated: str | None = None
    # The date as another parser read it, for formats that ours can't read.
    fallback_date: datetime | None = None
    # A file's modification time, for items without any date.
    modified: datetime | None = None
    author: str | None = None
    images: list[Image] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    section: str | None = None
    language: str | None = None
    excerpt: str = ""
    body: list[TextBlock] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FeedInfo:
    """A document's data about itself, apart from its items."""

    title: str = ""
    language: str | None = None
    # The raw date at which the feed says that it was generated.
    built: str | None = None


@dataclass(frozen=True, slots=True)
class ParseResult:
    """The result of one document, file or folder."""

    # 'rss2.0', 'atom', 'jsonfeed', 'sitemap', 'listing', 'api', 'api:<preset>', 'page', 'text', 'folder', 'html',
    # 'unchanged', or None if it is unknown.
    kind: str | None
    articles: tuple[Article, ...] = ()
    # Items that gave no article.
    lost: int = 0
    warnings: tuple[str, ...] = ()
    # Why there are no articles at all, in one sentence.
    error: str | None = None
    # The feed that a web page names.
    feed_url: str | None = None
    duplicates: int = 0
    # The articles are links, with a title at most, so that their pages must be read.
    links_only: bool = False
    # The feed's own title; it may be an empty text.
    title: str = ""
    # The documents that a sitemap index names, newest first.
    further: tuple[str, ...] = ()
    # The image files that the articles' cid: URLs refer to.
    images: tuple[InlineImage, ...] = ()


@dataclass(slots=True)
class WarningLog:
    """Collects the warnings of one document. A warning about several items is reported once, with its count."""

    counts: Counter[str] = field(default_factory=Counter)
    single: list[str] = field(default_factory=list)

    def add(self, message: str) -> None:
        """Add a warning about the document as a whole."""
        if message not in self.single:
            self.single.append(message)

    def count(self, message: str) -> None:
        """Add a warning about one more item."""
        self.counts[message] += 1

    def messages(self) -> tuple[str, ...]:
        """Return all warnings; those about items read `3 items: message`."""
        many = (f"{count} item{'s' * (count != 1)}: {message}" for message, count in self.counts.items())
        return (*self.single, *many)


@dataclass(frozen=True, slots=True)
class ParseContext:
    """The input of every parser besides the document."""

    source: Source
    now: datetime
    # Where the document was found; None for a file.
    url: str | None = None
    log: WarningLog = field(default_factory=WarningLog)
