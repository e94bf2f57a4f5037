"""One report about one email, independent of provider and mail format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_MAX_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a provider. Unknown fields are empty or 0."""

    # One of `rules.RULES`.
    kind: str
    at: datetime
    # In comparable form.
    address: str = ""
    # The ids that we put into the email.
    subscriber: int = 0
    edition: str = ""
    attempt: str = ""
    reason: str = ""


def one_line(text: str) -> str:
    """Foreign text as one line that is safe for tables, the store and the terminal."""
    return _CONTROL.sub(" ", text).encode("utf-8", "replace").decode("utf-8").strip()[:_MAX_LENGTH]
