"""The interface of engines: an engine runs a newsletter's jobs in this process, alone or together with others.

Lost, late or doubled jobs do no harm, because each job first checks in the store whether there is work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Queue(StrEnum):
    """Jobs of one queue do not delay those of another."""

    # Long jobs; a worker runs as many as it has seats.
    SEND = "send"
    # Everything else.
    STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Job:
    """A job to run. `arguments` get into logs, so they contain keys only, no address and no token."""

    task: str
    queue: Queue
    # Jobs with the same lock run one at a time.
    lock: str
    arguments: Mapping[str, str | int] = field(default_factory=dict)
    # Jobs with a higher priority begin first.
    priority: int = 0


class Engine(Protocol):
    """Runs the jobs of a newsletter."""

    def run(self) -> Sequence[str]:
        """Run jobs until the process is asked to stop, then finish what is in flight.

        Returns the names of jobs that did not end in time. This process must then end at once, and others continue
        them.
        """
        ...
