"""Run the day's jobs at their times, and catch up after a restart.

APScheduler only triggers the jobs. Each job reads what is to be done from the store, so a trigger that is lost, late or
doubled does no harm, and a restart in the middle of the day creates no second edition.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from digest import pipeline
from digest.app import App
from digest.config.loader import FILE_NAME
from digest.errors import ConfigurationError, DigestError
from digest.models import Edition, EditionState
from digest.newsletter.reload import SettingsWatch

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

# Seconds for which a missed trigger still runs its job. Older ones are caught up from the store.
_MISFIRE_GRACE = 300
# Keys of the pages that cannot change while they are served.
_PAGES_KEYS = ("web.enabled", "web.host", "web.port", "web.proxies")


class Scheduler:
    """The day's jobs of one newsletter. `log` gets a sentence for each thing that was done."""

    def __init__(self, app: App, log: Callable[[str], None]) -> None:
        # Keys of the pages need a restart while `run` serves them, and so does serving them at all.
        pages = _PAGES_KEYS if app.settings.web.enabled else ("web.enabled",)
        self.settings_watch = SettingsWatch(app.again(unattended=True), needs_restart=("store.url", *pages))
        self.app = self.settings_watch.app
        self.log = log
        self.stop = threading.Event()
        # Called with the App of new settings, for what runs beside the jobs.
        self.on_reload: Callable[[App], None] = lambda _app: None
        self._one_at_a_time = threading.Lock()
        # Held by the job that runs beside the others.
        self._beside = threading.Lock()
        self._last_notes: frozenset[str] = frozenset()
        # (kind, subject) → text of the faults that last.
        self._notices: dict[tuple[str, str], str] = {}
        self._retired: list[App] = []
        self._timetable: BackgroundScheduler | None = None
        self._timing: tuple[object, ...] = ()

    def notice(self, kind: str, subject: str, text: str) -> None:
        """Report a fault that lasts: once, and again only if its text changes or it comes back.

        `kind` is `list`, `settings`, `restart` or `job`; with `subject`, such as a file, it names the fault.
        """
        if self._notices.get((kind, subject)) != text:
            self._notices[kind, subject] = text
            self.log(text)

    def clear_notice(self, kind: str, subject: str, text: str) -> bool:
        """Report that a fault is gone, in the sentence `text` if there is one. False if there was no such fault."""
        if self._notices.pop((kind, subject), None) is None:
            return False
        if text:
            self.log(text)
        return True

    def run(self) -> None:
        """Run jobs until `stop` is set; then finish what is in flight and return."""
        from apscheduler.schedulers.background import BackgroundScheduler

        self._timetable = scheduler = BackgroundScheduler(timezone=self.app.settings.newsletter.zone)
        self._set_times()
        scheduler.start()
        self._log_times()
        now = self.app.now()
        if self._too_late(now) and self.app.editions.get(pipeline.edition_key(self.app)) is None:
            self.log(
                f"Today's edition is not sent: {self._send_time(now):%H:%M} was too long ago (schedule.expires_after)."
            )
        try:
            self._guarded(self.collect)()
            # Before the check: what the provider confirms is then no longer unknown.
            self._guarded(self.process_feedback)()
            self._guarded(self.check)()
            self.stop.wait()
        finally:
            self.stop.set()
            scheduler.shutdown(wait=True)

    def _log_times(self) -> None:
        for job in self._timetable.get_jobs() if self._timetable else ():
            if job.id not in ("check", "feedback", "suppressions"):
                self.log(f"Next {job.id}: {job.next_run_time:%Y-%m-%d %H:%M %Z}.")

    def _set_times(self) -> bool:
        """Give the timetable the jobs with the times of the settings. False if it has them."""
        from apscheduler.triggers.cron import CronTrigger
        from apscheduler.triggers.interval import IntervalTrigger

        timetable, schedule, zone = self._timetable, self.app.settings.schedule, self.app.settings.newsletter.zone
        window_start = self._send_window_start(self.app.now()).time()
        timing = (schedule.collect_every, schedule.compose_at, schedule.send_at, window_start, zone)
        if timetable is None or timing == self._timing:
            return False
        self._timing = timing

        def daily(at: time) -> CronTrigger:
            return CronTrigger(hour=at.hour, minute=at.minute, timezone=zone)

        rules: dict[str, Any] = {
            "coalesce": True, "max_instances": 1, "misfire_grace_time": _MISFIRE_GRACE, "replace_existing": True,
        }  # fmt: skip
        every = IntervalTrigger(seconds=schedule.collect_every.total_seconds(), timezone=zone)
        timetable.add_job(self._guarded(self.collect), every, id="collect", **rules)
        timetable.add_job(self._guarded(self.compose), daily(schedule.compose_at), id="compose", **rules)
        timetable.add_job(self._guarded(self.send), daily(schedule.send_at), id="send", **rules)
        if window_start != schedule.send_at:
            timetable.add_job(self._guarded(self.send), daily(window_start), id="send ahead", **rules)
        elif timetable.get_job("send ahead"):
            timetable.remove_job("send ahead")
        timetable.add_job(self._guarded(self.check), IntervalTrigger(seconds=60), id="check", **rules)
        timetable.add_job(self._guarded(self.process_feedback), IntervalTrigger(seconds=60), id="feedback", **rules)
        if timetable.get_job("suppressions") is None:
            # Runs beside the other jobs: a provider that hangs must not delay a send.
            sync = self._guarded(self.sync_suppressions, in_turn=False)
            hourly = IntervalTrigger(hours=1, timezone=zone)
            timetable.add_job(sync, hourly, id="suppressions", next_run_time=datetime.now(zone), **rules)
        return True

    def follow_settings(self) -> None:
        """Use the settings of the files if they changed and are valid. Runs between jobs, so no job sees two settings.

        What is being sent keeps its emails, recipients and hours, which are in the store.
        """
        changed = self.settings_watch.reload()
        problems, waiting = self.settings_watch.problems, self.settings_watch.waiting
        if changed is not None:
            old, self.app = self.app, self.settings_watch.app
            self._retire(old)
            retimed = self._set_times()
            self.on_reload(self.app)
            self.log(f"The settings were reloaded; changed: {', '.join(changed) or 'no key'}.")
            if retimed:
                self._log_times()
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

    def _retire(self, app: App) -> None:
        """Close an App that is no longer in use, as soon as the job beside the others does not use it."""
        self._retired.append(app)
        if self._beside.acquire(blocking=False):
            try:
                for retired in self._retired:
                    retired.discard()
                self._retired.clear()
            finally:
                self._beside.release()

    def follow_list(self) -> bool:
        """Read the subscriber list if it changed. Report its errors once, and once that they are gone.

        Return whether the list was repaired.
        """
        found = self.app.subscriber_list
        try:
            found.sync()
            problems = found.problems
            then = "the last valid list is used, without those who are no longer on it"
        except ConfigurationError as error:
            problems, then = tuple(error.problems), "nobody gets mail"
        if problems:
            errors = "; ".join(map(str, problems))
            self.notice("list", found.path.name, f"The subscriber list has errors, so {then}: {errors}")
            return False
        return self.clear_notice("list", found.path.name, "The subscriber list is valid again.")

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
        self.follow_list()
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
        if not self._is_begun(existing) and self._too_late(now):
            self._expire(key)
            return
        self._log_sent(pipeline.send(self.app, key, scheduled=True, stop=self.stop))

    def check(self) -> None:
        """Catch up on a missed job, send batches that became due, and expire old editions. Runs every minute."""
        self.follow_settings()
        repaired = self.follow_list()
        now = self.app.now()
        key = pipeline.edition_key(self.app)
        if repaired and not self._too_late(now) and self._is_begun(self.app.editions.get(key)):
            # For those whom the last valid list did not have.
            self.send()
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

    def _is_begun(self, edition: Edition | None) -> bool:
        begun = (EditionState.FROZEN, EditionState.SENDING, EditionState.DONE)
        return edition is not None and edition.state in begun

    def _expire_batches(self, key: str, now: datetime) -> None:
        """Give up batches that could not be handed over within `schedule.expires_after`: their news is old."""
        expired = self.app.ledger.expire(key, before=now - self.app.settings.schedule.expires_after)
        if expired:
            self.log(f"Edition {key}: {expired} recipients were not reached in time and do not get it.")

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
            with self._one_at_a_time if in_turn else self._beside:
                # It may have been set while this job waited for another.
                if self.stop.is_set():
                    return
                try:
                    if in_turn:
                        self.follow_settings()
                    job()
                    self.clear_notice("job", job.__name__, "")
                except ConfigurationError as error:
                    problems = "; ".join(map(str, error.problems))
                    self.notice("job", job.__name__, f"{job.__name__} failed: {problems}")
                except DigestError as error:
                    self.log(f"{job.__name__} failed: {error}")
                except Exception as error:
                    # A bug in one job must not end the scheduler; the next trigger tries again.
                    self.log(f"{job.__name__} failed with an internal error: {type(error).__name__}: {error}")

        return run
