"""Editors' changes and blocked words.

Words are compared as stems, so दाम also finds दामों; a phrase matches where its stems follow each other. A phrase of
stop words alone is compared as written, folded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from digest.curate.similarity.tfidf import lead_text
from digest.hindi.tokens import stems, tokens
from digest.models import Article, Edition, Section, Story


@dataclass(frozen=True, slots=True)
class Changes:
    """An editor's changes, by story id. An empty subject or preheader keeps the composed one."""

    pinned: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    # Story id -> section and position in it, from 1.
    moved: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    subject: str = ""
    preheader: str = ""
    # None keeps the composed one; with an empty text there is none.
    intro: str | None = None


def apply(edition: Edition, changes: Changes) -> Edition:
    """Return the edition with stories moved and texts set. Stories that it lacks are ignored."""
    sections = edition.sections
    for story_id, (name, place) in changes.moved.items():
        sections = _moved(sections, story_id, name, place)
    lead = edition.lead
    if lead not in {story.id for section in sections for story in section.stories}:
        lead = sections[0].stories[0].id if sections else ""
    return replace(
        edition,
        sections=sections,
        lead=lead,
        subject=changes.subject,
        preheader=changes.preheader,
        intro=changes.intro or "",
    )


def _moved(sections: tuple[Section, ...], story_id: str, name: str, place: int) -> tuple[Section, ...]:
    found: Story | None = next((s for section in sections for s in section.stories if s.id == story_id), None)
    if found is None:
        return sections
    story = replace(found, section=name)
    names = [section.name for section in sections]
    rest = {section.name: [s for s in section.stories if s.id != story_id] for section in sections}
    if name not in rest:
        names.append(name)
        rest[name] = []
    rest[name].insert(max(place - 1, 0), story)
    return tuple(Section(each, tuple(rest[each])) for each in names if rest[each])


def remove_blocked(articles: Sequence[Article], block: Iterable[str]) -> tuple[list[Article], Counter[str]]:
    """Return the articles without a blocked word, and how many were rejected for which reason."""
    words = tuple(block)
    if not words:
        return list(articles), Counter()
    allowed: list[Article] = []
    rejected: Counter[str] = Counter()
    for article in articles:
        if word := blocked_by(article, words):
            rejected[f"blocked by {word!r}"] += 1
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
    """Return whether the text contains the word or phrase."""
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
