"""Count the independent origins of a story: the publishers that report it in their own words.

Two articles have the same origin if any of these holds:

- They have the same publisher: the same site of their URLs (`hindi.paper.example` and `www.paper.example` are one
  site), or the same source if an article has no URL.
- One is a copy of the other: at least half of the shorter one's five-word sequences are in both. Papers that print an
  agency's report share nearly all of them, even with new headlines and cut ends; papers that write their own share the
  sentences that they quote. (Containment of shingles: Broder, On the resemblance and containment of documents, 1997.)
- Their bylines name the same news agency. Cleaning moves the credit of a dateline or last line into the byline.

Origins are the groups that these pairs form. An article whose date is not known counts for none: all pages of a new
source look new.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from digest.curate.rules import REMEMBERED
from digest.hindi.agencies import agency_of
from digest.hindi.tokens import tokens
from digest.models import Article

# Words in a sequence, and the share from which a text is a copy.
SHINGLE = 5
COPIED = 0.5

# Second-level names of country registries: the site of `www.paper.co.in` is `paper.co.in`.
_SECOND_LEVEL = frozenset(("ac", "co", "com", "edu", "firm", "gen", "gov", "in", "ind", "net", "nic", "org", "res"))


def count_origins(articles: Sequence[Article]) -> int:
    """Return how many independent origins the articles of a story have."""
    dated = [article for article in articles if article.dated]
    publishers = [publisher(article) for article in dated]
    agencies = [agency_of(article.author or "") for article in dated]
    texts = [f"{article.title}\n{article.text}" for article in dated]
    group = list(range(len(dated)))
    for j in range(len(dated)):
        for i in range(j):
            same = publishers[i] == publishers[j] or (agencies[i] is not None and agencies[i] == agencies[j])
            if group[i] != group[j] and (same or is_copy(texts[i], texts[j])):
                group = [group[i] if each == group[j] else each for each in group]
    return len(set(group))


def publisher(article: Article) -> str:
    """Return the site of the article's URL; without a URL, its source's name."""
    return (_site_of(article.url) if article.url else "") or article.source


@lru_cache(maxsize=REMEMBERED)
def _site_of(url: str) -> str:
    """Return the site of a URL; '' without a host."""
    host = urlsplit(url).hostname or ""
    labels = host.rstrip(".").split(".")
    if not host or ":" in host or labels[-1].isdigit():
        return host
    is_country = len(labels[-1]) == 2 and len(labels) > 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if is_country else labels[-2:])


@lru_cache(maxsize=REMEMBERED)
def is_copy(one: str, other: str) -> bool:
    """Whether the shorter of two texts is, by its word sequences, mostly contained in the other."""
    mine, theirs = _shingles(one), _shingles(other)
    shorter = min(len(mine), len(theirs))
    return shorter > 0 and len(mine & theirs) >= COPIED * shorter


# Each article of a story is compared with the others.
@lru_cache(maxsize=16)
def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = tokens(text)
    if len(words) < SHINGLE:
        return frozenset([tuple(words)])
    return frozenset(zip(*(words[start:] for start in range(SHINGLE)), strict=False))
