"""What a database says when it fails, in one sentence that tells an operator what to do. Owns the words, and that no
password is among them; opens nothing."""

from __future__ import annotations

import sqlite3

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

BUSY_SECONDS = 15
"""How long SQLite waits for whoever has the store."""

_SQLITE = (
    (
        "locked",
        f"is locked by another program and stayed so for {BUSY_SECONDS} s; close that program and run again",
    ),
    ("readonly", "can't be written; check the rights of the file and its folder"),
    ("read-only", "can't be written; check the rights of the file and its folder"),
    ("unable to open", "can't be opened; check that its folder exists and may be written"),
    ("not a database", "is no SQLite database"),
    ("full", "can't be written: the disk is full"),
    ("disk i/o error", "can't be written or read: the disk is full or failing"),
)
_URL = "check 'store.url'"
_POSTGRESQL = (
    ("connection refused", "does not answer; is the server running?"),
    ("failed to resolve host", f"has a host that nobody knows; {_URL}"),
    ("could not translate host", f"has a host that nobody knows; {_URL}"),
    (
        "no such file or directory",
        f"does not answer; is the server on this machine running? Else {_URL}",
    ),
    ("password authentication failed", f"refuses user and password; {_URL}"),
    ("no password supplied", f"wants a password; {_URL}"),
    ("no pg_hba.conf entry", "lets nobody in from here; pg_hba.conf at the server decides that"),
    ("role ", f"has no such user; {_URL}"),
    ("does not support ssl", f"has no TLS, which 'sslmode' asks for; {_URL}"),
    ("ssl negotiation", f"is no PostgreSQL server; {_URL}"),
    ("invalid port", f"has no such port; {_URL}"),
    ("invalid connection option", f"knows no such option; {_URL}"),
    ("timeout expired", f"does not answer in time; is the server reachable from here? Else {_URL}"),
    ("timed out", f"does not answer in time; is the server reachable from here? Else {_URL}"),
    ("too many", "has no connection left; raise max_connections at the server, or stop a program"),
    ("remaining connection slots", "has no connection left; raise max_connections at the server, or stop a program"),
    ("starting up", "is starting up or shutting down; run again in a moment"),
    ("shutting down", "is starting up or shutting down; run again in a moment"),
    ("terminating connection", "broke the connection off; was the server restarted? Run again"),
    ("closed the connection", "broke the connection off; was the server restarted? Run again"),
    ("connection is lost", "broke the connection off; was the server restarted? Run again"),
    ("no space left", "can't be written: the server's disk is full"),
    ("read-only transaction", "can't be written: the server is a copy, or set to read only"),
    ("permission denied", "lets this user do less than is needed: making and changing tables in its schema"),
    ("database ", f"has no such database; make it with createdb, or {_URL}"),
)
"""What is said (lower case) → our words; the first that fits."""


def describe(error: DBAPIError | sqlite3.Error, url: URL) -> str:
    """What follows `store NAME`."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    said = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    quoted = _without(url, said)
    for mark, told in _SQLITE if url.get_backend_name() == "sqlite" else _POSTGRESQL:
        if mark in said.lower():
            return f"{told} ({quoted})"
    return f"failed: {quoted}"


def _without(url: URL, said: str) -> str:
    given = url.query.get("password", ())
    for secret in (url.password, *((given,) if isinstance(given, str) else given)):
        if secret:
            said = said.replace(str(secret), "***")
    return said


def describe_unusable(error: Exception) -> str:
    """What is wrong with a URL, without quoting from it: a password may stand where a host or a port should."""
    said = str(error)
    if "int()" in said or "@" in said:
        return "its host or port can't be read; within a password write @ as %40, : as %3A and / as %2F"
    return said.partition(":")[0].splitlines()[0] if said else type(error).__name__
