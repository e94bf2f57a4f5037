"""Possible outcomes of one attempt to submit one batch. Data only.

Four of them are what the ledger stores: Accepted, Rejected, NotSent, Unknown. `Split` asks for smaller batches,
`Retryable` is an Unknown that the same transport may repeat, and `PerRecipient` is for transports that submit one
recipient at a time. Recipients are named by their subscriber id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider accepted the whole batch."""

    # The provider's id of the request, if it gives one.
    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The provider accepted nobody because of some recipients. The others become a new batch."""

    # Subscriber id → reason.
    reasons: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Split:
    """The provider accepted nobody and did not name a recipient, or the request is too large.

    Each half of the batch is tried alone. Never the outcome of a batch of one.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Definitely nothing was sent. It is safe to try again."""

    reason: str
    # Seconds to wait, if the provider named a time.
    retry_after: float | None = None
    # No retry in this run can succeed (an invalid key, for example): the run stops and the batch stays pending.
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """The provider may or may not have the batch.

    It is sent again automatically only if `delivery.on_unknown` says so.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Retryable:
    """Like Unknown, but the same transport may submit the same batch again.

    Its provider recognises the batch by an idempotency key, or a file is replaced by an equal one. Another transport
    must not take the batch over.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class PerRecipient:
    """One outcome for each recipient. Recipients in none of the three groups are not sent."""

    accepted: frozenset[int] = frozenset()
    # Subscriber id → reason.
    rejected: Mapping[int, str] = field(default_factory=dict)
    # Subscriber id → reason.
    unknown: Mapping[int, str] = field(default_factory=dict)
    # Why the remaining recipients are not sent; empty if the transport only takes a part at a time.
    not_sent_reason: str = ""
    retry_after: float | None = None
    # As `NotSent.permanent`, for the recipients that are not sent.
    permanent: bool = False
    # The server's last words before the connection broke, if a recipient is unknown.
    last_reply: str = ""


Outcome = Accepted | Rejected | Split | NotSent | Unknown | Retryable | PerRecipient


def resend_unknown(outcome: Outcome) -> Outcome:
    """Turn unknown into not sent, so that it is sent again. Some recipients may then get the email twice."""
    match outcome:
        case Unknown(reason):
            return NotSent(f"{reason}; it is sent again")
        case PerRecipient(unknown=unknown) if unknown:
            reason = outcome.not_sent_reason or f"{next(iter(unknown.values()))}; it is sent again"
            return replace(outcome, unknown={}, not_sent_reason=reason)
    return outcome


def with_reasons(outcome: Outcome, clean: Callable[[str], str]) -> Outcome:
    """Apply `clean` to every text of the outcome. Reasons of recipients are cleaned only if all together need it."""
    match outcome:
        case Accepted(provider_id):
            return Accepted(provider_id and clean(provider_id))
        case Rejected(reasons):
            return Rejected(_clean_reasons(reasons, clean))
        case PerRecipient():
            return replace(
                outcome,
                rejected=_clean_reasons(outcome.rejected, clean),
                unknown=_clean_reasons(outcome.unknown, clean),
                not_sent_reason=clean(outcome.not_sent_reason),
                last_reply=clean(outcome.last_reply),
            )
    return replace(outcome, reason=clean(outcome.reason))


def _clean_reasons(reasons: Mapping[int, str], clean: Callable[[str], str]) -> Mapping[int, str]:
    together = " ".join(set(reasons.values()))
    if clean(together) == together:
        return reasons
    return {id: clean(reason) for id, reason in reasons.items()}
