"""Read a page's address, title, author and dates from `<meta>`, JSON-LD (schema.org), microdata and its text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from digest.collect.cleaning.identity import absolute_url
from digest.collect.feeds.dates import parse_date
from digest.collect.markup import plain
from digest.hindi.text import fold

_ARTICLE_TYPES = frozenset(
    {"NewsArticle", "Article", "BlogPosting", "ReportageNewsArticle", "LiveBlogPosting", "AnalysisNewsArticle"}
    | {"OpinionNewsArticle", "BackgroundNewsArticle", "ReviewNewsArticle", "ImageGallery", "MediaGallery"}
)

# Limits for hostile pages: scripts of a page, characters of a script, levels and list entries in it.
_MAX_SCRIPTS = 30
_MAX_SCRIPT = 1_000_000
_MAX_DEPTH = 6
_MAX_ENTRIES = 50


@dataclass(frozen=True, slots=True)
class JsonLdArticle:
    """A page's data about its article. `body` may be HTML."""

    headline: str | None = None
    published: str | None = None
    modified: str | None = None
    author: str | None = None
    section: str | None = None
    url: str | None = None
    body: str | None = None
    image: str | None = None


def read_jsonld(scripts: Sequence[str]) -> JsonLdArticle:
    """Return the first article in a page's JSON-LD scripts. Scripts that are not valid JSON are skipped."""
    for script in scripts[:_MAX_SCRIPTS]:
        try:
            # Line breaks inside strings are common, and only a lenient parser accepts them.
            document = json.loads(script[:_MAX_SCRIPT].strip().rstrip(";"), strict=False)
        except (ValueError, RecursionError):
            continue
        for article in _articles(document, 0):
            return _read_article(article)
    return JsonLdArticle()


