"""What one run did, written down outcome by outcome. Counts and tells; decides nothing but what `patience` is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Retryable, Split, Unknown
from digest.deliver.patience import CircuitBreaker
from digest.deliver.ports import Claim, Transport


@dataclass
class SendReport:
    """Numbers of readers; `problems` are sentences for the operator, each once."""

    accepted: int = 0
    rejected: int = 0
    unknown: int = 0
    stopped: bool = False
    problems: list[str] = field(default_factory=list)

    def say(self, sentence: str) -> None:
        if sentence and sentence not in self.problems:
            self.problems.append(sentence)

    def add(self, outcome: Outcome, claim: Claim, by: Transport, patience: CircuitBreaker, *, fenced: bool) -> int:
        """Takes the outcome in and tells `patience` of it; answers how many readers are settled by it. `fenced`: it is
        unknown and will be recalled."""
        size = len(claim.readers)
        match outcome:
            case Accepted():
                self.accepted += size
                patience.good()
                return size
            case Rejected(readers):
                self.rejected += len(readers)
                return len(readers)
            case Unknown(reason):
                self.unknown += size
                self._doubt(claim, reason, by, patience)
                if fenced:  # it comes back, so the provider is given a rest as after any failure
                    patience.failed(by)
                return size
            case NotSent(untried=True):
                return 0
            case NotSent(reason, retry_after, permanent):
                self.say(reason)
                patience.failed(by, after=retry_after, permanent=permanent)
                return 0
            case Retryable(reason):
                self.say(reason)
                patience.failed(by)
                return 0
            case Split(reason):
                self.say(reason)
                patience.halved(by)
                return 0
            case PerRecipient():
                return self._add_each(outcome, claim, by, patience)

    def _add_each(self, outcome: PerRecipient, claim: Claim, by: Transport, patience: CircuitBreaker) -> int:
        self.accepted += len(outcome.accepted)
        self.rejected += len(outcome.rejected)
        self.unknown += len(outcome.unknown)
        if outcome.accepted:
            patience.good()
        for reason in outcome.unknown.values():
            self._doubt(claim, reason, by, patience)
        settled = len(outcome.accepted) + len(outcome.rejected) + len(outcome.unknown)
        # A transport that takes a part at a time gives no reason for the rest.
        if settled < len(claim.readers) and (outcome.not_sent_reason or not outcome.accepted):
            self.say(outcome.not_sent_reason)
            patience.failed(by, after=outcome.retry_after, permanent=outcome.stop)
        return settled

    def _doubt(self, claim: Claim, reason: str, by: Transport, patience: CircuitBreaker) -> None:
        self.say(f"batch {claim.batch}: it is not known whether it was sent: {reason}")
        patience.doubted(by)


def gone(outcome: Outcome, size: int) -> int:
    """How many of a batch's `size` readers have gone, or may have, by an attempt with this outcome."""
    match outcome:
        case Accepted() | Unknown() | Retryable():
            return size
        case PerRecipient():
            return len(outcome.accepted) + len(outcome.unknown)
    return 0
