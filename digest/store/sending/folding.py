"""Fold old editions: their rows per recipient become counts.

Two tables grow with every recipient of every edition: deliveries and their events. Batches and attempts grow by a few
rows an edition and stay, so that totals, times and the number of claimed batches can still be read. Their texts may
quote addresses and are cleared.

**A folded edition is never sent again**, because nobody knows who has it: `enqueue_subscribers` refuses it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, insert, or_, select, update

from digest.errors import DigestError
from digest.feedback.rules import SOFT_BOUNCE_LIMIT
from digest.models import ENDED_STATES, AttemptState, BatchState, EditionState
from digest.store.content.answers import ANSWERED, count_answers, delete_answers
from digest.store.content.events import event_kinds
from digest.store.database import Database
from digest.store.schema import (
    archive_correction,
    archive_page,
    archive_story,
    attempt,
    batch,
    decision,
    delivery,
    delivery_event,
    desk_link,
    edition,
    edition_count,
    rendered_email,
)
from digest.store.sending import partitions
from digest.store.sending.evidence import hash_emails
from digest.store.sending.folded import FROZEN

# This many of the newest editions stay whole whatever their age, because a series of blocks is detected in them.
KEPT_EDITIONS = 2 * SOFT_BOUNCE_LIMIT
# The emails that "view in browser" shows to everybody.
_FULL = ("html", "text")
_OPEN_ATTEMPTS = (AttemptState.SUBMITTING, AttemptState.UNKNOWN, AttemptState.CANCELLING)
# The most reasons that are kept for one outcome. Recipients with rarer reasons are counted together.
_REASONS, _OTHERS = 20, "other reasons"
_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")


@dataclass(frozen=True, slots=True)
class Recipients:
    """Counts of rows per recipient and of rendered emails, with the bytes of the latter."""

    deliveries: int
    events: int
    emails: int
    email_bytes: int


def foldable_editions(database: Database, before: datetime) -> list[str]:
    """Return the editions that may be folded, oldest first.

    An edition may be folded if it ended before this time, if no recipient of it is pending, unknown or in flight, and
    if `KEPT_EDITIONS` editions are newer.
    """
    return list(database.query(_foldable(before)).scalars())


def half_folded_editions(database: Database) -> list[str]:
    """Return folded editions that still have deliveries, because the process was interrupted."""
    left = partitions.has_place(edition.c.key)
    rows = select(edition.c.key).where(edition.c.folded_at.is_not(None), left).order_by(edition.c.key)
    return list(database.query(rows).scalars())


def measure(database: Database, key: str) -> Recipients:
    """Count the rows that folding the edition deletes."""
    size = func.length(rendered_email.c.html) + func.length(rendered_email.c.text)
    surplus = select(func.count(), func.coalesce(func.sum(size), 0)).where(_surplus_emails(key))
    with database.read() as connection:
        emails, size_of_emails = connection.execute(surplus).one()
        deliveries, events = (
            connection.execute(select(func.count()).select_from(table).where(table.c.edition == key)).scalar_one()
            for table in (delivery, delivery_event)
        )
    return Recipients(deliveries, events, emails, int(size_of_emails))


def fold(database: Database, key: str, before: datetime, now: datetime) -> int | None:
    """Count the recipients of an edition; from now on only these counts are read. None if it may not be folded.

    Returns the number of rendered emails that it deletes. The rows per recipient are deleted afterwards, in parts
    (`delete_recipients`).
    """
    with database.write() as connection:
        # On PostgreSQL `enqueue_subscribers` and this wait for each other here.
        connection.execute(select(edition.c.key).where(edition.c.key == key).with_for_update())
        if connection.execute(_foldable(before).where(edition.c.key == key)).first() is None:
            return None
        rows = [
            {"edition": key, "kind": kind, "reason": reason, "recipients": recipients}
            for kind, reasons in _count(connection, key).items()
            for reason, recipients in reasons.items()
        ]
        connection.execute(insert(edition_count), rows)
        hashes = hash_emails(connection, key)
        emails = connection.execute(delete(rendered_email).where(_surplus_emails(key))).rowcount
        delete_answers(connection, edition=key)
        of_edition = attempt.c.batch.in_(select(batch.c.id).where(batch.c.edition == key))
        connection.execute(update(attempt).where(of_edition).values(detail="", last_reply="", current_recipient=None))
        connection.execute(update(edition).where(edition.c.key == key).values(folded_at=now, email_hashes=hashes))
    return emails


def delete_recipients(database: Database, key: str, most: int) -> tuple[int, int]:
    """Delete at most `most` deliveries of a folded edition, and their events. Returns the numbers of both.

    On PostgreSQL these are all of them, if the edition has partitions.
    """
    of = delivery.c
    first = select(of.subscriber).where(of.edition == key).order_by(of.subscriber).limit(most).subquery()
    with database.write() as connection:
        if dropped := partitions.drop(connection, key):
            return dropped
        last = connection.execute(select(func.max(first.c.subscriber))).scalar()
        events = deliveries = 0
        if last is not None:
            # Events refer to deliveries.
            events, deliveries = (
                connection.execute(delete(table).where(table.c.edition == key, table.c.subscriber <= last)).rowcount
                for table in (delivery_event, delivery)
            )
        if deliveries < most:
            partitions.drop_if_empty(connection, key)
    return deliveries, events


def _foldable(before: datetime) -> Select[Any]:
    newest = (
        select(edition.c.key)
        .where(edition.c.frozen_at.is_not(None))
        .order_by(edition.c.frozen_at.desc(), edition.c.key.desc())
        .limit(KEPT_EDITIONS)
    )
    # Nothing of a cancelled edition is sent any more, so its pending batches stay pending.
    waits = and_(batch.c.state == BatchState.PENDING, edition.c.state != EditionState.CANCELLED)
    unsettled = and_(batch.c.size > 0, or_(waits, batch.c.state.in_((BatchState.SUBMITTING, BatchState.UNKNOWN))))
    of = batch.c.edition == edition.c.key
    open_batch = select(batch.c.id).where(of, or_(unsettled, batch.c.due_at >= before))
    open_attempt = (
        select(attempt.c.id)
        .join(batch, batch.c.id == attempt.c.batch)
        .where(of, or_(attempt.c.state.in_(_OPEN_ATTEMPTS), attempt.c.started_at >= before))
    )
    ended_at = func.coalesce(edition.c.done_at, edition.c.frozen_at, edition.c.composed_at)
    return (
        select(edition.c.key)
        .where(edition.c.folded_at.is_(None), edition.c.state.in_(ENDED_STATES), edition.c.key.not_in(newest))
        .where(ended_at < before, or_(edition.c.frozen_at.is_(None), edition.c.frozen_at < before))
        .where(partitions.has_place(edition.c.key), ~open_batch.exists(), ~open_attempt.exists())
        .order_by(edition.c.day, edition.c.key)
    )


def _surplus_emails(key: str) -> ColumnElement[bool]:
    full = rendered_email.c.variant.in_(_FULL) | or_(*(rendered_email.c.variant.like(f"{each}~%") for each in _FULL))
    return and_(rendered_email.c.edition == key, ~full)


def _count(connection: Connection, key: str) -> dict[str, Mapping[str, int]]:
    """Return kind → reason → recipients. `folded_counts` has the same kinds."""
    of = delivery.c
    of_edition = of.edition == key
    frozen = connection.execute(select(func.count()).select_from(delivery).where(of_edition)).scalar_one()
    found: dict[str, Mapping[str, int]] = {FROZEN: {"": frozen}}
    outcomes = (
        select(of.outcome, of.reason, func.count())
        .where(of_edition, of.outcome.is_not(None))
        .group_by(of.outcome, of.reason)
        .order_by(of.outcome, of.reason)
    )
    reasons: dict[str, list[tuple[str, int]]] = {}
    for outcome, reason, recipients in connection.execute(outcomes):
        reasons.setdefault(outcome, []).append((reason or "", recipients))
    found |= {outcome: _merge_reasons(rows) for outcome, rows in reasons.items()}
    found[ANSWERED] = count_answers(connection, key)
    found |= {kind: {"": recipients} for kind, recipients in event_kinds(connection, key).items()}
    return found


def _merge_reasons(reasons: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """Count together reasons that differ only in an address, and all but the most frequent."""
    merged: Counter[str] = Counter()
    for reason, recipients in reasons:
        merged[_ADDRESS.sub("…", reason)[: edition_count.c.reason.type.length]] += recipients  # type: ignore[attr-defined]
    kept = Counter(dict(merged.most_common(_REASONS)))
    if rest := merged.total() - kept.total():
        kept[_OTHERS] += rest
    return kept


def discard_samples(database: Database, key: str) -> None:
    """Delete an edition of samples with everything about it.

    The caller holds the `sending` lock. Raises DigestError for an edition without samples, and for one that may have
    gone out by real email, because its recipients must stay known.
    """
    numbers = select(batch.c.id).where(batch.c.edition == key)
    attempts = select(attempt.c.transport, attempt.c.state).where(attempt.c.batch.in_(numbers)).distinct()
    with database.write() as connection:
        stored_state = select(edition.c.sample, edition.c.state).where(edition.c.key == key).with_for_update()
        stored = connection.execute(stored_state).one_or_none()
        if stored is None or not stored.sample:
            skipped = stored is not None and stored.state == EditionState.SKIPPED
            how = "It is skipped, so nobody gets it." if skipped else f"`digest edition cancel {key}` gives it up."
            raise DigestError(f"Edition {key} has no sample articles. {how}")
        found = connection.execute(attempts).all()
        if any(row.state == AttemptState.SUBMITTING for row in found):
            raise DigestError(f"Edition {key} is being sent. Run this again when that has ended.")
        if others := sorted({row.transport or "a transport that is not known" for row in found} - {"outbox"}):
            raise DigestError(
                f"Edition {key} was handed to {', '.join(others)}, so it stays: nobody may get an edition twice. "
                f"`digest edition cancel {key}` gives it up, and `digest compose --slug NAME` makes a special edition."
            )
        connection.execute(delete(attempt).where(attempt.c.batch.in_(numbers)))
        # Events refer to deliveries, and everything to the edition.
        archived = (archive_story, archive_correction, archive_page)
        more = (decision, rendered_email, edition_count, desk_link)
        for table in (delivery_event, delivery, batch, *more, *archived):
            connection.execute(delete(table).where(table.c.edition == key))
        connection.execute(delete(edition).where(edition.c.key == key))
