"""In which section a story stands, by the best evidence there is, and which evidence that was.

Order of evidence: the source's configured section, the item's categories, the URL's slugs, the vote of the
story's other articles, words of the headline with a margin, else the first section. Names are rows of data in
`section_words`; nothing here ranks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, MutableMapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from urllib.parse import unquote, urlsplit

from digest.curate.section_words import NAMES, lexicon, looked_up
from digest.hindi.text import fold
from digest.models import Article

MARGIN = 2
"""Points by which the best section must lead: one word that is the section's alone, or two that others lack."""

LEAD_MARGIN = 3
"""The same where the lead speaks too: it names more that is beside the matter."""

LEAD = 300
"""Characters of the first paragraph that are looked at where the headline leaves it open."""

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


Spoken = tuple[str, tuple[str, ...]]
"""A section and the words that speak for it; ('', ()) where none does."""


def section_of(
    articles: Sequence[Article], default: str, known: MutableMapping[str, Spoken] | None = None
) -> tuple[str, str]:
    """(section, evidence) of a story whose articles are given, representative first. Never empty. `known` holds what
    the words of texts said when they were asked before."""
    known = {} if known is None else known
    section, evidence = evident(articles[0])
    if section:
        return section, evidence
    votes = [voted for article in articles[1:] if (voted := evident(article)[0])]
    if votes:
        section, count = min(Counter(votes).items(), key=lambda vote: (-vote[1], vote[0]))
        return section, f"{count} of its other articles"
    for what, text, margin in _spoken(articles):
        key = _mark(text, margin)
        found = known.get(key)
        if found is None:
            found = known[key] = _by_words(text, margin)
        section, hits = found
        if section:
            return section, f"{what} words ({', '.join(hits)})"
    return default, "no evidence"


def _spoken(articles: Sequence[Article]) -> Iterator[tuple[str, str, int]]:
    """The texts whose words may speak, in turn, each with its margin: all headlines, then the first with its lead."""
    yield "headline", " ".join(dict.fromkeys(article.title for article in articles)), MARGIN
    first = articles[0]
    lead = first.excerpt or next((block.text for block in first.body if block.kind == "p"), "")
    if lead:
        yield "lead", f"{first.title} {lead[:LEAD]}", LEAD_MARGIN


def _mark(text: str, margin: int) -> str:
    """What tells a text apart, the same in every process."""
    return blake2b(f"{margin} {text}".encode(), digest_size=12).hexdigest()


def _by_words(text: str, margin: int) -> Spoken:
    """The section that the words of a text speak for, and those words; '' when it leads by less than the margin."""
    found = list(dict.fromkeys(word for piece in text.split() for word in looked_up(piece)))
    points: dict[str, int] = {}
    hits: dict[str, list[str]] = {}
    for at, word in enumerate(found):
        for section, count in word.spoken:
            points[section] = points.get(section, 0) + count
            hits.setdefault(section, []).append(word.token)
        for whole, section, count in word.phrases:
            if tuple(each.stem for each in found[at : at + len(whole)]) == whole:
                points[section] = points.get(section, 0) + count
                hits.setdefault(section, []).append(" ".join(each.token for each in found[at : at + len(whole)]))
    ranked = sorted(points, key=lambda section: -points[section])
    if not ranked or ranked[0] in lexicon().silent:
        return "", ()
    lead = points[ranked[0]] - (points[ranked[1]] if len(ranked) > 1 else 0)
    return (ranked[0], tuple(hits[ranked[0]])) if lead >= margin else ("", ())
