"""Reads a mail as it was received and says whether it keeps what Gmail and Yahoo ask of bulk senders. Asks nobody.

The rules: RFC 8058 (one click; both headers in DKIM's h=), RFC 6376, RFC 5322 section 3.6, RFC 2919, and Google's and
Yahoo's sender guidelines (support.google.com/mail/answer/81126, senders.yahooinc.com/best-practices). Everything in a
mail is from outside: nothing in it raises, and what is shown of it is on one line.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Literal

from digest.models import PLACEHOLDERS

_CLIPPED = 102_400  # bytes of HTML that Gmail shows before it cuts
_HEADER_BYTES = 200_000
_BOUNDARIES = 10_000
_MULTIPARTS = 300
_TOO_DEEP = "its parts or comments are nested too deeply for a mail program"
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n|\r\r")
_ONCE = (
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Id",
)
_DEMANDED = ("from", "list-unsubscribe", "list-unsubscribe-post")
_EXPECTED = ("to", "subject", "date", "message-id", "list-id", "feedback-id")
_RESULT = re.compile(r"\b(dkim|spf|dmarc)\s*=\s*([a-z]+)", re.I)
_URI = re.compile(r"<([^<>]*)>")

Level = Literal["error", "warning", "good"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`error`: mail like this is refused or sorted away by the large providers; `warning`: it had better be mended."""

    level: Level
    message: str


@dataclass(frozen=True, slots=True)
class Signature:
    """One DKIM-Signature: what it says of itself. `headers` are the names of h= in small letters."""

    domain: str
    selector: str
    algorithm: str
    headers: tuple[str, ...]
    partial: bool
    """Whether it covers only a part of the body (l=), so that anybody can add to it."""


def examine(raw: bytes) -> tuple[str, list[Finding], list[Signature]]:
    """The domain of From ('' without one), what is found in the mail, and its signatures in their order."""
    if said := _beyond(raw):
        return "", [Finding("error", said)], []
    try:
        return _examined(email.message_from_bytes(raw, policy=email.policy.compat32))
    except RecursionError:
        return "", [Finding("error", _TOO_DEEP)], []


def _beyond(raw: bytes) -> str:
    """What makes reading a mail endless, found before it is read."""
    end = _END_OF_HEADERS.search(raw)
    if (size := end.start() if end else len(raw)) > _HEADER_BYTES:
        return f"its headers have {size:,} bytes; servers take {_HEADER_BYTES:,} and less"
    if (count := raw.count(b"\n--")) > _BOUNDARIES:
        return f"it has {count:,} lines that begin like a part; no mail has more than {_BOUNDARIES:,}"
    if raw.count(b"multipart/") > _MULTIPARTS:
        return _TOO_DEEP
    return ""


def _examined(mail: Message) -> tuple[str, list[Finding], list[Signature]]:
    signed = list(signatures(mail))
    findings = (
        *_single(mail),
        *_dkim(mail, signed),
        *_one_click(mail),
        *_names(mail),
        *_results(mail),
        *_body(mail),
    )
    return from_domain(mail), list(findings), signed


def signatures(mail: Message) -> Iterator[Signature]:
    """The DKIM signatures of a mail, as they say (RFC 6376 section 3.5)."""
    for value in _all(mail, "DKIM-Signature"):
        pairs = (part.partition("=") for part in value.split(";"))
        tags = {name.strip(): "".join(said.split()) for name, _, said in pairs}
        yield Signature(
            domain=tags.get("d", "").lower(),
            selector=tags.get("s", ""),
            algorithm=tags.get("a", "").lower(),
            headers=tuple(name for name in tags.get("h", "").lower().split(":") if name),
            partial="l" in tags,
        )


def aligned(domain: str, sender: str) -> bool:
    """Whether DMARC's relaxed mode takes a signature of `domain` for mail of `sender`, as far as can be told without
    the list of public suffixes: one is the other or holds it."""
    if "." not in domain or "." not in sender:
        return False
    return f".{sender}".endswith(f".{domain}") or f".{domain}".endswith(f".{sender}")


