"""Translate SendGrid's responses into outcomes (https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors).

Only 202 is success, 400 names what is invalid, and 5xx may have been queued. Pure, except for the clock that
`retry_after` counts from.
"""

from __future__ import annotations

import re
from typing import Any

from digest.deliver.http_client import HttpResponse
from digest.deliver.outcome import Accepted, NotSent, Outcome, Rejected, Split, Unknown
from digest.mail.message import Outgoing, without_controls

_INDEX = re.compile(r"personalizations[.\[](\d{1,6})")
_RESET_HEADER = "x-ratelimit-reset"
_PERMANENT = {
    401: "the key is refused (401); check the environment variable that holds it",
    403: "the key lacks a permission, or the sender is not verified (403); `digest check` says which",
    404: "there is no mail service at this host (404); check delivery.sendgrid.host",
    405: "there is no mail service at this host (405); check delivery.sendgrid.host",
    **dict.fromkeys((406, 411, 414, 415, 431), "it does not accept this kind of request; is there a proxy in between?"),
}


def read_response(response: HttpResponse, outgoing: Outgoing) -> Outcome:
    """Return the outcome of a batch, from the response to its request."""
    status, is_single = response.status, len(outgoing.recipients) == 1
    if status == 202 and not response.is_html:
        return Accepted(response.headers.get("x-message-id"))
    if refusal := refused_outright(response):
        return refusal
    if status == 400:
        return _read_errors(response, outgoing)
    if status == 413:
        reason = "sendgrid: the request is too large (413)"
        if is_single:
            return NotSent(f"{reason} even for one recipient: the email must be shorter", permanent=True)
        return Split(reason)
    remark = ", which is not an acceptance" if 200 <= status < 300 else ""
    return Unknown(f"sendgrid answered {status}{remark}{detail(response)}")


def refused_outright(response: HttpResponse) -> NotSent | None:
    """Return the outcome if the request was refused before it was looked at; None for any other response."""
    if 300 <= response.status < 400:
        where = without_controls(response.headers.get("location", "nowhere"))[:200]
        return NotSent(f"sendgrid answered with a redirect to {where}, which is not followed", permanent=True)
    if response.status in _PERMANENT:
        return NotSent(f"sendgrid: {_PERMANENT[response.status]}{detail(response)}", permanent=True)
    if response.status == 429:
        return NotSent("sendgrid asks to slow down (429)", retry_after=response.retry_after(_RESET_HEADER))
    return None


def _read_errors(response: HttpResponse, outgoing: Outgoing) -> Outcome:
    """Return the outcome of a 400: the request was refused, and nobody was sent to.

    A field that all recipients share is a fault of the email, and one with an index a fault of that recipient. If no
    field is named, the batch must be split.
    """
    if response.is_html or not response.complete:
        return NotSent("sendgrid refused the request (400), but the reason did not arrive")
    email, recipients = [], {}
    for error in _errors(response):
        field, message = str(error.get("field") or ""), without_controls(str(error.get("message") or ""))[:300]
        index = _INDEX.search(field)
        if index and int(index[1]) < len(outgoing.recipients):
            recipients[outgoing.recipients[int(index[1])].id] = message or "refused by sendgrid"
        elif field and not field.startswith("personalizations"):
            email.append(f"{without_controls(field)[:100]}: {message}")
    if email:
        return NotSent(f"sendgrid refuses the email: {'; '.join(email)[:400]}", permanent=True)
    if recipients:
        return Rejected(recipients)
    if len(outgoing.recipients) == 1:
        return Rejected({outgoing.recipients[0].id: f"sendgrid refused the request{detail(response)}"})
    return Split(f"sendgrid refused a batch and named no recipient (400){detail(response)}")


def detail(response: HttpResponse) -> str:
    """Return `: ` and the error messages of the response, if it has any, or that it is a web page."""
    if response.is_html:
        return ": a web page, not an API"
    messages = [without_controls(str(error.get("message") or "")) for error in _errors(response)]
    return f": {'; '.join(message for message in messages if message)[:300]}" if any(messages) else ""


def _errors(response: HttpResponse) -> list[dict[str, Any]]:
    errors = response.json_object().get("errors")
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
