"""Blocked and boosted words.

Words are compared as stems, so दाम also finds दामों; a phrase matches where its stems follow each other. A phrase of
stop words alone is compared as written, folded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from digest.curate.similarity.tfidf import lead_text
from digest.hindi.tokens import stems, tokens
from digest.messages import Message
from digest.models import Article


def remove_blocked(articles: Sequence[Article], block: Iterable[str]) -> tuple[list[Article], Counter[str]]:
    """Return the articles without a blocked word, and reason → number of rejected ones."""
    words = tuple(block)
    if not words:
        return list(articles), Counter()
    allowed: list[Article] = []
    rejected: Counter[str] = Counter()
    for article in articles:
        if word := blocked_by(article, words):
            rejected[Message("blocked by %(name)s", name=f"{word!r}")] += 1
        else:
            allowed.append(article)
    return allowed, rejected


def blocked_by(article: Article, block: Iterable[str]) -> str | None:
    """Return the first blocked word in the article's title, kicker or categories."""
    texts = (article.title, article.kicker, *article.categories)
    return next((word for word in block if any(contains(text, word) for text in texts)), None)


def boosts(articles: Sequence[Article], boost: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return (word, points) for each boosted word in the title or lead of any of the articles."""
    if not boost:
        return []
    leads = [lead_text(article) for article in articles]
    return [(word, points) for word, points in boost.items() if any(contains(lead, word) for lead in leads)]


def contains(text: str, phrase: str) -> bool:
    """Whether the text contains the word or phrase."""
    sought, stemmed = _parse_phrase(phrase)
    if not sought:
        return False
    found = stems(text) if stemmed else tokens(text)
    first, size = sought[0], len(sought)
    return any(found[at] == first and tuple(found[at : at + size]) == sought for at in range(len(found) - size + 1))


@lru_cache(maxsize=2_000)
def _parse_phrase(phrase: str) -> tuple[tuple[str, ...], bool]:
    """Return the phrase's stems and True; for a phrase of stop words its tokens and False."""
    found = tuple(stems(phrase))
    return (found, True) if found else (tuple(tokens(phrase)), False)
