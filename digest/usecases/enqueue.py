"""Enqueue an edition: decide who gets it, in which variant and when, and give everyone a place in a batch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import TYPE_CHECKING, Protocol

from digest.errors import DigestError, StoreUnavailable
from digest.models import (
    BREAKING,
    MAIN,
    Edition,
    EditionState,
    RenderedEmail,
    Variant,
    is_breach,
    is_breaking,
    is_question,
    split_variant,
    variant_of_revision,
)
from digest.render.variants import EVERYTHING, select, variant_for
from digest.store.sending import restored
from digest.store.sending.decisions import Decision
from digest.store.sending.enqueue import Placement, enqueue_subscribers
from digest.store.sending.folded import is_folded, why_never_again
from digest.store.sending.status import Counts, counts, went_by_hours
from digest.subscribers.due import Audience, Candidate, Due, decide
from digest.usecases.approval import accepted_errors
from digest.usecases.preflight import PreflightFailed
from digest.usecases.special import obeys_frequency

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from digest.config.calendar import Calendar, PlannedEdition
    from digest.render.renderer import Renderer
    from digest.store.content.editions import EditionStore
    from digest.store.database import Database
    from digest.store.people.subscribers import SubscriberStore
    from digest.usecases.preflight import Preflight
    from digest.usecases.subscriber_list import SubscriberList


NO_STORY = "no story of the chosen topics"
# The least recipients per connection: opening one takes as long as sending some emails.
_WORTH_A_CONNECTION = 5
# How often subscribers may change while their emails are rendered.
_MAX_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class SendRequest:
    """When an edition goes out, to whom, and the reason for a send despite errors."""

    # At each subscriber's hour. Otherwise everyone is due now, or at the time `at`. Without `at`, an edition that
    # others got at their hours, or that is held, goes to the rest at their hours too.
    scheduled: bool = False
    at: datetime | None = None
    # The reason for sending despite errors in an email, or beyond the limits of breaking news. It is recorded.
    force: str | None = None
    # A special edition goes only to subscribers who are due on its day. Later calls keep to that.
    obey_frequency: bool = False


@dataclass(frozen=True)
class SendPlan:
    """Who would get an edition if it were sent now. Counts are subscribers."""

    edition: Edition
    due: int
    # Subscribers who have a place in the edition already.
    placed: Counts
    # (address, reason).
    excluded: list[tuple[str, str]]


class SeatQueue(Protocol):
    """Calls workers to an edition. A call may get lost, be late or be doubled: the ledger decides what is sent."""

    def defer(self, connection: Connection, edition: str) -> None:
        """Call a worker for each seat when the transaction of this connection commits."""
        ...

    def call(self, edition: str) -> None:
        """Call a worker for each free seat that no call is waiting for."""
        ...


@dataclass(frozen=True)
class EnqueueSummary:
    """How many subscribers got a place in a batch, and notes on their emails for the operator."""

    placed: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class DuePolicy:
    """Decides for one subscriber which variant to send and when, or why not to send."""

    edition: Edition
    now: datetime
    audience: Audience
    # The topics that a subscriber may choose.
    topics: Collection[str]
    # The hour for subscribers without their own; None sends to everyone at once.
    default_hour: time | None = None
    # A fixed time for everyone who is due (`digest send --at`).
    send_at: datetime | None = None
    # The emails that are stored already, by their keys.
    emails: Collection[str] = ()
    # Whether a variant has stories, by its key.
    _has_stories: dict[str, bool] = field(default_factory=dict, repr=False)

    def decide(self, subscriber: Candidate) -> tuple[Variant, Placement]:
        if self.edition.corrects is not None:
            # Whoever got the wrong text gets the correction, whatever their topics: the lead goes to everybody.
            subscriber = replace(subscriber, topics=())
        due = decide(subscriber, self.edition.day, send_at=self.default_hour, now=self.now, audience=self.audience)
        variant = variant_for(self.edition, subscriber.topics, subscriber.format, choosable=self.topics)
        if variant.key not in self._has_stories:
            self._has_stories[variant.key] = select(self.edition, variant) is not None
        if due.due_at is not None and not self._has_stories[variant.key]:
            due = Due(None, NO_STORY)
        if due.due_at is None:
            return variant, Placement(excluded=due.excluded)
        return variant, Placement(self.email_key(variant), self.send_at or due.due_at)

    def email_key(self, variant: Variant) -> str:
        """Return the key of the variant's newest stored email; without one, the key for the present revision."""
        known = [key for key in self.emails if split_variant(key)[0] == variant.key]
        newest = max(known, key=lambda key: split_variant(key)[1], default="")
        return newest or variant_of_revision(variant.key, self.edition.revision)


