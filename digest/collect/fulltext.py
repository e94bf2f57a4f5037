"""Makes an article whole from its page: what a feed cut off or never gave. Pure; fetching is fulltextfetch's.

The feed's word stands where it has one (title, date, id); the page fills what is missing. A page that tells of
something else, or holds no more than the feed gave, changes no text, and the article says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from digest.collect.cleaning.clean import clean_article
from digest.collect.cleaning.identity import canonical_url, content_hash
from digest.collect.feeds.dates import parse_date
from digest.collect.http.decode import decode
from digest.collect.items import RawItem
from digest.collect.pages import read_page
from digest.hindi.language import guess
from digest.hindi.tokens import stems
from digest.models import Article, Block

WHOLE = 700
"""Characters of body from which a feed's text counts as whole: nine full articles in ten are longer."""

MORE = 1.1
"""How many times the feed's text a page's must be to take its place."""

NO_MORE = "its page holds no more text than the feed"
ELSEWHERE = "its page tells of something else, so the feed's text stays"

SAME = 0.3
"""Share of the title's stems that a page must hold to be the article's: consent and error pages hold none."""

EARLIEST = 1990
_NO_PAGES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".mp4", ".mp3", ".pdf", ".m3u8")


def wants_page(article: Article) -> bool:
    """Whether the feed gave too little of an article that has a page of its own."""
    path = urlsplit(article.url).path.lower() if article.url else ""
    return bool(article.url) and not path.endswith(_NO_PAGES) and _length(article.body) < WHOLE


def complete(article: Article, page: bytes, url: str, content_type: str = "", *, page_title: bool = False) -> Article:
    """The article with the body of its page, and what else only the page tells. Never raises.

    `url` is where the page was found in the end, `content_type` its HTTP header. The id stays; `published` changes
    only where the feed gave no date; `url` becomes the page's canonical one on the same host. What is wrong with
    the page is added to `warnings`, one plain phrase. `page_title`: the page's title stands, not the article's.
    """
    try:
        return _completed(article, read_page(decode(page, content_type)[0], url), url, page_title=page_title)
    except Exception as mistake:  # a bug met by one page leaves the article as its feed gave it
        return _told(article, f"its page can't be read ({type(mistake).__name__})")


def _completed(article: Article, item: RawItem, url: str, *, page_title: bool) -> Article:
    if not _tells_of(article, item):
        return _told(article, ELSEWHERE)
    if page_title and item.title.strip():
        lead = item.excerpt or next((block.text for block in item.body), "")
        article = replace(article, title=item.title, language=guess(f"{item.title}\n{lead}", item.language))
    filled = _filled(article, item, url)
    if _length(item.body) < max(MORE * _length(article.body), 1):
        return _told(filled, NO_MORE)
    whole = clean_article(replace(filled, body=tuple(item.body)), sites=(article.source,))
    if _length(whole.body) < _length(article.body):
        return _told(filled, NO_MORE)
    return whole


def with_body_of(article: Article, held: Article) -> Article:
    """The article as its feed has it now, with what was made whole on an earlier day; unchanged where that is less."""
    if _length(held.body) <= MORE * _length(article.body):
        return article
    known = replace(
        article,
        body=held.body,
        author=article.author or held.author,
        image=article.image or held.image,
        place=article.place or held.place,
        categories=article.categories or held.categories,
        excerpt=article.excerpt or held.excerpt,
        updated=article.updated or held.updated,
        url=held.url or article.url,
        published=article.published if article.dated else held.published,
        dated=article.dated or held.dated,
    )
    return replace(known, content_hash=content_hash(known.title, known.text))


def _filled(article: Article, item: RawItem, url: str) -> Article:
    """The article with the page's author, picture, categories and date where its feed gave none."""
    date, dated = article.published, article.dated
    if not dated and (found := parse_date(item.date)) is not None:
        found = found.astimezone(UTC)
        # an undated article counts from when it was seen, and nothing seen can be from later
        if found.year >= EARLIEST and found <= article.published:
            date, dated = found, True
    return replace(
        article,
        published=date,
        dated=dated,
        updated=article.updated or _later(item.updated, date, article),
        author=article.author or item.author[:200],
        image=article.image or next(iter(item.images), None),
        categories=article.categories or tuple(item.categories),
        excerpt=article.excerpt or item.excerpt,
        url=_canonical(article.url, item.url, url),
    )


def _later(raw: str, published: datetime, article: Article) -> datetime | None:
    """When the page says that it was changed, if the article has a date of its own and it lies within a week of it."""
    found = parse_date(raw) if raw and article.dated else None
    if found is None:
        return None
    after = (found.astimezone(UTC) - published).total_seconds()
    return found.astimezone(UTC) if 0 < after <= 7 * 86400 else None


def _canonical(asked: str, named: str, found: str) -> str:
    """The page's own name for its address, when it is on the host that was asked or answered, and no front page."""
    host = urlsplit(canonical_url(named)).hostname
    known = {urlsplit(canonical_url(one)).hostname for one in (asked, found)}
    return named if host in known and urlsplit(named).path.strip("/") else asked


def _tells_of(article: Article, item: RawItem) -> bool:
    wanted = set(stems(article.title))
    if len(wanted) < 3:
        return True
    text = "\n".join((item.title, item.excerpt, *(block.text for block in item.body)))
    return len(wanted & set(stems(text))) >= SAME * len(wanted)


def _told(article: Article, warning: str) -> Article:
    return replace(article, warnings=(*(one for one in article.warnings if one != warning), warning))


def _length(body: Sequence[Block]) -> int:
    return sum(len(block.text) for block in body if block.kind == "p")
