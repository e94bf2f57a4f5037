"""How many readers may go now, and when the next may: limits per second, minute, hour and day, and a warm-up.

Pure. A new sender's address is trusted little by little: providers ask for a few hundred mails on its first day and
some half more each day after (https://www.twilio.com/docs/sendgrid/ui/sending-email/warming-up-an-ip-address). Days are
those of UTC.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86400
_NO_END = 10**9


@dataclass(frozen=True, slots=True)
class WarmUp:
    """`start` readers on the first day, and `factor` times as many on each day after it."""

    start: int
    factor: float

    def readers(self, day: int) -> int:
        """On the day of this number; the first is 0."""
        days_of_growth = max(day, 0)
        if math.log(self.start) + days_of_growth * math.log(self.factor) >= math.log(_NO_END):
            return _NO_END
        return int(self.start * self.factor**days_of_growth)


@dataclass(frozen=True, slots=True)
class Limits:
    """`most` maps a window's length in seconds to the readers who may go in it."""

    most: Mapping[int, int]
    warm_up: WarmUp | None = None

    def on(self, now: datetime, first_use: datetime) -> dict[int, int]:
        """What holds at this moment for a sender that was first used then."""
        most = dict(self.most)
        if self.warm_up:
            day = (now.astimezone(UTC).date() - first_use.astimezone(UTC).date()).days
            most[DAY] = min(most.get(DAY, _NO_END), self.warm_up.readers(day))
        return most


@dataclass(frozen=True, slots=True)
class Window:
    """So many readers have gone since `start`. More than the limit where one batch was larger than it: they count in
    the windows that follow."""

    start: datetime
    count: int


def take(
    most: Mapping[int, int], windows: Mapping[int, Window], readers: int, now: datetime
) -> tuple[float, dict[int, Window]]:
    """Seconds until so many readers may go, and the windows as they are when they go; 0 when they may at once.

    A batch that is larger than a limit goes when nobody else is counted, or it would never go.
    """
    wait, after = 0.0, {}
    for seconds, limit in most.items():
        window = _current(windows.get(seconds), seconds, limit, now)
        over = window.count + readers - limit
        if over > 0 and window.count > 0:
            passed = min(math.ceil(over / limit), math.ceil(window.count / limit))
            opens = window.start + timedelta(seconds=seconds * passed)
            wait = max(wait, (opens - now).total_seconds(), 0.001)
        after[seconds] = Window(window.start, window.count + readers)
    return wait, after


def _current(window: Window | None, seconds: int, limit: int, now: datetime) -> Window:
    """The window in which `now` lies, with what the ones before it have left over."""
    began = datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)
    # A start that lies ahead by more than another clock may differ was written by a clock that was wrong.
    if window is None or window.start > began + timedelta(seconds=max(seconds, MINUTE)):
        return Window(began, 0)
    if window.start >= began:
        return window
    passed = round((began - window.start).total_seconds()) // seconds
    return Window(began, max(0, window.count - passed * limit))
