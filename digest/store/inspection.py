"""Check the setup of the database, read its size and its numbers for monitoring, and return free space to the disk."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, text

from digest.models import BatchState, EditionState
from digest.store.content.editions import EditionStore
from digest.store.database import Database
from digest.store.schema import alert, batch, edition, source, webhook
from digest.store.sending.status import Counts, counts
from digest.store.workers import Worker, read_workers
from digest.utils.findings import Finding, error, good, warning

_CHECK = "store"
# SQLite's number for synchronous=FULL. 3 is EXTRA.
_FULL = 2
# Seconds of silence after which the server should probe a connection.
_MAX_IDLE = 600
# The most sources to name: each name is a separate series in the monitoring.
_MAX_NAMED = 200
_POSTGRESQL_SIZE = (
    "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class "
    "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
)


def inspect_store(database: Database) -> list[Finding]:
    """Check the settings of the open store. Raises StoreError."""
    findings = _inspect_sqlite(database) if database.sqlite else _inspect_postgresql(database)
    return findings or [good(_CHECK, f"{database.name} keeps what is committed")]


def _inspect_sqlite(database: Database) -> list[Finding]:
    with database.read() as connection:
        journal = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())
        synchronous = int(connection.exec_driver_sql("PRAGMA synchronous").scalar() or 0)
    return judge_sqlite(journal, synchronous)


def judge_sqlite(journal: str, synchronous: int) -> list[Finding]:
    """Judge `journal_mode` and `synchronous`. The app sets both; a file system may not allow WAL."""
    found = []
    if journal != "wal":
        message = f"SQLite's journal_mode is {journal}, expected wal: readers block a send"
        fix = "move the folder to a local disk: network file systems cannot have a write-ahead log"
        found.append(error(_CHECK, message, fix))
    if synchronous < _FULL:
        message = f"SQLite's synchronous is {synchronous}, expected 2 (FULL): a power cut loses what was sent"
        found.append(error(_CHECK, message, "remove what sets this pragma, such as a compiled-in default"))
    return found


def _inspect_postgresql(database: Database) -> list[Finding]:
    names = ("synchronous_commit", "fsync", "full_page_writes", "tcp_keepalives_idle")
    with database.read() as connection:
        settings = {name: str(connection.exec_driver_sql(f"SHOW {name}").scalar()) for name in names}
    return judge_postgresql(settings, dict(database.engine.url.query))


def clock_ahead(database: Database) -> float | None:
    """Return the seconds by which the PostgreSQL server's clock is ahead of this machine's; None on SQLite."""
    if database.sqlite:
        return None
    with database.read() as connection:
        began = datetime.now(UTC)
        found: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        ended = datetime.now(UTC)
    return (found - began - (ended - began) / 2).total_seconds()


def judge_postgresql(settings: Mapping[str, str], query: Mapping[str, Any]) -> list[Finding]:
    """Judge settings of the server, and the parameters of `store.url`."""
    found = []
    if settings["synchronous_commit"] == "off":
        message = "PostgreSQL's synchronous_commit is off: after a crash of the server an edition may be sent twice"
        fix = "ALTER ROLE CURRENT_USER SET synchronous_commit = on; (or remove it from postgresql.conf)"
        found.append(error(_CHECK, message, fix))
    for name in ("fsync", "full_page_writes"):
        if settings[name] == "off":
            message = f"PostgreSQL's {name} is off: a power cut can destroy the database"
            found.append(error(_CHECK, message, f"ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf();"))
    # 0 over a Unix socket.
    if int(settings["tcp_keepalives_idle"]) > _MAX_IDLE:
        message = "PostgreSQL notices only after hours that a machine is cut off: a pooler drops digest's settings"
        fix = (
            "connect to PostgreSQL itself, or set tcp_keepidle = 5, tcp_keepintvl = 2, tcp_keepcnt = 3 in pgbouncer.ini"
        )
        found.append(warning(_CHECK, message, fix))
    if str(query.get("keepalives", "1")) == "0":
        message = "'store.url' turns TCP keepalives off: a send hangs for hours if the server is cut off"
        found.append(error(_CHECK, message, "remove keepalives=0 from store.url"))
    idle = str(query.get("keepalives_idle", "5"))
    if idle.isdecimal() and (int(idle) == 0 or int(idle) > _MAX_IDLE):
        message = f"'store.url' has keepalives_idle={idle}: a lost server is noticed late"
        found.append(warning(_CHECK, message, "remove keepalives_idle from store.url"))
    return found


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
    """Read the numbers. A source of `sources` counts as failing if it failed at least `failing` times in a row."""
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


@dataclass(frozen=True, slots=True)
class StoreSpace:
    """The store's size in bytes, and how much of it is free for new rows. `free` is None on PostgreSQL."""

    total: int
    free: int | None


def measure_space(database: Database) -> StoreSpace:
    with database.read() as connection:
        if database.sqlite:
            names = ("page_size", "page_count", "freelist_count")
            size, pages, free = (connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in names)
            return StoreSpace(size * pages, size * free)
        # A partitioned table has no size itself: its partitions are tables.
        total = connection.execute(text(_POSTGRESQL_SIZE)).scalar_one()
    return StoreSpace(int(total), None)


def compact(database: Database) -> None:
    """Rewrite an SQLite file without free pages. Does nothing on PostgreSQL. Raises StoreError.

    It holds up every writer for seconds, and needs as much free disk space as the store takes afterwards. So
    `digest run` never does it: new rows fill the free pages, so a store that is pruned daily stops growing.
    """
    if not database.sqlite:
        return
    with database.translate_errors(), database.write_lock(), database.engine.connect() as connection:
        # SQLAlchemy would begin a transaction, in which VACUUM is refused.
        driver: Any = connection.connection.driver_connection
        driver.execute("VACUUM")
    database.truncate_wal()
