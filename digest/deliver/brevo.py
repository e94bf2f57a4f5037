"""Send batches by Brevo (https://developers.brevo.com/reference/send-transac-email), and cancel scheduled ones.

A request has up to 1,000 message versions with one recipient each
(https://developers.brevo.com/docs/batch-send-transactional-emails). Personal values are `params`, which Brevo puts into
subject, text and HTML as `{{params.name}}`; it escapes them for HTML itself. Personal headers are written out.

Brevo sends a header value that is not ASCII as raw bytes, and decodes encoded words before that (django-anymail,
backends/brevo.py). So every header here is ASCII, and List-Id contains the list's name only if that is ASCII. A
sender's name that is not ASCII is dropped if it has a comma or a similar character, so those are left out.

An idempotency key makes a repetition harmless for a quarter of an hour. It consists of values that stay the same when
an interrupted run is repeated (ledger, edition, batch), without the attempt. Brevo compares only the key, so it also
recognises a batch from which somebody unsubscribed in between.

A scheduled attempt has an id of ours by which it can be cancelled. Its key contains that id, because a batch that is
sent again after a cancellation must not be recognised. Therefore a scheduled attempt of an interrupted run is
cancelled, not repeated.

A call is accepted or refused as a whole (https://developers.brevo.com/docs/how-it-works). 201 and 202 accept it. A
repetition of an accepted call gets a 400 that names the idempotency key, which means accepted too.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from digest.deliver.api import ApiTransport, cannot_encode
from digest.deliver.http_client import HttpResponse, RequestNotSent, ResponseUnknown
from digest.deliver.outcome import Accepted, NotSent, Outcome, Rejected, Split, Unknown
from digest.deliver.ports import RecipientLog, Recovery
from digest.mail.headers import common_headers
from digest.mail.message import (
    Outgoing,
    Recipient,
    Sender,
    invalid_recipients,
    list_headers,
    substitute,
    without_controls,
)
from digest.models import PLACEHOLDERS, RenderedEmail, split_variant

_SEND = "/v3/smtp/email"
# Seconds before a call without an answer is repeated with its key.
_PAUSES = (0.5, 2.0)
# The last repetition begins at most this many seconds after the first call, so that it ends in time.
_REPEAT_WITHIN = 60.0
_NAMESPACE = uuid.UUID("1d8ce1a5-51f5-4c3f-a0c8-f2a5bf5c6a0e")
# A warning is shown if fewer emails are left.
_FEW_CREDITS = 1000


class Brevo(ApiTransport):
    """Brevo's API. `realm` names the ledger: two newsletters that share an account must not share keys."""

    name = "brevo"
    recovery: Recovery = "redo"
    # Brevo documents no deadline. This is SendGrid's, with time for the request.
    cancel_deadline = timedelta(minutes=12)
    # Brevo allows a hundred calls an hour to this endpoint on most plans; half are left to others.
    max_open_cancellations = 50

    def __init__(
        self,
        key: str,
        *,
        host: str,
        realm: str,
        sender: str,
        timeout: float = 30.0,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self.headers = {
            "api-key": key,
            "User-Agent": "hindi-digest",
            "Accept": "application/json",
            "Content-Type": "application/json; charset=utf-8",
        }
        super().__init__(host=host, sender=sender, timeout=timeout)
        self.realm = realm
        self.pause = pause or self.http.registry.pause

    def submit(self, outgoing: Outgoing, log: RecipientLog) -> Outcome:
        if invalid := invalid_recipients(outgoing.recipients):
            return Rejected(invalid)
        if outgoing.images:
            hint = "set `theme.images` to `pages`, or `theme.max_images` to 0"
            return NotSent(f"brevo cannot show attached images in an email; {hint}", permanent=True)
        try:
            body = request_body(outgoing, self._key(outgoing))
        except TypeError as error:
            return cannot_encode(error)
        began = time.monotonic()
        unknown: Unknown | None = None
        pauses = iter(_PAUSES)
        while True:
            response = self._post(_SEND, body, self.headers)
            outcome = read_response(response, outgoing.recipients) if isinstance(response, HttpResponse) else response
            if isinstance(outcome, Unknown):
                unknown = outcome
            elif unknown is None or isinstance(outcome, Accepted):
                return outcome
            # A refusal does not reveal the outcome of an earlier call without a response.
            pause = next(pauses, None)
            if pause is None or log.should_stop() or time.monotonic() - began + pause > _REPEAT_WITHIN:
                return unknown
            self.pause(pause)

    def new_schedule_id(self) -> str | NotSent:
        """Return a new id of ours, which Brevo accepts."""
        return str(uuid.uuid4())

    def cancel(self, schedule_id: str) -> bool:
        """Cancel a scheduled call. Brevo confirms only known ids: a call with an unknown id may still arrive."""
        try:
            response = self.http.delete(f"{_SEND}/{quote(schedule_id, safe='')}", self.headers)
        except (RequestNotSent, ResponseUnknown):
            return False
        return response.status == 204

    def find_in_log(self, attempt: str, emails: Sequence[str]) -> bool:  # noqa: ARG002
        """Whether the log shows the attempt. One email proves that the whole call was accepted."""
        try:
            response = self._get(f"/v3/smtp/statistics/events?tags={quote(attempt, safe='')}&limit=10")
        except (RequestNotSent, ResponseUnknown):
            return False
        return any(
            attempt in (row.get("tag"), *_as_list(row.get("tags"))) and row.get("event") != "error"
            for row in response.rows("events")
        )

    def missing_capabilities(self) -> tuple[str, ...]:
        try:
            left = _credits(self._get("/v3/account").found())
        except (RequestNotSent, ResponseUnknown):
            # `probe` reports this error.
            return ()
        if left is None or left >= _FEW_CREDITS:
            return ()
        return (f"brevo: {left:,} emails are left in the account's plan",)

    def _find_problem(self) -> str | None:
        response = self._get("/v3/account")
        account = response.found()
        if not account:
            refusal = refused_outright(response)
            if refusal is not None:
                return refusal.reason.removeprefix("brevo: ")
            return f"the account was answered with {response.status}{detail(response)}"
        relay = account.get("relay")
        if isinstance(relay, dict) and relay.get("enabled") is False:
            return "the account may not send transactional email yet; ask Brevo to activate it"
        if _credits(account) == 0:
            return "the account has no credits left"
        if self._is_verified() is False:
            return f"neither the sender {self.sender} nor its domain is verified (Settings, Senders & domains)"
        return None

    def _is_verified(self) -> bool | None:
        """Whether the sender is verified; None if the key may not read the lists."""
        domain, found = self.sender.rpartition("@")[2].lower(), False
        for path, name, address, flag in (
            ("/v3/senders/domains", "domains", "domain_name", "authenticated"),
            ("/v3/senders", "senders", "email", "active"),
        ):
            response = self._get(path)
            if response.status != 200:
                return None
            verified = [str(row.get(address, "")).lower() for row in response.rows(name) if row.get(flag)]
            found = found or domain in verified or self.sender.lower() in verified
        return found

    def _key(self, outgoing: Outgoing) -> str:
        # A test is not a batch of the ledger, and has a separate name.
        parts = [self.realm, outgoing.edition, outgoing.batch, outgoing.schedule_id or ""]
        # A corrected email is not a repetition of the earlier one. A batch that may have been sent is repeated
        # unchanged.
        if (revision := split_variant(outgoing.email.variant)[1]) > 1:
            parts.append(f"revision {revision}")
        return str(uuid.uuid5(_NAMESPACE, "\0".join(parts)))

    def _get(self, path: str) -> HttpResponse:
        return self.http.get(path, self.headers)


def _credits(account: dict[str, Any]) -> int | None:
    """Return the number of emails left in the plan; None if it is unlimited or unknown."""
    plan = account.get("plan")
    left = [
        row["credits"]
        for row in (plan if isinstance(plan, list) else [])
        if isinstance(row, dict)
        and row.get("creditsType") == "sendLimit"
        and row.get("type") != "sms"
        and isinstance(row.get("credits"), int | float)
    ]
    return int(sum(left)) if left else None


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


# Placeholder of ours → name of the parameter that has its value.
_PARAMETERS = {
    PLACEHOLDERS["email_html"]: "email",
    PLACEHOLDERS["email_text"]: "email",
    PLACEHOLDERS["unsubscribe"]: "leave",
    PLACEHOLDERS["preferences"]: "preferences",
    PLACEHOLDERS["view"]: "view",
}
_TAGS = {placeholder: f"{{{{params.{name}}}}}" for placeholder, name in _PARAMETERS.items()}
# Brevo's limit for the sender's name.
_MAX_NAME = 70
_SPECIALS = re.compile(r"[,;:<>@()\[\]\"\\]+")


def request_body(outgoing: Outgoing, key: str) -> bytes:
    """Return the request, with an idempotency key (a UUID). `messageVersions` are in the order of the recipients.

    Raises TypeError for an email that is not valid Unicode (half of a surrogate pair).
    """
    sender, email = outgoing.sender, outgoing.email
    headers = common_headers(sender, outgoing.edition, email.variant)
    if not sender.list_name.isascii():
        headers["List-Id"] = f"<{sender.list_id}>"
    request: dict[str, Any] = {
        "sender": {"email": sender.email, **({"name": name} if (name := _name(sender)) else {})},
        "subject": without_controls(substitute(email.subject, _TAGS)),
        # Brevo reads the key here, and nowhere else (github.com/getbrevo/brevo-node/issues/94).
        "headers": {**headers, "idempotencyKey": key},
        # The log can be searched for it.
        "tags": [outgoing.attempt, "digest"],
        "messageVersions": [_version(outgoing, recipient) for recipient in outgoing.recipients],
        **_contents(email),
    }
    if sender.reply_to:
        request["replyTo"] = {"email": sender.reply_to}
    if outgoing.schedule_id and outgoing.send_at:
        request["batchId"] = outgoing.schedule_id
        request["scheduledAt"] = datetime.fromtimestamp(outgoing.send_at, UTC).isoformat()
    return orjson.dumps(request)


@lru_cache(maxsize=16)
def _contents(email: RenderedEmail) -> dict[str, str]:
    """Return the text and HTML. Brevo refuses an email without HTML, so a text email gets its text as HTML."""
    html = email.html or f'<div style="white-space:pre-wrap">{escape(email.text)}</div>'
    return {"textContent": substitute(email.text, _TAGS), "htmlContent": substitute(html, _TAGS)}


def _version(outgoing: Outgoing, recipient: Recipient) -> dict[str, Any]:
    return {
        "to": [{"email": recipient.email}],
        "params": {
            "email": recipient.email,
            "leave": recipient.unsubscribe_token,
            "preferences": recipient.preferences_token,
            "view": recipient.view_token,
        },
        "headers": {
            **list_headers(recipient),
            # Returned in every event.
            "X-Mailin-custom": urlencode(
                {"dg_edition": outgoing.edition, "dg_delivery": recipient.id, "dg_attempt": outgoing.attempt}
            ),
        },
    }


def _name(sender: Sender) -> str:
    name = without_controls(sender.name)
    return (name if name.isascii() else " ".join(_SPECIALS.sub(" ", name).split()))[:_MAX_NAME].strip()


_PERMANENT = {
    401: "the key is refused, or this machine's address is not authorised at Brevo (401); check the environment "
    "variable that holds the key",
    402: "the account has no credits left (402)",
    403: "the account may not send (403); `digest check` says more",
    404: "there is no mail service at this host (404); check delivery.brevo.host",
    405: "there is no mail service at this host (405); check delivery.brevo.host",
}
# Codes of errors that no recipient causes, whatever the status.
_ACCOUNT = ("unauthorized", "not_enough_credits", "permission_denied", "account_under_validation", "not_acceptable")
# Parts of the email that all recipients share, as error messages name them.
_EMAIL = re.compile(
    r"\b(?:sender|subject|html_?content|text_?content|reply_?to|headers?|scheduled_?at|batch_?id|tags?)\b", re.I
)
# An address within a message.
_ADDRESS = re.compile(r"[^\s\"'<>,;:()\[\]]+@[^\s\"'<>,;:()\[\]]*[^\s\"'<>,;:()\[\].]")
# Statuses of a request that may be running or repeated.
_IN_DOUBT = (408, 409, 425)
# Seconds.
_MIN_WAIT, _MAX_WAIT = 1.0, 3600.0
_SECONDS = re.compile(r"[0-9]{1,7}(?:\.[0-9]+)?\Z")


def read_response(response: HttpResponse, recipients: Sequence[Recipient]) -> Outcome:
    """Return the outcome of a batch. It is Unknown if only a repetition with the same key can show it."""
    status = response.status
    reason = f"brevo answered {status}{detail(response)}"
    if status in (201, 202) and not response.is_html:
        return _read_success(response, recipients) or Unknown(f"{reason}, and not for every recipient")
    if refusal := refused_outright(response):
        return refusal
    if status == 413:
        return Split(reason) if len(recipients) > 1 else NotSent(reason, permanent=True)
    if status == 400:
        return _read_error(response, recipients, reason)
    if 400 < status < 500 and status not in _IN_DOUBT:
        return NotSent(reason)
    return Unknown(reason)


def refused_outright(response: HttpResponse) -> NotSent | None:
    """Return the outcome if Brevo refused the request before it looked at its recipients; else None."""
    status = response.status
    if 300 <= status < 400:
        return NotSent(f"brevo answered with a redirect ({status}), which is not followed", permanent=True)
    if status == 429:
        return NotSent(f"brevo asks to slow down (429){detail(response)}", retry_after=_wait(response))
    if status in _PERMANENT:
        return NotSent(f"brevo: {_PERMANENT[status]}{detail(response)}", permanent=True)
    if 400 <= status < 500 and (response.is_html or response.field("code") in _ACCOUNT):
        return NotSent(f"brevo answered {status}{detail(response)}", permanent=True)
    return None


def detail(response: HttpResponse) -> str:
    """Return `: ` and the error message of the response, if it has one, or that it is a web page."""
    if response.is_html:
        return ": a web page, not an API"
    words = (without_controls(response.field(name) or "")[:300] for name in ("code", "message"))
    found = ": ".join(word for word in words if word)
    return f": {found}" if found else ""


def _read_success(response: HttpResponse, recipients: Sequence[Recipient]) -> Accepted | None:
    """Read a 201 or 202. None if there is not an id for every recipient."""
    found = response.json() if response.complete else None
    if not isinstance(found, dict):
        return None
    many, single = found.get("messageIds"), found.get("messageId")
    ids = many if isinstance(many, list) else [single] if isinstance(single, str) else []
    return Accepted(without_controls(str(ids[0]))[:200]) if ids and len(ids) == len(recipients) else None


def _read_error(response: HttpResponse, recipients: Sequence[Recipient], reason: str) -> Outcome:
    """Read a 400: the call was refused, unless it was accepted before under the same key. It names no recipient."""
    code, message = response.field("code"), response.field("message")
    if code is None or message is None or not response.complete:
        # It may be the response to a repeated call. Each error of Brevo has a code, so this one is perhaps a proxy's.
        return Unknown(f"{reason}, and the rest of it did not arrive")
    if code == "duplicate_parameter" and "idempotency" in message.lower():
        return Accepted()
    text = without_controls(message)[:300]
    if _EMAIL.search(_ADDRESS.sub("", message)):
        return NotSent(f"brevo refuses the email: {text}", permanent=True)
    named = {address.lower() for address in _ADDRESS.findall(message)}
    if rejected := [recipient.id for recipient in recipients if recipient.email.lower() in named]:
        return Rejected(dict.fromkeys(rejected, text))
    if len(recipients) == 1:
        return Rejected({recipients[0].id: text or "refused by brevo"})
    return Split(reason)


def _wait(response: HttpResponse) -> float:
    """Return the seconds to wait. Brevo's own header contains seconds, not a time."""
    given = response.headers.get("x-sib-ratelimit-reset", "").strip()
    if _SECONDS.match(given):
        return min(max(float(given), _MIN_WAIT), _MAX_WAIT)
    return response.retry_after() or _MIN_WAIT
