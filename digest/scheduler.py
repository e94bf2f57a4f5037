"""Run the day's jobs at their times, and catch up after a restart.

Once a minute, and at each planned moment, `tick` compares the calendar with the store and does what is missing. A tick
that is lost, late or doubled does no harm. The pauses are measured with a monotonic clock, so that a clock that is set
back does not stop the jobs.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from digest import pipeline
from digest.app import App
from digest.config.calendar import PlannedEdition
from digest.config.loader import FILE_NAME
from digest.errors import AlreadyRunning, ConfigurationError, DigestError, StoreError
from digest.models import Edition, EditionState, is_breaking
from digest.newsletter.reload import SettingsWatch
from digest.notify.alert import AlertKind, MessageType
from digest.notify.notices import NOTICES
from digest.store.locks import Lock, exclusive
from digest.utils.heartbeat import beat
from digest.utils.log_fields import log_fields
from digest.utils.telemetry import report_error

T = TypeVar("T")

# Seconds between two ticks at most.
_TICK = 60.0
# How long before a planned moment no sources are collected any more: a slow source would delay it.
_KEEP_FREE = timedelta(minutes=3)
# How long before a planned moment the store is not pruned any more.
_QUIET = timedelta(minutes=15)
# An edition that was handed over ahead gets subscribers added since until this long after its hour.
_LATE_SUBSCRIBERS = timedelta(minutes=5)
# Seconds between two looks whether another `digest run` has ended.
_STAND_BY = 2.0
# Seconds between two looks for conditions that the admins must know.
_WATCH_EVERY = 30
# Seconds by which the clock may run apart from the machine's steady one between two looks.
_CLOCK_JUMP = 120
# A job that fails so often in a row is no passing trouble, such as a busy store.
_FAILURES = 3
# Keys of the pages that cannot change while they are served.
_PAGES_KEYS = ("web.enabled", "web.host", "web.port", "web.proxies")
_BEGUN = (EditionState.FROZEN, EditionState.SENDING, EditionState.DONE)
# States in which an edition waits for its hour.
_WAITING = (EditionState.DRAFT, EditionState.APPROVED, EditionState.FROZEN)
# Notices that are warnings in the log.
_FAULTS = frozenset({"settings", "list", "holidays", "job", "missed", "expired", "not approved"})


class Step(StrEnum):
    """What the scheduler does next with an edition."""

    NOTHING = "nothing"
    COMPOSE = "compose"
    AWAIT_APPROVAL = "await approval"
    APPROVE = "approve"
    SEND = "send"
    NOT_APPROVED = "not approved"
    EXPIRE = "expire"


def next_step(planned: PlannedEdition, edition: Edition | None, now: datetime, *, hand_over_at: datetime) -> Step:
    """Decide what to do with a planned edition, of which `edition` is in the store.

    `hand_over_at` is when batches may go to the provider: the hour of the edition, or earlier.
    """
    too_late = now > planned.expires_at
    if edition is None:
        if too_late or now < planned.compose_at:
            return Step.NOTHING
        return Step.COMPOSE if now < hand_over_at else Step.SEND
    composed_at = edition.composed_at or now
    if edition.state in (EditionState.DRAFT, EditionState.SKIPPED):
        # Somebody may have composed it the day before.
        if composed_at < planned.compose_at <= now < hand_over_at:
            return Step.COMPOSE
        if edition.state == EditionState.SKIPPED:
            # It had too few stories before its hour, so it gets another try at its hour.
            return Step.SEND if not too_late and composed_at < planned.send_at <= now else Step.NOTHING
    if edition.state not in _WAITING:
        return Step.NOTHING
    if too_late:
        return Step.EXPIRE
    if edition.state == EditionState.DRAFT and planned.schedule.approval == "required":
        return _approval_step(planned, composed_at, now)
    return Step.SEND if now >= hand_over_at else Step.NOTHING


def _approval_step(planned: PlannedEdition, composed_at: datetime, now: datetime) -> Step:
    if planned.approve_by is None or now < planned.approve_by:
        return Step.AWAIT_APPROVAL
    if planned.schedule.on_no_approval == "send":
        return Step.APPROVE
    # Nobody could approve a draft that was composed late, such as after a power cut: it waits until it expires.
    return Step.AWAIT_APPROVAL if composed_at >= planned.approve_by else Step.NOT_APPROVED


@dataclass
class _Job:
    """A job that is repeated every so many seconds. `last` is when it ran, by the monotonic clock."""

    run: Callable[[], None]
    every: Callable[[], float]
    last: float | None = None


@contextmanager
def sole_scheduler(app: App, stop: threading.Event, log: Callable[[str], None]) -> Iterator[Lock | None]:
    """Wait until no other process runs the schedule of this store. Yields None if `stop` is set before."""
    with ExitStack() as held:
        lock: Lock | None = None
        said = ""
        while lock is None and not stop.is_set():
            try:
                lock = held.enter_context(exclusive(app.database, "running the schedule", wait=0.0))
                continue
            except AlreadyRunning:
                reason = "Another `digest run` works on this store. Standing by, to take over when it ends."
            except StoreError as error:
                reason = f"{error}. Trying again until the store answers."
            if reason != said:
                log(reason)
            said = reason
            beat()
            stop.wait(_STAND_BY)
        if lock is not None and said:
            log("Nobody else runs the schedule now. This `digest run` takes over.")
        yield lock


class Scheduler:
    """The day's jobs of one newsletter.

    `log` gets a sentence for each thing that was done, and `warn` (default: `log`) one for each fault.
    """

    def __init__(
        self,
        app: App,
        log: Callable[[str], None],
        *,
        warn: Callable[[str], None] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        # Keys of the pages need a restart while `run` serves them, and so does serving them at all.
        pages = _PAGES_KEYS if app.settings.web.enabled else ("web.enabled",)
        self.settings_watch = SettingsWatch(app.again(unattended=True), needs_restart=("store.url", *pages))
        self.app = self.settings_watch.app
        self.log, self.warn = log, warn or log
        self.stop = threading.Event()
        # Called with the App of new settings, for what runs beside the jobs.
        self.on_reload: Callable[[App], None] = lambda _app: None
        self._monotonic = monotonic
        # Held by each job that runs beside the others. An App that they use is closed after both.
        self._syncing, self._watching = threading.Lock(), threading.Lock()
        self._retired: list[App] = []
        self._last_notes: frozenset[str] = frozenset()
        # (kind, subject) → text of what was noticed and lasts.
        self._notices: dict[tuple[str, str], str] = {}
        # Job → failures in a row.
        self._failures: Counter[str] = Counter()
        # (kind, subject) of alerts that an earlier process may have left, and that this one has ended.
        self._worked: set[tuple[str, str]] = set()
        self._clocks = time.time(), time.monotonic()
        # Whether the admins were told that the store cannot be used.
        self._store_failed, self._telling_of_store = False, threading.Lock()
        # Whether nobody gets mail, because the list has errors and no earlier one is in use.
        self._without_list = False
        # Editions that were sent at or after their hour by this process.
        self._sent_on_time: set[str] = set()
        # In the order in which they run. What the provider confirms is no longer unknown when `check` looks.
        self._jobs = (
            _Job(self.process_feedback, lambda: _TICK),
            _Job(self.check, lambda: 0.0),
            _Job(self.collect, lambda: self.app.settings.schedule.collect_every.total_seconds()),
        )

    def run(self, lock: Lock | None = None) -> None:
        """Run jobs until `stop` is set, then finish what is in flight. Returns early if `lock` is lost."""
        from apscheduler.schedulers.background import BackgroundScheduler

        self._log_plan()
        # For the jobs beside the editions, which may be late. APScheduler waits by the wall clock, so a clock that is
        # set back by an hour would stop it for an hour: the editions have a loop of their own.
        beside = BackgroundScheduler(timezone=UTC)
        rules: dict[str, Any] = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        now = datetime.now(UTC)
        sync, watch = self._beside(self.sync_suppressions, self._syncing), self._beside(self.watch, self._watching)
        beside.add_job(sync, "interval", hours=1, next_run_time=now, **rules)
        # A long send must be watched, and an alert that hangs must not delay one.
        beside.add_job(watch, "interval", seconds=_WATCH_EVERY, next_run_time=now + timedelta(seconds=5), **rules)
        beside.add_job(self._beside(self.prune, self._syncing), "interval", hours=1, **rules)
        beside.start()
        try:
            while not self.stop.is_set():
                if lock is not None and not lock.is_held():
                    self.warn("The connection to the store broke, so another `digest run` may have taken over.")
                    return
                beat()
                self.tick()
                beat()
                self.stop.wait(self._pause())
        finally:
            beside.shutdown(wait=True)

    def tick(self) -> None:
        """Run every job that is due, with the settings and the list as they are now."""
        self._guarded(self.follow_settings)
        repaired = self._guarded(self.follow_list)
        if repaired:
            # For those whom the last valid list did not have.
            self._sent_on_time.clear()
            self._guarded(self.send_to_repaired)
        for job in self._jobs:
            now = self._monotonic()
            if self.stop.is_set() or (job.last is not None and now < job.last + job.every()):
                continue
            # At the next tick: the sources are collected when the edition is composed, too.
            if job.run == self.collect and self._until_next_moment() < _KEEP_FREE:
                continue
            job.last = now
            beat()
            self._guarded(job.run)

    def follow_settings(self) -> None:
        """Use the settings of the files if they changed and are valid. Runs between jobs, so no job sees two settings.

        What is being sent keeps its emails, recipients and hours, which are in the store.
        """
        changed = self.settings_watch.reload()
        problems, waiting = self.settings_watch.problems, self.settings_watch.waiting
        if changed is not None:
            old, self.app = self.app, self.settings_watch.app
            self._retire(old)
            self.on_reload(self.app)
            self.log(f"The settings were reloaded; changed: {', '.join(changed) or 'no key'}.")
            if any(key.startswith("schedule.") or key == "schedule" for key in changed):
                self._log_plan()
        if problems:
            errors = "; ".join(map(str, problems))
            self.notice("settings", FILE_NAME, f"The settings have errors, so the old ones stay in use: {errors}")
        else:
            self.clear_notice("settings", FILE_NAME, "The settings are valid again.")
        if waiting:
            keys = " and ".join((", ".join(waiting[:-1]), waiting[-1]) if waiting[1:] else waiting)
            self.notice("restart", FILE_NAME, f"Changes of {keys} take effect when you restart `digest run`.")
        else:
            self.clear_notice("restart", FILE_NAME, "")

    def follow_list(self) -> bool:
        """Read the subscriber list if it changed. Report its errors once, and once that they are gone.

        Return whether the list was repaired.
        """
        found = self.app.subscriber_list
        try:
            found.sync()
            problems = found.problems
            self._without_list = False
            then = "the last valid list is used, without those who are no longer on it"
        except ConfigurationError as error:
            problems, then = tuple(error.problems), "nobody gets mail"
            self._without_list = True
        if problems:
            errors = "; ".join(map(str, problems))
            self.notice("list", found.path.name, f"The subscriber list has errors, so {then}: {errors}")
            return False
        return self.clear_notice("list", found.path.name, "The subscriber list is valid again.")

    def send_to_repaired(self) -> None:
        """Send today's editions to those whom the last valid list did not have, unless they are too late."""
        now = self.app.now()
        for planned in self.app.calendar.current(now):
            edition = self.app.editions.get(planned.key)
            if edition is not None and edition.state in _BEGUN and now <= planned.expires_at:
                self._send(planned)

    def _retire(self, app: App) -> None:
        """Close an App that is no longer in use, as soon as the jobs beside the others do not use it."""
        self._retired.append(app)
        with ExitStack() as held:
            for lock in (self._syncing, self._watching):
                if not lock.acquire(blocking=False):
                    return
                held.callback(lock.release)
            for retired in self._retired:
                retired.discard()
            self._retired.clear()

    def collect(self) -> None:
        """Collect every source that is due."""
        report = pipeline.collect(self.app, patient=True)
        new = sum(source.new for source in report.sources)
        failed = [f"{source.name}: {source.error}" for source in report.sources if source.error]
        errors = f" Failed: {'; '.join(failed)}." if failed else ""
        self.log(f"Collected {report.articles} articles, {new} new.{errors}")
        if new:
            self._guarded(self.look_for_breaking_news)

    def look_for_breaking_news(self) -> None:
        """Propose an alert edition if several independent sources report a new story."""
        if edition := self.app.breaking.look():
            self._notice_proposal(edition)

    def check(self) -> None:
        """Do what is due for each planned edition, send batches that became due, and expire old editions."""
        calendar = self.app.calendar
        if fault := self.app.calendar_reader.fault:
            self.notice("holidays", FILE_NAME, f"The holidays are those of before, because of a fault: {fault}")
        else:
            self.clear_notice("holidays", FILE_NAME, "The holidays are valid again.")
        for planned in calendar.current(self.app.now()):
            with log_fields(edition=planned.key):
                self._guarded(lambda planned=planned: self._check_planned(planned), f"edition {planned.key}")  # type: ignore[misc]
        for stopped, recipients in self.app.stopper.resume_cancellations().items():
            self.log(f"Edition {stopped}: the provider cancelled the email of {recipients} more recipients.")
        unfinished = self.app.editions.unfinished()
        proposals = {edition.key for edition in unfinished if is_breaking(edition.key)}
        for kind, key in [*self._notices]:
            if kind == "breaking" and key not in proposals:
                self.clear_notice(kind, key, "It was sent, dropped, or is too old.")
        for edition in unfinished:
            with log_fields(edition=edition.key):
                self._guarded(lambda edition=edition: self._check_unfinished(edition), f"edition {edition.key}")  # type: ignore[misc]

    def process_feedback(self) -> None:
        """Process what providers posted since the last run."""
        for note in self.app.feedback.process_webhooks().notes:
            self.log(note)

    def sync_suppressions(self) -> None:
        """Read the provider's suppression lists once a day, because webhook events can be lost."""
        if not self.app.suppression_sync.is_due():
            return
        result = self.app.suppression_sync.run(wait=self.stop.wait)
        for note in result.notes:
            # A lasting problem is tried every hour, and logged once.
            if note not in self._last_notes:
                self.log(note)
        self._last_notes = frozenset(result.notes)
        if result.suppressed:
            self.log(
                f"Suppressed {result.suppressed} subscribers found on the provider's lists "
                "(their webhook events never arrived)."
            )

    def watch(self) -> None:
        """Look for conditions that the admins must know, and send what is to be told."""
        self._look_for_clock_jump()
        app = self.app
        app.watch.run()
        if self._store_failed:
            self._store_failed = False
            title, text = "The store cannot be used", "It works again."
            app.alerts.send_at_once(MessageType.RESOLVED, AlertKind.STORE_UNUSABLE, title, text, "")
        if app.settings.alerts.report and app.alerts.channels:
            for key in app.reporter.send_due():
                self.log(f"Edition {key}: its report goes to the admins.")
        for problem in app.alerts.deliver():
            self.log(problem)

    def prune(self) -> None:
        """Delete what is older than `store.keep`, once a day and not just before something is to be done."""
        pruner = self.app.pruner
        if self.app.settings.store.prune == "never" or not pruner.is_due():
            return
        if self._until_next_moment() < _QUIET:
            return
        done = pruner.prune(self.stop.is_set)
        if done.articles or done.editions:
            self.log(
                f"Pruned the store: {done.articles} old articles; {len(done.editions)} old editions are now counts, "
                f"without {done.deliveries} recipients."
            )

    def notice(self, kind: str, subject: str, text: str, *, until: datetime | None = None) -> None:
        """Report what an editor or operator should know: once, and again only if its text changes or it comes back.

        `kind` names the fault or the state, and `subject` what it is about: a file, a job or an edition. A kind of
        `NOTICES` also raises an alert, which `clear_notice` ends, or `until` without a message.
        """
        if self._notices.get((kind, subject)) == text:
            return
        self._notices[kind, subject] = text
        (self.warn if kind in _FAULTS else self.log)(text)
        if (found := NOTICES.get(kind)) is not None:
            title, action = found.title.format(subject=subject), found.action.format(subject=subject)
            self._alert(found.kind, subject, title=title, text=text, action=action, until=until)

    def clear_notice(self, kind: str, subject: str, text: str = "") -> bool:
        """Report that a fault is gone, in the sentence `text` if there is one. False if there was no such fault.

        The alert may be one of an earlier process.
        """
        known = self._notices.pop((kind, subject), None) is not None
        if known and text:
            self.log(text)
        first = (kind, subject) not in self._worked
        if (known or first) and (found := NOTICES.get(kind)) is not None:
            with suppress(DigestError):
                self.app.alerts.clear(found.kind, subject, text)
                self._worked.add((kind, subject))
        return known

    def _alert(
        self, kind: AlertKind, subject: str, *, title: str, text: str, action: str, until: datetime | None = None
    ) -> None:
        try:
            self.app.alerts.raise_alert(kind, subject, title=title, text=text, action=action, until=until)
        except StoreError as error:
            self._tell_of_store(str(error))

    def _look_for_clock_jump(self) -> None:
        """Alert when the clock was set, or the machine slept: jobs may have run at other times than those planned."""
        before, self._clocks = self._clocks, (time.time(), time.monotonic())
        jump = (self._clocks[0] - before[0]) - (self._clocks[1] - before[1])
        if abs(jump) < _CLOCK_JUMP:
            return
        minutes = round(abs(jump) / 60)
        now = self.app.now()
        self._alert(
            AlertKind.CLOCK_JUMP,
            "",
            title=f"The clock jumped {minutes} minutes {'forward' if jump > 0 else 'back'}",
            text=f"The machine slept, or its clock was set. It is {now:%Y-%m-%d %H:%M %Z} now. "
            "What was missed is caught up.",
            action="Check the time with `date`, and that NTP is on: `timedatectl`. `digest status` shows the edition.",
            until=now + timedelta(hours=1),
        )

    def _check_planned(self, planned: PlannedEdition) -> None:
        key, now = planned.key, self.app.now()
        edition = self.app.editions.get(key)
        step = next_step(planned, edition, now, hand_over_at=self._hand_over_at(planned))
        if step in (Step.APPROVE, Step.NOT_APPROVED) and planned.approve_by and self._reopened(key, planned.approve_by):
            # Somebody wants to decide after all.
            step = Step.AWAIT_APPROVAL
        if step == Step.COMPOSE:
            self._compose(key)
        elif step == Step.AWAIT_APPROVAL:
            self._notice_waiting(planned)
        elif step == Step.APPROVE:
            self._approve(planned)
        elif step == Step.NOT_APPROVED:
            self._expire(key, f"It was not approved by {self._clock(planned.approve_by)} (schedule.approve_by).")
        elif step == Step.EXPIRE:
            self._expire(key, "It was not sent in time (schedule.expires_after).", deadline=planned.expires_at)
        elif step == Step.SEND or self._has_late_subscribers(planned, edition, now):
            self._send(planned)
        elif edition is None and now > planned.expires_at:
            # A new newsletter has missed nothing: it is only logged.
            kind = "missed" if self.app.editions.newest() else "not planned"
            missed = f"{self._clock(planned.send_at)} was too long ago (schedule.expires_after)."
            self.notice(kind, key, f"Edition {key} is not sent: {missed}", until=now + timedelta(days=1))

    def _check_unfinished(self, edition: Edition) -> None:
        """Continue an edition that is being sent. Expire one that is no longer among the planned ones of today.

        Announce a proposal of breaking news, until it expires.
        """
        now, key = self.app.now(), edition.key
        planned = self.app.calendar.of(key)
        if edition.state == EditionState.SENDING:
            self._expire_batches(key, now, planned)
            sent = pipeline.deliver_due(self.app, key, stop=self.stop)
            if sent:
                self._log_sent(sent)
        elif is_breaking(key):
            deadline = self.app.breaking.expires_at(edition)
            if now <= deadline:
                self._notice_proposal(edition)
            else:
                self._expire(key, "It was not sent in time (schedule.expires_after).", deadline=deadline)
        elif planned is not None and now > planned.expires_at:
            self._expire(key, "It was not sent in time (schedule.expires_after).", deadline=planned.expires_at)
        elif planned is None and pipeline.day_of(key) and edition.day < now.date():
            self._expire(key, "It is no longer in schedule.editions.", deadline=now)

    def _compose(self, key: str) -> None:
        """Compose an edition into a draft, or into a skipped one with its reason."""
        edition = pipeline.compose(self.app, key).edition
        if edition.state == EditionState.SKIPPED:
            self.notice("skipped", key, f"Edition {key} is skipped: {edition.reason}")
            return
        self.log(f"Composed edition {key}: {edition.subject}")
        if edition.widened_hours:
            self.notice("widened", key, f"Edition {key}: {edition.reason}")

    def _notice_proposal(self, edition: Edition) -> None:
        story = next(edition.stories())
        self.notice(
            "breaking",
            edition.key,
            f"Breaking news? {story.title} ({', '.join(story.sources)}). {edition.reason} To send it before "
            f"{self._clock(self.app.breaking.expires_at(edition))}: digest breaking send {edition.key}",
        )

    def _notice_waiting(self, planned: PlannedEdition) -> None:
        until = planned.approve_by or planned.expires_at
        without = planned.approve_by is not None and planned.schedule.on_no_approval == "send"
        then = "then it is sent all the same" if without else "then it expires"
        self.notice(
            "approval",
            planned.key,
            f"Edition {planned.key} waits for approval until {self._clock(until)}, {then}: "
            f"digest edition approve {planned.key}",
        )

    def _approve(self, planned: PlannedEdition) -> None:
        """Approve an edition that nobody has approved in time."""
        key = planned.key
        if self.app.editions.move(key, EditionState.APPROVED, out_of=(EditionState.DRAFT,)):
            why = f"nobody decided by {self._clock(planned.approve_by)} (schedule.on_no_approval: send)"
            self.app.editions.record(key, EditionState.APPROVED, why, now=self.app.now())
            self.notice("approved", key, f"Edition {key} is approved: {why}.")
            self._check_planned(planned)

    def _send(self, planned: PlannedEdition) -> None:
        """Send an edition to everyone who is due, each at their own hour. Without a list, `follow_list` has said so."""
        if self._without_list:
            return
        on_time = self.app.now() >= planned.send_at
        sent = pipeline.send(self.app, planned.key, scheduled=True, stop=self.stop)
        if on_time:
            self._sent_on_time.add(planned.key)
        if sent.edition.state == EditionState.DRAFT:
            self._notice_waiting(planned)
        else:
            self._log_sent(sent)

    def _has_late_subscribers(self, planned: PlannedEdition, edition: Edition | None, now: datetime) -> bool:
        """Whether subscribers may have come since the edition was handed over ahead of its hour."""
        if edition is None or edition.state not in (EditionState.SENDING, EditionState.DONE):
            return False
        if planned.key in self._sent_on_time or not planned.send_at <= now <= planned.send_at + _LATE_SUBSCRIBERS:
            return False
        frozen_at = self.app.editions.frozen_at(planned.key)
        return frozen_at is not None and frozen_at < planned.send_at

    def _expire_batches(self, key: str, now: datetime, planned: PlannedEdition | None) -> None:
        """Give up batches that could not be handed over within `expires_after`: their news is old."""
        limit = (planned.schedule if planned else self.app.settings.schedule).expires_after
        expired = self.app.ledger.expire(key, before=now - limit)
        if expired:
            self.log(f"Edition {key}: {expired} recipients were not reached in time and do not get it.")
            self._alert(
                AlertKind.RECIPIENTS_EXPIRED,
                key,
                title=f"Edition {key} did not reach {expired} recipients",
                text="Their emails could not be handed over within `schedule.expires_after`, and they do not get it.",
                action=f"`digest status {key}` says why. Make sending faster (`delivery.rate`, `delivery.threads`), or "
                "raise `schedule.expires_after`.",
                until=now + timedelta(days=1),
            )

    def _expire(self, key: str, reason: str, *, deadline: datetime | None = None) -> None:
        """Expire an edition, unless somebody reopened it after the deadline in order to send it."""
        if deadline is not None and self._reopened(key, deadline):
            return
        if self.app.editions.move(key, EditionState.EXPIRED, out_of=_WAITING, reason=reason):
            what = "expired" if deadline else "not approved"
            self.notice(what, key, f"Edition {key} expired. {reason} `digest edition reopen {key}` brings it back.")

    def _reopened(self, key: str, deadline: datetime) -> bool:
        decisions = self.app.editions.decisions(key)
        return any(each.what == EditionState.DRAFT and each.at >= deadline for each in decisions)

    def _hand_over_at(self, planned: PlannedEdition) -> datetime:
        """Return when batches may be handed over.

        That is the hour of the edition, or `delivery.lead` before it if the provider can cancel scheduled sends, but
        not before the edition is composed.
        """
        if not self.app.schedule_window:
            return planned.send_at
        return max(planned.send_at - self.app.settings.delivery.lead, planned.compose_at)

    def _moments(self, now: datetime) -> list[datetime]:
        """Return the next moments at which something is due, in UTC."""
        calendar = self.app.calendar
        tomorrow = now.astimezone(calendar.zone).date() + timedelta(days=1)
        editions = [*calendar.current(now), *calendar.on(tomorrow)]
        found = [
            moment
            for planned in editions
            for moment in (planned.compose_at, planned.approve_by, self._hand_over_at(planned), planned.send_at)
            if moment is not None and moment > now
        ]
        return sorted(found)

    def _until_next_moment(self) -> timedelta:
        now = self.app.now().astimezone(UTC)
        return next((moment - now for moment in self._moments(now)), timedelta.max)

    def _pause(self) -> float:
        """Return the seconds until the next tick."""
        try:
            return min(_TICK, self._until_next_moment().total_seconds())
        except ConfigurationError:
            return _TICK

    def _clock(self, moment: datetime | None) -> str:
        return f"{moment.astimezone(self.app.settings.newsletter.zone):%H:%M}" if moment else ""

    def _log_plan(self) -> None:
        upcoming = self.app.calendar.upcoming(self.app.now())
        planned = next((each for each in upcoming if not self._is_finished(each.key)), None)
        if planned is None:
            self.log("No edition is planned within a year: see schedule.days and schedule.holidays.")
        else:
            times = f"composed at {self._clock(planned.compose_at)}, sent at {self._clock(planned.send_at)}"
            self.log(f"Next edition: {planned.key}, {times}.")

    def _is_finished(self, key: str) -> bool:
        edition = self.app.editions.get(key)
        return edition is not None and edition.state not in (*_WAITING, EditionState.SENDING)

    def _log_sent(self, sent: pipeline.Sent) -> None:
        edition, counts = sent.edition, sent.counts
        if sent.report is None:
            if edition.state == EditionState.SKIPPED:
                self.notice("skipped", edition.key, f"Edition {edition.key} is skipped: {edition.reason}")
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
        )

    def _beside(self, job: Callable[[], None], lock: threading.Lock) -> Callable[[], None]:
        """Wrap a job that runs beside the others, and holds `lock` meanwhile."""

        def run() -> None:
            with lock:
                self._guarded(job)

        return run

    def _guarded(self, job: Callable[[], T], name: str = "") -> T | None:
        """Run a job. A failure is reported and the scheduler continues."""
        if self.stop.is_set():
            return None
        name = name or job.__name__
        try:
            result = job()
        except ConfigurationError as error:
            # It lasts until somebody corrects it.
            self._failures[name] = _FAILURES
            self.notice("job", name, f"{name} failed: {'; '.join(map(str, error.problems))}")
        except AlreadyRunning as error:
            self.warn(f"{name} failed: {error}")
        except DigestError as error:
            self._count_failure(name, str(error))
        except Exception as error:
            # A bug in one job must not end the scheduler; the next tick tries again.
            report_error(error)
            self._count_failure(name, f"internal error: {type(error).__name__}: {error}")
        else:
            self._failures.pop(name, None)
            self.clear_notice("job", name, "")
            return result
        return None

    def _count_failure(self, job: str, reason: str) -> None:
        self._failures[job] += 1
        if self._failures[job] < _FAILURES:
            self.warn(f"{job} failed: {reason}")
        else:
            self.notice("job", job, f"{job} fails again and again: {reason}")

    def _tell_of_store(self, reason: str) -> None:
        """Tell the admins once that the store cannot be used, without using it."""
        with self._telling_of_store:
            if self._store_failed:
                return
            self._store_failed = True
        self.app.alerts.send_at_once(
            MessageType.RAISED,
            AlertKind.STORE_UNUSABLE,
            "The store cannot be used",
            f"Nothing can be sent or recorded: {reason}",
            "Free the disk, or start PostgreSQL again. `digest check` tests the store. `digest run` then goes on.",
        )
