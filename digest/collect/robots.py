"""Whether a site's robots.txt lets us read its pages (RFC 9309). For pages alone: feeds are published to be fetched.

The standard library's parser takes the first rule that fits and knows no `*`; the RFC, and with it the files that
newspapers write, mean the longest.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote, unquote

from digest.collect import guard
from digest.collect.fetch import AGENT, Fetcher
from digest.collect.fetcherrors import FetchError

May = Literal["yes", "no", "later"]
"""`later`: the site can't say for now, which means no (RFC 9309, 2.3.1.4), but asks for another try."""

LARGEST = 500 * 1024
"""Bytes of a robots.txt that are read; the RFC asks for no fewer."""

MOST_RULES = 2_000
"""Rules of one group that are heeded; every page is held against each."""

_KEPT = 24 * 3600.0
_KEPT_LATER = 600.0
_MOST_SITES = 2_000


@dataclass(frozen=True, slots=True)
class Rules:
    """What one robots.txt says to us: (allowed, pattern), and the pause between two requests in seconds."""

    rules: tuple[tuple[bool, str], ...] = ()
    delay: float = 0.0

    def allow(self, path: str) -> bool:
        """Whether a path with its query may be asked for: the longest rule that fits decides, and a tie allows."""
        path = _normal(path)
        fitting = [(len(pattern), allowed) for allowed, pattern in self.rules if _fits(pattern, path)]
        return max(fitting, default=(0, True))[1]


def read_rules(text: str, agent: str = AGENT) -> Rules:
    """The rules for `agent` in a robots.txt: of all groups that name it, else of those for `*`. Never raises."""
    ours: dict[str, _Group] = {}
    named: frozenset[str] = frozenset()
    open_ = False  # whether the last line named an agent: several names share the rules that follow
    for line in text.removeprefix("\ufeff").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            named = named | {_token(value)} if open_ else frozenset((_token(value),))
            open_ = True
            continue
        open_ = open_ and key not in ("allow", "disallow", "crawl-delay")
        for name in named & {"*", agent}:
            ours.setdefault(name, _Group()).take(key, value)
    group = ours.get(agent) or ours.get("*") or _Group()
    return Rules(tuple(dict.fromkeys(group.rules))[:MOST_RULES], group.delay)


class Robots:
    """Asks each site once a day and remembers what it said. Safe between threads."""

    def __init__(self, fetcher: Fetcher, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetcher, self._clock = fetcher, clock
        self._lock = threading.Lock()
        self._sites: dict[str, _Site] = {}

    def may(self, url: str, *, allow_private: bool = False) -> May:
        """Whether the page of a URL may be asked for now. Fetches the site's robots.txt when need be."""
        try:
            place = guard.target(url)
        except guard.Refused:
            return "yes"  # the fetch itself says what is wrong with it
        site = self._site(f"{place.scheme}://{place.netloc}")
        with site.lock:  # one thread asks, the others of the same site wait for its answer
            if self._clock() >= site.until:
                site.rules = self._asked(place, allow_private)
                site.until = self._clock() + (_KEPT if site.rules else _KEPT_LATER)
                if site.rules and site.rules.delay:
                    self._fetcher.manners.slow(place.host, site.rules.delay)
            if site.rules is None:
                return "later"
            return "yes" if site.rules.allow(place.path) else "no"

    def _asked(self, place: guard.Target, allow_private: bool) -> Rules | None:
        """The site's rules; none at all where it has no file, None where it can't be told."""
        url = f"{place.scheme}://{place.netloc}/robots.txt"
        try:
            with self._fetcher.receive(url, allow_private=allow_private, cut=LARGEST) as received:
                return read_rules(received.load().body.decode("utf-8", "replace"))
        except FetchError as mistake:
            return Rules() if 400 <= mistake.status < 500 and mistake.status != 429 else None

    def _site(self, origin: str) -> _Site:
        with self._lock:
            if len(self._sites) > _MOST_SITES:
                self._sites.clear()
            return self._sites.setdefault(origin, _Site())


@dataclass(slots=True)
class _Site:
    lock: threading.Lock = field(default_factory=threading.Lock)
    until: float = float("-inf")
    rules: Rules | None = None


@dataclass(slots=True)
class _Group:
    rules: list[tuple[bool, str]] = field(default_factory=list)
    delay: float = 0.0

    def take(self, key: str, value: str) -> None:
        if key in ("allow", "disallow") and value:  # an empty Disallow forbids nothing
            self.rules.append((key == "allow", _normal(value)))
        elif key == "crawl-delay":
            try:
                self.delay = max(self.delay, float(value)) if float(value) < 1e6 else self.delay
            except ValueError:
                return


def _token(value: str) -> str:
    """An agent's name without version, in lower case."""
    return value.partition("/")[0].strip().lower()


def _normal(path: str) -> str:
    """One spelling of percent escapes, as the RFC compares them; `*`, `$` and what separates stay as they are."""
    return quote(unquote(path.replace("%2F", "%252F").replace("%2f", "%252F")), safe="/:@!$&'()*+,;=~-._?[]%")


def _fits(pattern: str, path: str) -> bool:
    """Whether a path begins as the pattern says; `*` is anything, a `$` at the end is the end. Linear."""
    anchored = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if not rest:
        return not anchored or path == first
    at = len(first)
    last = rest.pop() if anchored else ""
    for piece in rest:
        at = path.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return not anchored or (path.endswith(last) and len(path) - len(last) >= at)
