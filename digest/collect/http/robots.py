"""Whether a site's robots.txt (RFC 9309) allows us to read its pages.

Feeds are not checked, because they are published to be fetched.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from protego import Protego

from digest.collect.http import ssrf
from digest.collect.http.connect import FetchError
from digest.collect.http.fetch import AGENT, Fetcher

# `later`: the site does not answer. For now that means no (RFC 9309, 2.3.1.4), but it may be asked again.
Permission = Literal["yes", "no", "later"]

# Bytes of a robots.txt that are read; the RFC asks for at least as many.
MAX_BYTES = 500 * 1024
_TTL = 24 * 3600.0
_TTL_LATER = 600.0
_MAX_SITES = 2_000
_USER_AGENT = re.compile(r"\s*user[-\s]*agent\b[\s:]*([^#/]*)", re.I)


def parse_robots(text: str) -> Protego:
    """Parse the rules for our agent and `*`. Protego matches agents by prefix; our name must be exact (RFC 9309)."""
    lines = []
    for line in text.removeprefix("\ufeff").splitlines():
        if found := _USER_AGENT.match(line):
            name = found[1].strip().lower()
            line = f"User-agent: {name if name in ('*', AGENT) else 'other'}"
        lines.append(line)
    return Protego.parse("\n".join(lines))


class Robots:
    """Asks each site once a day and caches the answer. Safe to share between threads."""

    def __init__(self, fetcher: Fetcher, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetcher, self._clock = fetcher, clock
        self._lock = threading.Lock()
        self._sites: dict[str, _Site] = {}

    def may(self, url: str, *, allow_private: bool = False) -> Permission:
        """Whether the page may be requested now. Fetches the site's robots.txt if the cached one is too old."""
        try:
            target = ssrf.parse_url(url)
        except ssrf.UrlRefused:
            # The fetch itself reports what is wrong with the URL.
            return "yes"
        origin = f"{target.scheme}://{target.netloc}"
        with self._lock:
            if len(self._sites) > _MAX_SITES:
                self._sites.clear()
            site = self._sites.setdefault(origin, _Site())
        # One thread fetches; the others that want the same site wait for its answer.
        with site.lock:
            if self._clock() >= site.expires:
                try:
                    site.rules = self._fetch(origin, allow_private)
                except FetchError:
                    # The fetch itself reports that the address may not be used.
                    return "yes"
                site.expires = self._clock() + (_TTL if site.rules else _TTL_LATER)
                if site.rules and (delay := site.rules.crawl_delay(AGENT)):
                    self._fetcher.limiter.set_delay(target.host, delay)
            if site.rules is None:
                return "later"
            return "yes" if site.rules.can_fetch(origin + target.path, AGENT) else "no"

    def _fetch(self, origin: str, allow_private: bool) -> Protego | None:
        """Return the rules of the site: empty if it has no robots.txt, None if it did not answer.

        Raises FetchError if its address needs `allow_private`.
        """
        try:
            with self._fetcher.stream(
                f"{origin}/robots.txt", allow_private=allow_private, truncate_at=MAX_BYTES
            ) as received:
                return parse_robots(received.load().body.decode("utf-8", "replace"))
        except FetchError as error:
            if error.private:
                raise
            has_none = 400 <= error.status < 500 and error.status != 429
            return parse_robots("") if has_none else None


@dataclass(slots=True)
class _Site:
    lock: threading.Lock = field(default_factory=threading.Lock)
    expires: float = float("-inf")
    rules: Protego | None = None