def _single(mail: Message) -> Iterator[Finding]:
    """RFC 5322 section 3.6: what may stand once stands once; Gmail refuses the rest."""
    for name in _ONCE:
        count = len(mail.get_all(name, []))
        if count > 1:
            yield Finding("error", f"{name} stands {count} times; it may stand once")
    for name in ("From", "Date", "Message-ID"):
        if not _all(mail, name):
            yield Finding("error", f"there is no {name}")
    for value in _all(mail, "Message-ID")[:1]:
        if not re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", value):
            yield Finding("error", f"Message-ID is not of the form <word@domain>: {shown(value)}")
    for value in _all(mail, "Date")[:1]:
        try:
            parsedate_to_datetime(value)
        except (ValueError, TypeError, OverflowError):
            yield Finding("error", f"Date is no date: {shown(value)}")


def _dkim(mail: Message, signed: list[Signature]) -> Iterator[Finding]:
    sender = from_domain(mail)
    if not signed:
        yield Finding("error", "there is no DKIM-Signature: Gmail and Yahoo demand one of bulk senders")
        return
    ours = [signature for signature in signed if aligned(signature.domain, sender)]
    if not ours:
        named = ", ".join(shown(signature.domain) or "nothing" for signature in signed)
        yield Finding("error", f"no DKIM signature is of the sender's domain {shown(sender)}: d= says {named}")
        return
    # One signature that covers all is enough; else what the best of them lacks is told.
    best = min(ours, key=lambda signature: len(_uncovered(signature, _DEMANDED)))
    by = f"the signature of {shown(best.domain)} (s={shown(best.selector)})"
    if missing := _uncovered(best, _DEMANDED):
        yield Finding("error", f"{by} does not cover {', '.join(missing)}: RFC 8058 and Gmail demand it in h=")
    else:
        yield Finding("good", f"{by} covers {', '.join(_DEMANDED)}")
    present = [name for name in _EXPECTED if name in mail]
    if missing := _uncovered(best, present):
        yield Finding("warning", f"{by} does not cover {', '.join(missing)}, which can be changed on the way")
    if best.algorithm not in ("rsa-sha256", "ed25519-sha256"):
        yield Finding("error", f"{by} is made by {shown(best.algorithm) or 'nothing'}; expected rsa-sha256")
    if best.partial:
        yield Finding("warning", f"{by} covers only the beginning of the body (l=): anybody can add to it")


def _uncovered(signature: Signature, names: Iterable[str]) -> list[str]:
    return [name for name in names if name not in signature.headers]


def _one_click(mail: Message) -> Iterator[Finding]:
    values = _all(mail, "List-Unsubscribe")
    if not values:
        yield Finding("error", "there is no List-Unsubscribe: Gmail and Yahoo demand it of bulk senders")
        return
    uris = ["".join(uri.split()) for uri in _URI.findall(values[0])]
    web = [uri for uri in uris if uri.lower().startswith("https://")]
    if not uris:
        yield Finding("error", f"List-Unsubscribe holds no <address>: {shown(values[0])}")
    elif not web:
        yield Finding("error", f"one click can't work: List-Unsubscribe holds no https address but {shown(uris[0])}")
    elif len(web) > 1:
        yield Finding("warning", f"List-Unsubscribe holds {len(web)} https addresses; RFC 8058 wants one")
    else:
        yield Finding("good", f"List-Unsubscribe leads to {shown(web[0])}")
    post = _all(mail, "List-Unsubscribe-Post")
    if not post:
        yield Finding("error", "there is no List-Unsubscribe-Post: without it the https address is no one-click")
    elif "".join(post[0].split()) != "List-Unsubscribe=One-Click":
        said = f"expected List-Unsubscribe=One-Click, found {shown(post[0])}"
        yield Finding("error", f"List-Unsubscribe-Post: {said}")


