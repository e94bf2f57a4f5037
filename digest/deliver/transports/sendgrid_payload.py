"""One batch as the JSON of SendGrid's v3 Mail Send (https://www.twilio.com/docs/sendgrid/api-reference/mail-send).

Pure. Up to 1,000 personalizations, one `to` each; what is personal in the letter goes in by substitutions, what is
personal in headers is written out per reader, for substitutions do not reach headers. What all batches of a letter
share is encoded once; each reader is one f-string, for a dict of their own would cost four times as much.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape
from typing import Any

import orjson

from digest.deliver.headers import common_headers
from digest.deliver.message import Outgoing, Recipient, Sender, one_line, unsubscribe_uri_prefixes
from digest.deliver.mime import file_name
from digest.models import PLACEHOLDERS, InlineImage, RenderedEmail

_ESCAPED = frozenset("&<>\"'\\")  # what an address may hold that HTML or JSON writes in another way


def request_body(outgoing: Outgoing, *, tracking: bool = False) -> bytes:
    """The request. Order of `personalizations` is the order of the recipients: an error names the index. With
    `tracking` the provider tells of opens and clicks, but for the links to our own pages.

    Raises TypeError for a letter that is no Unicode text (half of a surrogate pair).
    """
    own: dict[str, Any] = {
        # Flattened into every event: prefixed, so that no name of SendGrid's own wins over ours.
        "custom_args": {
            "dg_edition": outgoing.edition,
            "dg_batch": outgoing.batch,
            "dg_attempt": outgoing.attempt,
        },
        **({"batch_id": outgoing.schedule_id} if outgoing.schedule_id else {}),
        **({"send_at": outgoing.send_at} if outgoing.send_at else {}),
    }
    people = ",".join(_personalizations(outgoing.recipients, outgoing.sender)).encode("ascii")
    shared = _shared(outgoing.letter, outgoing.sender, outgoing.edition, outgoing.pictures, tracking)
    return b"".join((b'{"personalizations":[', people, b"],", orjson.dumps(own)[1:-1], b",", shared[1:]))


@lru_cache(maxsize=16)
def _shared(
    letter: RenderedEmail, sender: Sender, edition: str, pictures: tuple[InlineImage, ...], tracking: bool
) -> bytes:
    """What is the same in every request with this letter, as a JSON object."""
    content = [{"type": "text/plain", "value": letter.text}]
    if letter.html:
        html = letter.html
        if tracking and sender.base_url:  # a way out leads through nobody else's hands
            own = f' href="{sender.base_url}/'
            html = html.replace(own, f' clicktracking="off"{own}')
        content.append({"type": "text/html", "value": html})
    request: dict[str, Any] = {
        "from": {"email": sender.email, **({"name": one_line(sender.name)} if sender.name else {})},
        "subject": one_line(letter.subject),
        "content": content,
        "headers": common_headers(sender, edition, letter.variant),
        "categories": ["digest"],
        "tracking_settings": {
            "click_tracking": {"enable": tracking, "enable_text": False},
            "open_tracking": {"enable": tracking},
            # If it is on for the account, SendGrid adds a footer and a List-Unsubscribe of its own.
            "subscription_tracking": {"enable": False},
        },
    }
    if pictures:
        request["attachments"] = [_attachment(picture) for picture in pictures]
    if sender.reply_to:
        request["reply_to"] = {"email": sender.reply_to}
    return orjson.dumps(request)


def _attachment(picture: InlineImage) -> dict[str, str]:
    """A picture that the HTML shows: once in a request, whatever the number of its readers."""
    return {
        "content": base64.b64encode(picture.data).decode("ascii"),
        "type": picture.type,
        "filename": file_name(picture),
        "disposition": "inline",
        "content_id": picture.cid,
    }


def _personalizations(readers: Sequence[Recipient], sender: Sender) -> Iterator[str]:
    """Each reader as a JSON object, the same in every edition. Tokens are URL-safe and addresses printable ASCII
    (`invalid_recipients`), so that nothing else needs escaping."""
    tag = PLACEHOLDERS
    *web, mailto = map(_quoted, unsubscribe_uri_prefixes(sender))
    link = f"<{web[0]}" if web else ""
    between = f">, <{mailto}" if web else f"<{mailto}"
    addresses = "".join([reader[1] for reader in readers])  # looked through at once: hardly a list holds one
    odd = any(mark in addresses for mark in _ESCAPED)
    for id, email, _sender, leave, preferences, view in readers:
        mail = html = email
        if odd and not _ESCAPED.isdisjoint(email):
            mail, html = _quoted(email), _quoted(escape(email))
        first = f"{link}{leave}" if web else ""
        yield (
            f'{{"to":[{{"email":"{mail}"}}],"substitutions":{{"{tag["email_html"]}":"{html}","{tag["email_text"]}":"{mail}",'
            f'"{tag["unsubscribe"]}":"{leave}","{tag["preferences"]}":"{preferences}","{tag["view"]}":"{view}"}},'
            f'"headers":{{"List-Unsubscribe":"{first}{between}{leave}>"}},"custom_args":{{"dg_delivery":"{id}"}}}}'
        )


def _quoted(text: str) -> str:
    """As `text` stands between the quotes of a JSON string."""
    return orjson.dumps(text).decode()[1:-1]
