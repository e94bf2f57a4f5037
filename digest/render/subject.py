"""Subject line and preheader: what a reader sees before opening. News first; pure.

Must not hold markup. Limits: a phone shows about 26 to 38 aksharas of a subject and 30 to 70 of the
preheader (a Devanagari cluster is 1.26 times as wide as a Latin letter, measured).
"""

from __future__ import annotations

from datetime import date

from digest.hindi import cut, dates
from digest.messages import translator
from digest.models import Edition, Story
from digest.render.acronyms import in_devanagari
from digest.render.clean import line

SUBJECT_LIMIT = 45
PREHEADER_LEAST = 30
PREHEADER_LIMIT = 70
"""Grapheme clusters."""

_JOINT = " · "


def subject_line(edition: Edition, language: str) -> str:
    """The lead's headline in at most 45 clusters, cut between words; the date behind it where there is room.

    The date keeps subjects apart, because Gmail folds letters of one subject into one thread. An edition
    without stories is called by its date.
    """
    today = _day_and_month(edition.day, language)
    lead = _lead(edition)
    headline = _headline(lead, language) if lead else ""
    if not headline:
        return cut.shorten(dates.day(edition.day, language), SUBJECT_LIMIT)
    dated = f"{headline}{_JOINT}{today}"
    return dated if cut.length(dated) <= SUBJECT_LIMIT else cut.shorten(headline, SUBJECT_LIMIT)


def preheader(edition: Edition, language: str) -> str:
    """The next headlines in at most 70 clusters, never the subject again.

    Fewer than 30 clusters would let the letter's first lines leak into the list of mails, so a short one goes
    on with the lead's summary and then with the date and a fixed sentence.
    """
    lead = _lead(edition)
    taken = {_headline(lead, language)} if lead else set()
    parts: list[str] = []
    for story in edition.stories():
        headline = _headline(story, language)
        if headline and headline not in taken:
            taken.add(headline)
            parts.append(headline)
    text = _joined(parts)
    if cut.length(text) < PREHEADER_LEAST and lead:
        text = _joined([text, line(lead.summary)])
    if cut.length(text) < PREHEADER_LEAST:
        promise = translator(language).gettext("Today's news, chosen and told in brief")
        text = _joined([text, promise, dates.day(edition.day, language)])
    return text


def date_only(day: date, language: str) -> str:
    """'23 नवंबर 2026': the date without its weekday."""
    return dates.day(day, language).split(", ", 1)[-1]


def _day_and_month(day: date, language: str) -> str:
    return date_only(day, language).removesuffix(str(day.year)).rstrip(" ,")


def _lead(edition: Edition) -> Story | None:
    stories = list(edition.stories())
    return next((story for story in stories if story.id == edition.lead), stories[0] if stories else None)


def _headline(story: Story, language: str) -> str:
    title = line(story.title)
    return in_devanagari(title) if language == "hi" and story.language != "en" else title


def _joined(parts: list[str]) -> str:
    """`parts` joined as far as they fit; the one that does not fit is cut, unless little room is left for it."""
    text = ""
    for part in filter(None, parts):
        longer = f"{text}{_JOINT}{part}" if text else part
        if cut.length(longer) > PREHEADER_LIMIT:
            return text if cut.length(text) >= PREHEADER_LEAST else cut.shorten(longer, PREHEADER_LIMIT)
        text = longer
    return text
