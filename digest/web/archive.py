"""Past editions for everybody: a list, a page each, and a feed. Switched off by `web.archive: off`."""

from __future__ import annotations

import re
from email.utils import format_datetime
from xml.etree import ElementTree as xml

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from digest.messages import translator
from digest.models import Edition
from digest.render.page import Page, build_page
from digest.store.published import Published
from digest.web.guard import POLICY
from digest.web.pages import PAGE, language_asked
from digest.web.room import Room
from digest.web.viewing import Shown

_MOST = 200
_IN_FEED = 20
_ATOM = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OPEN = {"cache-control": "public, max-age=300", "x-robots-tag": "all"}


def router(room: Room) -> APIRouter:
    """`/archive`, `/archive/EDITION` and `/archive.xml`."""
    routes = APIRouter(tags=["archive"], responses=PAGE, dependencies=[Depends(language_asked)])

    @routes.get("/archive", response_class=HTMLResponse, summary="The editions that were sent, newest first")
    def list_(request: Request) -> HTMLResponse:
        past = room.published.newest(_MOST, room.now())
        answer = room.pages.show(request, "archive.html.j2", "/archive", editions=past, personal=False)
        answer.headers.update(_OPEN)
        return answer

    @routes.get("/archive/{edition}", response_class=HTMLResponse, summary="One edition")
    def one(request: Request, edition: str, pictures: Shown = False) -> HTMLResponse:
        sent = room.published.get(edition, room.now())
        held = room.app.editions.get(edition) if sent else None
        if sent is None or held is None:
            words = room.pages.words(request)
            return room.pages.problem(request, 404, words.gettext("There is no such edition"))
        made = _printed(room, held, sent)
        answer = room.pages.show(
            request,
            "edition.html.j2",
            f"/archive/{edition}",
            edition=made,
            pictures=pictures,
            has_remote=_has_remote(made),
            in_brief=translator(made.language).gettext("In brief"),
            personal=False,
        )
        answer.headers.update(_OPEN)
        if pictures:
            answer.headers["content-security-policy"] = POLICY.replace("img-src 'self'", "img-src 'self' https:")
        return answer

    @routes.get(
        "/archive.xml",
        response_class=Response,
        summary="The newest editions as RSS",
        responses={200: {"content": {"application/rss+xml": {}}}},
    )
    def feed() -> Response:
        kind = "application/rss+xml; charset=utf-8"
        return Response(rss(room), media_type=kind, headers=_OPEN)

    return routes


def rss(room: Room) -> bytes:
    """RSS 2.0 of the newest editions, each with its page as its link."""
    letter, base = room.app.settings.newsletter, room.pages.base
    xml.register_namespace("atom", _ATOM)
    root = xml.Element("rss", version="2.0")
    channel = xml.SubElement(root, "channel")

    def add(parent: xml.Element, name: str, text: str, **attributes: str) -> None:
        xml.SubElement(parent, name, attributes).text = _NOT_XML.sub("", text)

    add(channel, "title", letter.name)
    add(channel, "link", f"{base}/archive")
    add(channel, "description", letter.name)
    add(channel, "language", letter.language)
    xml.SubElement(channel, f"{{{_ATOM}}}link", href=f"{base}/archive.xml", rel="self", type="application/rss+xml")
    for edition in room.published.newest(_IN_FEED, room.now()):
        item = xml.SubElement(channel, "item")
        where = f"{base}/archive/{edition.key}"
        add(item, "title", edition.subject or edition.key)
        add(item, "link", where)
        add(item, "guid", where, isPermaLink="true")
        add(item, "pubDate", format_datetime(edition.frozen_at))
        add(item, "description", edition.preheader)
    written: bytes = xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _printed(room: Room, held: Edition, sent: Published) -> Page:
    """The edition ready to print, as it read on the day it was sent."""
    mast, day = room.app.masthead, sent.frozen_at
    return build_page(held, mast, subject=held.subject, preheader=held.preheader, now=day, test=False)


def _has_remote(made: Page) -> bool:
    """Whether it has pictures that another site would see the reader fetch."""
    stories = (*filter(None, (made.lead,)), *(story for section in made.sections for story in section.stories))
    return any(story.picture and not story.picture.url.startswith("cid:") for story in stories)
