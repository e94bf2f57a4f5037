"""In which section a story stands, by the best evidence there is, and which evidence that was.

Order of evidence: the source's configured section, the item's categories, the URL's slugs, the vote of the
story's other articles, words of the headline with a margin, else the first section. Names are rows of data in
`section_words`; nothing here ranks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from digest.curate.section_words import LEXICON, NAMES
from digest.hindi.text import fold
from digest.hindi.tokens import stems
from digest.models import Article

MARGIN = 2
"""Headline words by which the best section must lead: at 2 the lexicon is right in .79 of what it covers (36 %
of headlines), at 1 in .67."""

_JOINTS = re.compile(r"[\s_&/,+-]+")
_SUFFIX = re.compile("-(?:news|news-hindi|hindi|hindi-news|samachar|खबर|समाचार)$")


def _key(name: str) -> str:
    return _JOINTS.sub("-", fold(name)).strip("-")


_BY_NAME = {_key(name): section for section, names in NAMES.items() for name in (section, *names)}


@lru_cache(maxsize=20_000)
def named(name: str) -> str:
    """The section that a category or slug stands for, '' when it is none of ours."""
    key = _key(name)
    return _BY_NAME.get(key) or _BY_NAME.get(_SUFFIX.sub("", key), "")


def evident(article: Article) -> tuple[str, str]:
    """(section, evidence) from what the article itself carries, ('', '') when it carries nothing."""
    if article.section:
        return article.section, "source's section"
    for category in article.categories:
        if section := named(category):
            return section, f"category {category!r}"
    return _by_folder(article.url.rpartition("/")[0])  # the last part is the article's own name


@lru_cache(maxsize=20_000)
def _by_folder(url: str) -> tuple[str, str]:
    for slug in unquote(urlsplit(f"{url}/").path).split("/")[:-1]:
        if section := named(slug):
            return section, f"URL part {slug!r}"
    return "", ""


def section_of(articles: Sequence[Article], default: str) -> tuple[str, str]:
    """(section, evidence) of a story whose articles are given, representative first. Never empty."""
    section, evidence = evident(articles[0])
    if section:
        return section, evidence
    votes = Counter(found for article in articles[1:] if (found := evident(article)[0]))
    if votes:
        section, count = min(votes.items(), key=lambda vote: (-vote[1], vote[0]))
        return section, f"{count} of its other articles"
    section, hits = _by_headline(" ".join(dict.fromkeys(article.title for article in articles)))
    if section:
        return section, f"headline words ({', '.join(hits)})"
    return default, "no evidence"


@lru_cache(maxsize=20_000)
def _by_headline(title: str) -> tuple[str, list[str]]:
    found = list(dict.fromkeys(stems(title)))
    hits = {name: [stem for stem in found if stem in lexicon] for name, lexicon in LEXICON.items()}
    best, second = sorted(hits, key=lambda name: -len(hits[name]))[:2]
    return (best, hits[best]) if len(hits[best]) - len(hits[second]) >= MARGIN else ("", [])
