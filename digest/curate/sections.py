"""Find the section of a story, with the evidence for it.

Evidence is tried in this order: the source's configured section, the item's categories, the URL's slugs, the section of
most other articles, the words of the headline. Without evidence the first section is used. The names and words are data
in `section_words`.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from digest.curate.importance.matching import find_rows
from digest.curate.importance.places import find_regions, is_abroad
from digest.curate.rules import REMEMBERED, SECTIONS
from digest.curate.section_words import EVERY, NAMES, keys_of_token, learned_points, look_up, set_learned_points
from digest.curate.similarity.headlines import HARD_EVENTS
from digest.hindi.text import fold
from digest.hindi.tokens import tokens
from digest.models import Article

# Of two with equal points, the first is chosen.
HOME = ("देश", "राजनीति")
WORLD = "दुनिया"
# A pupil or a school in an accident or a crime is no news about education.
EDUCATION = "शिक्षा"
# And a deadly one, a deadly riot or attack is no politics, even if a minister promises help, nor is a lockdown that a
# minister announces. Rows of words.
DEATH, ACCIDENTS = "death", frozenset({"accident", "crash", "disaster", "unrest", "terror"})
SHUTDOWN = "shutdown"
# A hospital that collapses is no news about health.
HEALTH, COLLAPSES = "स्वास्थ्य", frozenset({"accident", "crash"})
# A deadly fire in a chemical works, attack at a stadium or hail like tennis balls is about what happened. But a player
# may die in an accident.
SCIENCE = "विज्ञान"
NOT_DEADLY = {
    SCIENCE: ACCIDENTS,
    "व्यापार": ACCIDENTS,
    "खेल": frozenset({"disaster", "terror"}),
}
# A storm may have the name of an actress.
ENTERTAINMENT, DISASTER, CELEBRITY = "मनोरंजन", "disaster", "celebrity"
# Rows of what governments do. Beside a foreign country they tell that a headline is about it, unless it is soft.
PUBLIC_AFFAIRS = frozenset(
    {
        "change",
        "closure",
        "court",
        "decision",
        "diplomacy",
        "election",
        "outbreak",
        "politics",
        "state",
        "union",
        "topcourt",
    }
)
SOFT_NEWS = frozenset({"sport", "victory", "celebrity", "private", "viral", "healthtip", "gadget", "offer", "career"})

IN = fold("में")

# The points by which the best section must lead: one word that only this section has, or two that others lack.
MARGIN = 2
# The margin when the lead is read too: it contains more words that do not matter.
LEAD_MARGIN = 3
# Characters of the first paragraph that are read if the headline does not decide.
LEAD = 300
# The probability that a section must have if there is only a headline.
SURE = 0.875
# How much a point of the table of words counts there.
WORD_WEIGHT = 2.1
# Learned points from which on a word is shown as evidence.
TELLING = 0.4

_JOINTS = re.compile(r"[\s_&/,+-]+")
# `cricket-news`, `ipl-2026`.
_SUFFIX = re.compile("(?:-(?:news|news-hindi|hindi|hindi-news|samachar|खबर|समाचार))?(?:-(?:19|20)[0-9]{2})?$")


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
    if by_text := _section_by_text(articles):
        return by_text
    if _is_event_abroad(articles[0].title, _lead(articles[0])):
        return WORLD, "an event abroad"
    rows = find_rows(tokens(articles[0].title))
    if "mission" in rows:
        return SCIENCE, "a launch or landing in space"
    return default, "no evidence"


@lru_cache(maxsize=REMEMBERED)
def _is_event_abroad(title: str, lead: str) -> bool:
    """Whether a text reports a grave event abroad, what a country's government does, or what happens in it."""
    found = tokens(title)
    rows = find_rows(found)
    text = f"{title} {lead}"
    all_abroad = is_abroad(text, tokens(text))
    if not HARD_EVENTS.isdisjoint(rows) and all_abroad:
        return True
    # `अमेरिका में गर्मी`
    is_there = IN in found[1:3] and bool(find_regions(found[:2])) and all_abroad
    is_public = not PUBLIC_AFFAIRS.isdisjoint(rows) and bool(find_regions(found))
    return (is_there or is_public) and SOFT_NEWS.isdisjoint(rows) and is_abroad(title, found, rows)


def _section_by_text(articles: Sequence[Article]) -> Evidence | None:
    """Find the section by the words of all headlines, then of the first article's lead."""
    titles = " ".join(dict.fromkeys(article.title for article in articles))
    first = articles[0]
    lead = _lead(first)
    if not lead:
        return _section_by_headline(titles)
    if section := _section_by_words(titles, "headline words", MARGIN):
        return section
    return _section_by_words(f"{first.title} {lead}", "lead words", LEAD_MARGIN)


def _lead(article: Article) -> str:
    return (article.excerpt or next((block.text for block in article.body if block.kind == "p"), ""))[:LEAD]


@dataclass(frozen=True, slots=True)
class WordEvidence:
    """What the table of words finds in a text: the points of each section, and the words that gave them."""

    points: defaultdict[str, float]
    hits: defaultdict[str, list[str]]

    def add(self, section: str, count: float, words: str) -> None:
        self.points[section] += count
        self.hits[section].append(words)

    def evidence(self, kind: str, *sections: str) -> str:
        words = dict.fromkeys(word for section in dict.fromkeys(sections) for word in self.hits[section])
        return f"{kind} ({', '.join(words)})"


