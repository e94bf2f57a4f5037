"""Tells clicks of scanners from clicks of readers. Gateways open every link of a letter before its reader does.

Pure. A guess, for figures only: nobody is judged by it, and no link of ours does anything when it is merely followed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from digest.events.event import Event

_SCANNERS = (
    "barracuda", "proofpoint", "mimecast", "messagelabs", "symantec", "trendmicro", "fireeye", "safelinks",
    "forcepoint", "zscaler", "cisco", "sophos", "headlesschrome", "python-requests", "go-http-client", "curl/",
    "wget/", "bot/",
)  # fmt: skip
_LINKS = 3
_SECONDS = 10


def mark_scanner_clicks(events: Sequence[Event], *, urls: Sequence[str], agents: Sequence[str]) -> list[Event]:
    """The events with clicks of machines named so: by a scanner's user agent, or three links of one letter within ten
    seconds. `urls` and `agents` go with the events, '' where there is none."""
    clicks = defaultdict(list)
    for number, event in enumerate(events):
        if event.kind == "clicked":
            clicks[event.edition, event.subscriber, event.address].append(number)
    machines: set[int] = set()
    for numbers in clicks.values():
        machines.update(number for number in numbers if any(name in agents[number].lower() for name in _SCANNERS))
        machines |= _hasty(numbers, events, urls)
    return [
        replace(event, kind="machine click") if number in machines else event for number, event in enumerate(events)
    ]


def _hasty(numbers: Sequence[int], events: Sequence[Event], urls: Sequence[str]) -> set[int]:
    """The clicks that lie within ten seconds of others on so many links that no hand has made them."""
    found: set[int] = set()
    ordered = sorted(numbers, key=lambda number: events[number].at)
    links: Counter[str] = Counter()
    start = told = 0
    for end, number in enumerate(ordered):
        links[urls[number]] += 1
        while (events[number].at - events[ordered[start]].at).total_seconds() > _SECONDS:
            links[urls[ordered[start]]] -= 1
            links += Counter()  # forgets what has come down to none
            start += 1
        if len(links) >= _LINKS:
            found.update(ordered[max(told, start) : end + 1])
            told = end + 1
    return found
