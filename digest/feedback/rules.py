"""The effects of an event: a table in which the first matching row counts, and one rule about earlier events.

Blocks, deferrals and most drops suppress nobody, because they concern the email, the sender or the moment. An email
that is dropped because of an earlier event counts as that event, whose own report was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

# The reason of everyone who unsubscribed in whatever way. They may subscribe again on our pages.
UNSUBSCRIBED = "unsubscribed"
COMPLAINED = "complained"

# Reasons for a suppression, the most severe last. A mailbox may work again and an unsubscribe can be undone, but a
# complaint is final.
SEVERITY = ("blocked", "bounced", UNSUBSCRIBED, COMPLAINED)

# Blocked emails in a row that suppress an address, and the time that they must span.
SOFT_BOUNCE_LIMIT = 5
SOFT_BOUNCE_SPAN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Rule:
    """The effects of a kind of event."""

    kind: str
    # Applies only to events whose reason contains this, in lower case. Every reason contains ''.
    reason: str = ""
    # Record the first event of this kind with the delivery.
    keep: bool = False
    # Suppress the address for this reason.
    suppress: str | None = None
    # The provider must have accepted the email to report this.
    confirms: bool = True
    # Applies only to events with our ids, because the account may send other mail.
    own_ids_only: bool = False
    # Recorded only if tracking is on.
    tracking: bool = False
    # The operator gets a note.
    warns: bool = False


RULES = (
    Rule("processed"),
    # Receivers' statements about the sender are stored for alerts (`notify/receiver_codes.py`).
    Rule("deferred", ".7.", keep=True),
    Rule("deferred", "[tss", keep=True),
    Rule("deferred"),
    Rule("delivered", keep=True),
    Rule("bounced", keep=True, suppress="bounced"),
    Rule("blocked", keep=True),
    # The provider also drops emails of a cancelled attempt, so a drop confirms nothing.
    # "Invalid SMTPAPI header" is not about an invalid address.
    Rule("dropped", "smtpapi", keep=True, confirms=False, warns=True),
    Rule("dropped", "bounced address", keep=True, suppress="bounced", confirms=False),
    Rule("dropped", "invalid", keep=True, suppress="bounced", confirms=False),
    Rule("dropped", "spam reporting address", keep=True, suppress=COMPLAINED, confirms=False),
    Rule("dropped", "unsubscribed address", keep=True, suppress=UNSUBSCRIBED, confirms=False),
    # Quota, spam content, templates.
    Rule("dropped", keep=True, confirms=False, warns=True),
    Rule("complained", keep=True, suppress=COMPLAINED),
    Rule("left", keep=True, suppress=UNSUBSCRIBED),
    Rule("left a group", keep=True, suppress=UNSUBSCRIBED, own_ids_only=True),
    # Only a new opt-in puts an address back on the list.
    Rule("returned"),
    Rule("opened", keep=True, tracking=True),
    Rule("machine open", keep=True, tracking=True),
    Rule("clicked", keep=True, tracking=True),
    Rule("machine click", keep=True, tracking=True),
)

# For unknown kinds.
SILENT = Rule("", confirms=False)

_BY_KIND = {rule.kind: tuple(row for row in RULES if row.kind == rule.kind) for rule in RULES}


@lru_cache(maxsize=4096)
def rule_for(kind: str, reason: str) -> Rule:
    """Return the rule for an event."""
    lower = reason.lower()
    return next((rule for rule in _BY_KIND.get(kind, ()) if rule.reason in lower), SILENT)


def severity(reason: str) -> int:
    """Return how severe a reason is; an unknown one is least severe."""
    return SEVERITY.index(reason) if reason in SEVERITY else -1


def soft_bounce_limit_reached(blocked: Sequence[datetime | None]) -> bool:
    """Whether an address is suppressed because of repeated blocks.

    `blocked` says when the emails to it were blocked, newest first, with None for one that was not. A delivered email
    restarts the count.
    """
    in_a_row = []
    for at in blocked:
        if at is None:
            break
        in_a_row.append(at)
    return len(in_a_row) >= SOFT_BOUNCE_LIMIT and max(in_a_row) - min(in_a_row) >= SOFT_BOUNCE_SPAN
