"""The channel of alerts by webhook: one signed post for each message."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Protocol

from digest.errors import DigestError
from digest.notify.alert import Failure, Message
from digest.notify.formats import payload
from digest.notify.signature import signed_headers

# 410: the receiver wants no more messages (Standard Webhooks).
_GONE = 410
# Seconds.
_MAX_RETRY_AFTER = 3600.0


class Answer(Protocol):
    """An HTTP answer. Header names are in lower case."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


# Posts a body to a URL, once, without following a redirect. Raises DigestError that does not name the URL's path.
Post = Callable[[str, bytes, Mapping[str, str]], Answer]


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

    def send(self, messages: Sequence[Message]) -> Mapping[str, Failure]:
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

    def _send(self, message: Message) -> Failure | None:
        """Post once. Raises DigestError if there is no answer."""
        document = payload(message, self.format, self.zone, chat=self.chat)
        body = json.dumps(document, ensure_ascii=False).encode()
        answer = self.post(self.url, body, signed_headers(self.keys, message.id, int(self.clock()), body))
        if 200 <= answer.status < 300:
            return None
        after = answer.headers.get("retry-after", "").strip()
        retry_after = min(float(after), _MAX_RETRY_AFTER) if after.isdecimal() and len(after) < 8 else None
        return Failure(f"the receiver answered {answer.status}", retry_after, permanent=answer.status == _GONE)
