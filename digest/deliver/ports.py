"""The interfaces of delivery: the ledger, the transports, and optional capabilities of transports."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from digest.deliver.outcome import Accepted, NotSent, Outcome

if TYPE_CHECKING:
    from digest.mail.message import Outgoing


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch that only this run may submit, by this attempt."""

    batch: int
    attempt: str
    variant: str
    # (subscriber id, email) in a fixed order.
    recipients: Sequence[tuple[int, str]]
    # The due time if it is in the future. Such a batch is submitted only with a schedule id.
    send_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScheduleWindow:
    """How long before it is due a batch may be scheduled at the provider."""

    max_lead: timedelta
    # A batch that is due sooner is not scheduled but waits for its time, because too little time would be left to
    # cancel it.
    min_lead: timedelta
    # How long before the send time the provider stops accepting cancellations.
    cancel_deadline: timedelta


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A scheduled attempt with unknown outcome that can still be cancelled."""

    attempt: str
    batch: int
    schedule_id: str


# How recovery treats an attempt of an interrupted run. `redo`: submit it again, which cannot mail anyone twice.
# `stepwise`: continue after the recipient recorded last. `hold`: keep it as unknown.
Recovery = Literal["redo", "stepwise", "hold"]
# This repeats attributes of the transports (a test compares them), so that a run can recover attempts of another
# transport without importing it.
RECOVERY: dict[str, Recovery] = {
    "outbox": "redo",
    "smtp": "stepwise",
    "sendgrid": "hold",
    "resend": "redo",
    "brevo": "redo",
    "ses": "hold",
}

# How long after its start an attempt can be submitted again, if the provider keeps idempotency keys for a limited time.
# Brevo keeps them for 15 minutes by its changelog, and 30 by its guide. The rest of the 15 minutes is for the calls of
# one attempt.
REDO_WITHIN = {"resend": timedelta(hours=24), "brevo": timedelta(minutes=11)}


class RecipientLog(Protocol):
    """Progress log for transports that submit one recipient at a time, in the order of the recipients."""

    def started(self, recipient: int) -> None:
        """Record the next recipient durably, before a byte is sent. All earlier recipients are then done."""
        ...

    def rejected(self, recipient: int, reason: str) -> None: ...

    def deferred(self, recipient: int, reason: str) -> None:
        """Record that this recipient definitely got nothing, and why. They move to a new batch."""
        ...

    def should_stop(self) -> bool:
        """Whether the run is asked to end. The transport then stops before the next recipient."""
        ...


class Transport(Protocol):
    """Submits batches to a provider. Errors of the network or the provider are Outcomes, never exceptions."""

    name: str
    recovery: Recovery

    def submit(self, outgoing: Outgoing, log: RecipientLog) -> Outcome: ...

    def probe(self) -> str | None:
        """Check the connection and the account without mailing anyone. Return the problem in one sentence, if any."""
        ...

    def close(self) -> None:
        """Close all connections. The transport can be used again afterwards."""
        ...


@runtime_checkable
class Abortable(Protocol):
    """A transport whose calls can be aborted from another thread."""

    def abort(self) -> None:
        """Break every connection, and each new one until `close`. Calls in progress return an outcome at once."""
        ...


@runtime_checkable
class Cancellable(Protocol):
    """A transport whose scheduled attempts can be cancelled.

    Where the provider has no idempotency key, this is the only way to resolve an unknown outcome.
    """

    name: str
    # A cancellation is reliable until this long before the send time.
    cancel_deadline: timedelta
    # The provider keeps at most this many cancellations at once.
    max_open_cancellations: int

    def new_schedule_id(self) -> str | NotSent:
        """Get an id from the provider. The attempt submitted with it (`Outgoing.schedule_id`) can be cancelled."""
        ...

    def cancel(self, schedule_id: str) -> bool:
        """Cancel everything that was or will be submitted with this id. May be repeated.

        Return True only if the provider confirms it, and False if nobody answers.
        """
        ...


@runtime_checkable
class LogLookup(Protocol):
    """A transport whose provider has a log of accepted emails."""

    def find_in_log(self, attempt: str, emails: Sequence[str]) -> bool:
        """Whether the provider's log shows the attempt. False proves nothing: the log may lag or be unavailable."""
        ...


@runtime_checkable
class CapabilityReport(Protocol):
    """A transport that reports limits of the account or key, although sending works."""

    def missing_capabilities(self) -> tuple[str, ...]:
        """Return one sentence for each feature that does not work. Asks the provider and mails nobody."""
        ...


@runtime_checkable
class SigningKeys(Protocol):
    """A transport whose provider reports its DKIM selectors."""

    def dkim_selectors(self, domain: str) -> tuple[str, ...]:
        """Return the selectors for a sender's domain. Empty if they are not known."""
        ...


