"""Count the outcomes of one run, report them to the circuit breaker, and pause the run when many are rejections."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from digest.deliver.failover import CircuitBreaker
from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Retryable, Split, Unknown
from digest.deliver.ports import Claim, Transport
from digest.errors import StoreError


@dataclass
class SendReport:
    """Result of one run. All counts are recipients."""

    accepted: int = 0
    rejected: int = 0
    unknown: int = 0
    # The run was asked to end early.
    stopped: bool = False
    # Sentences for the operator, each once.
    problems: list[str] = field(default_factory=list)

    def add_problem(self, sentence: str) -> None:
        if sentence and sentence not in self.problems:
            self.problems.append(sentence)

    def plus(self, later: SendReport) -> SendReport:
        """Return the sum of this run and a later one."""
        problems = list(dict.fromkeys((*self.problems, *later.problems)))
        return SendReport(
            self.accepted + later.accepted,
            self.rejected + later.rejected,
            self.unknown + later.unknown,
            later.stopped,
            problems,
        )

    def record(
        self, outcome: Outcome, claim: Claim, by: Transport, breaker: CircuitBreaker, *, cancellable: bool
    ) -> int:
        """Count the outcome and report it to `breaker`. Return how many recipients it settles.

        `cancellable` says that the outcome is unknown and the attempt will be cancelled.
        """
        size = len(claim.recipients)
        match outcome:
            case Accepted():
                self.accepted += size
                breaker.record_success()
                return size
            case Rejected(reasons):
                self.rejected += len(reasons)
                return len(reasons)
            case Unknown(reason):
                self.unknown += size
                self._record_unknown(claim, reason, by, breaker)
                if cancellable:
                    # The batch will be sent again, so the provider gets a pause as after any failure.
                    breaker.record_failure(by)
                return size
            case NotSent(reason, retry_after, permanent):
                self.add_problem(reason)
                breaker.record_failure(by, after=retry_after, permanent=permanent)
                return 0
            case Retryable(reason):
                self.add_problem(reason)
                breaker.record_failure(by)
                return 0
            case Split(reason):
                self.add_problem(reason)
                breaker.record_split(by)
                return 0
            case PerRecipient():
                return self._record_each(outcome, claim, by, breaker)

    def _record_each(self, outcome: PerRecipient, claim: Claim, by: Transport, breaker: CircuitBreaker) -> int:
        self.accepted += len(outcome.accepted)
        self.rejected += len(outcome.rejected)
        self.unknown += len(outcome.unknown)
        if outcome.accepted:
            breaker.record_success()
        for reason in outcome.unknown.values():
            self._record_unknown(claim, reason, by, breaker)
        settled = len(outcome.accepted) + len(outcome.rejected) + len(outcome.unknown)
        # A transport that takes only a part at a time gives no reason for the rest.
        if settled < len(claim.recipients) and (outcome.not_sent_reason or not outcome.accepted):
            self.add_problem(outcome.not_sent_reason)
            breaker.record_failure(by, after=outcome.retry_after, permanent=outcome.permanent)
        return settled

    def _record_unknown(self, claim: Claim, reason: str, by: Transport, breaker: CircuitBreaker) -> None:
        self.add_problem(f"batch {claim.batch}: outcome unknown, it may have been sent: {reason}")
        breaker.record_unknown(by)


def possibly_sent(outcome: Outcome, size: int) -> int:
    """Return how many recipients of a batch of `size` were or may have been sent to."""
    match outcome:
        case Accepted() | Unknown() | Retryable():
            return size
        case PerRecipient():
            return len(outcome.accepted) + len(outcome.unknown)
    return 0


log = logging.getLogger(__name__)
# No warning in a command without a log: the check is repeated at the next rejection.
log.addHandler(logging.NullHandler())

# The check reads the ledger, so it runs only after five more rejections, or a tenth of those so far.
_STEP, _GROWTH = 5, 1.1


class RejectionWatch:
    """Checks every few rejections whether the edition must pause.

    Threads may share it. `ask` pauses the edition if so, and returns the reason, else None. The default never pauses.
    """

    def __init__(self, ask: Callable[[], str | None] = lambda: None) -> None:
        self.reason: str | None = None
        self._ask = ask
        self._lock = threading.Lock()
        self._counted = 0
        self._next = _STEP

    @property
    def paused(self) -> bool:
        """Whether the run must end."""
        return self.reason is not None

    def count(self, recipients: int) -> None:
        """Count rejected recipients that the ledger has recorded. Errors of the store are not raised."""
        with self._lock:
            self._counted += recipients
            is_turn = self._counted >= self._next
            if is_turn:
                self._next = max(self._counted + _STEP, int(self._counted * _GROWTH))
        if not is_turn or self.paused:
            return
        try:
            self.reason = self._ask()
        except StoreError as error:
            # The caller has to settle an outcome, and waits for the store itself.
            log.warning("The rejections could not be counted: %s. The next rejection is the next try.", error)
            with self._lock:
                self._next = self._counted + 1
