"""The ledger in SQL: claiming, settling, recovering. The row is the truth; every call is one durable transaction.

A guarded UPDATE with the state in the outer WHERE decides who owns a batch. Decides nothing about who is due
(`subscribers`), cuts no batches (`freezing`) and counts nothing (`counting`).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, insert, or_, select, update

from digest.deliver.outcome import Accepted, Halve, Mixed, NotSent, Outcome, Rejected, Unknown
from digest.deliver.ports import Claim, Recovery
from digest.errors import StoreError
from digest.store import batches
from digest.store.database import Database
from digest.store.schema import attempt, batch, decision, delivery
from digest.store.schema import edition as editions


class SqlLedger:
    """The ledger over an open store. Threads may share it: each call is one transaction of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def claim(self, edition: str, transport: str, now: datetime, max_tries: int) -> Claim | None:
        ready = (
            select(batch.c.id)
            .where(batch.c.edition == edition, batch.c.state == "pending", batch.c.due_at <= now)
            .where(batch.c.tries < max_tries)
            .where(select(editions.c.key).where(editions.c.key == edition, editions.c.state == "sending").exists())
            .order_by(batch.c.due_at, batch.c.tries, batch.c.id)
            .limit(1)
        )
        while True:
            with self.database.write() as connection:
                number = connection.execute(ready.with_for_update(skip_locked=True)).scalar()
                if number is None:
                    return None
                won = connection.execute(
                    update(batch)
                    .where(batch.c.id == number, batch.c.state == "pending")
                    .values(state="submitting", tries=batch.c.tries + 1)
                ).rowcount
                if not won:
                    continue
                gone = batches.exclude_unmailable(connection, edition, number)
                readers = batches.readers(connection, number)
                if gone:
                    connection.execute(update(batch).where(batch.c.id == number).values(size=len(readers)))
                if not readers:
                    connection.execute(update(batch).where(batch.c.id == number).values(state="empty"))
                    continue
                name = secrets.token_hex(8)
                connection.execute(
                    insert(attempt).values(
                        id=name, batch=number, transport=transport, state="submitting", started_at=now
                    )
                )
                variant = connection.execute(select(batch.c.variant).where(batch.c.id == number)).scalar_one()
            return Claim(batch=number, attempt=name, variant=variant, readers=readers)

    def note_handing(self, name: str, reader: int) -> None:
        with self.database.write() as connection:
            _own(connection, name, in_doubt=reader)

    def note_refused(self, name: str, reader: int, reason: str) -> None:
        with self.database.write() as connection:
            number = _own(connection, name, in_doubt=reader)
            batches.part(connection, number, reader, outcome="rejected", reason=reason)

    def note_put_off(self, name: str, reader: int) -> None:
        with self.database.write() as connection:
            number = _own(connection, name, in_doubt=reader)
            batches.part(connection, number, reader, batch=batches.waiting_room(connection, number))

    def settle(self, name: str, outcome: Outcome, now: datetime) -> None:
        with self.database.write() as connection:
            row = connection.execute(
                select(attempt.c.batch, batch.c.edition)
                .join(batch, batch.c.id == attempt.c.batch)
                .where(attempt.c.id == name)
            ).one()
            _end_attempt(connection, name, outcome, now)
            batches.apply(connection, row.edition, row.batch, outcome)

    def begin_run(self, edition: str, *, recovery: Mapping[str, Recovery], now: datetime) -> int:
        """Recovers what a killed run left: an orphaned `submitting` is Unknown, never pending, unless `recovery`
        (transport name → how it is redone) allows more. Call only while no other process sends this edition.
        Answers the readers whose outcome is now unknown because of it."""
        doubtful = 0
        with self.database.write() as connection:
            orphans = connection.execute(
                select(attempt.c.id, attempt.c.batch, attempt.c.transport, attempt.c.in_doubt)
                .join(batch, batch.c.id == attempt.c.batch)
                .where(batch.c.edition == edition, attempt.c.state == "submitting")
            ).all()
            for orphan in orphans:
                ids = [id for id, _email in batches.readers(connection, orphan.batch)]
                outcome = _orphan_outcome(orphan, ids, recovery.get(orphan.transport, "hold"))
                _end_attempt(connection, orphan.id, outcome, now)
                batches.apply(connection, edition, orphan.batch, outcome)
                if isinstance(outcome, Unknown):
                    doubtful += len(ids)
                elif isinstance(outcome, Mixed):
                    doubtful += len(outcome.unknown)
            pending = and_(batch.c.edition == edition, batch.c.state == "pending")
            connection.execute(update(batch).where(pending).values(tries=0))
        return doubtful

    def is_due(self, edition: str, now: datetime) -> bool:
        """Whether a batch waits to be handed over now, or was left in flight by a run that is no more."""
        waiting = or_(and_(batch.c.state == "pending", batch.c.due_at <= now), batch.c.state == "submitting")
        with self.database.read() as connection:
            found = select(batch.c.id).where(batch.c.edition == edition, waiting).limit(1)
            return connection.execute(found).first() is not None

    def decide(self, edition: str, number: int, outcome: Accepted | NotSent, reason: str, now: datetime) -> bool:
        """An operator's word on a batch whose outcome is unknown, kept with its reason. False when it is not (or no
        longer) unknown."""
        with self.database.write() as connection:
            state, what = ("accepted", "accept") if isinstance(outcome, Accepted) else ("pending", "resend")
            unknown = and_(batch.c.id == number, batch.c.edition == edition, batch.c.state == "unknown")
            if not connection.execute(update(batch).where(unknown).values(state=state, tries=0)).rowcount:
                return False
            values = {"edition": edition, "batch": number, "what": what, "reason": reason, "at": now}
            connection.execute(insert(decision).values(values))
            return True

    def expire(self, edition: str, *, before: datetime) -> int:
        """Gives up what was due, and frozen, before `before`: its readers are excluded, and said to be. Answers how
        many."""
        given_up = 0
        with self.database.write() as connection:
            frozen = select(editions.c.key).where(editions.c.key == edition, editions.c.frozen_at < before).exists()
            stale = and_(batch.c.edition == edition, batch.c.state == "pending", batch.c.due_at < before, frozen)
            for number in connection.execute(select(batch.c.id).where(stale)).scalars().all():
                own = and_(delivery.c.batch == number, delivery.c.outcome.is_(None))
                changed = (
                    update(delivery).where(own).values(outcome="excluded", reason="expired before it could be sent")
                )
                given_up += connection.execute(changed).rowcount
                connection.execute(update(batch).where(batch.c.id == number).values(state="empty", size=0))
        return given_up

    def finish(self, edition: str, now: datetime) -> bool:
        """Closes an edition that is being sent and has nobody pending, in flight or in doubt. One guarded UPDATE."""
        open_ = and_(
            batch.c.edition == edition, batch.c.size > 0, batch.c.state.in_(("pending", "submitting", "unknown"))
        )
        mine = and_(editions.c.key == edition, editions.c.state == "sending", ~select(batch.c.id).where(open_).exists())
        with self.database.write() as connection:
            return bool(connection.execute(update(editions).where(mine).values(state="done", done_at=now)).rowcount)


