"""Saved article pages, compared with what a person read: title, date, canonical address, tokens of the body.

`pages/expected.json` has the expected values of each page; a body is a `.json` of paragraphs, Markdown or text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digest.collect.cleaning.identity import canonical_url
from digest.collect.cleaning.normalise import normalise_items
from digest.collect.feeds.dates import INDIA
from digest.collect.files import read_markdown, read_text
from digest.collect.http.decode import decode
from digest.collect.pages.page import read_page
from digest.collect.types import ParseContext
from digest.hindi.text import fold
from digest.models import Article, Source
from evaluation.material import Material, Row
from evaluation.rouge import overlap

EXPECTED = "pages/expected.json"
PAGE_SETS = "page-sets"
# Pages with our own text in the formats of many sites, each with its expected values.
OWN = Path(__file__).resolve().parents[1] / "tests/collect/pages"

_BETWEEN = re.compile(r"[\s।॥,.;:!?\"'“”‘’()\[\]{}<>|/–—…*#_=+-]+")


def measure(material: Material) -> list[Row]:
    """Measure correct titles, dates and canonical addresses, and the mean F1 of tokens of known bodies."""
    listed: list[dict[str, Any]] = material.json(EXPECTED)
    titles, dates, links, starts = [], [], [], []
    bodies: list[tuple[str, float, float]] = []
    for entry in listed:
        file = material.root / "pages" / entry["file"]
        if not file.exists():
            continue
        page = decode(file.read_bytes())[0]
        article = read(page, entry.get("url", ""))
        title = _joined_tokens(entry.get("title", ""))
        if title:
            titles.append(title in (_joined_tokens(article.title), _joined_tokens(f"{article.kicker}{article.title}")))
        if "published" in entry:
            dates.append(article.dated and article.published == datetime.fromisoformat(entry["published"]))
        if "canonical" in entry:
            links.append(canonical_url(article.url) == canonical_url(entry["canonical"]))
        gold = body_of(file.parent, entry.get("body_gold", ""))
        if gold:
            ours = overlap(tokens(_text(article)), tokens(gold))
            bodies.append((file.name, ours, overlap(tokens(rival(page)), tokens(gold))))
        elif "first_words" in entry:
            start = _joined_tokens(entry["first_words"])
            starts.append(_joined_tokens(f"{article.place}{article.text}").startswith(start[:60]))
    rows = [
        Row("pages: title right", len(titles), f"{sum(titles)}", "all"),
        Row("pages: date right", len(dates), f"{sum(dates)}", "all"),
        Row("pages: canonical address right", len(links), f"{sum(links)}", "all"),
    ]
    if bodies:
        worst = min(bodies, key=lambda body: body[1])
        ours, theirs = sum(body[1] for body in bodies) / len(bodies), sum(body[2] for body in bodies) / len(bodies)
        figures = f"{ours:.3f} (least {worst[1]:.3f} {worst[0][:24]})"
        rows.append(Row("pages: body, F1 of tokens", len(bodies), figures, ">= .93", f"{theirs:.3f} trafilatura"))
    else:
        rows.append(Row("pages: body, F1 of tokens", 0, "missing: no body_gold file"))
    if starts:
        rows.append(Row("pages: body starts correctly", len(starts), f"{sum(starts)}", "all"))
    return rows


def page_sets(material: Material) -> list[Row]:
    """Measure the mean F1 of bodies, and correct days, for each set of pages in `page-sets/<name>.jsonl`.

    A line has `html` (the page), `body` (its text) and, if known, `url` and `date`. Sets whose name begins with
    `hindi` are not part of the pooled figure.
    """
    rows: list[Row] = []
    pooled: list[tuple[float, float]] = []
    for file in sorted(material.path(PAGE_SETS).glob("*.jsonl")):
        bodies: list[tuple[float, float]] = []
        days: list[bool] = []
        for entry in material.lines(f"{PAGE_SETS}/{file.name}"):
            article = read(entry["html"], entry.get("url") or "")
            gold = tokens(entry["body"])
            bodies.append((overlap(tokens(_text(article)), gold), overlap(tokens(rival(entry["html"])), gold)))
            if entry.get("date"):
                days.append(article.dated and _same_day(article.published, datetime.fromisoformat(entry["date"])))
        rows.append(_f1_row(f"page sets: {file.stem}, body", bodies))
        if days:
            rows.append(Row(f"page sets: {file.stem}, day right", len(days), f"{sum(days)}"))
        if not file.stem.startswith("hindi"):
            pooled += bodies
    return [*rows, _f1_row("page sets: pooled without Hindi, body", pooled)] if pooled else rows


def _f1_row(what: str, bodies: list[tuple[float, float]]) -> Row:
    ours, theirs = (sum(body[place] for body in bodies) / len(bodies) for place in (0, 1))
    return Row(what, len(bodies), f"{ours:.3f}", rival=f"{theirs:.3f} trafilatura")


def _same_day(date: datetime, gold: datetime) -> bool:
    """Return whether two dates are of the same day. A page without a time zone may mean UTC or India's."""
    zones = (gold.tzinfo,) if gold.tzinfo else (UTC, INDIA)
    return any(date.astimezone(zone).date() == gold.date() for zone in zones)


