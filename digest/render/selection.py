"""What of an edition a group of readers gets. Pure; must not reorder, rank or rewrite anything."""

from __future__ import annotations

from dataclasses import replace

from digest.models import Edition, Section, Variant


def select(edition: Edition, variant: Variant) -> Edition | None:
    """The sections that `variant` asked for, and the lead story even when its section was not asked for.

    Order is kept. None when no chosen section has a story: the day's lead alone is not what those readers
    chose, so nothing is sent. With `topics` None everything stays, less the empty sections.
    """
    chosen: list[Section] = []
    found = False
    for section in edition.sections:
        if not section.stories:
            continue
        if variant.topics is None or section.name in variant.topics:
            found = True
            chosen.append(section)
        elif lead := tuple(story for story in section.stories if story.id == edition.lead):
            chosen.append(Section(section.name, lead))
    return replace(edition, sections=tuple(chosen)) if found else None
