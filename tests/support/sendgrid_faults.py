"""What can go wrong in one request: a table of faults, and the plan that deals them out.

Owns the names, whether the provider has accepted by then, and the bytes each fault puts on the wire (or does not).
Decides nothing about payloads. A fault is one row in FAULTS and one small function.
"""

from __future__ import annotations

import asyncio
import math
import random
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import orjson

from tests.support.http1 import Connection, Head, Reply


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault for one request to the endpoint `on` (`send`, `batch`, `scheduled`, `scopes`, `logs` or `any`).

    `accepts` None takes the table's word; True or False overrides it. `seconds` is the length of a hang, a refusal, a
    slow reply or a rate limit; `index` the recipient of bad_index; `location` the target of redirect_301.
    """

    kind: str
    accepts: bool | None = None
    seconds: float = 0.5
    index: int = 0
    location: str = "/elsewhere"
    on: str = "send"


@dataclass(frozen=True, slots=True)
class Scene:
    """What a fault may use: the connection, the request's head, the reply that was due, and the server's time."""

    connection: Connection
    head: Head
    due: Reply
    now: float


Act = Callable[[Fault, Scene], Awaitable[bool]]
"""Puts the fault on the wire; gives back whether the connection may go on."""


@dataclass(frozen=True, slots=True)
class Row:
    """`stage`: before the request's body is read, or after. `accepts`: whether the provider takes the message."""

    stage: Literal["head", "body", "listener"]
    accepts: bool
    act: Act


def error_body(message: str, field: str | None = None) -> bytes:
    """SendGrid's error document with one error."""
    return orjson.dumps({"errors": [{"message": message, "field": field, "help": None}]})


async def _reset(fault: Fault, scene: Scene) -> bool:
    scene.connection.reset()
    return False


async def _reset_mid_body(fault: Fault, scene: Scene) -> bool:
    await scene.connection.half_body(scene.head)
    scene.connection.reset()
    return False


async def _close(fault: Fault, scene: Scene) -> bool:
    return False


async def _hang(fault: Fault, scene: Scene) -> bool:
    await asyncio.sleep(fault.seconds)
    return False


async def _half_status_line(fault: Fault, scene: Scene) -> bool:
    await scene.connection.raw(b"HTTP/1.1 20")
    return False


async def _truncated_chunked(fault: Fault, scene: Scene) -> bool:
    head = replace(scene.due, body=b"{}").head("Transfer-Encoding: chunked")
    await scene.connection.raw(head + b'20\r\n{"half":')
    return False


async def _slow_body(fault: Fault, scene: Scene) -> bool:
    await scene.connection.drip(replace(scene.due, body=b'{"message": "queued, slowly"}'), fault.seconds)
    return True


async def _slow_reply(fault: Fault, scene: Scene) -> bool:
    await asyncio.sleep(fault.seconds)
    await scene.connection.reply(scene.due)
    return True


async def _redirect(fault: Fault, scene: Scene) -> bool:
    await scene.connection.reply(Reply(301, headers=(("Location", fault.location),)))
    return True


async def _bad_index(fault: Fault, scene: Scene) -> bool:
    field = f"personalizations.{fault.index}.to.0.email"
    await scene.connection.reply(Reply(400, error_body("Does not contain a valid address.", field)))
    return True


async def _rate_limit(fault: Fault, scene: Scene) -> bool:
    headers = (
        ("X-RateLimit-Limit", "500"),
        ("X-RateLimit-Remaining", "0"),
        ("X-RateLimit-Reset", str(math.ceil(scene.now + fault.seconds))),
    )
    await scene.connection.reply(Reply(429, error_body("too many requests"), headers))
    return True


def _status(status: int, message: str) -> Act:
    async def act(fault: Fault, scene: Scene) -> bool:
        await scene.connection.reply(Reply(status, error_body(message)))
        return True

    return act


async def _portal(fault: Fault, scene: Scene) -> bool:
    page = b"<html><body>Please log in to this network.</body></html>"
    await scene.connection.reply(Reply(200, page, (("Content-Type", "text/html"),)))
    return True


async def _sandbox(fault: Fault, scene: Scene) -> bool:
    await scene.connection.reply(Reply(200))
    return True


