"""What stands still: the first page, the style sheet, the mark in a browser's tab."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from digest.web.joining import joining
from digest.web.pages import PAGE, language_asked
from digest.web.room import Room

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="{accent}"/>'
    '<path d="M3 5h10M3 8h10M3 11h6" stroke="{paper}" stroke-width="1.6"/></svg>'
)


def router(room: Room) -> APIRouter:
    """`/`, `/style.css`, `/icon.svg`."""
    routes = APIRouter(tags=["still"])
    light = room.pages.masthead.theme.light

    @routes.get(
        "/",
        response_class=HTMLResponse,
        responses=PAGE,
        summary="The newsletter, and how to get it",
        dependencies=[Depends(language_asked)],
    )
    def front(request: Request) -> HTMLResponse:
        if room.app.settings.web.signup:
            return joining(room, request)
        return room.pages.show(request, "front.html.j2", "/", personal=False)

    @routes.get("/style.css", response_class=Response, responses=_kind("text/css"), summary="The style sheet")
    def style() -> Response:
        kept = {"cache-control": "public, max-age=86400"}
        return Response(room.pages.css, media_type="text/css", headers=kept)

    @routes.get("/icon.svg", response_class=Response, responses=_kind("image/svg+xml"), summary="The mark in a tab")
    def icon() -> Response:
        drawn = _ICON.format(accent=light.accent, paper=light.paper)
        return Response(drawn, media_type="image/svg+xml", headers={"cache-control": "public, max-age=86400"})

    return routes


def _kind(media: str) -> dict[int | str, dict[str, object]]:
    return {200: {"description": "As it is.", "content": {media: {}}}}
