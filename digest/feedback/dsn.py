"""Read and parse returned mail: delivery reports (RFC 3464, qmail's, Exchange's), complaints (RFC 5965), unsubscribes.

Anyone can write a report. So its email is identified only by signed data: the token in the returned List-Unsubscribe
header or in the envelope address, or else the Message-ID together with the recipient.

The parser is our own, because foreign mail can be hostile: the standard library nests a generator for each level and
can run out of stack. This one is linear, four levels and fifty parts deep, and trusts no charset.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import BinaryIO

from digest.feedback.bounce_patterns import ADDRESS, COPIES, FAILED, QMAIL, QMAIL_PARAGRAPH, WORST_FIRST, classify
from digest.feedback.ports import safe_line

# A report comes first in a mail; the returned email after it may be cut.
MAX_MAIL_BYTES = 1 << 20

_MAX_DEPTH = 4
_MAX_PARTS = 50
_MAX_DATE_LENGTH = 100
_MAX_HEADER_BYTES = 1 << 16
# Recipients, tokens or addresses of one mail.
_MAX_ITEMS = 20
_END_OF_HEADERS = re.compile(rb"\r?\n[ \t]*\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]+")
_BOUNDARY = re.compile(r"""boundary\s*=\s*(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))""", re.I)
_REPORTS = ("message/delivery-status", "message/global-delivery-status")
_RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")
_ENVELOPE = ("delivered-to", "x-original-to", "envelope-to", "to")
_TOKEN = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{20,60}(?![A-Za-z0-9_-])")
_UNSUBSCRIBE = re.compile(r"\s*unsubscribe[ +]+([A-Za-z0-9_-]{20,60})\s*\Z", re.I)
# Feedback-Type → kind of event.
_COMPLAINTS = {
    "abuse": "complained",
    "fraud": "complained",
    "virus": "complained",
    "opt-out": "left",
    "opt-out-list": "left",
}

# Lower-case name → values, in their order.
Headers = Mapping[str, Sequence[str]]
_LINE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class MimePart:
    """A leaf of a MIME message."""

    # The media type in lower case.
    kind: str
    headers: Headers
    # Without its transfer encoding.
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace").replace("\r\n", "\n")


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """A report's statement about one recipient."""

    # The kind of the equivalent event.
    kind: str
    # None if the report names none. May differ from the address that we wrote to.
    address: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The content of a returned mail."""

    # The worst first.
    statuses: tuple[RecipientStatus, ...]
    # The addresses that the report was sent to.
    envelope: tuple[str, ...] = ()
    # Words that may be our tokens.
    tokens: tuple[str, ...] = ()
    # Message-IDs of the email that the report is about.
    message_ids: tuple[str, ...] = ()
    # When our server received the report.
    at: datetime | None = None


def parse_report(data: bytes) -> DeliveryReport | None:
    """Parse a returned mail. None for other mail, such as a vacation reply or a message to the editors."""
    headers, parts = parse_message(data)
    unsubscribe = _UNSUBSCRIBE.match(_first(headers, "subject"))
    statuses = _delivery_statuses(parts) or _complaints(parts)
    if not statuses and unsubscribe:
        return DeliveryReport(
            (RecipientStatus("left", None, "by mail"),), tokens=(unsubscribe[1],), at=received_at(headers)
        )
    text = next((part.text for part in parts if part.kind == "text/plain"), "") if not statuses else ""
    statuses = statuses or _qmail_statuses(text) or _prose_statuses(headers, text)
    if not statuses:
        return None
    returned = _returned_headers(parts, text)
    envelope = [found for name in _ENVELOPE for value in headers.get(name, ()) for found in ADDRESS.findall(value)]
    return DeliveryReport(
        tuple(sorted(statuses, key=_severity)),
        envelope=tuple(envelope[:_MAX_ITEMS]),
        tokens=tuple(_TOKEN.findall(" ".join(returned.get("list-unsubscribe", ())))[:_MAX_ITEMS]),
        message_ids=tuple(value.strip("<> ") for value in returned.get("message-id", ())[:_MAX_ITEMS]),
        at=received_at(headers),
    )


def parse_message(data: bytes) -> tuple[Headers, list[MimePart]]:
    """Return the headers of a mail and its leaf parts, in their order."""
    data = data[:MAX_MAIL_BYTES].lstrip(b"\r\n")
    leaves: list[MimePart] = []
    headers, _body = _split(data)
    for leaf in _leaves(data, _MAX_DEPTH):
        leaves.append(leaf)
        if len(leaves) == _MAX_PARTS:
            break
    return headers, leaves


def _delivery_statuses(parts: Sequence[MimePart]) -> list[RecipientStatus]:
    """Return the recipients in a delivery report: groups of fields between empty lines, the first about the
    whole mail.
    """
    found = []
    for part in parts:
        if part.kind not in _REPORTS:
            continue
        for group in re.split(r"\n[ \t]*\n", part.text)[:_MAX_ITEMS]:
            fields = _fields(group)
            if "action" not in fields and "status" not in fields:
                continue
            recipient = _address(fields, "original-recipient") or _address(fields, "final-recipient")
            diagnostic, status = _first(fields, "diagnostic-code"), _first(fields, "status")
            kind = classify(_first(fields, "action").lower().split(" ")[0], status, diagnostic)
            if kind:
                found.append(RecipientStatus(kind, recipient, safe_line(f"{status.split(' ')[0]} {diagnostic}")))
    return found


def _complaints(parts: Sequence[MimePart]) -> list[RecipientStatus]:
    for part in parts:
        if part.kind == "message/feedback-report":
            fields = _fields(part.text)
            sort = _first(fields, "feedback-type").lower()
            if sort in _COMPLAINTS:
                domain = _first(fields, "reported-domain")
                return [
                    RecipientStatus(
                        _COMPLAINTS[sort], _address(fields, "original-rcpt-to"), safe_line(f"{sort} {domain}")
                    )
                ]
    return []


def _qmail_statuses(text: str) -> list[RecipientStatus]:
    """Read qmail-send's bounce format (QSBMF), which has a paragraph for each recipient and no MIME."""
    if not QMAIL.search(text[:2000]):
        return []
    report = text.partition(COPIES[0])[0]
    return [
        RecipientStatus(kind, address, safe_line(reason))
        for address, reason in QMAIL_PARAGRAPH.findall(report)[:_MAX_ITEMS]
        if (kind := classify("failed", "", reason))
    ]


