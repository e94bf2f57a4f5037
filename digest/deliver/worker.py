"""Deliver all due batches of an edition: claim, submit, settle, cancel.

`send_due` hides batching, retries, pauses, scheduling and stopping. `failover` decides how long a failing provider is
tried.

Only the calling thread claims, settles and counts; worker threads (`attempt`) submit and cancel. Settling finished
batches and claiming the next ones is one commit, because two waits for the disk would take longer than a batch. While
the store is unavailable (`outage`) outcomes stay in memory, and the commit is repeated.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from digest.deliver.attempt import AttemptResult, DeliveryJob, Pace, attempt, cancel_unknown
from digest.deliver.failover import CircuitBreaker
from digest.deliver.outage import Outages
from digest.deliver.outcome import (
    Accepted,
    NotSent,
    Outcome,
    PerRecipient,
    Rejected,
    Retryable,
    Split,
    Unknown,
)
from digest.deliver.ports import Cancellable, Cancellation, Claim, Transport
from digest.deliver.report import SendReport, possibly_sent
from digest.errors import StoreUnavailable
from digest.utils.heartbeat import beat
from digest.utils.memory import gc_frozen, keep_freed_memory
from digest.utils.redact import hide_addresses
from digest.utils.telemetry import within_span
from digest.utils.text import plural

log = logging.getLogger(__name__)
# Without a logging handler nothing is logged: commands report in other ways.
log.addHandler(logging.NullHandler())

# One batch is claimed ahead for so many threads. A thread that ends its batch then begins the next one at once, and not
# after a commit.
_THREADS_PER_BATCH_AHEAD = 4
# Of a batch that waited for a thread when the run ended.
_NOT_BEGUN = NotSent("the run ended before it was begun")
# Seconds between checks whether a pausing run must stop.
_POLL_INTERVAL = 0.25
# Seconds between checks, during long batches, whether this run still counts as running.
_CHECK_INTERVAL = 5.0
# Outcome → its words in the log.
_LOGGED: Mapping[type[object], str] = {
    Accepted: "Batch accepted",
    Rejected: "Batch with rejected recipients",
    Split: "Batch split",
    NotSent: "Batch not sent",
    Retryable: "Batch to be sent again",
    Unknown: "Batch unknown",
    PerRecipient: "Batch sent one by one",
}


def send_due(job: DeliveryJob) -> SendReport:
    """Submit every batch that is due now, and retry what is safe to retry. Return when no batch is left to claim.

    A scheduled batch whose outcome is unknown is cancelled and sent again while there is time; otherwise it stays
    unknown. When `job.stop` is set, batches in flight are finished and no new ones started. Waits for a store that is
    unavailable. Other errors of the ledger are raised after all workers have finished and their results are settled as
    far as possible.
    """
    keep_freed_memory()
    with (
        # Otherwise garbage collection would take a quarter of the time.
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
    for note in run.outages.notes:
        run.report.add_problem(note)
    run.report.stopped = job.stop.is_set()
    return run.report


@dataclass(frozen=True, slots=True)
class _InFlight:
    """A claimed batch in a worker thread."""

    transport: Transport
    claim: Claim
    # The number of recipients that the rate limiter counted for it.
    counted: int
    pace: Pace


@dataclass(frozen=True, slots=True)
class _Ended:
    """A batch whose outcome is known but not in the ledger yet."""

    flight: _InFlight
    result: AttemptResult
    # Recipients that the outcome settles.
    settles: int


class DeliveryRun:
    """The state of one `send_due` call. Only the calling thread uses it; the others look whether it must end."""

    def __init__(self, job: DeliveryJob, pool: ThreadPoolExecutor, cancel_pool: ThreadPoolExecutor) -> None:
        self.job = job
        self.pool = pool
        self.cancel_pool = cancel_pool
        self.report = SendReport()
        self.breaker = CircuitBreaker(
            job.transports,
            job.tries,
            self.report.add_problem,
            time.monotonic,
            self._request_reset,
        )
        self.outages = Outages(job.stop)
        # Transport → its window.
        self.windows = {
            transport.name: job.schedule_window if isinstance(transport, Cancellable) else None
            for transport in job.transports
        }
        self.in_flight: dict[Future[AttemptResult], _InFlight] = {}
        # Outcomes to write to the ledger, in order.
        self.unsettled: list[_Ended] = []
        # Whether a commit with them failed. It may have been committed even so.
        self.in_doubt = False
        # Whether another transport takes over, so that the tries in the ledger must be reset.
        self.reset_due = False
        self.cancelling: Future[list[tuple[Cancellation, bool]]] | None = None
        # Whether there may be unknown attempts to cancel. True at first, because an earlier run may have left some.
        self.has_unknown = True
        # Scheduled attempts that this run left unknown → number of recipients.
        self.unknown_attempts: dict[str, int] = {}
        # Whether an error ends the run.
        self.failed = False

    @property
    def must_end(self) -> bool:
        """Whether claimed batches that were not begun are given back."""
        return self.failed or self.job.stop.is_set() or self.job.rejections.paused

    @property
    def is_over(self) -> bool:
        """Whether nothing more is claimed. Batches claimed before our own limit ended the run are sent."""
        return self.must_end or self.breaker.exhausted

    @property
    def free(self) -> int:
        """How many batches may be claimed.

        None waits for a thread if a batch takes minutes, because another run may have a free thread, or if the rate is
        limited, because it counts when it is claimed.
        """
        waits = self.job.rate_limiter is None and self.breaker.transport.recovery != "stepwise"
        ahead = self.job.threads // _THREADS_PER_BATCH_AHEAD if waits else 0
        return self.job.threads + ahead - len(self.in_flight)

    def step(self) -> bool:
        """Settle finished batches, start due ones, then wait for the next event. Return False when all is done."""
        beat()
        self._show_pace()
        self._collect_finished()
        self._collect_cancellations()
        if self._settle_and_claim():
            return True
        if self.has_unknown and self.cancelling is None:
            self.has_unknown = False
            self.cancelling = self.cancel_pool.submit(cancel_unknown, self.job, self.outages)
        pause = 0.0 if self.is_over else self.breaker.paused_until - time.monotonic()
        running: set[Future[Any]] = set(self.in_flight)
        if self.cancelling:
            running.add(self.cancelling)
        if running:
            wait(
                running,
                timeout=min(pause, _POLL_INTERVAL) if pause > 0 else _CHECK_INTERVAL,
                return_when=FIRST_COMPLETED,
            )
            return True
        if pause > 0:
            self.job.stop.wait(min(pause, _POLL_INTERVAL))
            return True
        return False

    def abort(self) -> None:
        """End the run after an error: wait for batches in flight, and settle what the ledger accepts."""
        self.failed = True
        outcomes = [(each.flight, each.result.outcome) for each in self.unsettled]
        for future, flight in self.in_flight.items():
            # The ledger's error while the batch was being sent.
            with contextlib.suppress(Exception):
                outcomes.append((flight, future.result().outcome))
        for flight, outcome in outcomes:
            # Another run may have taken over this attempt, but not the next one.
            with contextlib.suppress(Exception):
                try:
                    self.job.ledger.settle(flight.claim.attempt, outcome, self.job.clock())
                except StoreUnavailable:
                    break

    def _show_pace(self) -> None:
        """Report finished recipients of batches in flight, because such a batch may take minutes."""
        for pace in (flight.pace for flight in self.in_flight.values()):
            if more := pace.done - pace.shown:
                pace.shown += more
                self.job.progress(more)

    def _collect_finished(self) -> None:
        """Take the results of finished batches, and act on them."""
        for future in [future for future in self.in_flight if future.done()]:
            # Raises the ledger's error. `abort` then finds the batch among those in flight.
            result, flight = future.result(), self.in_flight[future]
            self.unsettled.append(_Ended(flight, result, self._conclude(flight, result)))
            del self.in_flight[future]

    def _conclude(self, flight: _InFlight, result: AttemptResult) -> int:
        """Report the outcome of an attempt to the breaker. Return how many recipients it settles."""
        if result.taken_over:
            # The outcome says nothing about the transport.
            batch = flight.claim.batch
            log.warning("Batch taken over by another run", extra={"edition": self.job.edition, "batch": batch})
            self.report.add_problem(f"batch {batch}: another digest process took it over")
            return 0
        if result.outcome == _NOT_BEGUN:
            return 0
        cancellable = result.schedule_id is not None and isinstance(result.outcome, Unknown)
        if cancellable:
            self.has_unknown = True
            self.unknown_attempts[flight.claim.attempt] = len(flight.claim.recipients)
        settled = self.report.record(
            result.outcome, flight.claim, flight.transport, self.breaker, cancellable=cancellable
        )
        _log_outcome(self.job.edition, flight, result.outcome, is_last=self.breaker.exhausted)
        return settled

    def _settle_and_claim(self) -> bool:
        """Settle finished batches and claim new ones in one commit. Return whether there were any."""
        if not self.unsettled and (self.free <= 0 or not self._may_claim()):
            # A transaction without work would only delay those that finish now.
            return False
        claimed = self.outages.wait_through(self._commit, self._resume)
        settled, self.unsettled = self.unsettled, []
        self.in_doubt = self.reset_due = False
        for failure in (each.result.failure for each in settled if each.result.failure):
            raise failure
        self._record_handover(claimed)
        for flight in claimed:
            self.in_flight[self.pool.submit(within_span(self._attempt, flight))] = flight
        for each in settled:
            self.job.progress(each.settles - each.flight.pace.shown)
            if isinstance(each.result.outcome, Rejected):
                # Rejections of a `PerRecipient` were counted one by one.
                self.job.rejections.count(len(each.result.outcome.reasons))
        return bool(settled or claimed)

    def _attempt(self, flight: _InFlight) -> AttemptResult:
        """Submit a batch, in a worker thread."""
        if self.must_end:
            return AttemptResult(_NOT_BEGUN)
        return attempt(self.job, flight.transport, flight.claim, self.outages, flight.pace)

    def _record_handover(self, claimed: Sequence[_InFlight]) -> None:
        """Record the handover. Nothing is sent unless this succeeds."""
        if not claimed:
            return
        try:
            self.outages.wait_through(self.job.ledger.record_handover)
        except Exception as error:
            # `abort` settles them.
            self.unsettled += [_Ended(flight, AttemptResult(NotSent(str(error))), settles=0) for flight in claimed]
            raise

    def _commit(self) -> list[_InFlight]:
        """Write the outcomes to the ledger, and claim the next batches. Can be repeated after an outage."""
        with self.job.ledger.transaction():
            self._settle()
            self._reset_tries()
            failed = any(each.result.failure for each in self.unsettled)
            return [] if failed else self._claim(self.free)

    def _resume(self) -> None:
        """Find out after an outage whether the last commit succeeded."""
        self.in_doubt = True
        in_flight = [flight.claim.attempt for flight in self.in_flight.values()]
        unsettled = [each.flight.claim.attempt for each in self.unsettled]
        self.job.ledger.resume(in_flight, unsettled, self.job.clock())

    def _settle(self) -> None:
        ledger, now = self.job.ledger, self.job.clock()
        accepted = [
            (each.flight.claim, each.result.outcome)
            for each in self.unsettled
            if isinstance(each.result.outcome, Accepted) and not self.in_doubt
        ]
        if accepted:
            ledger.record_accepted(accepted, now)
        for each in self.unsettled:
            flight, outcome = each.flight, each.result.outcome
            if self.in_doubt or not isinstance(outcome, Accepted):
                ledger.settle(flight.claim.attempt, outcome, now)
            self._put_back(flight.transport, flight.counted - possibly_sent(outcome, len(flight.claim.recipients)))

    def _request_reset(self) -> None:
        self.reset_due = True

    def _reset_tries(self) -> None:
        if self.reset_due:
            self.job.ledger.reset_tries(self.job.edition)

    def _may_claim(self) -> bool:
        return not self.is_over and self.breaker.paused_until <= time.monotonic()

    def _claim(self, free: int) -> list[_InFlight]:
        job = self.job
        claimed: list[_InFlight] = []
        while len(claimed) < free and self._may_claim():
            self._reset_tries()
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
            claimed += [_InFlight(transport, claim, counted, Pace()) for claim in claims]
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
        """Report cancelled batches. They are pending again, and this run may send them."""
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
                # A batch that is sent again may become unknown again.
                self.has_unknown = True
        if recipients:
            self.job.progress(-recipients)


def _log_outcome(edition: str, flight: _InFlight, outcome: Outcome, *, is_last: bool) -> None:
    """Log one line for an attempt. The report of the send has the reason of an unknown outcome.

    `is_last`: nothing more is sent, so the report follows at once.
    """
    level = logging.WARNING if isinstance(outcome, Unknown) else logging.INFO
    claim, name = flight.claim, flight.transport.name
    fields = {"edition": edition, "batch": claim.batch, "attempt": claim.attempt, "transport": name}
    recipients = len(claim.recipients)
    counted = plural(recipients, "recipient")
    # The next try may be minutes away, and the report comes after it. A provider may quote a recipient.
    why = ""
    if isinstance(outcome, NotSent | Retryable) and not is_last:
        why = f": {hide_addresses(outcome.reason)}"
    log.log(level, "%s: %s%s", _LOGGED[type(outcome)], counted, why, extra={**fields, "recipients": recipients})
