"""What a picture is by its first bytes, and how large. Reads headers: decodes no picture and trusts no file name."""

from __future__ import annotations

import struct
from dataclasses import dataclass

LARGEST_SIDE = 10_000
"""Pixels; a header that says more is damaged or an attack on whoever decodes it."""

_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG markers that begin a frame and say its size (ITU T.81, table B.1)."""

_ALONE = frozenset({0x01, *range(0xD0, 0xDA)})
"""JPEG markers without a segment behind them."""

_OTHERS = (
    (b"RIFF", "WebP"),
    (b"<svg", "SVG"),
    (b"<?xml", "SVG"),
    (b"\x00\x00\x00\x1cftyp", "AVIF or HEIC"),
    (b"\x00\x00\x00 ftyp", "AVIF or HEIC"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
)


@dataclass(frozen=True, slots=True)
class Header:
    """The media type and the sides in pixels."""

    type: str
    width: int
    height: int


def read_header(data: bytes) -> Header | None:
    """The header of a PNG, JPEG or GIF; None for anything else and for sides of nothing or beyond LARGEST_SIDE."""
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
            found = Header("image/png", *struct.unpack(">II", data[16:24]))
        elif data.startswith((b"GIF87a", b"GIF89a")):
            found = Header("image/gif", *struct.unpack("<HH", data[6:10]))
        elif data.startswith(b"\xff\xd8\xff"):
            found = Header("image/jpeg", *_jpeg(data))
        else:
            return None
    except struct.error:  # the file ends before its header does
        return None
    fits = 0 < found.width <= LARGEST_SIDE and 0 < found.height <= LARGEST_SIDE
    return found if fits else None


def called(data: bytes) -> str:
    """The name of a kind that is not read here, for a message; '' when it is not known either."""
    return next((name for mark, name in _OTHERS if data.lstrip()[: len(mark)] == mark or data.startswith(mark)), "")


def _jpeg(data: bytes) -> tuple[int, int]:
    """Width and height of the first frame: from segment to segment. Raises struct.error at the data's end."""
    at = 2
    while True:
        mark, kind = struct.unpack_from("BB", data, at)
        if mark != 0xFF:
            raise struct.error("no marker")
        if kind == 0xFF:  # padding
            at += 1
        elif kind in _ALONE:
            at += 2
        elif kind in _SIZES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        else:
            (length,) = struct.unpack_from(">H", data, at + 2)
            at += 2 + max(length, 2)
