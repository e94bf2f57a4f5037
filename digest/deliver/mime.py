"""A letter as the bytes of a mail: text, HTML and pictures as base64 parts, what is personal patched in.

Builds; sends nothing. What all readers share is encoded once per letter (`template`): base64 works in groups of three
bytes, so the text between two personal values has three encodings at most, whatever their length.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache

from digest.deliver.headers import WORD_BYTES, common_headers, encode_address, encode_header, folded
from digest.deliver.message import Outgoing, Recipient, Sender, list_headers, one_line, split_placeholders, substitute
from digest.models import InlineImage, RenderedEmail

_CRLF = b"\r\n"
_LINE_BYTES = 57  # 76 characters of base64 (RFC 2045 6.8)


def build(outgoing: Outgoing, reader: Recipient, *, date: datetime) -> bytes:
    """The whole mail to one reader, as `template(outgoing).mail` makes it."""
    return template(outgoing).mail(reader, date)


def template(outgoing: Outgoing) -> Template:
    """The mail of this batch's letter, made once for all batches that carry it. Raises ValueError where a header
    can't be written."""
    return _template(outgoing.edition, outgoing.letter, outgoing.sender, outgoing.pictures)


class Template:
    """One letter's mail with places for what is personal. Threads may share it."""

    def __init__(
        self,
        edition: str,
        letter: RenderedEmail,
        sender: Sender,
        pictures: Sequence[InlineImage],
    ) -> None:
        self.edition, self.list_id = edition, sender.list_id
        self.personal = len(split_placeholders(letter.subject)) > 1
        self.subject = letter.subject if self.personal else encode_header("Subject", letter.subject)
        self.sender = folded("From", encode_address(sender.name, sender.email, room=WORD_BYTES)).encode("ascii") + _CRLF
        lines = [f"Reply-To: {one_line(sender.reply_to)}"] if sender.reply_to else []
        common = common_headers(sender, edition, letter.variant)
        lines += [folded(name, value.split(" ")) for name, value in common.items()]
        lines.append("MIME-Version: 1.0")
        self.common = "".join(f"{line}\r\n" for line in lines).encode("ascii")
        self.parts: list[bytes | _Body] = list(_parts(edition, letter, pictures))

    def mail(self, reader: Recipient, date: datetime) -> bytes:
        """The whole mail, CRLF line ends, 7-bit, ready for DATA or a file. No line begins with a dot."""
        filled = reader.values
        lines = (
            f"To: {one_line(reader.email)}",
            encode_header("Subject", substitute(self.subject, filled)) if self.personal else self.subject,
            f"Date: {_date(date.replace(microsecond=0), date.utcoffset())}",
            f"Message-ID: <{_message_id(self.edition, reader, self.list_id)}>",
            folded("List-Unsubscribe", list_headers(reader)["List-Unsubscribe"].split(" ")),
            "",
        )
        values = {tag: value.encode("utf-8", "replace") for tag, value in filled.items()}
        body = (part if isinstance(part, bytes) else part.lines(values) for part in self.parts)
        return b"".join((self.sender, "\r\n".join(lines).encode("ascii"), self.common, *body))


_template = lru_cache(maxsize=16)(Template)


@lru_cache(maxsize=4)
def _date(moment: datetime, _offset: timedelta | None) -> str:
    """Many letters go in a second. The offset is named because two moments are equal whatever their time zones."""
    return format_datetime(moment)


def message_id(outgoing: Outgoing, reader: Recipient) -> str:
    """The same for every try of one edition to one reader, so that a receiver that hides repeats of one Message-ID
    hides a mail that a broken connection made us send again (RFC 1047). Made of the reader's signed word, so that who
    knows an address can't guess it and forge its bounce."""
    return _message_id(outgoing.edition, reader, outgoing.sender.list_id)


def file_name(picture: InlineImage) -> str:
    """The name under which a program offers to save a picture: no name that an editor's file had."""
    return f"{picture.cid[:8]}.{picture.type.rpartition('/')[2]}"


