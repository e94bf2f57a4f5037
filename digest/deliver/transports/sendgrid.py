"""Hands batches to SendGrid's v3 API and reads its answers by the only safe rule: 202 alone is success.

Host and authorisation come from the `sendgrid` package's client; the request goes over `wire`, because the package's
own transport follows redirects with the key in hand, has no time limit and reports both as success or not at all.
"""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import orjson

from digest.deliver.message import Outgoing, one_line, unmailable
from digest.deliver.outcome import Accepted, NotSent, Outcome, Rejected, Unknown
from digest.deliver.ports import Journal, Recovery
from digest.deliver.transports.sendgrid_payload import request_body
from digest.deliver.wire import MaybeSent, NeverSent, Reply, Wire

_SEND = "/v3/mail/send"
_BATCH = "/v3/mail/batch"
_SCHEDULED = "/v3/user/scheduled_sends"
_ID = re.compile(r"[A-Za-z0-9_.=-]{1,200}\Z")
_INDEX = re.compile(r"personalizations[.\[](\d+)")
_DIGITS = re.compile(r"[0-9]{1,12}\Z")
_STOP = {
    401: "the key is refused (401); check the environment variable that holds it",
    403: "the key may not send, or the sender is not verified (403)",
    404: "there is no mail service at this host (404); check delivery.sendgrid.host",
    405: "there is no mail service at this host (405); check delivery.sendgrid.host",
}


class SendGrid:
    """`host` is the API's root. SendGrid knows no idempotency key: an attempt cut short is unknown, and recalled where
    it has a fence. A scheduled batch can be cancelled until ten minutes before its time, ten of them at once
    (https://www.twilio.com/docs/sendgrid/api-reference/cancel-scheduled-sends); two minutes are for the request."""

    name = "sendgrid"
    recovery: Recovery = "hold"
    closes = timedelta(minutes=12)
    most_open = 10

    def __init__(self, key: str, *, host: str, timeout: float = 30.0) -> None:
        from sendgrid import SendGridAPIClient

        client = SendGridAPIClient(key, host=host).client
        self.headers = {
            name: value
            for name, value in client.request_headers.items()
            if name.lower() in ("authorization", "user-agent", "accept")
        }
        self.headers["Content-Type"] = "application/json; charset=utf-8"
        self.host = host
        self.wire = Wire(client.host, timeout=timeout)

    def submit(self, outgoing: Outgoing, journal: Journal) -> Outcome:  # noqa: ARG002  one port for all
        if bad := unmailable(outgoing.recipients):
            return Rejected(bad)
        try:
            body = request_body(outgoing)
        except TypeError as error:  # half of a surrogate pair
            return NotSent(f"the letter can't be written as JSON: {error}", permanent=True)
        try:
            reply = self.wire.post(_SEND, body, self.headers)
        except NeverSent as error:
            return NotSent(f"sendgrid {self.host}: {error}")
        except MaybeSent as error:
            return Unknown(f"sendgrid {self.host}: no whole answer came: {error}")
        return read_reply(reply, outgoing)

    def open_fence(self) -> str | NotSent:
        try:
            reply = self.wire.post(_BATCH, b"", self.headers)
        except (NeverSent, MaybeSent) as error:  # an id that nobody uses harms nobody
            return NotSent(f"sendgrid {self.host}: no batch id: {error}")
        if reply.status != 201:
            return _not_now(reply) or NotSent(f"sendgrid gave no batch id ({reply.status}){_detail(reply)}")
        fence = _field(reply.body, "batch_id")
        return fence if _ID.match(fence) else NotSent("sendgrid gave no batch id: its answer holds none")

    def recall(self, fence: str) -> bool:
        """Never undone: deleting a cancellation would let the letters go after all."""
        order = orjson.dumps({"batch_id": fence, "status": "cancel"})
        try:
            self.wire.post(_SCHEDULED, order, self.headers)
        except NeverSent:
            return False
        except MaybeSent:
            pass
        # What was answered to that does not matter (a repeat is a 400): what counts is what the provider holds now.
        try:
            reply = self.wire.get(f"{_SCHEDULED}/{quote(fence, safe='')}", self.headers)
        except (NeverSent, MaybeSent):
            return False
        return reply.status == 200 and _shows_cancel(reply.body, fence)

    def probe(self) -> str:
        return ""  # the key was there, or we would not be; asking the provider about it is not built yet

    def close(self) -> None:
        self.wire.close()


def read_reply(reply: Reply, outgoing: Outgoing) -> Outcome:
    """What an answer means for the batch. Pure, but for the clock that X-RateLimit-Reset is counted from."""
    status = reply.status
    if status == 202:
        return Accepted(reply.headers.get("x-message-id", ""))
    if not_now := _not_now(reply):
        return not_now
    if status == 400:
        return _refused(reply, outgoing)
    if status == 413:
        return NotSent("sendgrid: the request is too large (413); lower delivery.batch_size", permanent=True)
    if 300 <= status < 400:
        where = reply.headers.get("location", "nowhere")
        return NotSent(f"sendgrid answered with a redirect to {where}, which is not followed", permanent=True)
    return Unknown(f"sendgrid answered {status}{_detail(reply)}")


def _not_now(reply: Reply) -> NotSent | None:
    """What is said before a request is even looked at, whatever it asks for."""
    if reply.status in _STOP:
        return NotSent(f"sendgrid: {_STOP[reply.status]}{_detail(reply)}", permanent=True)
    if reply.status == 429:
        return NotSent("sendgrid asks to slow down (429)", retry_after=_retry_after(reply))
    return None


def _shows_cancel(body: bytes, fence: str) -> bool:
    try:
        shown = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    rows = shown if isinstance(shown, list) else [shown]
    return any(isinstance(row, dict) and row.get("batch_id") == fence and row.get("status") == "cancel" for row in rows)


def _field(body: bytes, name: str) -> str:
    """A text in a JSON object; '' where there is none."""
    try:
        found = orjson.loads(body)[name]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
    return found if isinstance(found, str) else ""


def _refused(reply: Reply, outgoing: Outgoing) -> Outcome:
    """400: the whole request is refused and nobody was sent to. Readers whom the answer names are marked."""
    named: dict[int, str] = {}
    for error in _errors(reply):
        match = _INDEX.search(str(error.get("field") or ""))
        if match and int(match[1]) < len(outgoing.recipients):
            named[outgoing.recipients[int(match[1])].id] = str(error.get("message") or "refused by sendgrid")
    if named:
        return Rejected(named)
    if len(outgoing.recipients) == 1:
        return Rejected({outgoing.recipients[0].id: f"sendgrid refused the request{_detail(reply)}"})
    return NotSent(f"sendgrid refused the whole request (400){_detail(reply)}", permanent=True)


def _errors(reply: Reply) -> list[dict[str, Any]]:
    try:
        errors = orjson.loads(reply.body)["errors"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return []
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _detail(reply: Reply) -> str:
    messages = [one_line(str(error.get("message", ""))) for error in _errors(reply)]
    return f": {'; '.join(message for message in messages if message)[:300]}" if any(messages) else ""


def _retry_after(reply: Reply) -> float | None:
    """Seconds: X-RateLimit-Reset is an epoch second, Retry-After a number of seconds."""
    reset, after = reply.headers.get("x-ratelimit-reset", ""), reply.headers.get("retry-after", "")
    if _DIGITS.match(reset):
        return max(0.0, int(reset) - time.time())
    return float(after) if _DIGITS.match(after) else None
