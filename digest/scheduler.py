"""Run the day's jobs at their times, and catch up after a restart.

APScheduler only triggers the jobs. Each job reads what is to be done from the store, so a trigger that is lost, late or
doubled does no harm, and a restart in the middle of the day creates no second edition.
"""

from __future__ import annotations

import threading
import time as clocks
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, time, timedelta
from typing import Any

from digest import pipeline
from digest.app import App
from digest.errors import AlreadyRunning, ConfigurationError, DigestError, StoreError
from digest.models import Edition, EditionState
from digest.notify.alert import AlertKind, MessageType
from digest.notify.notices import NOTICES

# Seconds for which a missed trigger still runs its job. Older ones are caught up from the store.
_MISFIRE_GRACE = 300
# Seconds between two looks for conditions that the admins must know.
_WATCH_EVERY = 30
# Seconds by which the clock may run apart from the machine's steady one between two looks.
_CLOCK_JUMP = 120
# A job that fails so often in a row is no passing trouble, such as a busy store.
_FAILURES = 3


class Scheduler:
    """The day's jobs of one newsletter. `log` gets a sentence for each thing that was done."""

    def __init__(self, app: App, log: Callable[[str], None]) -> None:
        self.app = app
        self.log = log
        self.stop = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._last_notes: frozenset[str] = frozenset()
        # Job → failures in a row.
        self._failures: Counter[str] = Counter()
        # Jobs that have worked since this process started.
        self._worked: set[str] = set()
        self._clocks = clocks.time(), clocks.monotonic()
        # Whether the admins were told that the store cannot be used.
        self._store_failed, self._telling_of_store = False, threading.Lock()

    def run(self) -> None:
        """Run jobs until `stop` is set; then finish what is in flight and return."""
        from apscheduler.schedulers.background import BackgroundScheduler
        from apscheduler.triggers.cron import CronTrigger
        from apscheduler.triggers.interval import IntervalTrigger

        schedule, zone = self.app.settings.schedule, self.app.settings.newsletter.zone

        def daily(at: time) -> CronTrigger:
            return CronTrigger(hour=at.hour, minute=at.minute, timezone=zone)

        scheduler = BackgroundScheduler(timezone=zone)
        rules: dict[str, Any] = {"coalesce": True, "max_instances": 1, "misfire_grace_time": _MISFIRE_GRACE}
        every = IntervalTrigger(seconds=schedule.collect_every.total_seconds(), timezone=zone)
        scheduler.add_job(self._guarded(self.collect), every, id="collect", **rules)
        scheduler.add_job(self._guarded(self.compose), daily(schedule.compose_at), id="compose", **rules)
        scheduler.add_job(self._guarded(self.send), daily(schedule.send_at), id="send", **rules)
        window_start = self._send_window_start(self.app.now()).time()
        if window_start != schedule.send_at:
            scheduler.add_job(self._guarded(self.send), daily(window_start), id="send ahead", **rules)
        scheduler.add_job(self._guarded(self.check), IntervalTrigger(seconds=60), id="check", **rules)
        scheduler.add_job(self._guarded(self.process_feedback), IntervalTrigger(seconds=60), id="feedback", **rules)
        # Runs beside the other jobs: a provider that hangs must not delay a send.
        sync = self._guarded(self.sync_suppressions, in_turn=False)
        hourly = IntervalTrigger(hours=1, timezone=zone)
        scheduler.add_job(sync, hourly, id="suppressions", next_run_time=datetime.now(zone), **rules)
        # Beside the other jobs: a long send must be watched, and an alert that hangs must not delay one.
        watch = self._guarded(self.watch, in_turn=False)
        soon = datetime.now(zone) + timedelta(seconds=5)
        scheduler.add_job(watch, IntervalTrigger(seconds=_WATCH_EVERY), id="watch", next_run_time=soon, **rules)
        scheduler.start()
        for job in scheduler.get_jobs():
            if job.id not in ("check", "feedback", "suppressions", "watch"):
                self.log(f"Next {job.id}: {job.next_run_time:%Y-%m-%d %H:%M %Z}.")
        now = self.app.now()
        key = pipeline.edition_key(self.app)
        if self._too_late(now) and self.app.editions.get(key) is None:
            missed = f"{self._send_time(now):%H:%M} was too long ago (schedule.expires_after)."
            self.log(f"Today's edition is not sent: {missed}")
            # A new newsletter has missed nothing.
            if self.app.editions.newest() is not None:
                self.notice("missed", key, f"It is not sent: {missed}", until=now + timedelta(days=1))
        try:
            self._guarded(self.collect)()
            # Before the check: what the provider confirms is then no longer unknown.
            self._guarded(self.process_feedback)()
            self._guarded(self.check)()
            self.stop.wait()
        finally:
            self.stop.set()
            scheduler.shutdown(wait=True)

    def collect(self) -> None:
        """Collect every source that is due."""
        report = pipeline.collect(self.app, patient=True)
        new = sum(source.new for source in report.sources)
        failed = [f"{source.name}: {source.error}" for source in report.sources if source.error]
        errors = f" Failed: {'; '.join(failed)}." if failed else ""
        self.log(f"Collected {report.articles} articles, {new} new.{errors}")

    def compose(self) -> None:
        """Compose today's draft. An edition that an editor or a send has moved on is left alone."""
        key = pipeline.edition_key(self.app)
        existing = self.app.editions.get(key)
        if existing and existing.state not in (EditionState.DRAFT, EditionState.SKIPPED):
            return
        edition = pipeline.compose(self.app, key).edition
        if edition.state == EditionState.SKIPPED:
            self.log(f"Edition {key} is skipped: {edition.reason}")
        else:
            self.log(f"Composed edition {key}: {edition.subject}")

    def send(self) -> None:
        """Send today's edition to everyone who is due, each at their own hour.

        An edition that is too late expires. Where batches were handed over ahead, this runs a second time at the
        edition's hour, for subscribers added since.
        """
        now = self.app.now()
        key = pipeline.edition_key(self.app)
        existing = self.app.editions.get(key)
        if existing and existing.state not in (
            EditionState.DRAFT,
            EditionState.APPROVED,
            EditionState.SKIPPED,
            EditionState.FROZEN,
            EditionState.SENDING,
            EditionState.DONE,
        ):
            return
        begun = existing is not None and existing.state in (
            EditionState.FROZEN,
            EditionState.SENDING,
            EditionState.DONE,
        )
        if not begun and self._too_late(now):
            self._expire(key)
            return
        self._log_sent(pipeline.send(self.app, key, scheduled=True, stop=self.stop))

    def check(self) -> None:
        """Catch up on a missed job, send batches that became due, and expire old editions. Runs every minute."""
        now = self.app.now()
        key = pipeline.edition_key(self.app)
        window_start = self._send_window_start(now)
        if self._compose_time(now) <= now < window_start and self.app.editions.get(key) is None:
            self.compose()
        if now >= window_start and self._send_was_missed(self.app.editions.get(key), now):
            self.send()
        for stopped, recipients in self.app.stopper.resume_cancellations().items():
            self.log(f"Edition {stopped}: the provider cancelled the email of {recipients} more recipients.")
        for edition in self.app.editions.unfinished():
            if edition.state == EditionState.SENDING:
                self._expire_batches(edition.key, now)
                sent = pipeline.deliver_due(self.app, edition.key, stop=self.stop)
                if sent:
                    self._log_sent(sent)
            elif edition.day < now.date() and pipeline.day_of(edition.key):
                self._expire(edition.key)

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
        self.app.watch.run()
        if self._store_failed:
            self._store_failed = False
            title, text = "The store cannot be used", "It works again."
            self.app.alerts.send_at_once(MessageType.RESOLVED, AlertKind.STORE_UNUSABLE, title, text, "")
        if self.app.settings.alerts.report and self.app.alerts.channels:
            for key in self.app.reporter.send_due():
                self.log(f"Edition {key}: its report goes to the admins.")
        for problem in self.app.alerts.deliver():
            self.log(problem)

    def notice(self, kind: str, subject: str, text: str, *, until: datetime | None = None) -> None:
        """Alert the admins of a fault that a job met; `clear_notice` ends it. `kind` is a row of `NOTICES`.

        Call it as often as the fault is met. From `until` on it ends without a message.
        """
        found = NOTICES[kind]
        title, action = found.title.format(subject=subject), found.action.format(subject=subject)
        self.app.alerts.raise_alert(found.kind, subject, title=title, text=text, action=action, until=until)

    def clear_notice(self, kind: str, subject: str, text: str = "") -> bool:
        """Tell the admins that a fault is gone. False if there was none."""
        return self.app.alerts.clear(NOTICES[kind].kind, subject, text)

    def _look_for_clock_jump(self) -> None:
        """Alert when the clock was set, or the machine slept: jobs may have run at other times than those planned."""
        before, self._clocks = self._clocks, (clocks.time(), clocks.monotonic())
        jump = (self._clocks[0] - before[0]) - (self._clocks[1] - before[1])
        if abs(jump) < _CLOCK_JUMP:
            return
        minutes = round(abs(jump) / 60)
        now = self.app.now()
        self.app.alerts.raise_alert(
            AlertKind.CLOCK_JUMP,
            "",
            title=f"The clock jumped {minutes} minutes {'forward' if jump > 0 else 'back'}",
            text=f"The machine slept, or its clock was set. It is {now:%Y-%m-%d %H:%M %Z} now. "
            "What was missed is caught up.",
            action="Check the time with `date`, and that NTP is on: `timedatectl`. `digest status` shows the edition.",
            until=now + timedelta(hours=1),
        )

    def _send_was_missed(self, today: Edition | None, now: datetime) -> bool:
        """Whether the send at today's hour has yet to run."""
        if today is None:
            return not self._too_late(now)
        if today.state == EditionState.SKIPPED:
            # It was skipped for lack of stories before its hour, so it gets another try at its hour.
            return today.composed_at is not None and today.composed_at < self._send_time(now) <= now
        # A draft that waits for approval was logged at its hour. The next thing to log is that it expires.
        waits = self.app.settings.schedule.approval == "required" and today.state == EditionState.DRAFT
        return today.state in (EditionState.DRAFT, EditionState.APPROVED, EditionState.FROZEN) and (
            not waits or self._too_late(now)
        )

    def _expire_batches(self, key: str, now: datetime) -> None:
        """Give up batches that could not be handed over within `schedule.expires_after`: their news is old."""
        expired = self.app.ledger.expire(key, before=now - self.app.settings.schedule.expires_after)
        if expired:
            self.log(f"Edition {key}: {expired} recipients were not reached in time and do not get it.")
            self.app.alerts.raise_alert(
                AlertKind.RECIPIENTS_EXPIRED,
                key,
                title=f"Edition {key} did not reach {expired} recipients",
                text="Their emails could not be handed over within `schedule.expires_after`, and they do not get it.",
                action=f"`digest status {key}` says why. Make sending faster (`delivery.rate`, `delivery.threads`), or "
                "raise `schedule.expires_after`.",
                until=now + timedelta(days=1),
            )

    def _expire(self, key: str) -> None:
        if self.app.editions.move(
            key, EditionState.EXPIRED, out_of=(EditionState.DRAFT, EditionState.APPROVED, EditionState.FROZEN)
        ):
            self.log(f"Edition {key} expired: it was not sent in time.")

    def _too_late(self, now: datetime) -> bool:
        # Compare in UTC: within one zone Python subtracts wall clock times, which jump twice a year.
        return now.astimezone(UTC) - self._send_time(now).astimezone(UTC) > self.app.settings.schedule.expires_after

    def _compose_time(self, now: datetime) -> datetime:
        return datetime.combine(now.date(), self.app.settings.schedule.compose_at, now.tzinfo)

    def _send_time(self, now: datetime) -> datetime:
        return datetime.combine(now.date(), self.app.settings.schedule.send_at, now.tzinfo)

    def _send_window_start(self, now: datetime) -> datetime:
        """Return when the handover of today's edition starts.

        That is its hour, or `delivery.lead` before it if the provider can cancel scheduled sends, but not before the
        edition is composed.
        """
        at = self._send_time(now)
        return max(at - self.app.settings.delivery.lead, self._compose_time(now)) if self.app.schedule_window else at

    def _log_sent(self, sent: pipeline.Sent) -> None:
        edition, counts = sent.edition, sent.counts
        if sent.report is None:
            for note in sent.notes or (f"Edition {edition.key} is {edition.state}: {edition.reason}",):
                self.log(note)
            return
        for note in (*sent.notes, *sent.report.problems):
            self.log(note)
        self.log(
            f"Edition {edition.key}, {edition.state}: {counts.accepted} of {counts.frozen} sent, "
            f"{counts.excluded} excluded, {counts.rejected} rejected, {counts.pending} pending, "
            f"{counts.unknown} unknown."
        )

    def _guarded(self, job: Callable[[], None], *, in_turn: bool = True) -> Callable[[], None]:
        """Wrap a job so that a failure is logged and the scheduler continues. Jobs run one at a time if `in_turn`."""

        def run() -> None:
            if self.stop.is_set():
                return
            with self._one_at_a_time if in_turn else nullcontext():
                # It may have been set while this job waited for another.
                if self.stop.is_set():
                    return
                try:
                    job()
                except ConfigurationError as error:
                    # It does not mend itself.
                    self._log_failure(job.__name__, "; ".join(map(str, error.problems)), failures=_FAILURES)
                except AlreadyRunning as error:
                    self.log(f"{job.__name__} failed: {error}")
                except DigestError as error:
                    self._log_failure(job.__name__, str(error))
                except Exception as error:
                    # A bug in one job must not end the scheduler; the next trigger tries again.
                    self._log_failure(job.__name__, f"internal error: {type(error).__name__}: {error}")
                else:
                    self._log_success(job.__name__)

        return run

    def _log_success(self, job: str) -> None:
        """End the alert about a job that works again, also one of an earlier process."""
        if self._failures.pop(job, 0) >= _FAILURES or job not in self._worked:
            self._worked.add(job)
            with suppress(DigestError):
                self.clear_notice("job", job, "It works again.")

    def _log_failure(self, job: str, reason: str, *, failures: int = 1) -> None:
        self.log(f"{job} failed: {reason}")
        self._failures[job] += failures
        if self._failures[job] >= _FAILURES:
            try:
                self.notice("job", job, f"It fails again and again: {reason}")
            except StoreError as error:
                self._tell_of_store(str(error))

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
