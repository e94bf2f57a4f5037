"""When a special edition goes out. It is not in the schedule: a person approves it, at once or for a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from digest.errors import ConfigurationError
from digest.models import Edition, EditionState, is_special
from digest.store.sending.decisions import Decision
from digest.utils.clock import resolve_local_time

if TYPE_CHECKING:
    from digest.store.content.editions import EditionStore
    from digest.store.sending.decisions import OperatorDecision

# How far ahead a time may be.
MAX_AHEAD = timedelta(days=30)


def is_uncomposed(edition: Edition) -> bool:
    """Whether a special edition only has its name: it is being composed, or composing it failed."""
    return edition.state == EditionState.SKIPPED and edition.composed_at is None


def due_at(decisions: Sequence[OperatorDecision]) -> datetime | None:
    """Return when `digest run` sends an approved special edition, by its decisions, oldest first.

    None if no person approved it: `digest send` approves an edition for its own send only.
    """
    approved = chosen = None
    for each in decisions:
        if each.what == EditionState.DRAFT:
            approved = chosen = None
        elif each.what == EditionState.APPROVED:
            # Again when a paused one is resumed.
            approved = each.at
        elif each.what == Decision.SEND_AT:
            chosen = datetime.fromisoformat(each.reason)
    return max(approved, chosen) if approved and chosen else approved


def approved_specials(editions: EditionStore) -> list[tuple[Edition, datetime]]:
    """Return the special editions that `digest run` will send, each with its time, soonest first."""
    approved = [each for each in editions.unfinished() if is_special(each.key) and each.state == EditionState.APPROVED]
    due = ((each, due_at(editions.decisions(each.key))) for each in approved)
    return sorted(((each, at) for each, at in due if at), key=lambda found: (found[1], found[0].key))


def obeys_frequency(decisions: Sequence[OperatorDecision]) -> bool:
    """Whether an edition goes only to subscribers who are due on its day. Not after its approval was withdrawn."""
    obeys = False
    for each in decisions:
        if each.what in (EditionState.DRAFT, Decision.OBEYS_FREQUENCY):
            obeys = each.what == Decision.OBEYS_FREQUENCY
    return obeys


def parse_time(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Parse the local time for which somebody approves an edition. Raises ValueError that says what is wrong."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"expected a time such as 2026-11-23T07:00, found {text!r}") from None
    if when.tzinfo is None:
        try:
            when = resolve_local_time(when, zone)
        except ConfigurationError as error:
            raise ValueError(error.problems[0].message) from None
    if when <= now:
        raise ValueError(f"{text} is past")
    if when > now + MAX_AHEAD:
        raise ValueError(f"{text} is more than {MAX_AHEAD.days} days ahead")
    return when
