"""Connections to PostgreSQL: timeouts let each end notice that the other is gone, and poolers are refused.

A run holds its locks by a session. If its machine loses power or network, the server must end the session soon, or no
other process can continue. TCP alone takes two hours to notice
(https://www.postgresql.org/docs/current/runtime-config-connection.html#RUNTIME-CONFIG-TCP).
"""

from __future__ import annotations

import math
import os
import time
from typing import Any

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from digest.errors import StoreError

# Seconds of silence before the first probe, seconds between probes, and how many may be lost: 11 seconds in all.
_PROBES = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
# Milliseconds that sent data may stay unacknowledged, because TCP sends no probes meanwhile.
_UNCONFIRMED = 11_000
# The same for the server's end. Over a Unix socket the server ignores these settings.
_AT_SERVER = {
    **{f"tcp_{name}": value for name, value in _PROBES.items()},
    "tcp_user_timeout": _UNCONFIRMED,
    # Compiling takes longer than any of our queries gains by it: a tenth of a second for a page of the desk.
    "jit": "off",
}
_CONNECT_TIMEOUT = 10
# Seconds of idle time after which a pooled connection is tested.
_MAX_IDLE = 1.0
_LAST_USE = "last use"


def connect_arguments(url: URL) -> dict[str, Any]:
    """Return the driver's arguments that replace the driver's defaults. Those in `store.url` take precedence."""
    usual = {"connect_timeout": _CONNECT_TIMEOUT, "tcp_user_timeout": _UNCONFIRMED, **_PROBES}
    given = url.query.get("options") or os.environ.get("PGOPTIONS", "")
    ours = [f"-c {name}={value}" for name, value in _AT_SERVER.items()]
    # The last setting of a name counts.
    options = " ".join([*ours, given] if isinstance(given, str) else [*ours, *given]).strip()
    return {name: value for name, value in usual.items() if name not in url.query} | {"options": options}


def ping_idle_connections(engine: Engine) -> None:
    """Test connections that were idle for a while, and replace broken ones.

    Recently used connections are not tested: a run uses its connection some hundred times a second, and each test would
    take as long as a statement.
    """

    @event.listens_for(engine, "checkin")
    def _note(_driver: Any, record: ConnectionPoolEntry) -> None:
        record.info[_LAST_USE] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ping(driver: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if time.monotonic() - record.info.get(_LAST_USE, math.inf) > _MAX_IDLE:
            try:
                engine.dialect.do_ping(driver)
            except engine.dialect.loaded_dbapi.Error as error:
                # The others are as old.
                raise InvalidatePoolError from error


def refuse_other_encodings(engine: Engine, name: str) -> None:
    """Make connections fail with StoreError if the database's encoding cannot store Hindi, such as after LANG=C."""

    # Before SQLAlchemy asks the server for its version, and gets bytes instead of text.
    @event.listens_for(engine, "connect", insert=True)
    def _check(driver: Any, _record: object) -> None:
        encoding = driver.info.parameter_status("server_encoding")
        if encoding not in (None, "UTF8"):
            raise StoreError(
                f"store {name} has the encoding {encoding}, which cannot keep Hindi; drop the database if it is empty, "
                "and create it with `createdb --encoding=UTF8 --template=template0`"
            )


def refuse_transaction_pooling(engine: Engine, name: str) -> None:
    """Raise StoreError if a pooler such as PgBouncer gives each transaction another session: locks would be lost."""
    with engine.connect() as first:
        # A pooler tells its clients a number of its own.
        if _session(first) == first.connection.driver_connection.info.backend_pid:  # type: ignore[union-attr]
            return
        before = _session(first)
        first.rollback()
        with engine.connect() as second:
            # It stays in a transaction, so the first connection does not get this session again.
            shared = before == _session(second) or before != _session(first)
    if shared:
        raise StoreError(
            f"store {name} is reached through a pooler in transaction mode (PgBouncer), which loses the locks by "
            "which runs know of each other; connect to PostgreSQL itself, or set pool_mode = session"
        )


def _session(connection: Connection) -> int:
    """Return the number of the server process that works for the connection in this transaction."""
    return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())
