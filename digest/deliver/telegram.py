"""Post to a channel by Telegram's Bot API.

The outcome says whether the channel may have the post. The API has no idempotency keys and cannot look up posts, so an
unknown outcome stays unknown until a person checks the channel.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from digest.deliver.http_client import HttpClient, HttpResponse, RequestNotSent, ResponseUnknown
from digest.hindi.cut import ELLIPSIS, clusters

_MAX_DETAIL = 200
# Seconds. A longer requested wait must be an error.
_MAX_RETRY_AFTER = 3600.0
# Code units of a message, and of the caption of a photo (core.telegram.org/bots/api).
MAX_MESSAGE, MAX_CAPTION = 4096, 1024


@dataclass(frozen=True, slots=True)
class Posted:
    """The channel has it. `message` is 0 if the response could not be read."""

    message: int = 0


@dataclass(frozen=True, slots=True)
class PostRefused:
    """Telegram refused the post because of the token, the channel or the text."""

    detail: str


@dataclass(frozen=True, slots=True)
class NotPosted:
    """Not posted: the request never reached Telegram, or Telegram asks to repeat it later."""

    detail: str
    # Seconds.
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class MaybePosted:
    """The request was written, and no response shows its outcome."""

    detail: str


Outcome = Posted | PostRefused | NotPosted | MaybePosted


class TelegramClient:
    """Posts by one bot. `host` is the URL of the API, `token` the bot's."""

    def __init__(self, token: str, *, host: str = "https://api.telegram.org", timeout: float = 30.0) -> None:
        self._token, self.host = token, host
        self._http = HttpClient(host, timeout=timeout)

    def close(self) -> None:
        self._http.close()

    def post(self, channel: str, text: str, photo: bytes | None = None) -> Outcome:
        """Post a text, or a photo (JPEG) with the text as its caption. Raises ValueError for a text that is too long.

        Makes one request, and never repeats it.
        """
        limit = MAX_CAPTION if photo else MAX_MESSAGE
        if not text.strip() or utf16_length(text) > limit:
            raise ValueError(f"expected a text of 1 to {limit} UTF-16 code units")
        if photo is None:
            kind = "application/json; charset=utf-8"
            body = orjson.dumps({"chat_id": channel, "text": text})
            return self._call("sendMessage", body, kind)
        boundary = secrets.token_hex(16)
        body = _multipart(boundary, {"chat_id": channel, "caption": text}, photo)
        return self._call("sendPhoto", body, f"multipart/form-data; boundary={boundary}")

    def _call(self, method: str, body: bytes, kind: str) -> Outcome:
        headers = {"Content-Type": kind, "Accept": "application/json", "User-Agent": "hindi-digest"}
        try:
            response = self._http.post(f"/bot{self._token}/{method}", body, headers)
        except RequestNotSent as error:
            return NotPosted(self._hide(f"telegram {self.host}: {error}"))
        except ResponseUnknown as error:
            return MaybePosted(self._hide(f"telegram {self.host}: no complete response: {error}"))
        return self._read(response)

    def _read(self, response: HttpResponse) -> Outcome:
        found = response.json()
        answer = found if isinstance(found, dict) else {}
        description = self._hide(str(answer.get("description") or ""))[:_MAX_DETAIL]
        detail = f"telegram answered {response.status}{f': {description}' if description else ''}"
        if 200 <= response.status < 300:
            result = answer.get("result")
            number = result.get("message_id") if isinstance(result, dict) else 0
            if answer.get("ok") is False:
                return PostRefused(detail)
            return Posted(number if isinstance(number, int) else 0)
        if response.status == 429:
            asked = answer.get("parameters")
            after = asked.get("retry_after") if isinstance(asked, dict) else None
            wait = float(after) if isinstance(after, int | float) and after > 0 else response.retry_after()
            return NotPosted(detail, min(wait, _MAX_RETRY_AFTER) if wait else None)
        if 400 <= response.status < 500 and response.status != 408:
            return PostRefused(detail)
        # A gateway may give up while the server posts.
        return MaybePosted(detail)

    def _hide(self, text: str) -> str:
        return text.replace(self._token, "…")


def _multipart(boundary: str, fields: dict[str, str], photo: bytes) -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="photo"; filename="card.jpg"\r\n'
    parts += [f"{head}Content-Type: image/jpeg\r\n\r\n".encode(), photo, f"\r\n--{boundary}--\r\n".encode()]
    return b"".join(parts)


def utf16_length(text: str) -> int:
    """Return the number of UTF-16 code units: two for an emoji, one for a letter of Hindi."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """Cut the text to at most `limit` code units, with '…' if something was cut."""
    if utf16_length(text) <= limit:
        return text
    kept, room = [], limit - utf16_length(ELLIPSIS)
    for cluster in clusters(text):
        room -= utf16_length(cluster)
        if room < 0:
            break
        kept.append(cluster)
    return "".join(kept).rstrip() + ELLIPSIS if limit > 0 else ""


def fit_text(head: str, title: str, points: Sequence[str], tail: str, limit: int) -> str:
    """Join head, title, points and tail as paragraphs, within the limit.

    Points are left out from the last one on, then the title is cut. The tail has the link and stays whole.
    """
    for number in range(len(points), -1, -1):
        text = "\n\n".join(filter(None, (head, "\n".join([title, *points[:number]]), tail)))
        if utf16_length(text) <= limit:
            return text
    rest = utf16_length("\n\n".join(filter(None, (head, "", tail)))) + 2
    return cut("\n\n".join(filter(None, (head, cut(title, max(limit - rest, 0)), tail))), limit)
