"""Mail headers: text becomes safe folded lines; what every letter carries, by whatever transport, stands here once.

Headers are encoded here because the standard library of Python before 3.13 loses spaces between the encoded words of a
long non-ASCII header (cpython gh-92081). Pure; knows no body.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from urllib.parse import quote

from digest.deliver.message import Sender, one_line, unsubscribe_uri_prefixes

ONE_CLICK = "List-Unsubscribe-Post"
WORD_BYTES = 45  # of UTF-8, which base64 makes 60 characters: with `=?UTF-8?B??=` 72, below RFC 2047's 75
_LINE = 78  # RFC 5322 2.1.1
_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,40}\Z")


def common_headers(sender: Sender, edition: str, variant: str) -> dict[str, str]:
    """What all readers of a letter have in common, name → ASCII value on one line, for any transport to hand on.

    RFC 2919 (List-Id), RFC 2369 (List-Help, List-Owner), RFC 3834 (Auto-Submitted), RFC 8058 section 3.1 (the -Post
    companion of the List-Unsubscribe that each reader has of their own, where one click works for all of them) and
    Gmail's Feedback-ID. `Precedence: bulk` is nobody's standard and keeps vacation replies away.
    """
    desk = f"<mailto:{quote(one_line(sender.reply_to or sender.email), safe='@+')}"
    headers = {
        "List-Id": " ".join(encode_address(sender.list_name, sender.list_id)),
        "List-Help": f"{desk}?subject=help>",
        "List-Owner": f"{desk}>",
        "Feedback-ID": feedback_id(sender, edition, variant),
        "Precedence": "bulk",
        "Auto-Submitted": "auto-generated",
    }
    if unsubscribe_uri_prefixes(sender)[0].startswith("https://"):
        headers[ONE_CLICK] = "List-Unsubscribe=One-Click"
    return headers


def feedback_id(sender: Sender, edition: str, variant: str) -> str:
    """`edition:variant:list:sender` (support.google.com/mail/answer/6254652): nothing of a reader's; the last is 5 to
    15 characters that never change for a domain."""
    list_id = sender.list_id
    letters = re.sub(r"[^a-z0-9]", "", list_id.removeprefix("digest.").lower())
    domain = letters if 5 <= len(letters) <= 15 else letters[:5] + _short(list_id)
    return ":".join((*(_word(part) for part in (edition, variant, list_id)), domain))


def encode_header(name: str, value: str) -> str:
    """`Name: value` folded, without the final line end. Non-ASCII text becomes RFC 2047 encoded words whose spaces
    are inside them; nothing in `value` can start another header."""
    value = one_line(value)
    if value.isascii() and len(name) + 2 + len(value) <= _LINE and "=?" not in value:
        return f"{name}: {value}"
    first = WORD_BYTES - max(0, len(name) + 2 + 12 - 14)
    words = [_encoded_word(piece) for piece in _pieces(value, max(first, 12))]
    return f"{name}: " + "\r\n ".join(words)


def encode_address(name: str, email: str, *, room: int = 30) -> tuple[str, ...]:
    """The pieces of `Display Name <address>`, each fit for a line of its own; `room` bytes of the name fit beside the
    header's. Fewer pieces are better: some readers show a space where two of them meet."""
    name, email = one_line(name), one_line(email)
    if not name:
        return (email,)
    if name.isascii() and len(name) <= 50 and "=?" not in name:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return (f'"{quoted}"', f"<{email}>")
    return (*(_encoded_word(piece) for piece in _pieces(name, room)), f"<{email}>")


def folded(name: str, words: Sequence[str]) -> str:
    """`Name: words` with the line broken between words where it would pass 78 characters (RFC 5322 2.1.1)."""
    lines = [f"{name}:"]
    for word in words:
        if word and len(lines[-1]) + 1 + len(word) > _LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines)


def _word(text: str) -> str:
    """`text` where it can stand between colons; else a short name for it."""
    return text if _PLAIN.match(text) else _short(text)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:10]


def _pieces(text: str, first: int) -> list[str]:
    """Cuts at code points so that no piece is over its budget of UTF-8 bytes."""
    pieces, piece, room = [], "", first
    for mark in text:
        size = len(mark.encode("utf-8", "replace"))
        if size > room and piece:
            pieces.append(piece)
            piece, room = "", WORD_BYTES
        piece += mark
        room -= size
    return [*pieces, piece]


def _encoded_word(text: str) -> str:
    return "=?UTF-8?B?" + base64.b64encode(text.encode("utf-8", "replace")).decode("ascii") + "?="
