"""Compose, send and expire the planned editions, and continue those that are not finished."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from digest import pipeline
from digest.app import App
from digest.config.calendar import Calendar, PlannedEdition
from digest.config.loader import FILE_NAME
from digest.models import (
    BEGUN_STATES,
    WAITING_STATES,
    BatchState,
    Corrects,
    Edition,
    EditionState,
    is_breaking,
    is_special,
)
from digest.notify.alert import AlertKind, NoticeKind, deferred_texts, expired_texts
from digest.notify.conditions import are_many_deferred
from digest.scheduler.guard import JobGuard
from digest.scheduler.notices import Notices
from digest.scheduler.steps import EditionStep, hand_over_at, next_step
from digest.store.sending.revisions import count_by_state
from digest.store.sending.status import counts
from digest.usecases.breaking import BreakingRefused
from digest.usecases.compose import day_of
from digest.usecases.enqueue import SendRequest
from digest.usecases.send_result import SendResult
from digest.usecases.special import due_at
from digest.utils.telemetry import log_fields
from digest.utils.text import plural

# New subscribers get an edition that was handed over ahead until this long after its hour.
_LATE_SUBSCRIBERS = timedelta(minutes=5)
# An alert about one edition ends after this time, because it no longer matters.
_FOR_A_DAY = timedelta(days=1)
# How long a correction waits for late news of recipients who received the wrong text.
_CORRECTIONS_GROW = timedelta(days=3)
_TOO_LATE = "It was not sent in time (schedule.expires_after)."


@dataclass
class EditionJobs:
    """Composes, approves, sends and expires editions. `get_app` returns the App in use."""

    get_app: Callable[[], App]
    notices: Notices
    guard: JobGuard
    log: Callable[[str], None]
    warn: Callable[[str], None]
    stop: threading.Event
    # Whether workers deliver due batches instead of this job.
    hands_over: bool = False
    # Whether sending is suspended, because the list has errors and no earlier one is in use. `follow_list` reports it.
    without_list: bool = False
    # Editions that this process sent at or after their hour.
    _sent_on_time: set[str] = field(default_factory=set, init=False)
    # When the first `check` began.
    _began: datetime | None = field(default=None, init=False)
    # Correction edition → recipients of the wrong text when it was last sent.
    _corrected: dict[str, int] = field(default_factory=dict, init=False)

    @property
    def app(self) -> App:
        return self.get_app()

    def check(self) -> None:
        """Run the next step of each planned edition, send due batches, and expire old editions."""
        self._began = self._began or self.app.now()
        # Read once, so that all editions see the same one.
        calendar = self._read_calendar()
        for planned in calendar.current(self.app.now()):
            self._run(f"edition {planned.key}", planned.key, partial(self._check_planned, planned))
        self.guard.run(self.resume_cancellations)
        unfinished = self._unfinished_editions()
        self._forget_proposals(unfinished)
        for edition in unfinished:
            # Planned editions are checked above, by a job each with its own failures.
            work = partial(self._check_unfinished, edition, calendar.of(edition.key))
            self._run(f"unfinished edition {edition.key}", edition.key, work)

    def keys(self) -> list[str]:
        """Return the editions that `check` handles."""
        unfinished = self._unfinished_editions()
        self._forget_proposals(unfinished)
        planned = (each.key for each in self._read_calendar().current(self.app.now()))
        return list(dict.fromkeys((*planned, *(edition.key for edition in unfinished))))

    def check_one(self, key: str) -> None:
        """Run the next step of one of these editions."""
        calendar = self._read_calendar()
        for planned in calendar.current(self.app.now()):
            if planned.key == key:
                self._run(f"edition {key}", key, partial(self._check_planned, planned))
        for edition in self._unfinished_editions():
            if edition.key == key:
                work = partial(self._check_unfinished, edition, calendar.of(key))
                self._run(f"unfinished edition {key}", key, work)

    def _unfinished_editions(self) -> list[Edition]:
        """Return the unfinished editions, oldest first, and corrections that may still get more recipients."""
        found = {each.key: each for each in self.app.editions.unfinished()}
        since = self.app.now().date() - _CORRECTIONS_GROW
        return list((found | {each.key: each for each in self.app.editions.corrections(since)}).values())

    def _read_calendar(self) -> Calendar:
        calendar = self.app.calendar
        if fault := self.app.calendar_reader.fault:
            self.notices.notice(
                NoticeKind.HOLIDAYS, FILE_NAME, f"The holidays are those of before, because of a fault: {fault}"
            )
        else:
            self.notices.clear(NoticeKind.HOLIDAYS, FILE_NAME, "The holidays are valid again.")
        return calendar

    def _forget_proposals(self, unfinished: Sequence[Edition]) -> None:
        proposals = {edition.key for edition in unfinished if is_breaking(edition.key)}
        for key in self.notices.subjects(NoticeKind.BREAKING):
            if key not in proposals:
                self.notices.clear(NoticeKind.BREAKING, key, "It was sent, dropped, or is too old.")

    def resume_cancellations(self) -> None:
        """Retry cancellations at the provider that failed when their edition was stopped or corrected."""
        for stopped, recipients in self.app.stopper.resume_cancellations().items():
            self.log(f"Edition {stopped}: the provider cancelled the email of {recipients} more recipients.")
        for key, recipients in self.app.corrector.catch_up().items():
            self.log(f"Edition {key}: {recipients} more recipients get the corrected email.")

    def send_to_repaired(self) -> None:
        """Send today's editions to subscribers whom the last valid list lacked, unless it is too late."""
        self._sent_on_time.clear()
        now = self.app.now()
        for planned in self.app.calendar.current(now):
            edition = self.app.editions.get(planned.key)
            if edition is not None and edition.state in BEGUN_STATES and now <= planned.expires_at:
                self._send(planned)

    def notice_proposal(self, edition: Edition) -> None:
        """Announce a proposal of breaking news, until it expires."""
        story, until = next(edition.stories()), self.app.breaking.expires_at(edition)
        link = self.app.approval_link(edition.key)
        self.notices.notice(
            NoticeKind.BREAKING,
            edition.key,
            f"Breaking news? {story.title} ({', '.join(story.sources)}). {edition.reason} To send it before "
            f"{self._clock(until)}: {f'{link} or ' if link else ''}digest breaking send {edition.key}",
            until=until,
        )

    def log_plan(self) -> None:
        """Log which edition is next, and when. An edition whose hour is past is not next, but it is still due."""
        now = self.app.now()
        for planned in self.app.calendar.upcoming(now):
            if self._is_finished(planned.key):
                continue
            if planned.send_at <= now:
                self.log(
                    f"Edition {planned.key} was due at {self._clock(planned.send_at)}. What is missing is done now."
                )
                continue
            composed = f"composed at {self._moment(planned.compose_at)}, " if planned.compose_at > now else ""
            self.log(f"Next edition: {planned.key}, {composed}sent at {self._moment(planned.send_at)}.")
            return
        self.log("No edition is planned within a year: see schedule.days and schedule.holidays.")

    def _run(self, name: str, key: str, job: Callable[[], None]) -> None:
        with log_fields(edition=key):
            self.guard.run(job, name, until=self.app.now() + _FOR_A_DAY)

    def _check_planned(self, planned: PlannedEdition) -> None:
        key, now = planned.key, self.app.now()
        edition = self.app.editions.get(key)
        step = next_step(planned, edition, now, hand_over_at=hand_over_at(self.app, planned))
        if (
            step in (EditionStep.APPROVE, EditionStep.NOT_APPROVED)
            and planned.approve_by
            and self.app.editions.reopened_since(key, planned.approve_by)
        ):
            # Somebody wants to decide after all.
            step = EditionStep.AWAIT_APPROVAL
        if step == EditionStep.COMPOSE:
            self._compose(key)
        elif step == EditionStep.AWAIT_APPROVAL:
            self._notice_waiting(planned)
        elif step == EditionStep.APPROVE:
            self._approve(planned)
        elif step == EditionStep.NOT_APPROVED:
            self._expire(key, f"It was not approved by {self._clock(planned.approve_by)} (schedule.approve_by).")
        elif step == EditionStep.EXPIRE:
            self._expire(key, _TOO_LATE, deadline=planned.expires_at)
        elif step == EditionStep.SEND or self._has_late_subscribers(planned, edition, now):
            self._send(planned)
        elif edition is None and now > planned.expires_at:
            # A new newsletter has missed nothing, so this is only logged.
            is_late = self.app.editions.has_older(planned.send_at)
            kind = NoticeKind.MISSED if is_late else NoticeKind.NOT_PLANNED
            missed = f"{self._clock(planned.send_at)} was too long ago (schedule.expires_after)."
            self.notices.notice(kind, key, f"Edition {key} is not sent: {missed}", until=now + _FOR_A_DAY)

    def _check_unfinished(self, edition: Edition, planned: PlannedEdition | None) -> None:
        """Continue an edition that is being sent. Expire one that is no longer planned for today.

        Announce a proposal of breaking news, until it expires.
        """
        now, key = self.app.now(), edition.key
        if edition.corrects is not None:
            self._send_correction(edition, edition.corrects)
        if edition.state == EditionState.SENDING:
            self._expire_batches(key, now, planned)
            if self.without_list:
                return
            if self.hands_over:
                pipeline.call_seats(self.app, key)
            elif sent := pipeline.deliver_due(self.app, key, stop=self.stop):
                self.log_sent(sent)
        elif is_breaking(key):
            deadline = self.app.breaking.expires_at(edition)
            if edition.state == EditionState.APPROVED:
                self._send_breaking(key)
            elif now <= deadline:
                self.notice_proposal(edition)
            else:
                self._expire(key, _TOO_LATE, deadline=deadline)
        elif is_special(key) and edition.state == EditionState.APPROVED:
            self._send_special(key, now)
        elif planned is not None and now > planned.expires_at:
            self._expire(key, _TOO_LATE, deadline=planned.expires_at)
        elif planned is None and day_of(key) and edition.day < now.date():
            self._expire(key, "It is no longer in schedule.editions.", deadline=now)

    def _send_correction(self, edition: Edition, corrects: Corrects) -> None:
        """Send a correction to all who received the wrong text, also to those whose outcome was unknown until now."""
        if self.without_list:
            return
        counted = count_by_state(self.app.database, corrects.edition, revision=corrects.revision)
        received = counted.get(BatchState.ACCEPTED, 0)
        if received == self._corrected.get(edition.key):
            return
        if edition.state == EditionState.APPROVED and edition.day < self.app.now().date() - _CORRECTIONS_GROW:
            self._expire(edition.key, "Nobody received what it corrects.", deadline=self.app.now())
            return
        self.log_sent(self._send_now(edition.key))
        self._corrected[edition.key] = received

    def _send_breaking(self, key: str) -> None:
        """Send breaking news that a person approved on the page, or that an interrupted command approved."""
        if self.without_list:
            return
        try:
            sent = self._send_now(key)
        except BreakingRefused as refused:
            # It becomes a proposal again, so that a person decides.
            self.app.editions.move(key, EditionState.DRAFT, out_of=(EditionState.APPROVED,))
            self.warn(str(refused))
            return
        self.log_sent(sent)
        for line in pipeline.recompose_older_drafts(self.app, key):
            self.log(line)

    def _send_special(self, key: str, now: datetime) -> None:
        """Send a special edition that a person approved, at once or at the time that they chose."""
        due = due_at(self.app.editions.decisions(key))
        if due is None or now < due or self.without_list:
            return
        if now > (deadline := due + self.app.settings.schedule.expires_after):
            self._expire(key, _TOO_LATE, deadline=deadline)
        else:
            self.log_sent(self._send_now(key))

    def _compose(self, key: str) -> None:
        """Compose an edition into a draft, or into a skipped one with its reason."""
        edition = pipeline.compose(self.app, key).edition
        if edition.state == EditionState.SKIPPED:
            self.notices.notice(NoticeKind.SKIPPED, key, f"Edition {key} is skipped: {edition.reason}")
            return
        self.log(f"Composed edition {key}: {edition.subject}")
        for line in edition.warnings:
            self.warn(f"Edition {key}: {line}")
        if edition.widened_hours:
            self.notices.notice(NoticeKind.WIDENED, key, f"Edition {key}: {edition.reason}")

    def _notice_waiting(self, planned: PlannedEdition) -> None:
        until = planned.approve_by or planned.expires_at
        without = planned.approve_by is not None and planned.schedule.on_no_approval == "send"
        then = "then it is sent all the same" if without else "then it expires"
        self.notices.notice(
            NoticeKind.APPROVAL,
            planned.key,
            f"Edition {planned.key} waits for approval until {self._clock(until)}, {then}: "
            f"digest edition approve {planned.key}",
        )

    def _approve(self, planned: PlannedEdition) -> None:
        """Approve an edition that nobody has approved in time."""
        key = planned.key
        if self.app.editions.move(key, EditionState.APPROVED, out_of=(EditionState.DRAFT,)):
            why = f"nobody decided by {self._clock(planned.approve_by)} (schedule.on_no_approval: send)"
            self.app.editions.record_decision(key, EditionState.APPROVED, why, now=self.app.now())
            self.notices.notice(NoticeKind.APPROVED, key, f"Edition {key} is approved: {why}.")
            self._check_planned(planned)

    def _send(self, planned: PlannedEdition) -> None:
        """Send an edition to everyone who is due, each at their own hour."""
        if self.without_list:
            return
        on_time = self.app.now() >= planned.send_at
        sent = self._send_now(planned.key, scheduled=True)
        if on_time:
            self._sent_on_time.add(planned.key)
        if sent.edition.state == EditionState.DRAFT:
            self._notice_waiting(planned)
        else:
            self.log_sent(sent)

    def _send_now(self, key: str, *, scheduled: bool = False) -> SendResult:
        request = SendRequest(scheduled=scheduled)
        return pipeline.send(self.app, key, request, stop=self.stop, deliver=not self.hands_over)

    def _has_late_subscribers(self, planned: PlannedEdition, edition: Edition | None, now: datetime) -> bool:
        """Whether subscribers may have come since the edition was handed over ahead of its hour."""
        if edition is None or edition.state not in BEGUN_STATES:
            return False
        if planned.key in self._sent_on_time or not planned.send_at <= now <= planned.send_at + _LATE_SUBSCRIBERS:
            return False
        frozen_at = self.app.editions.frozen_at(planned.key)
        return frozen_at is not None and frozen_at < planned.send_at

    def _expire_batches(self, key: str, now: datetime, planned: PlannedEdition | None) -> None:
        """Give up batches that could not be handed over within `expires_after`, because their news is old."""
        limit = (planned.schedule if planned else self.app.settings.schedule).expires_after
        expired = self.app.ledger.expire(key, before=now - limit)
        if not expired.recipients:
            return
        unreached = plural(expired.recipients, "recipient")
        self.log(f"Edition {key} did not reach {unreached} in time. They do not get it.")
        accepted = counts(self.app.database, key).accepted
        if expired.others:
            is_missed = self._began is not None and expired.due_at is not None and expired.due_at + limit < self._began
            texts = expired_texts(key, expired.others, expired.problem, missed=is_missed)
        elif are_many_deferred(expired.deferred, accepted, self.app.settings.alerts.block_rate):
            texts = deferred_texts(key, expired.deferred)
        else:
            # A few full mailboxes are a line in the report.
            return
        self.notices.raise_alert(AlertKind.RECIPIENTS_EXPIRED, key, texts, until=now + _FOR_A_DAY)

    def _expire(self, key: str, reason: str, *, deadline: datetime | None = None) -> None:
        """Expire an edition, unless somebody composed or reopened it after the deadline: then a person sends it."""
        editions = self.app.editions
        if deadline is not None and (self._composed_since(key, deadline) or editions.reopened_since(key, deadline)):
            return
        if editions.move(key, EditionState.EXPIRED, out_of=WAITING_STATES, reason=reason):
            kind = NoticeKind.EXPIRED if deadline else NoticeKind.NOT_APPROVED
            self.notices.notice(
                kind, key, f"Edition {key} expired. {reason} `digest edition reopen {key}` brings it back."
            )

    def _composed_since(self, key: str, deadline: datetime) -> bool:
        edition = self.app.editions.get(key)
        return edition is not None and edition.composed_at is not None and edition.composed_at >= deadline

    def log_sent(self, sent: SendResult) -> None:
        """Log what a send did, or why it did nothing."""
        edition, counts = sent.edition, sent.counts
        if sent.report is None and edition.state in BEGUN_STATES:
            for note in sent.notes:
                self.log(note)
            if sent.placed:
                called = "the workers are called" if counts.pending else "nothing is pending"
                self.log(f"Edition {edition.key}: {plural(sent.placed, 'recipient')} enqueued; {called}.")
            return
        if sent.report is None:
            if edition.state == EditionState.SKIPPED:
                self.notices.notice(
                    NoticeKind.SKIPPED, edition.key, f"Edition {edition.key} is skipped: {edition.reason}"
                )
                return
            for note in sent.notes or (f"Edition {edition.key} is {edition.state}: {edition.reason}",):
                self.log(note)
            return
        for note in sent.notes:
            self.log(note)
        for problem in sent.report.problems:
            self.warn(problem)
        self.log(
            f"Edition {edition.key}, {edition.state}: {counts.accepted} of {counts.frozen} sent, "
            f"{counts.excluded} excluded, {counts.rejected} rejected, {counts.pending} pending, "
            f"{counts.unknown} unknown."
            + (f" `digest reconcile {edition.key}` settles the unknown ones." if counts.unknown else "")
        )

    def _is_finished(self, key: str) -> bool:
        edition = self.app.editions.get(key)
        return edition is not None and edition.state not in (*WAITING_STATES, EditionState.SENDING)

    def _moment(self, moment: datetime) -> str:
        """Return the time of day, with the date unless it is today."""
        local = moment.astimezone(self.app.settings.newsletter.zone)
        return f"{local:%H:%M}" if local.date() == self.app.now().date() else f"{local:%a %Y-%m-%d %H:%M}"

    def _clock(self, moment: datetime | None) -> str:
        return f"{moment.astimezone(self.app.settings.newsletter.zone):%H:%M}" if moment else ""
