"""One batch as the JSON of SendGrid's v3 Mail Send (https://www.twilio.com/docs/sendgrid/api-reference/mail-send).

Pure. Up to 1,000 personalizations, one `to` each; what is personal in the letter goes in by substitutions, what is
personal in headers is written out per reader, for substitutions do not reach headers.
"""

from __future__ import annotations

import base64
from typing import Any

from digest.deliver.headers import encode_address
from digest.deliver.message import Outgoing, Recipient, list_headers, one_line
from digest.deliver.mime import file_name
from digest.models import Inline

_ONE_CLICK = "List-Unsubscribe-Post"


def payload(outgoing: Outgoing) -> dict[str, Any]:
    """The request body. Order of `personalizations` is the order of the recipients: an error names the index."""
    letter, sender = outgoing.letter, outgoing.sender
    content = [{"type": "text/plain", "value": letter.text}]
    if letter.html:
        content.append({"type": "text/html", "value": letter.html})
    headers = {
        "List-Id": " ".join(encode_address(sender.list_name, sender.list_id)),
        "Precedence": "bulk",
        "Auto-Submitted": "auto-generated",
    }
    if all(_ONE_CLICK in list_headers(reader) for reader in outgoing.recipients):
        headers[_ONE_CLICK] = "List-Unsubscribe=One-Click"
    request: dict[str, Any] = {
        "personalizations": [_personalization(reader) for reader in outgoing.recipients],
        "from": {"email": sender.email, **({"name": one_line(sender.name)} if sender.name else {})},
        "subject": one_line(letter.subject),
        "content": content,
        "headers": headers,
        # Flattened into every event: prefixed, so that no name of SendGrid's own wins over ours.
        "custom_args": {
            "dg_edition": outgoing.edition,
            "dg_batch": outgoing.batch,
            "dg_attempt": outgoing.attempt,
        },
        "categories": ["digest"],
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
            # If it is on for the account, SendGrid adds a footer and a List-Unsubscribe of its own.
            "subscription_tracking": {"enable": False},
        },
    }
    if outgoing.pictures:
        request["attachments"] = [_attachment(picture) for picture in outgoing.pictures]
    if outgoing.fence:
        request |= {"batch_id": outgoing.fence, "send_at": outgoing.send_at}
    if sender.reply_to:
        request["reply_to"] = {"email": sender.reply_to}
    return request


def _attachment(picture: Inline) -> dict[str, str]:
    """A picture that the HTML shows: once in a request, whatever the number of its readers."""
    return {
        "content": base64.b64encode(picture.data).decode("ascii"),
        "type": picture.type,
        "filename": file_name(picture),
        "disposition": "inline",
        "content_id": picture.cid,
    }


def _personalization(reader: Recipient) -> dict[str, Any]:
    return {
        "to": [{"email": reader.email}],
        "substitutions": dict(reader.values),
        "headers": {"List-Unsubscribe": list_headers(reader)["List-Unsubscribe"]},
        "custom_args": {"dg_delivery": str(reader.id)},
    }
