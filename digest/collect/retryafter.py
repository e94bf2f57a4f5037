"""Reads the Retry-After header (RFC 9110, 10.2.3). Knows no other header and waits for nothing."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST = 24 * 3600.0
"""A server that asks for more than a day is taken at a day, so that a wrong clock can't end a source."""


def retry_after_seconds(value: str, now: float) -> float | None:
    """Seconds to wait, 0 up to a day, from `120` or an HTTP date; None when absent or unreadable.

    `now` is POSIX time in seconds.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:12]), LONGEST)
    try:
        when = parsedate_to_datetime(value)
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        return min(max(0.0, when.timestamp() - now), LONGEST)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
