"""Notice that the clock jumped or the machine slept, so that jobs may have run at unplanned times."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from digest.utils.text import duration

# Seconds by which two clocks may drift apart between checks.
_TOLERATED = 120
CATCH_UP = "What was due meanwhile is done now, unless it is older than `schedule.expires_after`."
_CHECK_TIME = "Check the time with `date`, and that NTP is on: `timedatectl`."


@dataclass(frozen=True, slots=True)
class Clocks:
    """The machine's clocks at one moment, in seconds.

    `wall` is the time of day. `steady` stands still while the machine sleeps, `running` does not.
    """

    wall: float
    steady: float
    running: float

    @classmethod
    def read(cls) -> Clocks:
        steady = time.monotonic()
        # Linux only. Elsewhere a sleep looks like a jump of the clock.
        boottime = getattr(time, "CLOCK_BOOTTIME", None)
        return cls(time.time(), steady, steady if boottime is None else time.clock_gettime(boottime))


@dataclass(frozen=True, slots=True)
class Jump:
    """The texts of an alert about a jump."""

    title: str
    text: str
    action: str


def find_jump(before: Clocks, after: Clocks, now: datetime) -> Jump | None:
    """Return the jump between two readings; None if the clocks ran alike."""
    steady = after.steady - before.steady
    slept = after.running - before.running - steady
    jumped = after.wall - before.wall - steady
    at = f"It is {now:%Y-%m-%d %H:%M %Z} now."
    if slept >= _TOLERATED:
        return Jump(
            f"The machine slept for {duration(slept)}",
            f"It was suspended, and `digest run` stood still meanwhile. {at} {CATCH_UP}",
            "A server must not sleep: `journalctl -b | grep -i suspend` says when it did, and `systemctl mask "
            "sleep.target suspend.target` prevents it. `digest status` shows the edition.",
        )
    if jumped >= _TOLERATED:
        return Jump(
            f"The clock jumped {duration(jumped)} forward",
            f"The virtual machine was paused and resumed, or somebody set the clock. {at} {CATCH_UP}",
            f"{_CHECK_TIME} Ask who runs the host whether it paused or moved this machine. `digest status` shows the "
            "edition.",
        )
    if jumped <= -_TOLERATED:
        return Jump(
            f"The clock was set back {duration(-jumped)}",
            f"{at} What was sent is not sent again. What is planned waits until the clock reaches its hour.",
            f"{_CHECK_TIME} `digest status` shows the edition.",
        )
    return None
