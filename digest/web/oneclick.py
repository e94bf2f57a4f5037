"""The one-click POST (RFC 8058) by the shortest way: in front of the framework, behind the guard.

Mail providers press it for their users by the dozen. Owns this one answer; whatever is not a POST to a link that we
signed goes on to the app, which describes the route too (`leaving`).
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from digest.messages import translator
from digest.store.wishes import Leaving
from digest.web.gathering import Gathering
from digest.web.guard import tell
from digest.web.leaving import State, page_of
from digest.web.room import Room

_PATH = "/leave/"
_PLACE = "token-of-the-reader"
"""Stands for the token in the pages, which are the same for all readers otherwise."""


class OneClick:
    """An ASGI app before `app`; `close` ends it once the last leaving is written. `path` is logged when it fails."""

    path = f"{_PATH}{{token}}"

    def __init__(self, app: ASGIApp, room: Room) -> None:
        self.app = app
        self.room = room
        self._gathering: Gathering[Leaving, bool] = Gathering(self._leave, "leaving")
        self._wordings: dict[str, str] = {}
        self._pages: dict[tuple[State, str], tuple[bytes, ...]] = {}

    def close(self) -> None:
        self._gathering.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if scope["method"] != "POST" or not path.startswith(_PATH) or "/" in (token := path[len(_PATH) :]):
            await self.app(scope, receive, send)
            return
        id = self.room.bearer("leave", token)
        if id is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = self
        # The body is not looked at: whatever a mailbox provider sends, a POST here means one thing.
        request = Request(scope)
        language = self.room.pages.language(request)
        said = self.room.said(request, "leave", self._wording(language))
        try:
            out = await self._gathering.write(Leaving(id, said))
        except Exception as error:
            tell(scope, error)
            await self.room.pages.failed(request, error)(scope, receive, send)
            return
        body = token.encode().join(self._page("left" if out else "nobody", language))
        headers = [
            (b"content-length", b"%d" % len(body)),
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-language", language.encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _leave(self, leavings: Sequence[Leaving]) -> Sequence[bool]:
        return self.room.wishes.leave_all(leavings, now=self.room.now())

    def _wording(self, language: str) -> str:
        """What the button says."""
        if language not in self._wordings:
            self._wordings[language] = translator(language).gettext("Leave now")
        return self._wordings[language]

    def _page(self, state: State, language: str) -> tuple[bytes, ...]:
        """What stands before, between and after the tokens of a page."""
        if (state, language) not in self._pages:
            page = page_of(self.room.pages, language, _PLACE, state)
            self._pages[state, language] = tuple(page.encode().split(_PLACE.encode()))
        return self._pages[state, language]