def own_pages(_material: Material) -> list[Row]:
    """Measure the same on our own pages. The rules were made with them, so this is no test of other pages."""
    scores = [score(file) for file in sorted(OWN.glob("*.json"))]
    if not scores:
        return [Row("own pages", 0, "missing: tests/collect/pages")]
    ours, theirs = (sum(one.body[place] for one in scores) / len(scores) for place in (0, 1))
    worst = min(scores, key=lambda one: one.body[0])
    figures = f"{ours:.3f} (least {worst.body[0]:.3f} {worst.name[:24]})"
    return [
        Row("own pages: title right", len(scores), f"{sum(one.title for one in scores)}", "all"),
        Row("own pages: date right", len(scores), f"{sum(one.date for one in scores)}", "all"),
        Row("own pages: canonical address right", len(scores), f"{sum(one.address for one in scores)}", "all"),
        Row("own pages: body, F1 of tokens", len(scores), figures, ">= .93", f"{theirs:.3f} trafilatura"),
    ]


@dataclass(frozen=True, slots=True)
class Score:
    """The result for one page. `body` is the F1 of tokens, ours and the rival's."""

    name: str
    title: bool
    date: bool
    address: bool
    body: tuple[float, float]


def score(expected: Path) -> Score:
    """Compare one of our own pages with its `.json` file."""
    truth: dict[str, Any] = json.loads(expected.read_text(encoding="utf-8"))
    page = expected.with_suffix(".html").read_text(encoding="utf-8")
    article = read(page, truth["url"])
    gold = tokens("\n".join(truth["body"]))
    return Score(
        name=expected.stem,
        title=_joined_tokens(truth["title"])
        in (_joined_tokens(article.title), _joined_tokens(f"{article.kicker}{article.title}")),
        date=article.dated and article.published == datetime.fromisoformat(truth["published"]),
        address=canonical_url(article.url) == canonical_url(truth["canonical"]),
        body=(overlap(tokens(_text(article)), gold), overlap(tokens(rival(page)), gold)),
    )


def tokens(text: str) -> list[str]:
    """Return the folded words of any script: some pages are in Gujarati or Bengali."""
    return [word for word in _BETWEEN.split(fold(text)) if word]


def read(page: str, url: str) -> Article:
    """Return the cleaned article of a page, as from a drop folder."""
    item = read_page(page, url)
    item.guid = "file:page.html"
    source = Source(name="page", path="page.html")
    articles, _lost, _doubles = normalise_items([item], ParseContext(source, datetime.now(UTC)))
    return (
        articles[0] if articles else Article(id="", source="page", title="", published=datetime.now(UTC), dated=False)
    )


def body_of(folder: Path, name: str) -> str:
    """Return the known body of a page, '' without its file. `name` may contain a `*`."""
    files = sorted(folder.glob(name)) if name else []
    if not files:
        return ""
    text = files[0].read_text(encoding="utf-8")
    if files[0].suffix == ".json":
        return "\n".join(_strings(json.loads(text)))
    parse: Callable[[str], Any] = read_markdown if files[0].suffix == ".md" else read_text
    return "\n".join(block.text for block in parse(text).body) if files[0].suffix == ".md" else text


def rival(page: str) -> str:
    """Return the body that trafilatura extracts."""
    import trafilatura

    return trafilatura.extract(page, include_comments=False) or ""


def _strings(node: Any) -> list[str]:
    """Return the headlines and paragraphs of the first version of a page in nested JSON, in order."""
    if isinstance(node, dict) and "body" not in node and "paragraphs" not in node and "sections" not in node:
        return next((found for value in node.values() if (found := _strings(value))), [])
    if isinstance(node, dict):
        inner = node.get("body", node)
        parts = [*inner.get("summary", []), *(inner.get("sections") or [inner])]
        return [text for part in parts for text in _flat(part)]
    return []


def _flat(part: Any) -> list[str]:
    if isinstance(part, str):
        return [part]
    return [*part.get("headline", []), *part.get("paragraphs", [])] if isinstance(part, dict) else []


def _text(article: Article) -> str:
    return "\n".join(block.text for block in article.body) or article.excerpt


def _joined_tokens(text: str) -> str:
    return "".join(tokens(text))
