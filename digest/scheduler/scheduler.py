"""Run the day's jobs at their times, and catch up after a restart.

Once a minute, and at each planned moment, `tick` compares the calendar with the store and does the missing steps. A
lost, late or doubled tick does no harm. Intervals are measured with a monotonic clock, so a clock that is set back does
not stop the jobs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta

from digest import pipeline
from digest.app import App
from digest.config.loader import FILE_NAME
from digest.errors import AlreadyRunning, ConfigurationError, StoreError
from digest.newsletter.reengagement import QuestionStep, WeeklyQuestion
from digest.newsletter.reload import ListWatch, SettingsWatch
from digest.notify.alert import AlertKind, AlertTexts, NoticeKind
from digest.scheduler.editions import EditionJobs
from digest.scheduler.guard import BackgroundJob, BackgroundJobs, JobGuard
from digest.scheduler.notices import Notices
from digest.scheduler.pulse import CATCH_UP, Clocks, find_jump
from digest.scheduler.steps import until_next_moment
from digest.store.locks import Lock, exclusive
from digest.store.sending.channel_posts import PostState
from digest.utils.heartbeat import beat
from digest.utils.text import duration, plural

# The most seconds between two ticks.
_TICK = 60.0
# Seconds between checks whether the settings or the list were edited.
_LOOK = 2.0
# How long before a planned moment no long job begins, because it would delay that moment.
_KEEP_FREE = timedelta(minutes=3)
# How long before a planned moment no pruning begins.
_QUIET = timedelta(minutes=15)
# Time between checks of which editions to post in the channel.
_CHANNEL_EVERY = timedelta(minutes=1)
# Time between checks of alert conditions, and before the first check.
_WATCH_EVERY, _WATCH_FIRST = timedelta(seconds=30), timedelta(seconds=5)
_HOUR = timedelta(hours=1)
# Time between look-ups of unknown batches in the provider's log.
RECONCILE_EVERY = timedelta(minutes=10)
# Time before the first look-up: a run that was killed leaves such batches, and a log shows them after a moment.
_RECONCILE_FIRST = timedelta(minutes=3)
# Time between checks whether to ask subscribers if they want to continue.
REENGAGE_EVERY = timedelta(minutes=10)
# Settings of the pages that need a restart.
_PAGES_KEYS = ("web.enabled", "web.host", "web.port", "web.proxies", "desk.host", "desk.port")
# The App that a job keeps until it ends.
_job_app: ContextVar[App | None] = ContextVar("app of the job", default=None)
# Seconds between checks whether the other `digest run` has ended.
_STAND_BY = 2.0


@dataclass
class _Job:
    """A job that is repeated after `every` seconds. `last` is when it ran, by the monotonic clock."""

    run: Callable[[], None]
    every: Callable[[], float]
    # Whether it must not begin shortly before a planned moment, because it may take long.
    keeps_free: bool = False
    last: float | None = None


def watch_settings(app: App) -> SettingsWatch:
    """Return the settings that `digest run` follows: those of `app`, on its store.

    Create it when the process starts, so that edits during the standby are found. Raises ConfigurationError for a
    faulty file of holidays.
    """
    # While `run` serves the pages, their keys need a restart, and so does turning the pages on.
    pages = _PAGES_KEYS if app.settings.web.enabled else ("web.enabled",)
    watched = SettingsWatch(app.copy_with(unattended=True), needs_restart=("store.url", "workers.seats", *pages))
    # The last calendar stays in use if a file of holidays becomes faulty.
    _ = watched.app.calendar
    return watched


class Scheduler:
    """The day's jobs of one newsletter, whose settings are `settings` as last read.

    `log` gets a sentence for each thing that was done, and `warn` (default: `log`) one for each fault. When `stop` is
    set, the jobs end as soon as batches in flight are finished.
    """

    def __init__(
        self,
        settings: SettingsWatch,
        log: Callable[[str], None],
        *,
        warn: Callable[[str], None] | None = None,
        stop: threading.Event | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        hands_over: bool = False,
    ) -> None:
        """`hands_over`: workers run the jobs, several at once, and other processes run the same jobs."""
        self.settings = settings
        self.log, self.warn = log, warn or log
        self.stop = stop or threading.Event()
        # Called with the App of new settings, for the web server of `digest run`.
        self.on_reload: list[Callable[[App], None]] = []
        self._monotonic = monotonic
        self._list = ListWatch()
        self.notices = Notices(lambda: self.app, self.log, self.warn, others=hands_over)
        self.guard = JobGuard(self.notices, self.warn, self.stop)
        self.editions = EditionJobs(
            lambda: self.app, self.notices, self.guard, self.log, self.warn, self.stop, hands_over
        )
        background = (
            BackgroundJob(self.sync_suppressions, "store", every=_HOUR, first=timedelta(0)),
            BackgroundJob(self.prune, "store", every=_HOUR, first=_HOUR),
            BackgroundJob(self.reconcile, "logs of providers", every=RECONCILE_EVERY, first=_RECONCILE_FIRST),
            BackgroundJob(self.reengage, "store", every=REENGAGE_EVERY, first=_WATCH_EVERY),
            # In the background, because a long send must be watched, and a hanging alert must not delay a send.
            BackgroundJob(self.post_to_channel, "channel", every=_CHANNEL_EVERY, first=_CHANNEL_EVERY),
            BackgroundJob(self.watch, "alerts", every=_WATCH_EVERY, first=_WATCH_FIRST),
        )
        self._background = BackgroundJobs(self.guard, background)
        # Closes an App that was replaced.
        self.retire: Callable[[App], None] = self._background.retire
        self._last_notes: frozenset[str] = frozenset()
        # The monotonic time of the next `check`: the first moment after its last run.
        self._next_check = self._monotonic()
        self._clocks = Clocks.read()
        # The newest decision on an edition that the last tick saw: one that is resumed or approved starts at once.
        self._decided = 0
        # In the order in which they run: batches that the provider confirms are settled before `check` runs.
        self._jobs = (
            _Job(self.process_feedback, lambda: _TICK),
            _Job(self.check, lambda: 0.0),
            # Composing an edition collects the sources too.
            _Job(self.collect, lambda: self.app.settings.schedule.collect_every.total_seconds(), keeps_free=True),
        )

    @property
    def app(self) -> App:
        """The App in use. It changes only in `follow_settings`, and never inside `using`."""
        return _job_app.get() or self.settings.app

    @contextmanager
    def using(self, app: App) -> Iterator[None]:
        """Within the block, jobs of this thread use the given App, so that no job sees two settings."""
        token = _job_app.set(app)
        try:
            yield
        finally:
            _job_app.reset(token)

    def run(self, lock: Lock | None = None) -> None:
        """Run jobs until `stop` is set, then finish batches in flight. Returns early if `lock` is lost."""
        self.editions.log_plan()
        with self._background.running():
            while not self.stop.is_set():
                if lock is not None and not lock.is_held():
                    self.warn("The connection to the store broke, so another `digest run` may have taken over.")
                    return
                beat()
                self._background.catch_up()
                self.tick()
                beat()
                self._wait()

    def tick(self) -> None:
        """Run every due job with the current settings and list."""
        self._decided = self._newest_decision()
        self.guard.run(self.follow_settings)
        self.guard.run(self.notices.refresh, "alerts")
        if self.guard.run(self.follow_list):
            self.guard.run(self.editions.send_to_repaired)
        # `check` may miss a moment that comes while other jobs run.
        self._next_check = self._monotonic() + until_next_moment(self.app).total_seconds()
        for job in self._jobs:
            now = self._monotonic()
            if self.stop.is_set() or (job.last is not None and now < job.last + job.every()):
                continue
            # At the next tick.
            if job.keeps_free and self._next_check - now < _KEEP_FREE.total_seconds():
                continue
            job.last = now
            beat()
            self.guard.run(job.run)

    def follow_settings(self) -> None:
        """Use the settings of the files if they changed and are valid. This runs between jobs, so that no job sees two
        settings.

        An edition that is being sent keeps its emails, recipients and hours, which are in the store.
        """
        before = self.app
        changed = self.settings.reload()
        problems, waiting = self.settings.problems, self.settings.waiting
        if changed is not None:
            if self.settings.news:
                self.log(self.settings.news)
            if any(key.startswith("schedule.") for key in changed):
                self.guard.run(self.editions.log_plan)
        if problems:
            text = "The settings have errors, so the old ones stay in use"
            self.notices.notice(NoticeKind.SETTINGS, FILE_NAME, text, problems=problems)
        else:
            self.notices.clear(NoticeKind.SETTINGS, FILE_NAME, "The settings are valid again.")
        if waiting:
            keys = " and ".join((", ".join(waiting[:-1]), waiting[-1]) if waiting[1:] else waiting)
            self.notices.notice(
                NoticeKind.RESTART, FILE_NAME, f"Changes of {keys} take effect when you restart `digest run`."
            )
        else:
            self.notices.clear(NoticeKind.RESTART, FILE_NAME)
        if changed is not None:
            self.retire(before)
            for follow in self.on_reload:
                follow(self.app)

    def follow_list(self) -> bool:
        """Read the subscriber list if it changed.

        Reports errors once, and their end once. Returns whether the list was repaired.
        """
        found = self.app.subscriber_list
        self._list.is_read(found.path)
        try:
            found.sync()
            problems = found.problems
            self.editions.without_list = False
            then = "the last valid list is used; anyone removed from the file since then gets no mail"
        except ConfigurationError as error:
            problems, then = tuple(error.problems), "nobody gets mail"
            self.editions.without_list = True
        if problems:
            text = f"The subscriber list has errors, so {then}"
            self.notices.notice(NoticeKind.LIST, found.path.name, text, problems=problems)
            return False
        return self.notices.clear(NoticeKind.LIST, found.path.name, "The subscriber list is valid again.")

    def check(self) -> None:
        """Run the next step of each edition."""
        self.editions.check()

    def collect(self, part: tuple[int, int] = (0, 1)) -> None:
        """Collect every source that is due, or those of one part, such as (0, 4)."""
        report = pipeline.collect(self.app, patient=True, part=part)
        new = sum(source.new for source in report.sources)
        failed = [f"{source.name}: {source.error.rstrip('.')}" for source in report.sources if source.error]
        errors = f" Failed: {'; '.join(failed)}." if failed else ""
        self.log(f"Collected {plural(report.articles, 'article')}, {new} new.{errors}")
        if new:
            self.guard.run(self.look_for_breaking_news)

    def look_for_breaking_news(self) -> None:
        """Propose an alert edition if several independent sources report a new story."""
        if not self.app.settings.breaking.enabled:
            return
        if edition := self.app.breaking.propose_detected():
            self.editions.notice_proposal(edition)

    def process_feedback(self) -> None:
        """Process the webhook payloads since the last run."""
        for note in self.app.feedback.process_webhooks().notes:
            self.log(note)

    def sync_suppressions(self) -> None:
        """Read the provider's suppression lists once a day, because webhook events can be lost."""
        if not self.app.suppression_sync.is_due():
            return
        result = self.app.suppression_sync.run(wait=self.stop.wait)
        for note in result.notes:
            # A lasting problem is retried every hour, and logged once.
            if note not in self._last_notes:
                self.log(note)
        self._last_notes = frozenset(result.notes)
        if result.suppressed:
            self.log(
                f"Suppressed {plural(result.suppressed, 'subscriber')} found on the provider's lists "
                "(their webhook events never arrived)."
            )

    def reconcile(self, key: str | None = None) -> None:
        """Look up unknown batches of an edition, or of all that are being sent, in their provider's log."""
        found = self.app.reconciler
        for edition in [key] if key else found.editions_to_look_up():
            for batch in found.look_up(edition):
                self.log(f"Edition {edition}: the provider's log shows that batch {batch} was sent.")

    def watch(self) -> None:
        """Check the conditions of alerts, and send the messages that are due."""
        self._look_for_clock_jump()
        app = self.app
        try:
            app.watch.run()
            self.notices.report_store_recovery()
            self.report()
        finally:
            # This includes the alert that this job fails.
            for problem in (*app.alerts.deliver(), *app.outgoing_webhooks.deliver()):
                self.log(problem)

    def report(self) -> None:
        """Queue the reports of editions that are due."""
        app = self.app
        if app.settings.alerts.report and app.alerts.channels:
            for key in app.reporter.send_due():
                self.log(f"Edition {key}: its report goes to the admins.")

    def post_to_channel(self) -> None:
        """Post the editions that were sent lately in the Telegram channel, each once."""
        app = self.app
        poster = app.channel_poster
        if poster is None or not app.settings.telegram.automatic:
            return
        for post in poster.post_due():
            text = f"Edition {post.edition}: Telegram channel {post.channel}: {post.state}"
            if post.state == PostState.POSTED:
                self.log(f"{text}.")
            elif post.state != PostState.SUBMITTING:
                self.warn(f"{text}: {post.detail}. `digest share {post.edition} --telegram` shows what to do.")

    def prune(self) -> None:
        """Delete data older than `store.keep`, once a day, and not shortly before a planned moment."""
        pruner = self.app.pruner
        if self.app.settings.store.prune == "never" or not pruner.is_due():
            return
        if until_next_moment(self.app) < _QUIET:
            return
        done = pruner.prune(self.stop.is_set)
        if done.articles or done.editions:
            self.log(
                f"Pruned the store: {done.articles} old articles; {len(done.editions)} old editions are now counts, "
                f"without {plural(done.deliveries, 'recipient')}."
            )

    def reengage(self) -> None:
        """Ask inactive subscribers once a week, a day after the alert to the admins.

        The edition jobs send the question.
        """
        weekly = WeeklyQuestion(self.app)
        due = weekly.due()
        if due is QuestionStep.ANNOUNCE and (announced := weekly.announcement()):
            self.log(f"{announced.texts.title}.")
            self.notices.raise_alert(
                AlertKind.REENGAGE_PLANNED, f"{announced.at:%Y-%m-%d}", announced.texts, until=announced.at
            )
        elif due is QuestionStep.ASK:
            asked = weekly.ask()
            if asked is None:
                self.warn("Nobody is asked whether to continue: more than half of the list seems not to read.")
            elif asked.edition or asked.paused:
                paused = plural(asked.paused, "subscriber was", "subscribers were")
                self.log(f"Edition {asked.edition or 'of the question'}: sending begins. {paused} paused.")

    def notice_standstill(self, seconds: float) -> None:
        """Alert if this process was stopped or frozen while the machine's clocks ran on."""
        now = self.app.now()
        advice = " Set `alerts.heartbeat_url`, so that a service outside tells you while it is stopped."
        texts = AlertTexts(
            f"The newsletter stood still for {duration(seconds)}",
            "Its process was stopped or frozen: by a signal, a paused container or virtual machine, or a machine "
            f"without memory or CPU. {CATCH_UP}",
            "`digest status` shows the edition. Look for the cause: `journalctl --since -2h`, `docker events "
            f"--since 2h --until 0s`.{'' if self.app.settings.alerts.heartbeat_url else advice}",
        )
        self.notices.raise_alert(AlertKind.STOOD_STILL, "", texts, until=now + timedelta(hours=1))

    def _look_for_clock_jump(self) -> None:
        """Alert if the clock was set or the machine slept, because jobs may have run at unplanned times."""
        before, self._clocks = self._clocks, Clocks.read()
        now = self.app.now()
        if jump := find_jump(before, self._clocks, now):
            self.notices.raise_alert(AlertKind.CLOCK_JUMP, "", jump, until=now + timedelta(hours=1))

    def _wait(self) -> None:
        """Wait until something is due, somebody edits the settings or the list or decides on an edition, or `stop`."""
        pause = min(_TICK, until_next_moment(self.app).total_seconds(), self._next_check - self._monotonic())
        until = time.monotonic() + pause
        while (left := until - time.monotonic()) > 0 and not self.stop.wait(min(left, _LOOK)):
            if self.settings.is_new() or self._list.is_new() or self._newest_decision() != self._decided:
                return

    def _newest_decision(self) -> int:
        """Return the number of the newest decision on an edition. If the store does not answer, return the last known
        number.
        """
        try:
            return self.app.editions.newest_decision()
        except StoreError:
            return self._decided


@contextmanager
def sole_scheduler(
    app: App, stop: threading.Event, log: Callable[[str], None], warn: Callable[[str], None]
) -> Iterator[Lock | None]:
    """Wait until no other process runs the schedule of this store. Yields None if `stop` is set before."""
    with ExitStack() as held:
        lock: Lock | None = None
        logged = ""
        while lock is None and not stop.is_set():
            try:
                lock = held.enter_context(exclusive(app.database, "running the schedule", wait=0.0))
                continue
            except AlreadyRunning:
                say, reason = log, "Another `digest run` works on this store. Standing by, to take over when it ends."
            except StoreError as error:
                say, reason = warn, f"{error}. Trying again until the store answers."
            if reason != logged:
                say(reason)
            logged = reason
            beat()
            stop.wait(_STAND_BY)
        if lock is not None and logged:
            log("Nobody else runs the schedule now. This `digest run` takes over.")
        yield lock
