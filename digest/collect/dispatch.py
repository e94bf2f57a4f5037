"""Choose the parser by content. A page is a listing if the source has `links`, else its feed, else an article."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from digest.collect.cleaning.identity import absolute_url
from digest.collect.cleaning.normalise import normalise_items
from digest.collect.feeds.autodiscovery import feed_link
from digest.collect.feeds.sitemap import ROOTS, parse_sitemap
from digest.collect.feeds.xml import parse_feed
from digest.collect.http.decode import BodyTooLarge, DecompressError, decode, decompress
from digest.collect.http.fetch import Response
from digest.collect.json_api import parse_api
from digest.collect.pages.listing import parse_listing
from digest.collect.pages.page import read_page
from digest.collect.sniff import sniff
from digest.collect.types import ParseContext, ParseResult
from digest.messages import Message
from digest.models import Article, Source

# Bytes of a compressed document (`sitemap.xml.gz`) after decompression; the same limit as for any other document.
MAX_BYTES = 10_000_000

# Articles from all documents of an index; a single feed gives no more either.
MAX_ARTICLES = 1_000

# Characters of body text. A page with less is not an article, whatever it says.
MIN_TEXT = 200

# With this many articles the order may be an editor's, unless this share of neighbours is ordered by date.
MIN_ORDERED, BY_DATE = 10, 0.9

_SAYS_ARTICLE = re.compile(
    r"og:type[\"']?\s{1,9}content\s{0,9}=\s{0,9}[\"']?article|content\s{0,9}=\s{0,9}[\"']?article[\"']?\s{1,9}"
    r"property\s{0,9}=\s{0,9}[\"']?og:type|[\"'](?:News|Reportage[a-z]{0,4}News)?Article[\"']|[\"'](?:Live)?Blog"
    r"Posting[\"']|article:published_time|itemprop\s{0,9}=\s{0,9}[\"']?articleBody",
    re.I,
)


def read_document(response: Response, *, source: Source, now: datetime) -> ParseResult:
    """Return the articles of one document of any kind. Never raises."""
    try:
        return _read(response, source, now)
    except Exception as error:
        # A parser bug triggered by one document must not end the whole collection.
        return ParseResult(None, error=_unreadable(error))


def _unreadable(error: Exception) -> Message:
    return Message("It can't be read (%(why)s).", why=f"{type(error).__name__}: {str(error)[:200]}")


def _read(response: Response, source: Source, now: datetime) -> ParseResult:
    body = response.body
    if body[:2] == b"\x1f\x8b":
        try:
            body = b"".join(decompress([body], "gzip", limit=MAX_BYTES))
        except BodyTooLarge:
            return ParseResult(None, error=f"It is compressed, and larger than {MAX_BYTES:,} bytes; refused.")
        except DecompressError as error:
            return ParseResult(None, error=f"It is compressed, but {error}.")
    text, encoding_problem = decode(body, response.content_type)
    context = ParseContext(source, now, response.url)
    if encoding_problem:
        context.log.add(f"encoding: {encoding_problem}")
    document = sniff(text)
    if document.kind == "html":
        return _web_page(text, context)
    if document.kind == "xml" and document.root in ROOTS:
        return _warn_unused(parse_sitemap(document.text, context), source)
    if document.kind == "json":
        api = parse_api(document.text, context)
        if source.mapping is not None or not api.error:
            return _warn_unused(api, source, is_json=True)
    feed = parse_feed(body, source=source, base_url=response.url, content_type=response.content_type, now=now)
    if document.kind == "json":
        # Neither a known API nor a JSON Feed: the message about APIs helps more.
        return _warn_unused(api if feed.error else feed, source, is_json=True)
    return _warn_unused(replace(feed, articles=with_prominence(feed.articles)), source)


def _web_page(text: str, context: ParseContext) -> ParseResult:
    source = context.source
    if source.links:
        listing = parse_listing(text, context)
        return replace(listing, articles=with_prominence(listing.articles))
    if source.mapping is not None:
        return ParseResult("html", error=Message("It is a web page (HTML), not the JSON that `mapping` is for."))
    link = feed_link(text, context.url)
    feed_url = absolute_url(link, context.url) or link if link else None
    if feed_url and feed_url != context.url:
        message = Message("It is a web page (HTML), not a feed. It names this feed: %(url)s", url=feed_url)
        return ParseResult("html", error=message, feed_url=feed_url)
    message = Message(
        "It is a web page (HTML), not a feed. It names no feed and is not an article; give the source "
        "`links`, a CSS selector of its links to articles."
    )
    return parse_page(text, context) or ParseResult("html", error=message)


def parse_page(text: str, context: ParseContext) -> ParseResult | None:
    """Return the article of a page (kind 'page'); None if the page does not say that it is one, or has no text."""
    if not _SAYS_ARTICLE.search(text):
        return None
    item = read_page(text, context.url)
    length = sum(len(block.text) for block in item.body if block.kind == "p")
    is_home_page = item.url and not urlsplit(item.url).path.strip("/")
    if not item.title or length < MIN_TEXT or is_home_page:
        return None
    made = normalise_items([item], context)
    return ParseResult("page", made.articles, made.lost, context.log.messages())


def with_prominence(articles: Sequence[Article]) -> tuple[Article, ...]:
    """Set how near to the top each article is, unless the document orders them by date or is too short to tell."""
    dates = [article.published for article in articles if article.dated]
    if len(dates) < MIN_ORDERED:
        return tuple(articles)
    neighbours = list(itertools.pairwise(dates))
    falling = sum(one >= other for one, other in neighbours)
    rising = sum(one <= other for one, other in neighbours)
    if max(falling, rising) >= BY_DATE * len(neighbours):
        return tuple(articles)
    last = len(articles) - 1
    return tuple(replace(article, prominence=round(1 - at / last, 2)) for at, article in enumerate(articles))


def merge_results(index: ParseResult, children: Sequence[ParseResult]) -> ParseResult:
    """Return the documents of an index as one result. If some have titles, those with links only are left out."""
    titled = [child for child in children if not child.links_only]
    used = titled or children
    articles: dict[str, Article] = {article.id: article for article in index.articles}
    total = 0
    for child in used:
        for article in child.articles:
            total += 1
            articles.setdefault(article.id, article)
    newest = sorted(articles.values(), key=lambda article: article.published, reverse=True)[:MAX_ARTICLES]
    warnings = [warning for child in used for warning in child.warnings]
    return replace(
        index,
        kind=used[0].kind if used else index.kind,
        articles=tuple(newest),
        lost=index.lost + sum(child.lost for child in used) + len(articles) - len(newest),
        warnings=tuple(dict.fromkeys((*index.warnings, *warnings))),
        error=None,
        duplicates=index.duplicates + sum(child.duplicates for child in used) + total - len(articles),
        links_only=not titled and bool(children),
        further=(),
    )


def _warn_unused(parsed: ParseResult, source: Source, *, is_json: bool = False) -> ParseResult:
    """Add a warning for each setting that is for another kind of document."""
    if parsed.error:
        return parsed
    warnings = []
    if source.links:
        warnings.append("`links` is for web pages; this is not one, so all of its items were read")
    if source.mapping is not None and not is_json:
        warnings.append("`mapping` is for JSON; this is not JSON")
    return replace(parsed, warnings=(*parsed.warnings, *warnings))
