"""What a page says of its article besides the text: headline, dates, address. Chooses among what it says twice.

Pages contradict themselves (a search title in English, a clock of India labelled UTC, a picture that is the
site's own); each choice here is one of those contradictions. Reads a parsed tree, changes nothing.
"""

from __future__ import annotations

import re
from typing import Any

from digest.collect.feeddates import INDIA, parse_date
from digest.collect.jsonld import Stated
from digest.collect.markup import plain
from digest.hindi.text import fold

_DATE_META = (
    "article:published_time",
    "og:published_time",
    "datepublished",
    "date",
    "publish-date",
    "publish_date",
    "pubdate",
    "dc.date",
    "dc.date.issued",
    "parsely-pub-date",
    "sailthru.date",
)
_UPDATED_META = ("article:modified_time", "og:updated_time", "datemodified", "lastmod")
_TITLE_PARTS = re.compile(r"(?<!\s)\s+[|–—-]\s+")
_SITE_PARTS = re.compile(r"(?<!\s)\s*[|:–—]\s+|(?<!\s)\s+-\s+")
_LEAST_TITLE = 12
"""Characters of a headline: less is a section's or a site's name."""

_LABELLED = re.compile(r"publish|posted|updated|date|प्रकाशित|अपडेट|दिनांक|तारीख|IST", re.I)
_WITH_YEAR = re.compile("(?:19|20)[0-9]{2}|[२][०][०-९]{2}")
_IN_PATH = re.compile(r"/((?:19|20)[0-9]{2})[/-]([01][0-9])[/-]([0-3][0-9])(?=[/-])")
_LONGEST_DATE = 120


def metas(tree: Any) -> dict[str, str]:
    """`<meta>` by property, name or itemprop in lower case; the first of each wins."""
    found: dict[str, str] = {}
    for node in tree.iter("meta"):
        name = node.get("property") or node.get("name") or node.get("itemprop") or ""
        value = (node.get("content") or "").strip()
        if name and value:
            found.setdefault(name.strip().lower(), value)
    return found


def first(tree: Any, path: str) -> str:
    """The first string that is not blank among what an XPath gives, '' when there is none."""
    return next((str(value).strip() for value in tree.xpath(path) if str(value).strip()), "")


def published(tree: Any, meta: dict[str, str], said: Stated, url: str) -> str:
    """The raw date of publishing, '' when the page tells none.

    In this order: meta elements, JSON-LD, `<time>`, a line of the text that says when, the address.
    """
    listed = [meta[name] for name in _DATE_META if meta.get(name)]
    listed += [said.published, *tree.xpath("//*[@itemprop='datePublished']/@datetime"), first(tree, "//time/@datetime")]
    listed = [str(raw) for raw in listed if raw]
    if listed:
        return _of_india(listed)
    return _line_of_text(tree) or next(iter("-".join(found) for found in _IN_PATH.findall(url)), "")


def updated(meta: dict[str, str], said: Stated) -> str:
    """The raw date of the last change, '' when the page tells none."""
    return next((meta[name] for name in _UPDATED_META if meta.get(name)), "") or said.modified


def _of_india(listed: list[str]) -> str:
    """The first date; but where another has the same clock with India's offset, its UTC was a wrong label."""
    date = parse_date(listed[0])
    if date is not None and not date.utcoffset():
        for raw in listed[1:]:
            other = parse_date(raw)
            same = other is not None and other.replace(tzinfo=None) == date.replace(tzinfo=None)
            if other is not None and same and other.utcoffset() == INDIA.utcoffset(None):
                return raw
    return listed[0]


def _line_of_text(tree: Any) -> str:
    """`Posted on: 21-Nov-2026 17:30 IST`: a short text with a year that can be read, a labelled one first."""
    shown = (node for node in tree.iter() if isinstance(node.tag, str) and node.tag not in ("script", "style", "a"))
    runs = (run for node in shown for run in (node.text or "", *((child.tail or "") for child in node)))
    lines = [
        line
        for run in runs
        if 8 <= len(line := " ".join(run.split())) <= _LONGEST_DATE and _WITH_YEAR.search(line) and "©" not in line
    ]
    for wanted in (True, False):
        for line in lines[:200]:
            if bool(_LABELLED.search(line)) == wanted and (wanted or len(line) <= 40) and parse_date(line):
                return line
    return ""


def title(tree: Any, meta: dict[str, str], said: Stated) -> str:
    """The headline: the `<h1>` when another place repeats it, else og:title, JSON-LD, `<title>`.

    An English title over an article in an Indian script loses against any in that script.
    """
    heads = [plain("".join(node.itertext())) for node in tree.iter("h1")]
    og, ld = plain(meta.get("og:title", "")), said.headline
    page = plain(first(tree, "//title/text()"))
    foreign = any(_is_native(text) for text in (og, *heads, ld, page))
    for head in heads:
        if head and (_is_native(head) or not foreign) and any(fold(head) in fold(other) for other in (og, ld, page)):
            return head
    for other in (og, ld, page):  # og:title with the site's name behind: its front is in the JSON-LD
        front = _TITLE_PARTS.split(other)[0] if other else ""
        if front and front != other and any(fold(front) == fold(one) for one in (*heads, ld, og)):
            return front
    candidates = [text for text in (og, *heads[:1], ld, page) if text]
    native = [text for text in candidates if _is_native(text)]
    chosen = (native or candidates or [""])[0]
    return _shown_part(tree, chosen) if chosen == page and not heads else chosen


def _shown_part(tree: Any, whole: str) -> str:
    """The part of a `<title>` that the page shows as a line of its own: its headline without the site's name."""
    parts = [part.strip() for part in _SITE_PARTS.split(whole) if len(part.strip()) >= _LEAST_TITLE]
    if len(parts) == 0 or parts == [whole]:
        return whole
    wanted = {fold(part): part for part in parts}
    for node in tree.iter("h2", "h3", "b", "strong", "font", "span", "div", "td", "p"):
        line = " ".join((node.text or "").split())
        if line and fold(line) in wanted:
            return wanted[fold(line)]
    return whole


def _is_native(text: str) -> bool:
    """Whether a title is in an Indian script for three letters in ten at least."""
    indian = sum("\u0900" <= char <= "\u0dff" for char in text)
    return indian > 0 and indian >= 0.3 * sum(char.isalpha() or "\u0900" <= char <= "\u0dff" for char in text)
