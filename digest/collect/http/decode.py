"""Decode bytes: by byte order mark, declared charset, UTF-8, else cp1252."""

from __future__ import annotations

import codecs
import re

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
    """The text, and a warning, or '' if the bytes have the declared encoding. Never raises.

    A byte order mark overrides every declaration. Valid UTF-8 overrides a declared one-byte charset, as servers declare
    latin-1 for UTF-8 and never the other way round.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _strip_marks(data[len(mark) :].decode(name, "replace")), ""
    declared = _declared(data, content_type)
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
        return _strip_marks(broken), "some of its bytes are not UTF-8; letters were lost"
    name = declared or "no encoding"
    return _strip_marks(data.decode(_FALLBACK, "replace")), f"it is not UTF-8 (declares {name}); read as {_FALLBACK}"


def _declared(data: bytes, content_type: str) -> str:
    head = data[:2048]
    found = _XML_DECLARED.search(head) or _META_DECLARED.search(head)
    header = _HEADER.search(content_type)
    name = found[1].decode("ascii") if found else header[1] if header else ""
    return name.lower()


def _guess_utf16(data: bytes) -> str:
    """UTF-16 without a byte order mark, recognised by its zero bytes."""
    head = data[:4]
    if head[:1] == b"<" and head[1:2] == b"\x00":
        return "utf-16-le"
    if head[:1] == b"\x00" and head[1:2] == b"<":
        return "utf-16-be"
    return ""


def _strip_marks(text: str) -> str:
    return text.replace("\ufeff", "").replace("\x00", "")
