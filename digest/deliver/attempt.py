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
from digest.deliver.message import Outgoing, carried, recipients
from digest.deliver.notes import Notes
from digest.deliver.outcome import NotSent, Outcome, Redo, Unknown, without_doubt
from digest.deliver.ports import Claim, Fence, Recall, Transport


@dataclass(frozen=True, slots=True)
class Attempted:
    """What came of an attempt, and the fence under which it was submitted, or ''. `failure` is what the ledger raised
    before anything was submitted, and ends the run. `seconds`: how long it took."""

    outcome: Outcome
    fence: str = ""
    failure: Exception | None = None
    seconds: float = 0.0


class BeginRecall(Protocol):
    """As `Ledger.begin_recall`."""

    def __call__(self, edition: str, fence: Fence, now: datetime, *, but: Collection[str] = ()) -> Recall | None: ...


def attempt(job: Job, transport: Transport, claim: Claim) -> Attempted:
    """Submits a batch that is ours. Raises what the ledger raises while the transport keeps its journal."""
    began = time.monotonic()
    came = _submit(job, transport, claim)
    outcome = came.outcome
    if isinstance(outcome, Unknown) and transport.recovery == "redo":
        outcome = Redo(outcome.reason)
    if job.resend:
        outcome = without_doubt(outcome)
    return replace(came, outcome=outcome, seconds=time.monotonic() - began)


def recall(job: Job) -> list[tuple[Recall, bool]]:
    """Recalls what is in doubt and has a fence; what is recalled waits to be sent again."""
    return recall_each(job.edition, job.transports, job.ledger.begin_recall, job.ledger.end_recall, job.clock)


def recall_each(
    edition: str,
    transports: Sequence[Transport],
    begin: BeginRecall,
    end: Callable[[str, datetime], None],
    clock: Callable[[], datetime],
) -> list[tuple[Recall, bool]]:
    """Recalls what `begin` gives, one after the other. Answers each with whether the provider has confirmed it."""
    told: list[tuple[Recall, bool]] = []
    tried = set[str]()
    for fence in (one for one in transports if isinstance(one, Fence)):
        while found := begin(edition, fence, clock(), but=tried):
            tried.add(found.attempt)
            confirmed = fence.recall(found.fence)
            if confirmed:
                end(found.attempt, clock())
            told.append((found, confirmed))
    return told


def _submit(job: Job, transport: Transport, claim: Claim) -> Attempted:
    fence = ""
    if claim.send_at is not None:
        # Only a transport with a fence is given a batch ahead of its time.
        opened = transport.open_fence() if isinstance(transport, Fence) else NotSent("it has no fence")
        if isinstance(opened, NotSent):
            return Attempted(opened)
        fence = opened
        job.ledger.note_fence(claim.attempt, fence)
    try:
        outgoing = _outgoing(job, claim, fence)
    except Exception as error:
        return Attempted(NotSent(f"{type(error).__name__}: {error}"), fence, error)
    notes = Notes(job.ledger, claim.attempt, job.stop)
    try:
        return Attempted(transport.submit(outgoing, notes), fence)
    except Exception as error:
        if notes.failure is not None:  # the attempt stays as it is noted, for the next run to recover
            raise notes.failure from None
        # A transport that breaks its word may have sent: the only honest end is Unknown.
        return Attempted(Unknown(f"{type(error).__name__}: {error}"), fence)


def _outgoing(job: Job, claim: Claim, fence: str) -> Outgoing:
    return Outgoing(
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
