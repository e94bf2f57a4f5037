"""The newsletter's own words: those that keep an article out, and those that lift a story. Pure.

Words are compared as stems, so that दाम also finds दामों; a phrase counts where its stems follow each other. What
consists of stop words alone is compared as it is written, folded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from digest.curate.tfidf import lead_text
from digest.hindi.tokens import stems, tokens
from digest.models import Article


def blocked_by(article: Article, block: Iterable[str]) -> str:
    """The first of the words that stands in the article's title, kicker or categories, or ''."""
    wanted = tuple(block)
    if not wanted:
        return ""
    texts = (article.title, article.kicker, *article.categories)
    return next((word for word in wanted if any(holds(text, word) for text in texts)), "")


def boosts(articles: Sequence[Article], boost: Mapping[str, float]) -> list[tuple[str, float]]:
    """(word, points) for each of the words that stands in the title or lead of any of a story's articles."""
    if not boost:
        return []
    leads = [lead_text(article) for article in articles]
    return [(word, points) for word, points in boost.items() if any(holds(lead, word) for lead in leads)]


def holds(text: str, word: str) -> bool:
    """Whether the word, or phrase, stands in the text."""
    wanted, stemmed = _wanted(word)
    if not wanted:
        return False
    found = stems(text) if stemmed else tokens(text)
    first, size = wanted[0], len(wanted)
    return any(found[at] == first and tuple(found[at : at + size]) == wanted for at in range(len(found) - size + 1))


@lru_cache(maxsize=2_000)
def _wanted(word: str) -> tuple[tuple[str, ...], bool]:
    found = tuple(stems(word))
    return (found, True) if found else (tuple(tokens(word)), False)
