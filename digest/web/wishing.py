"""From the form of wishes to the columns of `wish`: only what the reader changed becomes a wish. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from digest.store.wishes import Reader
from digest.subscribers.listing import FORMATS, FREQUENCIES


@dataclass(frozen=True, slots=True)
class Form:
    """What the form said. `hour` is '' for the newsletter's own."""

    topics: Sequence[str]
    frequency: str
    hour: str
    format: str


def hours(send_at: time, held: time | None) -> tuple[time, ...]:
    """The times that may be chosen beside the newsletter's own: no letter is there before it. The one that holds now
    stays among them."""
    offered = {time(hour) for hour in range(24) if time(hour) > send_at} | ({held} if held else set())
    return tuple(sorted(offered))


def wanted(reader: Reader, form: Form, *, topics: Collection[str], send_at: time) -> dict[str, Any] | None:
    """Column → value of what differs from what holds now; None for a form that no page of ours sends.

    Every topic chosen means everything, whatever is added later; none of them is no wish that can be met, and is None
    too where topics are offered.
    """
    held = f"{reader.hour:%H:%M}" if reader.hour else ""
    known = ("", *(f"{hour:%H:%M}" for hour in hours(send_at, reader.hour)))
    if form.frequency not in FREQUENCIES or form.format not in FORMATS or form.hour not in known:
        return None
    chosen = [topic for topic in topics if topic in form.topics]
    if topics and not chosen:
        return None
    if len(chosen) == len(topics):
        chosen = []
    now = {
        "topics": [topic for topic in topics if topic in reader.topics],
        "frequency": reader.frequency,
        "hour": held,
        "format": reader.format,
    }
    asked = {"topics": chosen, "frequency": form.frequency, "hour": form.hour, "format": form.format}
    return {name: value for name, value in asked.items() if value != now[name]}
