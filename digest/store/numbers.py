"""Numbers of the whole store, for monitoring."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from digest.models import BatchState, EditionState
from digest.store.content.editions import EditionStore
from digest.store.database import Database
from digest.store.schema import alert, batch, edition, source, webhook
from digest.store.sending.status import Counts, counts
from digest.store.workers import Worker, read_workers

# The most sources to name: each name is a separate series in the monitoring.
_MAX_NAMED = 200


@dataclass(frozen=True, slots=True)
class StoreNumbers:
    # State → editions.
    editions: Mapping[str, int]
    # Counts of the edition that was sent last; None if there is none.
    current: Counts | None
    # Recipients whose outcome is unknown, in all editions.
    unknown: int
    # When the last edition was finished.
    last_done: datetime | None
    failing_sources: int
    # Source → failures in a row, for at most `_MAX_NAMED` sources of the settings, the worst first.
    failures: Mapping[str, int]
    # Payloads of webhooks that wait to be processed.
    queued_webhooks: int
    open_alerts: int
    # Workers with a recent heartbeat.
    workers: Sequence[Worker]


def read_numbers(database: Database, sources: Collection[str], *, failing: int) -> StoreNumbers:
    """Read the numbers. Those of the `sources` count as failing that failed at least `failing` times in a row."""
    newest = EditionStore(database).newest()
    current = counts(database, newest.key) if newest else None
    listed = source.c.name.in_(list(sources))
    worst = select(source.c.name, source.c.failures).where(listed).order_by(source.c.failures.desc(), source.c.name)
    is_done = edition.c.state == EditionState.DONE
    with database.read() as connection:

        def number(table: object, *where: object) -> int:
            found = select(func.count()).select_from(table).where(*where)  # type: ignore[arg-type]
            return int(connection.execute(found).scalar_one())

        states = select(edition.c.state, func.count()).group_by(edition.c.state)
        unknown = select(func.coalesce(func.sum(batch.c.size), 0)).where(batch.c.state == BatchState.UNKNOWN)
        last = select(edition.c.done_at).where(is_done).order_by(edition.c.done_at.desc().nulls_last()).limit(1)
        return StoreNumbers(
            editions=dict.fromkeys(map(str, EditionState), 0) | dict(connection.execute(states).all()),
            current=current,
            unknown=int(connection.execute(unknown).scalar_one()),
            last_done=connection.execute(last).scalar(),
            failing_sources=number(source, listed, source.c.failures >= failing),
            failures=dict(connection.execute(worst.limit(_MAX_NAMED)).all()),
            queued_webhooks=number(webhook, webhook.c.processed_at.is_(None)),
            open_alerts=number(alert),
            workers=[] if database.sqlite else [each for each in read_workers(connection) if each.is_alive],
        )
