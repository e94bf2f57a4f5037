"""What a language model wrote in an edition, and which of it an editor has looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from digest.curate.editorial import Changes
from digest.errors import DigestError
from digest.models import Edition, Story

# The name of the intro, where others are ids of stories.
INTRO = "intro"
_LENGTH = 16


@dataclass(frozen=True, slots=True)
class ModelText:
    """A headline with its summary, or the intro, of which a model wrote a part. `id` is a story's, or INTRO."""

    id: str
    title: str
    # Another value means that its words changed.
    fingerprint: str


class ModelTextUnseen(DigestError):
    """Nobody has looked at some of what a model wrote."""

    def __init__(self, key: str, left: Sequence[ModelText]) -> None:
        titles = "; ".join(f"“{each.title}”" for each in left)
        super().__init__(
            f"Edition {key} has text of a model that nobody has looked at: {titles}. Look at it on the desk, or say "
            f"that you did with `digest edition seen {key}`."
        )
        self.left = tuple(left)


def unseen(edition: Edition, changes: Changes) -> list[ModelText]:
    """Return what a model wrote and no editor has looked at as it is now."""
    return [each for each in model_texts(edition) if changes.seen.get(each.id) != each.fingerprint]


def model_texts(edition: Edition) -> Iterator[ModelText]:
    """Yield what a model wrote. What an editor has written anew is the editor's."""
    if edition.is_intro_by_machine:
        yield ModelText(INTRO, edition.intro, _fingerprint(edition.intro))
    for story in edition.stories():
        if is_by_machine(story):
            yield ModelText(story.id, story.title, _fingerprint(story.title, story.summary))


def is_by_machine(story: Story) -> bool:
    return story.is_by_machine or story.is_title_by_machine


def _fingerprint(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:_LENGTH]
