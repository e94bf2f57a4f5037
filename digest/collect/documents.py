"""Finds who can read a document, and lets them. Fetches nothing, and parses no item itself.

Feeds, sitemaps and JSON are known by what they hold and never by a name or a header; a web page is a listing where
the source names its links, else the feed that it names, else the article that it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from digest.collect.apijson import parse_api
from digest.collect.assemble import assemble
from digest.collect.decode import decode
from digest.collect.feedlink import feed_link
from digest.collect.feeds import parse_feed
from digest.collect.fetch import Response
from digest.collect.identity import absolute_url
from digest.collect.listing import parse_listing
from digest.collect.pages import read_page
from digest.collect.parsed import ParseResult, WarningLog
from digest.collect.sitemap import ROOTS, parse_sitemap
from digest.collect.sniff import Sniffed, sniff
from digest.collect.unpack import BodyTooLarge, DecompressError, decompress
from digest.models import Article, Source

LARGEST = 10_000_000
"""Bytes of a packed document (`sitemap.xml.gz`) after unpacking: as many as are fetched of any other."""


def read_document(fetched: Response, *, source: Source, now: datetime) -> ParseResult:
    """The articles of one document, whatever its kind. Never raises: what is wrong stands in the result.

    `fetched.url` is where it was found, '' for a file.
    """
    try:
        return _read(fetched, source, now)
    except Exception as mistake:  # a parser's bug on one document must not end the whole collection
        return ParseResult("", error=f"It can't be read ({type(mistake).__name__}: {str(mistake)[:200]}).")


def _read(fetched: Response, source: Source, now: datetime) -> ParseResult:
    body, url = fetched.body, fetched.url
    if body[:2] == b"\x1f\x8b":
        try:
            body = b"".join(decompress([body], "gzip", limit=LARGEST))
        except BodyTooLarge:
            return ParseResult("", error=f"It is packed and larger than {LARGEST:,} bytes when unpacked; refused.")
        except DecompressError as mistake:
            return ParseResult("", error=f"It is packed, but {mistake}.")
    text, odd = decode(body, fetched.content_type)
    seen, notes = sniff(text), WarningLog()
    if odd:
        notes.add(f"encoding: {odd}")
    if seen.kind == "xml" and seen.root in ROOTS:
        return _unused(parse_sitemap(seen.text, source=source, base_url=url, now=now, notes=notes), source)
    if seen.kind == "html":
        return _page(text, source, url, now, notes)
    if seen.kind == "json":
        return _json(body, fetched.content_type, seen, source, url, now, notes)
    parsed = parse_feed(body, source=source, base_url=url, content_type=fetched.content_type, now=now)
    return _unused(parsed, source)


def _page(text: str, source: Source, url: str, now: datetime, notes: WarningLog) -> ParseResult:
    if source.links:
        return parse_listing(text, source=source, base_url=url, now=now, notes=notes)
    if source.mapping is not None:
        return ParseResult("html", error="It is a web page (HTML), not the JSON that mapping is for.")
    link = feed_link(text, url)
    found = absolute_url(link, url) or link
    if found and found != url:
        error = f"It is a web page (HTML), not a feed. It names this feed: {found}"
        return ParseResult("html", error=error, feed_url=found)
    return parse_page(text, source=source, base_url=url, now=now, notes=notes) or ParseResult(
        "html",
        error="It is a web page (HTML), not a feed. It names no feed and is no article; give the source `links`, "
        "a CSS selector of its links to articles.",
    )


def _json(
    body: bytes, content_type: str, seen: Sniffed, source: Source, url: str, now: datetime, notes: WarningLog
) -> ParseResult:
    """By the source's mapping, else an API that is known by its shape, else a JSON Feed."""
    api = parse_api(seen.text, source=source, base_url=url, now=now, notes=notes)
    if source.mapping is not None or not api.error:
        return _unused(api, source, json=True)
    feed = parse_feed(body, source=source, base_url=url, content_type=content_type, now=now)
    return _unused(api if feed.error else feed, source, json=True)


def _unused(parsed: ParseResult, source: Source, *, json: bool = False) -> ParseResult:
    """Tells of a setting that is for documents of another kind."""
    told = []
    if source.links:
        told.append("links is for web pages; this is none, so all that it holds was read")
    if source.mapping is not None and not json:
        told.append("mapping is for JSON; this is none")
    return replace(parsed, warnings=(*parsed.warnings, *told)) if told and not parsed.error else parsed


MAX_ARTICLES = 1_000
"""Articles that an index's documents may give together; a feed alone gives no more either."""


def merge_results(index: ParseResult, children: Sequence[ParseResult]) -> ParseResult:
    """One result; where some documents have titles, links of others are left out, as they name the same pages."""
    titled = [child for child in children if not child.links_only]
    taken = titled or children
    articles: dict[str, Article] = {article.id: article for article in index.articles}
    seen = 0
    for child in taken:
        for article in child.articles:
            seen += 1
            articles.setdefault(article.id, article)
    newest = sorted(articles.values(), key=lambda article: article.published, reverse=True)[:MAX_ARTICLES]
    warnings = [warning for child in taken for warning in child.warnings]
    return replace(
        index,
        kind=taken[0].kind if taken else index.kind,
        articles=tuple(newest),
        lost=index.lost + sum(child.lost for child in taken) + len(articles) - len(newest),
        warnings=tuple(dict.fromkeys((*index.warnings, *warnings))),
        error="",
        duplicates=index.duplicates + sum(child.duplicates for child in taken) + seen - len(articles),
        links_only=not titled and bool(children),
        further=(),
    )


# A page that is one article.

LEAST = 200
"""Characters of running text below which a page that calls itself an article holds none."""

_SAYS_ARTICLE = re.compile(
    r"og:type[\"']?\s{1,9}content\s{0,9}=\s{0,9}[\"']?article|content\s{0,9}=\s{0,9}[\"']?article[\"']?\s{1,9}"
    r"property\s{0,9}=\s{0,9}[\"']?og:type|[\"'](?:News|Reportage[a-z]{0,4}News)?Article[\"']|[\"'](?:Live)?Blog"
    r"Posting[\"']|article:published_time|itemprop\s{0,9}=\s{0,9}[\"']?articleBody",
    re.I,
)


def parse_page(text: str, *, source: Source, base_url: str, now: datetime, notes: WarningLog) -> ParseResult | None:
    """The page's article (kind 'page'); None when it does not say that it is one, or has no text to show for it."""
    if not _SAYS_ARTICLE.search(text):
        return None
    item = read_page(text, base_url)
    length = sum(len(block.text) for block in item.body if block.kind == "p")
    if not item.title or length < LEAST or (item.url and not urlsplit(item.url).path.strip("/")):
        return None
    articles, lost, _ = assemble([item], source=source, now=now, notes=notes)
    return ParseResult("page", articles, lost, notes.told())
