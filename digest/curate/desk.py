"""What the desk changed in an edition, and how it is laid over what was curated. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from digest.models import Edition, Section, Story


@dataclass(frozen=True, slots=True)
class Changes:
    """An editor's wishes, by story id. Empty text means: as composed."""

    pinned: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    moved: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Story id → section and place in it, from 1."""
    subject: str = ""
    preheader: str = ""
    intro: str = ""


def apply(edition: Edition, changes: Changes) -> Edition:
    """The edition with the moves carried out and the written texts set. Unknown stories are passed over: what was
    composed anew may no longer hold them."""
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
        intro=changes.intro,
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
