"""What reading a source gives: raw items on the way in, articles with warnings on the way out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from digest.models import Article, Block, Image, InlineImage


@dataclass(slots=True)
class RawItem:
    """One item as its source has it, fields not yet judged. `date` and `updated` are the raw strings.

    `fallback` is the date to take when `date` can't be read: what another parser made of it. `seen` stands in for
    a date when there is none at all: a file's mtime.
    """

    title: str = ""
    url: str = ""
    guid: str = ""
    date: str = ""
    updated: str = ""
    fallback: datetime | None = None
    seen: datetime | None = None
    author: str = ""
    images: list[Image] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    section: str = ""
    language: str = ""
    excerpt: str = ""
    body: list[Block] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ParseResult:
    """What one feed, file or folder held. `lost`: items that gave no article; `duplicates`: seen twice.

    `kind` names what was found ('rss2.0', 'atom', 'jsonfeed', 'sitemap', 'listing', 'api', 'api:<preset>', 'page',
    'text', 'folder', 'html', '' when unknown); `error` says in one sentence why there is nothing at all; `feed_url`
    is the feed that a web page names, `further` the documents that a sitemap's index names, the newest first;
    `title` the feed's own. `links_only`: the articles are links with a title at most (made from the address, where
    nothing else gave one), so that their pages must be read. `pictures` are the files that the articles' cid: images
    stand for.
    """

    kind: str
    articles: tuple[Article, ...] = ()
    lost: int = 0
    warnings: tuple[str, ...] = ()
    error: str = ""
    feed_url: str = ""
    duplicates: int = 0
    links_only: bool = False
    title: str = ""
    further: tuple[str, ...] = ()
    pictures: tuple[InlineImage, ...] = ()


@dataclass(slots=True)
class WarningLog:
    """Warnings about many items, told once each with their count."""

    counts: Counter[str] = field(default_factory=Counter)
    single: list[str] = field(default_factory=list)

    def add(self, message: str) -> None:
        """One warning about the source as a whole."""
        if message not in self.single:
            self.single.append(message)

    def count(self, message: str) -> None:
        """One more item of which `message` is true; it reads `3 items: message`."""
        self.counts[message] += 1

    def told(self) -> tuple[str, ...]:
        """All warnings as sentences."""
        many = (f"{n} item{'s' * (n != 1)}: {message}" for message, n in self.counts.items())
        return (*self.single, *many)
