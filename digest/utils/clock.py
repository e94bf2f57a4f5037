"""Clock and time zones. DIGEST_NOW sets the clock for rehearsals; it runs on from there."""

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


def resolve_local_time(given: datetime, zone: ZoneInfo, where: str) -> datetime:
    """Return the moment of a local time in the zone.

    Raises ConfigurationError, with `where` as its place, for a time that a clock change skips or repeats.
    """
    first, second = (given.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    before, after = first.utcoffset(), second.utcoffset()
    if before is None or after is None or before == after:
        return first
    if before < after:
        next_ = first.astimezone(UTC).astimezone(zone)
        problem = f"does not exist in {zone.key}, where clocks go forward then; write {next_:%Y-%m-%dT%H:%M}"
    else:
        ways = " or ".join(moment.isoformat(timespec="minutes") for moment in (first, second))
        problem = f"occurs twice in {zone.key}, where clocks go back then; write {ways}"
    raise ConfigurationError([ConfigProblem(where, 0, f"{given:%Y-%m-%d %H:%M} {problem}")])


def utc_now() -> datetime:
    """Return the computer's time."""
    return datetime.now(UTC)


NOW_ENV = "DIGEST_NOW"


def make_clock(environment: Mapping[str, str]) -> Callable[[], datetime]:
    """Return a clock with aware times. Raises ConfigurationError for a DIGEST_NOW that is not a time with an offset."""
    given = environment.get(NOW_ENV)
    if not given:
        return utc_now
    try:
        start: datetime | None = datetime.fromisoformat(given)
    except ValueError:
        start = None
    if start is None or start.tzinfo is None:
        raise ConfigurationError(
            [ConfigProblem(NOW_ENV, 0, f"expected a time such as 2026-11-23T07:00+05:30, found {given!r}")]
        )
    began = datetime.now(UTC)
    return lambda: start + (datetime.now(UTC) - began)
