"""Deliver one batch from a worker thread, and cancel scheduled attempts whose outcome is unknown.

A scheduled batch is submitted with an id by which the provider can cancel it. Worker threads share only the ledger and
the transports.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from digest.deliver.outage import Outages
from digest.deliver.outcome import NotSent, Outcome, Retryable, Unknown, resend_unknown, with_reasons
from digest.deliver.ports import (
    Cancellable,
    Cancellation,
    Claim,
    Ledger,
    Progress,
    ScheduleWindow,
    SendRateLimiter,
    Transport,
)
from digest.deliver.report import RejectionWatch
from digest.errors import TakenOver
from digest.mail.message import Outgoing, Sender, Sign, inline_images, recipients, without_controls
from digest.models import InlineImage, RenderedEmail
from digest.utils.redact import redact
from digest.utils.telemetry import span


@dataclass(frozen=True)
class DeliveryJob:
    """An edition to deliver, with its emails, transports and options."""

    edition: str
    # Variant → email.
    emails: Mapping[str, RenderedEmail]
    sender: Sender
    ledger: Ledger
    # The first one is used. If it fails, the next one takes over the batches that were definitely not sent.
    transports: Sequence[Transport]
    # Signs the recipients' links.
    sign: Sign
    clock: Callable[[], datetime]
    threads: int = 4
    tries: int = 5
    # Ends the run early.
    stop: threading.Event = field(default_factory=threading.Event)
    # Called with the number of recipients settled since the last call; negative after a cancellation.
    progress: Callable[[int], None] = lambda _recipients: None
    # Content-ID → image, for all images that the emails show.
    images: Mapping[str, InlineImage] = field(default_factory=dict)
    # How early a batch is scheduled at a provider that can cancel it; None schedules nothing.
    schedule_window: ScheduleWindow | None = None
    # Whether a batch whose outcome is unknown is sent again.
    resend_unknown: bool = False
    rate_limiter: SendRateLimiter | None = None
    # Ends the run when too many recipients are rejected.
    rejections: RejectionWatch = field(default_factory=RejectionWatch)


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The result of an attempt."""

    outcome: Outcome
    # The provider's id if the attempt was scheduled.
    schedule_id: str | None = None
    # Raised by the ledger before anything was submitted. It ends the run.
    failure: Exception | None = None
    # Whether it ended early, because another run has taken over the batch. The outcome says how far it got.
    taken_over: bool = False


@dataclass(slots=True)
class Pace:
    """The progress of an attempt that sends to one recipient at a time. Only its thread changes `begun`."""

    begun: int = 0
    # The number of recipients already reported as done; only the run's thread uses it.
    shown: int = 0

    @property
    def done(self) -> int:
        return max(self.begun - 1, 0)


@dataclass(slots=True)
class AttemptLog:
    """A `ports.RecipientLog` of one attempt, kept in the ledger. It waits while the store is unavailable."""

    ledger: Progress
    attempt: str
    stop: threading.Event
    outages: Outages
    rejections: RejectionWatch
    pace: Pace
    # The error that the ledger raised. A transport may swallow it; the sender must not.
    failure: Exception | None = None

    def started(self, recipient: int) -> None:
        self._record(self.ledger.record_started, recipient)
        self.pace.begun += 1

    def rejected(self, recipient: int, reason: str) -> None:
        self._record(self.ledger.record_rejected, recipient, _clean(reason))
        self.rejections.count(1)

    def deferred(self, recipient: int, reason: str) -> None:
        self._record(self.ledger.record_deferred, recipient, _clean(reason))

    def should_stop(self) -> bool:
        return self.stop.is_set() or self.rejections.paused

    def _record(self, record: Callable[..., None], *values: object) -> None:
        try:
            self.outages.wait_through(partial(record, self.attempt, *values))
        except Exception as error:
            self.failure = error
            raise


# The signature of `Cancellations.begin_cancellation`.
BeginCancellation = Callable[[str, Cancellable, datetime, Collection[str]], Cancellation | None]


