"""What an engine does: it runs a newsletter's jobs in this process, alone or beside others.

A job that is lost, late or doubled does no harm: the store knows what is to be done, and each job looks there first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from sqlalchemy import Connection


class Queue(StrEnum):
    """Jobs of one queue do not delay those of another."""

    # Long jobs: a worker runs as many as it has seats.
    SEND = "send"
    # Everything else.
    STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do. `arguments` get into logs, so they hold keys only: no address, no token."""

    task: str
    queue: Queue
    # Of the jobs of one lock, one runs at a time.
    lock: str
    arguments: Mapping[str, str | int] = field(default_factory=dict)
    # Higher ones begin first.
    priority: int = 0


class JobQueue(Protocol):
    """Keeps jobs until a worker takes them."""

    def defer(self, connection: Connection, jobs: Sequence[Job]) -> None:
        """Add jobs in the transaction of this connection: a rollback leaves none."""
        ...

    def defer_missing(self, connection: Connection, jobs: Sequence[Job], *, beside_running: bool = False) -> int:
        """Add those jobs whose lock no other job has that waits, or runs unless `beside_running`. Returns their number.

        Job and lock may appear at the same time, which adds a job too many.
        """
        ...


class Engine(Protocol):
    """Runs the jobs of a newsletter."""

    def run(self) -> Sequence[str]:
        """Run jobs until the process is asked to stop, then finish what is in flight.

        Returns the names of jobs that did not end in time; this process must then end at once. Others go on with them.
        """
        ...
