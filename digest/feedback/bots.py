"""Distinguish clicks by mail scanners from clicks by people. Some gateways open every link of an email before delivery.

A guess, for statistics only: nothing else depends on it, and no link of ours acts when it is merely opened.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from digest.feedback.events import Event

_SCANNERS = (
    "barracuda", "proofpoint", "mimecast", "messagelabs", "symantec", "trendmicro", "fireeye", "safelinks",
    "forcepoint", "zscaler", "cisco", "sophos", "headlesschrome", "python-requests", "go-http-client", "curl/",
    "wget/", "bot/",
)  # fmt: skip
# Clicks on this number of links of one email within this number of seconds are a scanner's.
_LINKS = 3
_SECONDS = 10


def mark_scanner_clicks(events: Sequence[Event], *, urls: Sequence[str], agents: Sequence[str]) -> list[Event]:
    """Change the kind of clicks by scanners, which have a known user agent or open many links within seconds.

    `urls` and `agents` belong to the events, and are empty where there is none.
    """
    clicks = defaultdict(list)
    for number, event in enumerate(events):
        if event.kind == "clicked":
            clicks[event.edition, event.subscriber, event.address].append(number)
    by_scanner: set[int] = set()
    for numbers in clicks.values():
        by_scanner.update(number for number in numbers if any(name in agents[number].lower() for name in _SCANNERS))
        by_scanner |= _rapid_clicks(numbers, events, urls)
    return [
        replace(event, kind="machine click") if number in by_scanner else event for number, event in enumerate(events)
    ]


def _rapid_clicks(numbers: Sequence[int], events: Sequence[Event], urls: Sequence[str]) -> set[int]:
    """Clicks within ten seconds of clicks on several other links, found with a sliding window."""
    found: set[int] = set()
    ordered = sorted(numbers, key=lambda number: events[number].at)
    links: Counter[str] = Counter()
    start = first_new = 0
    for end, number in enumerate(ordered):
        links[urls[number]] += 1
        while (events[number].at - events[ordered[start]].at).total_seconds() > _SECONDS:
            links[urls[ordered[start]]] -= 1
            # Remove entries that are zero now.
            links += Counter()
            start += 1
        if len(links) >= _LINKS:
            found.update(ordered[max(first_new, start) : end + 1])
            first_new = end + 1
    return found