def audience_of(planned: PlannedEdition, choices: Mapping[str, bool]) -> Audience:
    """Return the audience of a planned edition. `choices`: slug → whether subscribers without a choice get it."""
    slug = planned.schedule.slug or (MAIN if MAIN in choices else "")
    return Audience(slug, choices, daily=planned.schedule.is_daily)


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
    # The number of connections of a transport that sends one by one; None if a request carries a whole batch.
    spread_over: int | None
    calendar: Callable[[], Calendar]
    # Slug that subscribers can choose → whether subscribers without a choice get it.
    choices: Mapping[str, bool]
    # The topics that a subscriber may choose.
    topics: Collection[str]
    # The hour of editions outside the schedule.
    default_hour: time
    # Puts an edition into the archive, and returns notes for the operator.
    archive: Callable[[Edition, datetime], tuple[str, ...]]
    now: Callable[[], datetime]
    # Calls workers to deliver; None if this process delivers alone.
    seats: SeatQueue | None = None

    def enqueue(self, edition: Edition, request: SendRequest = SendRequest()) -> EnqueueSummary:
        """Give every listed subscriber without a place one: in a batch, or excluded with the reason.

        Renders the emails of new variants and checks them; an error stops the call before anything is written. Raises
        PreflightFailed, unless whoever approved it accepted errors of these checks, and DigestError for a folded
        edition.
        """
        now = self.now()
        self._refuse_folded(edition)
        if is_question(edition.key):
            raise DigestError(
                f"Edition {edition.key} is for those that `digest subscribers reengage` chose; run that with --send."
            )
        if is_breach(edition.key):
            # Everyone whom it concerns has a place already.
            return EnqueueSummary(0, ())
        if request.obey_frequency:
            self._obey_frequency(edition.key)
        emails = self.editions.emails(edition.key)
        policy = self._policy(edition, now, request, emails)
        placed = 0
        notes: dict[str, None] = {}
        # Subscribers may change while the emails are rendered, so decide again until none has.
        for _round in range(_MAX_ROUNDS):
            decisions = {
                group: policy.decide(group.candidate()) for group in self.subscribers.recipient_groups(edition.key)
            }
            wanted = {
                decision.variant: variant
                for variant, decision in decisions.values()
                if decision.due_at is not None and decision.variant is not None
            }
            new, findings = self._render_new(edition, wanted, stored=emails, force=request.force)
            emails |= new
            self.editions.save_emails(edition.key, emails.values())
            notes |= dict.fromkeys(findings)
            decided = {group: decision for group, (_variant, decision) in decisions.items()}
            done = enqueue_subscribers(
                self.database,
                edition.key,
                decided,
                self._recipients_per_batch(),
                now=now,
                on_placed=self._calling(edition.key),
            )
            placed += done.recipients
            if done.held:
                held = f"Edition {edition.key}: {done.held}. Nothing of it is sent: {restored.how_to(edition.key)}"
                notes |= dict.fromkeys([held])
            if not done.undecided:
                notes |= dict.fromkeys(self._archive(edition))
                return EnqueueSummary(placed, tuple(notes))
        raise DigestError(f"Edition {edition.key}: subscribers kept changing while they were enqueued. Send again.")

    def _policy(self, edition: Edition, now: datetime, request: SendRequest, emails: Collection[str]) -> DuePolicy:
        """Return the policy of a send. `emails` are the stored ones."""
        planned = self.calendar().of(edition.key)
        hour = planned.schedule.send_at if planned else self.default_hour
        by_hour = request.scheduled or (request.at is None and planned is not None and self._keeps_hours(edition, now))
        return DuePolicy(
            edition,
            now,
            self._audience(edition.key),
            self.topics,
            default_hour=hour if by_hour else None,
            send_at=request.at,
            emails=frozenset(emails),
        )

    def _render_new(
        self, edition: Edition, wanted: Mapping[str, Variant], *, stored: Collection[str], force: str | None
    ) -> tuple[dict[str, RenderedEmail], list[str]]:
        """Render and check the wanted emails that are not stored. Return them by their keys, and the findings.

        Raises PreflightFailed for errors, unless `force` or the approval accepts them.
        """
        new = {
            key: replace(self._render(edition, variant), variant=key)
            for key, variant in wanted.items()
            if key not in stored
        }
        checked = self.preflight.run_checks(list(new.values()), edition)
        if checked.errors and force:
            despite = f"{force} (despite: {'; '.join(checked.errors)})"
            self.editions.record_decision(edition.key, Decision.FORCED, despite, now=self.now())
        elif checked.errors and not checked.failed <= accepted_errors(self.editions.decisions(edition.key)):
            raise PreflightFailed(edition.key, checked)
        return new, [*map(str, checked.findings), *checked.left_out]

    def _calling(self, key: str) -> Callable[[Connection], None] | None:
        queue = self.seats
        return None if queue is None else lambda connection: queue.defer(connection, key)

    def variants_in_use(self, edition: Edition) -> list[Variant]:
        """Return the variant with all topics, and each other one with stories that a listed subscriber would get."""
        self.subscriber_list.sync()
        found = {EVERYTHING.key: EVERYTHING}
        for topics, form in self.subscribers.preference_combinations():
            variant = variant_for(edition, topics, form, choosable=self.topics)
            if variant.key not in found and select(edition, variant) is not None:
                found[variant.key] = variant
        return list(found.values())

    def count_due(self, edition: Edition) -> int:
        """Count the subscribers without a place who would get the edition.

        Fast enough for a page: it decides once for all subscribers with the same preferences.
        """
        self.subscriber_list.sync()
        policy = DuePolicy(edition, self.now(), self._audience(edition.key), self.topics)
        sizes = self.subscribers.group_sizes(edition.key)
        return sum(size for group, size in sizes if policy.decide(group.candidate())[1].due_at is not None)

    def plan(self, edition: Edition, *, obey_frequency: bool = False) -> SendPlan:
        """Return the result of a one-off send without enqueueing or sending anything."""
        self._refuse_folded(edition)
        self.subscriber_list.sync()
        found = counts(self.database, edition.key)
        if edition.state == EditionState.SKIPPED or is_breach(edition.key):
            return SendPlan(edition, 0, found, [])
        policy = DuePolicy(edition, self.now(), self._audience(edition.key, obey_frequency=obey_frequency), self.topics)
        due, excluded = 0, []
        for subscriber in self.subscribers.candidates(edition.key):
            _variant, decision = policy.decide(subscriber)
            if decision.excluded:
                excluded.append((subscriber.email, decision.excluded))
            else:
                due += 1
        return SendPlan(edition, due, found, excluded)

    def due_candidates(self, edition: Edition) -> list[Candidate]:
        """Return the subscribers without a place who would get the edition now. Enqueues nobody."""
        self.subscriber_list.sync()
        policy = DuePolicy(edition, self.now(), self._audience(edition.key), self.topics)
        return [each for each in self.subscribers.candidates(edition.key) if not policy.decide(each)[1].excluded]

    def _recipients_per_batch(self) -> int:
        """Return a batch size that gives every connection some recipients. One connection sends a whole batch."""
        if self.spread_over is None:
            return self.batch_size
        share = -(-self.subscribers.count_listed() // self.spread_over)
        return min(self.batch_size, max(share, _WORTH_A_CONNECTION))

    def _keeps_hours(self, edition: Edition, now: datetime) -> bool:
        """Whether others got the edition at their hours, or may have got it."""
        with self.database.read() as connection:
            held = restored.find_hold_reason(connection, edition.key) is not None
        return held or went_by_hours(self.database, edition.key, datetime.combine(edition.day, time(0), now.tzinfo))

    def _archive(self, edition: Edition) -> tuple[str, ...]:
        """Archive the edition once it has recipients.

        Repeated when it is enqueued again, because a process may have died in between. An error must not stop the send.
        """
        try:
            at = self.editions.frozen_at(edition.key)
            return self.archive(edition, at) if at else ()
        except StoreUnavailable:
            raise
        except DigestError as error:
            return (f"Edition {edition.key} is not in the archive yet: {error}",)

    def _refuse_folded(self, edition: Edition) -> None:
        if is_folded(self.database, edition.key):
            raise DigestError(why_never_again(edition.key))

    def _audience(self, key: str, *, obey_frequency: bool = False) -> Audience:
        planned = self.calendar().of(key)
        choices = self.choices
        if planned is not None:
            return audience_of(planned, choices)
        if is_breaking(key):
            return Audience(BREAKING, choices, daily=False)
        obeys = obey_frequency or obeys_frequency(self.editions.decisions(key))
        return Audience(choices=choices, everyone=not obeys)

    def _obey_frequency(self, key: str) -> None:
        if not obeys_frequency(self.editions.decisions(key)):
            self.editions.record_decision(key, Decision.OBEYS_FREQUENCY, "as asked for by the operator", now=self.now())

    def _render(self, edition: Edition, variant: Variant) -> RenderedEmail:
        email = self.renderer.render(edition, variant, now=self.now())
        if email is None:
            raise DigestError(f"Edition {edition.key}: variant {variant.key} has stories but rendered no email.")
        return email
