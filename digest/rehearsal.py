"""The time to believe: the real one, or for a rehearsal the one that DIGEST_NOW names, going on from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from digest.errors import ConfigurationError, Fault

NOW_ENV = "DIGEST_NOW"


def clock(environment: Mapping[str, str]) -> Callable[[], datetime]:
    """Tells the time, aware. Raises ConfigurationError for a moment without an offset or that is none."""
    said = environment.get(NOW_ENV)
    if not said:
        return lambda: datetime.now(UTC)
    try:
        start: datetime | None = datetime.fromisoformat(said)
    except ValueError:
        start = None
    if start is None or start.tzinfo is None:
        raise ConfigurationError([Fault(NOW_ENV, 0, f"expected a time such as 2026-11-23T07:00+05:30, found {said!r}")])
    began = datetime.now(UTC)
    return lambda: start + (datetime.now(UTC) - began)
