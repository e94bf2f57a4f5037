"""Texts of an edition that a language model wrote, and which of them an editor has looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from digest.curate.editorial import Changes
from digest.errors import DigestError
from digest.models import Edition, Story

# Stands for the intro where other texts have the id of a story.
INTRO = "intro"
_LENGTH = 16


@dataclass(frozen=True, slots=True)
class ModelText:
    """A headline with its summary, or the intro, partly written by a model. `id` is the story's, or INTRO."""

    id: str
    title: str
    # Fingerprint of the words.
    fingerprint: str


class ModelTextUnseen(DigestError):
    """Nobody has looked at some of the model's texts."""

    def __init__(self, key: str, left: Sequence[ModelText]) -> None:
        titles = "; ".join(f"“{each.title}”" for each in left)
        super().__init__(
            f"Edition {key} has text of a model that nobody has looked at: {titles}. Look at it on the desk, or say "
            f"that you did with `digest edition seen {key}`."
        )
        self.left = tuple(left)


def unseen(edition: Edition, changes: Changes) -> list[ModelText]:
    """Return the model's texts whose present words no editor has looked at."""
    return [each for each in model_texts(edition) if changes.seen.get(each.id) != each.fingerprint]


def model_texts(edition: Edition) -> Iterator[ModelText]:
    """Yield the texts that a model wrote. A text that an editor has rewritten does not count."""
    if edition.is_intro_by_machine:
        yield ModelText(INTRO, edition.intro, _fingerprint(edition.intro))
    for story in edition.stories():
        if is_by_machine(story):
            yield ModelText(story.id, story.title, _fingerprint(story.title, story.summary))


def is_by_machine(story: Story) -> bool:
    return story.is_by_machine or story.is_title_by_machine


def _fingerprint(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:_LENGTH]
