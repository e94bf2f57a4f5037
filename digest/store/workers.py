"""The workers of a newsletter and the steps that they share, on PostgreSQL. Times are those of the database's clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, delete, func, inspect, select

from digest.store.database import StorePart
from digest.store.schema import step, worker
from digest.store.statements import insert_into
from digest.utils.documents import fill

# A worker sends a heartbeat every two seconds. Without one for this long, it does not count as alive.
SILENT = timedelta(seconds=10)
# How long a dead worker is still shown.
_SHOWN = timedelta(minutes=10)


class WorkerState(StrEnum):
    RUNNING = "running"
    DRAINING = "draining"
    # No heartbeat for a while: the worker died, or it cannot reach the store.
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that runs jobs, as its last heartbeat described it."""

    id: str
    host: str
    pid: int
    version: str
    seats: int
    # Recipients per second.
    rate: float = 0.0
    # The jobs that it holds, such as `seat 0 of edition 2026-11-23`.
    jobs: tuple[str, ...] = ()
    state: WorkerState = WorkerState.RUNNING
    started_at: datetime | None = None
    seen_at: datetime | None = None

    @property
    def name(self) -> str:
        """The host and the process, such as `web1:812`."""
        return f"{self.host}:{self.pid}"

    @property
    def is_alive(self) -> bool:
        return self.state != WorkerState.SILENT


class WorkerStore(StorePart):
    """The workers. SQLite has one sending process and so never any workers."""

    def beat(self, own: Worker) -> None:
        """Record a heartbeat of this worker, and delete workers that died long ago."""
        values = asdict(replace(own, jobs=tuple(own.jobs)))
        values |= {"draining": own.state == WorkerState.DRAINING, "jobs": list(own.jobs), "seen_at": func.now()}
        del values["state"], values["started_at"]
        with self.database.write() as connection:
            rows = insert_into(connection, worker).values(**values, started_at=func.now())
            connection.execute(rows.on_conflict_do_update(index_elements=["id"], set_=values))
            connection.execute(delete(worker).where(worker.c.seen_at < func.now() - _SHOWN))

    def leave(self, id: str) -> None:
        self.database.change(delete(worker).where(worker.c.id == id))

    def all(self) -> list[Worker]:
        """Return the workers of the last minutes, the oldest first."""
        if self.database.sqlite:
            return []
        with self.database.read() as connection:
            return read_workers(connection)

    def all_if_any(self) -> list[Worker]:
        """Return the workers of a store that may not have tables yet, or not this one."""
        with self.database.read() as connection:
            if self.database.sqlite or not inspect(connection).has_table(worker.name):
                return []
            return read_workers(connection)

    def seats(self) -> int:
        return sum(each.seats for each in self.all() if each.state == WorkerState.RUNNING)

    def now(self) -> datetime:
        found: datetime = self.database.query(select(func.clock_timestamp(type_=step.c.slot.type))).scalar_one()
        return found


def read_workers(connection: Connection) -> list[Worker]:
    silent = (worker.c.seen_at < func.now() - SILENT).label("silent")
    found = select(worker, silent).order_by(worker.c.started_at, worker.c.id)
    return [
        fill(
            Worker,
            row,
            # Batches that it settled before it fell silent give no present rate.
            rate=0.0 if row.silent else row.rate,
            jobs=tuple(row.jobs),
            state=WorkerState.SILENT if row.silent else WorkerState.DRAINING if row.draining else WorkerState.RUNNING,
        )
        for row in connection.execute(found).all()
    ]


def a_live_worker(connection: Connection) -> tuple[str, str] | None:
    """Return the version and the host of a live worker of a store with older tables, or with none for workers."""
    if connection.dialect.name == "sqlite" or not inspect(connection).has_table(worker.name):
        return None
    alive = select(worker.c.version, worker.c.host).where(worker.c.seen_at >= func.now() - SILENT).limit(1)
    found = connection.execute(alive).one_or_none()
    return (found.version, found.host) if found else None


def begin_steps(connection: Connection, slots: Mapping[str, datetime]) -> Collection[str]:
    """Record these steps as queued for their moments, and return those that no other process had queued yet.

    A second process waits for this transaction, and then finds nothing left to queue.
    """
    new = []
    # Sorted, so that two processes never wait for each other.
    for name, slot in sorted(slots.items()):
        rows = insert_into(connection, step).values(name=name, slot=slot)
        upsert = rows.on_conflict_do_update(index_elements=["name"], set_={"slot": slot}, where=step.c.slot != slot)
        if connection.execute(upsert.returning(step.c.name)).first() is not None:
            new.append(name)
    return new
