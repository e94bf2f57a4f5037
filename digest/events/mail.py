"""A mail from outside as headers and parts, for reading reports. Everything in it is hostile.

Owns bounds: linear in what it reads, four levels and fifty parts deep, no charset believed. Python's own parser nests
a generator per level and so can be made to run out of stack. Decides nothing about what a mail says.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MOST_BYTES = 1 << 20
"""Of one mail; a report stands at its beginning, what is returned after it may be cut."""

_DEPTH = 4
_PARTS = 50
_LONGEST_DATE = 100
_HEADER_BYTES = 1 << 16
_END_OF_HEADERS = re.compile(rb"\r?\n[ \t]*\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]+")
_BOUNDARY = re.compile(r"""boundary\s*=\s*(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))""", re.I)

Headers = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf. `kind` is its media type in lower case; `body` is decoded by its transfer encoding."""

    kind: str
    headers: Headers
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace").replace("\r\n", "\n")


def read(data: bytes) -> tuple[Headers, list[Part]]:
    """The mail's headers, and its leaves in their order."""
    data = data[:MOST_BYTES].lstrip(b"\r\n")
    leaves: list[Part] = []
    headers, _body = split(data)
    for leaf in _leaves(data, _DEPTH):
        leaves.append(leaf)
        if len(leaves) == _PARTS:
            break
    return headers, leaves


def split(data: bytes) -> tuple[Headers, bytes]:
    """Header fields (lower-case name → values in their order, unfolded), and what follows the empty line."""
    end = _END_OF_HEADERS.search(data)
    block, body = (data[: end.start()], data[end.end() :]) if end else (data, b"")
    return fields(block[:_HEADER_BYTES].decode("utf-8", "replace")), body


def fields(block: str) -> Headers:
    """`Name: value` lines."""
    found: dict[str, list[str]] = {}
    for line in _FOLD.sub(" ", block).splitlines():
        name, colon, value = line.partition(":")
        if colon and name and " " not in name:
            found.setdefault(name.lower(), []).append(value.strip())
    return found


def first(headers: Headers, name: str) -> str:
    return next(iter(headers.get(name, ())), "")


def received_at(headers: Headers) -> datetime | None:
    """When our own server took the mail in, which the topmost of its stamps says (RFC 5321 4.4); None where it is not
    told. What the mail says of itself (Date) is its sender's clock, and not asked."""
    stamp = first(headers, "received").rpartition(";")[2]
    try:
        found = parsedate_to_datetime(stamp[:_LONGEST_DATE])
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _leaves(data: bytes, depth: int) -> Iterator[Part]:
    headers, body = split(data)
    said = first(headers, "content-type") or "text/plain"
    kind = said.partition(";")[0].strip().lower()
    boundary = _BOUNDARY.search(said)
    if kind.startswith("multipart/") and boundary and depth:
        edge = (boundary[1] or boundary[2]).encode("utf-8", "replace")
        pieces = re.split(rb"(?:\A|(?<=\n))--" + re.escape(edge) + rb"(?:--)?[ \t]*(?:\r?\n|\Z)", body, maxsplit=_PARTS)
        for piece in pieces[1:]:
            if piece.strip():
                yield from _leaves(piece, depth - 1)
        return
    yield Part(kind, headers, _decoded(body, first(headers, "content-transfer-encoding").lower()))


def _decoded(body: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        try:
            return binascii.a2b_base64(body)
        except binascii.Error:
            return b""
    return quopri.decodestring(body) if encoding == "quoted-printable" else body
