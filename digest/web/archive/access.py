"""An archive for subscribers only (`web.archive: subscribers`): a link on their own pages lets a browser in.

Only a known browser gets the link, so that a forwarded email does not open the archive. The cookie is its token, which
opens nothing else. Somebody who leaves the list loses access.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from digest.web.dependencies import Refused
from digest.web.pages import page_routes

if TYPE_CHECKING:
    from fastapi.responses import HTMLResponse

    from digest.web.dependencies import Context
    from digest.web.editions import Showcase

_COOKIE = "digest_reader"
READ = "read"
"""The purpose of a token that opens the archive."""
# How long the browser keeps the cookie.
KEPT = timedelta(days=180)


class Access:
    """Lets subscribers in, and shows others the newest headlines and how to get access."""

    def __init__(self, context: Context, showcase: Showcase) -> None:
        self._context = context
        self._showcase = showcase

    def require_subscriber(self, request: Request) -> None:
        """Let only subscribers pass, as a dependency of routes. Raises Refused."""
        if not self._may_read(request.cookies.get(_COOKIE, "")):
            raise Refused(self._refusal(request))

    def _refusal(self, request: Request) -> HTMLResponse:
        """Respond with the page for others."""
        pages = self._context.pages
        agreement = pages.agreement(pages.language(request))
        values = {"agreement": agreement, "shown": self._showcase.newest()}
        return pages.response(request, "members.html.j2", "/archive", status=403, personal=False, **values)

    def router(self) -> APIRouter:
        """Serve `/read/TOKEN`: let this browser in. Only sets a cookie."""
        routes = page_routes("archive")
        context, pages = self._context, self._context.pages

        @routes.get("/read/{token}", summary="Let this browser read past editions")
        def read(request: Request, token: str) -> Response:
            context.require_id(request, READ, token)
            if not self._may_read(token):
                return self._refusal(request)
            response = RedirectResponse(pages.path("/archive", pages.language(request)), 303)
            secure = pages.base.startswith("https://")
            path = pages.root or "/"
            response.set_cookie(
                _COOKIE, token, int(KEPT.total_seconds()), path=path, secure=secure, httponly=True, samesite="lax"
            )
            return response

        return routes

    def _may_read(self, token: str) -> bool:
        id = self._context.subscriber_id_from_token(READ, token) if token else None
        subscriber = self._context.subscriber(id) if id is not None else None
        return subscriber is not None and subscriber.listed and not subscriber.suppressed
