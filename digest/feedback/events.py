"""One report about one email, independent of provider and mail format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_MAX_LENGTH = 300
_MAX_NUMBER = 2**63


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a provider. Fields that it does not name are None; `reason` may be empty."""

    # One of `rules.RULES`.
    kind: str
    at: datetime
    # In comparable form.
    address: str | None = None
    # The ids that we put into the email.
    subscriber: int | None = None
    edition: str | None = None
    attempt: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryEvent:
    """An event of a delivery of ours, to be recorded with it."""

    edition: str
    subscriber: int
    # One of `rules.RULES`.
    kind: str
    at: datetime
    reason: str = ""


class InvalidPayload(ValueError):
    """A webhook's payload has no events that can be read. The message is one sentence."""


def positive(value: object) -> int | None:
    """Return a positive integer, given as a number or as digits; otherwise None."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, float) and 0 < value < _MAX_NUMBER:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MAX_NUMBER else None


def safe_line(text: str) -> str:
    """Return foreign text as one line that is safe for tables, the store and the terminal."""
    return _CONTROL.sub(" ", text).encode("utf-8", "replace").decode("utf-8").strip()[:_MAX_LENGTH]
