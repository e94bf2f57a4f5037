"""The size of an email, and how to make it fit: first shorter summaries of the lowest stories, then fewer stories.

Gmail hides everything beyond about 102 KB, footer and unsubscribe link included. Gmail does not document whether it
counts the decoded text, base64 or quoted-printable, so `measure` returns all three.
"""

from __future__ import annotations

import base64
import quopri
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from digest.hindi.sentences import split
from digest.messages import Message
from digest.models import Edition, RenderedEmail, Section, Story

CLIPPED = 102_400
"""Bytes beyond which Gmail hides the rest, however it counts."""

WARN = 60_000
"""Decoded bytes beyond which the operator gets a warning. On a Hindi email of 20 stories quoted-printable (x1.95)
passes 102,400 at about 53,000, and base64 (x1.35) at 76,000."""

STOP = 90_000
"""Decoded bytes beyond which an email should not be sent. Leaves 12 KB for a provider's click tracking."""

MIN_STORIES = 3
PERSONAL_BYTES = 1_000
"""Quoted-printable bytes to reserve for a recipient's address and tokens, which replace the placeholders."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of the larger part: as UTF-8, and as base64 and quoted-printable with their line ends."""

    decoded: int
    base64: int
    quoted_printable: int

    @property
    def level(self) -> Literal["ok", "warn", "stop"]:
        """`stop` beyond STOP, `warn` beyond WARN, else `ok`."""
        return "stop" if self.decoded > STOP else "warn" if self.decoded > WARN else "ok"


@dataclass(frozen=True, slots=True)
class Fitted:
    """An email that fits, and one English line for each cut. `email` is None if there was nothing to render."""

    email: RenderedEmail | None
    left_out: tuple[str, ...] = ()


def measure(email: RenderedEmail) -> Sizes:
    """Return the sizes of the HTML part, or of the text part of a text-only email."""
    data = (email.html or email.text).encode()
    return Sizes(len(data), len(base64.encodebytes(data)), len(quopri.encodestring(data)))


def fit(edition: Edition, render: Callable[[Edition], RenderedEmail | None], budget: int) -> Fitted:
    """Render `edition` in at most `budget` decoded bytes, as far as three stories allow it.

    The email also stays below Gmail's limit in quoted-printable, up to 2.3 times the decoded bytes for Devanagari. A
    budget of more than half that limit overrides it.
    """

    def fits(email: RenderedEmail) -> bool:
        sizes = measure(email)
        return sizes.decoded <= budget and sizes.quoted_printable <= max(CLIPPED, 2 * budget) - PERSONAL_BYTES

    whole = render(edition)
    if whole is None or fits(whole):
        return Fitted(whole)
    cuts = _cuts(edition)
    if not cuts:
        return Fitted(whole)
    rendered: dict[int, RenderedEmail | None] = {}

    def cut_fits(index: int) -> bool:
        rendered[index] = email = render(cuts[index][0])
        return email is not None and fits(email)

    # The first cut that fits, or the last one if none does.
    index = min(bisect_left(range(len(cuts)), True, key=cut_fits), len(cuts) - 1)
    smaller, left_out = cuts[index]
    return Fitted(rendered[index] if index in rendered else render(smaller), left_out)


def _cuts(edition: Edition) -> list[tuple[Edition, tuple[str, ...]]]:
    """Yield ever smaller editions, each with the parts that it leaves out.

    The lead is shortened last and never left out.
    """
    lowest_first = _lowest_first(edition)
    cuts: list[tuple[Edition, tuple[str, ...]]] = []
    smaller, shortened = edition, 0
    for story in lowest_first:
        sentences = split(story.summary)
        if len(sentences) > 1:
            smaller = smaller.with_story(replace(story, summary=sentences[0]))
            shortened += 1
            cuts.append((smaller, (_shortened_note(shortened),)))
    removed: list[str] = []
    for story in removable(edition):
        smaller = _without_story(smaller, story.id)
        removed.append(Message("left out to fit: %(title)s", title=story.title))
        note = (_shortened_note(shortened),) if shortened else ()
        cuts.append((smaller, (*note, *removed)))
    return cuts


def removable(edition: Edition) -> list[Story]:
    """Return the stories that may be left out to fit, in that order."""
    lowest_first = _lowest_first(edition)
    return lowest_first[: max(len(lowest_first) - MIN_STORIES, 0)]


def _lowest_first(edition: Edition) -> list[Story]:
    return sorted(edition.stories(), key=lambda story: (story.id == edition.lead, story.score))


def _shortened_note(count: int) -> str:
    if count == 1:
        return Message("%(num)s summary cut to the first sentence to fit", num=count)
    return Message("%(num)s summaries cut to the first sentence to fit", num=count)


def _without_story(edition: Edition, story_id: str) -> Edition:
    kept = (
        Section(section.name, tuple(story for story in section.stories if story.id != story_id))
        for section in edition.sections
    )
    return replace(edition, sections=tuple(section for section in kept if section.stories))
