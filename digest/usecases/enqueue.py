"""Enqueue an edition: decide who gets it, in which variant and when, and give everyone a place in a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import TYPE_CHECKING

from digest.errors import DigestError
from digest.models import BREAKING, MAIN, Edition, EditionState, RenderedEmail, Variant, is_breaking
from digest.render.variants import select, variant_for
from digest.store.content.editions import FORCED
from digest.store.sending import restored
from digest.store.sending.enqueue import Decision, enqueue_subscribers
from digest.store.sending.folded import is_folded, why_never_again
from digest.store.sending.status import counts
from digest.subscribers.due import Audience, Candidate, Due, decide
from digest.usecases.preflight import PreflightFailed

if TYPE_CHECKING:
    from digest.config.calendar import Calendar
    from digest.render.renderer import Renderer
    from digest.store.content.editions import EditionStore
    from digest.store.database import Database
    from digest.store.people.subscribers import SubscriberStore
    from digest.usecases.preflight import Preflight
    from digest.usecases.subscriber_list import SubscriberList


# What the store records of an edition that goes only to subscribers who are due on its day.
OBEYS_FREQUENCY = "obeys frequency"
NO_STORY = "no story of the chosen topics"
# How often subscribers may change while their emails are rendered.
_MAX_ROUNDS = 10


@dataclass(frozen=True)
class SendPlan:
    """Who would get an edition if it were sent now. Counts are subscribers."""

    edition: Edition
    due: int
    # Those who have a place in the edition already.
    already: int
    # (address, reason).
    excluded: list[tuple[str, str]]


@dataclass(frozen=True)
class Enqueued:
    """How many subscribers got a place in a batch, and notes on their emails for the operator."""

    placed: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class DuePolicy:
    """Decides for one subscriber which variant to send and when, or why not to send."""

    edition: Edition
    now: datetime
    audience: Audience
    # The hour for subscribers without their own; None sends to everyone at once.
    default_hour: time | None = None
    # A fixed time for everyone who is due at all (`digest send --at`).
    send_at: datetime | None = None
    # Whether a variant has stories, by its key.
    _has_stories: dict[str, bool] = field(default_factory=dict, repr=False)

    def decide(self, subscriber: Candidate) -> tuple[Variant, Decision]:
        due = decide(subscriber, self.edition.day, send_at=self.default_hour, now=self.now, audience=self.audience)
        variant = variant_for(self.edition, subscriber.topics, subscriber.format)
        if variant.key not in self._has_stories:
            self._has_stories[variant.key] = select(self.edition, variant) is not None
        if due.due_at is not None and not self._has_stories[variant.key]:
            due = Due(None, NO_STORY)
        if due.due_at is None:
            return variant, Decision(excluded=due.excluded)
        return variant, Decision(variant.key, self.send_at or due.due_at)


@dataclass(frozen=True)
class Enqueuer:
    """Gives subscribers their places in editions."""

    database: Database
    editions: EditionStore
    subscribers: SubscriberStore
    subscriber_list: SubscriberList
    renderer: Renderer
    preflight: Preflight
    batch_size: int
    calendar: Callable[[], Calendar]
    # The slugs among which subscribers choose → whether those who have not chosen get it.
    choices: Mapping[str, bool]
    # The hour of editions outside the schedule.
    default_hour: time
    now: Callable[[], datetime]

    def enqueue(
        self,
        edition: Edition,
        *,
        scheduled: bool,
        at: datetime | None = None,
        force: str = "",
        obey_frequency: bool = False,
    ) -> Enqueued:
        """Give every listed subscriber without a place one: in a batch, or excluded with the reason.

        Renders the emails of new variants and checks them; an error stops the call before anything is written.
        `scheduled` sends at each subscriber's hour, otherwise everyone is due now, or at the time `at`. `force` is the
        reason for sending despite errors, and is recorded. A special edition goes to everyone, or with
        `obey_frequency` only on the days of each subscriber; later calls keep to that. Raises PreflightFailed, and
        DigestError for a folded edition.
        """
        now = self.now()
        self._refuse_folded(edition)
        planned = self.calendar().of(edition.key)
        hour = planned.schedule.send_at if planned else self.default_hour
        if obey_frequency:
            self._record_once(edition.key, OBEYS_FREQUENCY, "as asked for by the operator")
        policy = DuePolicy(edition, now, self._audience(edition.key), hour if scheduled else None, at)
        emails = self.editions.emails(edition.key)
        placed = 0
        notes: dict[str, None] = {}
        # A subscriber may change while the emails are rendered, so decide again until nobody did.
        for _round in range(_MAX_ROUNDS):
            decisions = {
                profile: policy.decide(profile.candidate())
                for profile in self.subscribers.recipient_groups(edition.key)
            }
            wanted = {variant.key: variant for variant, decision in decisions.values() if decision.due_at is not None}
            new = [self._render(edition, variant) for key, variant in wanted.items() if key not in emails]
            checked = self.preflight.run_checks(new, edition)
            if checked.errors and not force:
                raise PreflightFailed(edition.key, checked.errors)
            if checked.errors:
                self.editions.record(edition.key, FORCED, f"{force} (despite: {'; '.join(checked.errors)})", now=now)
            emails |= {email.variant: email for email in new}
            self.editions.save_emails(edition.key, emails.values())
            notes |= dict.fromkeys((*checked.errors, *checked.warnings, *checked.left_out))
            decided = {profile: decision for profile, (_variant, decision) in decisions.items()}
            done = enqueue_subscribers(self.database, edition.key, decided, self.batch_size, now=now)
            placed += done.recipients
            if done.held:
                notes[f"Edition {edition.key}: {done.held}. Nothing of it is sent: {restored.how_to(edition.key)}"] = (
                    None
                )
            if not done.undecided:
                return Enqueued(placed, tuple(notes))
        raise DigestError(f"Edition {edition.key}: subscribers kept changing while they were enqueued. Send again.")

    def variants_in_use(self, edition: Edition) -> list[Variant]:
        """Return the variant with everything, and each other with a story that a listed subscriber would get."""
        self.subscriber_list.sync()
        found = {"html": variant_for(edition, (), "html")}
        for topics, form in self.subscribers.preference_combinations():
            variant = variant_for(edition, topics, form)
            if variant.key not in found and select(edition, variant) is not None:
                found[variant.key] = variant
        return list(found.values())

    def count_due(self, edition: Edition) -> int:
        """Return how many subscribers without a place would get the edition, as fast as a page needs it.

        Subscribers with the same preferences are decided once.
        """
        self.subscriber_list.sync()
        policy = DuePolicy(edition, self.now(), self._audience(edition.key))
        sizes = self.subscribers.group_sizes(edition.key)
        return sum(size for group, size in sizes if policy.decide(group.candidate())[1].due_at is not None)

    def plan(self, edition: Edition, *, obey_frequency: bool = False) -> SendPlan:
        """Return what a one-off send of the edition would do. Enqueues nobody and sends nothing."""
        self._refuse_folded(edition)
        self.subscriber_list.sync()
        already = counts(self.database, edition.key)
        if edition.state == EditionState.SKIPPED:
            return SendPlan(edition, 0, 0, [])
        policy = DuePolicy(edition, self.now(), self._audience(edition.key, obey_frequency=obey_frequency))
        due, excluded = 0, []
        for subscriber in self.subscribers.candidates(edition.key):
            _variant, decision = policy.decide(subscriber)
            if decision.excluded:
                excluded.append((subscriber.email, decision.excluded))
            else:
                due += 1
        return SendPlan(edition, due, already.frozen - already.excluded, excluded)

    def _refuse_folded(self, edition: Edition) -> None:
        if is_folded(self.database, edition.key):
            raise DigestError(why_never_again(edition.key))

    def _audience(self, key: str, *, obey_frequency: bool = False) -> Audience:
        planned = self.calendar().of(key)
        choices = self.choices
        if planned is not None:
            slug = planned.schedule.slug or (MAIN if MAIN in choices else "")
            return Audience(slug, choices, daily=planned.schedule.is_daily)
        if is_breaking(key):
            return Audience(BREAKING, choices, daily=False)
        obeys = obey_frequency or any(each.what == OBEYS_FREQUENCY for each in self.editions.decisions(key))
        return Audience(choices=choices, everyone=not obeys)

    def _record_once(self, key: str, what: str, why: str) -> None:
        if not any(each.what == what for each in self.editions.decisions(key)):
            self.editions.record(key, what, why, now=self.now())

    def _render(self, edition: Edition, variant: Variant) -> RenderedEmail:
        email = self.renderer.render(edition, variant, now=self.now())
        if email is None:
            raise DigestError(f"Edition {edition.key}: variant {variant.key} has stories but rendered no email.")
        return email
