"""What some events change, and changing it. `decide` is pure; `apply` carries it out through the ports.

Every change is the first word of its kind about a letter, a bar on an address, or a proof of an attempt: each can be
made twice, and in any order, with the same end. So duplicates and reordering need no bookkeeping of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from digest.events.event import Event
from digest.events.ports import KnownDelivery, Ledger, Memory, Readers
from digest.events.rules import rule_for, soft_bounce_limit_reached
from digest.models import AttemptState

_OPEN = (AttemptState.SUBMITTING, AttemptState.UNKNOWN, AttemptState.DECIDED)
"""States of an attempt that a proof settles. One that is being recalled may have been queued, told of and discarded."""


@dataclass(frozen=True, slots=True)
class Effects:
    """`kept` are events with the reader and the edition that they belong to."""

    kept: tuple[Event, ...] = ()
    suppressed: tuple[tuple[str, str, Event], ...] = ()
    """(address, reason, the newest event that says so)."""
    confirmed: tuple[tuple[str, str], ...] = ()
    """(attempt, edition)."""
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """What was new. `confirmed` are editions with an attempt that is settled now, `blocked` those with a new block."""

    kept: int = 0
    suppressed: int = 0
    confirmed: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    alarms: tuple[str, ...] = ()


def decide(events: Sequence[Event], known: KnownDelivery, *, tracking: bool = False) -> Effects:
    """What these events change, given what is known. What was said before changes nothing again, so that a late repeat
    can't bar a reader who has come back since."""
    by_reader = {reader: address for address, reader in known.addresses.items()}
    kept: dict[tuple[str, int, str], Event] = {}
    suppressed: dict[tuple[str, str], tuple[str, str, Event]] = {}
    confirmed: dict[str, str] = {}
    alarms: Counter[tuple[str, str]] = Counter()
    for event in events:
        rule = rule_for(event.kind, event.reason)
        tried = known.attempts.get(event.attempt)
        reader = known.addresses.get(event.address, 0) if event.address else event.subscriber
        letter = (event.edition, reader)
        # Another newsletter of the same account may have a reader of this number and an edition of this day.
        named = tried is not None if event.attempt else bool(event.address)
        own = named and event.subscriber == reader and letter in known.letters
        # An attempt's id beside a reader whom it did not carry says nothing of those whom it did.
        carried = own and tried is not None and known.letters[letter] == tried.batch
        if carried and tried is not None and tried.state in _OPEN and rule.proves:
            confirmed[event.attempt] = event.edition
        if rule.alarm and tried is not None and tried.state in (AttemptState.RECALLING, AttemptState.RECALLED):
            continue  # dropped because we have recalled it
        if rule.tracking and not tracking:
            continue
        word = (*letter, event.kind)
        if own and (word in known.said or word in kept):
            continue
        if own and rule.keep:
            kept[word] = replace(event, subscriber=reader)
            if rule.alarm:
                alarms[event.edition, event.reason] += 1
        address = event.address if reader and event.address else by_reader.get(reader, "") if own else ""
        if rule.suppress and address and (own or not rule.ours):
            # The newest word of each reason: which of them counts is known where coming back is.
            held = suppressed.get((address, rule.suppress))
            if held is None or event.at > held[2].at:
                suppressed[address, rule.suppress] = (address, rule.suppress, event)
    return Effects(
        kept=tuple(kept.values()),
        suppressed=tuple(suppressed.values()),
        confirmed=tuple(confirmed.items()),
        alarms=tuple(
            f"edition {edition}: the provider dropped the letters of {count} readers: {reason or 'no reason is given'}"
            for (edition, reason), count in alarms.items()
        ),
    )


def apply(
    events: Sequence[Event], *, memory: Memory, ledger: Ledger, readers: Readers, now: datetime, tracking: bool
) -> Applied:
    """Carries out what the events change. May be cut short anywhere and done again: who is barred is barred before it
    is noted that the cause was heard (a worn address may have to wait for its next block)."""
    known = memory.known(events)
    effects = decide(events, known, tracking=tracking)
    barred = sum(
        readers.suppress(address, reason, now=min(event.at, now), detail=_cause(event))
        for address, reason, event in effects.suppressed
    )
    memory.record(effects.kept)
    return Applied(
        kept=len(effects.kept),
        suppressed=barred + _bar_worn(effects.kept, known, memory, readers, now),
        confirmed=frozenset(edition for attempt, edition in effects.confirmed if ledger.confirm_accepted(attempt)),
        blocked=frozenset(event.edition for event in effects.kept if event.kind == "blocked"),
        alarms=effects.alarms,
    )


def _bar_worn(kept: Sequence[Event], known: KnownDelivery, memory: Memory, readers: Readers, now: datetime) -> int:
    blocked = {event.subscriber: event for event in kept if event.kind == "blocked"}
    if not blocked:
        return 0
    addresses = {reader: address for address, reader in known.addresses.items()}
    worn = [reader for reader, row in memory.blocked(blocked).items() if soft_bounce_limit_reached(row)]
    return sum(
        readers.suppress(addresses[reader], "blocked", now=now, detail=_cause(blocked[reader]))
        for reader in worn
        if reader in addresses
    )


def _cause(event: Event) -> str:
    return " · ".join(word for word in (f"edition {event.edition}" if event.edition else "", event.reason) if word)
