"""Parse a subscriber's mail: its text without the quoted email, and whether it is an automatic reply (RFC 3834)."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from email.utils import parseaddr

from digest.feedback.dsn import Headers, MimePart, parse_message, received_at
from digest.hindi.cut import clusters

# The most grapheme clusters of a reply and of its subject that are stored.
MAX_TEXT, MAX_SUBJECT = 2_000, 200
# Characters of a mail that are read, because a foreign mail may be long.
_MOST_READ = 60_000
_MAX_IDS = 20
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,300})>")
_CHARSET = re.compile(r"""charset\s*=\s*"?([A-Za-z0-9_.:+-]{1,40})""", re.I)
_AUTOMATIC_PRECEDENCE = ("auto_reply", "auto-reply", "bulk", "junk", "list")
# Headers that only automatic replies have.
_AUTOMATIC_HEADERS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "list-id", "feedback-id")
_AUTOMATIC_SUBJECT = re.compile(
    r"\s*(?:(?:re|aw|fw)\s*:\s*)*(?:out of (?:the )?office|automatic reply|auto(?:matic)?[- ]?(?:reply|response)|"
    r"autoreply|vacation|on leave|abwesen|स्वचालित|स्वतः|ऑटो[- ]?रिप्लाई|कार्यालय से बाहर|अवकाश पर|छुट्टी पर)",
    re.I,
)
# Patterns of the line where the quoted email begins.
_QUOTE = re.compile(
    r"^(?:>.*|-{2,} ?(?:original message|forwarded message|मूल संदेश).*|_{8,}|"
    r"(?:on|le|am) .{4,200}(?:wrote|a écrit|schrieb)\s*:\s*|.{0,200}(?:ने लिखा|को लिखा)\s*:?\s*|"
    r"\*?(?:from|भेजने वाला|प्रेषक)\*?\s*:.{3,200}@.*|-- )$",
    re.I,
)
# Lines that phones and mail programs add: "Sent from my Redmi phone", "मेरे Android फ़ोन से भेजा गया".
_DEVICE = r".{0,40}(?:phone|ipad|android|mobile|device|mail|outlook|galaxy|redmi|फ़ोन|फोन|फ़ोन|मोबाइल|टैबलेट).{0,40}"
_SENT_FROM = re.compile(rf"(?:sent (?:from|via) {_DEVICE}|get outlook for .{{0,20}}|मेरे {_DEVICE} से भेजा गया)[.।]?", re.I)
# A line that mail programs break in two.
_BROKEN_QUOTE = re.compile(r"(?mi)^(on .{4,120})\n(.{0,120}wrote:)\s*$")
# The begin and end of text that a reader does not see or has not written.
_HIDDEN = (
    *((rf"<{name}\b", rf"</{name}\s*>") for name in ("script", "style", "head", "blockquote")),
    ("<!--", "-->"),
)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/li)\b[^<>]{0,200}>", re.I)


@dataclass(frozen=True, slots=True)
class Reply:
    """A mail from a person or their mail program. `sender` is not verified: anybody can write any address there."""

    sender: str
    subject: str
    text: str
    is_automatic: bool
    # Message-IDs of the emails that it answers.
    answers: tuple[str, ...]
    # Identifies the mail, so that it is stored once.
    hash: str
    # When our server received it; None if that is unknown.
    at: datetime | None


def parse_reply(data: bytes) -> Reply | None:
    """Parse a reply; None for a mail without a sender."""
    headers, parts = parse_message(data)
    sender = _sender(_first(headers, "from")[:1000])
    if "@" not in sender or len(sender) > 320:
        return None
    subject = _shorten(_decode(_first(headers, "subject")), MAX_SUBJECT)
    automatic = _is_automatic(headers, subject)
    ids = " ".join([*headers.get("in-reply-to", ()), *headers.get("references", ())])
    name = _first(headers, "message-id") or hashlib.sha256(data).hexdigest()
    return Reply(
        sender,
        subject,
        # The text of an automatic reply is not stored: nobody reads it, and it may reveal where a person is.
        "" if automatic else _shorten(without_quote(_text(parts)), MAX_TEXT),
        automatic,
        tuple(dict.fromkeys(_MESSAGE_ID.findall(ids[:10_000])[:_MAX_IDS])),
        hashlib.sha256(f"{sender.lower()}\n{name}".encode()).hexdigest(),
        received_at(headers),
    )


def without_quote(text: str) -> str:
    """Return the text up to the quoted email or the signature, without empty lines around it."""
    lines: list[str] = []
    for line in _BROKEN_QUOTE.sub(r"\1 \2", text[:_MOST_READ].replace("\r\n", "\n")).split("\n"):
        if _QUOTE.match(line.rstrip() if line.strip() != "--" else "-- ") or line == "-- ":
            # Somebody may have written below the quotation.
            if line.startswith(">"):
                continue
            break
        if _SENT_FROM.fullmatch(line.strip()):
            continue
        lines.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _sender(value: str) -> str:
    """Return the address in a From header; '' without one."""
    try:
        return parseaddr(value)[1].strip()
    except RecursionError:
        # Comments within comments: the standard library calls itself for each.
        return ""


def _is_automatic(headers: Headers, subject: str) -> bool:
    submitted = _first(headers, "auto-submitted").partition(";")[0].strip().lower()
    return bool(
        (submitted and submitted != "no")
        or _first(headers, "precedence").strip().lower() in _AUTOMATIC_PRECEDENCE
        or any(name in headers for name in _AUTOMATIC_HEADERS)
        or _first(headers, "return-path").strip() == "<>"
        or _AUTOMATIC_SUBJECT.match(subject)
    )


def _text(parts: Sequence[MimePart]) -> str:
    for part in parts:
        if part.kind == "text/plain" and not _is_attached(part) and (text := _decoded_body(part)).strip():
            return text
    for part in parts:
        if part.kind == "text/html" and not _is_attached(part):
            text = _BREAK.sub("\n", re.sub(r"\s+", " ", _decoded_body(part)[:_MOST_READ]))
            return html.unescape(_TAG.sub("", _without_hidden(text)))
    return ""


def _without_hidden(text: str) -> str:
    """Return HTML without its hidden parts. Searches each end once: one pattern for both would be quadratic."""
    for begin, end in _HIDDEN:
        begins, ends = re.compile(begin, re.I), re.compile(end, re.I)
        kept, at = [], 0
        while (opened := begins.search(text, at)) and (closed := ends.search(text, opened.end())):
            kept.append(text[at : opened.start()])
            at = closed.end()
        text = "".join(kept) + text[at:]
    return text


def _is_attached(part: MimePart) -> bool:
    return _first(part.headers, "content-disposition").lower().startswith("attachment")


def _decoded_body(part: MimePart) -> str:
    found = _CHARSET.search(_first(part.headers, "content-type"))
    try:
        return part.body[: 4 * _MOST_READ].decode(found[1] if found else "utf-8", "replace")
    # A name that is no charset, or one of Python's that decodes to bytes.
    except (LookupError, ValueError, TypeError):
        return part.body[: 4 * _MOST_READ].decode("utf-8", "replace")


def _decode(value: str) -> str:
    try:
        return str(make_header(decode_header(value[:2000])))
    except (MessageError, LookupError, ValueError, TypeError):
        return value[:2000]


def _shorten(text: str, most: int) -> str:
    clean = "".join(mark for mark in text if mark in "\n\u200c\u200d" or mark.isprintable())
    return "".join(clusters(clean)[:most]).strip()


def _first(headers: Headers, name: str) -> str:
    return next(iter(headers.get(name, ())), "")
