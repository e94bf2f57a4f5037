"""Send batches by SendGrid's v3 API, schedule and cancel them, and query the log and the suppression lists.

The `sendgrid` package configures host, authorization and user agent. Requests go through `HttpClient`, because
the package's own client follows redirects with the key, has no timeout, and cannot distinguish a request that was not
sent from one without a response.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import orjson

from digest.deliver.http_client import HttpClient, HttpResponse, RequestNotSent, ResponseUnknown
from digest.deliver.outcome import NotSent, Outcome, Rejected, Unknown
from digest.deliver.ports import RecipientLog, Recovery, SuppressionEntry, Wait
from digest.deliver.sendgrid.payload import request_body
from digest.deliver.sendgrid.probe import find_attempt, find_missing_capabilities, find_problem
from digest.deliver.sendgrid.responses import detail, read_response, refused_outright
from digest.deliver.sendgrid.suppressions import LISTS, read_list
from digest.mail.message import Outgoing, invalid_recipients

_SEND = "/v3/mail/send"
_BATCH = "/v3/mail/batch"
_SCHEDULED = "/v3/user/scheduled_sends"
_ID = re.compile(r"[A-Za-z0-9_.=-]{1,200}\Z")


class SendGrid:
    """`host` is the API's root, and `sender` the From address that `probe` checks.

    SendGrid has no idempotency keys. An interrupted attempt is unknown, and is cancelled if it was scheduled.
    """

    name = "sendgrid"
    recovery: Recovery = "hold"
    # SendGrid accepts cancellations until ten minutes before the send time
    # (https://www.twilio.com/docs/sendgrid/api-reference/cancel-scheduled-sends). Two minutes are for the request.
    cancel_deadline = timedelta(minutes=12)
    max_open_cancellations = 10
    lists = tuple(LISTS)

    def __init__(
        self, key: str, *, host: str, sender: str = "probe@example.com", timeout: float = 30.0, tracking: bool = False
    ) -> None:
        # Imported here, because other transports do not need it.
        from sendgrid import SendGridAPIClient

        client = SendGridAPIClient(key, host=host).client
        self.headers = {
            name: value
            for name, value in client.request_headers.items()
            if name.lower() in ("authorization", "user-agent", "accept")
        }
        self.headers["Content-Type"] = "application/json; charset=utf-8"
        self.host, self.sender, self.tracking = host, sender, tracking
        self.http = HttpClient(client.host, timeout=timeout)

    # All transports have the same signature.
    def submit(self, outgoing: Outgoing, log: RecipientLog) -> Outcome:  # noqa: ARG002
        if invalid := invalid_recipients(outgoing.recipients):
            return Rejected(invalid)
        try:
            body = request_body(outgoing, tracking=self.tracking)
        except TypeError as error:
            # Half of a surrogate pair.
            return NotSent(f"cannot encode the email as JSON: {error}", permanent=True)
        try:
            response = self.http.post(_SEND, body, self.headers)
        except RequestNotSent as error:
            return NotSent(f"sendgrid {self.host}: {error}")
        except ResponseUnknown as error:
            return Unknown(f"sendgrid {self.host}: no complete response: {error}")
        return read_response(response, outgoing)

    def new_schedule_id(self) -> str | NotSent:
        try:
            response = self.http.post(_BATCH, b"", self.headers)
        except (RequestNotSent, ResponseUnknown) as error:
            # An unused id does no harm.
            return NotSent(f"sendgrid {self.host}: no batch id: {error}")
        if response.status != 201:
            return refused_outright(response) or NotSent(
                f"sendgrid returned no batch id ({response.status}){detail(response)}"
            )
        schedule_id = response.field("batch_id")
        if schedule_id is None or not _ID.match(schedule_id):
            return NotSent("sendgrid returned no batch id: the response contains none")
        return schedule_id

    def cancel(self, schedule_id: str) -> bool:
        """Cancel for good: deleting a cancellation would release the emails."""
        try:
            self.http.post(_SCHEDULED, orjson.dumps({"batch_id": schedule_id, "status": "cancel"}), self.headers)
        except RequestNotSent:
            return False
        except ResponseUnknown:
            pass
        # The response does not matter (repeating a cancellation is a 400). What counts is what the provider has now.
        try:
            response = self.http.get(f"{_SCHEDULED}/{quote(schedule_id, safe='')}", self.headers)
        except (RequestNotSent, ResponseUnknown):
            return False
        return response.status == 200 and _is_cancelled(response, schedule_id)

    def find_in_log(self, attempt: str, emails: Sequence[str]) -> bool:
        return find_attempt(self._ask, attempt, emails)

    def probe(self) -> str | None:
        problem = find_problem(self._ask, self.sender)
        return f"sendgrid {self.host}: {problem}" if problem else None

    def missing_capabilities(self) -> tuple[str, ...]:
        return find_missing_capabilities(self._ask)

    def list_suppressions(
        self, list: str, since: datetime | None, until: datetime, wait: Wait
    ) -> Iterator[Sequence[SuppressionEntry]]:
        return read_list(self._ask, list, since, until, wait)

    def close(self) -> None:
        self.http.close()

    def abort(self) -> None:
        self.http.abort()

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> HttpResponse:
        if method == "GET":
            return self.http.get(path, self.headers)
        return self.http.post(path, orjson.dumps(body), self.headers)


def _is_cancelled(response: HttpResponse, schedule_id: str) -> bool:
    found = response.json()
    rows = found if isinstance(found, list) else [found]
    return any(
        isinstance(row, dict) and row.get("batch_id") == schedule_id and row.get("status") == "cancel" for row in rows
    )
