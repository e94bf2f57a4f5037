"""The day, step by step: collect, compose, enqueue, deliver, close. Start reading here.

Every step can be repeated at any time. A repeated step skips what is done and continues with the rest.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from digest.app import App
from digest.deliver.attempt import DeliveryJob
from digest.deliver.report import RejectionWatch, SendReport
from digest.deliver.shutdown import abort_after_grace
from digest.deliver.worker import send_due
from digest.errors import DigestError
from digest.mail.message import content_ids
from digest.models import WAITING_STATES, Edition, EditionState, RenderedEmail, is_breaking, is_special
from digest.store import meta
from digest.store.locks import Lock, exclusive, urgent, urgent_waits
from digest.store.sending.recovery import in_flight_elsewhere
from digest.store.sending.status import counts, pending
from digest.usecases.compose import ComposeResult, edition_key
from digest.usecases.enqueue import SendRequest
from digest.usecases.send_result import SendResult, why_not_sent
from digest.utils.heartbeat import beat
from digest.utils.telemetry import span

if TYPE_CHECKING:
    from digest.collect.collector import CollectReport, SourceReport

# Seconds.
_LOCK_WAIT = 5.0
# While another edition is enqueued.
_JOB_WAIT = 50.0
# Breaking news waits longer: another process lends its lock when its batches in flight are done.
_URGENT_LOCK_WAIT = 50.0
# Seconds between checks whether breaking news waits.
_URGENT_POLL = 0.5
# Seconds between checks of the batches that workers have in flight.
_OTHERS_POLL = 0.25
# An untouched draft of this age is composed again before it is sent.
_STALE_AFTER = timedelta(minutes=30)

_TO_ALL_NOW = SendRequest()

Progress = Callable[[int, int], None]
"""Called with the number of recipients done, and of all that were pending."""


def key_of_today(app: App, *, slug: str = "") -> str:
    """Return the key of today's edition, or of a special one of today. Raises ConfigurationError."""
    return edition_key(app.now().date(), slug)


def collect(
    app: App,
    *,
    progress: Callable[[SourceReport], None] | None = None,
    patient: bool = False,
    part: tuple[int, int] = (0, 1),
) -> CollectReport:
    """Fetch every source and store what is new. `patient` fetches sources that keep failing less often.

    `part`, such as (0, 4), fetches the first of four parts of the sources.
    """
    from digest.collect.collector import collect as collect_sources

    number, of = part
    return collect_sources(
        app.sources[number::of],
        app.collect_context(),
        app.articles,
        listed=frozenset(source.name for source in app.sources),
        progress=progress,
        patient=patient,
    )


def compose(
    app: App,
    key: str,
    *,
    fetch: bool = True,
    on_source: Callable[[SourceReport], None] | None = None,
    store: bool = True,
) -> ComposeResult:
    """Compose a draft edition, or a skipped one with its reason.

    Collects first, unless `fetch` is false. `on_source` is called for each source when it is collected. An alert
    edition is written again from its stored articles. Without `store` no edition is stored or changed.
    """
    with span("compose", edition=key):
        if is_breaking(key):
            stored = None if store else app.editions.get(key)
            return ComposeResult(stored or app.breaking.rewrite(key))
        return app.composer.compose(key, fetch=fetch, on_source=on_source, store=store)


