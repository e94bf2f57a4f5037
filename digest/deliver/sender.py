"""The run that empties an edition's due batches: claim, submit, settle, recall, in a few threads.

Deep on purpose: batching, retry, backoff, fences and stopping are behind `send_due`. Knows neither SQL nor HTTP,
composes nothing, and decides nothing about who is due; how long it bears with a provider is `patience`'s.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from digest.deliver.message import Outgoing, Sender, Sign, carried, recipients
from digest.deliver.notes import Notes
from digest.deliver.outcome import NotSent, Outcome, Redo, Unknown, without_doubt
from digest.deliver.patience import Patience
from digest.deliver.ports import Ahead, Claim, Fence, Ledger, Meter, Transport
from digest.deliver.report import SendReport, gone
from digest.models import Inline, Letter


@dataclass(frozen=True)
class Job:
    """All that one run needs. `token` signs links; `clock` says the time; `stop` ends it early.
    `pictures` are those that the letters show, by their Content-ID.

    Of `transports` the first is used; the next takes over when it can't send, and then only for what has certainly not
    been sent. `ahead` says how early a batch goes to a transport with a fence; `resend` sends what is in doubt again.
    `meter` says how many may go now.
    """

    edition: str
    letters: Mapping[str, Letter]
    sender: Sender
    ledger: Ledger
    transports: Sequence[Transport]
    token: Sign
    clock: Callable[[], datetime]
    threads: int = 4
    tries: int = 5
    stop: threading.Event = field(default_factory=threading.Event)
    progress: Callable[[int], None] = lambda _readers: None
    pictures: Mapping[str, Inline] = field(default_factory=dict)
    ahead: Ahead | None = None
    resend: bool = False
    meter: Meter | None = None


def send_due(job: Job) -> SendReport:
    """Hands over every batch that is due now, retrying what is safe to retry. Returns when none is left to claim.

    A batch whose outcome is not known is recalled under its fence and sent again while there is time; else it stays
    unknown. When `job.stop` is set, what is in flight is finished and nothing new is begun. Errors of the ledger are
    raised, after the other threads have come to rest.
    """
    run = _Run(job)
    run.recall()  # what a run before this one left in doubt
    with _unsearched(), ThreadPoolExecutor(max_workers=job.threads, thread_name_prefix="send") as pool:
        again = True
        while again:
            workers = [pool.submit(run.work) for _ in range(job.threads)]
            for worker in workers:
                worker.result()
            again = run.recall() and not run.over
    run.report.stopped = job.stop.is_set()
    return run.report


@contextmanager
def _unsearched() -> Iterator[None]:
    """What is there already is not looked through for garbage again and again while batches come and go: that would
    take a quarter of the time."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class _Run:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.report = SendReport()
        self.patience = Patience(
            job.transports, job.tries, self.report.say, time.monotonic, lambda: job.ledger.renew(job.edition)
        )
        self.lock = threading.Lock()
        self.halt = threading.Event()
        self.in_flight = 0
        self.settled = threading.Condition(self.lock)
        self.recalling = threading.Lock()
        self.doubtful: dict[str, int] = {}  # attempts that this run left in doubt under a fence, with their readers

    @property
    def over(self) -> bool:
        return self.job.stop.is_set() or self.halt.is_set() or self.patience.over

    def work(self) -> None:
        try:
            while not self.over:
                if self._resting():
                    continue
                transport = self.patience.transport
                taken = self._share(transport)
                if taken is None:
                    continue
                claim = self._claim(transport)
                if claim is None:
                    self._put_back(transport, taken)
                    with self.lock:
                        alone = self.in_flight == 0
                    if alone:
                        return
                    with self.settled:
                        # What is in flight may come back as a batch to claim.
                        self.settled.wait(0.25)
                    continue
                try:
                    self._hand_over(transport, claim, taken)
                finally:
                    with self.settled:
                        self.in_flight -= 1
                        self.settled.notify_all()
        except BaseException:
            self.halt.set()
            raise

    def recall(self) -> bool:
        """Recalls what is in doubt and has a fence, one after the other; what is recalled waits to be sent again.
        Answers whether anything was."""
        job, readers, any_, tried = self.job, 0, False, set[str]()
        with self.recalling:
            for fence in (one for one in job.transports if isinstance(one, Fence)):
                while found := job.ledger.begin_recall(job.edition, fence, job.clock(), but=tried):
                    tried.add(found.attempt)
                    confirmed = fence.recall(found.fence)
                    if confirmed:
                        job.ledger.end_recall(found.attempt, job.clock())
                    said = "recalled before its time, and sent again" if confirmed else "its recall is not confirmed"
                    with self.lock:
                        self.report.say(f"batch {found.batch}: {said}")
                        recalled = self.doubtful.pop(found.attempt, 0) if confirmed else 0
                        self.report.unknown -= recalled
                    readers, any_ = readers + recalled, any_ or confirmed
        if readers:
            job.progress(-readers)
        return any_

    def _claim(self, transport: Transport) -> Claim | None:
        # Counted as in flight before the claim, so that no other thread goes home while this one may yet put a
        # batch back.
        job = self.job
        with self.lock:
            self.in_flight += 1
        claim = None
        try:
            claim = job.ledger.claim(job.edition, transport.name, job.clock(), job.tries, self._ahead(transport))
        finally:
            if claim is None:
                with self.lock:
                    self.in_flight -= 1
        return claim

    def _share(self, transport: Transport) -> int | None:
        """Takes the next batch's share of the limits and answers how many readers that is; None while there is none:
        then the run rests, or the transport is given up."""
        job = self.job
        if job.meter is None:
            return 0
        now = job.clock()
        readers = job.ledger.next_size(job.edition, transport.name, now, job.tries, self._ahead(transport))
        wait = job.meter.take(transport.name, readers, now) if readers else 0.0
        if wait:
            with self.lock:
                self.patience.held_up(transport, wait)
            return None
        return readers

    def _put_back(self, transport: Transport, readers: int) -> None:
        if self.job.meter and readers > 0:
            self.job.meter.put_back(transport.name, readers)

    def _ahead(self, transport: Transport) -> Ahead | None:
        return self.job.ahead if isinstance(transport, Fence) else None

    def _resting(self) -> bool:
        """Waits a moment and says True while the provider is being left alone."""
        with self.lock:
            seconds = self.patience.rest_until - time.monotonic()
        if seconds <= 0:
            return False
        self.job.stop.wait(min(seconds, 0.25))
        return True

    def _hand_over(self, transport: Transport, claim: Claim, taken: int) -> None:
        job = self.job
        outcome, fence = self._submit(transport, claim)
        if isinstance(outcome, Unknown) and transport.recovery == "redo":
            outcome = Redo(outcome.reason)
        if job.resend:
            outcome = without_doubt(outcome)
        job.ledger.settle(claim.attempt, outcome, job.clock())
        self._put_back(transport, taken - gone(outcome, len(claim.readers)))
        fenced = bool(fence) and isinstance(outcome, Unknown)
        with self.lock:
            if fenced:
                self.doubtful[claim.attempt] = len(claim.readers)
            done = self.report.add(outcome, claim, transport, self.patience, fenced=fenced)
        job.progress(done)
        if fenced:
            self.recall()

    def _submit(self, transport: Transport, claim: Claim) -> tuple[Outcome, str]:
        """What came of it, and the fence under which it was submitted, or ''."""
        job, fence = self.job, ""
        if claim.send_at is not None:
            # Only a transport with a fence is given a batch ahead of its time.
            opened = transport.open_fence() if isinstance(transport, Fence) else NotSent("it has no fence")
            if isinstance(opened, NotSent):
                return opened, ""
            fence = opened
            job.ledger.note_fence(claim.attempt, fence)
        outgoing = Outgoing(
            edition=job.edition,
            batch=str(claim.batch),
            attempt=claim.attempt,
            letter=job.letters[claim.variant],
            sender=job.sender,
            recipients=recipients(claim.readers, job.sender, job.token),
            pictures=carried(job.letters[claim.variant], job.pictures),
            fence=fence,
            send_at=int(claim.send_at.timestamp()) if claim.send_at else 0,
        )
        notes = Notes(job.ledger, claim.attempt, job.stop)
        try:
            return transport.submit(outgoing, notes), fence
        except Exception as error:
            if notes.failure is not None:  # the attempt stays as it is noted, for the next run to recover
                raise notes.failure from None
            # A transport that breaks its word may have sent: the only honest end is Unknown.
            return Unknown(f"{type(error).__name__}: {error}"), fence
