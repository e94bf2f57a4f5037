"""Count the answers to the polls, quizzes and feedback of an edition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from digest.models import Edition
from digest.render.blocks.questions import find_question

if TYPE_CHECKING:
    from digest.store.content.answers import AnswerStore


def option_counts(answers: AnswerStore, edition: Edition, language: str) -> dict[str, dict[str, int]]:
    """Return block → option → number of subscribers who chose it, for the questions of the edition."""
    found: dict[str, dict[str, int]] = {}
    for block in edition.blocks:
        if question := find_question(edition, block.kind, language):
            counts = answers.counts(edition.key, block.kind)
            found[block.kind] = {option: counts.get(number, 0) for number, option in enumerate(question.options, 1)}
    return found
