"""Which request to the local SendGrid gets which fault."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable, Mapping

from tests.support.sendgrid_faults import Fault, row


class FaultPlan:
    """Picks faults first from the script, then by chance. Thread-safe; the same seed gives the same faults.

    A request takes the first entry of the script for its endpoint. `"ok"` (or None) lets one `send` pass. `chances`
    maps kinds to probabilities for `send` requests.
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
        """The entries that are left."""
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

    def next(self, endpoint: str | None) -> Fault | None:
        """Take the fault for this request, if there is one."""
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
        """Take the first entry of the script if it is a refusal."""
        with self._lock:
            if self._script and self._script[0].kind == "refuse":
                return self._script.pop(0)
            return None
