"""Unsubscribe (RFC 8058): one POST unsubscribes, a GET changes nothing. A pause and fewer emails are offered instead.

The header of an email has a separate token, which is not forwarded. The visible link has the token of the preferences,
which may be forwarded. After an unsubscribe by it, the mailbox gets a notice, unless the browser is known as the
subscriber's. Only such a browser pauses or chooses fewer emails; others get a link by email.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from html import escape
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Form, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from digest.errors import StoreError
from digest.feedback.rules import UNSUBSCRIBED
from digest.hindi.cut import clusters
from digest.hindi.text import without_controls
from digest.store.people.consent import SAID_WHY
from digest.store.people.preferences import ConsentContext, StoredSubscriber
from digest.store.rate_limits import Quota
from digest.subscribers.address import masked
from digest.subscribers.frequency import days
from digest.web.change_notices import Change, ChangeNotices
from digest.web.dependencies import Context, Refused
from digest.web.editions import NextEdition
from digest.web.known_browser import is_known_browser
from digest.web.middleware import log_error
from digest.web.pages import REDIRECTS, Done, page_routes, redirect
from digest.web.request_group import RequestGroup

Weeks = Literal["1", "2", "4"]
Less = Literal["weekdays", "weekly:sun", "weekly:sat"]
Reason = Literal["too much", "not interesting", "never asked", "hard to read", "other", ""]
State = Literal["here", "left", "nobody", "barred"]

_PURPOSE = "leave"
# The purposes of the link in the header, which mailbox providers use, and of the visible link.
_PURPOSES = (_PURPOSE, "preferences")
# How long a button undoes an unsubscribe. Later, somebody else may have found an old email.
_UNDO_WITHIN = timedelta(days=1)
# How long the page after an unsubscribe takes a reason.
_REASON_WITHIN = timedelta(hours=1)
_REASON = "reason"
_PATH = re.compile("/leave/([A-Za-z0-9_-]{36})")
# Placeholders for a token and a masked address. No token has this length, and no masked address lacks an @.
_PLACEHOLDER = "-token-of-any-subscriber-that-follows-"
_ADDRESS = "-masked-address-of-any-subscriber-"
# The most grapheme clusters of a subscriber's comment.
_MAX_WORD = 500
# Values of `?done=`, by which the page confirms an action.
_DONE = ("back", "paused", "less", "thanked", "choose", "data", "erase", "undo", "enough")
_ONE_CLICK = {"type": "object", "properties": {"List-Unsubscribe": {"type": "string", "enum": ["One-Click"]}}}
_BODY = {
    "requestBody": {
        "required": False,
        "content": {
            kind: {"schema": _ONE_CLICK} for kind in ("application/x-www-form-urlencoded", "multipart/form-data")
        },
    }
}


@dataclass(frozen=True)
class LeavePage:
    """Unsubscribing, and the offers of its page."""

    context: Context
    next_edition: NextEdition
    notices: ChangeNotices
    # Requests of mailbox providers, which come in bursts.
    leaving: RequestGroup[tuple[int, ConsentContext], bool]
    # Requests for the page in browsers without a cookie. Scanners open all links of an email at once.
    reading: RequestGroup[int, StoredSubscriber | None]
    # Language and state → the page with placeholders. Cached, because mailbox providers send requests in bursts.
    _made: dict[tuple[str, State], str] = field(default_factory=dict, repr=False)
    # Language → what the button says.
    _wordings: dict[str, str] = field(default_factory=dict, repr=False)

    def id(self, token: str) -> int | None:
        """Return the subscriber's number; None if we did not sign the token."""
        found = (self.context.subscriber_id_from_token(purpose, token) for purpose in _PURPOSES)
        return next((id for id in found if id is not None), None)

    def require_id(self, request: Request, token: str) -> int:
        """Return the subscriber's number. Raises Refused if we did not sign the token."""
        id = self.id(token)
        if id is None:
            raise Refused(self.context.invalid_link(request))
        return id

    def subscriber(self, token: str) -> StoredSubscriber | None:
        """Return the subscriber of the token; None if we did not sign it, or if they are unknown."""
        id = self.id(token)
        return self.context.subscriber(id) if id is not None else None

    async def unsubscribe_at_once(self, request: Request, token: str) -> HTMLResponse | None:
        """Unsubscribe with the token of a header, together with others. None if it is no such token."""
        id = self.context.subscriber_id_from_token(_PURPOSE, token)
        if id is None:
            return None
        known = await self.leaving.put((id, self.consent(request)))
        return self.of_state(request, token, "left" if known else "nobody")

    async def ask_stranger(self, request: Request, id: int, token: str) -> HTMLResponse:
        """Respond with the page for a browser that is not known, reading the store together with other requests."""
        return self._of_stranger(request, token, await self.reading.put(id))

    def consent(self, request: Request) -> ConsentContext:
        """Return the context of an unsubscribe for the consent log."""
        language = self.context.pages.language(request)
        if language not in self._wordings:
            self._wordings[language] = self.context.pages.catalogue(request).gettext("Unsubscribe now")
        return self.context.consent_context(request, _PURPOSE, self._wordings[language])

    def reason_code(self, id: int, now: datetime, *, known: bool) -> str:
        """Return the code with which the browser of an unsubscribe can give a reason, once."""
        name = f"{int(now.timestamp())}.{int(known)}"
        return f"{name}.{self.context.signer.sign_name(_REASON, f'{id} {name}')}"

    def give_reason(self, request: Request, id: int, code: str, words: str) -> bool:
        """Log why the subscriber left. False if this browser has not just unsubscribed them, or gave a reason."""
        found = re.fullmatch(r"(([0-9]{1,12})\.([01]))\.(.+)", code)
        context, now = self.context, self.context.now()
        if found is None or not context.signer.is_signed_name(_REASON, f"{id} {found[1]}", found[4]):
            return False
        left = datetime.fromtimestamp(int(found[2]), now.tzinfo)
        if now - left > _REASON_WITHIN or not context.preferences.unsubscribed_since(id, left):
            return False
        if words:
            if not context.quotas.take([Quota(f"why:{id}", 1, _REASON_WITHIN)], now):
                return False
            # A stranger with a forwarded email can have unsubscribed them.
            detail = words if found[3] == "1" else f"{words}; not verified"
            consent = context.consent_context(request, _PURPOSE, detail=detail)
            context.preferences.record(id, SAID_WHY, consent, now=now)
        return True

    def of_state(self, request: Request, token: str, state: State, email: str = "") -> HTMLResponse:
        """Respond with the page of a state in a browser that is not known. It is rendered once for all subscribers."""
        pages = self.context.pages
        language = pages.language(request)
        made = self._made.get((language, state))
        if made is None:
            made = bytes(_page(self, request, _PLACEHOLDER, state, email=_ADDRESS).body).decode()
            self._made[language, state] = made
        page = made.replace(_PLACEHOLDER, token).replace(_ADDRESS, escape(email))
        return HTMLResponse(page, headers={"content-language": language})

    def response(
        self, request: Request, token: str, *, done: str = "", code: str = "", status: int = 200
    ) -> HTMLResponse:
        """Respond with the page for the subscriber's current state."""
        subscriber = self.context.subscriber(self.require_id(request, token))
        state = state_of(subscriber)
        is_known = subscriber is not None and is_known_browser(self.context, request, subscriber)
        if not (done or code or is_known) and status == 200:
            return self._of_stranger(request, token, subscriber)
        values: dict[str, Any] = {"done": done, "code": code, "status": status}
        if subscriber is not None and state == "here":
            values["email"] = masked(subscriber.email)
            # Both links of an email open this page, but only one of them opens the preferences.
            own = token if self.context.subscriber_id_from_token("preferences", token) is not None else ""
            if done == "back":
                # Leaving made all browsers forget, so this one does not see on which days the subscriber gets it.
                values |= {"choose": own, "next_due": self.next_edition.due()}
            if is_known:
                values |= {"known": True, "email": subscriber.email, "less": self.offers(subscriber)}
                values |= {"pausing": self.context.paused_until(subscriber)}
                values["choose"] = own
                values["next_due"] = self.next_edition.of(subscriber) if done == "less" else values.get("next_due")
        return _page(self, request, token, state, **values)

    def _of_stranger(self, request: Request, token: str, subscriber: StoredSubscriber | None) -> HTMLResponse:
        email = masked(subscriber.email) if subscriber else ""
        return self.of_state(request, token, state_of(subscriber), email)

    def come_back(self, request: Request, subscriber: StoredSubscriber | None) -> str:
        """Undo an unsubscribe, or ask the mailbox if it was long ago.

        Returns the state to show; '' if nothing was done.
        """
        context = self.context
        if subscriber is None or subscriber.suppressed != UNSUBSCRIBED:
            return ""
        if not _left_just_now(context, subscriber):
            return "undo" if self.notices.ask_to_come_back(request, subscriber) else "enough"
        consent = context.consent_context(request, _PURPOSE)
        make = partial(context.preferences.resubscribe, subscriber.id, consent, now=context.now())
        return "back" if self.notices.change(request, subscriber, Change.BACK, make) else "enough"

    def offers(self, subscriber: StoredSubscriber) -> tuple[Less, ...]:
        """Return the frequencies that mean fewer editions for the subscriber, but not none."""
        now = len(days(subscriber.frequency))
        fewer = [each for each in get_args(Less) if len(days(each)) < now]
        return tuple(each for each in fewer if self.next_edition.due(each, editions=subscriber.editions))[:2]


