"""The questions of an edition: polls, quizzes and feedback, whose answers are links to the reader pages."""

from __future__ import annotations

from dataclasses import dataclass

from digest.i18n import translator
from digest.models import Edition
from digest.render.blocks.data import Feedback, Poll, Quiz
from digest.render.blocks.rows import ROWS


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its options. `right` is the number of a quiz's right option, else 0; `explains` says why."""

    text: str
    options: tuple[str, ...]
    right: int = 0
    explains: str = ""


def find_question(edition: Edition | None, kind: str, language: str) -> Question | None:
    """The question of a block of the edition; None if it has none."""
    row = ROWS.get(kind)
    block = next((each for each in edition.blocks if each.kind == kind), None) if edition else None
    if row is None or block is None or not row.answered:
        return None
    data = row.schema.model_validate(block.data)
    if isinstance(data, Poll):
        quiz = data if isinstance(data, Quiz) else None
        right, explains = (quiz.answer, quiz.explanation or "") if quiz else (0, "")
        return Question(data.question, data.options, right, explains)
    catalogue = translator(language)
    text = data.question if isinstance(data, Feedback) else None
    options = (catalogue.gettext("Good"), catalogue.gettext("Not so good"))
    return Question(text or catalogue.gettext("How did you like this edition?"), options)
