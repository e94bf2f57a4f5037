"""Posts to webhooks, signed by Standard Webhooks 1.0.0, and the channel of alerts by them.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, Protocol

from digest.errors import DigestError
from digest.notify.alert import AdminMessage, Failure
from digest.notify.formats import payload

# 410: the receiver wants no more messages (Standard Webhooks).
_GONE = 410
# Seconds.
_MAX_RETRY_AFTER = 3600.0
_PREFIX = "whsec_"
# Bytes of a key, by the standard.
_MIN_KEY, _MAX_KEY = 24, 64


class WebhookResponse(Protocol):
    """An HTTP answer. Header names are in lower case."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


# Posts a body to a URL, once, without following a redirect. Raises DigestError that does not name the URL's path.
Post = Callable[[str, bytes, Mapping[str, str]], WebhookResponse]


class WebhookChannel:
    """Posts to `url` in `format`: standard, slack or telegram. `keys` sign; without keys posts are not signed."""

    name = "webhook"

    def __init__(
        self,
        url: str,
        post: Post,
        *,
        zone: tzinfo,
        format: str = "standard",
        keys: Sequence[bytes] = (),
        chat: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.url, self.post, self.format, self.keys, self.chat = url, post, format, keys, chat
        self.zone, self.clock = zone, clock

    def send(self, messages: Sequence[AdminMessage]) -> Mapping[str, Failure]:
        failures: dict[str, Failure] = {}
        for number, message in enumerate(messages):
            try:
                failure = self._send(message)
            except DigestError as error:
                # A receiver that does not answer would take the same time for each further message.
                return failures | {each.id: Failure(str(error)) for each in messages[number:]}
            if failure is not None:
                failures[message.id] = failure
        return failures

    def _send(self, message: AdminMessage) -> Failure | None:
        document = payload(message, self.format, self.zone, chat=self.chat)
        return post_signed(self.post, self.url, self.keys, message.id, int(self.clock()), document)


def post_signed(
    post: Post, url: str, keys: Sequence[bytes], id: str, at: int, document: Mapping[str, Any]
) -> Failure | None:
    """Post a JSON document once, signed at `at` (Unix seconds), and return why the receiver did not take it.

    Raises DigestError if there is no answer.
    """
    body = json.dumps(document, ensure_ascii=False).encode()
    answer = post(url, body, signed_headers(keys, id, at, body))
    if 200 <= answer.status < 300:
        return None
    after = answer.headers.get("retry-after", "").strip()
    retry_after = min(float(after), _MAX_RETRY_AFTER) if after.isdecimal() and len(after) < 8 else None
    return Failure(f"the receiver answered {answer.status}", retry_after, permanent=answer.status == _GONE)


def read_secrets(text: str) -> list[bytes]:
    """Parse the keys of comma-separated `whsec_…` secrets. Raises ValueError."""
    keys = []
    for word in filter(None, (part.strip() for part in text.split(","))):
        try:
            key = base64.b64decode(word.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            key = b""
        if not _MIN_KEY <= len(key) <= _MAX_KEY:
            raise ValueError(f"expected {_PREFIX} and {_MIN_KEY} to {_MAX_KEY} bytes in base64")
        keys.append(key)
    if not keys:
        raise ValueError(f"expected a secret such as {_PREFIX}…")
    return keys


def signed_headers(keys: Sequence[bytes], id: str, at: int, body: bytes) -> dict[str, str]:
    """Return the three headers of a post. `at` is in Unix seconds. Without keys the signature is missing."""
    headers = {"webhook-id": id, "webhook-timestamp": str(at)}
    if keys:
        content = f"{id}.{at}.".encode() + body
        digests = (hmac.new(key, content, hashlib.sha256).digest() for key in keys)
        headers["webhook-signature"] = " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
    return headers
