"""Unpacks a body as it streams in, and stops at the limit. Knows no HTTP beyond the encoding's name.

A gzip bomb of 10 kB can hold 10 MB: so zlib is asked for at most what the limit still allows, never for all.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

_ZLIB = {"gzip", "x-gzip", "deflate"}
_AUTO = zlib.MAX_WBITS | 32  # gzip or zlib wrapper, by its own header


class TooLarge(Exception):
    """The body, unpacked, is larger than the limit."""


class Undecodable(Exception):
    """The body is packed in a way that was not asked for, or damaged."""


def unpack(pieces: Iterable[bytes], encoding: str, *, limit: int) -> bytes:
    """Join and unpack. `limit` is in bytes after unpacking. Raises TooLarge or Undecodable."""
    kind = encoding.strip().lower()
    if kind in ("", "identity"):
        return _joined(pieces, limit)
    if kind not in _ZLIB:
        raise Undecodable(f"the body came packed as {encoding[:40]!r}, which was not asked for")
    try:
        return _inflated(pieces, limit)
    except zlib.error as mistake:
        raise Undecodable(f"the {kind} body is damaged ({mistake})") from mistake


def _joined(pieces: Iterable[bytes], limit: int) -> bytes:
    result = bytearray()
    for piece in pieces:
        result += piece
        if len(result) > limit:
            raise TooLarge
    return bytes(result)


def _inflated(pieces: Iterable[bytes], limit: int) -> bytes:
    result = bytearray()
    engine = zlib.decompressobj(_AUTO)
    for piece in pieces:
        data = piece
        while data:
            if engine.eof:  # several gzip members in a row are one body; what is no member is trailing junk
                if data[:2] != b"\x1f\x8b":
                    return bytes(result)
                engine = zlib.decompressobj(_AUTO)
            result += engine.decompress(data, limit + 1 - len(result))
            if len(result) > limit:
                raise TooLarge
            data = engine.unconsumed_tail or engine.unused_data
    if not engine.eof:
        raise Undecodable("the packed body ended too early")
    return bytes(result)
