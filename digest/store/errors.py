"""Error messages of databases as one sentence for an operator, without passwords."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, OperationalError

from digest.utils.files import refused_access

# How long SQLite waits for a locked file.
BUSY_SECONDS = 15

_RESTORE = "put the newest backup in its place with `digest store restore FILE`"
# Text in the database's message (lower case) → our sentence. The first match counts.
_SQLITE = (
    ("locked", f"is locked by another program (waited {BUSY_SECONDS} s); close that program and run again"),
    ("readonly", "can't be written; let this user write to the file and to its folder"),
    ("read-only", "can't be written; let this user write to the file and to its folder"),
    ("unable to open", "can't be opened; check that its folder exists and that this user may write to it"),
    ("not a database", f"is not an SQLite database, or is damaged; {_RESTORE}"),
    ("malformed", f"is damaged; {_RESTORE}"),
    ("full", "can't be written: the disk is full; free some space"),
    ("disk i/o error", "can't be written or read: the disk is full or failing"),
)
_URL = "check 'store.url'"
_POOLER = "connect to PostgreSQL itself, or set pool_mode = session and ignore_startup_parameters = options there"
_POSTGRESQL = (
    ("connection refused", "does not answer; check that the server is running"),
    ("failed to resolve host", f"has an unknown host; {_URL}"),
    ("could not translate host", f"has an unknown host; {_URL}"),
    ("no such file or directory", f"does not answer; is the server on this machine running? Else {_URL}"),
    ("password authentication failed", f"rejects user and password; {_URL}"),
    ("no password supplied", f"needs a password; {_URL}"),
    ("no pg_hba.conf entry", "rejects connections from here; see pg_hba.conf on the server"),
    ("role ", f"has no such user; {_URL}"),
    ("does not support ssl", f"has no TLS, which 'sslmode' requires; {_URL}"),
    ("ssl negotiation", f"is not a PostgreSQL server; {_URL}"),
    ("invalid port", f"has no such port; {_URL}"),
    ("invalid connection option", f"has no such option; {_URL}"),
    ("timeout expired", f"does not answer in time; is the server reachable from here? Else {_URL}"),
    ("timed out", f"does not answer in time; is the server reachable from here? Else {_URL}"),
    ("too many", "has no free connection; raise max_connections on the server, or stop a program"),
    ("remaining connection slots", "has no free connection; raise max_connections on the server, or stop a program"),
    ("starting up", "is starting up or shutting down; it answers in a moment"),
    ("not yet accepting", "is starting up or shutting down; it answers in a moment"),
    ("shutting down", "is starting up or shutting down; it answers in a moment"),
    ("lock timeout", "is locked by another program; run again when that one is done"),
    ("terminating connection", "closed the connection; was the server restarted?"),
    ("unsupported startup parameter", f"is reached through PgBouncer, which refuses digest's settings; {_POOLER}"),
    ("statement pooling mode", f"is reached through PgBouncer in statement mode; {_POOLER}"),
    ("closed the connection", "closed the connection; was the server restarted?"),
    ("connection is lost", "closed the connection; was the server restarted?"),
    ("no space left", "can't be written: the server's disk is full; free some space"),
    ("read-only transaction", "can't be written: the server is a replica or read-only"),
    ("permission denied", "does not let this user create and change tables in its schema"),
    (
        "not currently accepting connections",
        "accepts no connections to this database; allow them: ALTER DATABASE … ALLOW_CONNECTIONS true",
    ),
    ("database ", f"has no such database; create it with createdb, or {_URL}"),
)


# SQLite's primary result codes (https://sqlite.org/rescode.html).
_TRANSIENT_SQLITE = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
    )
)
# PostgreSQL's codes begin with their class (https://www.postgresql.org/docs/current/errcodes-appendix.html): connection
# lost, too long without a statement in a transaction, conflict with another one, no disk space or no free connection,
# locked, server shut down, I/O error.
_TRANSIENT_POSTGRESQL = ("08", "25P03", "40", "53", "55P03", "57P01", "57P02", "57P03", "58")


def is_transient(error: DBAPIError | sqlite3.Error) -> bool:
    """Whether the same transaction may succeed in a moment. A violated constraint is not transient."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        # The low byte is the primary code. Errors of the module itself have none.
        return (getattr(cause, "sqlite_errorcode", 0) & 0xFF) in _TRANSIENT_SQLITE
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    code: str | None = getattr(cause, "sqlstate", None)
    # Without a code nobody answered: the driver could not connect, or lost the connection.
    return code.startswith(_TRANSIENT_POSTGRESQL) if code else isinstance(error, OperationalError)


def describe(error: DBAPIError | sqlite3.Error, url: URL) -> str:
    """Describe the error, as the words that follow `store NAME` in a message."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    lines = str(cause).strip().splitlines()
    message = lines[0] if lines else type(cause).__name__
    quoted = _without_passwords(url, message)
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_sqlite and url.database and (why := refused_access(Path(url.database))):
        return f"can't be opened: {why}"
    for mark, sentence in _SQLITE if is_sqlite else _POSTGRESQL:
        if mark in message.lower():
            what, separator, remedy = sentence.partition("; ")
            return f"{what} ({quoted}){separator}{remedy}"
    return f"failed: {quoted}"


def _without_passwords(url: URL, message: str) -> str:
    given = url.query.get("password", ())
    for secret in (url.password, *((given,) if isinstance(given, str) else given)):
        if secret:
            message = message.replace(str(secret), "***")
    return message


def describe_unusable(error: Exception) -> str:
    """Describe the problem of a URL without quoting it: a misplaced password may look like a host or port."""
    message = str(error)
    if "int()" in message or "@" in message:
        return "its host or port can't be read; within a password write @ as %40, : as %3A and / as %2F"
    return message.partition(":")[0].splitlines()[0] if message else type(error).__name__
