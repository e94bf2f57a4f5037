"""One thing that was said of one letter, in our words. Nothing behind it knows a provider's field or a header."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Event:
    """`kind` is one of `rules.RULES`. What is not said is '' or 0: the comparable `address`, and the ids that we put on
    the letter: `subscriber`, `edition`, `attempt`."""

    kind: str
    at: datetime
    address: str = ""
    subscriber: int = 0
    edition: str = ""
    attempt: str = ""
    reason: str = ""


def one_line(text: str) -> str:
    """Words from outside as one line that a table, a store and a terminal can bear."""
    return _CONTROL.sub(" ", text).encode("utf-8", "replace").decode("utf-8").strip()[:_LONGEST]
