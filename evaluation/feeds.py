"""Feeds: whether every item that feedparser finds becomes an article, and why not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from digest.collect.cleaning.normalise import MENU_WARNING
from digest.collect.feeds.xml import parse_feed
from digest.collect.http.decode import decode
from digest.collect.sniff import FEED_ROOTS, sniff
from digest.models import Source
from evaluation.material import Material, Missing, Row


def measure(material: Material) -> list[Row]:
    """Measure the items lost in all feeds in `feeds/`. Menu entries that a warning counts are not lost."""
    import feedparser

    files = [file for file in material.files("feeds") if _is_feed(file)]
    if not files:
        raise Missing("feeds/*/*.xml")
    items = kept = duplicates = menu = 0
    failed: list[str] = []
    lost: list[str] = []
    for file in files:
        data = file.read_bytes()
        entries = len(feedparser.parse(data, sanitize_html=False, resolve_relative_uris=False).entries)
        source = Source(name=file.stem, url="https://feeds.example.com/rss.xml")
        parsed = parse_feed(data, source=source, base_url=source.url, now=datetime.now(UTC))
        failed += [file.name] if parsed.error and entries else []
        reported = sum(int(text.split()[0]) for text in parsed.warnings if MENU_WARNING in text)
        if entries - len(parsed.articles) - parsed.duplicates - reported > 0:
            lost.append(f"{file.name} {entries - len(parsed.articles) - parsed.duplicates - reported}")
        items, kept, duplicates, menu = (
            items + entries,
            kept + len(parsed.articles),
            duplicates + parsed.duplicates,
            menu + reported,
        )
    figures = f"{sum(int(text.rpartition(' ')[2]) for text in lost)}" + "".join(f"; {text}" for text in lost[:5])
    return [
        Row("feeds: items lost", items, figures, "0", f"{items} items feedparser"),
        Row("feeds: articles; duplicates; menu entries left out", items, f"{kept}; {duplicates}; {menu}"),
        Row("feeds: unreadable", len(files), f"{len(failed)}" + "".join(f"; {name}" for name in failed[:5]), "0"),
    ]


def _is_feed(file: Path) -> bool:
    seen = sniff(decode(file.read_bytes())[0])
    return seen.kind == "xml" and seen.root in FEED_ROOTS