@dataclass(frozen=True, slots=True)
class SuppressionEntry:
    """An entry of a provider's suppression list."""

    email: str
    # The kind of the equivalent event: bounced, complained or left.
    kind: str
    at: datetime
    reason: str = ""


class SuppressionsUnavailable(Exception):
    """A suppression list cannot be read. The message says why and is shown after the list's name."""


# Waits for the given seconds. Returns True if the run is asked to end in the meantime.
Wait = Callable[[float], bool]


@runtime_checkable
class SuppressionSource(Protocol):
    """A transport whose provider keeps suppression lists. They make up for lost events."""

    name: str
    lists: tuple[str, ...]

    def list_suppressions(
        self, list: str, since: datetime | None, until: datetime, wait: Wait
    ) -> Iterator[Sequence[SuppressionEntry]]:
        """Yield the entries added between the two times, page by page.

        Without `since`, all entries until the end. Raises SuppressionsUnavailable, possibly after some pages.
        """
        ...


class Claims(Protocol):
    """The queue of batches."""

    def claim(
        self,
        most: int,
        edition: str,
        transport: str,
        now: datetime,
        max_tries: int,
        ahead: ScheduleWindow | None = None,
    ) -> Sequence[Claim]:
        """Claim up to `most` due batches that were tried fewer than `max_tries` times in this run.

        They are marked as submitting, with an attempt each, before this returns. Empty only if no batch is left.
        Recipients who may no longer be mailed are excluded here.
        """
        ...

    def record_handover(self) -> None:
        """Record outside the store, durably, that batches were claimed.

        Called after the claims are committed and before anything of them is submitted, so that an older copy of the
        store is noticed.
        """
        ...

    def next_batch_size(
        self, edition: str, transport: str, now: datetime, max_tries: int, ahead: ScheduleWindow | None = None
    ) -> int:
        """Return the number of recipients in the batch that `claim` would return first; 0 if there is none."""
        ...

    def reset_tries(self, edition: str) -> None:
        """Reset the tries of every pending batch, because another transport takes over."""
        ...


class Progress(Protocol):
    """Records the progress of an attempt. Recording the same again changes nothing."""

    def record_schedule_id(self, attempt: str, schedule_id: str) -> None:
        """Record the provider's id durably, before it is used."""
        ...

    def record_started(self, attempt: str, recipient: int) -> None: ...

    def record_rejected(self, attempt: str, recipient: int, reason: str) -> None: ...

    def record_deferred(self, attempt: str, recipient: int, reason: str) -> None: ...


class Cancellations(Protocol):
    """Cancelling scheduled attempts whose outcome is unknown."""

    def begin_cancellation(
        self, edition: str, transport: Cancellable, now: datetime, excluding: Collection[str] = ()
    ) -> Cancellation | None:
        """Choose the next attempt to cancel, other than `excluding`, and count it before the provider is called.

        None if nothing can be cancelled: it is too late, or too many cancellations are open at the provider.
        """
        ...

    def confirm_cancellation(self, attempt: str, now: datetime) -> None:
        """Record that the provider cancelled the attempt. Its batch is pending again."""
        ...


class Ledger(Claims, Progress, Cancellations, Protocol):
    """The record of every recipient and outcome.

    Every call is one durable transaction, except inside `transaction`. Every call may raise StoreUnavailable, and may
    have been committed even so.
    """

    def transaction(self) -> AbstractContextManager[None]:
        """Make all calls of this thread inside the block one transaction, rolled back if the block raises.

        Also raises StoreUnavailable if other processes may have declared this run dead. After StoreUnavailable call
        `resume` before anything else is claimed or settled.
        """
        ...

    def resume(self, in_flight: Collection[str], in_doubt: Collection[str], now: datetime) -> None:
        """Continue after a transaction failed because the store was unavailable, which may have been committed.

        `in_flight` are all attempts of this run without an outcome, `in_doubt` those that the transaction settled.
        Batches that it claimed are pending again. Another run may have taken over some attempts: `settle` handles that.
        """
        ...

    def settle(self, attempt: str, outcome: Outcome, now: datetime) -> None:
        """Record the outcome of an attempt, and move its batch.

        The same outcome again changes nothing. A late outcome also settles a batch that another run made unknown
        because this run seemed dead. Raises StoreError if this run has settled it with a different outcome.
        """
        ...

    def record_accepted(self, accepted: Sequence[tuple[Claim, Accepted]], now: datetime) -> None:
        """Settle many accepted attempts together, with fewer statements than `settle`."""
        ...


class SendRateLimiter(Protocol):
    """Limits how many recipients a transport may send to. The counts are shared by all processes and restarts."""

    def take(self, transport: str, recipients: int, now: datetime) -> float:
        """Count the recipients and return 0, or count none and return the seconds to wait."""
        ...

    def put_back(self, transport: str, recipients: int) -> None:
        """Subtract recipients that were counted and definitely got nothing."""
        ...
