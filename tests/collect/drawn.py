"""Images made byte by byte: real PNG, GIF and JPEG files."""

from __future__ import annotations

import struct
import zlib


def png(width: int = 40, height: int = 30, *, padding: int = 0) -> bytes:
    """A grey PNG; `padding` bytes of a text chunk make it larger."""
    rows = b"".join(b"\x00" + b"\x80" * width for _ in range(height))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(rows))]
    if padding:
        chunks.append((b"tEXt", b"x" * padding))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*one) for one in (*chunks, (b"IEND", b"")))


def gif(width: int = 40, height: int = 30) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\x00\x00" + b"\x00" * 6 + b";"


def jpeg(width: int = 40, height: int = 30) -> bytes:
    """The segments up to the frame, after a thumbnail with other dimensions."""
    exif = b"Exif\x00\x00" + b"\xff\xc0\x00\x11\x08\x00\x01\x00\x01"
    frame = struct.pack(">BHH", 8, height, width) + b"\x01\x01\x11\x00"
    return (
        b"\xff\xd8" + _segment(0xE1, exif) + b"\xff" + _segment(0xDB, bytes(65)) + _segment(0xC2, frame) + b"\xff\xd9"
    )


def _segment(kind: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, kind, len(data) + 2) + data


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
