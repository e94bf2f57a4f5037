"""How long a run bears with its transports: when it rests, when the next one goes on, when it ends.

Decides from outcomes alone; sends nothing. Not safe for threads: the sender calls it under its lock.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from digest.deliver.ports import Transport

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_LONGEST_ASKED = 300.0  # who is to wait longer ends, and is run again
_MOST_DOUBTS = 5  # in a row
_MOST_HALVINGS = 24  # in a row; a lone bad reader in a batch of 1,000 takes ten, with an acceptance beside each


@dataclass
class CircuitBreaker:
    """`transport` is the one to use now; `over` that none is left. What comes in late from one that was given up
    changes nothing. `say` gets sentences for the operator, `seconds` is a clock that nobody sets,
    `reset_tries` is called when another transport takes over."""

    transports: Sequence[Transport]
    tries: int
    say: Callable[[str], None]
    seconds: Callable[[], float]
    reset_tries: Callable[[], None]
    over: bool = False
    rest_until: float = 0.0
    transport: Transport = field(init=False)

    def __post_init__(self) -> None:
        self.transport = self.transports[0]
        self._fresh()

    def good(self) -> None:
        """Somebody was served."""
        self._fresh()

    def failed(self, by: Transport, *, after: float | None = None, permanent: bool = False) -> None:
        """Certainly nothing was sent. The provider is left alone for a while (`after` seconds if it said so); one that
        has failed often enough, or for good, is given up."""
        now = self.seconds()
        if by is not self.transport:
            return
        if permanent:
            self._give_up()
            return
        if after is not None and after > _LONGEST_ASKED:
            self.held_up(by, after)
            return
        if now < self.rest_until:
            return  # the same bad moment, seen by another thread
        self._failures += 1
        if self._failures >= self.tries:
            self._give_up()
            return
        pause = min(_FIRST_PAUSE * 2 ** (self._failures - 1), _LONGEST_PAUSE) if after is None else after
        self.rest_until = now + pause * random.uniform(1.0, 1.25)  # noqa: S311  no secret

    def held_up(self, by: Transport, seconds: float) -> None:
        """Nothing may go for so long: by the limits of the settings, or as the provider says."""
        if by is not self.transport:
            return
        if seconds > _LONGEST_ASKED:
            minutes = math.ceil(seconds / 60)
            self._give_up(f"as it may send again in {minutes} minutes only")
        else:
            self.rest_until = max(self.rest_until, self.seconds() + seconds)

    def doubted(self, by: Transport) -> None:
        """An outcome is unknown. A provider that fails must not put the whole list in doubt."""
        self._doubts += 1
        if by is self.transport and self._doubts >= _MOST_DOUBTS:
            self._give_up(f"after {self._doubts} unknown outcomes in a row")

    def halved(self, by: Transport) -> None:
        """A batch was refused that names no reader. When halving finds nobody whom the provider takes, it is not about
        the readers."""
        self._halvings += 1
        if by is self.transport and self._halvings >= _MOST_HALVINGS:
            self._give_up(f"after {self._halvings} refusals in a row that name no reader")

    def _fresh(self) -> None:
        self._failures = self._doubts = self._halvings = 0

    def _give_up(self, why: str = "") -> None:
        following = self.transports[self.transports.index(self.transport) + 1 :]
        if following:
            self.say(f"{self.transport.name} is given up{f' {why}' if why else ''}; {following[0].name} goes on")
            self.transport = following[0]
            self.rest_until = 0.0
            self._fresh()
            self.reset_tries()
        else:
            self.over = True
            if why:
                self.say(f"stopped {why}; the rest is not sent")
