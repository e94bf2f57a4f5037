"""Makes a letter fit its budget of bytes: shorter summaries of the lowest stories first, then fewer stories.

The lead keeps its summary to the last and is never left out. Decides by measuring, as nothing else knows what
markup and links weigh. Cuts between sentences only.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace

from digest.hindi.sentences import split
from digest.models import Edition, RenderedEmail, Section, Story
from digest.render.size import CLIPPED, measure

LEAST_STORIES = 3
PERSONAL = 1_000
"""Quoted-printable bytes, amply, that a reader's address and tokens add to the placeholders of a letter."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A letter and what was taken out of it to fit, one English line each; None and nothing when there is none."""

    letter: RenderedEmail | None
    left_out: tuple[str, ...] = ()


def fit(edition: Edition, render: Callable[[Edition], RenderedEmail | None], budget: int) -> Fitted:
    """The letter of `edition` in at most `budget` decoded bytes, if that can be had with three stories.

    Nor does it pass what Gmail shows in quoted-printable, which is up to 2.3 times the decoded bytes where little but
    Devanagari is said. A newsroom that sets a budget of more than half of that has chosen another reading of Gmail.
    `render` is asked about a dozen times at most: the cuts are tried by halving.
    """

    def small(letter: RenderedEmail) -> bool:
        sizes = measure(letter)
        return sizes.decoded <= budget and sizes.quoted_printable <= max(CLIPPED, 2 * budget) - PERSONAL

    whole = render(edition)
    if whole is None or small(whole):
        return Fitted(whole)
    ladder = _ladder(edition)
    if not ladder:
        return Fitted(whole)
    tried: dict[int, RenderedEmail | None] = {}

    def fits(at: int) -> bool:
        tried[at] = letter = render(ladder[at][0])
        return letter is not None and small(letter)

    # the first step that fits; the last is taken even if it does not
    at = min(bisect_left(range(len(ladder)), True, key=fits), len(ladder) - 1)
    smaller, left_out = ladder[at]
    return Fitted(tried[at] if at in tried else render(smaller), left_out)


def _ladder(edition: Edition) -> list[tuple[Edition, tuple[str, ...]]]:
    """Ever smaller editions, each with what it leaves out."""
    order = sorted(edition.stories(), key=lambda story: (story.id == edition.lead, story.score))  # lowest first
    steps: list[tuple[Edition, tuple[str, ...]]] = []
    at, shortened = edition, 0
    for story in order:
        sentences = split(story.summary)
        if len(sentences) > 1:
            at = _with(at, replace(story, summary=sentences[0]))
            shortened += 1
            steps.append((at, (_shortened(shortened),)))
    gone: list[str] = []
    for story in order[: max(len(order) - LEAST_STORIES, 0)]:
        at = _without(at, story.id)
        gone.append(f"left out to fit: {story.title}")
        said = (_shortened(shortened),) if shortened else ()
        steps.append((at, (*said, *gone)))
    return steps


def _shortened(count: int) -> str:
    return f"{count} {'summary' if count == 1 else 'summaries'} cut to the first sentence to fit"


def _with(edition: Edition, changed: Story) -> Edition:
    sections = tuple(
        Section(section.name, tuple(changed if story.id == changed.id else story for story in section.stories))
        for section in edition.sections
    )
    return replace(edition, sections=sections)


def _without(edition: Edition, story_id: str) -> Edition:
    kept = (
        Section(section.name, tuple(story for story in section.stories if story.id != story_id))
        for section in edition.sections
    )
    return replace(edition, sections=tuple(section for section in kept if section.stories))
