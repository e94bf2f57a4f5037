"""Variants of an edition and their stories. All subscribers with the same topics get one variant."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Literal

from digest.models import Edition, Section, Variant

EVERYTHING = Variant("html", None, "html")
"""The variant with all topics."""


def variant_for(
    edition: Edition, topics: Sequence[str], form: Literal["html", "text"], *, choosable: Collection[str]
) -> Variant:
    """Return the variant for a subscriber who chose `topics`; no topics means all.

    `choosable` are the topics that can be chosen. Nobody can choose a section that only an article names. It is in
    every variant that has another section, but never makes an email alone. Keys look like `html`, `text` and
    `html-0.3`, where the numbers are positions of sections.
    """
    names = [section.name for section in edition.sections]
    chosen = {name for name in names if name in topics}
    positions = [
        position for position, name in enumerate(names) if chosen and (name in chosen or name not in choosable)
    ]
    if not topics or len(positions) == len(names):
        return Variant(form, None, form)
    key = f"{form}-{'.'.join(map(str, positions)) or 'none'}"
    return Variant(key, frozenset(names[position] for position in positions), form)


def parse_variant(edition: Edition, key: str) -> Variant:
    """Return the variant with this key of `variant_for`. Sections that the edition no longer has are left out."""
    form, _, numbers = key.partition("-")
    kind: Literal["html", "text"] = "text" if form == "text" else "html"
    if not numbers:
        return Variant(key, None, kind)
    chosen = {int(number) for number in numbers.split(".") if number.isdecimal()}
    return Variant(
        key, frozenset(section.name for number, section in enumerate(edition.sections) if number in chosen), kind
    )


def select(edition: Edition, variant: Variant) -> Edition | None:
    """Reduce the edition to the sections of `variant`, plus the lead story even if its section was not chosen.

    None if no chosen section has a story, because these subscribers did not ask for the lead alone.
    """
    sections: list[Section] = []
    any_chosen = False
    for section in edition.sections:
        if not section.stories:
            continue
        if variant.topics is None or section.name in variant.topics:
            any_chosen = True
            sections.append(section)
        elif lead := tuple(story for story in section.stories if story.id == edition.lead):
            sections.append(Section(section.name, lead))
    return replace(edition, sections=tuple(sections)) if any_chosen else None
