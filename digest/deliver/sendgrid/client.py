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

from digest.deliver.api import ApiTransport, cannot_encode
from digest.deliver.http_client import HttpResponse, RequestNotSent, ResponseUnknown
from digest.deliver.outcome import NotSent, Outcome, Rejected
from digest.deliver.ports import RecipientLog, Recovery, SuppressionEntry, Wait
from digest.deliver.sendgrid.payload import request_body
from digest.deliver.sendgrid.responses import detail, read_response, refused_outright
from digest.deliver.sendgrid.suppressions import LISTS, read_list
from digest.mail.message import Outgoing, invalid_recipients

_SEND = "/v3/mail/send"
_BATCH = "/v3/mail/batch"
_SCHEDULED = "/v3/user/scheduled_sends"
_SCHEDULING_SCOPES = ("mail.batch.create", "user.scheduled_sends.create", "user.scheduled_sends.read")
_PAGE = 200
# Of a batch, by which it is looked for in the log.
_MAX_ADDRESSES = 5
# Messages to one address, newest first.
_MAX_MESSAGES = 10
_ID = re.compile(r"[A-Za-z0-9_.=-]{1,200}\Z")


class SendGrid(ApiTransport):
    """SendGrid's API. It has no idempotency keys: an interrupted attempt is unknown, and cancelled if scheduled."""

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
        super().__init__(host=host, sender=sender, timeout=timeout)
        self.tracking = tracking

    # All transports have the same signature.
    def submit(self, outgoing: Outgoing, log: RecipientLog) -> Outcome:  # noqa: ARG002
        if invalid := invalid_recipients(outgoing.recipients):
            return Rejected(invalid)
        try:
            body = request_body(outgoing, tracking=self.tracking)
        except TypeError as error:
            return cannot_encode(error)
        response = self._post(_SEND, body, self.headers)
        return read_response(response, outgoing) if isinstance(response, HttpResponse) else response

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
        """Whether the email log shows a message of this attempt to one of the first few addresses.

        The log (https://www.twilio.com/docs/sendgrid/api-reference/email-logs) is searched by address; a message's
        details contain our ids. One message proves that its whole request was accepted.
        """
        try:
            for email in emails[:_MAX_ADDRESSES]:
                quotation = '"' if "'" in email else "'"
                if quotation in email:
                    continue
                query = f"to_email = {quotation}{email}{quotation} AND categories IN ('digest')"
                found = self._ask("POST", "/v3/logs", {"query": query, "limit": _MAX_MESSAGES}).json_object()
                for row in _objects(found.get("messages")):
                    # A cancelled message is shown as dropped, which does not prove that anyone gets it.
                    if row.get("status") == "dropped" or str(row.get("to_email", "")).casefold() != email.casefold():
                        continue
                    if self._is_of_attempt(str(row.get("sg_message_id", "")), attempt):
                        return True
        except (RequestNotSent, ResponseUnknown):
            pass
        return False

    def missing_capabilities(self) -> tuple[str, ...]:
        missing = []
        try:
            scopes = _scopes(self._ask("GET", "/v3/scopes", None))
            lacking = [scope for scope in _SCHEDULING_SCOPES if scope not in scopes]
            if scopes and lacking:
                effect = "batches whose outcome is unknown cannot be cancelled and are held"
                missing.append(f"sendgrid: the key lacks {', '.join(lacking)}: {effect}")
            if scopes and not any(scope.startswith("suppression.") for scope in scopes):
                missing.append("sendgrid: the key lacks suppression.read: suppression lists cannot be synced every day")
            if self._ask("POST", "/v3/logs", {"limit": 1}).status in (401, 403):
                missing.append("sendgrid: the key may not read the email log: unknown attempts cannot be looked up")
        except (RequestNotSent, ResponseUnknown):
            # `probe` reports this error.
            pass
        return tuple(missing)

    def list_suppressions(
        self, list: str, since: datetime | None, until: datetime, wait: Wait
    ) -> Iterator[Sequence[SuppressionEntry]]:
        return read_list(self._ask, list, since, until, wait)

    def _find_problem(self) -> str | None:
        response = self._ask("GET", "/v3/scopes", None)
        if response.status == 401:
            hint = "or it belongs to an account of another region (delivery.sendgrid.host)"
            return f"the key is refused (401): the environment variable holds a wrong one, {hint}{detail(response)}"
        if response.status == 429 or 300 <= response.status < 400 or response.status >= 500:
            return _describe_unexpected(response)
        scopes = _scopes(response)
        if scopes and "mail.send" not in scopes:
            return "the key may not send: it lacks the scope mail.send"
        response = self._ask("POST", _SEND, _sandbox_request(self.sender))
        if response.status == 202:
            return "the host accepted a sandbox request as a real one, so it is not SendGrid's"
        if response.status != 200 or response.is_html:
            return _describe_unexpected(response)
        if self._is_verified() is False:
            return f"neither the sender {self.sender} nor its domain is verified (Settings, Sender Authentication)"
        return None

    def _is_verified(self) -> bool | None:
        """Whether the sender is verified; None if the key may not read a list, or a list has more than one page."""
        sender, domain = self.sender.lower(), self.sender.rpartition("@")[2].lower()
        is_complete = True
        for path, name, flag in (
            (f"/v3/whitelabel/domains?limit={_PAGE}&domain={quote(domain)}", "domain", "valid"),
            (f"/v3/verified_senders?limit={_PAGE}", "from_email", "verified"),
        ):
            response = self._ask("GET", path, None)
            found = response.json() if response.status == 200 else None
            rows = found.get("results") if isinstance(found, dict) else found
            if not isinstance(rows, list) or len(rows) >= _PAGE:
                is_complete = False
                continue
            verified = [str(row.get(name, "")).lower() for row in _objects(rows) if row.get(flag)]
            if any(each in (domain, sender) or (name == "domain" and domain.endswith(f".{each}")) for each in verified):
                return True
        return False if is_complete else None

    def _is_of_attempt(self, message: str, attempt: str) -> bool:
        arguments = self._ask("GET", f"/v3/logs/{quote(message, safe='')}", None).found().get("custom_args")
        return isinstance(arguments, dict) and arguments.get("dg_attempt") == attempt

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> HttpResponse:
        if method == "GET":
            return self.http.get(path, self.headers)
        return self.http.post(path, orjson.dumps(body), self.headers)


