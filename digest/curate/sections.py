"""Find the section of a story, with the evidence for it.

Evidence is tried in this order: the source's configured section, the item's categories, the URL's slugs, the section of
most other articles, the words of the headline. Without evidence the first section is used. The names and words are data
in `section_words`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from digest.curate.importance.places import is_abroad
from digest.curate.section_words import NAMES, look_up
from digest.hindi.text import fold
from digest.hindi.tokens import tokens
from digest.models import Article

# Of two with equal points, the first is chosen.
HOME = ("देश", "राजनीति")
WORLD = "दुनिया"

# The points by which the best section must lead: one word that only this section has, or two that others lack.
MARGIN = 2
# The margin when the stems of headlines count too.
STEM_MARGIN = 1.6
STEMS = "headline words and stems"
# What the world section then gets if only foreign places are named.
ABROAD = 0.7
# A word counts less as a stem, by this share of its own points.
OWN = 0.5
# From so many points on, a stem counts as evidence that is shown.
TELLING = 0.8
# The margin when the lead is read too: it contains more words that do not matter.
LEAD_MARGIN = 3
# Characters of the first paragraph that are read if the headline does not decide.
LEAD = 300

_JOINTS = re.compile(r"[\s_&/,+-]+")
_SUFFIX = re.compile("-(?:news|news-hindi|hindi|hindi-news|samachar|खबर|समाचार)$")


def _key(name: str) -> str:
    return _JOINTS.sub("-", fold(name)).strip("-")


_BY_NAME = {_key(name): section for section, names in NAMES.items() for name in (section, *names)}


@lru_cache(maxsize=20_000)
def section_by_name(name: str) -> str | None:
    """Return the section that a category or slug means."""
    key = _key(name)
    return _BY_NAME.get(key) or _BY_NAME.get(_SUFFIX.sub("", key))


# A section and the evidence for it.
Evidence = tuple[str, str]


def section_of_article(article: Article) -> Evidence | None:
    """Find the section by the article's own section, categories and URL."""
    if article.section:
        return article.section, "source's section"
    for category in article.categories:
        if section := section_by_name(category):
            return section, f"category {category!r}"
    # The last part of the URL is the article's own name.
    return _section_by_folder(article.url.rpartition("/")[0]) if article.url else None


@lru_cache(maxsize=20_000)
def _section_by_folder(url: str) -> Evidence | None:
    for slug in unquote(urlsplit(f"{url}/").path).split("/")[:-1]:
        if section := section_by_name(slug):
            return section, f"URL part {slug!r}"
    return None


def section_of(articles: Sequence[Article], default: str) -> Evidence:
    """Find the section of a story. `articles` are those of the story, the representative first."""
    if found := section_of_article(articles[0]):
        return found
    votes = [found[0] for article in articles[1:] if (found := section_of_article(article))]
    if votes:
        section, count = min(Counter(votes).items(), key=lambda vote: (-vote[1], vote[0]))
        return section, f"{count} of the other articles"
    for kind, text, margin in _texts(articles):
        if by_words := _section_by_words(text, margin, with_stems=kind == STEMS):
            section, hits = by_words
            return section, f"{kind} ({', '.join(hits)})"
    return default, "no evidence"


def _texts(articles: Sequence[Article]) -> Iterator[tuple[str, str, float]]:
    """Yield the texts whose words are evidence, each with its margin.

    These are all headlines, and then the first article's lead. Without a lead the stems of the headlines count too.
    """
    titles = " ".join(dict.fromkeys(article.title for article in articles))
    first = articles[0]
    lead = first.excerpt or next((block.text for block in first.body if block.kind == "p"), "")
    if not lead:
        yield STEMS, titles, STEM_MARGIN
        return
    yield "headline words", titles, MARGIN
    yield "lead words", f"{first.title} {lead[:LEAD]}", LEAD_MARGIN


def _section_by_words(text: str, margin: float, *, with_stems: bool) -> tuple[str, tuple[str, ...]] | None:
    """Return the section that the words of a text point to, and those words; None if it leads by too little.

    The sections of home news count together, because a minister's arrest fits several of them. Home news that names
    only foreign places belongs to the world section.
    """
    found = list(dict.fromkeys(word for piece in text.split() for word in look_up(piece)))
    points: defaultdict[str, float] = defaultdict(float)
    tendency: defaultdict[str, float] = defaultdict(float)
    hits: dict[str, list[str]] = {}
    stems = tuple(word.stem for word in found)
    for at, word in enumerate(found):
        for section, count in word.points:
            points[section] += count
            hits.setdefault(section, []).append(word.token)
        for section, value in word.tendency if with_stems else ():
            tendency[section] += max(0.0, value - OWN * dict(word.points).get(section, 0))
            if value >= TELLING:
                hits.setdefault(section, []).append(word.token)
        for phrase, section, count in word.phrases:
            if stems[at : at + len(phrase)] == phrase:
                points[section] += count
                hits.setdefault(section, []).append(" ".join(each.token for each in found[at : at + len(phrase)]))
    best_at_home = max(HOME, key=lambda section: points[section])
    has_home = any(points[section] for section in HOME)
    abroad = (has_home or with_stems) and is_abroad(text, tokens(text))
    home = WORLD if has_home and abroad else best_at_home
    rivals = defaultdict(float, {section: count for section, count in points.items() if section not in HOME})
    rivals[home] += sum(points[section] for section in HOME)
    for section, value in tendency.items():
        rivals[best_at_home if section in HOME else section] += value
    if abroad and with_stems:
        rivals[WORLD] += ABROAD
    ranked = sorted(rivals.items(), key=lambda each: -each[1])
    (section, count), (_next, next_count) = (*ranked, ("", 0.0))[:2]
    if count - next_count < margin:
        return None
    words = hits.get(section, []) + (hits.get(best_at_home, []) if section == home else [])
    return section, tuple(dict.fromkeys(words))
