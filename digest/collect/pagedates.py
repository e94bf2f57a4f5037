"""When a page says that its article was published and changed. Chooses among what it says twice; reads no text.

Pages contradict themselves: a clock of India labelled UTC, a day beside a moment, minutes beside seconds, a
change from before the publication. Each choice here is one of those contradictions.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from digest.collect.feeds.dates import INDIA, parse_date
from digest.collect.jsonld import Stated
from digest.collect.pagemeta import first

_META = (
    "article:published_time",
    "og:published_time",
    "og:article:published_time",
    "datepublished",
    "date",
    "publish-date",
    "publish_date",
    "publishdate",
    "published_at",
    "pubdate",
    "dc.date",
    "dc.date.issued",
    "dcterms.created",
    "parsely-pub-date",
    "sailthru.date",
)
_UPDATED_META = ("article:modified_time", "og:updated_time", "datemodified", "last-modified", "lastmod")
_MARKED = (
    "//*[@itemprop='datePublished']/@datetime|//*[@itemprop='datePublished']/@content",
    "//*[@itemprop='datePublished']/@title",
    "//time[contains(@class, 'published') or @pubdate]/@datetime",
    "//time/@datetime",
    "//abbr[contains(@class, 'published')]/@title",
)
_LABELLED = re.compile(r"publish|posted|updated|date|प्रकाशित|अपडेट|दिनांक|तारीख|(?<![A-Za-z])IST", re.I)
_OF_CHANGE = re.compile(r"updated|modified|अपडेट|अद्यतन", re.I)
_OF_PUBLISHING = re.compile(r"publish|posted|प्रकाशित", re.I)
_WITH_YEAR = re.compile("(?:19|20)[0-9]{2}|[२][०][०-९]{2}")
_CLOCK = re.compile("[0-9०-९]{1,2}[:.][0-9०-९]{2}|[0-9०-९] ?बजे")
_IN_PATH = re.compile(r"/((?:19|20)[0-9]{2})[/-]([01][0-9])[/-]([0-3][0-9])(?=[/-])")
_LONGEST = 120
_LONGEST_BARE = 60
"""Characters of a line that gives a date: with a label, and without."""

_MOST_LINES = 200


def published(tree: Any, meta: dict[str, str], said: Stated, url: str) -> str:
    """The raw date of publishing, '' when the page tells none.

    In this order: meta elements, JSON-LD, microdata and `<time>`, a line of the text that says when, the address.
    """
    listed = [meta[name] for name in _META if meta.get(name)]
    listed += [said.published, *(first(tree, path) for path in _MARKED)]
    read = [(raw, date) for raw in listed if raw and (date := parse_date(raw)) is not None]
    if read:
        return _settled(read, tree)
    lines = _lines(tree)
    for wanted in (_OF_PUBLISHING, _LABELLED, None):
        for line in lines:
            if wanted.search(line) if wanted else len(line) <= _LONGEST_BARE:
                return _part(line, wanted)
    unread = [raw for raw in listed if raw]
    return next(iter([*unread, *("-".join(found) for found in _IN_PATH.findall(url))]), "")


def updated(tree: Any, meta: dict[str, str], said: Stated, published: str) -> str:
    """The raw date of the last change, '' when the page tells none or one from before it was published."""
    listed = [*(meta[name] for name in _UPDATED_META if meta.get(name)), said.modified]
    listed.append(first(tree, "//*[@itemprop='dateModified']/@datetime|//*[@itemprop='dateModified']/@content"))
    read = [(raw, date) for raw in listed if raw and (date := parse_date(raw)) is not None]
    since = parse_date(published) if published else None
    if not read:
        return ""
    best = _finest(read)
    return best[0] if since is None or best[1] >= since else ""


def _settled(read: list[tuple[str, datetime]], tree: Any) -> str:
    """The first date; but its moment where only its day stands first, and India's clock where UTC was a wrong label."""
    raw, date = _finest(read)
    if not _CLOCK.search(raw):
        timed = ((line, moment) for line in _lines(tree) if _CLOCK.search(line) and (moment := parse_date(line)))
        labelled = [line for line, moment in timed if _LABELLED.search(line) and _day(moment) == _day(date)]
        return next((line for line in labelled if _OF_PUBLISHING.search(line)), next(iter(labelled), raw))
    if date.utcoffset():
        return raw
    clock = date.replace(tzinfo=None, second=0)
    for other, moment in read:
        if moment.utcoffset() == INDIA.utcoffset(None) and moment.replace(tzinfo=None, second=0) == clock:
            return other
    for line in _lines(tree):
        shown = parse_date(line) if _CLOCK.search(line) else None
        if shown is not None and shown.utcoffset() == INDIA.utcoffset(None) and shown.replace(tzinfo=None) == clock:
            return shown.replace(second=date.second).isoformat()
    return raw


def _finest(read: list[tuple[str, datetime]]) -> tuple[str, datetime]:
    """The first, or another that says the same more finely: with a time of day, with seconds."""
    raw, date = read[0]
    for other, moment in read[1:]:
        timed = not _CLOCK.search(raw) and _CLOCK.search(other) and _day(moment) == _day(date)
        finer = not date.second and moment.second and abs((moment - date).total_seconds()) < 60
        if timed or finer:
            raw, date = other, moment
    return raw, date


def _day(date: datetime) -> object:
    return date.astimezone(INDIA).date()


def _lines(tree: Any) -> list[str]:
    """Short texts of the page with a date that can be read: `Posted on: 21-Nov-2026 17:30 IST`."""
    shown = (node for node in tree.iter() if isinstance(node.tag, str) and node.tag not in ("script", "style", "a"))
    runs = (run for node in shown for run in (node.text or "", *((child.tail or "") for child in node)))
    lines = [
        line
        for run in runs
        if len(run) < 20 * _LONGEST and 8 <= len(line := " ".join(run.split())) <= _LONGEST
        if _WITH_YEAR.search(line) and "©" not in line
    ]
    return [line for line in lines[:_MOST_LINES] if parse_date(line)]


def _part(line: str, wanted: re.Pattern[str] | None) -> str:
    """The part of a line that gives the wanted date, where it gives two: `Published: … | Updated: …`."""
    parts = [part for part in re.split(r"[|,;](?=\s*(?:last )?(?:updated|अपडेट|modified))", line, flags=re.I) if part]
    if wanted is _OF_PUBLISHING and len(parts) > 1:
        return next((part for part in parts if _OF_PUBLISHING.search(part) and parse_date(part)), line)
    return line
