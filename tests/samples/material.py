"""Reads the samples into one flat list of items.

Uses lxml, json and `re`, not the project's own parsers: an error in those must not hide an error in a sample.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from lxml import etree, html

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
IST = timezone(timedelta(hours=5, minutes=30), "IST")
NAMES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "rss": "http://purl.org/rss/1.0/",
}


@dataclass(frozen=True)
class Item:
    """One sample item. `key` is its URL, else its path in samples/; `body` is plain paragraphs."""

    source: str
    key: str
    title: str
    body: tuple[str, ...]
    excerpt: str = ""
    published: datetime | None = None
    updated: datetime | None = None


def items() -> list[Item]:
    """Return every item of every feed and of the drop folder."""
    return [*rss("subah-samachar.xml"), *rss("lok-darpan.xml"), *atom(), *json_feed(), *rdf(), *drop_folder()]


def tree(name: str) -> Any:
    """Return the root element of a feed. Raises XMLSyntaxError."""
    return etree.fromstring((SAMPLES / "feeds" / name).read_bytes(), etree.XMLParser(resolve_entities=False))


def rss(name: str) -> list[Item]:
    return [
        Item(
            source=name,
            key=item.findtext("link"),
            title=item.findtext("title"),
            body=_paragraphs(item.findtext("content:encoded", namespaces=NAMES)),
            excerpt=" ".join(_paragraphs(item.findtext("description"))),
            published=_rfc822(item.findtext("pubDate")),
        )
        for item in tree(name).iterfind("channel/item")
    ]


def atom() -> list[Item]:
    return [
        Item(
            source="pahad-times.atom",
            key=entry.find("atom:link", NAMES).get("href"),
            title=entry.findtext("atom:title", namespaces=NAMES),
            body=_paragraphs(entry.findtext("atom:content", namespaces=NAMES)),
            excerpt=entry.findtext("atom:summary", namespaces=NAMES),
            published=datetime.fromisoformat(entry.findtext("atom:published", namespaces=NAMES)),
            updated=datetime.fromisoformat(entry.findtext("atom:updated", namespaces=NAMES)),
        )
        for entry in tree("pahad-times.atom").iterfind("atom:entry", NAMES)
    ]


def json_feed() -> list[Item]:
    feed = json.loads((SAMPLES / "feeds" / "vigyan-varta.json").read_text("utf-8"))
    return [
        Item(
            source="vigyan-varta.json",
            key=item["url"],
            title=item["title"],
            body=tuple(item["content_text"].split("\n\n")),
            excerpt=item["summary"],
            published=datetime.fromisoformat(item["date_published"]),
        )
        for item in feed["items"]
    ]


def rdf() -> list[Item]:
    return [
        Item(
            source="khel-duniya.rdf",
            key=item.findtext("rss:link", namespaces=NAMES),
            title=item.findtext("rss:title", namespaces=NAMES),
            body=_paragraphs(item.findtext("content:encoded", namespaces=NAMES)),
            excerpt=item.findtext("rss:description", namespaces=NAMES),
            published=datetime.fromisoformat(item.findtext("dc:date", namespaces=NAMES)),
        )
        for item in tree("khel-duniya.rdf").iterfind("rss:item", NAMES)
    ]


def drop_folder() -> list[Item]:
    """Return the items of the Markdown file, the saved page and the text file."""
    folder = SAMPLES / "articles"
    md, page, txt = sorted(path for path in folder.iterdir() if path.suffix != ".png")
    front, prose = md.read_text("utf-8").removeprefix("---\n").split("\n---\n", 1)
    fields = dict(line.split(": ", 1) for line in front.splitlines())
    lines = [line for line in txt.read_text("utf-8").splitlines() if line]
    root = html.fromstring(page.read_bytes())
    meta = {tag.get("property"): tag.get("content") for tag in root.iter("meta") if tag.get("property")}
    return [
        Item(source=md.name, key=fields["url"], title=fields["title"], body=tuple(prose.strip().split("\n\n"))),
        Item(
            source=page.name,
            key=root.xpath("string(//link[@rel='canonical']/@href)"),
            title=meta["og:title"],
            body=tuple(p.text_content() for p in root.xpath("//article/p[not(@class)]")),
            published=datetime.fromisoformat(meta["article:published_time"]),
        ),
        Item(source=txt.name, key=f"articles/{txt.name}", title=lines[0], body=tuple(lines[1:])),
    ]


def _paragraphs(markup: str) -> tuple[str, ...]:
    found = html.fromstring(f"<div>{markup}</div>").xpath("//p|//h2")
    return tuple(element.text_content() for element in found)


def _rfc822(value: str) -> datetime:
    """Parse a date. `IST` is Indian time; the standard library ignores it and returns no zone."""
    found = parsedate_to_datetime(value)
    if found.tzinfo is None:
        assert re.search(r" IST$", value), value
        found = found.replace(tzinfo=IST)
    return found
