"""Deliver all due batches of an edition: claim, submit, settle, cancel.

`send_due` hides batching, retries, pauses, scheduling and stopping. `failover` decides how long a failing provider is
tried.

Only the calling thread claims, settles and counts; worker threads (`attempt`) submit and cancel. Settling finished
batches and claiming the next ones is one commit, because two waits for the disk would take longer than a batch.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from digest.deliver.attempt import AttemptResult, Job, attempt, cancel_unknown
from digest.deliver.failover import CircuitBreaker
from digest.deliver.outcome import Accepted, Rejected, Unknown
from digest.deliver.ports import Cancellable, Cancellation, Claim, Transport
from digest.deliver.report import SendReport, possibly_sent
from digest.utils.gc import gc_frozen

# Seconds between checks whether a pausing run is to stop.
_POLL_INTERVAL = 0.25


def send_due(job: Job) -> SendReport:
    """Submit every batch that is due now, and retry what is safe to retry. Return when no batch is left to claim.

    A scheduled batch whose outcome is unknown is cancelled and sent again while there is time; otherwise it stays
    unknown. When `job.stop` is set, batches in flight are finished and no new ones started. Errors of the ledger are
    raised once all workers have finished and their results are settled as far as possible.
    """
    with (
        # Garbage collection would otherwise take a quarter of the time.
        gc_frozen(),
        ThreadPoolExecutor(job.threads, thread_name_prefix="send") as pool,
        ThreadPoolExecutor(1, thread_name_prefix="cancel") as cancel_pool,
    ):
        run = DeliveryRun(job, pool, cancel_pool)
        try:
            while run.step():
                pass
        except BaseException:
            run.abort()
            raise
    run.report.stopped = job.stop.is_set()
    return run.report


@dataclass(frozen=True, slots=True)
class _InFlight:
    """A claimed batch in a worker thread."""

    transport: Transport
    claim: Claim
    # Recipients that the rate limiter counted for it.
    counted: int


class DeliveryRun:
    """The state of one `send_due` call. Only the calling thread uses it."""

    def __init__(self, job: Job, pool: ThreadPoolExecutor, cancel_pool: ThreadPoolExecutor) -> None:
        self.job = job
        self.pool = pool
        self.cancel_pool = cancel_pool
        self.report = SendReport()
        self.breaker = CircuitBreaker(
            job.transports,
            job.tries,
            self.report.add_problem,
            time.monotonic,
            lambda: job.ledger.reset_tries(job.edition),
        )
        # Transport → its window.
        self.windows = {
            transport.name: job.schedule_window if isinstance(transport, Cancellable) else None
            for transport in job.transports
        }
        self.in_flight: dict[Future[AttemptResult], _InFlight] = {}
        self.cancelling: Future[list[tuple[Cancellation, bool]]] | None = None
        # There may be unknown attempts to cancel. True at first, because an earlier run may have left some.
        self.has_unknown = True
        # Scheduled attempts that this run left unknown → number of recipients.
        self.unknown_attempts: dict[str, int] = {}

    @property
    def is_over(self) -> bool:
        rejections = self.job.rejections
        return self.job.stop.is_set() or self.breaker.exhausted or (rejections is not None and rejections.paused)

    def step(self) -> bool:
        """Settle what is finished, start what is due, then wait for the next event. Return False when all is done."""
        finished = [future for future in self.in_flight if future.done()]
        self._collect_cancellations()
        if self._settle_and_claim(finished):
            return True
        if self.has_unknown and self.cancelling is None:
            self.has_unknown = False
            self.cancelling = self.cancel_pool.submit(cancel_unknown, self.job)
        pause = 0.0 if self.is_over else self.breaker.paused_until - time.monotonic()
        running: set[Future[Any]] = set(self.in_flight)
        if self.cancelling:
            running.add(self.cancelling)
        if running:
            wait(running, timeout=min(pause, _POLL_INTERVAL) if pause > 0 else None, return_when=FIRST_COMPLETED)
            return True
        if pause > 0:
            self.job.stop.wait(min(pause, _POLL_INTERVAL))
            return True
        return False

    def abort(self) -> None:
        """End the run after an error: wait for what is in flight, and settle it if the ledger allows."""
        for future, flight in list(self.in_flight.items()):
            with contextlib.suppress(Exception):
                self.job.ledger.settle(flight.claim.attempt, future.result().outcome, self.job.clock())

    def _settle_and_claim(self, finished: Sequence[Future[AttemptResult]]) -> bool:
        """Return whether anything was settled or claimed."""
        job = self.job
        results = {future: future.result() for future in finished}
        failures = [result.failure for result in results.values() if result.failure]
        with job.ledger.transaction() if finished or self._may_claim() else contextlib.nullcontext():
            settled = self._settle(results)
            claimed = [] if failures else self._claim(job.threads - len(self.in_flight) + len(finished))
        for future in finished:
            del self.in_flight[future]
        if failures:
            raise failures[0]
        for flight in claimed:
            self.in_flight[self.pool.submit(attempt, job, flight.transport, flight.claim)] = flight
        for recipients in settled:
            job.progress(recipients)
        return bool(finished or claimed)

    def _settle(self, results: Mapping[Future[AttemptResult], AttemptResult]) -> list[int]:
        """Write the outcomes to the ledger. Return how many recipients each of them settles."""
        ledger, now = self.job.ledger, self.job.clock()
        ended = [(self.in_flight[future], result) for future, result in results.items()]
        accepted = [(flight.claim, each.outcome) for flight, each in ended if isinstance(each.outcome, Accepted)]
        if accepted:
            ledger.record_accepted(accepted, now)
        for flight, result in ended:
            if not isinstance(result.outcome, Accepted):
                ledger.settle(flight.claim.attempt, result.outcome, now)
        return [self._record(flight, result) for flight, result in ended]

    def _record(self, flight: _InFlight, result: AttemptResult) -> int:
        """Draw the conclusions from a settled attempt. Return how many recipients it settles."""
        size = len(flight.claim.recipients)
        if self.job.rejections is not None and isinstance(result.outcome, Rejected):
            # Those of a `PerRecipient` were counted one by one.
            self.job.rejections.count(len(result.outcome.reasons))
        self._put_back(flight.transport, flight.counted - possibly_sent(result.outcome, size))
        cancellable = result.schedule_id is not None and isinstance(result.outcome, Unknown)
        if cancellable:
            self.has_unknown = True
            self.unknown_attempts[flight.claim.attempt] = size
        return self.report.record(result.outcome, flight.claim, flight.transport, self.breaker, cancellable=cancellable)

    def _may_claim(self) -> bool:
        return not self.is_over and self.breaker.paused_until <= time.monotonic()

    def _claim(self, free: int) -> list[_InFlight]:
        job = self.job
        claimed: list[_InFlight] = []
        while len(claimed) < free and self._may_claim():
            transport = self.breaker.transport
            counted = self._count(transport)
            if counted is None:
                # The run pauses now, or uses another transport.
                continue
            most = 1 if job.rate_limiter else free - len(claimed)
            window = self.windows[transport.name]
            claims = job.ledger.claim(most, job.edition, transport.name, job.clock(), job.tries, window)
            if not claims:
                self._put_back(transport, counted)
                break
            claimed += [_InFlight(transport, claim, counted) for claim in claims]
        return claimed

    def _count(self, transport: Transport) -> int | None:
        """Count the recipients of the next batch against the rate limits, and return their number.

        None if the limits are reached: the run then pauses, or gives up the transport.
        """
        job = self.job
        if job.rate_limiter is None:
            return 0
        now = job.clock()
        window = self.windows[transport.name]
        recipients = job.ledger.next_batch_size(job.edition, transport.name, now, job.tries, window)
        pause = job.rate_limiter.take(transport.name, recipients, now) if recipients else 0.0
        if pause:
            self.breaker.pause(transport, pause)
            return None
        return recipients

    def _put_back(self, transport: Transport, recipients: int) -> None:
        if self.job.rate_limiter and recipients > 0:
            self.job.rate_limiter.put_back(transport.name, recipients)

    def _collect_cancellations(self) -> None:
        """Report what was cancelled. It is pending again, and this run may send it."""
        if self.cancelling is None or not self.cancelling.done():
            return
        results, self.cancelling = self.cancelling.result(), None
        recipients = 0
        for cancellation, confirmed in results:
            result = (
                "cancelled in time, and sent again" if confirmed else "the provider did not confirm its cancellation"
            )
            self.report.add_problem(f"batch {cancellation.batch}: {result}")
            if confirmed:
                cancelled = self.unknown_attempts.pop(cancellation.attempt, 0)
                self.report.unknown -= cancelled
                recipients += cancelled
                # What is sent again may become unknown again.
                self.has_unknown = True
        if recipients:
            self.job.progress(-recipients)
