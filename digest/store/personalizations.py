"""What is a reader's own in a request, kept beforehand: the bytes that a transport would make for each, under a `form`.

A form stands for all that the bytes come from but the reader: the transport, the sender, the key. Bytes of another
form are not found. A row holds a block, the readers of a hundred ids that follow each other: most batches are whole
blocks, which go out as they are kept. A change of an address forgets its block (a trigger, migration 0011). Makes none
itself (`preparing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Select,
    Text,
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

BLOCK = 100
_BETWEEN = b",\n"  # of two readers: JSON writes no line feed within, so that a block can be taken apart
_MOST_READ = 20
"""Times as many as a batch has: readers in the blocks of one that is scattered, which is made anew instead."""

_kept = personalization.c


@dataclass(frozen=True, slots=True)
class Block:
    """(id, email) of the listed readers among the `number`th hundred of ids, from 0 on, in their order."""

    number: int
    readers: Sequence[tuple[int, str]]


class Personalizations:
    """The kept bytes over an open store."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.dialect = database.engine.dialect.name

    def of(self, batch: int, form: str) -> Prepared | None:
        """Those of a batch's readers, all of them or None."""
        wanted, held, body = self.database.look(_of_batch(self.dialect), {"number": batch, "form": form})
        if not wanted or not held:
            return None
        ids = Later(wanted.count(",") + 1, lambda: orjson.loads(f"[{wanted}]"))
        if wanted != held:
            parts = dict(zip(orjson.loads(f"[{held}]"), bytes(body).split(_BETWEEN), strict=True))
            own = [parts.get(id) for id in ids]
            if None in own:
                return None
            body = _BETWEEN.join(part for part in own if part is not None)
        return Prepared(ids, bytes(body))

    def any(self, form: str) -> bool:
        """Whether anything is kept in this form."""
        with self.database.read() as connection:
            return connection.execute(select(_kept.block).where(_kept.form == form).limit(1)).first() is not None

    def listed(self) -> int:
        """How many readers are on the list."""
        with self.database.read() as connection:
            found = select(func.count()).select_from(subscriber).where(subscriber.c.listed)
            return connection.execute(found).scalar_one()

    def lacking(self, form: str) -> list[int]:
        """The numbers of the blocks of whose listed readers not all are kept in this form."""
        with self.database.read() as connection:
            return list(connection.execute(_lacking(self.dialect), {"form": form}).scalars())

    def block(self, number: int) -> Block:
        """The readers of a block who are on the list now."""
        with self.database.read() as connection:
            return Block(number, connection.execute(_listed, _span(number)).all())

    def keep(self, form: str, made: Sequence[tuple[Block, Sequence[bytes]]]) -> None:
        """Keeps what was made for the readers of each block; not for one whose readers have changed since."""
        with self.database.write() as connection:
            for block, bodies in made:
                connection.execute(delete(personalization).where(_kept.block == block.number))
                if [tuple(row) for row in connection.execute(_listed, _span(block.number))] == list(block.readers):
                    ids = ",".join(str(id) for id, _email in block.readers)
                    row = {"block": block.number, "form": form, "ids": ids, "body": _BETWEEN.join(bodies)}
                    connection.execute(insert(personalization).values(row))

    def tidy(self, form: str) -> None:
        """Forgets those of other forms, and blocks of which nobody is on the list any more."""
        listed = select(_block(subscriber.c.id)).where(subscriber.c.listed)
        with self.database.write() as connection:
            connection.execute(delete(personalization).where(or_(_kept.form != form, _kept.block.not_in(listed))))


def _block(id: ColumnElement[int]) -> ColumnElement[int]:
    return (id - literal_column("1")) // literal_column(
        str(BLOCK), type_=id.type
    )  # no parameter: PostgreSQL groups by the very words


def _span(number: int) -> dict[str, int]:
    return {"first": number * BLOCK + 1, "last": number * BLOCK + BLOCK}


def _joined(dialect: str, text: ColumnElement[Any], between: Any, order: ColumnElement[int]) -> ColumnElement[Any]:
    """All of it as one. SQLite joins in the order in which it reads: everywhere here that of an index by the ids."""
    if dialect == "sqlite":
        return func.group_concat(text, between)
    return func.string_agg(text, aggregate_order_by(between, order))


@cache
def _of_batch(dialect: str) -> Select[Any]:
    """The ids of a batch's readers, those of the blocks in which they are, and what is kept of these. One row: a driver
    lets go of Python's lock for every row, and gets it back late."""
    id = delivery.c.subscriber
    ids = _joined(dialect, cast(id, Text), literal_column("','"), id)
    mine = (
        select(ids.label("ids"), func.min(id).label("first"), func.max(id).label("last"), func.count().label("readers"))
        .where(delivery.c.batch == bindparam("number"), delivery.c.outcome.is_(None))
        .subquery()
    )
    near = mine.c.last - mine.c.first <= _MOST_READ * mine.c.readers + BLOCK
    blocks = and_(_kept.block.between(_block(mine.c.first), _block(mine.c.last)), _kept.form == bindparam("form"), near)
    held = select(_joined(dialect, _kept.ids, literal_column("','"), _kept.block)).where(blocks)
    if dialect == "sqlite":
        body = select(cast(_joined(dialect, _kept.body, _BETWEEN.decode(), _kept.block), LargeBinary)).where(blocks)
    else:
        body = select(_joined(dialect, _kept.body, literal_column("E',\\n'::bytea"), _kept.block)).where(blocks)
    found: Select[Any] = select(
        mine.c.ids, held.correlate(mine).scalar_subquery(), body.correlate(mine).scalar_subquery()
    )
    return found


@cache
def _lacking(dialect: str) -> Select[Any]:
    id, block = subscriber.c.id, _block(subscriber.c.id)
    now = (
        select(block.label("block"), _joined(dialect, cast(id, Text), literal_column("','"), id).label("ids"))
        .where(subscriber.c.listed)
        .group_by(block)
        .subquery()
    )
    same = (_kept.block == now.c.block) & (_kept.form == bindparam("form")) & (_kept.ids == now.c.ids)
    return select(now.c.block).where(~select(_kept.block).where(same).exists()).order_by(now.c.block)


_listed = (
    select(subscriber.c.id, subscriber.c.email)
    .where(subscriber.c.listed, subscriber.c.id.between(bindparam("first"), bindparam("last")))
    .order_by(subscriber.c.id)
)