FAULTS: dict[str, Row] = {
    "refuse": Row("listener", False, _close),  # nobody listens for `seconds`; the request itself is never seen
    "reset_before_body": Row("head", False, _reset),
    "reset_mid_body": Row("head", False, _reset_mid_body),
    "lose_then_close": Row("body", False, _close),  # read whole, not accepted: the other half of "unknown"
    "lose_then_reset": Row("body", False, _reset),
    "lose_then_hang": Row("body", False, _hang),
    "accept_then_close": Row("body", True, _close),
    "accept_then_reset": Row("body", True, _reset),
    "accept_then_hang": Row("body", True, _hang),
    "half_status_line": Row("body", True, _half_status_line),
    "truncated_chunked": Row("body", True, _truncated_chunked),
    "slow_body": Row("body", True, _slow_body),
    "slow_reply": Row("body", True, _slow_reply),
    "redirect_301": Row("body", False, _redirect),
    "bad_index": Row("body", False, _bad_index),
    "bad_no_field": Row("body", False, _status(400, "Bad Request")),
    "unauthorized_401": Row("body", False, _status(401, "authorization required")),
    "forbidden_403": Row("body", False, _status(403, "access forbidden")),
    "too_large_413": Row("body", False, _status(413, "content too large")),
    "rate_limit": Row("body", False, _rate_limit),
    "error_500": Row("body", False, _status(500, "internal server error")),
    "error_500_accepted": Row("body", True, _status(500, "internal server error")),
    "error_502": Row("body", False, _status(502, "bad gateway")),
    "error_503": Row("body", False, _status(503, "service unavailable")),
    "error_503_accepted": Row("body", True, _status(503, "service unavailable")),
    "error_504_accepted": Row("body", True, _status(504, "gateway timeout")),
    "wrong_content_type": Row("body", False, _portal),
    "sandbox": Row("body", False, _sandbox),
}


class FaultPlan:
    """Deals out faults: first from the script, then by chance. Thread-safe; the same seed deals the same hand.

    The n-th request to an endpoint takes the first entry of the script that is meant for it; `"ok"` (or None) in
    the script lets one `send` pass. `chances` maps kinds to probabilities for `send` requests.
    """

    def __init__(self, script: Iterable[Fault | str | None], chances: Mapping[str, float], seed: int) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._chances = dict(chances)
        if sum(self._chances.values()) > 1:
            raise ValueError("chances add up to more than 1")
        for kind in self._chances:
            _row(kind)
        self._script: list[Fault] = []
        self.script = list(script)

    @property
    def script(self) -> list[Fault]:
        """What is still to be dealt."""
        with self._lock:
            return list(self._script)

    @script.setter
    def script(self, entries: Iterable[Fault | str | None]) -> None:
        faults = [e if isinstance(e, Fault) else Fault(e or "ok") for e in entries]
        for fault in faults:
            if fault.kind != "ok":
                _row(fault.kind)
        with self._lock:
            self._script = faults

    def next(self, endpoint: str) -> Fault | None:
        """The fault for this request, or None."""
        with self._lock:
            for position, fault in enumerate(self._script):
                if fault.kind != "refuse" and fault.on in (endpoint, "any"):
                    del self._script[position]
                    return None if fault.kind == "ok" else fault
            if endpoint == "send" and self._chances:
                point = self._random.random()
                for kind, chance in self._chances.items():
                    point -= chance
                    if point < 0:
                        return Fault(kind)
            return None

    def next_refusal(self) -> Fault | None:
        """The refusal that stands at the front of the script, if one does; it is dealt by this call."""
        with self._lock:
            if self._script and self._script[0].kind == "refuse":
                return self._script.pop(0)
            return None


def accepts(fault: Fault) -> bool:
    """Whether the provider takes the message although the client is not told so."""
    return _row(fault.kind).accepts if fault.accepts is None else fault.accepts


def stage(fault: Fault) -> str:
    """`head`, `body` or `listener`."""
    return _row(fault.kind).stage


async def act(fault: Fault, scene: Scene) -> bool:
    """Put the fault on the wire; whether the connection may go on."""
    return await _row(fault.kind).act(fault, scene)


def _row(kind: str) -> Row:
    try:
        return FAULTS[kind]
    except KeyError:
        raise ValueError(f"no such fault: {kind!r}; there are {', '.join(sorted(FAULTS))}") from None
