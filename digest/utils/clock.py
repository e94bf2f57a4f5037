"""Clock and time zones. DIGEST_NOW sets the clock for rehearsals; it runs on from there."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from digest.errors import ConfigurationError


@cache
def time_zones() -> frozenset[str]:
    """Return the names of the IANA time zones."""
    # `zoneinfo.available_timezones` opens every file of the operating system's zones.
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def resolve_local_time(given: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment of a local time in the zone, such as one given with `--at`.

    Raises ConfigurationError for a time that a clock change skips or repeats.
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
    raise ConfigurationError.at("--at", f"{given:%Y-%m-%d %H:%M} {problem}")


def utc_now() -> datetime:
    """Return the computer's time."""
    return datetime.now(UTC)


class SharedClock:
    """The computer's time, until `set` replaces it by the time of a server that several machines share.

    From then on it counts seconds from there, so a wrong local clock, or one that is set meanwhile, has no effect.
    """

    def __init__(self, local: Callable[[], datetime] = utc_now) -> None:
        self._local = local
        # The server's time, and `time.monotonic()` at that moment.
        self._set: tuple[datetime, float] | None = None

    def __call__(self) -> datetime:
        if self._set is None:
            return self._local()
        at, then = self._set
        return at + timedelta(seconds=time.monotonic() - then)

    def set(self, at: datetime) -> None:
        self._set = at.astimezone(UTC), time.monotonic()

    @property
    def age(self) -> float:
        """Seconds since `set`."""
        return math.inf if self._set is None else time.monotonic() - self._set[1]


NOW_ENV = "DIGEST_NOW"


def make_clock(environment: Mapping[str, str]) -> Callable[[], datetime]:
    """Return a clock with aware times. Raises ConfigurationError for a DIGEST_NOW that is not a time with an offset.

    Without DIGEST_NOW it is a `SharedClock`.
    """
    given = environment.get(NOW_ENV)
    if not given:
        return SharedClock()
    try:
        start: datetime | None = datetime.fromisoformat(given)
    except ValueError:
        start = None
    if start is None or start.tzinfo is None:
        raise ConfigurationError.at(NOW_ENV, f"expected a time such as 2026-11-23T07:00+05:30, found {given!r}")
    began = datetime.now(UTC)
    return lambda: start + (datetime.now(UTC) - began)
