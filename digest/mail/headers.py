"""Encode and fold email headers, and build the headers that every email has, whatever the transport.

Python before 3.13 loses spaces between the encoded words of a long non-ASCII header (cpython gh-92081). The encoder
here can be replaced by the standard library's when 3.13 is the minimum.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from urllib.parse import quote

from digest.mail.message import Sender, unsubscribe_uri_prefixes, without_controls

ONE_CLICK = "List-Unsubscribe-Post"
# Bytes of UTF-8, which are 60 characters of base64: with `=?UTF-8?B??=` 72, below the 75 of RFC 2047.
WORD_BYTES = 45
# RFC 5322 section 2.1.1.
_LINE = 78
_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,40}\Z")


def common_headers(sender: Sender, edition: str, variant: str) -> dict[str, str]:
    """Return the headers that all recipients share: name → unfolded ASCII value.

    RFC 2919 (List-Id), RFC 2369 (List-Help, List-Owner), RFC 3834 (Auto-Submitted), RFC 8058 section 3.1
    (List-Unsubscribe-Post, if one-click works) and Gmail's Feedback-ID. `Precedence: bulk` is not a standard, but
    prevents vacation replies.
    """
    reply_address = f"<mailto:{quote(without_controls(sender.reply_to or sender.email), safe='@+')}"
    headers = {
        "List-Id": " ".join(encode_address(sender.list_name, sender.list_id)),
        "List-Help": f"{reply_address}?subject=help>",
        "List-Owner": f"{reply_address}>",
        "Feedback-ID": feedback_id(sender, edition, variant),
        "Precedence": "bulk",
        "Auto-Submitted": "auto-generated",
    }
    if unsubscribe_uri_prefixes(sender)[0].startswith("https://"):
        headers[ONE_CLICK] = "List-Unsubscribe=One-Click"
    return headers


def feedback_id(sender: Sender, edition: str, variant: str) -> str:
    """Return `edition:variant:list:sender` for Gmail (support.google.com/mail/answer/6254652).

    Contains nothing personal. The last part has 5 to 15 characters and never changes for a domain.
    """
    list_id = sender.list_id
    letters = re.sub(r"[^a-z0-9]", "", list_id.removeprefix("digest.").lower())
    domain = letters if 5 <= len(letters) <= 15 else letters[:5] + _hash(list_id)
    return ":".join((*(_word(part) for part in (edition, variant, list_id)), domain))


def encode_header(name: str, value: str) -> str:
    """Return `Name: value`, folded, without the final line end.

    Non-ASCII text becomes RFC 2047 encoded words that contain their spaces. `value` cannot start another header.
    """
    value = without_controls(value)
    if value.isascii() and len(name) + 2 + len(value) <= _LINE and "=?" not in value:
        return f"{name}: {value}"
    first = WORD_BYTES - max(0, len(name) + 2 + 12 - 14)
    words = [_encoded_word(chunk) for chunk in _chunks(value, max(first, 12))]
    return f"{name}: " + "\r\n ".join(words)


def encode_address(name: str, email: str, *, room: int = 30) -> tuple[str, ...]:
    """Return `Display Name <address>` in parts that each fit on a line. `room`: bytes of the name on the header's line.

    Fewer parts are better, because some mail programs show a space between parts.
    """
    name, email = without_controls(name), without_controls(email)
    if not name:
        return (email,)
    if name.isascii() and len(name) <= 50 and "=?" not in name:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return (f'"{quoted}"', f"<{email}>")
    return (*(_encoded_word(chunk) for chunk in _chunks(name, room)), f"<{email}>")


def fold_header(name: str, words: Sequence[str]) -> str:
    """Return `Name: words`, with line breaks between words to keep lines within 78 characters (RFC 5322 section
    2.1.1).
    """
    lines = [f"{name}:"]
    for word in words:
        if word and len(lines[-1]) + 1 + len(word) > _LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines)


def _word(text: str) -> str:
    """Return `text` if Feedback-ID allows it, otherwise a hash of it."""
    return text if _PLAIN.match(text) else _hash(text)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:10]


def _chunks(text: str, first: int) -> list[str]:
    """Split between code points, into chunks of at most `first` and then `WORD_BYTES` bytes of UTF-8."""
    chunks, chunk, room = [], "", first
    for char in text:
        size = len(char.encode("utf-8", "replace"))
        if size > room and chunk:
            chunks.append(chunk)
            chunk, room = "", WORD_BYTES
        chunk += char
        room -= size
    return [*chunks, chunk]


def _encoded_word(text: str) -> str:
    return "=?UTF-8?B?" + base64.b64encode(text.encode("utf-8", "replace")).decode("ascii") + "?="
