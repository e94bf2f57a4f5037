"""Learns what a source repeats in article after article, and leaves it out of texts. Pure; sees days of articles.

A sentence that stands in three or more articles of one source within 14 days is furniture that no list knows: a
contest's blurb, an invitation, a page's frame. It would make unlike articles alike and get into summaries. Reports
that grow from hour to hour repeat themselves too: so only articles with different titles and a text of their own count.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zlib import crc32

from digest.curate.sentence_rules import HANGING, opening
from digest.hindi.sentences import split
from digest.models import Article, Block

SHARED = 3
"""Articles of one source from which a sentence is furniture."""
WITHIN = timedelta(days=14)
MOST_SHARED = 0.8
"""Share of its pieces that an article may have in common with others and still count: a copy has all, and a report
under a contest's long blurb may have many."""
TITLES_ALIKE = 0.4
"""Share of two titles' words from which they may head the same report."""
LEAST = 20
"""Characters; shorter pieces are captions and cries that say nothing about where they stand."""
FIRST = 2_000
"""Characters of an article that are looked at: clustering and summaries see no more."""

_PIECES = re.compile("[।॥.?!|\n]+")
Key = tuple[str, str]
"""An article's id and content hash."""


class Furniture:
    """What sources repeat, learnt anew by each `learn`; keeps what it has split (`pieces`), for who composes again and
    again."""

    def __init__(self) -> None:
        self.pieces: dict[Key, Sequence[int]] = {}
        self._changed: dict[Key, tuple[frozenset[int], Article | None]] = {}
        self._repeated: dict[str, frozenset[int]] = {}

    def learn(self, articles: Iterable[Article], now: datetime) -> None:
        """What the sources of these articles repeat; forgets all other articles."""
        by_source: defaultdict[str, dict[Key, Article]] = defaultdict(dict)
        for article in articles:
            if now - WITHIN < article.published:
                by_source[article.source][_key(article)] = article
        old = self.pieces
        self.pieces = {
            key: old[key] if key in old else _hashes(article.text)
            for own in by_source.values()
            for key, article in own.items()
        }
        self._changed = {key: value for key, value in self._changed.items() if key in self.pieces}
        self._repeated = {name: _repeated(own, self.pieces) for name, own in by_source.items() if len(own) >= SHARED}

    def without(self, article: Article) -> Article:
        """The article without what its source repeats; as it is when nothing would be left."""
        repeated = self._repeated.get(article.source, frozenset())
        key = _key(article)
        if not repeated or repeated.isdisjoint(self.pieces.get(key, ())):
            return article
        own = repeated.intersection(self.pieces[key])
        if key not in self._changed or self._changed[key][0] != own:
            self._changed[key] = own, _without(article, own)
        known = self._changed[key][1]
        if known is None:
            return article
        return replace(article, body=known.body, excerpt=known.excerpt, content_hash=known.content_hash)


def told(before: Sequence[Article], after: Sequence[Article]) -> tuple[str, ...]:
    """One English line a source: in how many of its articles something was left out."""
    counts = Counter(new.source for old, new in zip(before, after, strict=True) if old is not new)
    return tuple(
        f"repeated sentences of {source} in {count} of its articles" for source, count in sorted(counts.items())
    )


def _key(article: Article) -> Key:
    return article.id, article.content_hash or f"{article.title}\n{article.text}"


def _without(article: Article, repeated: frozenset[int]) -> Article | None:
    """The article without its repeated pieces; None when nothing would be left."""
    if not any(block.kind == "p" for block in article.body):
        excerpt = _left(article.excerpt, repeated)
        return _changed(replace(article, excerpt=excerpt)) if excerpt else None
    blocks = ((block, _left(block.text, repeated) if block.kind == "p" else block.text) for block in article.body)
    body = tuple(Block(block.kind, text) for block, text in blocks if text)
    return _changed(replace(article, body=body)) if any(block.kind == "p" for block in body) else None


def _changed(article: Article) -> Article:
    """With a content hash of its own, so that what was counted of the whole article is not taken for this one's."""
    mark = hashlib.sha256(f"{article.title}\n{article.text}".encode()).hexdigest()[:16]
    return replace(article, content_hash=f"{article.content_hash}-{mark}")


def _repeated(articles: Mapping[Key, Article], pieces: Mapping[Key, Sequence[int]]) -> frozenset[int]:
    counts: Counter[int] = Counter()
    for key in articles:
        counts.update(pieces[key])
    often = {piece for piece, count in counts.items() if count >= SHARED}
    if not often:
        return frozenset()
    bearers: defaultdict[int, list[frozenset[str]]] = defaultdict(list)
    undecided = set(often)
    for key in sorted(key for key in articles if not often.isdisjoint(pieces[key])):
        shared = undecided.intersection(pieces[key])
        if not shared or len(often.intersection(pieces[key])) > MOST_SHARED * len(pieces[key]):
            continue
        title = frozenset(articles[key].title.split())
        for piece in shared:
            titles = bearers[piece]
            if not any(_alike(title, other) for other in titles):
                titles.append(title)
                if len(titles) == SHARED:
                    undecided.remove(piece)
    return frozenset(often - undecided)


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= TITLES_ALIKE * max(1, min(len(one), len(other)))


def _split(text: str) -> list[str]:
    """Pieces in matching form; whole folding would take five times as long, and a source writes its frame one way."""
    plain = text[:FIRST].replace("\u093c", "").replace("\u200d", "").replace("\u200c", "")
    return [stripped for piece in _PIECES.split(plain) if len(stripped := piece.strip(" \"'“”‘’()")) >= LEAST]


def _hashes(text: str) -> tuple[int, ...]:
    """What tells the pieces apart, each once; the same in every process, which `hash` is not."""
    return tuple({len(raw := piece.encode()) << 32 | crc32(raw): None for piece in _split(text)})


def _left(text: str, repeated: frozenset[int]) -> str:
    """The text without repeated sentences, and without those after one that point back at it."""
    if repeated.isdisjoint(_hashes(text)):
        return text
    kept: list[str] = []
    gone = False
    for sentence in split(text):
        own = _hashes(sentence)
        gone = (bool(own) and repeated.issuperset(own)) or (gone and opening(sentence) in HANGING)
        if not gone:
            kept.append(sentence)
    return " ".join(kept)
