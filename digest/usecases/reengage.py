"""Ask people who seem not to read whether they want to continue, and pause those who do not answer.

The question is an edition of its own, so it has the same ledger: nobody is asked twice, even after a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from digest.errors import DigestError
from digest.models import REENGAGE, Edition, EditionState, RenderedEmail, is_question
from digest.store.people.preferences import ConsentContext
from digest.store.people.reengagement import QuestionOutcome, SilentSubscriber

if TYPE_CHECKING:
    from digest.store.content.editions import EditionStore
    from digest.store.database import Database
    from digest.store.people.preferences import PreferenceStore
    from digest.store.people.reengagement import ReengagementStore

# A pause that ends only when its subscriber comes back.
_UNTIL_BACK = timedelta(days=3650)


@dataclass(frozen=True)
class ReengagePlan:
    """The subscribers whom a run would ask and pause. `more` counts inactive ones beyond the limit of one run."""

    ask: tuple[SilentSubscriber, ...]
    pause: tuple[SilentSubscriber, ...]
    more: int


@dataclass(frozen=True)
class Reengagement:
    """Asks and pauses subscribers by the settings `reengage`."""

    database: Database
    store: ReengagementStore
    editions: EditionStore
    preferences: PreferenceStore
    after: timedelta
    wait: timedelta
    at_most: int
    batch_size: int
    # Subscriber → time of the last click; empty unless the settings store it.
    last_clicks: Callable[[], Mapping[int, datetime]]
    now: Callable[[], datetime]

    def plan(self) -> ReengagePlan:
        """Return who would be asked and who would be paused. Changes nothing."""
        now, clicks = self.now(), self.last_clicks()
        before = now - self.after
        silent = [each for each in self.store.silent(before, now) if clicks.get(each.id, before) <= before]
        unanswered = [
            each
            for each in self.store.unanswered(now - self.wait)
            if each.id not in clicks or clicks[each.id] < each.since
        ]
        asked = tuple(silent[: self.at_most])
        return ReengagePlan(asked, tuple(unanswered), len(silent) - len(asked))

    def unfinished(self) -> list[str]:
        """Return the editions with the question that were not completely handed over."""
        return [
            each.key
            for each in self.editions.unfinished()
            if is_question(each.key) and each.state == EditionState.SENDING
        ]

    def key(self) -> str:
        """Return the key of the edition that asks today."""
        return f"{REENGAGE}{self.now():%Y-%m-%d}"

    def ask(self, plan: ReengagePlan, email: RenderedEmail) -> str | None:
        """Enqueue the subscribers to ask in today's question, in one transaction.

        Sends nothing yet. Returns the edition; None if there is nobody to ask.
        """
        if not plan.ask:
            return None
        now, key = self.now(), self.key()
        edition = Edition(key, now.date(), 0, EditionState.APPROVED, email.subject, "", (), composed_at=now)
        with self.database.transaction():
            stored = self.editions.get(key)
            if stored is None:
                self.editions.put(edition, over=())
                self.editions.save_emails(key, [email])
            elif stored.state not in (EditionState.APPROVED, EditionState.SENDING, EditionState.DONE):
                raise DigestError(f"Edition {key} is {stored.state}. Run this again tomorrow.")
            ids = [each.id for each in plan.ask]
            self.store.ask(key, ids, email.variant, batch_size=self.batch_size, now=now)
        return key

    def pause(self, plan: ReengagePlan) -> int:
        """Pause those who did not answer, each in a transaction of its own. Returns how many."""
        now = self.now()
        done = 0
        context = ConsentContext("digest subscribers reengage", detail=f"no answer since {now - self.wait:%Y-%m-%d}")
        for each in plan.pause:
            if self.store.settle(each.id, QuestionOutcome.PAUSED, now=now):
                done += self.preferences.set(each.id, {"paused_until": now + _UNTIL_BACK}, context, now=now)
        return done
