"""Subject line and preheader: what a reader sees before opening. News first; pure.

Must not hold markup. Limits: a phone shows about 26 to 38 aksharas of a subject and 30 to 70 of the
preheader (a Devanagari cluster is 1.26 times as wide as a Latin letter, measured).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from itertools import count

from digest.hindi import cut, dates
from digest.messages import translator
from digest.models import Edition, Story
from digest.render.clean import line
from digest.render.headline import headline, shorten

SUBJECT_LEAST = 25
SUBJECT_LIMIT = 45
PREHEADER_LEAST = 30
PREHEADER_LIMIT = 70
"""Grapheme clusters."""

_JOINT = " · "


def subject_line(edition: Edition, language: str, taken: Collection[str] = ()) -> str:
    """The lead's headline in at most 45 clusters, cut between words; the date behind it where there is room.

    Gmail folds letters of one subject into one thread, so that it differs from each of `taken`, the subjects of other
    editions: the date is added, and a number to that. An edition without stories is called by its date.
    """
    used = {_key(subject) for subject in taken}
    lead = _lead(edition)
    told = _headline(lead, language) if lead else ""
    today = dates.short(edition.day, language) if told else ""
    told = told or dates.day(edition.day, language)
    first = f"{told}{_JOINT}{today}" if today else told
    if cut.length(first) > SUBJECT_LIMIT:
        first = shorten(told, SUBJECT_LIMIT, SUBJECT_LEAST, clauses=True)
    if _key(first) not in used:
        return first
    for number in count(1 if today else 2):
        behind = _JOINT + " ".join(filter(None, (today, f"({number})" if number > 1 else "")))
        room = SUBJECT_LIMIT - cut.length(behind)
        subject = shorten(told, room, min(SUBJECT_LEAST, room - 1), clauses=True) + behind
        if _key(subject) not in used:
            return subject
    raise AssertionError("numbers do not end")


def preheader(edition: Edition, language: str) -> str:
    """The next headlines in at most 70 clusters, never the subject again.

    Fewer than 30 clusters would let the letter's first lines leak into the list of mails, so a short one goes
    on with the lead's summary and then with the date and a fixed sentence.
    """
    lead = _lead(edition)
    taken = {_key(_headline(lead, language))} if lead else set()
    parts: list[str] = []
    for story in edition.stories():
        told = _headline(story, language)
        if told and _key(told) not in taken:
            taken.add(_key(told))
            parts.append(told)
    text = _joined(parts)
    summary = headline(lead.summary, language=language, own=lead.language) if lead else ""
    if cut.length(text) < PREHEADER_LEAST and _key(summary) not in taken:
        text = _joined([text, summary])
    promise = translator(language).gettext("Today's news, chosen and told in brief")
    if cut.length(text) < PREHEADER_LEAST:
        text = _joined([text, promise, dates.day(edition.day, language)])
    if _key(text) == _key(subject_line(edition, language)):
        text = _joined([promise, dates.day(edition.day, language)])
    return text


def date_only(day: date, language: str) -> str:
    """'23 नवंबर 2026': the date without its weekday."""
    return dates.long(day, language)


def _lead(edition: Edition) -> Story | None:
    stories = list(edition.stories())
    return next((story for story in stories if story.id == edition.lead), stories[0] if stories else None)


def _headline(story: Story, language: str) -> str:
    return headline(story.title, language=language, own=story.language)


def _key(subject: str) -> str:
    """What makes two subjects one thread, as far as spaces and case go."""
    return " ".join(line(subject).casefold().split())


def _joined(parts: list[str]) -> str:
    """`parts` joined as far as they fit; the one that does not fit is cut, unless little room is left for it."""
    text = ""
    for part in filter(None, parts):
        longer = f"{text}{_JOINT}{part}" if text else part
        if cut.length(longer) > PREHEADER_LIMIT:
            enough = cut.length(text) >= PREHEADER_LEAST
            return text if enough else shorten(longer, PREHEADER_LIMIT, PREHEADER_LEAST)
        text = longer
    return text
