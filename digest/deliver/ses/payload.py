"""Encode one call of SES's bulk send as JSON
(https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendBulkEmail.html).

A call has at most 50 entries with one recipient each, and a template within the request. Personal values are template
data, personal headers are written out. SES escapes nothing in HTML, so the values for HTML are escaped here. It
silently drops an email if a name in the template has no value, so every entry contains all values, and so do the
defaults.

Feedback-ID is left to SES, which sets its own.
"""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from html import escape
from typing import Any

import orjson

from digest.mail.headers import ONE_CLICK, common_headers, encode_address
from digest.mail.message import Outgoing, Recipient, list_headers, substitute, without_controls
from digest.mail.mime import file_name
from digest.models import PLACEHOLDERS, RenderedEmail

# Placeholder of ours → name of the value. SES allows letters only, in templates within a request.
_NAMES = {
    PLACEHOLDERS["email_html"]: "emailHtml",
    PLACEHOLDERS["email_text"]: "emailText",
    PLACEHOLDERS["unsubscribe"]: "leave",
    PLACEHOLDERS["preferences"]: "preferences",
    PLACEHOLDERS["view"]: "view",
}
_TAGS = {placeholder: f"{{{{{name}}}}}" for placeholder, name in _NAMES.items()}
_DEFAULTS = orjson.dumps(dict.fromkeys(_NAMES.values(), "")).decode()
_NOT_IN_TAG = re.compile(r"[^A-Za-z0-9_-]")
_OFF = {"OpenTrackingEnabled": "DISABLED", "ClickTrackingEnabled": "DISABLED"}


class UnsafeTemplate(ValueError):
    """The email contains text that SES would read as template syntax."""


def request_body(outgoing: Outgoing, recipients: tuple[Recipient, ...], configuration_set: str | None) -> bytes:
    """Return the request. Entries are in the order of the recipients, because results have no address.

    Raises UnsafeTemplate, and TypeError for an email that is not valid Unicode (half of a surrogate pair).
    """
    sender, email = outgoing.sender, outgoing.email
    headers = common_headers(sender, outgoing.edition, email.variant)
    template: dict[str, Any] = {
        "TemplateContent": _content(email),
        "TemplateData": _DEFAULTS,
        "Headers": _headers({name: headers[name] for name in headers if name not in ("Feedback-ID", ONE_CLICK)}),
    }
    if outgoing.images:
        template["Attachments"] = [
            {
                "RawContent": base64.b64encode(image.data).decode("ascii"),
                "FileName": file_name(image),
                "ContentType": image.type,
                "ContentDisposition": "INLINE",
                "ContentId": image.cid,
                "ContentTransferEncoding": "BASE64",
            }
            for image in outgoing.images
        ]
    request: dict[str, Any] = {
        "FromEmailAddress": " ".join(encode_address(sender.name, sender.email, room=45)),
        "DefaultContent": {"Template": template},
        # Returned in every event.
        "DefaultEmailTags": _tags({"dg_edition": outgoing.edition, "dg_attempt": outgoing.attempt}),
        "BulkEmailEntries": [_entry(recipient) for recipient in recipients],
        "ConfigurationOverrides": {"Tracking": _OFF},
    }
    if sender.reply_to:
        request["ReplyToAddresses"] = [sender.reply_to]
    if configuration_set:
        request["ConfigurationSetName"] = configuration_set
    # As UTF-8: an escaped Devanagari letter takes twice the space, and a request may have one megabyte.
    return orjson.dumps(request)


@lru_cache(maxsize=16)
def _content(email: RenderedEmail) -> dict[str, str]:
    content = {
        "Subject": without_controls(email.subject),
        "Text": email.text,
        **({"Html": email.html} if email.html else {}),
    }
    for name, text in content.items():
        if "{{" in text:
            raise UnsafeTemplate(f"the {name.lower()} of the email contains {{{{, which SES would replace")
        content[name] = substitute(text, _TAGS)
    return content


def _entry(recipient: Recipient) -> dict[str, Any]:
    values = {
        "emailHtml": escape(recipient.email),
        "emailText": recipient.email,
        "leave": recipient.unsubscribe_token,
        "preferences": recipient.preferences_token,
        "view": recipient.view_token,
    }
    return {
        "Destination": {"ToAddresses": [recipient.email]},
        "ReplacementTags": _tags({"dg_delivery": str(recipient.id)}),
        "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": orjson.dumps(values).decode()}},
        "ReplacementHeaders": _headers(list_headers(recipient)),
    }


def _headers(headers: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in headers.items()]


def _tags(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": _NOT_IN_TAG.sub("_", value)} for name, value in values.items()]
