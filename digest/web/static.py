"""Static routes: home page, stylesheet, favicon."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from digest.web.pages import PAGE_RESPONSES, Pages, language_parameter
from digest.web.signup import Signup

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="{accent}"/>'
    '<path d="M3 5h10M3 8h10M3 11h6" stroke="{paper}" stroke-width="1.6"/></svg>'
)
_CACHED = {"cache-control": "public, max-age=86400"}


def router(pages: Pages, signup: Signup | None) -> APIRouter:
    """`/` (the sign-up form, if there is one), `/style.css` and `/icon.svg`."""
    routes = APIRouter(tags=["static"])
    light = pages.branding.theme.light

    @routes.get(
        "/",
        response_class=HTMLResponse,
        responses=PAGE_RESPONSES,
        summary="The home page",
        dependencies=[Depends(language_parameter)],
    )
    def home(request: Request) -> HTMLResponse:
        if signup is not None:
            return signup.form(request)
        return pages.response(request, "front.html.j2", "/", personal=False)

    @routes.get("/style.css", response_class=Response, responses=_file("text/css"), summary="The stylesheet")
    def stylesheet() -> Response:
        return Response(pages.css, media_type="text/css", headers=_CACHED)

    @routes.get("/icon.svg", response_class=Response, responses=_file("image/svg+xml"), summary="The favicon")
    def icon() -> Response:
        svg = _ICON.format(accent=light.accent, paper=light.paper)
        return Response(svg, media_type="image/svg+xml", headers=_CACHED)

    return routes


def _file(media_type: str) -> dict[int | str, dict[str, object]]:
    return {200: {"description": "The file.", "content": {media_type: {}}}}
