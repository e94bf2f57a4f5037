"""Build an email as bytes: text, HTML and images as base64 parts, with each recipient's values filled in.

Shared parts are encoded once per email (`template`). Base64 encodes groups of three bytes, so the text between two
personal values has at most three encodings, whatever the length of the values.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache

from digest.mail.headers import WORD_BYTES, common_headers, encode_address, encode_header, fold_header
from digest.mail.message import (
    Outgoing,
    Recipient,
    Sender,
    list_headers,
    split_placeholders,
    substitute,
    without_controls,
)
from digest.models import InlineImage, RenderedEmail

_CRLF = b"\r\n"
# 76 characters of base64 (RFC 2045 section 6.8).
_LINE_BYTES = 57


def build(outgoing: Outgoing, recipient: Recipient, *, date: datetime) -> bytes:
    """Return the whole email to one recipient, as `template(outgoing).mail` builds it."""
    return template(outgoing).mail(recipient, date)


def template(outgoing: Outgoing) -> Template:
    """Return the template of this batch's email, cached for all its batches.

    Raises ValueError for an invalid header.
    """
    return _template(outgoing.edition, outgoing.email, outgoing.sender, outgoing.images)


class Template:
    """An encoded email with slots for personal values. Thread-safe."""

    def __init__(
        self,
        edition: str,
        email: RenderedEmail,
        sender: Sender,
        images: Sequence[InlineImage],
    ) -> None:
        self.edition, self.list_id = edition, sender.list_id
        self.is_subject_personal = len(split_placeholders(email.subject)) > 1
        self.subject = email.subject if self.is_subject_personal else encode_header("Subject", email.subject)
        self.sender = (
            fold_header("From", encode_address(sender.name, sender.email, room=WORD_BYTES)).encode("ascii") + _CRLF
        )
        lines = [f"Reply-To: {without_controls(sender.reply_to)}"] if sender.reply_to else []
        common = common_headers(sender, edition, email.variant)
        lines += [fold_header(name, value.split(" ")) for name, value in common.items()]
        lines.append("MIME-Version: 1.0")
        self.common = "".join(f"{line}\r\n" for line in lines).encode("ascii")
        self.parts: list[bytes | _Body] = list(_parts(edition, email, images))

    def mail(self, recipient: Recipient, date: datetime) -> bytes:
        """Return the whole email in 7-bit ASCII with CRLF line ends, for DATA or a file. No line begins with a dot."""
        values = recipient.values
        lines = (
            f"To: {without_controls(recipient.email)}",
            encode_header("Subject", substitute(self.subject, values)) if self.is_subject_personal else self.subject,
            f"Date: {_date(date.replace(microsecond=0), date.utcoffset())}",
            f"Message-ID: <{_message_id(self.edition, recipient, self.list_id)}>",
            fold_header("List-Unsubscribe", list_headers(recipient)["List-Unsubscribe"].split(" ")),
            "",
        )
        encoded = {tag: value.encode("utf-8", "replace") for tag, value in values.items()}
        body = (part if isinstance(part, bytes) else part.lines(encoded) for part in self.parts)
        return b"".join((self.sender, "\r\n".join(lines).encode("ascii"), self.common, *body))


_template = lru_cache(maxsize=16)(Template)


# Cached, because many emails are built within a second. The offset is a parameter because two times in different zones
# can be equal.
@lru_cache(maxsize=4)
def _date(moment: datetime, _offset: timedelta | None) -> str:
    return format_datetime(moment)


def message_id(outgoing: Outgoing, recipient: Recipient) -> str:
    """Return the Message-ID of an edition for one recipient, the same for every attempt.

    A mail server that hides repeated Message-IDs then hides an email that we had to send again (RFC 1047). It includes
    the signed token, so that nobody who knows the address can guess it and forge a bounce.
    """
    return message_id_of(outgoing.edition, recipient, outgoing.sender)


def message_id_of(edition: str, recipient: Recipient, sender: Sender) -> str:
    """Like `message_id`, without the email."""
    return _message_id(edition, recipient, sender.list_id)


def file_name(image: InlineImage) -> str:
    """Return the name under which a mail program offers to save an image. It does not show the original file's name."""
    return f"{image.cid[:8]}.{image.type.rpartition('/')[2]}"


