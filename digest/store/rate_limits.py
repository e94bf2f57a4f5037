"""Fixed-window rate limits, counted in the store so that they hold across restarts and processes.

They limit how many emails a transport sends (per second, minute, hour and day, with a warm-up), and how often a visitor
of the web pages may request something. Names are stored as hashes, so the table reveals no address.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from digest.store.database import Database, StorePart
from digest.store.schema import rate_window

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=seconds) for seconds in (1, 60, 3600, 86400))
_NO_LIMIT = 10**9
# Longer than any window. Older windows are deleted.
KEPT = timedelta(days=8)
# A window of this length only records when a transport was first used.
_FIRST_USE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `most` in a window of `per`, for `who` (any text)."""

    who: str
    most: int
    per: timedelta
    # If true, windows begin at multiples of `per`, so a day is a UTC day. Otherwise a window begins with its first
    # count.
    aligned: bool = False


@dataclass(frozen=True, slots=True)
class RateWindow:
    """A current window. What exceeds the limit after a large batch counts in later windows."""

    start: datetime
    count: int


@dataclass(frozen=True, slots=True)
class WarmUp:
    """Daily limit of a new sender address: `start` on the first day, `factor` times as many on each following day.

    Providers recommend a few hundred emails on the first day, and about half as many more each day
    (https://www.twilio.com/docs/sendgrid/ui/sending-email/warming-up-an-ip-address).
    """

    start: int
    factor: float

    def recipients(self, day: int) -> int:
        """Return the limit on the day of this number; the first is 0."""
        days_of_growth = max(day, 0)
        if math.log(self.start) + days_of_growth * math.log(self.factor) >= math.log(_NO_LIMIT):
            return _NO_LIMIT
        return int(self.start * self.factor**days_of_growth)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one transport: window length → recipients."""

    most: Mapping[timedelta, int]
    warm_up: WarmUp | None = None

    def on(self, now: datetime, first_use: datetime) -> dict[timedelta, int]:
        """Return the limits now, for a transport that was first used at `first_use`."""
        most = dict(self.most)
        if self.warm_up:
            day = (now.astimezone(UTC).date() - first_use.astimezone(UTC).date()).days
            most[DAY] = min(most.get(DAY, _NO_LIMIT), self.warm_up.recipients(day))
        return most


class RateLimiter(StorePart):
    def reserve(self, quotas: Sequence[Quota], count: int, now: datetime) -> float:
        """Count in all quotas and return 0, or count in none and return the seconds until there is room."""
        with self.database.write(area="rate") as connection:
            connection.execute(
                delete(rate_window).where(
                    rate_window.c.start < now - KEPT, rate_window.c.seconds != _seconds(_FIRST_USE)
                )
            )
            wait = 0.0
            counted: dict[Quota, RateWindow] = {}
            for quota in quotas:
                window = current(_read(connection, quota.who, quota.per), quota, now)
                wait = max(wait, seconds_to_wait(window, quota, count, now))
                counted[quota] = RateWindow(window.start, window.count + count)
            if not wait:
                for quota, window in counted.items():
                    _write(connection, quota.who, quota.per, window)
        return wait

    def take(self, quotas: Sequence[Quota], now: datetime) -> bool:
        """Count once in all quotas. If one is used up, count in none and return False."""
        return not self.reserve(quotas, 1, now)

    def left(self, quota: Quota, now: datetime) -> bool:
        """Whether there is room for one more."""
        with self.database.read() as connection:
            window = current(_read(connection, quota.who, quota.per), quota, now)
        return not seconds_to_wait(window, quota, 1, now)

    def put_back(self, who: str, count: int) -> None:
        """Subtract from every window of `who`."""
        with self.database.write(area="rate") as connection:
            less = rate_window.c.used - count
            this_window = rate_window.c.name == _hash(who)
            connection.execute(update(rate_window).where(this_window, less >= 0).values(used=less))
            connection.execute(update(rate_window).where(this_window, less < 0).values(used=0))

    def first_use(self, who: str, now: datetime) -> datetime:
        """Return when this was first called for `who`."""
        with self.database.write(area="rate") as connection:
            window = _read(connection, who, _FIRST_USE)
            if window is None:
                window = RateWindow(now, 0)
                _write(connection, who, _FIRST_USE, window)
        return window.start


class TransportLimits:
    """Implements `deliver.ports.SendRateLimiter` with the same limits for each transport."""

    def __init__(self, database: Database, limits: Limits) -> None:
        self.limiter = RateLimiter(database)
        self.limits = limits

    def take(self, transport: str, recipients: int, now: datetime) -> float:
        who = _of(transport)
        most = self.limits.on(now, self.limiter.first_use(who, now))
        quotas = [Quota(who, limit, per, aligned=True) for per, limit in most.items()]
        return self.limiter.reserve(quotas, recipients, now)

    def put_back(self, transport: str, recipients: int) -> None:
        self.limiter.put_back(_of(transport), recipients)


def current(window: RateWindow | None, quota: Quota, now: datetime) -> RateWindow:
    """Return the window that contains `now`. What exceeded the limit in earlier windows counts in it."""
    length = quota.per.total_seconds()
    begins = datetime.fromtimestamp(now.timestamp() // length * length, UTC) if quota.aligned else now
    # A start far in the future was written by a wrong clock.
    if window is None or window.start > begins + max(quota.per, MINUTE):
        return RateWindow(begins, 0)
    passed = (begins - window.start) // quota.per
    if passed <= 0:
        return window
    return RateWindow(begins, max(0, window.count - passed * quota.most))


def seconds_to_wait(window: RateWindow, quota: Quota, count: int, now: datetime) -> float:
    """Return the seconds until `count` more fit.

    A batch larger than the limit fits into an empty window, or it would never be sent.
    """
    over = window.count + count - quota.most
    if over <= 0 or window.count <= 0:
        return 0.0
    windows = min(math.ceil(over / quota.most), math.ceil(window.count / quota.most))
    return max((window.start + windows * quota.per - now).total_seconds(), 0.001)


def delete_windows(connection: Connection, who: Collection[str]) -> None:
    """Delete all windows of these names in the caller's transaction."""
    connection.execute(delete(rate_window).where(rate_window.c.name.in_([_hash(each) for each in who])))


def _read(connection: Connection, who: str, per: timedelta) -> RateWindow | None:
    this_window = (rate_window.c.name == _hash(who)) & (rate_window.c.seconds == _seconds(per))
    row = connection.execute(select(rate_window.c.start, rate_window.c.used).where(this_window)).first()
    return RateWindow(row.start, row.used) if row else None


def _write(connection: Connection, who: str, per: timedelta, window: RateWindow) -> None:
    key = {"name": _hash(who), "seconds": _seconds(per)}
    values = {"start": window.start, "used": window.count}
    this_window = (rate_window.c.name == key["name"]) & (rate_window.c.seconds == key["seconds"])
    if not connection.execute(update(rate_window).where(this_window).values(values)).rowcount:
        connection.execute(insert(rate_window).values({**key, **values}))


def _of(transport: str) -> str:
    return f"transport:{transport}"


def _seconds(per: timedelta) -> int:
    return int(per.total_seconds())


def _hash(who: str) -> str:
    return hashlib.sha256(who.encode()).hexdigest()[:48]
