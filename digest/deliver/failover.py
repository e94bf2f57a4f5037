"""Decide when a run pauses, when it switches to the next transport and when it ends.

Uses only outcomes. Not thread-safe: only the sender's thread calls it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from digest.deliver.ports import Transport

# Seconds.
_FIRST_PAUSE = 1.0
_MAX_PAUSE = 60.0
# The longest pause of a run, in seconds. Instead of a longer one, the run ends and is started again later.
_MAX_REQUESTED_PAUSE = 300.0
# In a row.
_MAX_UNKNOWN = 5
# In a row. Finding one bad recipient in a batch of 1,000 takes ten, with accepted halves in between.
_MAX_SPLITS = 24


@dataclass
class CircuitBreaker:
    """Chooses the transport to use. Results of a transport that was given up earlier change nothing."""

    transports: Sequence[Transport]
    # Failures in a row after which a transport is given up.
    tries: int
    # Takes sentences for the operator.
    report: Callable[[str], None]
    # A monotonic clock.
    seconds: Callable[[], float]
    # Called when the next transport takes over.
    reset_tries: Callable[[], None]
    # No transport is left.
    exhausted: bool = False
    paused_until: float = 0.0
    # The transport in use.
    transport: Transport = field(init=False)

    def __post_init__(self) -> None:
        self.transport = self.transports[0]
        self._reset()

    def record_success(self) -> None:
        self._reset()

    def record_failure(self, by: Transport, *, after: float | None = None, permanent: bool = False) -> None:
        """Record that definitely nothing was sent. Pauses, for `after` seconds if the provider named a time.

        A transport that failed too often, or permanently, is given up.
        """
        now = self.seconds()
        if by is not self.transport:
            return
        if permanent:
            self._give_up()
            return
        if after is not None and after > _MAX_REQUESTED_PAUSE:
            self.pause(by, after)
            return
        if now < self.paused_until:
            # The same failure, seen by another thread.
            return
        self._failures += 1
        if self._failures >= self.tries:
            self._give_up()
            return
        pause = min(_FIRST_PAUSE * 2 ** (self._failures - 1), _MAX_PAUSE) if after is None else after
        # The random part need not be secret.
        self.paused_until = now + pause * random.uniform(1.0, 1.25)  # noqa: S311

    def pause(self, by: Transport, seconds: float) -> None:
        """Send nothing for some time, because of our own rate limits or at the provider's request."""
        if by is not self.transport:
            return
        if seconds > _MAX_REQUESTED_PAUSE:
            minutes = math.ceil(seconds / 60)
            self._give_up(f"because it accepts nothing for {minutes} minutes")
        else:
            self.paused_until = max(self.paused_until, self.seconds() + seconds)

    def record_unknown(self, by: Transport) -> None:
        """Record an unknown outcome. Pauses, so that a failing provider does not leave the whole list unknown."""
        self._unknown += 1
        if by is self.transport and self._unknown >= _MAX_UNKNOWN:
            self._give_up(f"after {self._unknown} unknown outcomes in a row")

    def record_split(self, by: Transport) -> None:
        """Record that a batch was refused without naming a recipient.

        If splitting finds no recipient that the provider accepts, the recipients are not the cause.
        """
        self._splits += 1
        if by is self.transport and self._splits >= _MAX_SPLITS:
            self._give_up(f"after {self._splits} refusals in a row that name no recipient")

    def _reset(self) -> None:
        self._failures = self._unknown = self._splits = 0

    def _give_up(self, why: str | None = None) -> None:
        following = self.transports[self.transports.index(self.transport) + 1 :]
        if following:
            suffix = f" {why}" if why else ""
            self.report(f"switched from {self.transport.name} to {following[0].name}{suffix}")
            self.transport = following[0]
            self.paused_until = 0.0
            self._reset()
            self.reset_tries()
        else:
            self.exhausted = True
            if why:
                self.report(f"stopped {why}; the rest is not sent")
