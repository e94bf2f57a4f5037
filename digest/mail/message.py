"""The input of transports: one email, its sender, and the recipients with their personal values.

Data and pure functions, independent of MIME and of providers' JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from html import escape
from itertools import repeat
from typing import NamedTuple
from urllib.parse import quote

from digest.mail.provider_tags import find_tag
from digest.models import PLACEHOLDERS, InlineImage, RenderedEmail

_PLACEHOLDER = re.compile("|".join(re.escape(tag) for tag in PLACEHOLDERS.values()))
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_CONTENT_ID = re.compile(r"""src=["']cid:([^"'\s<>]{1,200})["']""")
_ADDRESS = r"[!-;=?-~]+@[!-;=?A-~]+"
_IS_ADDRESS = re.compile(rf"{_ADDRESS}\Z").match
_ARE_ADDRESSES = re.compile(rf"(?:{_ADDRESS}\n)*\Z").match


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender of all emails, from the settings."""

    name: str
    email: str
    # None if replies go to `email`.
    reply_to: str | None
    list_name: str
    # The public address of our pages; None if there are none.
    base_url: str | None

    @property
    def list_id(self) -> str:
        """A stable ASCII identifier for List-Id (RFC 2919): `digest.` and the sender's domain."""
        return "digest." + self.email.rpartition("@")[2].encode("idna").decode("ascii")


# Signed tokens of one recipient, in URL-safe ASCII: to unsubscribe, for the preferences, to view the email.
Tokens = tuple[str, str, str]

# Signs for these subscriber ids, in their order.
Sign = Callable[[Sequence[int]], Iterable[Tokens]]


class Recipient(NamedTuple):
    """One recipient of a batch. Kept small, because there may be a million."""

    id: int
    email: str
    sender: Sender
    unsubscribe_token: str
    preferences_token: str
    view_token: str

    @property
    def values(self) -> dict[str, str]:
        """Placeholder → its value for this recipient."""
        return {
            PLACEHOLDERS["email_html"]: escape(self.email),
            PLACEHOLDERS["email_text"]: self.email,
            PLACEHOLDERS["unsubscribe"]: self.unsubscribe_token,
            PLACEHOLDERS["preferences"]: self.preferences_token,
            PLACEHOLDERS["view"]: self.view_token,
        }

    @property
    def unsubscribe_uris(self) -> tuple[str, ...]:
        """URIs for List-Unsubscribe: an https address if we have public pages, and a mailto (RFC 2369, RFC 8058)."""
        return tuple([prefix + self.unsubscribe_token for prefix in unsubscribe_uri_prefixes(self.sender)])


@lru_cache(maxsize=16)
def unsubscribe_uri_prefixes(sender: Sender) -> tuple[str, ...]:
    """Return the text before the token in each unsubscribe URI of this sender."""
    mailto = f"mailto:{quote(sender.reply_to or sender.email, safe='@+')}?subject=unsubscribe%20"
    is_public = sender.base_url is not None and sender.base_url.startswith("https://")
    return (f"{sender.base_url}/leave/", mailto) if is_public else (mailto,)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One batch to submit. Providers return `edition`, `attempt` and the subscriber ids in their events."""

    edition: str
    batch: str
    attempt: str
    email: RenderedEmail
    sender: Sender
    recipients: Sequence[Recipient]
    # The images that the HTML shows by `cid:`, each once (`inline_images`).
    images: tuple[InlineImage, ...] = ()
    # The provider's id for a scheduled attempt, which can be cancelled until shortly before `send_at`.
    schedule_id: str | None = None
    # When the provider must send it, in Unix seconds; None for at once.
    send_at: int | None = None


def content_ids(emails: Iterable[RenderedEmail]) -> tuple[str, ...]:
    """Return the Content-IDs of the images in these emails, each once, in the order of the emails."""
    return tuple(dict.fromkeys(content_id for email in emails for content_id in _content_ids(email.html)))


# Cached, because every batch of an email asks.
@lru_cache(maxsize=16)
def _content_ids(html: str) -> tuple[str, ...]:
    return tuple(_CONTENT_ID.findall(html))


def inline_images(email: RenderedEmail, images: Mapping[str, InlineImage]) -> tuple[InlineImage, ...]:
    """Return the images to attach to this email, in the order in which it shows them."""
    return tuple(images[content_id] for content_id in content_ids([email]) if content_id in images)


def substitute(text: str, values: Mapping[str, str]) -> str:
    """Replace every placeholder in one pass. A value that looks like a placeholder stays as it is."""
    return _PLACEHOLDER.sub(lambda match: values[match[0]], text)


def recipients(subscribers: Sequence[tuple[int, str]], sender: Sender, token: Sign) -> tuple[Recipient, ...]:
    """Add the signed tokens to each (subscriber id, email)."""
    if not subscribers:
        return ()
    ids, emails = zip(*subscribers, strict=True)
    columns = zip(ids, emails, repeat(sender, len(ids)), *zip(*token(ids), strict=True), strict=True)
    # The same as calling the constructor, in a quarter of the time.
    return tuple(map(partial(tuple.__new__, Recipient), columns))


def recipient(id: int, email: str, sender: Sender, token: Sign) -> Recipient:
    """Like `recipients`, for one subscriber."""
    return recipients([(id, email)], sender, token)[0]


def split_placeholders(text: str) -> list[tuple[str, str]]:
    """Split into (placeholder, text after it), in order. The first placeholder is empty."""
    texts, tags = _PLACEHOLDER.split(text), _PLACEHOLDER.findall(text)
    return list(zip(("", *tags), texts, strict=True))


def invalid_recipients(recipients: Iterable[Recipient]) -> dict[int, str]:
    """Return subscriber id → reason, for addresses that cannot be in a header or an envelope, or hold a placeholder.

    The subscriber list accepts no such address; this is the last check.
    """
    recipients = tuple(recipients)
    # Checked for all at once, because hardly any list has such an address. No tag spans two lines.
    lines = "\n".join([*(recipient.email for recipient in recipients), ""])
    invalid: dict[int, str] = {}
    if not _ARE_ADDRESSES(lines) or lines.count("\n") > len(recipients):
        reason = "the address contains characters that are not allowed in email"
        invalid = {recipient.id: reason for recipient in recipients if not _IS_ADDRESS(recipient.email)}
    if find_tag(lines):
        reason = "the address looks like a placeholder, which email services replace"
        invalid |= {recipient.id: reason for recipient in recipients if find_tag(recipient.email)}
    return invalid


def list_headers(recipient: Recipient) -> dict[str, str]:
    """Return List-Unsubscribe, and List-Unsubscribe-Post if one-click works (RFC 8058 section 3.1)."""
    uris = recipient.unsubscribe_uris
    headers = {"List-Unsubscribe": ", ".join([f"<{uri}>" for uri in uris])}
    if uris[0].startswith("https://"):
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def without_controls(text: str) -> str:
    """Return text on one line, without control characters, so that nothing can start another header."""
    return _CONTROL.sub(" ", text).strip()
