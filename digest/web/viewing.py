"""The letter in a browser: a reader's own, with the links that are theirs, and the pictures that travelled in it."""

from __future__ import annotations

import html
import re
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse, Response

from digest.deliver.message import cids, fill, recipient
from digest.models import RenderedEmail, Variant
from digest.web.again import letter_of
from digest.web.leaving import broken
from digest.web.pages import PAGE, language_asked
from digest.web.room import NOBODY, Room

_PICTURE = re.compile(r'<img\b(?:[^>"]|"[^"]*")*>')
_SOURCE = re.compile(r'\bsrc="(https?://[^"]*)"')
_BODY = re.compile(r"<body\b[^>]*>")
_MAY_HAVE_IT = ("submitting", "accepted", "unknown")
_CID = r"^[0-9a-f]{40}@digest$"
Shown = Annotated[bool, Query(alias="pictures", description="Whether pictures of other sites are loaded")]


def router(room: Room) -> APIRouter:
    """`/view/EDITION/TOKEN` and `/picture/CID`."""
    routes = APIRouter(tags=["view"], responses=PAGE)

    @routes.get(
        "/view/{edition}/{token}",
        response_class=HTMLResponse,
        summary="The reader's letter",
        dependencies=[Depends(language_asked)],
    )
    def view(request: Request, edition: str, token: str, pictures: Shown = False) -> HTMLResponse:
        id = room.bearer("view", token)
        if id is None:
            return broken(room, request)
        letter = _letter(room, edition, id)
        if letter is None:
            words = room.pages.words(request)
            return room.pages.problem(request, 404, words.gettext("There is no such edition"))
        reader = room.reader(id)
        values = recipient(id, reader.email if reader else "", room.app.sender, room.app.signer.letters).values
        here = f"/view/{edition}/{token}"
        if not letter.html:
            text = fill(letter.text, values)
            return room.pages.show(request, "text.html.j2", here, title=letter.subject, text=text)
        logo = room.app.settings.theme.logo
        page = _in_browser(fill(letter.html, values), room.pages.root)
        plain = page if pictures else _without_remote(page, logo)
        if plain != page:
            bar = room.pages.fill("bar.html.j2", room.pages.language(request), here=here)
            page = _BODY.sub(lambda body: body[0] + bar, plain, count=1)
        return HTMLResponse(page, headers={"content-security-policy": policy(logo=logo, pictures=pictures)})

    @routes.get(
        "/picture/{cid}",
        response_class=Response,
        summary="A picture that travelled in a letter",
        responses={200: {"content": {"image/png": {}, "image/jpeg": {}, "image/gif": {}}}},
    )
    def picture(request: Request, cid: Annotated[str, Path(pattern=_CID)]) -> Response:
        found = room.app.articles.pictures.held([cid]).get(cid)
        if found is None:
            return room.pages.problem(request, 404, room.pages.words(request).gettext("There is nothing here"))
        # Its name says what it holds, so it never changes.
        kept = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(found.data, media_type=found.type, headers=kept)

    return routes


def _letter(room: Room, key: str, id: int) -> RenderedEmail | None:
    """The letter of a sent edition, and of one that was stopped for those who may have it; for the links of a test
    letter, which is sent before any is kept, a new one."""
    place = room.published.place(key, id)
    had = place is not None and place.state in _MAY_HAVE_IT
    seen = had or id == NOBODY or room.published.get(key, room.now()) is not None
    letter = letter_of(room, key, room.reader(id), place.variant if place else "") if seen else None
    if letter is None and id == NOBODY and (edition := room.app.editions.get(key)):
        letter = room.app.renderer.render(edition, Variant("html"), now=room.now(), test=True)
    return letter


def policy(*, logo: str, pictures: bool) -> str:
    """A letter's styles stand in its elements, as mail wants it; nothing else of it may do more than a page of ours."""
    images = "https:" if pictures else html.escape(logo, quote=True).replace(";", "%3B").replace(",", "%2C")
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' {images}; form-action 'none'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


def _in_browser(page: str, root: str) -> str:
    """A letter as a page: its own pictures come from here, and what a mail calls an article is the main part."""
    for cid in cids([RenderedEmail("", "", page, "")]):
        page = page.replace(f'"cid:{cid}"', f'"{root}/picture/{cid}"')
    return page.replace('role="article"', 'role="main"', 1).replace(' aria-roledescription="email"', "", 1)


def _without_remote(page: str, logo: str) -> str:
    """Without the pictures that other sites would see the reader fetch; the newsroom's own logo stays."""

    def kept(picture: re.Match[str]) -> str:
        source = _SOURCE.search(picture[0])
        return "" if source and html.unescape(source[1]) != logo else picture[0]

    return _PICTURE.sub(kept, page)
