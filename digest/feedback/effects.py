"""Decide the effects of events (`decide`, pure), and carry them out (`apply`).

Every change records the first event of a kind, suppresses an address or confirms an attempt. Each can be repeated, and
the order does not matter, so duplicate and reordered events need no special treatment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from digest.feedback.ports import (
    AttemptLedger,
    AttemptRef,
    DeliveryEvent,
    Event,
    FeedbackLog,
    KnownDelivery,
    Suppressions,
)
from digest.feedback.rules import rule_for, soft_bounce_limit_reached
from digest.models import AttemptState
from digest.utils.text import plural

# States that an event can confirm. An attempt that is being cancelled may have been queued, reported and discarded.
_OPEN = (AttemptState.SUBMITTING, AttemptState.UNKNOWN, AttemptState.OVERRIDDEN)
_CANCELLED = (AttemptState.CANCELLING, AttemptState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Effects:
    """The effects of some events."""

    # Events to record.
    kept: tuple[DeliveryEvent, ...] = ()
    # (address, reason, the newest event with this reason).
    suppressed: tuple[tuple[str, str, Event], ...] = ()
    # (attempt, edition).
    confirmed: tuple[tuple[str, str], ...] = ()
    # Sentences for the operator.
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """The changes that were new."""

    kept: int = 0
    suppressed: int = 0
    # Editions with an attempt that is now confirmed.
    confirmed: frozenset[str] = frozenset()
    # Editions with a new block.
    blocked: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()


def decide(events: Sequence[Event], known: KnownDelivery, *, tracking: bool = False) -> Effects:
    """Decide the effects of these events.

    An event that is recorded already has none, so a late duplicate cannot suppress somebody who subscribed again.
    """
    address_of = {subscriber: address for address, subscriber in known.addresses.items()}
    kept: dict[tuple[str, int, str], DeliveryEvent] = {}
    suppressed: dict[tuple[str, str], tuple[str, str, Event]] = {}
    confirmed: dict[str, str] = {}
    warnings: Counter[tuple[str, str]] = Counter()
    for event in events:
        rule = rule_for(event.kind, event.reason)
        attempt = known.attempts.get(event.attempt) if event.attempt else None
        subscriber = known.addresses.get(event.address) if event.address else event.subscriber
        delivery = _delivery(event, subscriber, attempt, known)
        if rule.confirms and event.attempt and attempt and delivery and _may_confirm(attempt, delivery, known):
            confirmed[event.attempt] = delivery[0]
        if rule.warns and attempt is not None and attempt.state in _CANCELLED:
            # Dropped because we cancelled the email.
            continue
        if rule.tracking and not tracking:
            continue
        address = event.address if subscriber and event.address else None
        if delivery:
            key = (*delivery, event.kind)
            if key in known.recorded or key in kept:
                continue
            if rule.keep:
                kept[key] = DeliveryEvent(*key, event.at, event.reason)
                if rule.warns:
                    warnings[delivery[0], event.reason] += 1
            address = address or address_of.get(delivery[1])
        if rule.suppress and address and (delivery or not rule.own_ids_only):
            # Only the newest event of each reason: the store compares it with the time of a new subscription.
            earlier = suppressed.get((address, rule.suppress))
            if earlier is None or event.at > earlier[2].at:
                suppressed[address, rule.suppress] = (address, rule.suppress, event)
    return Effects(
        kept=tuple(kept.values()),
        suppressed=tuple(suppressed.values()),
        confirmed=tuple(confirmed.items()),
        warnings=tuple(_warning(edition, reason, count) for (edition, reason), count in warnings.items()),
    )


def _may_confirm(attempt: AttemptRef, delivery: tuple[str, int], known: KnownDelivery) -> bool:
    """Whether the attempt's outcome is open. An event confirms nothing if its person is not in the batch."""
    return attempt.state in _OPEN and known.deliveries[delivery] == attempt.batch


def _warning(edition: str, reason: str, count: int) -> str:
    people = plural(count, "recipient")
    return f"edition {edition}: the provider dropped the emails of {people}: {reason or 'no reason given'}"


def _delivery(
    event: Event, subscriber: int | None, attempt: AttemptRef | None, known: KnownDelivery
) -> tuple[str, int] | None:
    """Return the edition and the subscriber of an event; None if it is not about an email of ours.

    Another newsletter of the same account may have the same subscriber ids and edition keys.
    """
    is_named = attempt is not None if event.attempt else event.address is not None
    if not is_named or event.edition is None or subscriber is None or event.subscriber != subscriber:
        return None
    delivery = event.edition, subscriber
    return delivery if delivery in known.deliveries else None


def apply(
    events: Sequence[Event],
    *,
    log: FeedbackLog,
    ledger: AttemptLedger,
    suppressions: Suppressions,
    now: datetime,
    tracking: bool,
) -> ApplyResult:
    """Carry out the effects of events.

    May be interrupted anywhere and repeated, because an address is suppressed before its event is recorded. Only the
    limit for repeated blocks may then take effect one block later.
    """
    known = log.known(events)
    effects = decide(events, known, tracking=tracking)
    suppressed = sum(
        suppressions.suppress(address, reason, now=min(event.at, now), detail=_cause(event))
        for address, reason, event in effects.suppressed
    )
    log.record(effects.kept)
    return ApplyResult(
        kept=len(effects.kept),
        suppressed=suppressed + _suppress_soft_bounces(effects.kept, known, log, suppressions, now),
        confirmed=frozenset(edition for attempt, edition in effects.confirmed if ledger.confirm_accepted(attempt)),
        blocked=frozenset(event.edition for event in effects.kept if event.kind == "blocked"),
        warnings=effects.warnings,
    )


def _suppress_soft_bounces(
    kept: Sequence[DeliveryEvent], known: KnownDelivery, log: FeedbackLog, suppressions: Suppressions, now: datetime
) -> int:
    blocked = {event.subscriber: event for event in kept if event.kind == "blocked"}
    if not blocked:
        return 0
    address_of = {subscriber: address for address, subscriber in known.addresses.items()}
    return sum(
        suppressions.suppress(address_of[subscriber], "blocked", now=now, detail=_cause(blocked[subscriber]))
        for subscriber, times in log.blocked(blocked).items()
        if subscriber in address_of and soft_bounce_limit_reached(times)
    )


def _cause(event: Event | DeliveryEvent) -> str:
    return " · ".join(word for word in (f"edition {event.edition}" if event.edition else "", event.reason) if word)