def _own(connection: Connection, name: str, *, in_doubt: int) -> int:
    """The batch of an attempt that is still ours, with the reader noted. Raises StoreError when another run has
    settled it: whoever went on now would hand readers over a second time."""
    mine = and_(attempt.c.id == name, attempt.c.state == "submitting")
    if not connection.execute(update(attempt).where(mine).values(in_doubt=in_doubt)).rowcount:
        raise StoreError(f"attempt {name} was taken over by another run; this one stops")
    return int(connection.execute(select(attempt.c.batch).where(attempt.c.id == name)).scalar_one())


def _orphan_outcome(orphan: Any, ids: Sequence[int], recovery: Recovery) -> Outcome:
    why = "the run was cut short while this was being handed over"
    doubt: int | None = orphan.in_doubt
    if recovery == "redo" or (recovery == "stepwise" and doubt is None):
        return NotSent("the run was cut short before anything was handed over, or it can safely be redone")
    if recovery == "hold" or doubt is None:
        return Unknown(why)
    # Readers are handed over in the order of their ids: before the one in doubt all are done, after it none is.
    done = frozenset(id for id in ids if id < doubt)
    return Mixed(accepted=done, unknown={doubt: why} if doubt in ids else {}, not_sent_reason=why)


def _end_attempt(connection: Connection, name: str, outcome: Outcome, now: datetime) -> None:
    state, detail, provider_id = _attempt_words(outcome)
    ended = connection.execute(
        update(attempt)
        .where(attempt.c.id == name, attempt.c.state == "submitting")
        .values(state=state, ended_at=now, detail=detail, provider_id=provider_id)
    ).rowcount
    if not ended:
        raise StoreError(f"attempt {name} was settled already; two runs can't both own it")


def _attempt_words(outcome: Outcome) -> tuple[str, str, str]:
    match outcome:
        case Accepted(provider_id):
            return "accepted", "", provider_id
        case Rejected(readers):
            return "rejected", f"{len(readers)} readers refused", ""
        case Halve(reason):
            return "halved", reason, ""
        case NotSent(reason):
            return "not_sent", reason, ""
        case Unknown(reason):
            return "unknown", reason, ""
        case Mixed():
            said = outcome.not_sent_reason or next(iter(outcome.unknown.values()), "")
            return "mixed", said, ""
