"""Editions, answers to their questions, and sources as JSON documents, for `--json` and for the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from digest.models import Edition, ModelUse, RefusedSummary, Source, SourceHealth, Story, Support
from digest.render.blocks.rows import find_question
from digest.utils.documents import fill, to_json

if TYPE_CHECKING:
    from digest.store.content.answers import AnswerStore


@dataclass(frozen=True, slots=True)
class StoryDocument:
    """A story of an edition."""

    id: str
    title: str
    summary: str
    url: str
    image: str | None
    published: datetime
    sources: tuple[str, ...]
    articles: tuple[str, ...]
    origins: int
    score: float
    reasons: tuple[str, ...]
    label: str
    recurring: str
    title_by_machine: bool
    title_support: Support | None
    by_machine: bool
    support: tuple[Support, ...]
    refused: RefusedSummary | None


@dataclass(frozen=True, slots=True)
class SectionDocument:
    """A section of an edition, with its stories in the order of the email."""

    name: str
    stories: tuple[StoryDocument, ...]


@dataclass(frozen=True, slots=True)
class BlockDocument:
    """A block of an edition, and where it is shown."""

    kind: str
    show: str
    place: str


@dataclass(frozen=True, slots=True)
class EditionDocument:
    """An edition with its stories."""

    edition: str
    name: str
    number: int
    state: str
    reason: str
    subject: str
    preheader: str
    intro: str
    intro_by_machine: bool
    intro_support: tuple[Support, ...]
    lead: str
    widened_hours: int | None
    sample: bool
    blocks: tuple[BlockDocument, ...]
    warnings: tuple[str, ...]
    model: ModelUse | None
    sections: tuple[SectionDocument, ...]


@dataclass(frozen=True, slots=True)
class HealthDocument:
    """The health of a source, once it was collected."""

    collected: bool
    last_good: datetime | None
    last_new: datetime | None
    failures: int
    last_error: str
    not_before: datetime | None
    moved_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDocument(Source):
    """A source: its settings and its health."""

    health: HealthDocument


def edition_document(edition: Edition) -> EditionDocument:
    return fill(
        EditionDocument,
        edition,
        edition=edition.key,
        intro_by_machine=edition.is_intro_by_machine,
        blocks=tuple(BlockDocument(each.kind, each.shown, each.place) for each in edition.blocks),
        model=edition.model_use,
        sections=tuple(SectionDocument(each.name, tuple(map(_story, each.stories))) for each in edition.sections),
    )


def edition_json(edition: Edition) -> dict[str, Any]:
    """Return the document of `compose` and `edition show`."""
    found: dict[str, Any] = to_json(edition_document(edition))
    return found


def _story(story: Story) -> StoryDocument:
    return fill(
        StoryDocument,
        story,
        image=story.image.url if story.image else None,
        origins=story.origin_count,
        score=round(story.score, 4),
        title_by_machine=story.is_title_by_machine,
        by_machine=story.is_by_machine,
    )


def source_document(source: Source, health: SourceHealth | None) -> SourceDocument:
    known = health or SourceHealth(source.name)
    values = {"collected": health is not None, "last_error": known.last_error or "", "moved_to": known.moved_to or ""}
    return fill(SourceDocument, source, health=fill(HealthDocument, known, **values))


def source_json(source: Source, health: SourceHealth | None) -> dict[str, Any]:
    """Return one source in `sources list`: its settings, and its health once it was collected."""
    found: dict[str, Any] = to_json(source_document(source, health))
    return found


def option_counts(answers: AnswerStore, edition: Edition, language: str) -> dict[str, dict[str, int]]:
    """Return block → option → number of subscribers who chose it, for the questions of the edition."""
    found: dict[str, dict[str, int]] = {}
    for block in edition.blocks:
        if question := find_question(edition, block.kind, language):
            counts = answers.counts(edition.key, block.kind)
            found[block.kind] = {option: counts.get(number, 0) for number, option in enumerate(question.options, 1)}
    return found
