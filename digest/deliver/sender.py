"""The run that empties an edition's due batches: claim, submit, settle, in a few threads.

Deep on purpose: batching, retry, backoff and stopping are behind `send_due`. Knows neither SQL nor HTTP, composes
nothing, and decides nothing about who is due.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from digest.deliver.message import Outgoing, Sender, carried, recipient
from digest.deliver.outcome import Accepted, Halve, Mixed, NotSent, Outcome, Rejected, Unknown
from digest.deliver.ports import Claim, Ledger, Transport
from digest.models import Inline, Letter

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_MOST_DOUBTS = 5  # in a row
_MOST_HALVINGS = 24  # in a row; a lone bad reader in a batch of 1,000 takes ten, with an acceptance beside each


@dataclass
class SendReport:
    """What one run did, in readers; `problems` are sentences for the operator, each once."""

    accepted: int = 0
    rejected: int = 0
    unknown: int = 0
    stopped: bool = False
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Job:
    """All that one run needs. `token(purpose, reader)` signs links; `clock` says the time; `stop` ends it early.
    `pictures` are those that the letters show, by their Content-ID."""

    edition: str
    letters: Mapping[str, Letter]
    sender: Sender
    ledger: Ledger
    transport: Transport
    token: Callable[[str, int], str]
    clock: Callable[[], datetime]
    threads: int = 4
    tries: int = 5
    stop: threading.Event = field(default_factory=threading.Event)
    progress: Callable[[int], None] = lambda _readers: None
    pictures: Mapping[str, Inline] = field(default_factory=dict)


def send_due(job: Job) -> SendReport:
    """Hands over every batch that is due now, retrying what is safe to retry. Returns when none is left to claim.

    A batch whose outcome is not known stays so. When `job.stop` is set, what is in flight is finished and nothing
    new is begun. Errors of the ledger are raised, after the other threads have come to rest.
    """
    run = _Run(job)
    with ThreadPoolExecutor(max_workers=job.threads, thread_name_prefix="send") as pool:
        workers = [pool.submit(run.work) for _ in range(job.threads)]
        for worker in workers:
            worker.result()
    run.report.stopped = job.stop.is_set()
    return run.report


class _Run:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.report = SendReport()
        self.lock = threading.Lock()
        self.halt = threading.Event()
        self.in_flight = 0
        self.failed_rounds = 0
        self.doubts = 0
        self.halvings = 0
        self.rest_until = 0.0  # by the clock that nobody sets
        self.settled = threading.Condition(self.lock)

    def work(self) -> None:
        try:
            while not (self.job.stop.is_set() or self.halt.is_set()):
                if self._resting():
                    continue
                claim = self._claim()
                if claim is None:
                    with self.lock:
                        alone = self.in_flight == 0
                    if alone:
                        return
                    with self.settled:
                        # What is in flight may come back as a batch to claim.
                        self.settled.wait(0.25)
                    continue
                try:
                    self._hand_over(claim)
                finally:
                    with self.settled:
                        self.in_flight -= 1
                        self.settled.notify_all()
        except BaseException:
            self.halt.set()
            raise

    def _claim(self) -> Claim | None:
        # Counted as in flight before the claim, so that no other thread goes home while this one may yet put a
        # batch back.
        job = self.job
        with self.lock:
            self.in_flight += 1
        claim = None
        try:
            claim = job.ledger.claim(job.edition, job.transport.name, job.clock(), job.tries)
        finally:
            if claim is None:
                with self.lock:
                    self.in_flight -= 1
        return claim

    def _resting(self) -> bool:
        """Waits a moment and says True while the provider is being left alone."""
        with self.lock:
            seconds = self.rest_until - time.monotonic()
        if seconds <= 0:
            return False
        self.job.stop.wait(min(seconds, 0.25))
        return True

    def _hand_over(self, claim: Claim) -> None:
        job = self.job
        outgoing = Outgoing(
            edition=job.edition,
            batch=str(claim.batch),
            attempt=claim.attempt,
            letter=job.letters[claim.variant],
            sender=job.sender,
            recipients=tuple(recipient(id, email, job.sender, job.token) for id, email in claim.readers),
            pictures=carried(job.letters[claim.variant], job.pictures),
        )
        outcome: Outcome
        notes = _Notes(job.ledger, claim.attempt, job.stop)
        try:
            outcome = job.transport.submit(outgoing, notes)
        except Exception as error:
            if notes.failure is not None:  # the attempt stays as it is noted, for the next run to recover
                raise notes.failure from None
            # A transport that breaks its word may have sent: the only honest end is Unknown.
            outcome = Unknown(f"{type(error).__name__}: {error}")
        job.ledger.settle(claim.attempt, outcome, job.clock())
        with self.lock:
            done = self._count(outcome, len(claim.readers), claim.batch)
        job.progress(done)

    def _count(self, outcome: Outcome, size: int, batch: int) -> int:
        """Writes the outcome into the report; answers how many readers are settled by it."""
        report = self.report
        match outcome:
            case Accepted():
                report.accepted += size
                self.failed_rounds = self.doubts = self.halvings = 0
                return size
            case Rejected(readers):
                report.rejected += len(readers)
                return len(readers)
            case Unknown(reason):
                report.unknown += size
                self._doubt(batch, reason)
                return size
            case NotSent(reason, retry_after, permanent):
                self._problem(reason)
                self._rest(retry_after, permanent)
                return 0
            case Halve(reason):
                self._halved(reason)
                return 0
            case Mixed():
                report.accepted += len(outcome.accepted)
                report.rejected += len(outcome.rejected)
                report.unknown += len(outcome.unknown)
                if outcome.accepted:
                    self.failed_rounds = self.doubts = 0
                for reason in outcome.unknown.values():
                    self._doubt(batch, reason)
                settled = len(outcome.accepted) + len(outcome.rejected) + len(outcome.unknown)
                if settled < size:
                    self._problem(outcome.not_sent_reason)
                    self._rest(outcome.retry_after, outcome.stop)
                return settled

    def _doubt(self, batch: int, reason: str) -> None:
        """Ends the run when one outcome after another is unknown: a provider that fails must not put the whole list
        in doubt, for nothing unknown is ever sent again by itself."""
        self._problem(f"batch {batch}: it is not known whether it was sent: {reason}")
        self.doubts += 1
        if self.doubts >= _MOST_DOUBTS:
            self.halt.set()
            self._problem(f"stopped after {self.doubts} unknown outcomes in a row; the rest is not sent")

    def _halved(self, reason: str) -> None:
        """Ends the run when halving finds no reader whom the provider takes: then it is not about the readers."""
        self._problem(reason)
        self.halvings += 1
        if self.halvings >= _MOST_HALVINGS:
            self.halt.set()
            self._problem(f"stopped after {self.halvings} refusals in a row that name no reader; the rest is not sent")

    def _rest(self, asked: float | None, permanent: bool) -> None:
        """Leaves the provider alone for a while; ends the run when that has not helped often enough."""
        now = time.monotonic()
        if permanent:
            self.halt.set()
        if now < self.rest_until:
            return  # the same bad moment, seen by another thread
        self.failed_rounds += 1
        if self.failed_rounds >= self.job.tries:
            self.halt.set()
        pause = _FIRST_PAUSE * 2 ** (self.failed_rounds - 1) if asked is None else asked
        jitter = random.uniform(1.0, 1.25)  # noqa: S311  no secret
        self.rest_until = now + min(pause, _LONGEST_PAUSE) * jitter

    def _problem(self, sentence: str) -> None:
        if sentence and sentence not in self.report.problems:
            self.report.problems.append(sentence)


@dataclass(slots=True)
class _Notes:
    """The Journal of one attempt. `failure` is what the ledger raised, which no transport may swallow."""

    ledger: Ledger
    attempt: str
    stop: threading.Event
    failure: Exception | None = None

    def handing(self, reader: int) -> None:
        with self._watched():
            self.ledger.note_handing(self.attempt, reader)

    def refused(self, reader: int, reason: str) -> None:
        with self._watched():
            self.ledger.note_refused(self.attempt, reader, reason)

    def put_off(self, reader: int) -> None:
        with self._watched():
            self.ledger.note_put_off(self.attempt, reader)

    def stopping(self) -> bool:
        return self.stop.is_set()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.failure = error
            raise
