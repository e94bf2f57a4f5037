"""A time as a person writes it, without an offset, in a zone whose clocks are put forward and back. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from digest.errors import ConfigurationError, Fault


@cache
def time_zones() -> frozenset[str]:
    """Return the names of the IANA time zones. Reading them from disk takes 10 ms, so a process does it once."""
    return frozenset(available_timezones())


def exactly(said: datetime, zone: ZoneInfo, where: str) -> datetime:
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
    raise ConfigurationError([Fault(where, 0, f"{said:%Y-%m-%d %H:%M} {told}")])
