"""A letter as the bytes of a mail: headers encoded so that Hindi survives; text, HTML and pictures as base64 parts.

Builds; sends nothing. Headers are encoded here because the standard library of Python before 3.13 loses spaces
between the encoded words of a long non-ASCII header (cpython gh-92081).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from digest.deliver.message import Outgoing, Recipient, fill, list_headers, one_line
from digest.models import Inline

_CRLF = b"\r\n"
_WORD_BYTES = 45  # of UTF-8, which base64 makes 60 characters: with `=?UTF-8?B??=` 72, below RFC 2047's 75
_LINE = 76  # RFC 2045 6.8
_HEADER_LINE = 78  # RFC 5322 2.1.1


def encode_header(name: str, value: str) -> str:
    """`Name: value` folded, without the final line end. Non-ASCII text becomes RFC 2047 encoded words whose spaces
    are inside them; nothing in `value` can start another header."""
    value = one_line(value)
    if value.isascii() and len(name) + 2 + len(value) <= _HEADER_LINE and "=?" not in value:
        return f"{name}: {value}"
    first = _WORD_BYTES - max(0, len(name) + 2 + 12 - 14)
    words = [_encoded_word(piece) for piece in _pieces(value, max(first, 12))]
    return f"{name}: " + "\r\n ".join(words)


def encode_address(name: str, email: str, *, room: int = 30) -> tuple[str, ...]:
    """The pieces of `Display Name <address>`, each fit for a line of its own; `room` bytes of the name fit beside the
    header's. Fewer pieces are better: some readers show a space where two of them meet."""
    name, email = one_line(name), one_line(email)
    if not name:
        return (email,)
    if name.isascii() and len(name) <= 50 and "=?" not in name:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return (f'"{quoted}"', f"<{email}>")
    return (*(_encoded_word(piece) for piece in _pieces(name, room)), f"<{email}>")


def build(outgoing: Outgoing, reader: Recipient, *, date: datetime) -> bytes:
    """The whole mail to one reader, CRLF line ends, ready for DATA or a file.

    Message-ID is a function of edition and reader, so that a receiver that hides repeats of one Message-ID hides a
    mail that a broken connection made us send again (RFC 1047).
    """
    letter, sender = outgoing.letter, outgoing.sender
    lines = [
        _folded("From", encode_address(sender.name, sender.email, room=_WORD_BYTES)),
        f"To: {one_line(reader.email)}",
    ]
    if sender.reply_to:
        lines.append(f"Reply-To: {one_line(sender.reply_to)}")
    lines += [
        encode_header("Subject", fill(letter.subject, reader.values)),
        f"Date: {format_datetime(date)}",
        f"Message-ID: <{message_id(outgoing, reader)}>",
        _folded("List-Id", encode_address(sender.list_name, sender.list_id)),
        *(_folded(name, value.split(" ")) for name, value in list_headers(reader).items()),
        "Precedence: bulk",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
    ]
    text = _part("text/plain", fill(letter.text, reader.values))
    if not letter.html:
        return "\r\n".join(lines).encode("ascii") + _CRLF + text
    boundary = "=_" + hashlib.sha256(f"{outgoing.edition}\0{letter.variant}".encode()).hexdigest()[:24]
    html = _related(_part("text/html", fill(letter.html, reader.values)), outgoing.pictures, boundary)
    lines.append(f'Content-Type: multipart/alternative; boundary="{boundary}"')
    edge = b"--" + boundary.encode("ascii")
    head = "\r\n".join(lines).encode("ascii")
    return _CRLF.join((head, b"", edge, text, edge, html, edge + b"--", b""))


def _related(html: bytes, pictures: Sequence[Inline], boundary: str) -> bytes:
    """The HTML part and the pictures that it shows by their Content-ID (RFC 2387); the part itself without any."""
    if not pictures:
        return html
    head = f'Content-Type: multipart/related; type="text/html"; boundary="{boundary}r"\r\n'.encode("ascii")
    edge = b"--" + boundary.encode("ascii") + b"r"
    parts = [line for picture in pictures for line in (edge, _picture(picture))]
    return _CRLF.join((head, edge, html, *parts, edge + b"--", b""))


@lru_cache(maxsize=64)
def _picture(picture: Inline) -> bytes:
    """A picture's part. Nothing in it is a reader's own, so it is encoded once for all of them."""
    name = file_name(picture)
    head = (
        f'Content-Type: {picture.type}; name="{name}"',
        "Content-Transfer-Encoding: base64",
        f"Content-ID: <{picture.cid}>",
        f'Content-Disposition: inline; filename="{name}"',
        "",
        "",
    )
    return "\r\n".join(head).encode("ascii") + _lines(picture.data) + _CRLF


def file_name(picture: Inline) -> str:
    """The name under which a program offers to save a picture: no name that an editor's file had."""
    return f"{picture.cid[:8]}.{picture.type.rpartition('/')[2]}"


def message_id(outgoing: Outgoing, reader: Recipient) -> str:
    """The same for every try of one edition to one reader."""
    digest = hashlib.sha256(f"{outgoing.edition}\0{reader.id}\0{reader.email}".encode()).hexdigest()[:32]
    return f"{digest}@{outgoing.sender.list_id}"


def _folded(name: str, words: Sequence[str]) -> str:
    """`Name: words` with the line broken between words where it would pass 78 characters (RFC 5322 2.1.1)."""
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _HEADER_LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines)


def _part(kind: str, text: str) -> bytes:
    body = _lines(text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "replace"))
    head = f"Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode("ascii") + body + _CRLF


def _lines(data: bytes) -> bytes:
    """`data` as base64 in lines of 76, without the final line end."""
    data = base64.b64encode(data)
    return _CRLF.join(data[start : start + _LINE] for start in range(0, len(data), _LINE))


def _pieces(text: str, first: int) -> list[str]:
    """Cuts at code points so that no piece is over its budget of UTF-8 bytes."""
    pieces, piece, room = [], "", first
    for mark in text:
        size = len(mark.encode("utf-8", "replace"))
        if size > room and piece:
            pieces.append(piece)
            piece, room = "", _WORD_BYTES
        piece += mark
        room -= size
    return [*pieces, piece]


def _encoded_word(text: str) -> str:
    return "=?UTF-8?B?" + base64.b64encode(text.encode("utf-8", "replace")).decode("ascii") + "?="
