"""Unsubscribe (RFC 8058): one POST unsubscribes; a GET never changes anything. A pause is offered instead."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse

from digest.feedback.rules import UNSUBSCRIBED
from digest.store.people.preferences import StoredSubscriber
from digest.store.rate_limits import Quota
from digest.web.dependencies import Context
from digest.web.pages import PAGE_RESPONSES, language_parameter

Weeks = Literal["1", "2", "4"]
Reason = Literal["too much", "not interesting", "never asked", "hard to read", "other"]
State = Literal["here", "left", "nobody", "barred"]

_PURPOSE = "leave"
_MAX_REASONS_PER_DAY = 3
_ONE_CLICK = {"type": "object", "properties": {"List-Unsubscribe": {"type": "string", "enum": ["One-Click"]}}}
_BODY = {
    "requestBody": {
        "required": False,
        "content": {
            kind: {"schema": _ONE_CLICK} for kind in ("application/x-www-form-urlencoded", "multipart/form-data")
        },
    }
}


def router(context: Context) -> APIRouter:
    """`/leave/TOKEN`: the target of List-Unsubscribe and of the unsubscribe link in every email."""
    routes = APIRouter(
        prefix="/leave/{token}", tags=["leave"], responses=PAGE_RESPONSES, dependencies=[Depends(language_parameter)]
    )

    @routes.get("", response_class=HTMLResponse, summary="Ask for confirmation, with one button")
    def ask(request: Request, token: str) -> HTMLResponse:
        return _current_page(context, request, token, context.subscriber_id_from_token(_PURPOSE, token))

    # Mailbox providers send different bodies, or none. The signed path is enough, so the body is not read.
    @routes.post("", response_class=HTMLResponse, summary="Unsubscribe at once", openapi_extra=_BODY)
    def unsubscribe(request: Request, token: str) -> HTMLResponse:
        id = context.subscriber_id_from_token(_PURPOSE, token)
        if id is None:
            return context.invalid_link(request)
        wording = context.pages.catalogue(request).gettext("Unsubscribe now")
        consent = context.consent_context(request, _PURPOSE, wording)
        # Durable when it returns: the response must not promise more than the store holds.
        known = context.preferences.unsubscribe(id, consent, now=context.now())
        return _page(context, request, token, "left" if known else "nobody")

    @routes.post("/back", response_class=HTMLResponse, summary="Undo the unsubscribe")
    def resubscribe(request: Request, token: str) -> HTMLResponse:
        id = context.subscriber_id_from_token(_PURPOSE, token)
        if id is not None:
            context.preferences.resubscribe(id, context.consent_context(request, _PURPOSE), now=context.now())
        return _current_page(context, request, token, id, fresh=True)

    @routes.post("/pause", response_class=HTMLResponse, summary="Pause instead of unsubscribing")
    def pause(request: Request, token: str, weeks: Annotated[Weeks, Form()]) -> HTMLResponse:
        id = context.subscriber_id_from_token(_PURPOSE, token)
        if id is not None:
            now = context.now()
            consent = context.consent_context(request, _PURPOSE, detail=f"pause for {weeks} weeks")
            until = now + timedelta(weeks=int(weeks))
            if not context.preferences.resubscribe(id, consent, now=now, paused_until=until):
                context.preferences.set(id, {"paused_until": until}, consent, now=now)
        return _current_page(context, request, token, id, fresh=True)

    @routes.post("/why", response_class=HTMLResponse, summary="Give a reason for unsubscribing")
    def give_reason(request: Request, token: str, why: Annotated[Reason, Form()]) -> HTMLResponse:
        id = context.subscriber_id_from_token(_PURPOSE, token)
        if id is not None:
            now = context.now()
            if context.quotas.take([Quota(f"why:{id}", _MAX_REASONS_PER_DAY, timedelta(days=1))], now):
                consent = context.consent_context(request, _PURPOSE, detail=why)
                context.preferences.record(id, "said why", consent, now=now)
        return _current_page(context, request, token, id, thanked=True)

    return routes


def _current_page(context: Context, request: Request, token: str, id: int | None, **values: Any) -> HTMLResponse:
    """The page for the subscriber's current state."""
    if id is None:
        return context.invalid_link(request)
    subscriber = context.subscriber(id)
    pausing = context.paused_until(subscriber)
    return _page(context, request, token, _state(subscriber), pausing=pausing, **values)


def _page(context: Context, request: Request, token: str, state: State, **values: Any) -> HTMLResponse:
    """Set `fresh` if the subscriber has just resubscribed or paused, `thanked` if they have just given a reason."""
    values = {"fresh": False, "thanked": False, "pausing": None, "reasons": get_args(Reason), **values}
    return context.pages.response(request, "leave.html.j2", f"/leave/{token}", token=token, state=state, **values)


def _state(subscriber: StoredSubscriber | None) -> State:
    if subscriber is None:
        return "nobody"
    if subscriber.suppressed == UNSUBSCRIBED:
        return "left"
    return "barred" if subscriber.suppressed else "here" if subscriber.listed else "nobody"
