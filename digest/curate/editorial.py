"""An editor's changes of an edition: pins, drops, moves and texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from digest.models import Edition, Section, Story


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
