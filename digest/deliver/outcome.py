"""What can come of one attempt to hand over one batch. Data only.

The four words are the ledger's: Accepted, Rejected, NotSent, Unknown. `Split` asks for smaller batches,
`Retryable` is an
Unknown that harms nobody; `PerRecipient` is for transports that hand over one reader at a time and can tell them apart.
Readers are named by their subscriber id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the whole batch. `provider_id` is what it calls the request."""

    provider_id: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The provider took nobody, because of these readers (id → reason). The rest become a new batch."""

    readers: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Split:
    """The provider took nobody and did not say whose fault it is, or the request is too large: each half of the batch
    is tried alone. Never said of a batch of one."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Certainly nobody was handed over: safe to try again, after `retry_after` seconds if given.

    `permanent` means that no later try of this run can succeed (a refused key): the run stops, the batch stays
    pending. `untried`: it was not even begun, which costs it no try and says nothing of the transport.
    """

    reason: str
    retry_after: float | None = None
    permanent: bool = False
    untried: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """The provider may or may not have the batch. Never sent again by itself."""

    reason: str


@dataclass(frozen=True, slots=True)
class Retryable:
    """As Unknown, but the same transport may hand the same batch over again: its provider knows it by its key, or a
    file is replaced by its equal. No other transport may."""

    reason: str


@dataclass(frozen=True, slots=True)
class PerRecipient:
    """One outcome per reader. Readers named nowhere are not sent; `stop` as in NotSent.permanent."""

    accepted: frozenset[int] = frozenset()
    rejected: Mapping[int, str] = field(default_factory=dict)
    unknown: Mapping[int, str] = field(default_factory=dict)
    not_sent_reason: str = ""
    retry_after: float | None = None
    stop: bool = False


Outcome = Accepted | Rejected | Split | NotSent | Unknown | Retryable | PerRecipient


def resend_unknown(outcome: Outcome) -> Outcome:
    """The outcome where everything in doubt is to be sent again, and some readers may get it twice."""
    match outcome:
        case Unknown(reason):
            return NotSent(f"{reason}; it is sent again")
        case PerRecipient(unknown=doubts) if doubts:
            said = outcome.not_sent_reason or f"{next(iter(doubts.values()))}; it is sent again"
            return replace(outcome, unknown={}, not_sent_reason=said)
    return outcome
