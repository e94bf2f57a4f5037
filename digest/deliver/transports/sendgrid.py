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

from digest.deliver.message import Outgoing, invalid_recipients
from digest.deliver.outcome import NotSent, Outcome, Rejected, Unknown
from digest.deliver.ports import RecipientLog, Recovery, SuppressionEntry, Wait
from digest.deliver.reply import HttpResponse
from digest.deliver.transports.sendgrid_answers import detail, read_reply, refused_outright
from digest.deliver.transports.sendgrid_lists import LISTS, read_list
from digest.deliver.transports.sendgrid_log import find_attempt
from digest.deliver.transports.sendgrid_payload import request_body
from digest.deliver.transports.sendgrid_probe import find_missing_capabilities, find_problem
from digest.deliver.wire import HttpClient, RequestNotSent, ResponseUnknown

_SEND = "/v3/mail/send"
_BATCH = "/v3/mail/batch"
_SCHEDULED = "/v3/user/scheduled_sends"
_ID = re.compile(r"[A-Za-z0-9_.=-]{1,200}\Z")


class SendGrid:
    """`host` is the API's root, `sender` the From address that `probe` asks about.

    SendGrid knows no idempotency key: an attempt cut short is unknown, and recalled where
    it has a schedule_id. A scheduled batch can be cancelled until ten minutes before its time, ten of them at once
    (https://www.twilio.com/docs/sendgrid/api-reference/cancel-scheduled-sends); two minutes are for the request.
    """

    name = "sendgrid"
    recovery: Recovery = "hold"
    cancel_deadline = timedelta(minutes=12)
    max_open_cancellations = 10
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
        self.wire = HttpClient(client.host, timeout=timeout)

    def submit(self, outgoing: Outgoing, log: RecipientLog) -> Outcome:  # noqa: ARG002  one port for all
        if bad := invalid_recipients(outgoing.recipients):
            return Rejected(bad)
        try:
            body = request_body(outgoing, tracking=self.tracking)
        except TypeError as error:  # half of a surrogate pair
            return NotSent(f"the letter can't be written as JSON: {error}", permanent=True)
        try:
            reply = self.wire.post(_SEND, body, self.headers)
        except RequestNotSent as error:
            return NotSent(f"sendgrid {self.host}: {error}")
        except ResponseUnknown as error:
            return Unknown(f"sendgrid {self.host}: no whole answer came: {error}")
        return read_reply(reply, outgoing)

    def new_schedule_id(self) -> str | NotSent:
        try:
            reply = self.wire.post(_BATCH, b"", self.headers)
        except (RequestNotSent, ResponseUnknown) as error:  # an id that nobody uses harms nobody
            return NotSent(f"sendgrid {self.host}: no batch id: {error}")
        if reply.status != 201:
            return refused_outright(reply) or NotSent(f"sendgrid gave no batch id ({reply.status}){detail(reply)}")
        schedule_id = reply.field("batch_id")
        return schedule_id if _ID.match(schedule_id) else NotSent("sendgrid gave no batch id: its answer holds none")

    def cancel(self, schedule_id: str) -> bool:
        """Never undone: deleting a cancellation would let the letters go after all."""
        try:
            self.wire.post(_SCHEDULED, orjson.dumps({"batch_id": schedule_id, "status": "cancel"}), self.headers)
        except RequestNotSent:
            return False
        except ResponseUnknown:
            pass
        # What was answered to that does not matter (a repeat is a 400): what counts is what the provider holds now.
        try:
            reply = self.wire.get(f"{_SCHEDULED}/{quote(schedule_id, safe='')}", self.headers)
        except (RequestNotSent, ResponseUnknown):
            return False
        return reply.status == 200 and _shows_cancel(reply, schedule_id)

    def find_in_log(self, attempt: str, emails: Sequence[str]) -> str:
        return "accepted" if find_attempt(self._ask, attempt, emails) else ""

    def probe(self) -> str:
        problem = find_problem(self._ask, self.sender)
        return f"sendgrid {self.host}: {problem}" if problem else ""

    def missing_capabilities(self) -> tuple[str, ...]:
        return find_missing_capabilities(self._ask)

    def list_suppressions(
        self, list: str, since: datetime | None, until: datetime, wait: Wait
    ) -> Iterator[Sequence[SuppressionEntry]]:
        return read_list(self._ask, list, since, until, wait)

    def close(self) -> None:
        self.wire.close()

    def abort(self) -> None:
        self.wire.abort()

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> HttpResponse:
        if method == "GET":
            return self.wire.get(path, self.headers)
        return self.wire.post(path, orjson.dumps(body), self.headers)


def _shows_cancel(reply: HttpResponse, schedule_id: str) -> bool:
    shown = reply.json()
    rows = shown if isinstance(shown, list) else [shown]
    return any(
        isinstance(row, dict) and row.get("batch_id") == schedule_id and row.get("status") == "cancel" for row in rows
    )