def _prose_statuses(headers: Headers, text: str) -> list[RecipientStatus]:
    """Return a failure described in prose by a mailer daemon. `X-Failed-Recipients` is Exim's and Gmail's."""
    author = _first(headers, "from").lower()
    is_daemon = "mailer-daemon" in author or "postmaster" in author or _first(headers, "return-path") == "<>"
    if not is_daemon or not FAILED.search(f"{_first(headers, 'subject')} {text[:2000]}"):
        return []
    reason = text[:4000]
    kind = classify("", "", reason)
    named = ADDRESS.findall(_first(headers, "x-failed-recipients")) or ADDRESS.findall(reason)
    if kind is None:
        return []
    return [RecipientStatus(kind, address, safe_line(reason)) for address in dict.fromkeys(named[:_MAX_ITEMS])]


def _returned_headers(parts: Sequence[MimePart], text: str) -> Headers:
    """Return the headers of the returned email, which is a separate part or follows the report's text."""
    for part in parts:
        if part.kind in _RETURNED:
            return _split(part.body.lstrip(b"\r\n"))[0]
    for mark in COPIES:
        if mark in text:
            return _split(text.partition(mark)[2].lstrip("\n").encode())[0]
    return {}


def _address(fields: Headers, name: str) -> str | None:
    """Return the address in `rfc822; asha@example.com`, with or without brackets; None if there is none."""
    found = ADDRESS.search(_first(fields, name).rpartition(";")[2])
    return found[0] if found else None


def _severity(status: RecipientStatus) -> int:
    return WORST_FIRST.index(status.kind) if status.kind in WORST_FIRST else 0


def _split(data: bytes) -> tuple[Headers, bytes]:
    """Return the header fields and the body."""
    end = _END_OF_HEADERS.search(data)
    block, body = (data[: end.start()], data[end.end() :]) if end else (data, b"")
    return _fields(block[:_MAX_HEADER_BYTES].decode("utf-8", "replace")), body


def _fields(block: str) -> Headers:
    """Return the `Name: value` lines of a text, unfolded."""
    found: dict[str, list[str]] = {}
    for line in _FOLD.sub(" ", block).splitlines():
        name, colon, value = line.partition(":")
        if colon and name and " " not in name:
            found.setdefault(name.lower(), []).append(value.strip())
    return found


def _first(headers: Headers, name: str) -> str:
    return next(iter(headers.get(name, ())), "")


def received_at(headers: Headers) -> datetime | None:
    """Return when our own server received the mail, from its Received header, which is the topmost (RFC 5321, 4.4).

    The mail's Date is not used, because it is the sender's clock.
    """
    stamp = _first(headers, "received").rpartition(";")[2]
    try:
        found = parsedate_to_datetime(stamp[:_MAX_DATE_LENGTH])
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _leaves(data: bytes, depth: int) -> Iterator[MimePart]:
    headers, body = _split(data)
    content_type = _first(headers, "content-type") or "text/plain"
    kind = content_type.partition(";")[0].strip().lower()
    boundary = _BOUNDARY.search(content_type)
    if kind.startswith("multipart/") and boundary and depth:
        edge = re.escape((boundary[1] or boundary[2]).encode("utf-8", "replace"))
        pieces = re.split(rb"(?:\A|(?<=\n))--" + edge + rb"(?:--)?[ \t]*(?:\r?\n|\Z)", body, maxsplit=_MAX_PARTS)
        for piece in pieces[1:]:
            if piece.strip():
                yield from _leaves(piece, depth - 1)
        return
    yield MimePart(kind, headers, _decode(body, _first(headers, "content-transfer-encoding").lower()))


def _decode(body: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        try:
            return binascii.a2b_base64(body)
        except binascii.Error:
            return b""
    return quopri.decodestring(body) if encoding == "quoted-printable" else body


def iter_messages(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the messages of an mbox, or the stream as one message. Messages are cut at the maximum size."""
    message = bytearray()
    after_blank = True
    while line := stream.readline(_LINE_BYTES):
        if after_blank and line.startswith(b"From "):
            if message.strip():
                yield bytes(message)
            message.clear()
        elif len(message) < MAX_MAIL_BYTES:
            message += line
        after_blank = not line.strip()
    if message.strip():
        yield bytes(message)


def iter_maildir(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield the new messages of a Maildir with their files. Call `mark_seen` for each one that is processed."""
    for path in sorted((folder / "new").iterdir()):
        if path.is_file():
            with path.open("rb") as stream:
                yield path, stream.read(MAX_MAIL_BYTES)


def mark_seen(path: Path) -> None:
    """Move a file from `new` to `cur`. If it is gone, someone else has processed it."""
    with suppress(FileNotFoundError):
        path.rename(path.parent.parent / "cur" / f"{path.name}:2,S")
