"""What single sites need beyond what pages have in common: rows of data, each with why. No behaviour but the look-up.

A row is for a site whose marks mislead; where marks or the second opinion do, there is no row. Add one beside a
saved page that fails without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Quirk:
    """XPaths: the element that holds the text (its fullest match), and what to take out before reading."""

    body: str = ""
    drop: tuple[str, ...] = ()


_BBC = Quirk(drop=("//*[@data-e2e='recommendations-heading']",))
"""Other stories stand in the middle of the text, in a section whose classes are hashes."""

QUIRKS: dict[str, Quirk] = {"bbc.com": _BBC, "bbc.co.uk": _BBC}
"""Host without `www.` and `m.` → row; a row holds for hosts below it too."""


def quirk_of(url: str) -> Quirk | None:
    """The row of a page's host; the longest name wins."""
    host = (urlsplit(url).hostname or "").lower() if "://" in url else ""
    while host:
        if host in QUIRKS:
            return QUIRKS[host]
        host = host.partition(".")[2]
    return None
