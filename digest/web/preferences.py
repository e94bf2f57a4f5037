"""The page of a reader's wishes: topics, days, hour, form, a pause, and today's edition once more."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse
from pydantic import StringConstraints

from digest.events.rules import LEFT
from digest.store.wishes import Reader
from digest.web.again import send_again
from digest.web.leaving import broken
from digest.web.pages import PAGE, language_asked
from digest.web.room import Room
from digest.web.wishing import Form as Asked
from digest.web.wishing import hours, wanted

Pause = Literal["0", "1", "2", "4"]
Frequency = Literal[
    "daily", "weekdays",
    "weekly:mon", "weekly:tue", "weekly:wed", "weekly:thu", "weekly:fri", "weekly:sat", "weekly:sun",
]  # fmt: skip
Topics = Annotated[tuple[Annotated[str, StringConstraints(max_length=100)], ...], Form(max_length=200)]


def router(room: Room) -> APIRouter:
    """`/preferences/TOKEN`."""
    routes = APIRouter(
        prefix="/preferences/{token}", tags=["preferences"], responses=PAGE, dependencies=[Depends(language_asked)]
    )
    settings = room.app.settings

    @routes.get("", response_class=HTMLResponse, summary="What the reader gets, and when")
    def look(request: Request, token: str) -> HTMLResponse:
        return shown(request, token)

    @routes.post("", response_class=HTMLResponse, summary="Keeps the reader's wishes")
    def keep(
        request: Request,
        token: str,
        frequency: Annotated[Frequency, Form()],
        format: Annotated[Literal["html", "text"], Form()],
        hour: Annotated[str, Form(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$")] = "",
        topics: Topics = (),
    ) -> HTMLResponse:
        reader = reader_of(token)
        if reader is None:
            return shown(request, token)
        form = Asked(topics, frequency, hour, format)
        wishes = wanted(reader, form, topics=room.app.topics, send_at=settings.schedule.send_at)
        if wishes is None:
            return shown(request, token, status=400, wrong="topics" if room.app.topics and not topics else "form")
        detail = ", ".join(f"{name}: {_told(value)}" for name, value in wishes.items())
        room.wishes.set(reader.id, wishes, room.said(request, "preferences", detail=detail), now=room.now())
        return shown(request, token, saved=True)

    @routes.post("/pause", response_class=HTMLResponse, summary="Pauses for so many weeks; 0 ends a pause")
    def pause(request: Request, token: str, weeks: Annotated[Pause, Form()]) -> HTMLResponse:
        reader = reader_of(token)
        if reader is not None:
            now = room.now()
            until = now + timedelta(weeks=int(weeks)) if weeks != "0" else None
            said = room.said(request, "preferences", detail=f"pause for {weeks} weeks" if until else "pause ended")
            room.wishes.set(reader.id, {"paused_until": until}, said, now=now)
        return shown(request, token, saved=True)

    @routes.post("/again", response_class=HTMLResponse, summary="Sends today's edition once more")
    def again(request: Request, token: str) -> HTMLResponse:
        reader = reader_of(token)
        told = send_again(room, reader) if reader is not None else ""
        return shown(request, token, again=told, status=429 if told == "often" else 200)

    def reader_of(token: str) -> Reader | None:
        id = room.bearer("preferences", token)
        return room.reader(id) if id is not None else None

    def shown(request: Request, token: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        id = room.bearer("preferences", token)
        if id is None:
            return broken(room, request)
        reader = room.reader(id)
        send_at = settings.schedule.send_at
        values = {"saved": False, "wrong": "", "again": "", **values}
        return room.pages.show(
            request,
            "preferences.html.j2",
            f"/preferences/{token}",
            status=status,
            token=token,
            reader=reader,
            left=reader is not None and reader.suppressed == LEFT,
            leave=room.app.signer.sign("leave", id),
            pausing=room.pausing(reader),
            topics=room.app.topics,
            hours=hours(send_at, reader.hour if reader else None),
            send_at=send_at,
            own_zone=settings.newsletter.timezone,
            edition=room.published.newest(1, room.now()),
            **values,
        )

    return routes


def _told(value: object) -> str:
    return "+".join(value) or "everything" if isinstance(value, list) else str(value) or "with the edition"
