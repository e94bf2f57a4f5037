"""What delivery needs from outside: a ledger that remembers and a transport that hands over. Interfaces only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol, runtime_checkable

from digest.deliver.message import Outgoing
from digest.deliver.outcome import Accepted, NotSent, Outcome


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch that is ours alone now: its readers (id, email) in a fixed order, and the attempt's id.

    `send_at` is its due time where that lies ahead, else None: a batch claimed ahead is submitted under a fence only.
    """

    batch: int
    attempt: str
    variant: str
    readers: Sequence[tuple[int, str]]
    send_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ScheduleWindow:
    """How long before it is due a batch may be scheduled at the provider: at most `max_lead`, at least `min_lead`."""

    max_lead: timedelta
    min_lead: timedelta
    cancel_deadline: timedelta


@dataclass(frozen=True, slots=True)
class Cancellation:
    """An attempt whose outcome is unknown and whose batch may still be recalled under its fence."""

    attempt: str
    batch: int
    schedule_id: str


Recovery = Literal["redo", "stepwise", "hold"]
"""What may be done with an attempt that a killed run left behind: `redo` it (a second time can't reach a reader
twice), go on after the reader noted as being handed over (`stepwise`), or `hold` it as unknown."""


class RecipientLog(Protocol):
    """For transports that hand over one reader at a time, in the order of the recipients."""

    def started(self, reader: int) -> None:
        """Durably notes who is handed over next, BEFORE a byte leaves; so everyone before is done."""
        ...

    def rejected(self, reader: int, reason: str) -> None: ...

    def deferred(self, reader: int) -> None:
        """This one was certainly not handed over and waits in a batch of their own; the others go on."""
        ...

    def should_stop(self) -> bool:
        """Whether the run is asked to end: the transport stops before the next reader, who is then not sent."""
        ...


class Transport(Protocol):
    """Hands a batch to the world. Never raises for what the world does: every end is an Outcome."""

    name: str
    recovery: Recovery

    def submit(self, outgoing: Outgoing, log: RecipientLog) -> Outcome: ...

    def probe(self) -> str:
        """What is wrong with the way to the provider, in one sentence, without mailing anyone; '' when nothing is."""
        ...

    def close(self) -> None:
        """Lets go of every connection. May be used again afterwards."""
        ...


@runtime_checkable
class Abortable(Protocol):
    """A transport whose calls may take long, and can be ended from another thread."""

    def abort(self) -> None:
        """Breaks every connection, and each that is made until `close`: what is in flight ends at once, as an outcome
        like any other."""
        ...


@runtime_checkable
class Cancellable(Protocol):
    """A transport whose attempts can be recalled: the only way to make an unknown outcome definite where the provider
    knows no idempotency key.

    A recall is sure until `cancel_deadline` before the time to send;
    the provider keeps at most `max_open_cancellations` of them at once.
    """

    name: str
    cancel_deadline: timedelta
    max_open_cancellations: int

    def new_schedule_id(self) -> str | NotSent:
        """Get an id from the provider. The attempt submitted with it (`Outgoing.schedule_id`) can be cancelled."""
        ...

    def cancel(self, schedule_id: str) -> bool:
        """Cancels whatever came or will come under this id, and asks the provider to confirm it. True only when it is
        confirmed; False also when nobody answers. May be called again."""
        ...


@runtime_checkable
class LogLookup(Protocol):
    """A transport whose provider can be asked what it did with an attempt whose outcome is unknown."""

    def find_in_log(self, attempt: str, emails: Sequence[str]) -> str:
        """'accepted' when the provider's log shows the attempt, '' when it shows nothing, which proves nothing."""
        ...


@runtime_checkable
class CapabilityReport(Protocol):
    """A transport that can tell what this account or key does not allow, though letters go all the same."""

    def missing_capabilities(self) -> tuple[str, ...]:
        """A sentence for each thing that works less well than it could; asks the provider and mails nobody."""
        ...


@dataclass(frozen=True, slots=True)
class SuppressionEntry:
    """An entry of a provider's own list of whom it mails no more; `kind` as of an event: bounced, complained, left."""

    email: str
    kind: str
    at: datetime
    reason: str = ""


class SuppressionsUnavailable(Exception):
    """A provider's list can't be read; the message says why, in words that follow the list's name."""


Wait = Callable[[float], bool]
"""Waits so many seconds; true when the run is asked to end meanwhile."""


@runtime_checkable
class SuppressionSource(Protocol):
    """A transport whose provider keeps lists of whom it mails no more: what an event that was lost would have said."""

    name: str
    lists: tuple[str, ...]

    def list_suppressions(
        self, list: str, since: datetime | None, until: datetime, wait: Wait
    ) -> Iterator[Sequence[SuppressionEntry]]:
        """What came to a list between the moments (None: ever), in parts. Raises CantTell, maybe after some of them."""
        ...


class Ledger(Protocol):
    """The memory of who got what. Every call is one durable transaction, but for those within `transaction`."""

    def transaction(self) -> AbstractContextManager[None]:
        """What this thread calls within the block is one transaction, durable when the block ends, and nothing of it
        is done when it raises."""
        ...

    def claim(
        self,
        most: int,
        edition: str,
        transport: str,
        now: datetime,
        max_tries: int,
        ahead: ScheduleWindow | None = None,
    ) -> Sequence[Claim]:
        """The next due batches, up to `most`, tried less than `max_tries` times in this run, marked `submitting` with
        an attempt row each before this returns; none only when there is none. Readers who may no longer be mailed are
        excluded here."""
        ...

    def next_batch_size(
        self, edition: str, transport: str, now: datetime, max_tries: int, ahead: ScheduleWindow | None = None
    ) -> int:
        """How many readers the batch has that `claim` would give first now; 0 where there is none."""
        ...

    def reset_tries(self, edition: str) -> None:
        """Gives every pending batch its tries back: another transport takes over."""
        ...

    def record_schedule_id(self, attempt: str, schedule_id: str) -> None:
        """Durably notes the provider's id BEFORE it is used."""
        ...

    def begin_cancellation(
        self, edition: str, transport: Cancellable, now: datetime, *, but: Collection[str] = ()
    ) -> Cancellation | None:
        """The next attempt to recall, marked and counted as recalled before a byte leaves; None when there is none
        that can be: too late, or too many recalls are open at the provider already. `but` are not tried again."""
        ...

    def confirm_cancellation(self, attempt: str, now: datetime) -> None:
        """The provider has confirmed it: nobody gets the letter by this attempt, and its batch is pending again."""
        ...

    def record_started(self, attempt: str, reader: int) -> None: ...

    def record_rejected(self, attempt: str, reader: int, reason: str) -> None: ...

    def record_deferred(self, attempt: str, reader: int) -> None: ...

    def settle(self, attempt: str, outcome: Outcome, now: datetime) -> None: ...

    def record_accepted(self, accepted: Sequence[tuple[Claim, Accepted]], now: datetime) -> None:
        """As `settle` of each, in fewer steps."""
        ...


class SendRateLimiter(Protocol):
    """How many readers may go by a transport, counted so that it holds across restarts and processes."""

    def take(self, transport: str, readers: int, now: datetime) -> float:
        """Counts the readers and answers 0; or counts nobody and answers the seconds until they may go."""
        ...

    def put_back(self, transport: str, readers: int) -> None:
        """These were counted and have certainly not gone."""
        ...
