"""The time to believe: the real one, or for a rehearsal the one that DIGEST_NOW names, going on from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from digest.errors import ConfigProblem, ConfigurationError


@cache
def time_zones() -> frozenset[str]:
    """Return the names of the IANA time zones. Reading them from disk takes 10 ms, so a process does it once."""
    return frozenset(available_timezones())


def resolve_local_time(said: datetime, zone: ZoneInfo, where: str) -> datetime:
    """The moment that a time without an offset names in the zone. Raises ConfigurationError, for the place `where`,
    when clocks don't show that time on that day, or show it twice."""
    first, second = (said.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    before, after = first.utcoffset(), second.utcoffset()
    if before is None or after is None or before == after:
        return first
    if before < after:
        next_ = first.astimezone(UTC).astimezone(zone)
        told = f"does not come in {zone.key}, where clocks go forward then; write {next_:%Y-%m-%dT%H:%M}"
    else:
        ways = " or ".join(moment.isoformat(timespec="minutes") for moment in (first, second))
        told = f"comes twice in {zone.key}, where clocks go back then; write {ways}"
    raise ConfigurationError([ConfigProblem(where, 0, f"{said:%Y-%m-%d %H:%M} {told}")])


NOW_ENV = "DIGEST_NOW"


def make_clock(environment: Mapping[str, str]) -> Callable[[], datetime]:
    """Tells the time, aware. Raises ConfigurationError for a moment without an offset or that is none."""
    said = environment.get(NOW_ENV)
    if not said:
        return lambda: datetime.now(UTC)
    try:
        start: datetime | None = datetime.fromisoformat(said)
    except ValueError:
        start = None
    if start is None or start.tzinfo is None:
        raise ConfigurationError(
            [ConfigProblem(NOW_ENV, 0, f"expected a time such as 2026-11-23T07:00+05:30, found {said!r}")]
        )
    began = datetime.now(UTC)
    return lambda: start + (datetime.now(UTC) - began)