class _Body:
    """A text as base64 with slots. Lines end where a slot begins; a group of three bytes never does."""

    def __init__(self, text: str) -> None:
        first, *rest = split_placeholders(text.replace("\r\n", "\n").replace("\n", "\r\n"))
        self.runs = [("", _Run(first[1])), *((tag, _Run(run)) for tag, run in rest)]

    def lines(self, values: Mapping[str, bytes]) -> bytes:
        """All lines, each with its end. `values` are what stands in the slots, by tag."""
        out: list[bytes] = []
        carried = b""
        for tag, run in self.runs:
            if tag:
                carried += values[tag]
            if len(run.whole) < _LINE_BYTES:
                carried += run.whole
                continue
            head, lines, tail = run.shifted[-len(carried) % 3]
            out += (_lines(carried + head), lines)
            carried = tail
        return b"".join((*out, _lines(carried)))


class _Run:
    """Text that is everybody's. `shifted[n]` parts it after n bytes, which complete a group begun before it: those
    bytes, the lines of what follows, and the bytes that make no whole group at its end."""

    __slots__ = ("shifted", "whole")

    def __init__(self, text: str) -> None:
        self.whole = text.encode("utf-8", "replace")
        ends = [len(self.whole) - (len(self.whole) - start) % 3 for start in range(3)]
        self.shifted = [
            (self.whole[:start], _lines(self.whole[start:end]), self.whole[end:]) for start, end in enumerate(ends)
        ]


def _parts(edition: str, letter: RenderedEmail, pictures: Sequence[InlineImage]) -> Iterator[bytes | _Body]:
    """Everything from Content-Type on."""
    if not letter.html:
        yield from (_part("text/plain"), _Body(letter.text))
        return
    unique = hashlib.sha256(f"{edition}\0{letter.variant}".encode("utf-8", "replace")).hexdigest()[:24]
    # Neither is the other's beginning: a line that begins with a boundary is one (RFC 2046 section 5.1.1).
    boundary, related = f"=_{unique}", f"=r{unique}"
    edge, inner = (_CRLF + b"--" + name.encode("ascii") for name in (boundary, related))
    yield f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n'.encode("ascii")
    yield from (edge + _CRLF, _part("text/plain"), _Body(letter.text), edge + _CRLF)
    if pictures:  # the HTML and what it shows by Content-ID (RFC 2387)
        yield f'Content-Type: multipart/related; type="text/html"; boundary="{related}"\r\n'.encode("ascii")
        yield inner + _CRLF
    yield from (_part("text/html"), _Body(letter.html))
    for picture in pictures:
        yield from (inner + _CRLF, _picture(picture))
    yield (inner + b"--" if pictures else b"") + edge + b"--\r\n"


def _part(kind: str) -> bytes:
    return f"Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode("ascii")


@lru_cache(maxsize=64)
def _picture(picture: InlineImage) -> bytes:
    """A picture's part. Nothing in it is a reader's own, so it is encoded once for all letters that show it."""
    name = file_name(picture)
    head = (
        f'Content-Type: {picture.type}; name="{name}"',
        "Content-Transfer-Encoding: base64",
        f"Content-ID: <{picture.cid}>",
        f'Content-Disposition: inline; filename="{name}"',
        "",
        "",
    )
    return "\r\n".join(head).encode("ascii") + _lines(picture.data)


def _lines(data: bytes) -> bytes:
    """`data` as base64 in lines of 76, each with its end; nothing for nothing."""
    if len(data) <= _LINE_BYTES:  # what stands between two personal values, so most of what one letter needs
        return binascii.b2a_base64(data, newline=False) + _CRLF if data else b""
    parts = range(0, len(data), _LINE_BYTES)
    return b"".join(binascii.b2a_base64(data[start : start + _LINE_BYTES], newline=False) + _CRLF for start in parts)


def _message_id(edition: str, reader: Recipient, list_id: str) -> str:
    digest = hashlib.sha256(f"{edition}\0{reader.id}\0{reader.email}\0{reader.leave}".encode()).hexdigest()[:32]
    return f"{digest}@{list_id}"
