"""Translate Brevo's responses into outcomes (https://developers.brevo.com/docs/how-it-works).

A call is accepted or refused as a whole. 201 and 202 accept it. A repetition of an accepted call gets a 400 that names
the idempotency key, which means accepted too. Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from digest.deliver.http_client import HttpResponse
from digest.deliver.outcome import Accepted, NotSent, Outcome, Rejected, Split, Unknown
from digest.mail.message import Recipient, without_controls

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
    """Return the outcome if the request was refused before its recipients were looked at; else None."""
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
