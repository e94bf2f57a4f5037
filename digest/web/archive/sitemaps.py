"""Sitemaps (sitemaps.org, Google News) and robots.txt."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as xml

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response
from starlette.exceptions import HTTPException

from digest.web.archive.feeds import without_invalid
from digest.web.archive.metadata import alternates
from digest.web.archive.routes import PUBLIC
from digest.web.pages import PAGE_RESPONSES, edition_path, story_path, topic_path

if TYPE_CHECKING:
    from digest.store.content.archive import ArchivedCorrection, ArchivedEdition
    from digest.web.archive.site import Archive
    from digest.web.pages import Pages

_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_XHTML = "http://www.w3.org/1999/xhtml"
_NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
# Google News accepts articles of two days, and at most this many.
_NEWS_DAYS, _MOST_NEWS = timedelta(days=2), 1_000
# The most URLs in a sitemap.
_MOST = 50_000
# Personal pages, and paths that search engines do not need.
_PERSONAL = (
    "/address/",
    "/answer/",
    "/approve/",
    "/c/",
    "/choose/",
    "/confirm/",
    "/data/",
    "/erase/",
    "/leave/",
    "/nominee/",
    "/pause/",
    "/preferences/",
    "/stay/",
    "/undo/",
    "/view/",
)


def router(archive: Archive) -> APIRouter:
    """Serve `/sitemap.xml` (an index), `/sitemap/pages.xml`, `/sitemap/news.xml` and `/sitemap/YEAR.xml`."""
    answers: dict[int | str, dict[str, Any]] = {**PAGE_RESPONSES, 200: {"content": {"application/xml": {}}}}
    routes = APIRouter(tags=["archive"], responses=answers)
    base, store = archive.context.pages.base, archive.store

    def changed_on(found: ArchivedEdition | ArchivedCorrection) -> date:
        moment = found.corrected_at
        return moment.astimezone(archive.context.pages.zone).date() if moment else found.day

    @routes.get("/sitemap.xml", response_class=Response, summary="The sitemaps")
    def index() -> Response:
        root = xml.Element(f"{{{_SITEMAP}}}sitemapindex")
        years = sorted({month.first.year for month in store.months(archive.context.now())}, reverse=True)
        for name in ("pages", "news", *map(str, years)):
            entry = xml.SubElement(root, f"{{{_SITEMAP}}}sitemap")
            _add(entry, "loc", f"{base}/sitemap/{name}.xml")
        return _respond(root)

    @routes.get("/sitemap/pages.xml", response_class=Response, summary="Pages that are no edition or story")
    def pages() -> Response:
        topics = store.topics(archive.context.now())
        places = ["/archive", "/corrections", *(topic_path(topic.name) for topic in topics)]
        root = _url_set((base + place, None) for place in places)
        for path in ("/", "/privacy"):
            found = alternates(archive.context.pages, path)
            for address in dict.fromkeys(address for _language, address in found):
                url = xml.SubElement(root, f"{{{_SITEMAP}}}url")
                _add(url, "loc", address)
                for language, other in found:
                    link = {"rel": "alternate", "hreflang": language, "href": other}
                    xml.SubElement(url, f"{{{_XHTML}}}link", link)
        return _respond(root)

    @routes.get("/sitemap/news.xml", response_class=Response, summary="The editions of the last two days")
    def news() -> Response:
        now, pages = archive.context.now(), archive.context.pages
        root = xml.Element(f"{{{_SITEMAP}}}urlset")
        for edition in store.newest(now, limit=_MOST_NEWS, since=(now - _NEWS_DAYS).date()):
            if now - edition.at > _NEWS_DAYS:
                continue
            url = xml.SubElement(root, f"{{{_SITEMAP}}}url")
            _add(url, "loc", base + edition_path(edition.key))
            item = xml.SubElement(url, f"{{{_NEWS}}}news")
            publication = xml.SubElement(item, f"{{{_NEWS}}}publication")
            _add(publication, "name", pages.branding.name, _NEWS)
            _add(publication, "language", pages.branding.language, _NEWS)
            _add(item, "publication_date", _moment(edition.at, pages), _NEWS)
            _add(item, "title", edition.title, _NEWS)
        return _respond(root)

    @routes.get("/sitemap/{year}.xml", response_class=Response, summary="The editions and stories of a year")
    def year_pages(year: int) -> Response:
        now = archive.context.now()
        if not date.min.year <= year < date.max.year:
            raise HTTPException(404)
        since, until = date(year, 1, 1), date(year + 1, 1, 1)
        editions = store.newest(now, limit=_MOST, since=since, until=until)
        stories = store.threads(now, since, until)
        corrected: dict[str, date] = {}
        for each in store.corrections(now):
            corrected[each.thread] = max(changed_on(each), corrected.get(each.thread, date.min))
        entries = [
            *((base + edition_path(each.key), changed_on(each)) for each in editions),
            *((base + story_path(thread), max(day, corrected.get(thread, day))) for thread, day in stories),
        ]
        return _respond(_url_set(entries[:_MOST]))

    return routes


def robots_router(pages: Pages, *, public: bool) -> APIRouter:
    """Serve `/robots.txt`. A newsletter whose pages are below a path must copy it to the top of its host."""
    routes = APIRouter(tags=["static"])

    @routes.get("/robots.txt", response_class=PlainTextResponse, summary="What search engines may read")
    def robots() -> PlainTextResponse:
        hidden = (*_PERSONAL, "/search") if public else (*_PERSONAL, "/archive", "/search", "/story/", "/topic/")
        lines = ["User-agent: *", *(f"Disallow: {pages.root}{place}" for place in hidden)]
        if public:
            lines += ["", f"Sitemap: {pages.base}/sitemap.xml", f"Sitemap: {pages.base}/sitemap/news.xml"]
        return PlainTextResponse("\n".join(lines) + "\n", headers={"cache-control": "public, max-age=3600"})

    return routes


def _url_set(entries: Iterable[tuple[str, date | None]]) -> xml.Element:
    root = xml.Element(f"{{{_SITEMAP}}}urlset")
    for address, day in entries:
        url = xml.SubElement(root, f"{{{_SITEMAP}}}url")
        _add(url, "loc", address)
        if day is not None:
            _add(url, "lastmod", day.isoformat())
    return root


def _moment(moment: datetime, pages: Pages) -> str:
    return moment.astimezone(pages.zone).isoformat(timespec="seconds")


def _add(parent: xml.Element, name: str, text: str, namespace: str = _SITEMAP) -> None:
    xml.SubElement(parent, f"{{{namespace}}}{name}").text = without_invalid(text)


def _respond(root: xml.Element) -> Response:
    xml.register_namespace("", _SITEMAP)
    xml.register_namespace("news", _NEWS)
    xml.register_namespace("xhtml", _XHTML)
    body: bytes = xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(body, media_type="application/xml", headers=PUBLIC)
