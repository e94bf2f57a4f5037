"""Encode one batch as JSON for Brevo's batch send (https://developers.brevo.com/docs/batch-send-transactional-emails).

A request has up to 1,000 message versions with one recipient each. Personal values are `params`, which Brevo puts into
subject, text and HTML as `{{params.name}}`; it escapes them for HTML itself. Personal headers are written out.

Brevo sends a header value that is not ASCII as raw bytes, and decodes encoded words before that (django-anymail,
backends/brevo.py). So every header here is ASCII, and List-Id contains the list's name only if that is ASCII. A
sender's name that is not ASCII is dropped if it has a comma or a similar character, so those are left out.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import urlencode

import orjson

from digest.mail.headers import common_headers
from digest.mail.message import Outgoing, Recipient, Sender, list_headers, substitute, without_controls
from digest.models import PLACEHOLDERS, RenderedEmail

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
