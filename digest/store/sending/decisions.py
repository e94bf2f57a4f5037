"""The record of operators' decisions about unknown outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert

from digest.deliver.outcome import Accepted, NotSent
from digest.store.schema import decision


@dataclass(frozen=True, slots=True)
class DecisionGrounds:
    """Why an operator decides, what they saw, and who they are."""

    reason: str
    evidence: str = ""
    decided_by: str = ""


def record_decision(
    connection: Connection,
    edition: str,
    number: int | None,
    recipient: int | None,
    what: Accepted | NotSent | str,
    grounds: DecisionGrounds,
    now: datetime,
) -> None:
    """Record a decision on a recipient, a batch, or the whole edition, in the caller's transaction."""
    word = what if isinstance(what, str) else "accept" if isinstance(what, Accepted) else "resend"
    values = {"edition": edition, "batch": number, "subscriber": recipient, "what": word, "at": now}
    why = {"reason": grounds.reason, "evidence": grounds.evidence, "decided_by": grounds.decided_by}
    connection.execute(insert(decision).values(**values, **why))
