"""Middleware around all pages: checks, security headers, and no internals or tokens in responses and logs."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Collection, Sequence
from pathlib import Path
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digest.store.database import wait_limit
from digest.utils.telemetry import report_error
from digest.utils.urls import host_name
from digest.web.client_limit import OpenRequests

log = logging.getLogger(__name__)

# Bytes of a request's first line and headers.
MAX_HEAD_BYTES = 64 * 1024

# Bytes of a submitted form.
MAX_FORM_BYTES = 64 * 1024

# Seconds until a request body must be complete.
BODY_TIMEOUT = 30.0

# Seconds that a request may wait for a locked store, from its arrival. Mailbox providers and people give up on a page
# after some 15 seconds, so the answer that nothing has changed must come earlier.
STORE_WAIT = 8.0

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def policy_with_image(policy: str, url: str | None) -> str:
    """Return the policy with one more image: the newsletter's logo, which may be on another site."""
    if not url:
        return policy
    # A list of sources ends at these characters.
    source = url.replace(";", "%3B").replace(",", "%2C").replace(" ", "%20")
    return policy.replace("img-src 'self'", f"img-src 'self' {source}")


# For every response that does not set them itself. A page that may be cached or indexed says so.
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cache-control", b"no-store"),
    (b"x-robots-tag", b"noindex, nofollow"),
)


class Guard:
    """ASGI middleware that checks requests and completes responses.

    `hosts`: the accepted host names (empty: any). `prefix`: the path of base_url, which a proxy may or may not strip.
    `larger`: (path prefix, bytes) of routes that accept more than a form. `any_host`: paths that are answered under
    every host name. `logo`: the URL of an image that every page may show. `crowded`: the sentence for a client with too
    many requests at once.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Collection[str],
        prefix: str = "",
        larger: Sequence[tuple[str, int]] = (),
        any_host: Collection[str] = (),
        logo: str | None = None,
        crowded: str = "Too many requests at once from your network. Please try again in a minute.",
    ) -> None:
        self.app = app
        self.hosts = frozenset(host.lower() for host in hosts)
        self.prefix = prefix
        self.larger = tuple(larger)
        self.any_host = frozenset(any_host)
        self.crowded = crowded
        policy = policy_with_image(CONTENT_SECURITY_POLICY, logo)
        self.headers = ((b"content-security-policy", policy.encode()), *_HEADERS)
        self.open_requests = OpenRequests()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        client = scope.get("client")
        with self.open_requests.count(client[0] if client else "") as allowed:
            await self._answer(scope, receive, send, allowed=allowed)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, *, allowed: bool) -> None:
        head = scope["method"] == "HEAD"
        scope = self._local(scope)
        started = False

        async def complete(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                present = dict(message["headers"])
                defaults = [header for header in self.headers if header[0] not in present]
                message["headers"] = [*message["headers"], *defaults]
            elif head:
                message = {**message, "body": b""}
            await send(message)

        limit = next((size for start, size in self.larger if scope["path"].startswith(start)), MAX_FORM_BYTES)
        refusal = self._refusal(scope, limit) if allowed else (429, self.crowded)
        if refusal is not None:
            await _plain(complete, *refusal)
            return
        try:
            # Routes run in threads that copy this context. The time in the queue for a thread counts too.
            with wait_limit(STORE_WAIT):
                await self.app(scope, _limit(receive, limit), complete)
        except Exception as error:
            log_error(scope, error)
            report_error(error)
            # The framework answers with an error page and raises again for a server that would log the error.
            if not started:
                await _plain(complete, 500, "Something went wrong here. Please try again later.")

    def _refusal(self, scope: Scope, limit: int) -> tuple[int, str] | None:
        """Return the status and reason if the request must not reach the app."""
        headers = scope["headers"]
        if sum(len(name) + len(value) for name, value in headers) > MAX_HEAD_BYTES:
            return 431, "The request headers are too large."
        # A proxy in front of us may have checked a different host.
        if len([name for name, _value in headers if name == b"host"]) > 1:
            return 400, "The request has more than one Host header."
        by_name = dict(headers)
        checked = self.hosts and scope["path"] not in self.any_host
        if checked and host_name(by_name.get(b"host", b"").decode("latin-1")) not in self.hosts:
            return 421, "These pages are not served under this host name."
        length = by_name.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > limit:
            return 413, "The request is too large."
        return None

    def _local(self, scope: Scope) -> Scope:
        """Return the request as the routes expect it: without the prefix, and a HEAD as a GET without its body."""
        local = dict(scope)
        path = scope["path"]
        if self.prefix and (path == self.prefix or path.startswith(f"{self.prefix}/")):
            local["path"] = path = path[len(self.prefix) :] or "/"
            local["raw_path"] = quote(path).encode()
        # PostgreSQL takes no NUL, so nothing has one in its key, and no search finds one.
        local["path"] = path.replace("\0", "\ufffd")
        local["query_string"] = scope["query_string"].replace(b"%00", b"%EF%BF%BD")
        if scope["method"] == "HEAD":
            # The original method distinguishes link scanners from people.
            local["method"], local["original_method"] = "GET", "HEAD"
        return local


def _limit(receive: Receive, limit: int) -> Receive:
    """Return `receive` with a limit on the size of the body and on the time until it is complete."""
    received, complete = 0, False
    deadline = asyncio.get_running_loop().time() + BODY_TIMEOUT

    async def limited() -> Message:
        nonlocal received, complete
        # After the body only a disconnect can follow.
        if complete:
            return await receive()
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408) from None
        received += len(message.get("body", b""))
        complete = not message.get("more_body", False)
        if received > limit:
            raise HTTPException(413)
        return message

    return limited


def log_error(scope: Scope, error: Exception, route: str = "an unknown path") -> None:
    """Log the route, the type and the place of an error. Its message may quote personal data, so it is left out.

    `route` is for a request that no router has seen.
    """
    frame = traceback.extract_tb(error.__traceback__)[-1]
    # Such as "No space left on device".
    why = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
    route = getattr(scope.get("route"), "path", route)
    kind, file = f"{type(error).__name__}{why}", Path(frame.filename).name
    log.error("%s %s: %s at %s:%s", scope["method"], route, kind, file, frame.lineno)


async def _plain(send: Send, status: int, sentence: str) -> None:
    body = f"{sentence}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    if status in (413, 429, 431):
        headers.append((b"connection", b"close"))
    if status == 429:
        headers.append((b"retry-after", b"60"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
