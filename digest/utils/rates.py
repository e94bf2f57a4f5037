"""How fast editions are being sent."""

from __future__ import annotations

from collections import deque

# Seconds over which the rate of a send is measured.
_RATE_OVER = 30.0


class Rates:
    """The send rates of editions, measured from repeated counts."""

    def __init__(self) -> None:
        self._seen: dict[str, deque[tuple[float, int]]] = {}

    def add(self, edition: str, settled: int, at: float) -> float:
        """Record how many recipients are settled at this monotonic time. Return the rate per second, 0 if unknown."""
        seen = self._seen.setdefault(edition, deque())
        seen.append((at, settled))
        while len(seen) > 2 and at - seen[0][0] > _RATE_OVER:
            seen.popleft()
        (began, before) = seen[0]
        return max(0.0, (settled - before) / (at - began)) if at > began else 0.0
