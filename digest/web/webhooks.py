"""`POST /webhooks/PROVIDER`: verify and store a webhook request. A scheduled job processes it later.

Responses: 204 stored (also if it was stored before), 403 not proved to be the provider's, 413 too large, 503 store not
available, so that the provider retries.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from digest.errors import StoreError
from digest.feedback.sendgrid import SendGridVerifier
from digest.feedback.sns import SnsUnavailable, SnsVerifier
from digest.utils.redact import without_known_bytes

if TYPE_CHECKING:
    from digest.app import App
    from digest.store.content.events import EventStore

MAX_BODY_BYTES = 4 << 20
"""SendGrid posts at about 768 kB; 2,500 events are one megabyte."""

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
_RESPONSES: dict[int | str, dict[str, Any]] = {
    204: {"description": "stored"},
    403: {"description": "not signed with a configured key or without the token, too old, or at the wrong path"},
    413: {"description": f"larger than {MAX_BODY_BYTES:,} bytes"},
    503: {"description": "cannot be stored now; try again later"},
}


def webhooks(app: App) -> APIRouter:
    """Return the routes of the webhooks whose keys the settings name. Raises ConfigurationError for an invalid key."""
    routes = APIRouter()
    verifier = app.webhook_verifier
    if verifier is not None:
        variable = app.settings.web.webhooks.sendgrid.secret_env
        secret = app.secret(variable, "web.webhooks.sendgrid.secret_env") if variable else ""
        routes.include_router(router(verifier, app.events, app.clock, secret=secret))
    if app.brevo_webhook_token is not None:
        routes.include_router(brevo_router(app.brevo_webhook_token, app.events, app.clock))
    if app.sns_verifier is not None:
        routes.include_router(ses_router(app.sns_verifier, app.events, app.clock))
    return routes


def router(
    verifier: SendGridVerifier, events: EventStore, clock: Callable[[], datetime], *, secret: str = ""
) -> APIRouter:
    """Return SendGrid's routes. With `secret` the path must end with it: `/webhooks/sendgrid/SECRET`."""
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
        return Response(status_code=await run_in_threadpool(_accept, body, signature, timestamp, now))

    def _accept(body: bytes, signature: str, timestamp: str, now: datetime) -> int:
        return _store(events, "sendgrid", body, now) if verifier.accepts(body, signature, timestamp, now) else 403

    return routes


def brevo_router(token: str, events: EventStore, clock: Callable[[], datetime]) -> APIRouter:
    """Return Brevo's route. Brevo does not sign, so requests must have `Authorization: Bearer TOKEN`."""
    routes = APIRouter(tags=["webhooks"])
    expected = f"Bearer {token}".encode()

    @routes.post("/webhooks/brevo", status_code=204, responses=_RESPONSES)
    async def brevo(request: Request) -> Response:
        """Receive Brevo's events."""
        given = request.headers.get("authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, expected):
            return Response(status_code=403)
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        return Response(status_code=await run_in_threadpool(_store, events, "brevo", body, clock()))

    return routes


def ses_router(verifier: SnsVerifier, events: EventStore, clock: Callable[[], datetime]) -> APIRouter:
    """Return the route of SES's events, which Amazon SNS signs.

    It confirms the subscription of the configured topic.
    """
    routes = APIRouter(tags=["webhooks"])

    @routes.post("/webhooks/ses", status_code=204, responses=_RESPONSES)
    async def ses(request: Request) -> Response:
        """Receive Amazon SES's events by Amazon SNS."""
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        return Response(status_code=await run_in_threadpool(_accept, body, clock()))

    def _accept(body: bytes, now: datetime) -> int:
        try:
            message = verifier.read(body, now)
            if message is None:
                return 403
            if message.type == "Notification":
                return _store(events, "ses", body, now)
            if message.type == "SubscriptionConfirmation":
                verifier.confirm(message)
        except SnsUnavailable:
            return 503
        return 204

    return routes


def _store(events: EventStore, provider: str, body: bytes, now: datetime) -> int:
    """Store a verified request. Return the status of the response."""
    try:
        # Bounce reasons come from foreign servers.
        events.save(provider, without_known_bytes(body), now)
    except StoreError:
        return 503
    return 204


async def _body(request: Request) -> bytes | None:
    """Return the raw body; None if it is too large or the connection broke before its end."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)
