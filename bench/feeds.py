"""Parse feeds down to cleaned articles, compared with feedparser alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser

from digest.collect.feeds.xml import parse_feed
from digest.models import Source

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SAMPLES = Path(__file__).parents[1] / "samples" / "feeds"
ITEMS = 30
SOURCE = Source("गांव", url="https://village.example/feed")
PARAGRAPH = (
    "गांव {n} की नहर में सोमवार को पानी छोड़ा गया, जिससे बारह गांवों के किसानों को सिंचाई में राहत मिली है। "
    "विभाग के अनुसार पानी अगले {n} दिन तक चलेगा और हर गांव की बारी पंचायत भवन पर लिख दी गई है। "
)


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (what, our milliseconds, the rival's, ratio): CPU of this thread, the best round."""
    rounds = 1 if quick else 7
    rows = [
        _row(file.name, file.read_bytes(), rounds)
        for file in sorted(SAMPLES.glob("*.*"))
        if file.suffix in (".xml", ".rdf", ".atom")
    ]
    rows.append(_row(f"RSS, {ITEMS} items with bodies", _rss().encode(), rounds))
    rows.append(_row(f"Atom, {ITEMS} items with bodies", _atom().encode(), rounds))
    return rows


def _row(what: str, data: bytes, rounds: int) -> tuple[str, ...]:
    ours = _best(lambda: parse_feed(data, source=SOURCE, base_url=SOURCE.url, now=NOW), rounds)
    theirs = _best(lambda: feedparser.parse(data), rounds)
    return what, f"{ours:.1f}", f"{theirs:.2f}", f"{ours / theirs:.1f}"


def _best(work: Callable[[], object], rounds: int) -> float:
    """Return the fewest milliseconds of a call."""
    times = []
    for _ in range(rounds):
        start = time.thread_time()
        work()
        times.append(time.thread_time() - start)
    return min(times) * 1000


def _body(n: int) -> str:
    return "".join(f"<p>{PARAGRAPH.format(n=n + at)}</p>" for at in range(6))


def _rss() -> str:
    items = "".join(
        f"<item><title>गांव {n} की नहर में पानी आया</title><link>https://village.example/n/{n}</link>"
        f"<guid>https://village.example/n/{n}</guid><pubDate>{_day(n):%a, %d %b %Y %H:%M:%S +0530}</pubDate>"
        f"<description><![CDATA[{_body(n)}]]></description></item>"
        for n in range(ITEMS)
    )
    return f'<rss version="2.0"><channel><title>गांव</title>{items}</channel></rss>'


def _atom() -> str:
    items = "".join(
        f'<entry><title>गांव {n} की नहर में पानी आया</title><link href="https://village.example/n/{n}"/>'
        f"<id>https://village.example/n/{n}</id><updated>{_day(n).isoformat()}</updated>"
        f'<content type="html"><![CDATA[{_body(n)}]]></content></entry>'
        for n in range(ITEMS)
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>गांव</title>{items}</feed>'


def _day(n: int) -> datetime:
    return NOW - timedelta(hours=n + 1)