def send(
    app: App,
    key: str,
    request: SendRequest = _TO_ALL_NOW,
    *,
    stop: threading.Event | None = None,
    progress: Progress | None = None,
    # Called for each source when it is collected.
    on_source: Callable[[SourceReport], None] | None = None,
    # False leaves the delivery to workers, who are called. Their jobs wait longer for their turn to enqueue.
    deliver: bool = True,
) -> SendResult:
    """Compose the edition if needed, enqueue everyone who has no place in it yet, and deliver what is due.

    Can run at any time and any number of times: a subscriber has at most one place in an edition. A provider that can
    cancel scheduled sends gets batches up to `delivery.lead` ahead of their time. Sending an alert edition approves it,
    and takes precedence over other sends.

    Raises AlreadyRunning while another process is sending, PreflightFailed for an email with errors, BreakingRefused
    for an alert edition that must not be sent, ConfigurationError for samples by real email, and StoreError for an
    older copy of the store.
    """
    stop = stop or threading.Event()
    # A faulty list stops the send, so it is read first.
    app.subscriber_list.sync()
    app.check_credentials()
    app.example_domain_guard.refuse_example_domain()
    with (
        span("send", edition=key),
        _turn_to_send(app, key, request.force, _LOCK_WAIT if deliver else _JOB_WAIT) as lock,
        _requested_time(app, key, request.at, stop) as (at, resumed),
    ):
        app.high_water.check()
        notes = app.recovery.recover(key)
        before = app.editions.get(key)
        edition, failures = _ensure_ready(app, key, stop, on_source)
        notes += (*resumed, *failures)
        if edition.state not in (EditionState.APPROVED, EditionState.SENDING, EditionState.DONE):
            all_failed = edition.state == EditionState.SKIPPED and 0 < len(app.sources) <= len(failures)
            notes += why_not_sent(edition)
            return SendResult(edition, counts(app.database, key), notes=notes, all_sources_failed=all_failed)
        if stop.is_set():
            return SendResult(edition, counts(app.database, key), notes=("Stopped before anything was sent.",))
        if before is None or before.composed_at != edition.composed_at:
            # Composing may have taken a while, and the list may have been edited meanwhile.
            app.subscriber_list.sync()
        app.sample_guard.refuse(edition)
        app.editions.assign_number(key, app.calendar.earlier_planned(key, app.now()))
        edition = app.editions.get(key) or edition
        enqueued = app.enqueuer.enqueue(edition, replace(request, at=at))
        lock.downgrade()
        notes += enqueued.notes
        if not deliver:
            app.ledger.finish(key, app.now())
            return SendResult(app.editions.get(key) or edition, counts(app.database, key), enqueued.placed, notes=notes)
        sent = _deliver(app, key, lock, stop, progress)
        sent = replace(sent, placed=enqueued.placed, notes=(*notes, *sent.notes))
        return sent if app.seats is None else _with_others(app, sent, stop)


def _with_others(app: App, sent: SendResult, stop: threading.Event) -> SendResult:
    """Wait for the batches that workers have in flight, and return the outcome of the edition with them."""
    key = sent.edition.key
    while in_flight_elsewhere(app.database, key) and not stop.wait(_OTHERS_POLL):
        beat()
    app.ledger.finish(key, app.now())
    return replace(sent, edition=app.editions.get(key) or sent.edition, counts=counts(app.database, key))


@contextmanager
def _turn_to_send(app: App, key: str, force: str | None, wait: float) -> Iterator[Lock]:
    """Hold the `sending` lock. An alert edition is checked first, and need not wait for another send to end."""
    if not is_breaking(key):
        with exclusive(app.database, "sending", wait=wait) as lock:
            yield lock
        return
    with urgent(app.database, wait=_LOCK_WAIT):
        app.breaking.check(key, force)
        with exclusive(app.database, "sending", wait=_URGENT_LOCK_WAIT) as lock:
            yield lock


