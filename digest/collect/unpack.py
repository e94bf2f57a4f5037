"""Unpacks a body as it streams in, and stops at the limit. Knows no HTTP beyond the encodings' names.

A gzip bomb of 10 kB can hold 10 MB, one of brotli or zstd far more: so each decoder is asked for a step at a time,
never for all. One that can't be asked so (brotli before 1.2) is not used.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from typing import Any

# Bytes that a decoder may give at once.
_STEP = 65_536

# Gzip or zlib wrapper, by its own header
_AUTO = zlib.MAX_WBITS | 32

# Bytes: the largest window that zstd may ask for over HTTP (RFC 9659).
_ZSTD_WINDOW = 1 << 23

# Bytes given at once to a decoder that can't be stopped: a block of 4 bytes holds at most 128 kB, so 2 MB come out.
_ZSTD_SIP = 64

_Decoder = Callable[[Iterable[bytes]], Iterator[bytes]]


class BodyTooLarge(Exception):
    """The body, unpacked, is larger than the limit."""


class DecompressError(Exception):
    """The body is packed in a way that was not asked for, or damaged."""


def accept_encoding() -> str:
    """The Accept-Encoding header: what can be unpacked on this machine."""
    return ", ".join(name for name in ("br", "zstd", "gzip") if name in _decoders())


def decompress(pieces: Iterable[bytes], encoding: str, *, limit: int) -> Iterator[bytes]:
    """The body in pieces of 64 kB or so; `limit` is in bytes after unpacking. Raises TooLarge or Undecodable."""
    kind = encoding.strip().lower().removeprefix("x-")
    if kind not in _decoders():
        raise DecompressError(f"the body came packed as {encoding[:40]!r}, which was not asked for")
    size = 0
    try:
        for piece in _decoders()[kind](pieces):
            size += len(piece)
            if size > limit:
                raise BodyTooLarge
            yield piece
    except _damage() as mistake:
        raise DecompressError(f"the {kind} body is damaged ({mistake})") from mistake


@cache
def _decoders() -> dict[str, _Decoder]:
    """Name of the encoding → what unpacks it. brotli and zstandard are an extra (`hindi-digest[compression]`)."""
    found: dict[str, _Decoder] = {"": iter, "identity": iter, "gzip": _inflated, "deflate": _inflated}
    brotli, zstandard, native = _module("brotli"), _module("zstandard"), _module("compression.zstd")
    if hasattr(getattr(brotli, "Decompressor", None), "can_accept_more_data"):
        found["br"] = lambda pieces: _unbrotlied(pieces, brotli.Decompressor())
    if native is not None:
        found["zstd"] = lambda pieces: _unzstd_native(pieces, native)
    elif zstandard is not None:
        found["zstd"] = lambda pieces: _unzstd(pieces, zstandard)
    return found


@cache
def _damage() -> tuple[type[Exception], ...]:
    """What the decoders raise for damaged bodies."""
    named = (("brotli", "error"), ("zstandard", "ZstdError"), ("compression.zstd", "ZstdError"))
    kinds = [getattr(_module(module), name, None) for module, name in named]
    return (zlib.error, *(kind for kind in kinds if kind is not None))


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return None


def _inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    engine = zlib.decompressobj(_AUTO)
    for piece in pieces:
        data = piece
        while data:
            # Several gzip members in a row are one body; what is no member is trailing junk
            if engine.eof:
                if data[:2] != b"\x1f\x8b":
                    return
                engine = zlib.decompressobj(_AUTO)
            yield engine.decompress(data, _STEP)
            data = engine.unconsumed_tail or engine.unused_data
    # A few letters that were decoded and did not fit the last step
    yield engine.flush()
    if not engine.eof:
        raise DecompressError("the packed body ended too early")


def _unbrotlied(pieces: Iterable[bytes], engine: Any) -> Iterator[bytes]:
    for piece in pieces:
        yield engine.process(piece, output_buffer_limit=_STEP)
        while not engine.can_accept_more_data():
            yield engine.process(b"", output_buffer_limit=_STEP)
        if engine.is_finished():
            return
    raise DecompressError("the packed body ended too early")


def _unzstd(pieces: Iterable[bytes], zstandard: Any) -> Iterator[bytes]:
    maker = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    engine = maker.decompressobj()
    for piece in pieces:
        for at in range(0, len(piece), _ZSTD_SIP):
            data = piece[at : at + _ZSTD_SIP]
            while data:
                if engine.eof:
                    engine = maker.decompressobj()
                yield engine.decompress(data)
                data = engine.unused_data if engine.eof else b""
    if not engine.eof:
        raise DecompressError("the packed body ended too early")


def _unzstd_native(pieces: Iterable[bytes], zstd: Any) -> Iterator[bytes]:
    options = {zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW.bit_length() - 1}
    engine = zstd.ZstdDecompressor(options=options)
    for piece in pieces:
        data = piece
        while data or not (engine.needs_input or engine.eof):
            if engine.eof:
                engine = zstd.ZstdDecompressor(options=options)
            yield engine.decompress(data, _STEP)
            data = engine.unused_data if engine.eof else b""
    if not engine.eof:
        raise DecompressError("the packed body ended too early")
