"""The faults that can be injected into a request. A fault is a row in FAULTS and a small function.

`sendgrid_plan` decides which request gets which fault.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Literal

import orjson

from tests.support.http1 import Connection, Head, Reply


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault for one request to the endpoint `on` (`send`, `batch`, `scheduled`, `scopes`, `logs` or `any`).

    `accepts`, unless it is None, overrides the table. `seconds` is the duration of a hang, a refusal, a slow reply or a
    rate limit; `index` the recipient of bad_index; `location` the target of redirect_301.
    """

    kind: str
    accepts: bool | None = None
    seconds: float = 0.5
    index: int = 0
    location: str = "/elsewhere"
    on: str = "send"


@dataclass(frozen=True, slots=True)
class Context:
    """The connection, the request's head, the reply that a fault replaces, and the server's time.

    A fault adds its kind to `expired_hangs` if the client waited until the end of its hang.
    """

    connection: Connection
    head: Head
    due: Reply
    now: float
    expired_hangs: list[str]


# Performs the fault and returns whether the connection stays open.
Act = Callable[[Fault, Context], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Row:
    """`stage`: before or after the request's body is read. `accepts`: whether the provider accepts the message."""

    stage: Literal["head", "body", "listener"]
    accepts: bool
    act: Act


def error_body(message: str, field: str | None = None) -> bytes:
    """Return SendGrid's error document with one error."""
    return orjson.dumps({"errors": [{"message": message, "field": field, "help": None}]})


async def _reset(fault: Fault, context: Context) -> bool:
    context.connection.reset()
    return False


async def _reset_mid_body(fault: Fault, context: Context) -> bool:
    await context.connection.half_body(context.head)
    context.connection.reset()
    return False


async def _close(fault: Fault, context: Context) -> bool:
    return False


async def _hang(fault: Fault, context: Context) -> bool:
    await asyncio.sleep(fault.seconds)
    context.expired_hangs.append(fault.kind)
    return False


async def _half_status_line(fault: Fault, context: Context) -> bool:
    await context.connection.raw(b"HTTP/1.1 20")
    return False


async def _truncated_chunked(fault: Fault, context: Context) -> bool:
    head = replace(context.due, body=b"{}").head("Transfer-Encoding: chunked")
    await context.connection.raw(head + b'20\r\n{"half":')
    return False


async def _slow_body(fault: Fault, context: Context) -> bool:
    await context.connection.drip(replace(context.due, body=b'{"message": "queued, slowly"}'), fault.seconds)
    context.expired_hangs.append(fault.kind)
    return True


async def _slow_reply(fault: Fault, context: Context) -> bool:
    await asyncio.sleep(fault.seconds)
    await context.connection.reply(context.due)
    return True


async def _half_head(fault: Fault, context: Context) -> bool:
    await context.connection.raw(b"HTTP/1.1 202 Accepted\r\nX-Message-I")
    return False


async def _drip_head(fault: Fault, context: Context) -> bool:
    """Send an endless head for `seconds`, a byte at a time."""
    await context.connection.raw(b"HTTP/1.1 202 Accepted\r\nX-Slow: ")
    with contextlib.suppress(ConnectionError):
        for _ in range(math.ceil(fault.seconds / 0.05)):
            await asyncio.sleep(0.05)
            await context.connection.raw(b"z")
        context.expired_hangs.append(fault.kind)
    return False


async def _short_body(fault: Fault, context: Context) -> bool:
    await context.connection.raw(replace(context.due, body=b"{}").head("Content-Length: 200") + b'{"half":')
    return False


async def _cut_400(fault: Fault, context: Context) -> bool:
    body = error_body("Does not contain a valid address.", "personalizations.0.to.0.email")
    await context.connection.raw(Reply(400, body).head(f"Content-Length: {len(body)}") + body[:40])
    return False


def _early(status: int, message: str, *, stall: bool = False) -> Act:
    """Answer after the head; then close without reading the body, or let the client wait."""

    async def act(fault: Fault, context: Context) -> bool:
        await context.connection.reply(Reply(status, error_body(message)))
        if stall:
            await asyncio.sleep(fault.seconds)
            context.expired_hangs.append(fault.kind)
        return False

    return act


def _redirect(status: int) -> Act:
    async def act(fault: Fault, context: Context) -> bool:
        await context.connection.reply(Reply(status, headers=(("Location", fault.location),)))
        return True

    return act


async def _bad_index(fault: Fault, context: Context) -> bool:
    field = f"personalizations.{fault.index}.to.0.email"
    await context.connection.reply(Reply(400, error_body("Does not contain a valid address.", field)))
    return True


async def _rate_limit(fault: Fault, context: Context) -> bool:
    headers = (
        ("X-RateLimit-Limit", "500"),
        ("X-RateLimit-Remaining", "0"),
        ("X-RateLimit-Reset", str(math.ceil(context.now + fault.seconds))),
    )
    await context.connection.reply(Reply(429, error_body("too many requests"), headers))
    return True


async def _retry_after(fault: Fault, context: Context) -> bool:
    """Answer like a gateway: the time as an HTTP date, by the clock of the Date header."""
    headers = (
        ("Date", formatdate(context.now, usegmt=True)),
        ("Retry-After", formatdate(context.now + fault.seconds, usegmt=True)),
    )
    await context.connection.reply(Reply(429, error_body("too many requests"), headers))
    return True


def _status(status: int, message: str, field: str | None = None) -> Act:
    async def act(fault: Fault, context: Context) -> bool:
        await context.connection.reply(Reply(status, error_body(message, field)))
        return True

    return act


def _portal(status: int) -> Act:
    async def act(fault: Fault, context: Context) -> bool:
        page = b"<html><body>Please log in to this network.</body></html>"
        await context.connection.reply(Reply(status, page, (("Content-Type", "text/html"),)))
        return True

    return act


async def _sandbox(fault: Fault, context: Context) -> bool:
    await context.connection.reply(Reply(200))
    return True


FAULTS: dict[str, Row] = {
    # The port is closed for `seconds`, and the request never arrives.
    "refuse": Row("listener", False, _close),
    "reset_before_body": Row("head", False, _reset),
    "reset_mid_body": Row("head", False, _reset_mid_body),
    "early_401": Row("head", False, _early(401, "authorization required")),
    "early_413": Row("head", False, _early(413, "content too large")),
    "early_413_stall": Row("head", False, _early(413, "content too large", stall=True)),
    "early_500": Row("head", False, _early(500, "internal server error")),
    # The body is read and not accepted. The client cannot tell this from accept_then_close.
    "lose_then_close": Row("body", False, _close),
    "lose_then_reset": Row("body", False, _reset),
    "lose_then_hang": Row("body", False, _hang),
    "accept_then_close": Row("body", True, _close),
    "accept_then_reset": Row("body", True, _reset),
    "accept_then_hang": Row("body", True, _hang),
    "half_status_line": Row("body", True, _half_status_line),
    "half_head": Row("body", True, _half_head),
    "drip_head": Row("body", True, _drip_head),
    "short_body": Row("body", True, _short_body),
    "truncated_chunked": Row("body", True, _truncated_chunked),
    "slow_body": Row("body", True, _slow_body),
    "slow_reply": Row("body", True, _slow_reply),
    **{f"redirect_{status}": Row("body", False, _redirect(status)) for status in (301, 302, 303, 307, 308)},
    "bad_index": Row("body", False, _bad_index),
    "bad_no_field": Row("body", False, _status(400, "Bad Request")),
    "bad_email": Row("body", False, _status(400, "The subject is required.", "subject")),
    "bad_page_400": Row("body", False, _portal(400)),
    "cut_400": Row("body", False, _cut_400),
    "not_found_404": Row("body", False, _status(404, "not found")),
    "not_allowed_405": Row("body", False, _status(405, "method not allowed")),
    "unauthorized_401": Row("body", False, _status(401, "authorization required")),
    "forbidden_403": Row("body", False, _status(403, "access forbidden")),
    "too_large_413": Row("body", False, _status(413, "content too large")),
    "rate_limit": Row("body", False, _rate_limit),
    "retry_after": Row("body", False, _retry_after),
    "error_500": Row("body", False, _status(500, "internal server error")),
    "error_500_accepted": Row("body", True, _status(500, "internal server error")),
    "error_502": Row("body", False, _status(502, "bad gateway")),
    "error_503": Row("body", False, _status(503, "service unavailable")),
    "error_503_accepted": Row("body", True, _status(503, "service unavailable")),
    "error_504_accepted": Row("body", True, _status(504, "gateway timeout")),
    "wrong_content_type": Row("body", False, _portal(200)),
    "page_202": Row("body", False, _portal(202)),
    "sandbox": Row("body", False, _sandbox),
}


def accepts(fault: Fault) -> bool:
    """Return whether the provider accepts the message, which the client may not learn."""
    return row(fault.kind).accepts if fault.accepts is None else fault.accepts


def stage(fault: Fault) -> str:
    """Return `head`, `body` or `listener`."""
    return row(fault.kind).stage


async def act(fault: Fault, context: Context) -> bool:
    """Perform the fault and return whether the connection stays open."""
    return await row(fault.kind).act(fault, context)


def row(kind: str) -> Row:
    """Return the row of a kind. Raises ValueError for an unknown one."""
    try:
        return FAULTS[kind]
    except KeyError:
        raise ValueError(f"no such fault: {kind!r}; there are {', '.join(sorted(FAULTS))}") from None
