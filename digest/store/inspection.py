"""Check the setup of the database: whether commits survive a crash, and whether its clock is right."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from digest.store.database import Database
from digest.utils.findings import Finding, error, good, warning

_CHECK = "store"
# SQLite's number for synchronous=FULL. 3 is EXTRA.
_FULL = 2
# Seconds of silence after which the server should probe a connection.
_MAX_IDLE = 600


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