def find_words(text: str) -> WordEvidence:
    """Find the words and phrases of a text that point to sections."""
    found = list(dict.fromkeys(word for piece in text.split() for word in look_up(piece)))
    stems = tuple(word.stem for word in found)
    words = WordEvidence(defaultdict(float), defaultdict(list))
    for at, word in enumerate(found):
        for section, count in word.points:
            words.add(section, count, word.token)
        for phrase, section, count in word.phrases:
            if stems[at : at + len(phrase)] == phrase:
                words.add(section, count, " ".join(each.token for each in found[at : at + len(phrase)]))
    return words


def word_points(words: WordEvidence, *, abroad: bool) -> dict[str, float]:
    """Return the points of words in a headline. If it is about another country, points for home go to the world."""
    points = dict(words.points)
    if abroad:
        at_home = max(points.pop(section, 0.0) for section in HOME)
        points[WORLD] = points.get(WORLD, 0.0) + at_home
    return points


@lru_cache(maxsize=REMEMBERED)
def _section_by_words(text: str, kind: str, margin: float) -> Evidence | None:
    """Return the section that the words of a text point to; None if it leads by too little.

    The sections of home news count together, because a minister's arrest fits several of them. Home news that names
    only foreign places belongs to the world section.
    """
    words = find_words(text)
    points = words.points
    rows = find_rows(tokens(text))
    is_no_politics = SHUTDOWN in rows or (DEATH in rows and not ACCIDENTS.isdisjoint(rows))
    best_at_home = HOME[0] if is_no_politics else max(HOME, key=lambda section: points[section])
    home = WORLD if points[best_at_home] and is_abroad(text, tokens(text)) else best_at_home
    rivals = defaultdict(float, {section: count for section, count in points.items() if section not in HOME})
    rivals[home] += sum(points[section] for section in HOME)
    ranked = sorted(rivals.items(), key=lambda each: -each[1])
    (section, count), (_next, next_count) = (*ranked, ("", 0.0))[:2]
    if count - next_count < margin:
        return None
    if _is_of_event(section, rows):
        return None
    counted = HOME if is_no_politics else [best_at_home]
    return section, words.evidence(kind, section, *(counted if section == home else []))


def _is_of_event(section: str, rows: Collection[str]) -> bool:
    """Whether a text is about an accident, a crime or a disaster, and names the section's things only as its scene."""
    if section == EDUCATION:
        return not HARD_EVENTS.isdisjoint(rows)
    if section == ENTERTAINMENT:
        return DISASTER in rows and CELEBRITY not in rows
    if section in NOT_DEADLY:
        return DEATH in rows and not NOT_DEADLY[section].isdisjoint(rows)
    return section == HEALTH and not COLLAPSES.isdisjoint(rows)


def headline_keys(found: Sequence[str], rows: Iterable[str]) -> dict[str, str]:
    """Return the keys of a headline in `learned_points`, and the token of each ('' if it is not of one token).

    `found` are its tokens, `rows` the rows of `importance/words.txt` that they match.
    """
    keys = {key: token for token in found for key in keys_of_token(token)}
    keys.update((f"@{row}", "") for row in rows)
    keys[EVERY] = ""
    return keys


@lru_cache(maxsize=REMEMBERED)
def _section_by_headline(text: str) -> Evidence | None:
    """Return the most probable section of a headline without a lead; None if it is not probable enough.

    The logarithm of a section's odds is the sum of its points. These come from the table of words, or were learned from
    headlines. Home news counts as in `_section_by_words`.
    """
    words = find_words(text)
    found = tokens(text)
    rows = find_rows(found)
    abroad = is_abroad(text, found, rows)
    points = word_points(words, abroad=abroad)
    learned = learned_points()
    known = [(token, learned[key]) for key, token in headline_keys(found, rows).items() if key in learned]
    by_words = tuple(WORD_WEIGHT * points.get(section, 0.0) for section in SECTIONS)
    scores = map(sum, zip(by_words, *(vector for _token, vector in known), strict=True))
    odds = dict(zip(SECTIONS, map(math.exp, scores), strict=True))
    best_at_home = max(HOME, key=lambda section: odds[section])
    at_home = sum(odds.pop(section) for section in HOME)
    home = WORLD if abroad else best_at_home
    odds[home] = odds.get(home, 0.0) + at_home
    section = max(odds, key=lambda section: odds[section])
    if odds[section] < SURE * sum(odds.values()):
        return None
    if _is_of_event(section, rows):
        return None
    at = SECTIONS.index(section)
    words.hits[section] += [token for token, vector in known if token and vector[at] >= TELLING]
    return section, words.evidence("headline words and stems", section, *(HOME if abroad and section == WORLD else ()))


def use_learned_points(points: Mapping[str, Mapping[str, float]]) -> None:
    """Replace the table's learned points, to measure others. {} brings the table's back."""
    set_learned_points(points)
    _section_by_headline.cache_clear()
