"""An editor's changes of an edition: pins, drops, moves, splits, merges and texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from digest.models import Edition, Image, Section, Story


@dataclass(frozen=True, slots=True)
class StoryText:
    """An editor's headline and summary of a story; an empty one keeps the composed one."""

    title: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """Selects the articles of a special edition: those with all of these words, of these sources, of the last `hours`.

    Empty words or sources match all. Stories of other editions may appear again. `name` is what recipients read at the
    top of the email; '' for none.
    """

    words: str = ""
    sources: tuple[str, ...] = ()
    hours: int = 24
    name: str = ""


@dataclass(frozen=True, slots=True)
class EditorialChanges:
    """An editor's changes, by story id. An empty subject or preheader keeps the composed one."""

    pinned: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    # Stories that the editor added, at the places that their scores give them.
    added: tuple[str, ...] = ()
    # Articles, by id or URL, that the editor made separate stories, each with an article of the story that had it.
    split: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    # Articles whose stories the editor merged. The headline is that of the first one.
    merged: tuple[tuple[str, ...], ...] = ()
    # Story id -> section and position in it, from 1. A section's other stories have their present places in it too.
    moved: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    # Stories that the editor moved.
    placed: tuple[str, ...] = ()
    subject: str = ""
    preheader: str = ""
    # None keeps the composed one; '' means no intro.
    intro: str | None = None
    # Story id -> its text.
    texts: Mapping[str, StoryText] = field(default_factory=dict)
    # Model texts that an editor has looked at: story id, or "intro" -> fingerprint of the words.
    seen: Mapping[str, str] = field(default_factory=dict)
    # Story id -> URL of its picture; '' for none.
    pictures: Mapping[str, str] = field(default_factory=dict)
    # Names of blocks that are left out of this edition.
    blocks_out: tuple[str, ...] = ()
    # Name of a block -> its data, which replace the data of its file.
    blocks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    # Only for a special edition.
    selection: Selection | None = None

    @property
    def kept(self) -> tuple[str, ...]:
        """Stories and articles that are in the edition whatever their scores, because an editor worked on them.

        These are added and moved ones, those with an editor's text or picture, and both parts of split ones.
        """
        return (*self.added, *self.split, *self.rest, *self.placed, *self.texts, *self.pictures)

    @property
    def wanted(self) -> tuple[str, ...]:
        """Stories and articles that an editor named: they may be newer than the edition, or already sent."""
        return (*self.pinned, *self.kept, *(name for group in self.merged for name in group))


def apply(edition: Edition, changes: EditorialChanges, order: Sequence[str] = ()) -> Edition:
    """Return the edition with stories moved and texts set. Stories that it lacks are ignored.

    `order` of the sections places a section that the edition lacks and a story is moved to.
    """
    sections = edition.map_stories(lambda story: _apply_texts(story, changes)).sections
    for story_id, (name, place) in changes.moved.items():
        sections = _move_story(sections, story_id, name, place, order)
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


def arrange(
    sections: Sequence[Section], moved: Mapping[str, tuple[str, int]], story_id: str, name: str, place: int
) -> dict[str, tuple[str, int]]:
    """Return `moved` with a story at a place of a section, and with the present places of the section's other stories.

    Moves are applied one after the other, so the next move would shift a story without a recorded place.
    """
    own = [story.id for section in sections for story in section.stories if section.name == name]
    others = [id for id in own if id != story_id]
    at = min(max(place - 1, 0), len(others))
    arranged = [*others[:at], story_id, *others[at:]]
    kept = {id: where for id, where in moved.items() if id not in arranged}
    return kept | {id: (name, number) for number, id in enumerate(arranged, 1)}


def _apply_texts(story: Story, changes: EditorialChanges) -> Story:
    return _with_picture(_with_text(story, changes.texts), changes.pictures)


def _with_picture(story: Story, pictures: Mapping[str, str]) -> Story:
    url = next((pictures[id] for id in (story.id, *story.article_ids) if id in pictures), None)
    if url is None or (story.image is not None and url in (story.image.url, story.image.origin)):
        return story
    return replace(story, image=Image(url) if url else None)


def _with_text(story: Story, texts: Mapping[str, StoryText]) -> Story:
    text = next((texts[id] for id in (story.id, *story.article_ids) if id in texts), None)
    if text is None:
        return story
    return replace(story, title=text.title or story.title, summary=text.summary or story.summary)


def _move_story(
    sections: tuple[Section, ...], story_id: str, name: str, place: int, order: Sequence[str]
) -> tuple[Section, ...]:
    found: Story | None = next((s for section in sections for s in section.stories if s.id == story_id), None)
    if found is None:
        return sections
    story = replace(found, section=name)
    names = [section.name for section in sections]
    rest = {section.name: [s for s in section.stories if s.id != story_id] for section in sections}
    if name not in rest:
        names.insert(_position(name, names, order), name)
        rest[name] = []
    rest[name].insert(max(place - 1, 0), story)
    return tuple(Section(each, tuple(rest[each])) for each in names if rest[each])


def _position(name: str, names: Sequence[str], order: Sequence[str]) -> int:
    """Return where a new section belongs: before the first one that follows it in `order`, else at the end."""
    if name not in order:
        return len(names)
    later = set(order[order.index(name) + 1 :])
    return next((at for at, each in enumerate(names) if each in later), len(names))