def _is_cancelled(response: HttpResponse, schedule_id: str) -> bool:
    found = response.json()
    rows = _objects(found if isinstance(found, list) else [found])
    return any(row.get("batch_id") == schedule_id and row.get("status") == "cancel" for row in rows)


def _objects(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _scopes(response: HttpResponse) -> frozenset[str]:
    """Return the key's permissions; empty if they are not known."""
    scopes = response.found().get("scopes")
    return frozenset(scope for scope in scopes if isinstance(scope, str)) if isinstance(scopes, list) else frozenset()


def _sandbox_request(sender: str) -> dict[str, Any]:
    """Return the smallest complete request, to ourselves, in sandbox mode, which sends nothing."""
    return {
        "personalizations": [{"to": [{"email": sender}]}],
        "from": {"email": sender},
        "subject": "digest check",
        "content": [{"type": "text/plain", "value": "digest check"}],
        "mail_settings": {"sandbox_mode": {"enable": True}},
    }


def _describe_unexpected(response: HttpResponse) -> str:
    if response.status == 403:
        # Neither the scopes nor the list of senders said which of the two it is.
        return f"the key may not send, or the sender is not verified (403); see Settings at SendGrid{detail(response)}"
    refusal = refused_outright(response)
    if refusal is not None:
        return refusal.reason.removeprefix("sendgrid: ")
    return f"a sandbox request was answered with {response.status}{detail(response)}"
