"""Takes over from dead workers: their jobs, and the batches that their runs had in flight."""

from __future__ import annotations

from collections.abc import Callable

import procrastinate
from procrastinate import exceptions, jobs

from digest.app import App
from digest.workers.held import HeldJobs

# Seconds between checks.
EVERY = 2.0
# Seconds without a heartbeat after which a worker counts as dead.
_STALLED = 6.0


async def retry_stalled(app: procrastinate.App, held: HeldJobs) -> None:
    """Queue the jobs of dead workers again. Procrastinate itself leaves them as running."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED):
        # After an outage this process may still run jobs that its former worker fetched.
        if job.lock in held.names():
            continue
        try:
            await app.job_manager.retry_job(job)
        except exceptions.UniqueViolation:
            # The same job is waiting already, for the lock of this one. So this one must end.
            await app.job_manager.finish_job(job, jobs.Status.FAILED, delete_job=True)
        except exceptions.ConnectorException:
            # Another worker was first.
            continue


def recover_abandoned(app: App, edition: str, log: Callable[[str], None]) -> None:
    """Recover an edition with batches of dead runs in flight, and call workers to it. Raises StoreError."""
    for note in app.recovery.recover(edition):
        log(f"Edition {edition}: {note}")
    if app.seats is not None:
        app.seats.call(edition)
