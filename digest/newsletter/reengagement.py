"""Ask inactive subscribers whether to continue: now, or once a week after an alert to the admins.

`usecases.reengage` has the rules. The store records alerts and questions, so a restart repeats nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from digest.app import App
from digest.config.schedule import WEEKDAYS
from digest.errors import ConfigurationError
from digest.notify.alert import AlertTexts
from digest.store import meta
from digest.usecases.reengage import ReengagePlan

# How long before the question the admins get the alert, and the minimum: they must have time to stop it.
_ANNOUNCED_BEFORE, _ANNOUNCED_AT_LEAST = timedelta(days=1), timedelta(hours=12)
# How late the question may still go out, such as after a power cut.
_LATE = timedelta(hours=6)
_ANNOUNCED, _DONE = "reengage told", "reengage done"


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """The edition of the question, None if there was nobody to ask, and how many were paused."""

    edition: str | None
    paused: int


class QuestionStep(StrEnum):
    """Which step of the weekly question is due."""

    NOTHING = "nothing"
    ANNOUNCE = "announce"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Announcement:
    """The alert to the admins a day before."""

    texts: AlertTexts
    # When the question is sent.
    at: datetime


def require_enabled(app: App) -> None:
    """Raise ConfigurationError unless the question is enabled and people can answer it."""
    problem = ""
    if not app.settings.reengage.enabled:
        problem = "'reengage.enabled' is false; set it to true when you have seen who is affected"
    elif not app.settings.newsletter.base_url:
        problem = "'newsletter.base_url' is empty, so nobody could answer; set it to the address of your pages"
    if problem:
        raise ConfigurationError.at("digest.yaml", problem)
    app.check_credentials()
    app.example_domain_guard.refuse_example_domain()


def ask_now(app: App) -> QuestionResult:
    """Enqueue the subscribers to ask in today's question, and pause those who did not answer. Sends nothing."""
    from digest.web.app import load_pages
    from digest.web.stay import question

    require_enabled(app)
    plan = app.reengagement.plan()
    pages = load_pages(app, app.settings.newsletter.base_url)
    edition = app.reengagement.ask(plan, question(pages, app.signer, app.reengagement.key()))
    return QuestionResult(edition, app.reengagement.pause(plan))


def step_due(at: datetime, now: datetime, *, announced: bool, done: bool) -> QuestionStep:
    if done or now > at + _LATE:
        return QuestionStep.NOTHING
    if announced:
        return QuestionStep.ASK if now >= at else QuestionStep.NOTHING
    return QuestionStep.ANNOUNCE if at - _ANNOUNCED_BEFORE <= now <= at - _ANNOUNCED_AT_LEAST else QuestionStep.NOTHING


class WeeklyQuestion:
    """The question that `digest run` asks once a week, if `reengage.weekday` is set."""

    def __init__(self, app: App) -> None:
        self._app, self._chosen = app, app.settings.reengage
        self._store = app.database

    def due(self) -> QuestionStep:
        if not self._chosen.enabled or self._chosen.weekday is None:
            return QuestionStep.NOTHING
        at = self._moment()
        announced, done = (meta.get(self._store, name) == at.isoformat() for name in (_ANNOUNCED, _DONE))
        return step_due(at, self._app.now(), announced=announced, done=done)

    def announcement(self) -> Announcement | None:
        """Return the alert to the admins, once. None if nobody is affected."""
        require_enabled(self._app)
        at = self._moment()
        plan, listed = self._app.reengagement.plan(), self._app.subscribers.count_listed()
        meta.set(self._store, _ANNOUNCED, at.isoformat())
        if not plan.ask and not plan.pause:
            return None
        asked = f"{len(plan.ask):,} subscribers who did nothing for {self._chosen.after.days} days"
        if _is_too_many(plan, listed):
            title = "More than half of the list seems not to read, so `digest run` asks nobody"
            text = f"{len(plan.ask) + plan.more:,} of {listed:,} did nothing for {self._chosen.after.days} days."
            action = "`digest subscribers reengage` shows them. If that is right, run it with --send yourself."
            return Announcement(AlertTexts(title, text, action), at)
        title = f"On {at:%A} at {at:%H:%M} {asked} are asked whether to continue"
        text = f"{len(plan.pause):,} who did not answer an earlier question are paused. {plan.more:,} more are silent."
        action = "`digest subscribers reengage` shows them. To stop it, set `reengage.enabled` to false before."
        return Announcement(AlertTexts(title, text, action), at)

    def ask(self) -> QuestionResult | None:
        """Ask those who are due, once. None if they are more than half of the list."""
        at = self._moment()
        # Recorded before the question is enqueued: after any failure the next try is a week later, and the ledger
        # finishes this one.
        meta.set(self._store, _DONE, at.isoformat())
        if _is_too_many(self._app.reengagement.plan(), self._app.subscribers.count_listed()):
            return None
        return ask_now(self._app)

    def _moment(self) -> datetime:
        """Return the time of the present question, or of the next one."""
        now, chosen = self._app.now(), self._chosen
        since = now - _LATE
        day = since.date()
        while WEEKDAYS[day.weekday()] != chosen.weekday or datetime.combine(day, chosen.at, now.tzinfo) < since:
            day += timedelta(days=1)
        return datetime.combine(day, chosen.at, now.tzinfo)


def _is_too_many(plan: ReengagePlan, listed: int) -> bool:
    return 2 * (len(plan.ask) + plan.more) > listed
