"""Procrastinate's tables, and putting jobs into them in our own transactions.

The tables are in a separate schema, which is created on first use and recorded in the store. Its name derives from the
store's schema, so that several newsletters can share a database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import procrastinate
from procrastinate import manager, tasks
from procrastinate.schema import SchemaManager
from sqlalchemy import Connection, text

from digest.errors import StoreError
from digest.store import meta
from digest.store.database import Database
from digest.workers.port import Job, Queue

# The name in `meta` of the schema's name and its newest migration.
RECORD = "jobs"
# Procrastinate makes channel names of it, which have at most 63 characters.
_MAX_NAME = 32


class ProcrastinateQueue:
    """Keeps jobs until a worker takes them. It needs no open Procrastinate, and any thread may use it."""

    def __init__(self, schema: JobsSchema) -> None:
        self.schema = schema
        # It is never opened, because each call passes its connection. A worker's app is asynchronous, and rejects our
        # connections.
        self._manager = manager.JobManager(procrastinate.SyncPsycopgConnector())

    def defer(self, connection: Connection, jobs: Sequence[Job]) -> None:
        """Add jobs in this connection's transaction, so a rollback removes them."""
        if not jobs:
            return
        driver: Any = connection.connection.driver_connection
        with self.schema.on_path(connection):
            for job in jobs:
                deferrer = tasks.configure_task(
                    name=job.task,
                    job_manager=self._manager,
                    queue=self.schema.queue(job.queue),
                    # No `queueing_lock`: together with a lock it can deadlock.
                    lock=job.lock,
                    priority=job.priority,
                    connection=driver,
                )
                deferrer.defer(**job.arguments)

    def defer_missing(self, connection: Connection, jobs: Sequence[Job], *, beside_running: bool = False) -> int:
        """Add the jobs whose lock no other job has.

        Waiting jobs count, and running ones unless `beside_running`. Returns the number of added jobs. Concurrent calls
        may add one job too many.
        """
        locks = text(
            f"""SELECT lock FROM "{self.schema.name}".procrastinate_jobs
            WHERE status::text = ANY(:states) AND lock = ANY(:locks)"""  # noqa: S608
        )
        states = ["todo"] if beside_running else ["todo", "doing"]
        held = set(connection.execute(locks, {"locks": [job.lock for job in jobs], "states": states}).scalars())
        missing = [job for job in jobs if job.lock not in held]
        self.defer(connection, missing)
        return len(missing)


class MayNotCreate(StoreError):
    """The database's user may not create the schema."""


@dataclass(frozen=True, slots=True)
class JobsSchema:
    """The schema with the tables of jobs."""

    name: str

    def queue(self, queue: Queue) -> str:
        """Return the queue's name. It must be unique in the database, because notification channels are shared."""
        return f"{self.name}.{queue}"

    def search_path(self, before: str) -> str:
        """Return the search path.

        The tables' own functions use names without a schema. The store's schema comes first; no names conflict.
        """
        return f'{before}, "{self.name}"'

    @contextmanager
    def on_path(self, connection: Connection) -> Iterator[None]:
        """Inside the block this transaction also finds the job tables."""
        before = str(connection.execute(text("SHOW search_path")).scalar_one())
        change = text("SELECT set_config('search_path', :path, true)")
        connection.execute(change, {"path": self.search_path(before)})
        yield
        # After an error the rollback also resets the path.
        connection.execute(change, {"path": before})


def find(database: Database) -> JobsSchema | None:
    """Return the schema; None if it does not exist yet."""
    value = meta.get(database, RECORD)
    if value is None:
        return None
    schema = JobsSchema(json.loads(value)["schema"])
    with database.read() as connection:
        return schema if _exists(connection, schema) else None


def install(database: Database) -> JobsSchema:
    """Create or upgrade the tables, and record it. Raises MayNotCreate without the permission."""
    migrations = {path.name: path for path in sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))}
    newest = max(migrations)
    with database.write(area="jobs") as connection:
        schema = JobsSchema(_name(str(connection.execute(text("SELECT current_schema()")).scalar_one())))
        row = connection.execute(text("SELECT value FROM meta WHERE name = :name"), {"name": RECORD}).scalar()
        recorded = json.loads(row) if row else {}
        exists = _exists(connection, schema)
        if exists and recorded.get("migration", newest) >= newest:
            missing = []
        elif exists:
            missing = [
                migrations[name].read_text(encoding="utf-8") for name in migrations if name > recorded["migration"]
            ]
        else:
            _create(connection, schema)
            missing = [SchemaManager.get_schema()]
        if missing:
            driver: Any = connection.connection.driver_connection
            before = str(connection.execute(text("SHOW search_path")).scalar_one())
            connection.exec_driver_sql(f'SET LOCAL search_path = "{schema.name}"')
            for statements in missing:
                driver.execute(statements)
            change = text("SELECT set_config('search_path', :path, true)")
            connection.execute(change, {"path": before})
        if missing or not recorded:
            meta.put(connection, RECORD, json.dumps({"schema": schema.name, "migration": newest}))
        return schema


def _name(store_schema: str) -> str:
    name = "digest_jobs" if store_schema == "public" else f"{store_schema}_jobs"
    if len(name) <= _MAX_NAME:
        return name
    return f"{hashlib.sha256(store_schema.encode()).hexdigest()[:24]}_jobs"


def _create(connection: Connection, schema: JobsSchema) -> None:
    user, base = connection.execute(text("SELECT current_user, current_database()")).one()
    allowed = text("SELECT has_database_privilege(current_database(), 'CREATE')")
    there = text("SELECT to_regnamespace(:name) IS NOT NULL")
    if connection.execute(there, {"name": f'"{schema.name}"'}).scalar_one():
        return
    if not connection.execute(allowed).scalar_one():
        raise MayNotCreate(
            f"workers keep their jobs in the schema {schema.name}, and {user} may not create it; as the owner of the "
            f'database {base} run: CREATE SCHEMA "{schema.name}" AUTHORIZATION "{user}"'
        )
    connection.exec_driver_sql(f'CREATE SCHEMA "{schema.name}"')


def _exists(connection: Connection, schema: JobsSchema) -> bool:
    found = text("SELECT to_regclass(:table) IS NOT NULL")
    return bool(connection.execute(found, {"table": f'"{schema.name}".procrastinate_jobs'}).scalar_one())
