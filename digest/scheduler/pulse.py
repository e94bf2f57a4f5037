"""Notice that time was lost: the process stood still, the machine slept, or the clock jumped.

A stopped, frozen or dead process cannot report itself. So an external service expects pings, and sends an alert when
they stop. If the process continues later, the admins learn how long it stood still.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from digest.notify.alert import AlertTexts
from digest.utils.text import duration

# Seconds between pings, and between readings of the clock.
_EVERY, _LOOK = 60.0, 5.0
# Seconds by which a wait may be longer than requested. On a busy machine that does not mean that the process stood
# still.
_TOLERATED = 120.0
# Seconds by which two clocks may drift apart between checks.
_CLOCKS_DRIFT = 120
CATCH_UP = "Jobs that were due meanwhile run now, except those older than `schedule.expires_after`."
_CHECK_TIME = "Check the time with `date`, and that NTP is on: `timedatectl`."


@dataclass
class Pulse:
    """Runs in a thread of its own, apart from the jobs that it watches."""

    # Returns the problems that keep this process from working; empty if it works.
    problems: Callable[[], list[str]]
    # Pings the service. Returns the reason if that failed.
    ping: Callable[[], str | None]
    # Called with the seconds that the process stood still.
    on_stood_still: Callable[[float], None]
    warn: Callable[[str], None]
    every: float = _EVERY
    tolerated: float = _TOLERATED
    look: float = _LOOK
    # Why the last ping failed, to log each reason once.
    _logged: str | None = field(default=None, init=False)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Watch and ping within the block."""
        ended = threading.Event()
        thread = threading.Thread(target=self._run, args=[ended], name="pulse", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def beat(self) -> None:
        """Ping, unless this process is not working: the service sends an alert when pings are missing."""
        if self.problems():
            return
        problem = self.ping()
        if problem and problem != self._logged:
            self.warn(f"The heartbeat (`alerts.heartbeat_url`) could not be sent: {problem}. It is tried every minute.")
        self._logged = problem

    def _run(self, ended: threading.Event) -> None:
        next_ping = time.monotonic()
        while True:
            began = time.monotonic()
            if began >= next_ping:
                next_ping = began + self.every
                self.beat()
                began = time.monotonic()
            if ended.wait(self.look):
                return
            late = time.monotonic() - began - self.look
            if late >= self.tolerated:
                self.on_stood_still(late)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The machine's clocks at one moment, in seconds."""

    # The time of day.
    wall: float
    # Does not advance while the machine sleeps.
    steady: float
    # Continues while the machine sleeps.
    running: float

    @classmethod
    def read(cls) -> Clocks:
        steady = time.monotonic()
        # Linux only. Elsewhere a sleep looks like a jump of the clock.
        boottime = getattr(time, "CLOCK_BOOTTIME", None)
        return cls(time.time(), steady, steady if boottime is None else time.clock_gettime(boottime))


def find_jump(before: Clocks, after: Clocks, now: datetime) -> AlertTexts | None:
    """Return the texts about the jump between two readings; None if the clocks ran alike."""
    steady = after.steady - before.steady
    slept = after.running - before.running - steady
    jumped = after.wall - before.wall - steady
    at = f"It is {now:%Y-%m-%d %H:%M %Z} now."
    if slept >= _CLOCKS_DRIFT:
        return AlertTexts(
            f"The machine slept for {duration(slept)}",
            f"It was suspended, and nothing ran meanwhile. {at} {CATCH_UP}",
            "A server must not sleep: `journalctl -b | grep -i suspend` says when it did, and `systemctl mask "
            "sleep.target suspend.target` prevents it. `digest status` shows the edition.",
        )
    if jumped >= _CLOCKS_DRIFT:
        return AlertTexts(
            f"The clock jumped {duration(jumped)} forward",
            f"The virtual machine was paused and resumed, or somebody set the clock. {at} {CATCH_UP}",
            f"{_CHECK_TIME} Ask who runs the host whether it paused or moved this machine. `digest status` shows the "
            "edition.",
        )
    if jumped <= -_CLOCKS_DRIFT:
        return AlertTexts(
            f"The clock was set back {duration(-jumped)}",
            f"{at} An edition that was sent is not sent again. Planned editions wait until the clock reaches their "
            "hour.",
            f"{_CHECK_TIME} `digest status` shows the edition.",
        )
    return None
