"""What is a reader's own in a request, kept beforehand: the bytes that a transport would make for each, under a `form`.

A form stands for all that the bytes come from but the reader: the transport, the sender, the key. Bytes of another
form are not found. A change of the address forgets them (a trigger, migration 0011). Makes none itself (`preparing`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Select,
    and_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from digest.deliver.ports import Prepared
from digest.later import Later
from digest.store.database import Database
from digest.store.schema import delivery
from digest.store.schema_readers import personalization, subscriber


class Personalizations:
    """The kept bytes over an open store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def of(self, batch: int, form: str) -> Prepared | None:
        """Those of a batch's readers, all of them or None."""
        with self.database.read() as connection:
            asked = {"number": batch, "form": form}
            readers, kept, ids, bodies = connection.execute(_of_batch(self.database.engine.dialect.name), asked).one()
        if not readers or kept < readers:
            return None
        return Prepared(Later(readers, lambda: orjson.loads(ids) if isinstance(ids, str) else ids), bytes(bodies))

    def lacking(self, form: str, *, after: int, limit: int) -> list[tuple[int, str]]:
        """(id, email) of listed readers who have none of this form, beyond the id `after`."""
        with self.database.read() as connection:
            found = connection.execute(
                select(subscriber.c.id, subscriber.c.email)
                .where(subscriber.c.id > after, *_lacking(form))
                .order_by(subscriber.c.id)
                .limit(limit)
            )
            return [(id, email) for id, email in found]

    def any(self, form: str) -> bool:
        """Whether anything is kept in this form."""
        with self.database.read() as connection:
            return connection.execute(select(_kept.subscriber).where(_kept.form == form).limit(1)).first() is not None

    def listed(self) -> int:
        """How many readers are on the list."""
        with self.database.read() as connection:
            found = select(func.count()).select_from(subscriber).where(subscriber.c.listed)
            return connection.execute(found).scalar_one()

    def keep(self, form: str, made: Iterable[tuple[int, str, bytes]]) -> None:
        """Keeps (id, email, bytes) in the place of what was kept for these readers; not for one whose address has
        changed since it was read."""
        rows = [{"id": id, "email": email, "body": body, "form": form} for id, email, body in made]
        if not rows:
            return
        with self.database.write() as connection:
            connection.execute(delete(personalization).where(personalization.c.subscriber == bindparam("id")), rows)
            connection.execute(_keep, rows)

    def tidy(self, form: str) -> None:
        """Forgets those of other forms, and of readers who are on the list no more."""
        listed = select(subscriber.c.id).where(subscriber.c.listed)
        with self.database.write() as connection:
            connection.execute(delete(personalization).where(or_(_kept.form != form, _kept.subscriber.not_in(listed))))


_kept = personalization.c
_same_reader = and_(subscriber.c.id == bindparam("id"), subscriber.c.email == bindparam("email"))
_given = (cast(bindparam(name), _kept[name].type) for name in ("form", "body"))
_keep = (
    insert(personalization)
    .from_select(["subscriber", "form", "body"], select(subscriber.c.id, *_given).where(_same_reader))
    .inline()
)


def _lacking(form: str) -> tuple[ColumnElement[bool], ...]:
    own = and_(personalization.c.subscriber == subscriber.c.id, personalization.c.form == form)
    return subscriber.c.listed, ~select(personalization.c.subscriber).where(own).exists()


@cache
def _of_batch(dialect: str) -> Select[Any]:
    """How many readers, for how many something is kept, their ids as an array, and the bytes with commas between: one
    row, for a driver lets go of Python's lock for every row, and gets it back late."""
    own = and_(personalization.c.subscriber == delivery.c.subscriber, personalization.c.form == bindparam("form"))
    rows = (
        select(delivery.c.subscriber, personalization.c.body)
        .outerjoin(personalization, own)
        .where(delivery.c.batch == bindparam("number"), delivery.c.outcome.is_(None))
        .subquery()
    )
    ids: Any
    bodies: Any
    if dialect == "sqlite":  # which gives both aggregates the rows in one order, and need not sort half a kilobyte each
        ids = func.json_group_array(rows.c.subscriber)
        bodies = cast(func.group_concat(rows.c.body, ","), LargeBinary)
    else:
        order = rows.c.subscriber
        ids = func.array_agg(aggregate_order_by(rows.c.subscriber, order))
        bodies = func.string_agg(rows.c.body, aggregate_order_by(literal_column("','::bytea"), order))
    found: Select[Any] = select(func.count(), func.count(rows.c.body), ids, bodies).select_from(rows)
    return found