def place_held(app: App, key: str) -> None:
    """Enqueue the recipients of an edition that may have been sent before the store was restored, as unknown.

    Mails nobody until an operator decides. A draft counts as approved, because the operator says that it was sent.
    Raises the errors of `send`.
    """
    app.subscriber_list.sync()
    with exclusive(app.database, "sending", wait=_LOCK_WAIT):
        app.high_water.check()
        app.editions.move(key, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
        edition = app.editions.get(key)
        if edition is None or edition.state != EditionState.APPROVED:
            state = edition.state if edition else "not in the store"
            raise DigestError(f"Edition {key} is {state}: only an approved edition, or a draft, can have been sent.")
        app.sample_guard.refuse(edition)
        app.editions.assign_number(key, app.calendar.earlier_planned(key, app.now()))
        app.enqueuer.enqueue(edition)


def deliver_due(app: App, key: str, *, stop: threading.Event) -> SendResult | None:
    """Deliver the due batches of a frozen edition, and close it when all are done. Called by the scheduler.

    Returns None if nothing is due. Skips subscribers who have left the list since.
    """
    edition = app.editions.get(key)
    if edition is None or edition.state != EditionState.SENDING:
        return None
    if not app.ledger.is_due(key, app.now(), app.schedule_window):
        app.ledger.finish(key, app.now())
        return None
    app.subscriber_list.sync()
    app.sample_guard.refuse(edition)
    with exclusive(app.database, "sending", wait=0.0) as lock:
        app.high_water.check()
        notes = app.recovery.recover(key)
        lock.downgrade()
        sent = _deliver(app, key, lock, stop, None)
        return replace(sent, notes=(*notes, *sent.notes))


def call_seats(app: App, key: str) -> None:
    """Call workers to a frozen edition if a batch is due, and close it when all batches are done."""
    app.subscriber_list.sync()
    if app.seats is not None and app.ledger.is_due(key, app.now(), app.schedule_window):
        app.seats.call(key)
    else:
        app.ledger.finish(key, app.now())


def take_seat(app: App, key: str, *, stop: threading.Event, progress: Progress | None = None) -> SendResult | None:
    """Deliver due batches of a frozen edition, together with other processes.

    Needs PostgreSQL. Returns None if nothing is due. Each process claims batch by batch, so none waits for another.
    """
    edition = app.editions.get(key)
    if edition is None or edition.state != EditionState.SENDING:
        return None
    app.high_water.check()
    notes = app.recovery.recover(key)
    if not app.ledger.is_due(key, app.now(), app.schedule_window):
        app.ledger.finish(key, app.now())
        return None
    app.sample_guard.refuse(edition)
    sent = _deliver(app, key, None, stop, progress)
    return replace(sent, notes=(*notes, *sent.notes))


def recompose_older_drafts(app: App, alert: str) -> tuple[str, ...]:
    """Compose the drafts again that are older than an alert edition, so that they do not repeat its story.

    Returns a sentence for each edition that a person should check.
    """
    sent_at = app.editions.frozen_at(alert)
    notes = []
    for edition in app.editions.unfinished():
        older = sent_at and edition.composed_at and edition.composed_at < sent_at
        if not older or is_breaking(edition.key) or edition.state not in WAITING_STATES:
            continue
        if edition.state == EditionState.DRAFT:
            again = compose(app, edition.key, fetch=False).edition
            notes.append(
                f"Edition {edition.key} was composed again, because it may have had this story: {again.state}."
            )
        else:
            notes.append(
                f"Edition {edition.key} was approved before and may repeat this story. "
                f"To compose it again: digest edition reopen {edition.key} && digest compose"
                f"{f' --slug {edition.key}' if is_special(edition.key) else ''}"
            )
    return tuple(notes)


def send_test(app: App, key: str, addresses: Sequence[str]) -> tuple[Edition, list[str]]:
    """Send a marked test to these addresses only.

    The ledger does not record it; the store remembers when it was sent. Returns the edition, and a sentence for each
    address whose test was not handed over.
    """
    app.check_credentials()
    edition = app.editions.get(key) or compose(app, key).edition
    if edition.state == EditionState.SKIPPED:
        return edition, []
    return edition, app.draft_mailer.send(edition, addresses)


@contextmanager
def _requested_time(
    app: App, key: str, at: datetime | None, stop: threading.Event
) -> Iterator[tuple[datetime | None, tuple[str, ...]]]:
    """Keep the requested send time until everyone is enqueued, so that an interrupted run can be resumed with it.

    Yields the time of this call, or of an interrupted one, and a note about the latter.
    """
    before, note = meta.requested_time(app.database, key), ""
    if at is not None:
        meta.save_requested_time(app.database, key, at)
    elif before is not None and not counts(app.database, key).frozen:
        when = f"{before.astimezone(app.settings.newsletter.zone):%Y-%m-%d %H:%M}"
        at = before if before > app.now() else None
        then = "It is sent then; choose another time with --at." if at else "That time is past, so it is sent now."
        note = f"An interrupted run scheduled edition {key} for {when}. {then}"
    try:
        yield at, (note,) if note else ()
    finally:
        if not stop.is_set() and (at is not None or before is not None):
            meta.delete_requested_time(app.database, key)


def _ensure_ready(
    app: App, key: str, stop: threading.Event, on_source: Callable[[SourceReport], None] | None
) -> tuple[Edition, tuple[str, ...]]:
    """Return the edition, and the sources that failed.

    Composes a missing edition and a stale draft. Approves the draft if no approval is required.
    """
    edition = app.editions.get(key)
    auto = not app.requires_approval(key)
    failures: tuple[str, ...] = ()
    if edition is None or edition.state == EditionState.SKIPPED or (auto and _is_stale(app, edition)):
        composed = compose(app, key, on_source=on_source)
        edition = composed.edition
        if composed.collected:
            failures = tuple(f"source {s.name}: {s.error}" for s in composed.collected.sources if s.error)
    if edition.state == EditionState.DRAFT and auto and not stop.is_set():
        app.editions.move(key, EditionState.APPROVED, out_of=(EditionState.DRAFT,))
        edition = app.editions.get(key) or edition
    return edition, failures


def _is_stale(app: App, edition: Edition) -> bool:
    if is_breaking(edition.key):
        # A person sends what they have seen.
        return False
    if edition.state != EditionState.DRAFT or edition.composed_at is None or not app.editions.is_untouched(edition.key):
        return False
    return app.now() - edition.composed_at > _STALE_AFTER


@contextmanager
def _halted_by_breaking_news(app: App, key: str, stop: threading.Event) -> Iterator[threading.Event]:
    """Yield an event that is set when `stop` is, or when another process waits to send breaking news."""
    if not (app.database.sqlite and app.settings.breaking.enabled) or is_breaking(key):
        yield stop
        return
    halt, finished = threading.Event(), threading.Event()

    def watch() -> None:
        while not finished.wait(_URGENT_POLL):
            if stop.is_set() or urgent_waits(app.database):
                halt.set()
                return

    watcher = threading.Thread(target=watch, name="breaking news", daemon=True)
    watcher.start()
    try:
        yield halt
    finally:
        finished.set()
        watcher.join()


class _Emails(Mapping[str, RenderedEmail]):
    """The emails of an edition. An email that a correction adds during the send is read when it is needed."""

    def __init__(self, app: App, key: str) -> None:
        self._editions, self._key = app.editions, key
        self._known = self._editions.emails(key)

    def __getitem__(self, variant: str) -> RenderedEmail:
        if variant not in self._known:
            self._known = self._editions.emails(self._key)
        return self._known[variant]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def _deliver(app: App, key: str, lock: Lock | None, stop: threading.Event, progress: Progress | None) -> SendResult:
    """Deliver what is due. Without a `lock`, other processes deliver batches of the edition at the same time."""
    with span("deliver", edition=key) as measured:
        rejections = RejectionWatch(lambda: app.automatic_stop.check(key))
        report = _run(app, _delivery_job(app, key, rejections, progress), lock, stop)
        app.ledger.finish(key, app.now())
        edition = app.editions.get(key)
        if edition is None:
            raise DigestError(f"Edition {key} is no longer in the store.")
        notes: tuple[str, ...] = ()
        if rejections.reason:
            notes = (f"Sending was paused automatically: {rejections.reason}.", *why_not_sent(edition))
        # A seat has no lock. Many seats can run, so a seat counts batches and does not read every recipient.
        counted = counts(app.database, key, by_row=lock is not None)
        measured.set(accepted=counted.accepted, pending=counted.pending, unknown=counted.unknown)
        return SendResult(edition, counted, report=report, notes=notes)


def _delivery_job(app: App, key: str, rejections: RejectionWatch, progress: Progress | None) -> DeliveryJob:
    total = pending(app.database, key)
    done = 0

    def step(recipients: int) -> None:
        nonlocal done
        done += recipients
        if progress:
            progress(done, total)

    settings = app.settings.delivery
    emails = _Emails(app, key)
    return DeliveryJob(
        edition=key,
        emails=emails,
        images=app.articles.images.load(content_ids(emails.values())),
        sender=app.sender,
        ledger=app.ledger,
        transports=app.transports,
        sign=app.signer.sign_email,
        clock=app.clock,
        threads=settings.threads,
        tries=settings.tries,
        progress=step,
        schedule_window=app.schedule_window,
        resend_unknown=settings.on_unknown == "resend",
        rate_limiter=app.rate_limiter,
        rejections=rejections,
    )


def _run(app: App, job: DeliveryJob, lock: Lock | None, stop: threading.Event) -> SendReport:
    """Run the job until nothing is due. Breaking news may interrupt it and borrow the lock."""
    report = SendReport()
    while True:
        with (
            app.ledger.running(),
            abort_after_grace(stop, app.transports),
            _halted_by_breaking_news(app, job.edition, stop) as halt,
        ):
            report = report.plus(send_due(replace(job, stop=halt)))
        # Connections belong to the run's threads, which have ended.
        for transport in app.transports:
            transport.close()
        if not halt.is_set() or stop.is_set() or lock is None or not lock.lend(stop):
            return report
        app.high_water.check()
