"""Deals out the local SendGrid's faults: which request gets which. Knows no wire."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable, Mapping

from tests.support.sendgrid_faults import Fault, row


class FaultPlan:
    """Deals out faults: first from the script, then by chance. Thread-safe; the same seed deals the same hand.

    The n-th request to an endpoint takes the first entry of the script that is meant for it; `"ok"` (or None) in
    the script lets one `send` pass. `chances` maps kinds to probabilities for `send` requests.
    """

    def __init__(self, script: Iterable[Fault | str | None], chances: Mapping[str, float], seed: int) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._chances = dict(chances)
        if sum(self._chances.values()) > 1:
            raise ValueError("chances add up to more than 1")
        for kind in self._chances:
            row(kind)
        self._script: list[Fault] = []
        self.script = list(script)

    @property
    def script(self) -> list[Fault]:
        """What is still to be dealt."""
        with self._lock:
            return list(self._script)

    @script.setter
    def script(self, entries: Iterable[Fault | str | None]) -> None:
        faults = [e if isinstance(e, Fault) else Fault(e or "ok") for e in entries]
        for fault in faults:
            if fault.kind != "ok":
                row(fault.kind)
        with self._lock:
            self._script = faults

    def next(self, endpoint: str) -> Fault | None:
        """The fault for this request, or None."""
        with self._lock:
            for position, fault in enumerate(self._script):
                if fault.kind != "refuse" and fault.on in (endpoint, "any"):
                    del self._script[position]
                    return None if fault.kind == "ok" else fault
            if endpoint == "send" and self._chances:
                point = self._random.random()
                for kind, chance in self._chances.items():
                    point -= chance
                    if point < 0:
                        return Fault(kind)
            return None

    def next_refusal(self) -> Fault | None:
        """The refusal that stands at the front of the script, if one does; it is dealt by this call."""
        with self._lock:
            if self._script and self._script[0].kind == "refuse":
                return self._script.pop(0)
            return None
