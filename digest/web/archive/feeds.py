"""RSS 2.0 and Atom (RFC 4287) feeds of the newest editions, with their content."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as xml

from fastapi import APIRouter
from fastapi.responses import Response

from digest.render.archive_page import SHARE, SITE
from digest.web.archive.routes import PUBLIC
from digest.web.pages import edition_path

if TYPE_CHECKING:
    from digest.store.content.archive import ArchivedEdition
    from digest.web.archive.site import Archive

_MOST = 20
_ATOM = "http://www.w3.org/2005/Atom"
_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_XML = "http://www.w3.org/XML/1998/namespace"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def router(archive: Archive) -> APIRouter:
    """Serve `/archive.xml` (RSS) and `/archive.atom`."""
    routes = APIRouter(tags=["archive"])

    @routes.get(
        "/archive.xml",
        response_class=Response,
        summary="The newest editions as RSS",
        responses={200: {"content": {"application/rss+xml": {}}}},
    )
    def rss_feed() -> Response:
        return Response(rss(archive), media_type="application/rss+xml; charset=utf-8", headers=PUBLIC)

    @routes.get(
        "/archive.atom",
        response_class=Response,
        summary="The newest editions as Atom",
        responses={200: {"content": {"application/atom+xml": {}}}},
    )
    def atom_feed() -> Response:
        return Response(atom(archive), media_type="application/atom+xml; charset=utf-8", headers=PUBLIC)

    return routes


def rss(archive: Archive) -> bytes:
    """Return RSS 2.0 with the whole article in `content:encoded`."""
    pages = archive.context.pages
    _register()
    root = xml.Element("rss", version="2.0")
    channel = xml.SubElement(root, "channel")
    editions, articles = _newest(archive)
    _add(channel, "title", pages.branding.name)
    _add(channel, "link", f"{pages.base}/archive")
    _add(channel, "description", pages.branding.name)
    _add(channel, "language", pages.branding.language)
    if editions:
        _add(channel, "lastBuildDate", format_datetime(max(edition.modified for edition in editions)))
    self_link = {"href": f"{pages.base}/archive.xml", "rel": "self", "type": "application/rss+xml"}
    xml.SubElement(channel, f"{{{_ATOM}}}link", self_link)
    for edition in editions:
        item = xml.SubElement(channel, "item")
        link = pages.base + edition_path(edition.key)
        _add(item, "title", edition.title)
        _add(item, "link", link)
        _add(item, "guid", link, isPermaLink="true")
        _add(item, "pubDate", format_datetime(edition.at))
        _add(item, "description", edition.description)
        _add(item, f"{{{_CONTENT}}}encoded", articles[edition.key])
    return _as_bytes(root)


def atom(archive: Archive) -> bytes:
    """Return Atom with the whole article as HTML."""
    pages = archive.context.pages
    _register()
    root = xml.Element(f"{{{_ATOM}}}feed", {f"{{{_XML}}}lang": pages.branding.language})
    editions, articles = _newest(archive)
    _add(root, f"{{{_ATOM}}}title", pages.branding.name)
    _add(root, f"{{{_ATOM}}}id", f"{pages.base}/archive")
    updated = max((edition.modified for edition in editions), default=archive.context.now())
    _add(root, f"{{{_ATOM}}}updated", _moment(updated))
    author = xml.SubElement(root, f"{{{_ATOM}}}author")
    _add(author, f"{{{_ATOM}}}name", pages.branding.name)
    for rel, href in (("self", "/archive.atom"), ("alternate", "/archive")):
        kind = "application/atom+xml" if rel == "self" else "text/html"
        xml.SubElement(root, f"{{{_ATOM}}}link", {"rel": rel, "href": pages.base + href, "type": kind})
    for edition in editions:
        entry = xml.SubElement(root, f"{{{_ATOM}}}entry")
        link = pages.base + edition_path(edition.key)
        _add(entry, f"{{{_ATOM}}}title", edition.title)
        _add(entry, f"{{{_ATOM}}}id", link)
        xml.SubElement(entry, f"{{{_ATOM}}}link", {"rel": "alternate", "href": link, "type": "text/html"})
        _add(entry, f"{{{_ATOM}}}published", _moment(edition.at))
        _add(entry, f"{{{_ATOM}}}updated", _moment(edition.modified))
        _add(entry, f"{{{_ATOM}}}summary", edition.description)
        _add(entry, f"{{{_ATOM}}}content", articles[edition.key], type="html")
    return _as_bytes(root)


def _newest(archive: Archive) -> tuple[list[ArchivedEdition], dict[str, str]]:
    """Return the newest editions and their articles, with complete addresses."""
    editions = archive.store.newest(archive.context.now(), limit=_MOST)
    base = archive.context.pages.base
    articles = archive.store.pages([edition.key for edition in editions])
    complete = {key: html.replace(SHARE, "").replace(f'="{SITE}/', f'="{base}/') for key, html in articles.items()}
    return editions, complete


def _register() -> None:
    xml.register_namespace("atom", _ATOM)
    xml.register_namespace("content", _CONTENT)


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _add(parent: xml.Element, name: str, text: str, **attributes: str) -> None:
    xml.SubElement(parent, name, attributes).text = without_invalid(text)


def without_invalid(text: str) -> str:
    """Return the text without the characters that XML must not have."""
    return _NOT_XML.sub("", text)


def _as_bytes(root: xml.Element) -> bytes:
    feed: bytes = xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return feed
