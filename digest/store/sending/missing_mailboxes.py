"""A mail server that answers "no such mailbox" while we send counts like bounce mail that says so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from digest.feedback.bounce_patterns import classify
from digest.store.database import Database
from digest.store.people.suppressions import suppress_from_event
from digest.store.schema import batch, subscriber

# An answer by SMTP. Our own checks and providers' APIs give reasons in words.
_REPLY = re.compile(r"5\d\d[ -]")


def suppress_missing_mailboxes(
    database: Database, connection: Connection, number: int, rejected: Mapping[int, str], at: datetime
) -> None:
    """Suppress those recipients of a batch whose mailbox does not exist. `rejected`: subscriber id → reason."""
    missing = {id: reason for id, reason in rejected.items() if is_missing_mailbox(reason)}
    if not missing:
        return
    # As every writer of suppressions: an event may suppress the same address now.
    database.advisory_lock(connection, "suppression")
    edition = connection.execute(select(batch.c.edition).where(batch.c.id == number)).scalar()
    own = select(subscriber.c.id, subscriber.c.address).where(subscriber.c.id.in_(missing))
    for id, address in connection.execute(own).all():
        suppress_from_event(connection, address, "bounced", at=at, detail=f"edition {edition} · {missing[id]}")


def is_missing_mailbox(reason: str) -> bool:
    """Whether a rejection is a hard bounce: `550 5.1.1 No such user`."""
    return bool(_REPLY.match(reason)) and classify("failed", "", reason) == "bounced"
