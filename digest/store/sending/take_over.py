"""Take over the sends of the store that a copy replaces, so that the copy continues where that store ended.

The replaced store has every edition that was sent since the copy, with each recipient's outcome. Ids are kept, because
both stores have the same past and an id means the same in both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select

from digest.models import EditionState
from digest.store.schema import attempt, batch, inline_image, metadata, rate_window
from digest.store.schema import edition as editions
from digest.store.sending.restored import unsettled_editions
from digest.store.statements import chunks

# Rows in memory at once.
_CHUNK = 1_000
# Tables with rows of an edition, each after the tables that it refers to.
_TABLES = tuple(table for table in metadata.sorted_tables if table is attempt or "edition" in table.c)
_STOPPED = (EditionState.CANCELLED, EditionState.PAUSED)


def take_over_sends(newer: Connection, copy: Connection, sent: Collection[str], copied_at: datetime) -> None:
    """Replace the copy's rows of editions that were sent, settled or stopped since by those of the newer store.

    `sent` are the editions that were sent since the copy (`restored.sent_since`).
    """
    keys = sorted({*sent, *unsettled_editions(copy, copied_at), *_stopped_since(newer, copy)})
    _insert_images(newer, copy)
    for key in keys:
        for table in (*reversed(_TABLES), editions):
            copy.execute(delete(table).where(_belongs_to(table, key)))
        for table in (editions, *_TABLES):
            for rows in _rows(newer, table, key):
                copy.execute(insert(table), rows)
    # The provider has counted the emails that were sent since.
    copy.execute(delete(rate_window))
    for rows in _rows(newer, rate_window):
        copy.execute(insert(rate_window), rows)


def _stopped_since(newer: Connection, copy: Connection) -> set[str]:
    states = select(editions.c.key, editions.c.state)
    before: dict[str, str] = dict(copy.execute(states).all())
    stopped: dict[str, str] = dict(newer.execute(states.where(editions.c.state.in_(_STOPPED))).all())
    return {key for key, state in stopped.items() if before.get(key, state) != state}


def _belongs_to(table: Table, key: str) -> ColumnElement[bool]:
    """Condition: the row belongs to the edition."""
    if table is editions:
        return editions.c.key == key
    if table is attempt:
        return attempt.c.batch.in_(select(batch.c.id).where(batch.c.edition == key))
    return table.c.edition == key


def _rows(connection: Connection, table: Table, key: str | None = None) -> Iterator[list[dict[str, Any]]]:
    wanted = select(table) if key is None else select(table).where(_belongs_to(table, key))
    found = connection.execute(wanted.execution_options(yield_per=_CHUNK)).mappings()
    for part in chunks(found, _CHUNK):
        yield [dict(row) for row in part]


def _insert_images(newer: Connection, copy: Connection) -> None:
    known = set(copy.execute(select(inline_image.c.cid)).scalars())
    missing = set(newer.execute(select(inline_image.c.cid)).scalars()) - known
    for part in chunks(sorted(missing)):
        rows = newer.execute(select(inline_image).where(inline_image.c.cid.in_(part))).mappings().all()
        copy.execute(insert(inline_image), [dict(row) for row in rows])
