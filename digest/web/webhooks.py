"""`POST /webhooks/sendgrid`: a post is verified, kept as it came and answered; `hearing` handles it afterwards.

Owns the answers. 204: kept (also when it was kept before) · 403: not SendGrid's, whatever is wrong with it · 413: too
long · 503: the store can't keep it now, so the provider posts it again.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from digest.errors import StoreError
from digest.events.signature import Verifier

if TYPE_CHECKING:
    from digest.app import App

MOST_BYTES = 4 << 20
"""Of one post. SendGrid posts at 768 kB or so; 2,500 events are one megabyte."""

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
_ANSWERS: dict[int | str, dict[str, Any]] = {
    204: {"description": "kept"},
    403: {"description": "not signed by a key of ours, too old, or not addressed to us"},
    413: {"description": f"longer than {MOST_BYTES:,} bytes"},
    503: {"description": "can't be kept now; post it again"},
}


class Posts(Protocol):
    def keep(self, provider: str, body: bytes, now: datetime) -> bool:
        """Keeps a post as it came, durably when this returns. Raises StoreError."""
        ...


def webhooks(app: App) -> APIRouter:
    """The webhook that the settings name; no route without one. Raises ConfigurationError for a wrong key."""
    verifier = app.webhook_verifier
    if verifier is None:
        return APIRouter()
    variable = app.settings.web.webhooks.sendgrid.secret_env
    secret = app.secret(variable, "web.webhooks.sendgrid.secret_env") if variable else ""
    return router(verifier, app.events, app.clock, secret=secret)


def router(verifier: Verifier, posts: Posts, clock: Callable[[], datetime], *, secret: str = "") -> APIRouter:
    """The webhook. With `secret` the path must end in it: `/webhooks/sendgrid/SECRET`."""
    routes = APIRouter(tags=["webhooks"])

    @routes.post("/webhooks/sendgrid", status_code=204, responses=_ANSWERS)
    async def sendgrid(request: Request) -> Response:
        """Takes SendGrid's signed events."""
        return await _sendgrid(request, "")

    @routes.post("/webhooks/sendgrid/{word}", status_code=204, responses=_ANSWERS)
    async def sendgrid_at(request: Request, word: str) -> Response:
        """Takes SendGrid's signed events where the path has a secret end."""
        return await _sendgrid(request, word)

    async def _sendgrid(request: Request, word: str) -> Response:
        signature, timestamp = request.headers.get(_SIGNATURE, ""), request.headers.get(_TIMESTAMP, "")
        now = clock()
        if not hmac.compare_digest(word.encode("utf-8", "replace"), secret.encode()):
            return Response(status_code=403)
        if not verifier.is_fresh(timestamp, now):  # so that a stranger's body is not even read
            return Response(status_code=403)
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        return Response(status_code=await run_in_threadpool(_taken, body, signature, timestamp, now))

    def _taken(body: bytes, signature: str, timestamp: str, now: datetime) -> int:
        if not verifier.accepts(body, signature, timestamp, now):
            return 403
        try:
            posts.keep("sendgrid", body, now)
        except StoreError:
            return 503
        return 204

    return routes


async def _body(request: Request) -> bytes | None:
    """The raw body; None when it is longer than it may be, or the line broke before its end."""
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BYTES:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)
