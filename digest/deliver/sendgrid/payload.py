"""Encode one batch as JSON for SendGrid's Mail Send (https://www.twilio.com/docs/sendgrid/api-reference/mail-send).

A request has up to 1,000 personalizations with one `to` each. Personal values in the email are substitutions. Personal
headers are written out for each recipient, because substitutions do not apply to headers. The parts that all batches of
an email share are encoded once, and each recipient is one f-string, because a dict for each would take four times as
long.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape
from typing import Any

import orjson

from digest.mail.headers import common_headers
from digest.mail.message import Outgoing, Recipient, Sender, unsubscribe_uri_prefixes, without_controls
from digest.mail.mime import file_name
from digest.models import PLACEHOLDERS, InlineImage, RenderedEmail

# Characters that an address may contain and that HTML or JSON must escape.
_ESCAPED = frozenset("&<>\"'\\")


def request_body(outgoing: Outgoing, *, tracking: bool = False) -> bytes:
    """Return the request. `personalizations` are in the order of the recipients, because errors name the index.

    With `tracking` the provider reports opens and clicks, but not clicks on links to our own pages. Raises TypeError
    for an email that is not valid Unicode (half of a surrogate pair).
    """
    own: dict[str, Any] = {
        # SendGrid copies these into every event. The prefix keeps them apart from its own names.
        "custom_args": {
            "dg_edition": outgoing.edition,
            "dg_batch": outgoing.batch,
            "dg_attempt": outgoing.attempt,
        },
        **({"batch_id": outgoing.schedule_id} if outgoing.schedule_id else {}),
        **({"send_at": outgoing.send_at} if outgoing.send_at else {}),
    }
    recipients = ",".join(_personalizations(outgoing.recipients, outgoing.sender)).encode("ascii")
    shared = _shared_part(outgoing.email, outgoing.sender, outgoing.edition, outgoing.images, tracking)
    return b"".join((b'{"personalizations":[', recipients, b"],", orjson.dumps(own)[1:-1], b",", shared[1:]))


@lru_cache(maxsize=16)
def _shared_part(
    email: RenderedEmail, sender: Sender, edition: str, images: tuple[InlineImage, ...], tracking: bool
) -> bytes:
    """Return the part of the request that all batches of this email share, as a JSON object."""
    content = [{"type": "text/plain", "value": email.text}]
    if email.html:
        html = email.html
        if tracking and sender.base_url:
            # Unsubscribe links must not go through the provider.
            own = f' href="{sender.base_url}/'
            html = html.replace(own, f' clicktracking="off"{own}')
        content.append({"type": "text/html", "value": html})
    request: dict[str, Any] = {
        "from": {"email": sender.email, **({"name": without_controls(sender.name)} if sender.name else {})},
        "subject": without_controls(email.subject),
        "content": content,
        "headers": common_headers(sender, edition, email.variant),
        "categories": ["digest"],
        "tracking_settings": {
            "click_tracking": {"enable": tracking, "enable_text": False},
            "open_tracking": {"enable": tracking},
            # If the account has it on, SendGrid adds its own footer and List-Unsubscribe.
            "subscription_tracking": {"enable": False},
        },
    }
    if images:
        request["attachments"] = [_attachment(image) for image in images]
    if sender.reply_to:
        request["reply_to"] = {"email": sender.reply_to}
    return orjson.dumps(request)


def _attachment(image: InlineImage) -> dict[str, str]:
    """Return an image that the HTML shows. It is in a request once, whatever the number of recipients."""
    return {
        "content": base64.b64encode(image.data).decode("ascii"),
        "type": image.type,
        "filename": file_name(image),
        "disposition": "inline",
        "content_id": image.cid,
    }


def _personalizations(recipients: Sequence[Recipient], sender: Sender) -> Iterator[str]:
    """Yield each recipient as a JSON object.

    Tokens are URL-safe and addresses printable ASCII (`invalid_recipients`), so only addresses need escaping.
    """
    tag = PLACEHOLDERS
    *web, mailto = map(_escape_json, unsubscribe_uri_prefixes(sender))
    link = f"<{web[0]}" if web else ""
    between = f">, <{mailto}" if web else f"<{mailto}"
    # Checked for all at once, because hardly any list has such an address.
    addresses = "".join([recipient[1] for recipient in recipients])
    needs_escaping = any(char in addresses for char in _ESCAPED)
    for id, email, _sender, unsubscribe, preferences, view in recipients:
        mail = html = email
        if needs_escaping and not _ESCAPED.isdisjoint(email):
            mail, html = _escape_json(email), _escape_json(escape(email))
        first = f"{link}{unsubscribe}" if web else ""
        yield (
            f'{{"to":[{{"email":"{mail}"}}],"substitutions":{{"{tag["email_html"]}":"{html}","{tag["email_text"]}":"{mail}",'
            f'"{tag["unsubscribe"]}":"{unsubscribe}","{tag["preferences"]}":"{preferences}","{tag["view"]}":"{view}"}},'
            f'"headers":{{"List-Unsubscribe":"{first}{between}{unsubscribe}>"}},"custom_args":{{"dg_delivery":"{id}"}}}}'
        )


def _escape_json(text: str) -> str:
    """Return `text` as it is written between the quotes of a JSON string."""
    return orjson.dumps(text).decode()[1:-1]
