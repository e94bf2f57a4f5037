"""What a hand of the sender does with one batch: submits it, under a fence where it goes ahead. And recalls what is in
doubt. Decides nothing about what comes next, and shares nothing with other hands but the ledger and the transports.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from digest.deliver.job import Job
from digest.deliver.message import Outgoing, inline_images, recipients
from digest.deliver.notes import Notes
from digest.deliver.outcome import NotSent, Outcome, Retryable, Unknown, resend_unknown
from digest.deliver.ports import Cancellable, Cancellation, Claim, Transport


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """What came of an attempt, and the fence under which it was submitted, or ''. `failure` is what the ledger raised
    before anything was submitted, and ends the run. `seconds`: how long it took."""

    outcome: Outcome
    schedule_id: str = ""
    failure: Exception | None = None
    seconds: float = 0.0


class BeginCancellation(Protocol):
    """As `Ledger.begin_cancellation`."""

    def __call__(
        self, edition: str, transport: Cancellable, now: datetime, *, but: Collection[str] = ()
    ) -> Cancellation | None: ...


def attempt(job: Job, transport: Transport, claim: Claim) -> AttemptResult:
    """Submits a batch that is ours. Raises what the ledger raises while the transport keeps its journal."""
    began = time.monotonic()
    came = _submit(job, transport, claim)
    outcome = came.outcome
    if isinstance(outcome, Unknown) and transport.recovery == "redo":
        outcome = Retryable(outcome.reason)
    if job.resend:
        outcome = resend_unknown(outcome)
    return replace(came, outcome=outcome, seconds=time.monotonic() - began)


def recall(job: Job) -> list[tuple[Cancellation, bool]]:
    """Recalls what is in doubt and has a fence; what is recalled waits to be sent again."""
    return cancel_each(
        job.edition, job.transports, job.ledger.begin_cancellation, job.ledger.confirm_cancellation, job.clock
    )


def cancel_each(
    edition: str,
    transports: Sequence[Transport],
    begin: BeginCancellation,
    end: Callable[[str, datetime], None],
    clock: Callable[[], datetime],
) -> list[tuple[Cancellation, bool]]:
    """Recalls what `begin` gives, one after the other. Answers each with whether the provider has confirmed it."""
    told: list[tuple[Cancellation, bool]] = []
    tried = set[str]()
    for transport in (one for one in transports if isinstance(one, Cancellable)):
        while found := begin(edition, transport, clock(), but=tried):
            tried.add(found.attempt)
            confirmed = transport.cancel(found.schedule_id)
            if confirmed:
                end(found.attempt, clock())
            told.append((found, confirmed))
    return told


def _submit(job: Job, transport: Transport, claim: Claim) -> AttemptResult:
    schedule_id = ""
    if claim.send_at is not None:
        # Only a transport with a fence is given a batch ahead of its time.
        opened = transport.new_schedule_id() if isinstance(transport, Cancellable) else NotSent("it has no fence")
        if isinstance(opened, NotSent):
            return AttemptResult(opened)
        schedule_id = opened
        job.ledger.record_schedule_id(claim.attempt, schedule_id)
    try:
        outgoing = _outgoing(job, claim, schedule_id)
    except Exception as error:
        return AttemptResult(NotSent(f"{type(error).__name__}: {error}"), schedule_id, error)
    notes = Notes(job.ledger, claim.attempt, job.stop)
    try:
        return AttemptResult(transport.submit(outgoing, notes), schedule_id)
    except Exception as error:
        if notes.failure is not None:  # the attempt stays as it is noted, for the next run to recover
            raise notes.failure from None
        # A transport that breaks its word may have sent: the only honest end is Unknown.
        return AttemptResult(Unknown(f"{type(error).__name__}: {error}"), schedule_id)


def _outgoing(job: Job, claim: Claim, schedule_id: str) -> Outgoing:
    return Outgoing(
        edition=job.edition,
        batch=str(claim.batch),
        attempt=claim.attempt,
        letter=job.letters[claim.variant],
        sender=job.sender,
        recipients=recipients(claim.readers, job.sender, job.token),
        pictures=inline_images(job.letters[claim.variant], job.pictures),
        schedule_id=schedule_id,
        send_at=int(claim.send_at.timestamp()) if claim.send_at else 0,
    )
