"""Seats: the share of a worker in sending an edition.

A job is a seat at an edition, never a batch. Every seat claims batches from the same ledger, so a seat that nobody
takes slows a send down but loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from digest.app import App
from digest.models import is_breaking
from digest.workers.compatibility import can_have_workers
from digest.workers.port import Job, Queue

if TYPE_CHECKING:
    from digest.workers.queue import ProcrastinateQueue

TASK = "seat"
# A higher priority than any step.
_URGENT = 3
# The most seats of breaking news, so that it does not occupy all threads for steps.
_URGENT_SEATS = 4


@dataclass(frozen=True)
class Seats:
    """Implements `usecases.enqueue.SeatQueue`."""

    app: App
    queue: ProcrastinateQueue

    def defer(self, connection: Connection, edition: str) -> None:
        self.queue.defer(connection, self.jobs(edition))

    def call(self, edition: str) -> None:
        jobs = self.jobs(edition)
        with self.app.database.write() as connection:
            self.queue.defer_missing(connection, jobs)

    def pass_on(self, edition: str, seat: int) -> None:
        """Let another worker take the seat as soon as this job ends."""
        with self.app.database.write() as connection:
            self.queue.defer(connection, [self._job(edition, seat)])

    def jobs(self, edition: str) -> list[Job]:
        """Return one job for each seat of the live workers."""
        own = self.app.settings.workers.seats
        number = min(own, _URGENT_SEATS) if is_breaking(edition) else max(own, self.app.workers.seats())
        return [self._job(edition, seat) for seat in range(number)]

    def _job(self, edition: str, seat: int) -> Job:
        arguments: dict[str, str | int] = {"edition": edition, "seat": seat}
        lock = f"seat {seat} of {edition}"
        if is_breaking(edition):
            # It does not wait for the end of another send.
            return Job(TASK, Queue.STEPS, lock, arguments, _URGENT)
        return Job(TASK, Queue.SEND, lock, arguments)


def calling_workers(app: App) -> App:
    """Return the newsletter for a command that sends. Workers join the send if the newsletter has ever had workers."""
    if not can_have_workers(app):
        return app
    from digest.workers.queue import ProcrastinateQueue, find

    schema = find(app.database)
    return app.copy_with(seats=Seats(app, ProcrastinateQueue(schema))) if schema else app
