"""The public archive: a list of past editions, a page for each, and an RSS feed. `web.archive: off` disables it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from email.utils import format_datetime
from xml.etree import ElementTree as xml

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from digest.i18n import translator
from digest.render.context import Page, build_page
from digest.render.renderer import Renderer
from digest.store.content.editions import EditionStore, PublishedStore
from digest.web.dependencies import Context
from digest.web.middleware import CONTENT_SECURITY_POLICY
from digest.web.pages import PAGE_RESPONSES, language_parameter
from digest.web.view_in_browser import RemoteImages, without_remote_images

_MAX_LISTED = 200
_MAX_IN_FEED = 20
_ATOM = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PUBLIC = {"cache-control": "public, max-age=300", "x-robots-tag": "all"}
_REMOTE_IMAGES_POLICY = CONTENT_SECURITY_POLICY.replace("img-src 'self'", "img-src 'self' https:")


@dataclass(frozen=True)
class Archive:
    """The editions that were sent."""

    context: Context
    editions: EditionStore
    published: PublishedStore
    # Prints the blocks of an edition.
    renderer: Renderer

    def edition(self, key: str, *, remote: bool = True) -> Page | None:
        """A published edition as a page, as it looked on the day it was sent; None if there is none.

        Without `remote`, its blocks have no images of other sites.
        """
        published = self.published.get(key, self.context.now())
        edition = self.editions.get(key) if published else None
        if published is None or edition is None:
            return None
        day = published.frozen_at
        # The page asks its own site for the pictures, and by their hash.
        theme = replace(self.context.pages.branding.theme, images="attach")
        branding = replace(self.context.pages.branding, theme=theme)
        blocks = self.renderer.blocks(edition, "web").blocks
        if not remote:
            blocks = tuple(
                replace(block, html=Markup(without_remote_images(str(block.html), None)))  # noqa: S704 (printed by us)
                for block in blocks
            )
        return build_page(
            edition,
            branding,
            subject=edition.subject,
            preheader=edition.preheader,
            now=day,
            test=False,
            blocks=blocks,
        )

    def has_block_images(self, key: str) -> bool:
        """Whether a block of the edition's page has an image, which is another site's."""
        edition = self.editions.get(key)
        blocks = self.renderer.blocks(edition, "web").blocks if edition and edition.blocks else ()
        return any("<img" in block.html for block in blocks)

    def rss(self) -> bytes:
        """An RSS 2.0 feed of the newest editions."""
        pages = self.context.pages
        xml.register_namespace("atom", _ATOM)
        root = xml.Element("rss", version="2.0")
        channel = xml.SubElement(root, "channel")
        _add(channel, "title", pages.branding.name)
        _add(channel, "link", f"{pages.base}/archive")
        _add(channel, "description", pages.branding.name)
        _add(channel, "language", pages.branding.language)
        self_link = {"href": f"{pages.base}/archive.xml", "rel": "self", "type": "application/rss+xml"}
        xml.SubElement(channel, f"{{{_ATOM}}}link", self_link)
        for edition in self.published.newest(_MAX_IN_FEED, self.context.now()):
            item = xml.SubElement(channel, "item")
            link = f"{pages.base}/archive/{edition.key}"
            _add(item, "title", edition.subject or edition.key)
            _add(item, "link", link)
            _add(item, "guid", link, isPermaLink="true")
            _add(item, "pubDate", format_datetime(edition.frozen_at))
            _add(item, "description", edition.preheader)
        feed: bytes = xml.tostring(root, encoding="utf-8", xml_declaration=True)
        return feed


def router(archive: Archive) -> APIRouter:
    """`/archive`, `/archive/EDITION` and `/archive.xml`."""
    context = archive.context
    pages = context.pages
    routes = APIRouter(tags=["archive"], responses=PAGE_RESPONSES, dependencies=[Depends(language_parameter)])

    @routes.get("/archive", response_class=HTMLResponse, summary="The editions that were sent, newest first")
    def list_editions(request: Request) -> HTMLResponse:
        editions = archive.published.newest(_MAX_LISTED, context.now())
        response = pages.response(request, "archive.html.j2", "/archive", editions=editions, personal=False)
        response.headers.update(_PUBLIC)
        return response

    @routes.get("/archive/{edition}", response_class=HTMLResponse, summary="One edition")
    def show_edition(request: Request, edition: str, show_images: RemoteImages = False) -> HTMLResponse:
        found = archive.edition(edition, remote=show_images)
        if found is None:
            return pages.error(request, 404, pages.catalogue(request).gettext("There is no such edition"))
        response = pages.response(
            request,
            "edition.html.j2",
            f"/archive/{edition}",
            edition=found,
            pictures=show_images,
            has_remote=_has_remote_images(found) or archive.has_block_images(edition),
            in_brief=translator(found.language).gettext("In brief"),
            personal=False,
        )
        response.headers.update(_PUBLIC)
        if show_images:
            response.headers["content-security-policy"] = _REMOTE_IMAGES_POLICY
        return response

    @routes.get(
        "/archive.xml",
        response_class=Response,
        summary="The newest editions as RSS",
        responses={200: {"content": {"application/rss+xml": {}}}},
    )
    def feed() -> Response:
        return Response(archive.rss(), media_type="application/rss+xml; charset=utf-8", headers=_PUBLIC)

    return routes


def _add(parent: xml.Element, name: str, text: str, **attributes: str) -> None:
    xml.SubElement(parent, name, attributes).text = _NOT_XML.sub("", text)


def _has_remote_images(edition: Page) -> bool:
    """Whether the edition has images that another site would see the visitor load."""
    sections = (story for section in edition.sections for story in section.stories)
    stories = (*((edition.lead,) if edition.lead else ()), *sections)
    return any(story.picture and not story.picture.url.startswith("cid:") for story in stories)
