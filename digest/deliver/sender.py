"""The run that empties an edition's due batches: claim, submit, settle, recall.

Deep on purpose: batching, retry, backoff, fences and stopping are behind `send_due`. Knows neither SQL nor HTTP,
composes nothing, and decides nothing about who is due; how long it bears with a provider is `patience`'s.

The thread that calls it alone claims, settles and counts; its hands (`attempt`) submit and recall. What came back and
what goes out next are one commit of the ledger: waiting for the disk twice a batch would cost more than the batch.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from digest.deliver.attempt import AttemptResult, attempt, recall
from digest.deliver.job import Job
from digest.deliver.outcome import Accepted, NotSent, Outcome, Unknown
from digest.deliver.patience import CircuitBreaker
from digest.deliver.ports import Cancellable, Cancellation, Claim, Transport
from digest.deliver.report import SendReport, gone
from digest.utils.gc import gc_frozen

_LOOK = 0.25  # seconds after which a resting run looks whether it is to stop
_QUICK = 0.02  # seconds: who answers faster would wait for the ledger, batch by batch
_UNTRIED = AttemptResult(NotSent("the run came to rest before it was begun", untried=True))


def send_due(job: Job) -> SendReport:
    """Hands over every batch that is due now, retrying what is safe to retry. Returns when none is left to claim.

    A batch whose outcome is not known is recalled under its fence and sent again while there is time; else it stays
    unknown. When `job.stop` is set, what is in flight is finished and nothing new is begun. Errors of the ledger are
    raised, after the hands have come to rest and what they brought is settled, where it can be.
    """
    with (
        # Garbage collection would otherwise take a quarter of the time.
        gc_frozen(),
        ThreadPoolExecutor(job.threads, thread_name_prefix="send") as hands,
        ThreadPoolExecutor(1, thread_name_prefix="recall") as recaller,
    ):
        run = _Run(job, hands, recaller)
        try:
            while run.go_on():
                pass
        except BaseException:
            run.break_off()
            raise
    run.report.stopped = job.stop.is_set()
    return run.report


def _came(future: Future[AttemptResult]) -> AttemptResult:
    return _UNTRIED if future.cancelled() else future.result()


@dataclass(frozen=True, slots=True)
class _Flight:
    """A claim on its way. `taken`: the readers counted for it by the meter."""

    transport: Transport
    claim: Claim
    taken: int


class _Run:
    def __init__(self, job: Job, hands: ThreadPoolExecutor, recaller: ThreadPoolExecutor) -> None:
        self.job = job
        self.hands = hands
        self.recaller = recaller
        self.ready = 0  # batches claimed beyond those in hand, so that no hand waits for the ledger
        self.unheard: list[Outcome] = []  # what hands brought back but acceptance, while we have not drawn conclusions
        self.report = SendReport()
        self.patience = CircuitBreaker(
            job.transports, job.tries, self.report.say, time.monotonic, lambda: job.ledger.reset_tries(job.edition)
        )
        self.ahead = {one.name: job.ahead if isinstance(one, Cancellable) else None for one in job.transports}
        self.flying: dict[Future[AttemptResult], _Flight] = {}
        self.recalling: Future[list[tuple[Cancellation, bool]]] | None = None
        self.doubted = True  # something may be there to recall; at first what a run before this one left
        self.doubtful: dict[str, int] = {}  # attempts that this run left in doubt under a fence, with their readers

    @property
    def over(self) -> bool:
        return self.job.stop.is_set() or self.patience.over

    def go_on(self) -> bool:
        """Takes in what came back and sends out what can go. False when all is done."""
        self._call_off()
        back = [future for future in self.flying if future.done()]
        self._take_in_recalls()
        if self._settle_and_claim(back):
            return True
        if self.doubted and self.recalling is None:
            self.doubted = False
            self.recalling = self.recaller.submit(recall, self.job)
        resting = 0.0 if self.over else self.patience.rest_until - time.monotonic()
        at_work: set[Future[Any]] = set(self.flying)
        if self.recalling:
            at_work.add(self.recalling)
        if at_work:
            wait(at_work, timeout=min(resting, _LOOK) if resting > 0 else None, return_when=FIRST_COMPLETED)
            return True
        if resting > 0:
            self.job.stop.wait(min(resting, _LOOK))
            return True
        return False

    def break_off(self) -> None:
        """An error ends the run: what is still in flight is waited for, and settled where the ledger lets it be."""
        for future, flight in list(self.flying.items()):
            future.cancel()
            with contextlib.suppress(Exception):
                self.job.ledger.settle(flight.claim.attempt, _came(future).outcome, self.job.clock())

    def _call_off(self) -> None:
        """What no hand has begun, and is not to go now or not this way, comes back as such."""
        for future, flight in self.flying.items():
            if not self._may_claim() or flight.transport is not self.patience.transport:
                future.cancel()

    def _settle_and_claim(self, back: Sequence[Future[AttemptResult]]) -> bool:
        """Whether anything was claimed, or came back."""
        job = self.job
        came = {future: _came(future) for future in back}
        failed = [one.failure for one in came.values() if one.failure]
        with job.ledger.transaction() if back or self._may_claim() else contextlib.nullcontext():
            done = self._settle(came)
            claimed = [] if failed else self._claim_for(job.threads + self.ready - len(self.flying) + len(back))
        for future in back:
            del self.flying[future]
        if failed:
            raise failed[0]
        for flight in claimed:
            self.flying[self.hands.submit(self._attempt, flight)] = flight
        for readers in done:
            job.progress(readers)
        return bool(back or claimed)

    def _attempt(self, flight: _Flight) -> AttemptResult:
        """In a hand."""
        if self.unheard or self.over:
            return _UNTRIED
        came = attempt(self.job, flight.transport, flight.claim)
        if not isinstance(came.outcome, Accepted):
            self.unheard.append(came.outcome)
        return came

    def _settle(self, came: Mapping[Future[AttemptResult], AttemptResult]) -> list[int]:
        """How many readers are settled by each."""
        ledger, now = self.job.ledger, self.job.clock()
        ended = [(self.flying[future], one) for future, one in came.items()]
        accepted = [(flight.claim, one.outcome) for flight, one in ended if isinstance(one.outcome, Accepted)]
        if accepted:
            ledger.record_accepted(accepted, now)
        for flight, one in ended:
            if not isinstance(one.outcome, Accepted):
                ledger.settle(flight.claim.attempt, one.outcome, now)
        if ended:
            quick = len(accepted) == len(ended) and all(one.seconds < _QUICK for _flight, one in ended)
            self.ready = self.job.threads if quick and not self.job.rate_limiter else 0
        return [self._written_down(flight, one) for flight, one in ended]

    def _written_down(self, flight: _Flight, came: AttemptResult) -> int:
        size = len(flight.claim.readers)
        if came is not _UNTRIED and not isinstance(came.outcome, Accepted):
            self.unheard.remove(came.outcome)
        self._put_back(flight.transport, flight.taken - gone(came.outcome, size))
        fenced = bool(came.schedule_id) and isinstance(came.outcome, Unknown)
        if fenced:
            self.doubted = True
            self.doubtful[flight.claim.attempt] = size
        return self.report.add(came.outcome, flight.claim, flight.transport, self.patience, fenced=fenced)

    def _may_claim(self) -> bool:
        return not self.over and self.patience.rest_until <= time.monotonic()

    def _claim_for(self, free: int) -> list[_Flight]:
        claimed: list[_Flight] = []
        while len(claimed) < free and self._may_claim():
            transport = self.patience.transport
            taken = self._share(transport)
            if taken is None:
                continue  # it rests, or another transport goes on
            job = self.job
            most = 1 if job.rate_limiter else free - len(claimed)
            turn = (job.edition, transport.name, job.clock(), job.tries, self.ahead[transport.name])
            claims = job.ledger.claim(most, *turn)
            if not claims:
                self._put_back(transport, taken)
                break
            claimed += [_Flight(transport, claim, taken) for claim in claims]
        return claimed

    def _share(self, transport: Transport) -> int | None:
        """Takes the next batch's share of the limits and answers how many readers that is; None while there is none:
        then the run rests, or the transport is given up."""
        job = self.job
        if job.rate_limiter is None:
            return 0
        now = job.clock()
        readers = job.ledger.next_batch_size(job.edition, transport.name, now, job.tries, self.ahead[transport.name])
        wait_for = job.rate_limiter.take(transport.name, readers, now) if readers else 0.0
        if wait_for:
            self.patience.held_up(transport, wait_for)
            return None
        return readers

    def _put_back(self, transport: Transport, readers: int) -> None:
        if self.job.rate_limiter and readers > 0:
            self.job.rate_limiter.put_back(transport.name, readers)

    def _take_in_recalls(self) -> None:
        """What is recalled waits to be sent again, by this run too."""
        if self.recalling is None or not self.recalling.done():
            return
        told, self.recalling = self.recalling.result(), None
        readers = 0
        for found, confirmed in told:
            said = "recalled before its time, and sent again" if confirmed else "its recall is not confirmed"
            self.report.say(f"batch {found.batch}: {said}")
            if confirmed:
                recalled = self.doubtful.pop(found.attempt, 0)
                self.report.unknown -= recalled
                readers += recalled
                self.doubted = True  # as before, when something is sent again
        if readers:
            self.job.progress(-readers)
