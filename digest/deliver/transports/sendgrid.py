"""Hands batches to SendGrid's v3 API, fences them, recalls them, and asks what became of them.

Host and authorisation come from the `sendgrid` package's client; requests go over `wire`, because the package's
own transport follows redirects with the key in hand, has no time limit and reports both as success or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import orjson

from digest.deliver.message import Outgoing, unmailable
from digest.deliver.outcome import NotSent, Outcome, Rejected, Unknown
from digest.deliver.ports import Barred, Journal, Recovery, Wait
from digest.deliver.reply import Reply
from digest.deliver.transports.sendgrid_answers import detail, read_reply, refused_outright
from digest.deliver.transports.sendgrid_lists import LISTS, read_list
from digest.deliver.transports.sendgrid_log import find_attempt
from digest.deliver.transports.sendgrid_payload import request_body
from digest.deliver.transports.sendgrid_probe import find_misses, find_problem
from digest.deliver.wire import MaybeSent, NeverSent, Wire

_SEND = "/v3/mail/send"
_BATCH = "/v3/mail/batch"
_SCHEDULED = "/v3/user/scheduled_sends"
_ID = re.compile(r"[A-Za-z0-9_.=-]{1,200}\Z")


class SendGrid:
    """`host` is the API's root, `sender` the From address that `probe` asks about.

    SendGrid knows no idempotency key: an attempt cut short is unknown, and recalled where
    it has a fence. A scheduled batch can be cancelled until ten minutes before its time, ten of them at once
    (https://www.twilio.com/docs/sendgrid/api-reference/cancel-scheduled-sends); two minutes are for the request.
    """

    name = "sendgrid"
    recovery: Recovery = "hold"
    closes = timedelta(minutes=12)
    most_open = 10
    lists = tuple(LISTS)

    def __init__(
        self, key: str, *, host: str, sender: str = "probe@example.com", timeout: float = 30.0, tracking: bool = False
    ) -> None:
        from sendgrid import SendGridAPIClient

        client = SendGridAPIClient(key, host=host).client
        self.headers = {
            name: value
            for name, value in client.request_headers.items()
            if name.lower() in ("authorization", "user-agent", "accept")
        }
        self.headers["Content-Type"] = "application/json; charset=utf-8"
        self.host, self.sender, self.tracking = host, sender, tracking
        self.wire = Wire(client.host, timeout=timeout)

    def submit(self, outgoing: Outgoing, journal: Journal) -> Outcome:  # noqa: ARG002  one port for all
        if bad := unmailable(outgoing.recipients):
            return Rejected(bad)
        try:
            body = request_body(outgoing, tracking=self.tracking)
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
            return refused_outright(reply) or NotSent(f"sendgrid gave no batch id ({reply.status}){detail(reply)}")
        fence = reply.field("batch_id")
        return fence if _ID.match(fence) else NotSent("sendgrid gave no batch id: its answer holds none")

    def recall(self, fence: str) -> bool:
        """Never undone: deleting a cancellation would let the letters go after all."""
        try:
            self.wire.post(_SCHEDULED, orjson.dumps({"batch_id": fence, "status": "cancel"}), self.headers)
        except NeverSent:
            return False
        except MaybeSent:
            pass
        # What was answered to that does not matter (a repeat is a 400): what counts is what the provider holds now.
        try:
            reply = self.wire.get(f"{_SCHEDULED}/{quote(fence, safe='')}", self.headers)
        except (NeverSent, MaybeSent):
            return False
        return reply.status == 200 and _shows_cancel(reply, fence)

    def look_up(self, attempt: str, emails: Sequence[str]) -> str:
        return "accepted" if find_attempt(self._ask, attempt, emails) else ""

    def probe(self) -> str:
        problem = find_problem(self._ask, self.sender)
        return f"sendgrid {self.host}: {problem}" if problem else ""

    def misses(self) -> tuple[str, ...]:
        return find_misses(self._ask)

    def barred(self, list: str, since: datetime | None, until: datetime, wait: Wait) -> Iterator[Sequence[Barred]]:
        return read_list(self._ask, list, since, until, wait)

    def close(self) -> None:
        self.wire.close()

    def cut(self) -> None:
        self.wire.cut()

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> Reply:
        if method == "GET":
            return self.wire.get(path, self.headers)
        return self.wire.post(path, orjson.dumps(body), self.headers)


def _shows_cancel(reply: Reply, fence: str) -> bool:
    shown = reply.json()
    rows = shown if isinstance(shown, list) else [shown]
    return any(isinstance(row, dict) and row.get("batch_id") == fence and row.get("status") == "cancel" for row in rows)
