"""`POST /webhooks/sendgrid`: verify and store a webhook request. A scheduled job processes it later.

Responses: 204 stored (also if it was stored before), 403 not signed by SendGrid, 413 too large, 503 the store is not
available, so SendGrid should retry.
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
from digest.feedback.sendgrid_signature import Verifier
from digest.utils.redact import without_known_bytes

if TYPE_CHECKING:
    from digest.app import App

MAX_BODY_BYTES = 4 << 20
"""SendGrid posts at about 768 kB; 2,500 events are one megabyte."""

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
_RESPONSES: dict[int | str, dict[str, Any]] = {
    204: {"description": "stored"},
    403: {"description": "not signed with a configured key, too old, or at the wrong path"},
    413: {"description": f"larger than {MAX_BODY_BYTES:,} bytes"},
    503: {"description": "cannot be stored now; try again later"},
}


class WebhookQueue(Protocol):
    """Stores webhook requests until they are processed."""

    def save(self, provider: str, body: bytes, now: datetime) -> bool:
        """Store a request body, durably when this returns. Raises StoreError."""
        ...


def webhooks(app: App) -> APIRouter:
    """The webhook routes, none if the settings name no keys. Raises ConfigurationError for an invalid key."""
    verifier = app.webhook_verifier
    if verifier is None:
        return APIRouter()
    variable = app.settings.web.webhooks.sendgrid.secret_env
    secret = app.secret(variable, "web.webhooks.sendgrid.secret_env") if variable else ""
    return router(verifier, app.events, app.clock, secret=secret)


def router(verifier: Verifier, queue: WebhookQueue, clock: Callable[[], datetime], *, secret: str = "") -> APIRouter:
    """The webhook routes. With `secret` the path must end with it: `/webhooks/sendgrid/SECRET`."""
    routes = APIRouter(tags=["webhooks"])

    @routes.post("/webhooks/sendgrid", status_code=204, responses=_RESPONSES)
    async def sendgrid(request: Request) -> Response:
        """Receive SendGrid's signed events."""
        return await _sendgrid(request, "")

    @routes.post("/webhooks/sendgrid/{path_secret}", status_code=204, responses=_RESPONSES)
    async def sendgrid_with_secret(request: Request, path_secret: str) -> Response:
        """Receive SendGrid's signed events at a path that ends with a secret."""
        return await _sendgrid(request, path_secret)

    async def _sendgrid(request: Request, path_secret: str) -> Response:
        signature, timestamp = request.headers.get(_SIGNATURE, ""), request.headers.get(_TIMESTAMP, "")
        now = clock()
        if not hmac.compare_digest(path_secret.encode("utf-8", "replace"), secret.encode()):
            return Response(status_code=403)
        # Checked first, so that the body of an unauthenticated request is not even read.
        if not verifier.is_fresh(timestamp, now):
            return Response(status_code=403)
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        return Response(status_code=await run_in_threadpool(_store, body, signature, timestamp, now))

    def _store(body: bytes, signature: str, timestamp: str, now: datetime) -> int:
        if not verifier.accepts(body, signature, timestamp, now):
            return 403
        try:
            # Bounce reasons are the words of foreign servers.
            queue.save("sendgrid", without_known_bytes(body), now)
        except StoreError:
            return 503
        return 204

    return routes


async def _body(request: Request) -> bytes | None:
    """The raw body; None if it is too large or the connection broke before its end."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)
