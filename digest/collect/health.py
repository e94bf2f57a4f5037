"""How sources are doing: what a fetch changes of it, whether to ask again yet, what to worry about.

Pure functions from what is remembered to what is to be remembered; they know no store and no clock of their own.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from digest import __version__
from digest.collect.memory import Remembered, Validators
from digest.models import Source, SourceHealth

SILENT = timedelta(days=7)
"""Without a new article for so long, a source that answers well is worth a look: even weekly ones have had a turn."""

FAILING = 3
"""Failures in a row from which it is no hiccup."""

_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=30), timedelta(hours=6)
_UNPUNCTUAL = timedelta(seconds=30)  # the clock's rings come seconds early and late
_MOST_TOLD = 500


def begin(source: Source, found: Remembered | None) -> Remembered:
    """What still holds of what was remembered: another address starts anew, another way of reading reads again."""
    place = source.url or source.path
    if found is None:
        return Remembered(SourceHealth(source.name, place))
    health, validators = found.health, found.validators
    if health.url != place:
        kept = SourceHealth(source.name, place, last_good=health.last_good, last_new=health.last_new)
        return Remembered(kept)
    if not validators.body_hash.startswith(f"{_way(source)}:"):
        validators = Validators()
    return replace(found, validators=validators)


def marked(source: Source, body_hash: str) -> str:
    """The hash of a body with the mark of how it was read, so that a changed setting reads an unchanged feed again."""
    return f"{_way(source)}:{body_hash}"


def refusal(known: Remembered, now: datetime, *, patient: bool) -> str:
    """Why a source is not to be asked yet, or ''. Only a `patient` run spares one that fails and named no time."""
    health = known.health
    if health.not_before is not None and now < health.not_before:
        return f"It asks us to come back after {clock(health.not_before, now)}; not asked."
    if not patient or health.failures < FAILING or known.asked_at is None:
        return ""
    again = known.asked_at + min(_FIRST_PAUSE * 2 ** min(health.failures - FAILING, 10), _LONGEST_PAUSE)
    if now >= again - _UNPUNCTUAL:
        return ""
    return f"It has failed {health.failures} times in a row; not asked before {clock(again, now)}. {health.last_error}"


def after_good(
    known: Remembered, now: datetime, *, new: int, validators: Validators | None, moved_to: str
) -> Remembered:
    """After a fetch that gave what it should. `validators` None keeps those that are known (nothing had changed)."""
    health = replace(
        known.health,
        last_good=now,
        last_new=now if new else known.health.last_new,
        failures=0,
        last_error="",
        not_before=None,
        moved_to=moved_to,
    )
    return Remembered(health, known.validators if validators is None else validators, now)


def after_failure(
    known: Remembered, now: datetime, error: str, retry_after: float | None, *, fetched: bool = False
) -> Remembered:
    """After a fetch that gave nothing; `retry_after` in seconds, where the server named it. Validators stay: what
    was read before is still what was saved. `fetched`: what came was no good, so the place that it moved to is
    forgotten and its own address asked again."""
    health = replace(
        known.health,
        failures=known.health.failures + 1,
        last_error=error[:_MOST_TOLD],
        not_before=now + timedelta(seconds=retry_after) if retry_after else None,
        moved_to="" if fetched else known.health.moved_to,
    )
    return Remembered(health, known.validators, now)


def worries(health: SourceHealth, now: datetime) -> tuple[str, ...]:
    """What an operator should know of a source beyond its last fetch, as sentences' middles."""
    if health.failures >= FAILING:
        good = health.last_good
        since = f"last read on {good.astimezone(now.tzinfo):%Y-%m-%d at %H:%M}" if good else "never read so far"
        return (f"it has failed {health.failures} times in a row; {since}",)
    if health.last_new is not None and health.failures == 0 and now - health.last_new > SILENT:
        return (f"it has had no new article since {health.last_new.astimezone(now.tzinfo):%Y-%m-%d}",)
    return ()


def clock(moment: datetime, now: datetime) -> str:
    """A moment in the newsletter's zone, as the operator reads it: the time alone when it is today's."""
    there = moment.astimezone(now.tzinfo)
    return f"{there:%H:%M}" if there.date() == now.date() else f"{there:%Y-%m-%d %H:%M}"


def _way(source: Source) -> str:
    """Eight hex digits of the settings that change what is made of a body, and of our own version."""
    named = ("section", "fulltext", "replay", "links", "mapping")
    said = repr([(name, getattr(source, name)) for name in named]) + __version__
    return hashlib.blake2b(said.encode(), digest_size=4).hexdigest()