def _articles(node: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(node, list):
        for entry in node[:_MAX_ENTRIES]:
            yield from _articles(entry, depth + 1)
    elif isinstance(node, dict):
        types = node.get("@type")
        if _ARTICLE_TYPES & {str(name) for name in (types if isinstance(types, list) else [types])}:
            yield node
            return
        for name in ("@graph", "mainEntity"):
            yield from _articles(node.get(name), depth + 1)


def _read_article(article: dict[str, Any]) -> JsonLdArticle:
    return JsonLdArticle(
        headline=_plain(_text(article.get("headline")) or _text(article.get("name"))),
        published=_text(article.get("datePublished")),
        modified=_text(article.get("dateModified")),
        author=_author_names(article.get("author")),
        section=_plain(_text(article.get("articleSection"))),
        url=_text(article.get("url")) or _text(article.get("mainEntityOfPage")),
        body=_text(article.get("articleBody")),
        image=_image_url(article.get("image")) or _image_url(article.get("thumbnailUrl")),
    )


def _text(value: Any) -> str | None:
    value = _first(value)
    if isinstance(value, dict):
        value = value.get("@id") or value.get("name")
    return value.strip() or None if isinstance(value, str) else None


def _first(value: Any) -> Any:
    return next(iter(value), None) if isinstance(value, list) else value


def _plain(text: str | None) -> str | None:
    return plain(text or "") or None


def _image_url(value: Any) -> str | None:
    """Return the URL of the first image: a string, an ImageObject, or a list of either."""
    image = _first(value)
    return _text(image.get("url") or image.get("contentUrl")) if isinstance(image, dict) else _text(image)


def _author_names(value: Any) -> str | None:
    people = value if isinstance(value, list) else [value]
    names = (_plain(_text(one.get("name") if isinstance(one, dict) else one)) for one in people[:10])
    return ", ".join(name for name in names if name)[:200] or None


# Published and updated dates, in the order of trust.
_PUBLISHED_META = (
    "article:published_time",
    "datepublished",
    "date",
    "publish-date",
    "publishdate",
    "pubdate",
    "og:published_time",
)
_PUBLISHED_PATHS = (
    "//*[@itemprop='datePublished']/@datetime|//*[@itemprop='datePublished']/@content",
    "//time[contains(@class, 'published') or @pubdate]/@datetime",
    "//time/@datetime",
)
_UPDATED_META = ("article:modified_time", "og:updated_time", "datemodified", "last-modified", "lastmod")

# Words of a line that says when the article was published. A clock in India is labelled IST.
_DATE_LABEL = re.compile(r"publish|posted|updated|date|प्रकाशित|अपडेट|दिनांक|तारीख|(?<![A-Za-z])IST", re.I)
_YEAR = re.compile("(?:19|20)[0-9]{2}|[२][०][०-९]{2}")

# Characters of a line with a date, and lines that are tried.
_MAX_DATE_LINE = 120
_MAX_DATE_LINES = 200

# Tags of a page that htmldate may parse. Article pages have some 5,000, hostile ones a million.
_MAX_TAGS = 50_000

# Separators between a headline and the site's name.
_SEPARATORS = re.compile(r"(?<!\s)\s*[|:–—»«]\s*|(?<!\s)\s+-\s+")

# A shorter text is the name of a site or section.
_MIN_TITLE = 12


def read_meta(tree: Any) -> dict[str, str]:
    """Return `<meta>` contents by property, name or itemprop in lower case. The first one of each name wins."""
    values: dict[str, str] = {}
    for node in tree.iter("meta"):
        name = node.get("property") or node.get("name") or node.get("itemprop") or ""
        value = (node.get("content") or "").strip()
        if name and value:
            values.setdefault(name.strip().lower(), value)
    return values


def first(tree: Any, path: str) -> str | None:
    """Return the first string that is not blank among the results of an XPath; None if there is none."""
    return next((str(value).strip() for value in tree.xpath(path) if str(value).strip()), None)


def page_author(tree: Any, meta: dict[str, str], jsonld: JsonLdArticle) -> str | None:
    """Return the author's name; None if the page gives none, or a URL in its place."""
    name = meta.get("author") or first(tree, "//*[@itemprop='author']//*[@itemprop='name']/text()")
    return _plain(jsonld.author or (None if name and "://" in name else name))


def page_address(tree: Any, meta: dict[str, str], jsonld: JsonLdArticle, requested: str | None) -> str | None:
    """Return the page's own absolute address: canonical link, og:url or JSON-LD, else the requested one."""
    canonical = first(tree, "//link[@rel='canonical' or @rel='Canonical']/@href")
    for candidate in filter(None, (canonical, meta.get("og:url"), jsonld.url)):
        url = absolute_url(candidate, requested)
        # Some sites name their front page as the canonical address of every article.
        if url and (urlsplit(url).path.strip("/") or urlsplit(url).query):
            return url
    return requested


def page_title(tree: Any, meta: dict[str, str], jsonld: JsonLdArticle) -> str:
    """Return the headline: an `<h1>` that another place repeats, else og:title, JSON-LD or `<title>` without the site.

    Some pages of Indian sites have an English search title. A title in an Indian script wins over it.
    """
    headings = _headings(tree, meta)
    og = _plain(meta.get("og:title"))
    document = _plain(first(tree, "//title/text()"))
    others = [text for text in (og, jsonld.headline, document) if text]
    has_indian = any(_is_indian(text) for text in (*headings, *others))
    for heading in headings:
        if (_is_indian(heading) or not has_indian) and any(_contains(other, heading) for other in others):
            return heading
    for title in others:
        repeated = {fold(text) for text in (*headings, *others) if text != title}
        for part in _parts(title):
            if fold(part) in repeated and (_is_indian(part) or not has_indian):
                return part
    candidates = [text for text in (og, *headings[:1], jsonld.headline, document) if text]
    return next((text for text in candidates if _is_indian(text)), next(iter(candidates), ""))


def published_date(tree: Any, meta: dict[str, str], jsonld: JsonLdArticle, page: str, url: str | None) -> str | None:
    """Return the publication date as the page writes it; None if it gives none.

    JSON-LD comes first, because it names the time zone more often than `<meta>` does; htmldate comes last.
    """
    stated = [jsonld.published, *map(meta.get, _PUBLISHED_META)]
    stated += [first(tree, path) for path in _PUBLISHED_PATHS]
    for raw in stated:
        if raw and parse_date(raw) is not None:
            return raw
    # htmldate does not read Hindi dates, so the page's own line comes before it.
    return _labelled_date(tree) or _htmldate_day(page, url)


def updated_date(meta: dict[str, str], jsonld: JsonLdArticle, published: str | None) -> str | None:
    """Return the date of the last change as the page writes it; None if none, or before the publication."""
    since = parse_date(published) if published else None
    for raw in (jsonld.modified, *map(meta.get, _UPDATED_META)):
        if raw and (date := parse_date(raw)) is not None:
            return raw if since is None or date >= since else None
    return None


def _headings(tree: Any, meta: dict[str, str]) -> list[str]:
    """Return the `<h1>` texts, without a logo: the site's name, or a link to the front page."""
    site = fold(plain(meta.get("og:site_name", "")))
    headings = []
    for node in tree.iter("h1"):
        text = plain("".join(node.itertext()))
        if text and fold(text) != site and not _links_home(node, text):
            headings.append(text)
    return headings


def _links_home(heading: Any, text: str) -> bool:
    for link in heading.iter("a"):
        href = link.get("href") or ""
        # A fragment is not a front page, and urlsplit refuses some addresses with a bracket.
        if "#" in href or "[" in href or plain("".join(link.itertext())) != text:
            continue
        if not urlsplit(href).path.strip("/"):
            return True
    return False


def _contains(title: str, heading: str) -> bool:
    """Whether a title repeats a heading. A heading of few letters must be all of the title."""
    if len(heading) < _MIN_TITLE:
        return bool(heading) and fold(heading) == fold(title)
    return fold(heading) in fold(title)


def _parts(title: str) -> Iterator[str]:
    """Split a title at its separators. The longest part comes first."""
    cuts = [(0, 0), *(match.span() for match in list(_SEPARATORS.finditer(title))[:8]), (len(title), len(title))]
    spans = [(cuts[a][1], cuts[b][0]) for a in range(len(cuts)) for b in range(a + 1, len(cuts))]
    for start, end in sorted(spans, key=lambda span: span[0] - span[1]):
        part = title[start:end].strip()
        if len(part) >= _MIN_TITLE and part != title:
            yield part


def _is_indian(text: str) -> bool:
    """Whether at least three letters in ten are of an Indian script."""
    indian = sum("\u0900" <= char <= "\u0dff" for char in text)
    return indian > 0 and indian >= 0.3 * sum(char.isalpha() or "\u0900" <= char <= "\u0dff" for char in text)


def _labelled_date(tree: Any) -> str | None:
    """Return a short line of the text that says when the article was published: `प्रकाशित: 21 नवंबर 2026, शाम 6:05
    बजे`.
    """
    lines = 0
    for node in tree.iter():
        if not isinstance(node.tag, str) or node.tag in ("script", "style", "a"):
            continue
        for text in (node.text or "", *((child.tail or "") for child in node)):
            if not 8 <= len(text) <= 2 * _MAX_DATE_LINE or not _YEAR.search(text):
                continue
            line = " ".join(text.split())
            if len(line) > _MAX_DATE_LINE or "©" in line or not _DATE_LABEL.search(line):
                continue
            if parse_date(line) is not None:
                return line
            lines += 1
            if lines >= _MAX_DATE_LINES:
                return None
    return None


def _htmldate_day(page: str, url: str | None) -> str | None:
    """Return the day that htmldate finds; None if it finds none or fails."""
    # Imported here because it loads slowly and most pages state their date.
    import htmldate

    if page.count("<") > _MAX_TAGS:
        return None
    try:
        return htmldate.find_date(page, url=url, original_date=True, extensive_search=False) or None
    # The library and its parsers raise many kinds of error on broken pages.
    except Exception:
        return None
