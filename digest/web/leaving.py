"""The way out (RFC 8058): one POST and the reader has left; a GET changes nothing, whoever opens it.

What follows is an offer, never a condition: to pause instead, to come back, to say why.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse

from digest.events.rules import LEFT
from digest.store.rate_limits import Quota
from digest.store.wishes import Reader
from digest.web.pages import PAGE, language_asked
from digest.web.room import Room

Weeks = Literal["1", "2", "4"]
Why = Literal["too much", "not interesting", "never asked", "hard to read", "other"]
State = Literal["here", "left", "nobody", "barred"]

_ONE_CLICK = {"type": "object", "properties": {"List-Unsubscribe": {"type": "string", "enum": ["One-Click"]}}}
_BODY = {
    "requestBody": {
        "required": False,
        "content": {
            kind: {"schema": _ONE_CLICK} for kind in ("application/x-www-form-urlencoded", "multipart/form-data")
        },
    }
}


def router(room: Room) -> APIRouter:
    """`/leave/TOKEN`, where List-Unsubscribe and the link of every letter point."""
    routes = APIRouter(prefix="/leave/{token}", tags=["leave"], responses=PAGE, dependencies=[Depends(language_asked)])

    @routes.get("", response_class=HTMLResponse, summary="A page with one button")
    def ask(request: Request, token: str) -> HTMLResponse:
        return _shown(room, request, token, room.bearer("leave", token))

    # Mailbox providers send different bodies, or none: the signed path alone says what is asked, so no body is read.
    @routes.post("", response_class=HTMLResponse, summary="Unsubscribe at once", openapi_extra=_BODY)
    def leave(request: Request, token: str) -> HTMLResponse:
        id = room.bearer("leave", token)
        if id is None:
            return broken(room, request)
        wording = room.pages.words(request).gettext("Leave now")
        known = room.wishes.leave(id, room.said(request, "leave", wording), now=room.now())
        return _page(room, request, token, "left" if known else "nobody")

    @routes.post("/back", response_class=HTMLResponse, summary="Takes the leaving back")
    def back(request: Request, token: str) -> HTMLResponse:
        id = room.bearer("leave", token)
        if id is not None:
            room.wishes.come_back(id, room.said(request, "leave"), now=room.now())
        return _shown(room, request, token, id, fresh=True)

    @routes.post("/pause", response_class=HTMLResponse, summary="Pauses instead of leaving")
    def pause(request: Request, token: str, weeks: Annotated[Weeks, Form()]) -> HTMLResponse:
        id = room.bearer("leave", token)
        if id is not None:
            now, said = room.now(), room.said(request, "leave", detail=f"pause for {weeks} weeks")
            until = now + timedelta(weeks=int(weeks))
            if not room.wishes.come_back(id, said, now=now, paused_until=until):
                room.wishes.set(id, {"paused_until": until}, said, now=now)
        return _shown(room, request, token, id, fresh=True)

    @routes.post("/why", response_class=HTMLResponse, summary="Says why, if one likes to")
    def why(request: Request, token: str, why: Annotated[Why, Form()]) -> HTMLResponse:
        id = room.bearer("leave", token)
        if id is not None and room.quotas.take([Quota(f"why:{id}", 3, timedelta(days=1))], room.now()):
            room.wishes.note(id, "said why", room.said(request, "leave", detail=why), now=room.now())
        return _shown(room, request, token, id, thanked=True)

    return routes


def _shown(room: Room, request: Request, token: str, id: int | None, **values: Any) -> HTMLResponse:
    """The page of this moment's truth: with us, pausing, gone, or nobody we know."""
    if id is None:
        return broken(room, request)
    reader = room.reader(id)
    return _page(room, request, token, _state(reader), pausing=room.pausing(reader), **values)


def _page(room: Room, request: Request, token: str, state: State, **values: Any) -> HTMLResponse:
    """The page of leaving. `fresh`: the reader has just come back or paused; `thanked`: has said why."""
    values = {"fresh": False, "thanked": False, "pausing": None, "reasons": get_args(Why), **values}
    return room.pages.show(request, "leave.html.j2", f"/leave/{token}", token=token, state=state, **values)


def _state(reader: Reader | None) -> State:
    if reader is None:
        return "nobody"
    if reader.suppressed == LEFT:
        return "left"
    return "barred" if reader.suppressed else "here" if reader.listed else "nobody"


def broken(room: Room, request: Request) -> HTMLResponse:
    """For a link that we did not sign."""
    words = room.pages.words(request)
    said = words.gettext("Perhaps a part of it was lost on the way. Open it from the letter once more, or write to us.")
    return room.pages.problem(request, 404, words.gettext("This link is not complete"), said)
