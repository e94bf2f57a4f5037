"""Find text that a source repeats in article after article, and remove it.

A sentence in three or more articles of one source within 14 days is boilerplate that no list knows: a contest's blurb,
an invitation, a page's frame. It would make unrelated articles similar, and get into summaries. Reports that grow
during a day repeat text too, so only articles with different titles and some text of their own count.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from digest.curate.rules import REMEMBERED
from digest.curate.summary.sentence_rules import HANGING, opening
from digest.hindi.sentences import split
from digest.models import Article, TextBlock

# A sentence is repeated text from this many articles of one source on.
SHARED = 3
WITHIN = timedelta(days=14)
# The largest share of its pieces that an article may have in common with others and still count. A copy shares all
# of them; a report under a contest's long blurb may share many.
MOST_SHARED = 0.8
# Two titles that share this part of their words may head the same report.
TITLES_ALIKE = 0.4
# Characters. Shorter pieces are captions and exclamations that occur anywhere.
LEAST = 20
# Characters of an article that are compared. Clustering and summaries do not read more.
FIRST = 2_000

_PIECES = re.compile("[।॥.?!|\n]+")

# An article's id and content hash.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class RepeatedText:
    """The sentences that each source repeats, as hashes."""

    by_source: Mapping[str, frozenset[int]]
    # The hashes of each article's sentences, by its key.
    pieces: Mapping[Key, Sequence[int]]

    def remove_from(self, article: Article) -> Article:
        """Return the article without repeated text. It is unchanged if it has none, or has nothing else."""
        repeated = self.by_source.get(article.source, frozenset())
        if not repeated or repeated.isdisjoint(self.pieces.get(_key(article), ())):
            return article
        paragraphs = [block for block in article.body if block.kind == "p"] or [TextBlock("p", article.excerpt)]
        texts = {block: _without(block.text, repeated) for block in paragraphs}
        if not any(texts.values()):
            return article
        body = (replace(block, text=texts.get(block, block.text)) for block in article.body)
        excerpt = texts.get(TextBlock("p", article.excerpt), article.excerpt)
        return replace(article, body=tuple(block for block in body if block.text), excerpt=excerpt)


def find_repeated_text(articles: Iterable[Article], now: datetime) -> RepeatedText:
    """Find the texts that the sources of these articles repeat."""
    by_source: defaultdict[str, dict[Key, Article]] = defaultdict(dict)
    for article in articles:
        if now - WITHIN < article.published:
            by_source[article.source][_key(article)] = article
    pieces = {key: _hashes_of_article(article.text) for own in by_source.values() for key, article in own.items()}
    repeated = {source: _find_repeated(own, pieces) for source, own in by_source.items() if len(own) >= SHARED}
    return RepeatedText(repeated, pieces)


def remove_repeated_text(articles: Sequence[Article], now: datetime) -> list[Article]:
    """Return the articles, in the given order, without the texts that their sources repeat."""
    repeated = find_repeated_text(articles, now)
    return [repeated.remove_from(article) for article in articles]


def _key(article: Article) -> Key:
    return article.id, article.content_hash or f"{article.title}\n{article.text}"


def _find_repeated(articles: Mapping[Key, Article], pieces: Mapping[Key, Sequence[int]]) -> frozenset[int]:
    """Return the pieces that occur in SHARED articles of one source, if their titles and other texts differ."""
    counts: Counter[int] = Counter()
    for key in articles:
        counts.update(pieces[key])
    often = {piece for piece, count in counts.items() if count >= SHARED}
    if not often:
        return frozenset()
    titles: defaultdict[int, list[frozenset[str]]] = defaultdict(list)
    undecided = set(often)
    for key in sorted(key for key in articles if not often.isdisjoint(pieces[key])):
        shared = undecided.intersection(pieces[key])
        if not shared or len(often.intersection(pieces[key])) > MOST_SHARED * len(pieces[key]):
            continue
        title = frozenset(articles[key].title.split())
        for piece in shared:
            if not any(_titles_alike(title, other) for other in titles[piece]):
                titles[piece].append(title)
                if len(titles[piece]) == SHARED:
                    undecided.remove(piece)
    return frozenset(often - undecided)


def _titles_alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= TITLES_ALIKE * max(1, min(len(one), len(other)))


def _split(text: str) -> list[str]:
    """Split a text into pieces for comparing. One source writes its boilerplate in one way."""
    plain = text[:FIRST].replace("\u093c", "").replace("\u200d", "").replace("\u200c", "")
    return [stripped for piece in _PIECES.split(plain) if len(stripped := piece.strip(" \"'“”‘’()")) >= LEAST]


def _hashes(text: str) -> tuple[int, ...]:
    """Return a number for each distinct piece; integers are faster to compare than texts."""
    return tuple(dict.fromkeys(map(hash, _split(text))))


_hashes_of_article = lru_cache(maxsize=REMEMBERED)(_hashes)


def _without(text: str, repeated: frozenset[int]) -> str:
    """Return the text without repeated sentences, and without those that follow one and refer back to it."""
    if repeated.isdisjoint(_hashes(text)):
        return text
    remaining: list[str] = []
    removed = False
    for sentence in split(text):
        pieces = _hashes(sentence)
        removed = (bool(pieces) and repeated.issuperset(pieces)) or (removed and opening(sentence) in HANGING)
        if not removed:
            remaining.append(sentence)
    return " ".join(remaining)
