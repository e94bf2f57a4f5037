"""Editions and their frozen letters. A state changes only from the states that the caller names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, func, insert, select, update

from digest.curate.filtering import Changes
from digest.errors import DigestError
from digest.models import DeliveryOutcome, Edition, EditionState, RenderedEmail, Section
from digest.store.database import Database
from digest.store.schema import batch, decision, delivery, edition, letter

_SENT = (EditionState.SENDING, EditionState.DONE)


@dataclass(frozen=True, slots=True)
class Published:
    """An edition that went to readers."""

    key: str
    day: date
    number: int
    subject: str
    preheader: str
    frozen_at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader stands in an edition: the variant of their batch and its state; '' when excluded."""

    variant: str
    state: str


class PublishedStore:
    """Sent editions over an open store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def newest(self, most: int, now: datetime) -> list[Published]:
        with self.database.read() as connection:
            return [Published(*row) for row in connection.execute(_editions(now).limit(most))]

    def get(self, key: str, now: datetime) -> Published | None:
        with self.database.read() as connection:
            row = connection.execute(_editions(now).where(edition.c.key == key)).one_or_none()
        return Published(*row) if row else None

    def place(self, key: str, reader: int) -> Place | None:
        mine = (delivery.c.edition == key) & (delivery.c.subscriber == reader)
        asked = select(batch.c.variant, batch.c.state, delivery.c.outcome).select_from(delivery)
        with self.database.read() as connection:
            row = connection.execute(asked.outerjoin(batch, batch.c.id == delivery.c.batch).where(mine)).one_or_none()
        if row is None:
            return None
        return (
            Place("", "")
            if row.variant is None or row.outcome == DeliveryOutcome.EXCLUDED
            else Place(row.variant, row.state)
        )


def _editions(now: datetime) -> Select[Any]:
    """Those whose hour has come for somebody: a provider may hold one for later."""
    columns = [edition.c[name] for name in Published.__slots__]
    sent = edition.c.state.in_(_SENT) & edition.c.frozen_at.is_not(None)
    begun = select(batch.c.id).where(batch.c.edition == edition.c.key, batch.c.due_at <= now).exists()
    return select(*columns).where(sent, begun).order_by(edition.c.day.desc(), edition.c.frozen_at.desc())


@cache
def _codec() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(tuple[Section, ...])


@cache
def _changes_codec() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Changes)


class EditionStore:
    """Editions over an open store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def get(self, key: str) -> Edition | None:
        with self.database.read() as connection:
            row = connection.execute(select(edition).where(edition.c.key == key)).one_or_none()
        return _from_row(row) if row else None

    def all(self) -> list[Edition]:
        """Newest first."""
        with self.database.read() as connection:
            rows = connection.execute(select(edition).order_by(edition.c.day.desc(), edition.c.key.desc())).all()
        return [_from_row(row) for row in rows]

    def subjects(self, *, but: str, most: int) -> list[str]:
        """The subjects of the newest editions other than `but`."""
        newest = select(edition.c.subject).where(edition.c.key != but).order_by(edition.c.day.desc()).limit(most)
        with self.database.read() as connection:
            return list(connection.execute(newest).scalars())

    def unfinished(self) -> list[Edition]:
        """Those that something is still to be done about, oldest first."""
        alive = edition.c.state.in_(
            (EditionState.DRAFT, EditionState.APPROVED, EditionState.FROZEN, EditionState.SENDING)
        )
        with self.database.read() as connection:
            rows = connection.execute(select(edition).where(alive).order_by(edition.c.day, edition.c.key)).all()
        return [_from_row(row) for row in rows]

    def newest(self) -> Edition | None:
        """The one that readers got last; before any was sent, the one composed last."""
        with self.database.read() as connection:
            order = (edition.c.frozen_at.desc().nulls_last(), edition.c.composed_at.desc(), edition.c.key.desc())
            row = connection.execute(select(edition).order_by(*order).limit(1)).one_or_none()
        return _from_row(row) if row else None

    def put(self, item: Edition, *, over: Sequence[EditionState], desk: Changes | None = None) -> Edition | None:
        """Stores an edition, new or over one in a state of `over`, and answers it with its issue number. None when it
        stands in another state, or when the desk has changed since it was read as `desk`."""
        values = {
            "day": item.day,
            "state": item.state,
            "subject": item.subject,
            "preheader": item.preheader,
            "intro": item.intro,
            "lead": item.lead,
            "reason": item.reason,
            "sections": _codec().dump_python(item.sections, mode="json"),
            "composed_at": item.composed_at,
        }
        with self.database.write(area="edition") as connection:
            old = connection.execute(select(edition).where(edition.c.key == item.key)).one_or_none()
            # A skipped edition reached nobody: its number is free for the next.
            last = select(func.max(edition.c.number)).where(
                edition.c.state != EditionState.SKIPPED, edition.c.key != item.key
            )
            free = (connection.execute(last).scalar() or 0) + 1
            if old is None:
                connection.execute(insert(edition).values(key=item.key, number=free, desk={}, **values))
                return replace(item, number=free)
            if old.state not in over or (desk is not None and _changes(old.desk) != desk):
                return None
            mine = (edition.c.key == item.key) & edition.c.state.in_(over)
            number = free if old.state == EditionState.SKIPPED else old.number
            changed = connection.execute(update(edition).where(mine).values(number=number, **values)).rowcount
            return replace(item, number=number) if changed else None

    def move(self, key: str, state: EditionState, *, out_of: Sequence[EditionState]) -> bool:
        """The guarded change of state. False when the edition stands in none of `out_of`. To `sending` and `done` the
        freeze and the ledger bring it, together with the rows that make it so."""
        mine = (edition.c.key == key) & edition.c.state.in_(out_of)
        with self.database.write() as connection:
            return bool(connection.execute(update(edition).where(mine).values(state=state)).rowcount)

    def editorial_changes(self, key: str) -> Changes:
        """What the desk changed; nothing for an edition that is not there."""
        with self.database.read() as connection:
            kept = connection.execute(select(edition.c.desk).where(edition.c.key == key)).scalar()
        return _changes(kept)

    def set_editorial_changes(self, key: str, changes: Changes) -> bool:
        """Keeps what the desk changed. False when the edition is no longer a draft."""
        mine = (edition.c.key == key) & edition.c.state.in_((EditionState.DRAFT, EditionState.SKIPPED))
        with self.database.write() as connection:
            kept = _changes_codec().dump_python(changes, mode="json")
            return bool(connection.execute(update(edition).where(mine).values(desk=kept)).rowcount)

    def is_untouched(self, key: str) -> bool:
        """Whether the desk changed nothing in this edition."""
        return self.editorial_changes(key) == Changes()

    def save_emails(self, key: str, letters: Collection[RenderedEmail]) -> None:
        """Adds the letters of variants that have none yet; a letter once kept never changes."""
        with self.database.write() as connection:
            known = set(connection.execute(select(letter.c.variant).where(letter.c.edition == key)).scalars())
            for item in letters:
                if item.variant not in known:
                    connection.execute(
                        insert(letter).values(
                            edition=key,
                            variant=item.variant,
                            subject=item.subject,
                            html=item.html,
                            text=item.text,
                        )
                    )

    def emails(self, key: str) -> dict[str, RenderedEmail]:
        with self.database.read() as connection:
            rows = connection.execute(select(letter).where(letter.c.edition == key)).all()
        return {row.variant: RenderedEmail(row.variant, row.subject, row.html, row.text) for row in rows}

    def record(self, key: str, what: str, reason: str, *, now: datetime) -> None:
        """Writes down what the desk did."""
        with self.database.write() as connection:
            connection.execute(insert(decision).values(edition=key, what=what, reason=reason, at=now))

    def decisions(self, key: str) -> list[tuple[datetime, str, str]]:
        """What an operator decided about an edition, oldest first: when, what and why."""
        of_it = select(decision.c.at, decision.c.what, decision.c.reason).where(decision.c.edition == key)
        with self.database.read() as connection:
            rows = connection.execute(of_it.order_by(decision.c.at, decision.c.id)).all()
        return [(row.at, row.what, row.reason) for row in rows]


def _changes(kept: Any) -> Changes:
    changes: Changes = _changes_codec().validate_python(kept) if kept else Changes()
    return changes


def _from_row(row: Row[Any]) -> Edition:
    if not isinstance(row.day, date):
        raise DigestError(f"edition {row.key} has no day in the store")
    return Edition(
        key=row.key,
        day=row.day,
        number=row.number,
        state=EditionState(row.state),
        subject=row.subject,
        preheader=row.preheader,
        sections=_codec().validate_python(row.sections),
        lead=row.lead,
        intro=row.intro,
        reason=row.reason,
        composed_at=row.composed_at,
    )
