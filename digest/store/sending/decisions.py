"""The table of decisions: what editors and operators decided about an edition, a batch or a recipient, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select

from digest.models import EditionState
from digest.store.schema import decision, subscriber


class Decision(StrEnum):
    """Kinds of decisions. A change of an edition's state is a decision too, and its kind is the state."""

    # To send despite failed checks or a limit.
    FORCED = "forced"
    # That somebody approved an edition although its emails have errors. The evidence names the checks that failed.
    ERRORS_ACCEPTED = "errors accepted"
    # When a special edition goes out. The reason is the time.
    SEND_AT = "send at"
    # That a special edition goes only to subscribers who are due on its day.
    OBEYS_FREQUENCY = "obeys frequency"
    # That a story was corrected after the send began.
    CORRECTED = "corrected"
    # The automatic pause, because too many of the first recipients bounced or complained.
    STOPPED = "stopped by itself"
    # On a batch or a recipient whose outcome was unknown.
    ACCEPT = "accept"
    RESEND = "resend"
    # That a held edition had not been sent when the store was restored.
    NOT_SENT = "not sent before restore"
    # Whether an operator saw a post in the channel.
    CHANNEL_POST = "channel post"


@dataclass(frozen=True, slots=True)
class DecisionGrounds:
    """The grounds of a decision: the reason, the evidence, and the person."""

    reason: str
    evidence: str = ""
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class OperatorDecision:
    """A decision on an edition, on a batch, or on one recipient of it. `evidence` and `decided_by` may be ''."""

    at: datetime
    # A `Decision` or an `EditionState`.
    what: str
    reason: str
    batch: int | None = None
    email: str | None = None
    evidence: str = ""
    decided_by: str = ""


def record_decision(
    connection: Connection,
    edition: str,
    what: Decision | EditionState,
    grounds: DecisionGrounds,
    now: datetime,
    *,
    batch: int | None = None,
    recipient: int | None = None,
) -> None:
    """Record a decision on a recipient, a batch, or the whole edition, in the caller's transaction."""
    values = {"edition": edition, "batch": batch, "subscriber": recipient, "what": what, "at": now}
    why = {"reason": grounds.reason, "evidence": grounds.evidence, "decided_by": grounds.decided_by}
    connection.execute(insert(decision).values(**values, **why))


def read_decisions(connection: Connection, edition: str) -> list[OperatorDecision]:
    """Return the decisions on an edition, oldest first."""
    d = decision.c
    columns: list[Any] = [d.at, d.what, d.reason, d.batch, subscriber.c.email, d.evidence, d.decided_by]
    rows = select(*columns).select_from(decision).outerjoin(subscriber, subscriber.c.id == d.subscriber)
    found = connection.execute(rows.where(d.edition == edition).order_by(d.at, d.id))
    return [OperatorDecision(*row) for row in found]
