"""Decompress a body while it is received, and decode it: by byte order mark, declared charset, UTF-8, else cp1252.

A gzip bomb of 10 kB can expand to 10 MB, so each decoder is asked for limited output. brotli before 1.2 can't do that.
"""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from typing import Any

# Bytes of output requested from a decoder at once.
_MAX_OUTPUT = 65_536

# gzip or zlib wrapper, as its header says.
_AUTO = zlib.MAX_WBITS | 32

# Bytes: the largest window that zstd may use over HTTP (RFC 9659).
_ZSTD_WINDOW = 1 << 23

# Bytes of input for a decoder without an output limit. A block of 4 bytes expands to 128 kB at most, so 2 MB come out.
_ZSTD_INPUT = 64

# Bytes of input for a decoder that copies the rest of it after each member.
_MAX_INPUT = 65_536

_Decoder = Callable[[Iterable[bytes]], Iterator[bytes]]


class BodyTooLarge(Exception):
    """The decompressed body is larger than the limit."""


class DecompressError(Exception):
    """The body has an encoding that was not requested, or is damaged."""


def accept_encoding() -> str:
    """Return the Accept-Encoding header: the encodings that this machine can decode."""
    return ", ".join(name for name in ("br", "zstd", "gzip") if name in _decoders())


def decompress(chunks: Iterable[bytes], encoding: str, *, limit: int) -> Iterator[bytes]:
    """Yield the decompressed body in chunks of about 64 kB.

    `limit` is in bytes. Raises BodyTooLarge or DecompressError.
    """
    kind = encoding.strip().lower().removeprefix("x-")
    if kind not in _decoders():
        raise DecompressError(f"the body came packed as {encoding[:40]!r}, which was not asked for")
    size = 0
    try:
        for chunk in _decoders()[kind](chunks):
            size += len(chunk)
            if size > limit:
                raise BodyTooLarge
            yield chunk
    except _decoder_errors() as error:
        raise DecompressError(f"the {kind} body is damaged ({error})") from error


@cache
def _decoders() -> dict[str, _Decoder]:
    """Return the decoders by encoding. brotli and zstandard are an extra (`hindi-digest[compression]`)."""
    found: dict[str, _Decoder] = {"": iter, "identity": iter, "gzip": _inflate, "deflate": _inflate}
    brotli, zstandard = _module("brotli"), _module("zstandard")
    if hasattr(getattr(brotli, "Decompressor", None), "can_accept_more_data"):
        found["br"] = lambda chunks: _decompress_brotli(chunks, brotli.Decompressor())
    if zstandard is not None:
        found["zstd"] = lambda chunks: _decompress_zstd(chunks, zstandard)
    return found


@cache
def _decoder_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions that decoders raise for damaged bodies."""
    named = (("brotli", "error"), ("zstandard", "ZstdError"))
    kinds = [getattr(_module(module), name, None) for module, name in named]
    return (zlib.error, *(kind for kind in kinds if kind is not None))


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return None


def _pieces(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    for chunk in chunks:
        for at in range(0, len(chunk), size):
            yield chunk[at : at + size]


def _inflate(chunks: Iterable[bytes]) -> Iterator[bytes]:
    engine = zlib.decompressobj(_AUTO)
    for data in _pieces(chunks, _MAX_INPUT):
        while data:
            # Several gzip members are one body; anything else after a member is trailing junk.
            if engine.eof:
                if data[:2] != b"\x1f\x8b":
                    return
                engine = zlib.decompressobj(_AUTO)
            yield engine.decompress(data, _MAX_OUTPUT)
            data = engine.unconsumed_tail or engine.unused_data
    # A few decoded bytes that did not fit into the last chunk.
    yield engine.flush()
    if not engine.eof:
        raise DecompressError("the packed body ended too early")


def _decompress_brotli(chunks: Iterable[bytes], engine: Any) -> Iterator[bytes]:
    for chunk in chunks:
        yield engine.process(chunk, output_buffer_limit=_MAX_OUTPUT)
        while not engine.can_accept_more_data():
            yield engine.process(b"", output_buffer_limit=_MAX_OUTPUT)
        if engine.is_finished():
            return
    raise DecompressError("the packed body ended too early")


def _decompress_zstd(chunks: Iterable[bytes], zstandard: Any) -> Iterator[bytes]:
    maker = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    engine = maker.decompressobj()
    for data in _pieces(chunks, _ZSTD_INPUT):
        while data:
            if engine.eof:
                engine = maker.decompressobj()
            yield engine.decompress(data)
            data = engine.unused_data if engine.eof else b""
    if not engine.eof:
        raise DecompressError("the packed body ended too early")


_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_XML_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_META_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.I)
_HEADER = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.I)
_FALLBACK = "cp1252"


def decode(data: bytes, content_type: str = "") -> tuple[str, str]:
    """Return the text and a warning; the warning is '' if the bytes have the declared encoding. Never raises.

    Valid UTF-8 overrides a declared one-byte charset: servers declare latin-1 for UTF-8, never the other way round.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _strip_marks(data[len(mark) :].decode(name, "replace")), ""
    declared = _declared_charset(data, content_type)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_other(data, declared)
    wide = declared.startswith(("utf-16", "utf-32", "ucs")) or "\x00" in text[:200]
    if wide and (guessed := _guess_utf16(data)):
        return _strip_marks(data.decode(guessed, "replace")), ""
    if declared and declared not in ("utf-8", "utf8", "us-ascii", "ascii") and not text.isascii():
        return _strip_marks(text), f"it declares {declared} but is UTF-8"
    return _strip_marks(text), ""


def _decode_other(data: bytes, declared: str) -> tuple[str, str]:
    if guessed := _guess_utf16(data):
        return _strip_marks(data.decode(guessed, "replace")), ""
    if declared and declared not in ("utf-8", "utf8"):
        try:
            return _strip_marks(data.decode(declared)), ""
        except (LookupError, UnicodeError, ValueError):
            pass
    broken = data.decode("utf-8", "replace")
    bad = broken.count("\ufffd")
    # Damaged UTF-8, not another charset.
    if sum(char > "\x7f" for char in broken) - bad >= 5 * bad:
        return _strip_marks(broken), "some of its bytes are not UTF-8; characters were lost"
    name = declared or "no encoding"
    return _strip_marks(data.decode(_FALLBACK, "replace")), f"it is not UTF-8 (declares {name}); read as {_FALLBACK}"


def _declared_charset(data: bytes, content_type: str) -> str:
    head = data[:2048]
    found = _XML_DECLARED.search(head) or _META_DECLARED.search(head)
    header = _HEADER.search(content_type)
    name = found[1].decode("ascii") if found else header[1] if header else ""
    return name.lower()


def _guess_utf16(data: bytes) -> str:
    """Recognise UTF-16 without a byte order mark, recognised by its zero bytes."""
    head = data[:4]
    if head[:1] == b"<" and head[1:2] == b"\x00":
        return "utf-16-le"
    if head[:1] == b"\x00" and head[1:2] == b"<":
        return "utf-16-be"
    return ""


def _strip_marks(text: str) -> str:
    return text.replace("\ufeff", "").replace("\x00", "")
