"""Dates in feeds and API responses: how many are parsed, and how many of those with a stated zone correctly."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from digest.collect.feeds.dates import parse_date
from digest.collect.http.decode import decode
from digest.hindi.numbers import latin_digits
from evaluation.material import Material, Row

_IN_XML = re.compile(
    r"<(?:pubDate|published|updated|lastBuildDate|dc:date|dcterms:modified|a10:updated)(?: [^<>]*)?>\s*(?:<!\[CDATA\[)?"
    r"([^<\]]+?)\s*(?:\]\]>)?\s*</"
)
_IN_JSON = re.compile(r"\"(?:publishedAt|date_published|date_modified|published_at)\"\s*:\s*\"([^\"]+)\"")
_INDIAN = timedelta(hours=5, minutes=30)


def measure(material: Material) -> list[Row]:
    """Measure every date in feeds and responses of news APIs. The rival is feedparser's date parser."""
    raw = list(_raw(material))
    feedparser = _feedparser()
    read = [(text, parse_date(text)) for text in raw]
    theirs = sum(feedparser(text) is not None for text in raw)
    stated = [(ours, date) for text, ours in read if (date := _standard(text)) is not None]
    right = sum(ours == date for ours, date in stated)
    indian = [ours for text, ours in read if _is_indian(text)]
    as_indian = sum(date is not None and date.utcoffset() == _INDIAN for date in indian)
    return [
        Row(
            "dates in feeds: parsed",
            len(raw),
            str(sum(date is not None for _t, date in read)),
            "all",
            f"{theirs} feedparser",
        ),
        Row("dates with a numeric zone: right", len(stated), str(right), "all"),
        Row("dates of IST or without a zone: Indian time", len(indian), str(as_indian), "all"),
    ]


def _raw(material: Material) -> Iterable[str]:
    for file in material.files("feeds"):
        text = decode(file.read_bytes())[0]
        yield from (found for found in _IN_XML.findall(text) + _IN_JSON.findall(text) if found.strip())
    if (material.root / "articles/gnews-api-json").exists():
        for file in material.files("articles/gnews-api-json"):
            yield from _IN_JSON.findall(file.read_text(encoding="utf-8"))


def _standard(text: str) -> datetime | None:
    """Return a date with a numeric offset or GMT, as the standard library parses it; None for others."""
    if not re.search(r"(?:[+-][0-9]{2}:?[0-9]{2}|Z|GMT|UTC)$", text.strip()):
        return None
    # Software writes this for a missing date. The standard library makes it 2001.
    if " 0001 " in text:
        return None
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            date = parse(text.strip())
        except (ValueError, TypeError, IndexError):
            continue
        if date.tzinfo is not None or text.strip().endswith("-0000"):
            return date if date.tzinfo else date.replace(tzinfo=UTC)
    return None


def _is_indian(text: str) -> bool:
    """Return whether a date has the zone IST, or a time of day without a zone."""
    bare = latin_digits(text.strip())
    if re.search(r"(?<![A-Za-z])IST(?![A-Za-z])", bare):
        return True
    return bool(re.search(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?: ?[AaPp][Mm])?$", bare)) and not re.search(
        r"[+-][0-9]{2}:[0-9]{2}$", bare
    )


def _feedparser() -> Callable[[str], object]:
    from feedparser.datetimes import _parse_date

    parse: Callable[[str], object] = _parse_date
    return parse
