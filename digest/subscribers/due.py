"""Decides who is due: for each reader of the list, when and in which form, or why not. Pure.

The one place for this decision. What the provider and the reader said (suppression) comes in as data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal
from zoneinfo import ZoneInfo

from digest.models import Frequency

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A listed reader as the store knows them, their wishes over the list, with the reason why they must not be
    mailed, or ''. `paused_until` is what they asked for themselves."""

    id: int
    email: str
    topics: tuple[str, ...]
    frequency: Frequency
    timezone: str
    hour: time | None
    format: Literal["html", "text"]
    status: str
    suppressed: str
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """The decision: a due time, or the reason for which this reader does not get the edition."""

    due_at: datetime | None
    excluded: str = ""


def decide(reader: Candidate, day: date, *, send_at: time | None, now: datetime) -> Due:
    """Whether and when `reader` gets the edition of `day`.

    `send_at` is the newsletter's hour, which holds where the reader named none; None means a one-off send: at once,
    whatever the hour. A due time may lie in the past. In the reader's own zone a time that a clock change skips or
    doubles is taken at its first occurrence (PEP 495, fold=0).
    """
    if reader.suppressed:
        return Due(None, reader.suppressed)
    if reader.status != "active":
        return Due(None, reader.status)
    if not is_due_on(reader.frequency, day):
        return Due(None, f"not due on this day ({reader.frequency})")
    if send_at is None:
        # Not `now` itself: a clock that is set back a little must not make what was due not due any more.
        due_at = min(now, datetime.combine(day, time(0), now.tzinfo))
    else:
        due_at = datetime.combine(day, reader.hour or send_at, ZoneInfo(reader.timezone)).astimezone(now.tzinfo)
    if reader.paused_until and max(due_at, now, key=datetime.timestamp) < reader.paused_until:
        return Due(None, f"paused until {reader.paused_until.astimezone(now.tzinfo):%Y-%m-%d}")
    return Due(due_at)


def is_due_on(frequency: Frequency, day: date) -> bool:
    """Whether a reader of this frequency gets an edition on this day."""
    if frequency == "daily":
        return True
    if frequency == "weekdays":
        return day.weekday() < 5
    return frequency == f"weekly:{_DAYS[day.weekday()]}"
