"""An in-memory ledger, a scripted transport, and a clock that runs fast."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Retryable, Split, Unknown
from digest.deliver.ports import Cancellable, Cancellation, Claim, RecipientLog, Recovery, ScheduleWindow
from digest.mail.message import Outgoing
from tests.deliver.emails import NOW

_BEGAN = time.monotonic()


def fast_clock() -> datetime:
    """A second of waiting is a few milliseconds."""
    return NOW + timedelta(seconds=(time.monotonic() - _BEGAN) * 300)


@dataclass
class Batch:
    number: int
    recipients: tuple[tuple[int, str], ...]
    state: str = "pending"
    tries: int = 0
    variant: str = "all"


class FakeLedger:
    """Batches in memory with the ledger's rules: claimed once, split by Rejected and Mixed, unknown ones stay."""

    def __init__(self, *sizes: int) -> None:
        ids = itertools.count(1)
        self.batches = [
            Batch(number, tuple((id, f"subscriber{id}@example.com") for id in itertools.islice(ids, size)))
            for number, size in enumerate(sizes, 1)
        ]
        self.lock = threading.Lock()
        self.attempts: dict[str, Batch] = {}
        self.outcomes: list[Outcome] = []
        # Attempt → its outcome.
        self.settled: dict[str, Outcome] = {}
        self.handed: list[int] = []
        self.rejected: list[int] = []
        self.claim_error: Exception | None = None
        self.settle_error: Exception | None = None
        self.handover_error: Exception | None = None
        self.note_error: Exception | None = None
        self.resumed: list[tuple[set[str], set[str]]] = []

    def states(self) -> list[tuple[str, int]]:
        """(state, number of recipients) of every batch that is not empty, in the order of their numbers."""
        return [(batch.state, len(batch.recipients)) for batch in self.batches if batch.recipients]

    def claim(
        self,
        most: int,
        edition: str,
        transport: str,
        now: datetime,
        max_tries: int,
        ahead: ScheduleWindow | None = None,
    ) -> Sequence[Claim]:
        found = (self._claim(max_tries) for _ in range(most))
        return [claim for claim in found if claim]

    def record_handover(self) -> None:
        if self.handover_error:
            raise self.handover_error

    def _claim(self, max_tries: int) -> Claim | None:
        with self.lock:
            if self.claim_error:
                raise self.claim_error
            for batch in self.batches:
                if batch.state == "pending" and batch.tries < max_tries and batch.recipients:
                    batch.state, batch.tries = "submitting", batch.tries + 1
                    name = f"attempt-{len(self.attempts)}"
                    self.attempts[name] = batch
                    return Claim(batch.number, name, batch.variant, batch.recipients)
            return None

    def record_accepted(self, accepted: Sequence[tuple[Claim, Accepted]], now: datetime) -> None:
        for claim, outcome in accepted:
            self.settle(claim.attempt, outcome, now)

    def transaction(self) -> AbstractContextManager[None]:
        return nullcontext()

    def resume(self, in_flight: Collection[str], in_doubt: Collection[str], now: datetime) -> None:
        self.resumed.append((set(in_flight), set(in_doubt)))
        for name, batch in self.attempts.items():
            if batch.state == "submitting" and name not in (*in_flight, *in_doubt):
                batch.state = "pending"

    def next_batch_size(
        self, edition: str, transport: str, now: datetime, max_tries: int, ahead: ScheduleWindow | None = None
    ) -> int:
        ready = [b for b in self.batches if b.state == "pending" and b.tries < max_tries]
        return len(ready[0].recipients) if ready else 0

    def reset_tries(self, edition: str) -> None:
        for batch in self.batches:
            batch.tries = 0 if batch.state == "pending" else batch.tries

    def record_schedule_id(self, attempt: str, schedule_id: str) -> None:
        raise NotImplementedError("schedule ids are tested on the real ledger")

    def begin_cancellation(
        self, edition: str, transport: Cancellable, now: datetime, excluding: Collection[str] = ()
    ) -> Cancellation | None:
        raise NotImplementedError("schedule ids are tested on the real ledger")

    def confirm_cancellation(self, attempt: str, now: datetime) -> None:
        raise NotImplementedError("schedule ids are tested on the real ledger")

    def record_started(self, attempt: str, recipient: int) -> None:
        if self.note_error:
            raise self.note_error
        self.handed.append(recipient)

    def record_rejected(self, attempt: str, recipient: int, reason: str) -> None:
        self.rejected.append(recipient)

    def record_deferred(self, attempt: str, recipient: int, reason: str) -> None:
        raise NotImplementedError("no transport of these tests puts anyone off")

    def settle(self, attempt: str, outcome: Outcome, now: datetime) -> None:
        with self.lock:
            if self.settle_error:
                raise self.settle_error
            batch = self.attempts[attempt]
            if attempt in self.settled:
                assert self.settled[attempt] == outcome
                return
            assert batch.state == "submitting"
            self.settled[attempt] = outcome
            self.outcomes.append(outcome)
            match outcome:
                case Accepted():
                    batch.state = "accepted"
                case NotSent() | Retryable():
                    batch.state = "pending"
                case Unknown():
                    batch.state = "unknown"
                case Split():
                    middle = (len(batch.recipients) + 1) // 2
                    self._new("pending", batch.recipients[:middle], 0)
                    self._new("pending", batch.recipients[middle:], 0)
                    batch.state, batch.recipients = "empty", ()
                case Rejected(recipients):
                    self._split(batch, PerRecipient(rejected=recipients))
                case PerRecipient():
                    self._split(batch, outcome)

    def _split(self, batch: Batch, outcome: PerRecipient) -> None:
        rest = [recipient for recipient in batch.recipients if recipient[0] not in outcome.rejected]
        parts = {"accepted": outcome.accepted, "unknown": frozenset(outcome.unknown)}
        for state, ids in parts.items():
            self._new(state, [recipient for recipient in rest if recipient[0] in ids], batch.tries)
            rest = [recipient for recipient in rest if recipient[0] not in ids]
        self._new("pending", rest, batch.tries)
        batch.state, batch.recipients = "empty", ()

    def _new(self, state: str, recipients: Sequence[tuple[int, str]], tries: int) -> None:
        if recipients:
            self.batches.append(Batch(len(self.batches) + 1, tuple(recipients), state, tries))


Act = Callable[[Outgoing, RecipientLog], Outcome] | Outcome | Exception


@dataclass
class Scripted:
    """Gives each submission the next entry of the script, Accepted when it is used up."""

    script: list[Act] = field(default_factory=list)
    name: str = "scripted"
    recovery: Recovery = "hold"
    submitted: list[Outgoing] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def submit(self, outgoing: Outgoing, log: RecipientLog) -> Outcome:
        with self.lock:
            self.submitted.append(outgoing)
            act = self.script.pop(0) if self.script else Accepted("id")
        if isinstance(act, Exception):
            raise act
        return act(outgoing, log) if callable(act) else act

    def probe(self) -> str | None:
        return None

    def close(self) -> None:
        pass