def attempt(job: DeliveryJob, transport: Transport, claim: Claim, outages: Outages, pace: Pace) -> AttemptResult:
    """Submit a claimed batch. The outcome's texts have no secrets and no control characters.

    Raises StoreError if the ledger cannot record the progress of the attempt.
    """
    with span(
        "batch",
        edition=job.edition,
        batch=claim.batch,
        attempt=claim.attempt,
        transport=transport.name,
        recipients=len(claim.recipients),
    ) as measured:
        result = _submit(job, transport, claim, outages, pace)
        outcome = with_reasons(result.outcome, _clean)
        # A scheduled attempt is cancelled instead: its idempotency key belongs to its schedule id.
        if isinstance(outcome, Unknown) and transport.recovery == "redo" and result.schedule_id is None:
            outcome = Retryable(outcome.reason)
        if job.resend_unknown:
            outcome = resend_unknown(outcome)
        measured.set(outcome=type(outcome).__name__)
        return replace(result, outcome=outcome)


def _clean(text: str) -> str:
    return redact(without_controls(text))


def cancel_unknown(job: DeliveryJob, outages: Outages) -> list[tuple[Cancellation, bool]]:
    """Cancel scheduled attempts whose outcome is unknown, so that their batches can be sent again."""

    def begin(edition: str, transport: Cancellable, now: datetime, excluding: Collection[str]) -> Cancellation | None:
        return outages.wait_through(partial(job.ledger.begin_cancellation, edition, transport, now, excluding))

    def confirm(name: str, now: datetime) -> None:
        outages.wait_through(partial(job.ledger.confirm_cancellation, name, now))

    return cancel_each(job.edition, job.transports, begin, confirm, job.clock)


def cancel_each(
    edition: str,
    transports: Sequence[Transport],
    begin: BeginCancellation,
    confirm: Callable[[str, datetime], None],
    clock: Callable[[], datetime],
) -> list[tuple[Cancellation, bool]]:
    """Cancel the attempts that `begin` returns, one by one. Return each with whether the provider confirmed it."""
    results: list[tuple[Cancellation, bool]] = []
    tried = set[str]()
    for transport in transports:
        if not isinstance(transport, Cancellable):
            continue
        while found := begin(edition, transport, clock(), tried):
            tried.add(found.attempt)
            confirmed = transport.cancel(found.schedule_id)
            if confirmed:
                confirm(found.attempt, clock())
            results.append((found, confirmed))
    return results


def _submit(job: DeliveryJob, transport: Transport, claim: Claim, outages: Outages, pace: Pace) -> AttemptResult:
    schedule_id: str | None = None
    if claim.send_at is not None:
        if not isinstance(transport, Cancellable):
            return AttemptResult(NotSent(f"{transport.name} cannot cancel, so it is given no scheduled batches"))
        given = transport.new_schedule_id()
        if isinstance(given, NotSent):
            return AttemptResult(given)
        schedule_id = given
        try:
            outages.wait_through(partial(job.ledger.record_schedule_id, claim.attempt, schedule_id))
        except TakenOver as error:
            return AttemptResult(NotSent(str(error)), taken_over=True)
    try:
        outgoing = _outgoing(job, claim, schedule_id)
    except Exception as error:
        return AttemptResult(NotSent(f"{type(error).__name__}: {error}"), schedule_id, error)
    log = AttemptLog(job.ledger, claim.attempt, job.stop, outages, job.rejections, pace)
    try:
        outcome = transport.submit(outgoing, log)
        return AttemptResult(outcome, schedule_id, taken_over=isinstance(log.failure, TakenOver))
    except Exception as error:
        if isinstance(log.failure, TakenOver):
            return AttemptResult(Unknown(str(log.failure)), schedule_id, taken_over=True)
        if log.failure is not None:
            # The attempt stays as recorded, for the next run to recover.
            raise log.failure from None
        # Transports must not raise. One that does may have sent, so the outcome is unknown.
        return AttemptResult(Unknown(f"{type(error).__name__}: {error}"), schedule_id)


def _outgoing(job: DeliveryJob, claim: Claim, schedule_id: str | None) -> Outgoing:
    email = job.emails[claim.variant]
    return Outgoing(
        edition=job.edition,
        batch=str(claim.batch),
        attempt=claim.attempt,
        email=email,
        sender=job.sender,
        recipients=recipients(claim.recipients, job.sender, job.sign),
        images=inline_images(email, job.images),
        schedule_id=schedule_id,
        send_at=int(claim.send_at.timestamp()) if claim.send_at else None,
    )