class _Body:
    """A text as base64 with slots. Lines end where a slot begins; a group of three bytes never does."""

    def __init__(self, text: str) -> None:
        first, *rest = split_placeholders(text.replace("\r\n", "\n").replace("\n", "\r\n"))
        self.runs = [("", _Run(first[1])), *((tag, _Run(run)) for tag, run in rest)]

    def lines(self, values: Mapping[str, bytes]) -> bytes:
        """Return all lines with their line ends. `values` are the contents of the slots, by placeholder."""
        out: list[bytes] = []
        pending = b""
        for tag, run in self.runs:
            if tag:
                pending += values[tag]
            if len(run.whole) < _LINE_BYTES:
                pending += run.whole
                continue
            head, lines, tail = run.shifted[-len(pending) % 3]
            out += (_lines(pending + head), lines)
            pending = tail
        return b"".join((*out, _lines(pending)))


class _Run:
    """Text that all recipients share.

    `shifted[n]` is the text if its first n bytes complete a base64 group: these bytes, the encoded lines after them,
    and the bytes at the end that fill no group.
    """

    __slots__ = ("shifted", "whole")

    def __init__(self, text: str) -> None:
        self.whole = text.encode("utf-8", "replace")
        ends = [len(self.whole) - (len(self.whole) - start) % 3 for start in range(3)]
        self.shifted = [
            (self.whole[:start], _lines(self.whole[start:end]), self.whole[end:]) for start, end in enumerate(ends)
        ]


def _parts(edition: str, email: RenderedEmail, images: Sequence[InlineImage]) -> Iterator[bytes | _Body]:
    """Yield everything from the Content-Type header on."""
    if not email.html:
        yield from (_part("text/plain"), _Body(email.text))
        return
    unique = hashlib.sha256(f"{edition}\0{email.variant}".encode("utf-8", "replace")).hexdigest()[:24]
    # Neither may be a prefix of the other, because a line that begins with a boundary counts as one (RFC 2046 section
    # 5.1.1).
    boundary, related = f"=_{unique}", f"=r{unique}"
    edge, inner = (_CRLF + b"--" + name.encode("ascii") for name in (boundary, related))
    yield f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n'.encode("ascii")
    yield from (edge + _CRLF, _part("text/plain"), _Body(email.text), edge + _CRLF)
    if images:
        # The HTML and the images that it shows by Content-ID (RFC 2387).
        yield f'Content-Type: multipart/related; type="text/html"; boundary="{related}"\r\n'.encode("ascii")
        yield inner + _CRLF
    yield from (_part("text/html"), _Body(email.html))
    for image in images:
        yield from (inner + _CRLF, _image_part(image))
    yield (inner + b"--" if images else b"") + edge + b"--\r\n"


def _part(kind: str) -> bytes:
    return f"Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode("ascii")


# Cached for all emails that show the image.
@lru_cache(maxsize=64)
def _image_part(image: InlineImage) -> bytes:
    name = file_name(image)
    head = (
        f'Content-Type: {image.type}; name="{name}"',
        "Content-Transfer-Encoding: base64",
        f"Content-ID: <{image.cid}>",
        f'Content-Disposition: inline; filename="{name}"',
        "",
        "",
    )
    return "\r\n".join(head).encode("ascii") + _lines(image.data)


def _lines(data: bytes) -> bytes:
    """Return `data` as base64 in lines of 76 characters; nothing for no data."""
    if len(data) <= _LINE_BYTES:
        # Encode the text between two personal values, which is most of the work for one email.
        return binascii.b2a_base64(data, newline=False) + _CRLF if data else b""
    starts = range(0, len(data), _LINE_BYTES)
    return b"".join(binascii.b2a_base64(data[start : start + _LINE_BYTES], newline=False) + _CRLF for start in starts)


def _message_id(edition: str, recipient: Recipient, list_id: str) -> str:
    unique = "\0".join((edition, str(recipient.id), recipient.email, recipient.unsubscribe_token))
    return f"{hashlib.sha256(unique.encode()).hexdigest()[:32]}@{list_id}"
