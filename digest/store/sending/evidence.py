"""The ledger's data on an edition for its receipt: counts, batches with their attempts, hashes of its emails.

It remains after the rows per recipient are folded (`folding`), and contains no address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, select

from digest.models import BatchState
from digest.store.database import Database
from digest.store.schema import attempt, batch, edition, rendered_email
from digest.store.sending.recovery import Orphan, RecoveryPolicy, dead_runs, find_orphans
from digest.store.sending.status import Counts, count_recipients

# Other ids may contain an address, so their hash is given instead.
_PLAIN_ID = re.compile(r"[A-Za-z0-9._:-]{1,200}\Z")


@dataclass(frozen=True, slots=True)
class SendEvidence:
    """`batches` and `emails` are parts of the receipt's document. `emails` is None if no hash of them was kept."""

    counts: Counts
    batches: list[dict[str, Any]]
    emails: list[dict[str, Any]] | None
    frozen_at: datetime | None
    done_at: datetime | None


def read_evidence(database: Database, policy: RecoveryPolicy, key: str, now: datetime) -> SendEvidence:
    """Read an edition's evidence from one snapshot. Orphans are counted as `policy` resolves them."""
    runs = dead_runs(database)
    with database.read() as connection:
        orphans = find_orphans(connection, runs, policy, now, key)
        stored = connection.execute(select(edition).where(edition.c.key == key)).one()
        return SendEvidence(
            count_recipients(connection, key, orphans),
            _batches(connection, key, orphans),
            stored.email_hashes if stored.folded_at else hash_emails(connection, key),
            stored.frozen_at,
            stored.done_at,
        )


def hash_emails(connection: Connection, key: str) -> list[dict[str, Any]]:
    """Return variant → hash of its rendered email."""
    rows = select(rendered_email).where(rendered_email.c.edition == key).order_by(rendered_email.c.variant)
    return [
        {
            "variant": row.variant,
            "subject": row.subject,
            "html_sha256": sha256(row.html.encode()).hexdigest(),
            "text_sha256": sha256(row.text.encode()).hexdigest(),
        }
        for row in connection.execute(rows)
    ]


def _batches(connection: Connection, key: str, orphans: Mapping[int, Orphan]) -> list[dict[str, Any]]:
    """Return every batch that has recipients or attempts, in the order of creation."""
    attempts: dict[int, list[dict[str, Any]]] = {}
    tried = (
        select(attempt)
        .join(batch, batch.c.id == attempt.c.batch)
        .where(batch.c.edition == key)
        .order_by(attempt.c.started_at, attempt.c.id)
    )
    for row in connection.execute(tried):
        attempts.setdefault(row.batch, []).append(_attempt(row))
    rows = connection.execute(select(batch).where(batch.c.edition == key).order_by(batch.c.id)).all()
    return [
        {
            "batch": row.id,
            "variant": row.variant,
            "due_at": format_time(row.due_at),
            **_sizes(row, orphans.get(row.id)),
            "attempts": attempts.get(row.id, []),
        }
        for row in rows
        if row.size or row.id in attempts
    ]


def _sizes(row: Any, orphan: Orphan | None) -> dict[str, int]:
    accepted = unknown = pending = 0
    if orphan is not None:
        accepted, unknown = len(orphan.accepted), len(orphan.unknown)
        pending = row.size - accepted - unknown
    elif row.state == BatchState.ACCEPTED:
        accepted = row.size
    elif row.state == BatchState.UNKNOWN:
        unknown = row.size
    elif row.state != BatchState.EMPTY:
        pending = row.size
    return {"accepted": accepted, "pending": pending, "unknown": unknown}


def _attempt(row: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "attempt": row.id,
        "transport": row.transport,
        "state": row.state,
        "started_at": format_time(row.started_at),
        "ended_at": format_time(row.ended_at),
    }
    if row.send_at is not None:
        found["send_at"] = format_time(row.send_at)
    for name in ("provider_id", "schedule_id"):
        value = getattr(row, name)
        if value and _PLAIN_ID.match(value):
            found[name] = value
        elif value:
            found[f"{name}_sha256"] = sha256(value.encode()).hexdigest()
    return found


def format_time(moment: datetime | None) -> str | None:
    """Return a time as receipts have it: UTC with a Z."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None
