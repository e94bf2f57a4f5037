"""The clock: rings collect, compose and send at their times, and catches up after a restart.

APScheduler only rings. What is to be done is read from the store each time, so a ring that is lost, late or doubled
does no harm, and a restart in the middle of the day makes no second edition.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, time
from typing import Any

from digest import hearing, pipeline, pulling, withdrawing
from digest.app import App
from digest.errors import ConfigurationError, DigestError
from digest.models import Edition

_GRACE = 300  # seconds for which a ring that was missed is still rung; later ones are caught up from the store


class Clock:
    """The day's jobs of one newsletter. `say` gets a line for each thing that was done."""

    def __init__(self, app: App, say: Callable[[str], None]) -> None:
        self.app = app
        self.say = say
        self.stop = threading.Event()
        self.one_at_a_time = threading.Lock()
        self.told: frozenset[str] = frozenset()

    def run(self) -> None:
        """Rings until `stop` is set; then finishes what is in flight and returns."""
        from apscheduler.schedulers.background import BackgroundScheduler
        from apscheduler.triggers.cron import CronTrigger
        from apscheduler.triggers.interval import IntervalTrigger

        schedule, zone = self.app.settings.schedule, self.app.settings.newsletter.zone

        def daily(at: time) -> CronTrigger:
            return CronTrigger(hour=at.hour, minute=at.minute, timezone=zone)

        scheduler = BackgroundScheduler(timezone=zone)
        rules: dict[str, Any] = {"coalesce": True, "max_instances": 1, "misfire_grace_time": _GRACE}
        every = schedule.collect_every.total_seconds()
        often = IntervalTrigger(seconds=every, timezone=zone)
        scheduler.add_job(self._safely(self.collect), often, id="collect", **rules)
        scheduler.add_job(self._safely(self.compose), daily(schedule.compose_at), id="compose", **rules)
        scheduler.add_job(self._safely(self.send), daily(schedule.send_at), id="send", **rules)
        begins = self._begins(self.app.now()).time()
        if begins != schedule.send_at:
            scheduler.add_job(self._safely(self.send), daily(begins), id="hand over", **rules)
        scheduler.add_job(self._safely(self.tick), IntervalTrigger(seconds=60), id="tick", **rules)
        scheduler.add_job(self._safely(self.hear), IntervalTrigger(seconds=60), id="hear", **rules)
        # Beside the others and not in turn with them: a provider that hangs must hold up no letter.
        pull, hourly = self._safely(self.pull, in_turn=False), IntervalTrigger(hours=1, timezone=zone)
        scheduler.add_job(pull, hourly, id="pull", next_run_time=datetime.now(zone), **rules)
        scheduler.start()
        for job in scheduler.get_jobs():
            if job.id not in ("tick", "hear", "pull"):
                self.say(f"{job.id}: next at {job.next_run_time:%Y-%m-%d %H:%M %Z}")
        now = self.app.now()
        if self._too_late(now) and self.app.editions.get(pipeline.edition_key(self.app)) is None:
            self.say(
                f"today's edition is given up: {self._send_time(now):%H:%M} is too long ago (schedule.expires_after)"
            )
        try:
            self._safely(self.collect)()
            self._safely(self.hear)()  # before the tick: what the provider took is not to be doubted any more
            self._safely(self.tick)()
            self.stop.wait()
        finally:
            self.stop.set()
            scheduler.shutdown(wait=True)

    def collect(self) -> None:
        report = pipeline.collect(self.app, patient=True)
        new = sum(source.new for source in report.sources)
        bad = [f"{source.name}: {source.error}" for source in report.sources if source.error]
        self.say(f"collected {report.articles} articles, {new} new" + (f"; failed: {'; '.join(bad)}" if bad else ""))

    def compose(self) -> None:
        """Today's draft, from the freshest articles. One that the desk or a send moved on is left alone."""
        key = pipeline.edition_key(self.app)
        standing = self.app.editions.get(key)
        if standing and standing.state not in ("draft", "skipped"):
            return
        edition = pipeline.compose(self.app, key).edition
        if edition.state == "skipped":
            self.say(f"edition {key} is skipped: {edition.reason}")
        else:
            self.say(f"edition {key} is composed: {edition.subject}")

    def send(self) -> None:
        """Today's edition to everyone who is due, each at the own hour; given up when it is too late for it. Rung once
        more at its hour where it was handed over ahead, for whoever came to the list since."""
        now = self.app.now()
        key = pipeline.edition_key(self.app)
        standing = self.app.editions.get(key)
        if standing and standing.state not in ("draft", "approved", "skipped", "frozen", "sending", "done"):
            return
        begun = standing is not None and standing.state in ("frozen", "sending", "done")
        if not begun and self._too_late(now):
            self._expire(key)
            return
        self._tell(pipeline.send(self.app, key, scheduled=True, stop=self.stop))

    def tick(self) -> None:
        """What a minute brings: a send that was missed while we were down, batches whose hour has come, and the end
        of what has waited too long."""
        now = self.app.now()
        today = pipeline.edition_key(self.app)
        if self._compose_time(now) <= now < self._begins(now) and self.app.editions.get(today) is None:
            self.compose()
        if now >= self._begins(now) and self._is_missed(self.app.editions.get(today), now):
            self.send()
        for key, readers in withdrawing.go_on(self.app).items():
            self.say(f"edition {key} is stopped: {readers} more readers' letters were recalled from the provider")
        for edition in self.app.editions.unfinished():
            if edition.state == "sending":
                self._give_up_stale(edition.key, now)
                sent = pipeline.deliver_due(self.app, edition.key, stop=self.stop)
                if sent:
                    self._tell(sent)
            elif edition.day < now.date() and pipeline.day_of(edition.key):
                self._expire(edition.key)

    def hear(self) -> None:
        """What providers posted since the last ring."""
        for line in hearing.handle_posts(self.app).notes:
            self.say(line)

    def pull(self) -> None:
        """Once a day, what the provider's own lists say: some of its posts may have been lost."""
        if pulling.keepers(self.app) and pulling.is_due(self.app):
            pulled = pulling.pull(self.app, wait=self.stop.wait)
            for line in pulled.notes:
                if line not in self.told:  # what stays wrong is tried every hour, and said once
                    self.say(line)
            self.told = frozenset(pulled.notes)
            if pulled.suppressed:
                self.say(f"the provider's lists bar {pulled.suppressed} readers of whom no post told")

    def _is_missed(self, today: Edition | None, now: datetime) -> bool:
        """Whether the send of today's hour is still to be rung."""
        if today is None:
            return not self._too_late(now)
        if today.state == "skipped":  # by what was there before its hour; at its hour it is looked at once more
            return today.composed_at is not None and today.composed_at < self._send_time(now) <= now
        # A draft that waits for the desk was announced at its hour; until it expires there is nothing to say.
        waits = self.app.settings.schedule.approval == "required" and today.state == "draft"
        return today.state in ("draft", "approved", "frozen") and (not waits or self._too_late(now))

    def _give_up_stale(self, key: str, now: datetime) -> None:
        """Batches that could not be handed over in `expires_after` are news no more."""
        limit = now - self.app.settings.schedule.expires_after
        given_up = self.app.ledger.expire(key, before=limit)
        if given_up:
            self.say(f"edition {key}: {given_up} readers were not reached in time; their letters are given up")

    def _expire(self, key: str) -> None:
        if self.app.editions.move(key, "expired", out_of=("draft", "approved", "frozen")):
            self.say(f"edition {key} is expired: it was not sent in time")

    def _too_late(self, now: datetime) -> bool:
        # Within one zone Python reckons by what clocks show, which jumps twice a year.
        return now.astimezone(UTC) - self._send_time(now).astimezone(UTC) > self.app.settings.schedule.expires_after

    def _compose_time(self, now: datetime) -> datetime:
        return datetime.combine(now.date(), self.app.settings.schedule.compose_at, now.tzinfo)

    def _begins(self, now: datetime) -> datetime:
        """When today's edition begins to be handed over: at its hour, or `delivery.lead` before it to a provider that
        can recall, but not before it is composed."""
        at = self._send_time(now)
        return max(at - self.app.settings.delivery.lead, self._compose_time(now)) if self.app.ahead else at

    def _send_time(self, now: datetime) -> datetime:
        return datetime.combine(now.date(), self.app.settings.schedule.send_at, now.tzinfo)

    def _tell(self, sent: pipeline.Sent) -> None:
        counts = sent.counts
        if sent.report is None:
            for line in sent.notes or (f"edition {sent.edition.key} is {sent.edition.state}: {sent.edition.reason}",):
                self.say(line)
            return
        for line in (*sent.notes, *sent.report.problems):
            self.say(line)
        self.say(
            f"edition {sent.edition.key}, {sent.edition.state}: {counts.accepted} of {counts.frozen} sent, "
            f"{counts.excluded} excluded, {counts.rejected} rejected, {counts.pending} pending, "
            f"{counts.unknown} unknown"
        )

    def _safely(self, job: Callable[[], None], *, in_turn: bool = True) -> Callable[[], None]:
        """A job that fails says so and leaves the clock running; jobs wait for each other, unless not `in_turn`."""

        def ring() -> None:
            if self.stop.is_set():
                return
            with self.one_at_a_time if in_turn else nullcontext():
                if self.stop.is_set():  # while this one waited for another
                    return
                try:
                    job()
                except ConfigurationError as error:
                    self.say(f"{job.__name__}: {'; '.join(map(str, error.faults))}")
                except DigestError as error:
                    self.say(f"{job.__name__}: {error}")
                except Exception as error:
                    # A fault of ours in one job must not end the clock; it is said, and the next ring tries again.
                    self.say(f"{job.__name__}: internal fault: {type(error).__name__}: {error}")

        return ring