def _names(mail: Message) -> Iterator[Finding]:
    if not any(re.search(r"<[^<>\s]+\.[^<>\s]+>\s*\Z", value) for value in _all(mail, "List-Id")):
        yield Finding("warning", "there is no List-Id of the form name <id.domain> (RFC 2919)")
    if not any(re.fullmatch(r"[^:]*(:[^:]*){2}:[^:\s]{5,15}", value) for value in _all(mail, "Feedback-ID")):
        yield Finding("warning", "there is no Feedback-ID a:b:c:sender, by which Gmail counts complaints")
    for name in ("Precedence", "Auto-Submitted"):
        if name not in mail:
            yield Finding("warning", f"there is no {name}: vacation replies may come back")


def _results(mail: Message) -> Iterator[Finding]:
    """What the receiver's own server found. Only the topmost is its word: a sender can write one below it."""
    values = _all(mail, "Authentication-Results")
    if not values:
        yield Finding("warning", "there is no Authentication-Results: save the mail as a receiver got it")
        return
    found: dict[str, list[str]] = {}
    for method, result in _RESULT.findall(values[0]):
        found.setdefault(method.lower(), []).append(result.lower())
    for method in ("dkim", "spf", "dmarc"):
        results = found.get(method, [])
        if "pass" in results:
            yield Finding("good", f"the receiver found {method}=pass")
        elif results:
            level: Level = "warning" if method == "spf" else "error"
            yield Finding(level, f"the receiver found {method}={results[0]}")
        else:
            yield Finding("warning", f"the receiver says nothing of {method}")


def _body(mail: Message) -> Iterator[Finding]:
    parts = {"text/plain": "", "text/html": ""}
    for part in mail.walk():
        kind = part.get_content_type()
        if kind not in parts or parts[kind] or part.get_filename():
            continue
        data = part.get_payload(decode=True)
        charset = str(part.get_content_charset() or "us-ascii").lower()
        if not isinstance(data, bytes):
            continue
        if charset not in ("utf-8", "us-ascii"):
            yield Finding("warning", f"the {kind} part is in {shown(charset)}; expected utf-8")
        try:
            parts[kind] = data.decode(charset)
        except (ValueError, LookupError):  # a charset may be any word, also that of a codec which is none for text
            yield Finding("error", f"the {kind} part is not what its charset {shown(charset)} says")
            parts[kind] = data.decode("utf-8", "replace")
    if not parts["text/plain"].strip():
        yield Finding("warning", "there is no text part: filters mistrust HTML alone")
    size = len(parts["text/html"].encode("utf-8", "replace"))
    if size > _CLIPPED:
        yield Finding("warning", f"the HTML has {size:,} bytes; Gmail cuts it at {_CLIPPED:,}")
    left = [
        tag for tag in PLACEHOLDERS.values() if any(tag in text for text in (*parts.values(), *_all(mail, "Subject")))
    ]
    if left:
        yield Finding("error", f"the letter still holds {', '.join(left)}: nothing personal was put in")


def from_domain(mail: Message) -> str:
    """The domain of From, which DMARC looks at; '' where there is none."""
    addresses = getaddresses(_all(mail, "From"))
    return addresses[0][1].rpartition("@")[2].lower() if addresses else ""


def _all(mail: Message, name: str) -> list[str]:
    """The values of a header, unfolded; bytes that are no ASCII become question marks."""
    return [" ".join(str(value).encode("ascii", "replace").decode().split()) for value in mail.get_all(name, [])]


def shown(text: str, most: int = 80) -> str:
    """A piece of the mail for a sentence: on one line, printable, not endless."""
    line = "".join(mark if mark.isprintable() else "?" for mark in text)
    return line if len(line) <= most else line[: most - 1] + "…"
