"""The table of blocks. A new block is a row here, a class in `data.py` and a template in `templates/blocks/`.

Polls, quizzes and feedback are questions that subscribers answer.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from digest.i18n import translator
from digest.messages import Message
from digest.models import Edition
from digest.render.blocks import data
from digest.render.blocks.data import BlockData, Feedback, Frame, Place, Poll, Quiz, Visibility


@dataclass(frozen=True, slots=True)
class BlockKind:
    """A kind of block."""

    schema: type[BlockData]
    # The message id of its heading.
    title: str
    # Its layout in a theme: a section, a strip between rules, a box, or an advertisement.
    frame: Frame
    place: Place
    shown: Visibility = "both"
    # Whether subscribers answer it. Its links are personal, so it appears in emails only, and needs the reader pages.
    answered: bool = False
    # `templates/blocks/NAME.html.j2`; '' for that of the row's name.
    template: str = ""


ROWS: dict[str, BlockKind] = {
    "correction": BlockKind(data.Correction, "Correction", "box", "top"),
    "weather": BlockKind(data.Weather, "Weather", "strip", "top"),
    "market": BlockKind(data.Prices, "Market prices", "section", "middle", template="prices"),
    "mandi": BlockKind(data.Prices, "Mandi prices", "section", "middle", template="prices"),
    "sponsor": BlockKind(data.Sponsor, "Advertisement", "ad", "middle"),
    "horoscope": BlockKind(data.Horoscope, "Horoscope", "section", "end"),
    "panchang": BlockKind(data.Panchang, "Panchang", "section", "end"),
    "quote": BlockKind(data.Quote, "Thought for the day", "section", "end"),
    "quiz": BlockKind(data.Quiz, "Quiz", "box", "end", shown="email", answered=True, template="poll"),
    "poll": BlockKind(data.Poll, "A question for you", "box", "end", shown="email", answered=True),
    "feedback": BlockKind(data.Feedback, "Your opinion", "box", "end", shown="email", answered=True),
    "follow": BlockKind(data.Follow, "Follow us", "strip", "end"),
}
"""By the name of a block's file, in the order in which they appear in one place."""


def kind_of(name: str) -> str:
    """Return the kind of a block by the name of its file: `sponsor` of `sponsor-nursery`."""
    return name.partition("-")[0]


def unknown(kind: str) -> str:
    """Return the error message for an unknown kind, with a suggestion."""
    near = difflib.get_close_matches(kind, ROWS, n=1, cutoff=0.6)
    hint = f"did you mean '{near[0]}'?" if near else Message("known: %(names)s", names=", ".join(ROWS))
    return f"unknown block '{kind[:60]}'; {hint}"


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its options. `right` is the number of a quiz's right option, else 0; `explains` says why."""

    text: str
    options: tuple[str, ...]
    right: int = 0
    explains: str = ""


def find_question(edition: Edition | None, kind: str, language: str) -> Question | None:
    """Return the question of a block of the edition; None if it has none."""
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
