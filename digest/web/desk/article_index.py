"""The words of the day's articles, in memory: a search of their headlines and texts takes milliseconds."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import attrgetter
from typing import TYPE_CHECKING

from digest.hindi.tokens import encode, query_groups, stems
from digest.web.desk.background import Background

if TYPE_CHECKING:
    from digest.models import Article
    from digest.store.content.articles import ArticleStore

# Seconds after which new and changed articles are looked for again.
_LASTS = 20.0
# Articles that are read at once.
_AT_ONCE = 500
# The fewest characters of an encoded word that may stand for the words that it begins: two letters of Devanagari.
_SHORTEST = 5


@dataclass(frozen=True, slots=True)
class IndexedArticle:
    """An article as a list of results shows it."""

    id: str
    title: str
    source: str
    url: str
    section: str
    language: str
    published: datetime
    first_seen: datetime
    # `published` as a number, which is compared faster.
    at: float


@dataclass
class _Index:
    """The articles since a moment, as of a day. Numbers of articles only grow."""

    since: datetime
    day: date
    # Number → its article, and the hash of its content.
    articles: dict[int, tuple[IndexedArticle, str]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    # Encoded word → the numbers of its articles, also of those that are gone.
    words: dict[str, array[int]] = field(default_factory=dict)
    stems: dict[str, array[int]] = field(default_factory=dict)
    sorted: Sequence[str] = ()
    last: int = 0

    def refresh(self, store: ArticleStore) -> None:
        """Add new and changed articles, and forget those that the store no longer has."""
        stored = {id: (hash, seen) for id, hash, seen in store.hashes(self.since)}
        for id in self.numbers.keys() - stored.keys():
            del self.articles[self.numbers.pop(id)]
        # A changed article is found by its old words until it is read again: pages search meanwhile.
        missing = [id for id, (content, _seen) in stored.items() if self._content_of(id) != content]
        for at in range(0, len(missing), _AT_ONCE):
            for id, article in store.by_ids(missing[at : at + _AT_ONCE]).items():
                self._add(article, *stored[id])
        if len(self.sorted) < len(self.words):
            self.sorted = sorted(self.words)

    def _content_of(self, id: str) -> str | None:
        number = self.numbers.get(id)
        return None if number is None else self.articles[number][1]

    def _add(self, article: Article, content: str, first_seen: datetime) -> None:
        self.last += 1
        texts = (article.kicker, article.title, article.excerpt, *(block.text for block in article.body))
        for stem in {stem for text in texts for stem in stems(text)}:
            found = self.stems.get(stem)
            if found is None:
                found = self.stems[stem] = self.words[encode(stem)] = array("I")
            found.append(self.last)
        values = (article.id, article.title, article.source, article.url or "", article.section or "", article.language)
        indexed = IndexedArticle(*values, article.published, first_seen, article.published.timestamp())
        if (old := self.numbers.get(article.id)) is not None:
            del self.articles[old]
        self.numbers[article.id] = self.last
        self.articles[self.last] = indexed, content

    def find(self, query: str) -> list[IndexedArticle]:
        """Return the articles with each word of a query in any form; all without a query."""
        groups = query_groups(query)
        if query and not groups:
            return []
        numbers: set[int] | None = None
        for group in groups:
            found = self._with(group)
            numbers = found if numbers is None else numbers & found
        held = self.articles
        chosen = list(held) if numbers is None else numbers
        return [each[0] for number in chosen if (each := held.get(number)) is not None]

    def _with(self, group: Sequence[str]) -> set[int]:
        rows = [self.words[word] for word in group if word in self.words]
        # Somebody may have typed the beginning of a word.
        for beginning in () if rows else (word for word in group if len(word) >= _SHORTEST):
            # All characters of a word are ASCII letters and digits.
            first, end = (bisect_left(self.sorted, each) for each in (beginning, f"{beginning}~"))
            rows += [self.words[word] for word in self.sorted[first:end]]
        return set().union(*rows)


class ArticleIndex(Background[_Index]):
    """Searches the articles of the last days. The first search after a start waits until they are read."""

    def __init__(self, articles: ArticleStore, now: Callable[[], datetime], *, lasts: float = _LASTS) -> None:
        """`lasts`: seconds after which new articles are read, while a search returns those that are known."""
        # One, because an index of 5,000 articles has 50 MB, and each day and window has a key of its own.
        super().__init__("articles", lasts=lasts, kept=1)
        self._articles = articles
        self._now = now
        self._index: _Index | None = None

    def search(self, query: str, since: datetime, *, wait: float) -> list[IndexedArticle] | None:
        """Return the articles published since a moment with all words of a query, the newest first.

        None if they are still being read after `wait` seconds.
        """
        index = self.get(f"{since:%Y-%m-%d}", lambda: self._refreshed(since), wait=wait, from_now=True)
        if index is None:
            return None
        start = since.timestamp()
        return sorted((each for each in index.find(query) if each.at >= start), key=attrgetter("at"), reverse=True)

    def _refreshed(self, since: datetime) -> _Index:
        # With the start of its day, so that the same index serves a whole day.
        start = since.replace(hour=0, minute=0, second=0, microsecond=0)
        index, today = self._index, self._now().date()
        if index is None or index.day != today or start < index.since:
            # A new one each day, because an index also keeps the numbers of articles that are gone.
            index = _Index(start, today)
        index.refresh(self._articles)
        self._index = index
        return index