class LeaveFirst:
    """Answers the POST of mailbox providers and the GET of the link. The framework would take most of the time.

    A request with a query, such as another language, goes to the framework.
    """

    def __init__(self, app: ASGIApp, page: LeavePage) -> None:
        self.app, self._page = app, page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: Response | None = None
        found = _PATH.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if found is not None and scope["method"] in ("GET", "POST"):
            request = Request(scope, receive)
            try:
                if scope["method"] == "POST":
                    answer = await self._page.unsubscribe_at_once(request, found[1])
                elif not scope["query_string"] and (id := self._page.id(found[1])) is not None:
                    if request.cookies:
                        answer = await run_in_threadpool(self._page.response, request, found[1])
                    else:
                        answer = await self._page.ask_stranger(request, id, found[1])
            except StoreError as error:
                log_error(scope, error, "/leave/{token}")
                answer = self._page.context.pages.server_error(request, error)
        await (answer or self.app)(scope, receive, send)


def router(page: LeavePage) -> APIRouter:
    """Serve `/leave/TOKEN`: the target of List-Unsubscribe and of the unsubscribe link in every email."""
    context = page.context
    routes = page_routes("leave", "/leave/{token}")

    def change(request: Request, token: str, done: str, detail: str, **values: Any) -> Response:
        """Store preferences, in a browser that is known as the subscriber's."""
        id = page.require_id(request, token)
        subscriber = context.subscriber(id)
        if subscriber is None or not is_known_browser(context, request, subscriber):
            return page.response(request, token, status=403)
        consent = context.consent_context(request, _PURPOSE, detail=detail)
        context.preferences.set(id, values, consent, now=context.now())
        return redirect(context.pages, request, f"/leave/{token}", done=done)

    @routes.get("", summary="Ask for confirmation, with one button")
    def ask(
        request: Request,
        token: str,
        done: Done = "",
        code: Annotated[
            str, Query(max_length=200, description="Lets the browser that unsubscribed give a reason")
        ] = "",
    ) -> HTMLResponse:
        return page.response(request, token, done=done if done in _DONE else "", code=code)

    # Mailbox providers send different bodies, or none. The signed path is enough, so the body is not read. They follow
    # no redirect (RFC 8058), so the page is the answer.
    @routes.post("", summary="Unsubscribe at once", openapi_extra=_BODY)
    async def unsubscribe(request: Request, token: str) -> Response:
        answer = await page.unsubscribe_at_once(request, token)
        if answer is not None:
            return answer
        response: Response = await run_in_threadpool(unsubscribe_from_page, request, token)
        return response

    @routes.post("/leave", summary="Unsubscribe, from the page", **REDIRECTS)
    def unsubscribe_from_page(request: Request, token: str) -> Response:
        id = page.require_id(request, token)
        subscriber = context.subscriber(id)
        now = context.now()
        leave = partial(context.preferences.unsubscribe, id, page.consent(request), now=now)
        if subscriber is None or subscriber.suppressed == UNSUBSCRIBED:
            # A repetition sends no second notice.
            leave()
            return redirect(context.pages, request, f"/leave/{token}")
        code = page.reason_code(id, now, known=is_known_browser(context, request, subscriber))
        page.notices.change(request, subscriber, Change.LEFT, leave)
        return redirect(context.pages, request, f"/leave/{token}", code=code)

    @routes.post("/back", summary="Undo the unsubscribe", **REDIRECTS)
    def resubscribe(request: Request, token: str) -> Response:
        done = page.come_back(request, context.subscriber(page.require_id(request, token)))
        return redirect(context.pages, request, f"/leave/{token}", **({"done": done} if done else {}))

    @routes.post("/pause", summary="Pause instead of unsubscribing", **REDIRECTS)
    def pause(request: Request, token: str, weeks: Annotated[Weeks, Form()]) -> Response:
        return change(
            request,
            token,
            "paused",
            f"pause for {weeks} weeks",
            paused_until=context.now() + timedelta(weeks=int(weeks)),
        )

    @routes.post("/less", summary="Get fewer emails instead of none", **REDIRECTS)
    def get_less(request: Request, token: str, frequency: Annotated[Less, Form()]) -> Response:
        return change(request, token, "less", f"frequency: {frequency}", frequency=frequency)

    @routes.post("/why", summary="Give a reason for unsubscribing", **REDIRECTS)
    def give_reason(
        request: Request,
        token: str,
        why: Annotated[Reason, Form()] = "",
        word: Annotated[str, Form(max_length=4000)] = "",
        code: Annotated[str, Form(max_length=200)] = "",
    ) -> Response:
        id = page.require_id(request, token)
        words = ": ".join(filter(None, (why, shorten_text(word))))
        done = {"done": "thanked"} if page.give_reason(request, id, code, words) else {}
        return redirect(context.pages, request, f"/leave/{token}", **done)

    return routes


def _left_just_now(context: Context, subscriber: StoredSubscriber) -> bool:
    return context.preferences.unsubscribed_since(subscriber.id, context.now() - _UNDO_WITHIN)


def shorten_text(word: str) -> str:
    """Shorten a subscriber's comment to one visible line of at most _MAX_WORD grapheme clusters."""
    line = " ".join(without_controls(word).split())
    return "".join(clusters(line)[:_MAX_WORD])


def _page(page: LeavePage, request: Request, token: str, state: State, **values: Any) -> HTMLResponse:
    values = {
        "done": "",
        "code": "",
        "email": "",
        "pausing": None,
        "less": (),
        "next_due": None,
        "known": False,
        "choose": "",
        "reasons": get_args(Reason)[:-1],
        **values,
    }
    return page.context.pages.response(request, "leave.html.j2", f"/leave/{token}", token=token, state=state, **values)


def state_of(subscriber: StoredSubscriber | None) -> State:
    if subscriber is None:
        return "nobody"
    if subscriber.suppressed == UNSUBSCRIBED:
        return "left"
    return "barred" if subscriber.suppressed else "here" if subscriber.listed else "nobody"
