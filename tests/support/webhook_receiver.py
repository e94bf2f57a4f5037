"""A receiver of our alerts on 127.0.0.1: it keeps the posts, and responds as a test sets it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from tests.support.http_server import Exchange, HttpServer, Request

PATH = "/hook"
SECRET = "whsec_" + base64.b64encode(b"a key of the tests, 32 bytes long").decode()


class WebhookReceiver:
    """`answers` is a script of statuses, with a header for each if wanted; 204 follows."""

    def __init__(self) -> None:
        self.server = HttpServer()
        self.url = self.server.route(PATH, self._answer)
        self.answers: list[tuple[int, Mapping[str, str]]] = []

    @property
    def requests(self) -> list[Request]:
        return self.server.hits(PATH)

    @property
    def accepted(self) -> list[dict[str, Any]]:
        """The documents that were accepted, each id once."""
        documents = {request.headers["webhook-id"]: json.loads(request.body) for request in self._accepted}
        return list(documents.values())

    def titles(self, type: str = "alert.raised") -> list[str]:
        return [document["data"]["title"] for document in self.accepted if document["type"] == type]

    def kinds(self, type: str = "alert.raised") -> list[str]:
        """`kind:subject` of every accepted alert."""
        of_type = (document["data"] for document in self.accepted if document["type"] == type)
        return [f"{data['kind']}:{data['subject']}" for data in of_type]

    def _answer(self, exchange: Exchange) -> None:
        status, headers = self.answers.pop(0) if self.answers else (204, {})
        if status < 300:
            self._accepted.append(exchange.request)
        exchange.reply(status=status, headers=headers)

    def __enter__(self) -> WebhookReceiver:
        self._accepted: list[Request] = []
        self.server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.__exit__(kind, error, trace)


def is_signed(request: Request, secret: str = SECRET) -> bool:
    """Verify by the specification of Standard Webhooks, independently of our code."""
    key = base64.b64decode(secret.split("_", 1)[1])
    signed = b".".join(
        [request.headers["webhook-id"].encode(), request.headers["webhook-timestamp"].encode(), request.body]
    )
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [word.split(",", 1) for word in request.headers["webhook-signature"].split(" ")]
    return any(version == "v1" and hmac.compare_digest(value, expected) for version, value in given)
