"""What follows from an event: a table of rows, the first that fits counts; and the one rule that needs history. Pure.

Blocks, deferrals and what a provider drops of its own accord bar nobody: they are about the letter, the sender or the
hour. A dropped letter with a reason repairs an event that was lost earlier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

LEFT = "unsubscribed"
"""The reason of whoever left by whatever way; the readers' pages use it too, and let such a reader come back."""

COMPLAINED = "complained"

RANKS = ("blocked", "bounced", LEFT, COMPLAINED)
"""Reasons of a bar, the gravest last: a dead mailbox may live again, a wish may be taken back, a complaint stands."""

WORN_LETTERS = 5
WORN_SPAN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Rule:
    """For events of `kind` whose reason holds `reason` (lower case)."""

    kind: str
    reason: str = ""
    keep: bool = False
    """Whether the first word of this kind is kept with the delivery."""
    suppress: str = ""
    """The reason under which the address is barred; '': it is not."""
    proves: bool = True
    """Whether the provider must have taken the letter to say so."""
    ours: bool = False
    """Counts only where our own ids stand on it: other mail of the same account may be meant."""
    tracking: bool = False
    """Kept only where the newsletter turned tracking on."""
    alarm: bool = False
    """Whether an operator must hear of it."""


RULES = (
    Rule("processed"),
    Rule("deferred"),
    Rule("delivered", keep=True),
    Rule("bounced", keep=True, suppress="bounced"),
    Rule("blocked", keep=True),
    # A provider drops letters of a cancelled attempt too, so being dropped proves nothing.
    Rule("dropped", "smtpapi", keep=True, proves=False, alarm=True),  # "Invalid SMTPAPI header" is no invalid address
    Rule("dropped", "bounced address", keep=True, suppress="bounced", proves=False),
    Rule("dropped", "invalid", keep=True, suppress="bounced", proves=False),
    Rule("dropped", "spam reporting address", keep=True, suppress=COMPLAINED, proves=False),
    Rule("dropped", "unsubscribed address", keep=True, suppress=LEFT, proves=False),
    Rule("dropped", keep=True, proves=False, alarm=True),  # quota, spam content, templates
    Rule("complained", keep=True, suppress=COMPLAINED),
    Rule("left", keep=True, suppress=LEFT),
    Rule("left a group", keep=True, suppress=LEFT, ours=True),
    Rule("returned"),  # nobody is put back on the list but by a new opt-in
    Rule("opened", keep=True, tracking=True),
    Rule("machine open", keep=True, tracking=True),
    Rule("clicked", keep=True, tracking=True),
    Rule("machine click", keep=True, tracking=True),
)

SILENT = Rule("", proves=False)
"""For kinds that we don't know."""

_BY_KIND = {rule.kind: tuple(row for row in RULES if row.kind == rule.kind) for rule in RULES}


@lru_cache(maxsize=4096)
def rule_for(kind: str, reason: str) -> Rule:
    """The row for an event."""
    said = reason.lower()
    return next((rule for rule in _BY_KIND.get(kind, ()) if rule.reason in said), SILENT)


def rank(reason: str) -> int:
    """How grave a reason is; one that the table does not know weighs least."""
    return RANKS.index(reason) if reason in RANKS else -1


def soft_bounce_limit_reached(blocked: Sequence[datetime | None]) -> bool:
    """Whether an address is given up for now. `blocked` has a reader's letters, newest first: when each was blocked,
    None for one that was not. Five in a row over a week or more (a delivered letter begins the count anew)."""
    row = []
    for at in blocked:
        if at is None:
            break
        row.append(at)
    return len(row) >= WORN_LETTERS and max(row) - min(row) >= WORN_SPAN
