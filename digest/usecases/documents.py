"""Editions, answers to their questions, and sources as JSON documents, for `--json` and for the API."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from digest.models import Edition, Source, SourceHealth, Story
from digest.render.blocks.rows import find_question
from digest.utils.text import pick

if TYPE_CHECKING:
    from digest.store.content.answers import AnswerStore


def edition_json(edition: Edition) -> dict[str, Any]:
    """Return the document of `compose` and `edition show`."""
    return {
        "edition": edition.key,
        **pick(edition, "name number state reason subject preheader intro"),
        "intro_by_machine": edition.is_intro_by_machine,
        "intro_support": [asdict(each) for each in edition.intro_support],
        **pick(edition, "lead widened_hours sample"),
        "blocks": [{"kind": each.kind, "show": each.shown, "place": each.place} for each in edition.blocks],
        "warnings": list(edition.warnings),
        "model": asdict(edition.model_use) if edition.model_use else None,
        "sections": [
            {"name": section.name, "stories": [_story(story) for story in section.stories]}
            for section in edition.sections
        ],
    }


def _story(story: Story) -> dict[str, Any]:
    return {
        **pick(story, "id title summary url"),
        "image": story.image.url if story.image else None,
        "published": story.published.isoformat(),
        **pick(story, "sources articles"),
        "origins": story.origin_count,
        "score": round(story.score, 4),
        **pick(story, "reasons label recurring"),
        "title_by_machine": story.is_title_by_machine,
        "title_support": asdict(story.title_support) if story.title_support else None,
        "by_machine": story.is_by_machine,
        "support": [asdict(each) for each in story.support],
        "refused": asdict(story.refused) if story.refused else None,
    }


def source_json(source: Source, health: SourceHealth | None) -> dict[str, Any]:
    """Return one source in `sources list`: its settings, and its health once it was collected."""
    collected = health is not None
    return {**asdict(source), "health": {"collected": collected, **_health(health or SourceHealth(source.name))}}


def _health(health: SourceHealth) -> dict[str, Any]:
    return {
        "last_good": health.last_good.isoformat() if health.last_good else None,
        "last_new": health.last_new.isoformat() if health.last_new else None,
        "failures": health.failures,
        "last_error": health.last_error or "",
        "not_before": health.not_before.isoformat() if health.not_before else None,
        "moved_to": health.moved_to or "",
    }


def option_counts(answers: AnswerStore, edition: Edition, language: str) -> dict[str, dict[str, int]]:
    """Return block → option → number of subscribers who chose it, for the questions of the edition."""
    found: dict[str, dict[str, int]] = {}
    for block in edition.blocks:
        if question := find_question(edition, block.kind, language):
            counts = answers.counts(edition.key, block.kind)
            found[block.kind] = {option: counts.get(number, 0) for number, option in enumerate(question.options, 1)}
    return found
