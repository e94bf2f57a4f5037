"""What SendGrid's answers mean for a batch: 202 alone is success, 400 blames somebody, 5xx may have been queued.

Pure, but for the clock that a wait is counted from (https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors).
"""

from __future__ import annotations

import re
from typing import Any

from digest.deliver.message import Outgoing, one_line
from digest.deliver.outcome import Accepted, NotSent, Outcome, Rejected, Split, Unknown
from digest.deliver.reply import HttpResponse

_INDEX = re.compile(r"personalizations[.\[](\d{1,6})")
_RESET = "x-ratelimit-reset"
_STOP = {
    401: "the key is refused (401); check the environment variable that holds it",
    403: "the key may not do this, or the sender is not verified (403); `digest check` says which",
    404: "there is no mail service at this host (404); check delivery.sendgrid.host",
    405: "there is no mail service at this host (405); check delivery.sendgrid.host",
    **dict.fromkeys((406, 411, 414, 415, 431), "it does not take requests of this shape; is a proxy in between?"),
}


def read_reply(reply: HttpResponse, outgoing: Outgoing) -> Outcome:
    """The outcome of a batch for the answer to its request."""
    status, alone = reply.status, len(outgoing.recipients) == 1
    if status == 202 and not reply.is_html:
        return Accepted(reply.headers.get("x-message-id", ""))
    if not_now := refused_outright(reply):
        return not_now
    if status == 400:
        return _refused(reply, outgoing)
    if status == 413:
        said = "sendgrid: the request is too large (413)"
        return (
            NotSent(f"{said} even for one reader: the letter must be shorter", permanent=True) if alone else Split(said)
        )
    said = ", which is no acceptance" if 200 <= status < 300 else ""
    return Unknown(f"sendgrid answered {status}{said}{detail(reply)}")


def refused_outright(reply: HttpResponse) -> NotSent | None:
    """What is said before a request is even looked at, whatever it asks for; None for any other answer."""
    if 300 <= reply.status < 400:
        where = one_line(reply.headers.get("location", "nowhere"))[:200]
        return NotSent(f"sendgrid answered with a redirect to {where}, which is not followed", permanent=True)
    if reply.status in _STOP:
        return NotSent(f"sendgrid: {_STOP[reply.status]}{detail(reply)}", permanent=True)
    if reply.status == 429:
        return NotSent("sendgrid asks to slow down (429)", retry_after=reply.wait(_RESET))
    return None


def _refused(reply: HttpResponse, outgoing: Outgoing) -> Outcome:
    """400: the whole request is refused and nobody was sent to. The letter is to blame for a field that all readers
    share, a reader for a field with their index, and nobody yet where no field is named."""
    if reply.is_html or not reply.whole:
        return NotSent("sendgrid refused the request (400), but its reason did not arrive")
    letter, readers = [], {}
    for error in _errors(reply):
        field, message = str(error.get("field") or ""), one_line(str(error.get("message") or ""))[:300]
        index = _INDEX.search(field)
        if index and int(index[1]) < len(outgoing.recipients):
            readers[outgoing.recipients[int(index[1])].id] = message or "refused by sendgrid"
        elif field and not field.startswith("personalizations"):
            letter.append(f"{one_line(field)[:100]}: {message}")
    if letter:
        return NotSent(f"sendgrid refuses the letter: {'; '.join(letter)[:400]}", permanent=True)
    if readers:
        return Rejected(readers)
    if len(outgoing.recipients) == 1:
        return Rejected({outgoing.recipients[0].id: f"sendgrid refused the request{detail(reply)}"})
    return Split(f"sendgrid refused a batch and named no reader (400){detail(reply)}")


def detail(reply: HttpResponse) -> str:
    """`: ` and what the answer says itself; '' when it says nothing."""
    messages = [one_line(str(error.get("message") or "")) for error in _errors(reply)]
    return f": {'; '.join(message for message in messages if message)[:300]}" if any(messages) else ""


def _errors(reply: HttpResponse) -> list[dict[str, Any]]:
    found = reply.json()
    errors = found.get("errors") if isinstance(found, dict) else None
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
