"""Complete an article from its page: text that the feed cut off, and fields that it left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from digest.collect.cleaning.clean import clean_article
from digest.collect.cleaning.identity import canonical_url, content_hash
from digest.collect.cleaning.titles import is_cut, is_makeshift
from digest.collect.feeds.dates import parse_date
from digest.collect.http.decode import decode
from digest.collect.pages.page import read_page
from digest.collect.types import RawItem
from digest.hindi.language import guess
from digest.hindi.tokens import stems
from digest.models import Article, TextBlock

# Characters. A feed's text of at least this length counts as complete. Nine of ten full articles are longer.
WHOLE = 700

NO_MORE = "its page has no more text than the feed"
ELSEWHERE = "its page is about something else, so the feed's text is used"

# A page's text replaces the feed's if it is this many times as long.
_MIN_GAIN = 1.1

# Share of the title's stems that the page must contain. Consent and error pages contain none.
_MIN_SHARED_STEMS = 0.3

# Titles with fewer stems say too little to compare.
_MIN_TITLE_STEMS = 3

# No news page is older: earlier years are defaults of software.
_EARLIEST_YEAR = 1990

# A change that a page reports counts if it is this close to the publication.
_MAX_UPDATE_SECONDS = 7 * 86400

_MEDIA_SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".mp4", ".mp3", ".pdf", ".m3u8")


def wants_page(article: Article) -> bool:
    """Whether the feed gave too little text of an article that has a page."""
    path = urlsplit(article.url).path.lower() if article.url else ""
    return bool(article.url) and not path.endswith(_MEDIA_SUFFIXES) and _text_length(article.body) < WHOLE


def complete(
    article: Article, page: bytes, url: str | None, content_type: str = "", *, page_title: bool = False
) -> Article:
    """Return the article with the text of its page, and with fields that only the page has. Problems become warnings.

    `url` is the page's final address. The article keeps its id, and its date if the feed gave one. It gets the title of
    the page if its own was cut off or made of the text. With `page_title` it always does.
    """
    try:
        return _complete(article, read_page(decode(page, content_type)[0], url), url, page_title=page_title)
    # A parser bug triggered by one page must not lose the article.
    except Exception as error:
        return _with_warning(article, f"its page can't be read ({type(error).__name__})")


def needs_title(article: Article) -> bool:
    """Whether the page has a better title for the article than the feed."""
    return is_makeshift(article.title, article.text)


def with_body_of(article: Article, known: Article) -> Article:
    """Return the article as its feed has it now, with the title and the text of its page that were read earlier.

    The page's title is used only if the feed's is no headline, its text only if it is longer.
    """
    if known.title != article.title and needs_title(article):
        article = replace(article, title=known.title, content_hash=content_hash(known.title, article.text))
    if _text_length(known.body) <= _MIN_GAIN * _text_length(article.body):
        return article
    completed = replace(
        article,
        body=known.body,
        author=article.author or known.author,
        image=article.image or known.image,
        place=article.place or known.place,
        categories=article.categories or known.categories,
        excerpt=article.excerpt or known.excerpt,
        updated=article.updated or known.updated,
        url=known.url or article.url,
        published=article.published if article.dated else known.published,
        dated=article.dated or known.dated,
    )
    return replace(completed, content_hash=content_hash(completed.title, completed.text))


def _complete(article: Article, item: RawItem, url: str | None, *, page_title: bool) -> Article:
    if not _is_about(article, item):
        return _with_warning(article, ELSEWHERE)
    page_title = bool(item.title.strip()) and (page_title or (needs_title(article) and not is_cut(item.title)))
    if page_title:
        lead = item.excerpt or next((block.text for block in item.body), "")
        article = replace(article, title=item.title, language=guess(f"{item.title}\n{lead}", item.language or ""))
    filled = _with_page_fields(article, item, url)
    if page_title:
        filled = clean_article(filled, sites=(article.source,))
    if _text_length(item.body) < max(_MIN_GAIN * _text_length(article.body), 1):
        return _with_warning(filled, NO_MORE)
    completed = clean_article(replace(filled, body=tuple(item.body)), sites=(article.source,))
    if _text_length(completed.body) < _text_length(article.body):
        return _with_warning(filled, NO_MORE)
    return completed


def _with_page_fields(article: Article, item: RawItem, url: str | None) -> Article:
    """Return the article with the page's author, image, categories and dates if its feed gave none."""
    published, dated = article.published, article.dated
    if not dated and item.date and (date := parse_date(item.date)) is not None:
        date = date.astimezone(UTC)
        # An undated article has the time when it was first seen, and its page cannot be newer.
        if date.year >= _EARLIEST_YEAR and date <= article.published:
            published, dated = date, True
    return replace(
        article,
        published=published,
        dated=dated,
        updated=article.updated or _update_time(item.updated, published, article),
        author=article.author or (item.author[:200] if item.author else None),
        image=article.image or next(iter(item.images), None),
        categories=article.categories or tuple(item.categories),
        excerpt=article.excerpt or item.excerpt,
        url=_canonical_address(article.url, item.url, url),
    )


def _update_time(raw: str | None, published: datetime, article: Article) -> datetime | None:
    """Return the time of the page's last change, for a dated article and within a week of its publication."""
    date = parse_date(raw) if raw and article.dated else None
    if date is None:
        return None
    seconds_later = (date.astimezone(UTC) - published).total_seconds()
    return date.astimezone(UTC) if 0 < seconds_later <= _MAX_UPDATE_SECONDS else None


def _canonical_address(feed_url: str | None, page_url: str | None, final_url: str | None) -> str | None:
    """Return the page's own address if it is on the host of the feed's link or of the response, and no front page."""
    known_hosts = {urlsplit(url).hostname for url in map(canonical_url, (feed_url, final_url)) if url}
    host = urlsplit(url).hostname if (url := canonical_url(page_url)) else None
    return page_url if page_url and host in known_hosts and urlsplit(page_url).path.strip("/") else feed_url


def _is_about(article: Article, item: RawItem) -> bool:
    """Whether the page contains enough of the title's words."""
    title_stems = set(stems(article.title))
    if len(title_stems) < _MIN_TITLE_STEMS:
        return True
    text = "\n".join((item.title, item.excerpt, *(block.text for block in item.body)))
    return len(title_stems & set(stems(text))) >= _MIN_SHARED_STEMS * len(title_stems)


def _with_warning(article: Article, warning: str) -> Article:
    others = (known for known in article.warnings if known != warning)
    return replace(article, warnings=(*others, warning))


def _text_length(body: Sequence[TextBlock]) -> int:
    return sum(len(block.text) for block in body if block.kind == "p")
