"""Check a received mail against what Gmail and Yahoo demand of bulk senders. Makes no network requests.

The rules are RFC 8058 (one-click unsubscribe, with both headers in DKIM's h=), RFC 6376, RFC 5322 section 3.6, RFC 2919
and Google's and Yahoo's sender guidelines (support.google.com/mail/answer/81126, senders.yahooinc.com/best-practices).
The mail is not trusted: nothing in it raises an error, and its texts are shown on one line.
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

from digest.mail.dns.dmarc import is_related
from digest.models import PLACEHOLDERS
from digest.utils.text import short_line

# Bytes of HTML that Gmail shows.
_GMAIL_CLIP = 102_400
# Limits that keep the standard library's parser from taking very long.
_MAX_HEADER_BYTES = 200_000
_MAX_BOUNDARIES = 10_000
_MAX_MULTIPARTS = 300
_SAVE_AGAIN = 'save an email of the newsletter as it was received, with all its headers ("Show original")'
_UNCHANGED = "find the server or program that changes the mail after digest: digest writes it correctly"
_SIGN = "set delivery.smtp.dkim, or turn on DKIM for the sender's domain at the provider"
_SIGNED_HEADERS = "add these headers to those that the server or provider signs, or set delivery.smtp.dkim"
_BASE_URL = "set newsletter.base_url to the https address of your pages (docs/reader-pages.md)"
_DNS = "run `digest doctor`, which checks the sender's DNS records and shows the right ones"
_TOO_DEEP = "its parts or comments are nested too deeply for a mail program"
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n|\r\r")
# Headers that may occur once (RFC 5322 section 3.6).
_UNIQUE = (
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
# Headers that a DKIM signature must cover.
_MUST_BE_SIGNED = ("from", "list-unsubscribe", "list-unsubscribe-post")
# Headers that a DKIM signature should cover.
_SHOULD_BE_SIGNED = ("to", "subject", "date", "message-id", "list-id", "feedback-id")
_RESULT = re.compile(r"\b(dkim|spf|dmarc)\s*=\s*([a-z]+)", re.I)
_URI = re.compile(r"<([^<>]*)>")

Level = Literal["error", "warning", "good"]


@dataclass(frozen=True, slots=True)
class MailFinding:
    """One result of the check."""

    # `error`: large providers reject such mail or move it to spam. `warning`: it should be fixed.
    level: Level
    message: str
    # What to do; '' if nothing needs to be done.
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """The tags of a DKIM-Signature header."""

    domain: str
    selector: str
    algorithm: str
    # The names in h=, in lower case.
    headers: tuple[str, ...]
    # Whether it covers only part of the body (l=), so that anyone can append to it.
    partial: bool


def examine(raw: bytes) -> tuple[str, list[MailFinding], list[Signature]]:
    """Return the domain of From (empty without one), the findings, and the signatures in their order."""
    if problem := _exceeds_limits(raw):
        return "", [MailFinding("error", problem, _SAVE_AGAIN)], []
    try:
        return _examine(email.message_from_bytes(raw, policy=email.policy.compat32))
    except RecursionError:
        return "", [MailFinding("error", _TOO_DEEP, _SAVE_AGAIN)], []


def _exceeds_limits(raw: bytes) -> str | None:
    """Return which limit the mail exceeds, checked before it is parsed."""
    end = _END_OF_HEADERS.search(raw)
    if (size := end.start() if end else len(raw)) > _MAX_HEADER_BYTES:
        return f"its headers have {size:,} bytes; servers accept at most {_MAX_HEADER_BYTES:,}"
    if (count := raw.count(b"\n--")) > _MAX_BOUNDARIES:
        return f"it has {count:,} lines that look like a boundary; expected at most {_MAX_BOUNDARIES:,}"
    if raw.count(b"multipart/") > _MAX_MULTIPARTS:
        return _TOO_DEEP
    return None


def _examine(mail: Message) -> tuple[str, list[MailFinding], list[Signature]]:
    found = list(signatures(mail))
    findings = (
        *_check_structure(mail),
        *_check_dkim(mail, found),
        *_check_one_click(mail),
        *_check_list_headers(mail),
        *_check_authentication(mail),
        *_check_body(mail),
    )
    return from_domain(mail), list(findings), found


def signatures(mail: Message) -> Iterator[Signature]:
    """Yield the DKIM signatures of a mail, not verified (RFC 6376 section 3.5)."""
    for header in _values(mail, "DKIM-Signature"):
        pairs = (part.partition("=") for part in header.split(";"))
        tags = {name.strip(): "".join(value.split()) for name, _, value in pairs}
        yield Signature(
            domain=tags.get("d", "").lower(),
            selector=tags.get("s", ""),
            algorithm=tags.get("a", "").lower(),
            headers=tuple(name for name in tags.get("h", "").lower().split(":") if name),
            partial="l" in tags,
        )


def _check_structure(mail: Message) -> Iterator[MailFinding]:
    """Check RFC 5322 section 3.6. Gmail rejects mail that violates it."""
    for name in _UNIQUE:
        count = len(mail.get_all(name, []))
        if count > 1:
            yield MailFinding("error", f"{name} occurs {count} times; it may occur once", _UNCHANGED)
    for name in ("From", "Date", "Message-ID"):
        if not _values(mail, name):
            yield MailFinding("error", f"there is no {name}", _SAVE_AGAIN)
    for value in _values(mail, "Message-ID")[:1]:
        if not re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", value):
            yield MailFinding(
                "error", f"Message-ID does not have the form <id@domain>: {short_line(value)}", _UNCHANGED
            )
    for value in _values(mail, "Date")[:1]:
        try:
            parsedate_to_datetime(value)
        except (ValueError, TypeError, OverflowError):
            yield MailFinding("error", f"Date is not a valid date: {short_line(value)}", _UNCHANGED)


def _check_dkim(mail: Message, found: list[Signature]) -> Iterator[MailFinding]:
    sender = from_domain(mail)
    if not found:
        yield MailFinding("error", "there is no DKIM-Signature: Gmail and Yahoo require one from bulk senders", _SIGN)
        return
    own = [signature for signature in found if is_related(signature.domain, sender)]
    if not own:
        domains = ", ".join(short_line(signature.domain) or "nothing" for signature in found)
        problem = f"no DKIM signature is of the sender's domain {short_line(sender)}: d= is {domains}"
        yield MailFinding("error", problem, _SIGN)
        return
    # One signature that covers everything is enough. Otherwise the report is about the best one.
    best = min(own, key=lambda signature: len(_uncovered_headers(signature, _MUST_BE_SIGNED)))
    by = f"the signature of {short_line(best.domain)} (s={short_line(best.selector)})"
    if missing := _uncovered_headers(best, _MUST_BE_SIGNED):
        problem = f"{by} does not cover {', '.join(missing)}: RFC 8058 and Gmail require it in h="
        yield MailFinding("error", problem, _SIGNED_HEADERS)
    else:
        yield MailFinding("good", f"{by} covers {', '.join(_MUST_BE_SIGNED)}")
    present = [name for name in _SHOULD_BE_SIGNED if name in mail]
    if missing := _uncovered_headers(best, present):
        problem = f"{by} does not cover {', '.join(missing)}, which can then be changed in transit"
        yield MailFinding("warning", problem, _SIGNED_HEADERS)
    if best.algorithm not in ("rsa-sha256", "ed25519-sha256"):
        problem = f"{by} uses {short_line(best.algorithm) or 'no algorithm'}; expected rsa-sha256"
        yield MailFinding("error", problem, "let the server or provider sign with rsa-sha256")
    if best.partial:
        problem = f"{by} covers only the beginning of the body (l=): anyone can append to it"
        yield MailFinding("warning", problem, "let the server or provider sign the whole body, without l=")


def _uncovered_headers(signature: Signature, names: Iterable[str]) -> list[str]:
    return [name for name in names if name not in signature.headers]


def _check_one_click(mail: Message) -> Iterator[MailFinding]:
    values = _values(mail, "List-Unsubscribe")
    if not values:
        yield MailFinding(
            "error", "there is no List-Unsubscribe: Gmail and Yahoo require it from bulk senders", _BASE_URL
        )
        return
    uris = ["".join(uri.split()) for uri in _URI.findall(values[0])]
    web = [uri for uri in uris if uri.lower().startswith("https://")]
    if not uris:
        yield MailFinding("error", f"List-Unsubscribe contains no <address>: {short_line(values[0])}", _UNCHANGED)
    elif not web:
        problem = f"one-click cannot work: List-Unsubscribe contains no https address but {short_line(uris[0])}"
        yield MailFinding("error", problem, _BASE_URL)
    elif len(web) > 1:
        problem = f"List-Unsubscribe contains {len(web)} https addresses; RFC 8058 requires one"
        yield MailFinding("warning", problem, _UNCHANGED)
    else:
        yield MailFinding("good", f"List-Unsubscribe links to {short_line(web[0])}")
    post = _values(mail, "List-Unsubscribe-Post")
    if not post:
        problem = "there is no List-Unsubscribe-Post: without it there is no one-click unsubscribe"
        yield MailFinding("error", problem, _BASE_URL)
    elif "".join(post[0].split()) != "List-Unsubscribe=One-Click":
        problem = f"expected List-Unsubscribe=One-Click, found {short_line(post[0])}"
        yield MailFinding("error", f"List-Unsubscribe-Post: {problem}", _UNCHANGED)


def _check_list_headers(mail: Message) -> Iterator[MailFinding]:
    if not any(re.search(r"<[^<>\s]+\.[^<>\s]+>\s*\Z", value) for value in _values(mail, "List-Id")):
        yield MailFinding("warning", "there is no List-Id of the form Name <id.domain> (RFC 2919)", _UNCHANGED)
    if not any(re.fullmatch(r"[^:]*(:[^:]*){2}:[^:\s]{5,15}", value) for value in _values(mail, "Feedback-ID")):
        problem = "there is no Feedback-ID a:b:c:sender, which Gmail uses to count complaints"
        yield MailFinding("warning", problem, _UNCHANGED)
    for name in ("Precedence", "Auto-Submitted"):
        if name not in mail:
            yield MailFinding("warning", f"there is no {name}: you may get vacation replies", _UNCHANGED)


def _check_authentication(mail: Message) -> Iterator[MailFinding]:
    """Yield the results of the receiving server. Only its topmost header counts, because a sender can add others."""
    values = _values(mail, "Authentication-Results")
    if not values:
        yield MailFinding(
            "warning", "there is no Authentication-Results, which the receiving server writes", _SAVE_AGAIN
        )
        return
    found: dict[str, list[str]] = {}
    for method, result in _RESULT.findall(values[0]):
        found.setdefault(method.lower(), []).append(result.lower())
    for method in ("dkim", "spf", "dmarc"):
        results = found.get(method, [])
        if "pass" in results:
            yield MailFinding("good", f"the receiving server found {method}=pass")
        elif results:
            level: Level = "warning" if method == "spf" else "error"
            yield MailFinding(level, f"the receiving server found {method}={results[0]}", _DNS)
        else:
            yield MailFinding("warning", f"the receiving server reports no result for {method}", _DNS)


def _check_body(mail: Message) -> Iterator[MailFinding]:
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
            yield MailFinding("warning", f"the {kind} part is in {short_line(charset)}; expected utf-8", _UNCHANGED)
        try:
            parts[kind] = data.decode(charset)
        except (ValueError, LookupError):
            # A charset may be any word, even the name of a codec that is not for text.
            yield MailFinding("error", f"the {kind} part is not valid {short_line(charset)}, its charset", _UNCHANGED)
            parts[kind] = data.decode("utf-8", "replace")
    if not parts["text/plain"].strip():
        yield MailFinding("warning", "there is no text part: spam filters distrust mail with HTML only", _UNCHANGED)
    size = len(parts["text/html"].encode("utf-8", "replace"))
    if size > _GMAIL_CLIP:
        problem = f"the HTML has {size:,} bytes; Gmail clips it at {_GMAIL_CLIP:,}"
        yield MailFinding("warning", problem, "lower edition.max_stories, or shorten your own templates")
    left = [
        tag
        for tag in PLACEHOLDERS.values()
        if any(tag in text for text in (*parts.values(), *_values(mail, "Subject")))
    ]
    if left:
        problem = f"the mail still contains {', '.join(left)}: placeholders were not replaced"
        yield MailFinding("error", problem, "save an email as a recipient gets it; if that has them too, report a bug")


def from_domain(mail: Message) -> str:
    """Return the domain of From, which DMARC checks; empty without one."""
    addresses = getaddresses(_values(mail, "From"))
    return addresses[0][1].rpartition("@")[2].lower() if addresses else ""


def _values(mail: Message, name: str) -> list[str]:
    """Return the values of a header, unfolded. Bytes that are not ASCII become question marks."""
    return [" ".join(str(value).encode("ascii", "replace").decode().split()) for value in mail.get_all(name, [])]


# Seconds.
_DNS_TIMEOUT = 5


def verify(raw: bytes, index: int, *, key: bytes | None, online: bool) -> MailFinding:
    """Verify the signature at `index` from the top. Return a warning if that is impossible (no dkimpy, no key).

    `key` is a DKIM record or a public key in PEM.
    """
    try:
        import dkim
    except ModuleNotFoundError:
        return MailFinding("warning", "the signature itself was not verified", "install hindi-digest[dkim]")
    key_missing = False

    def record(name: bytes, timeout: int = _DNS_TIMEOUT) -> bytes | None:
        nonlocal key_missing
        try:
            found: bytes | None = record_of(key) if key is not None else dkim.get_txt(name, timeout)
        except Exception:
            # Whatever a resolver raises, there is no key.
            found = None
        key_missing = key_missing or not found
        return found

    if key is None and not online:
        problem = "the signature itself was not verified: offline, and no --key is given"
        return MailFinding("warning", problem, "add --key, or leave out --offline")
    try:
        good = dkim.DKIM(raw, timeout=_DNS_TIMEOUT).verify(index, dnsfunc=record)
    except Exception as error:
        # dkimpy raises many kinds of errors for malformed headers.
        return MailFinding("error", f"the signature cannot be verified: {type(error).__name__}", _SAVE_AGAIN)
    if key_missing:
        problem = "the signature itself was not verified: the DNS did not answer or has no key"
        return MailFinding("warning", problem, f"{_DNS}; or add --key")
    if not good:
        problem = "the signature is invalid: the mail was changed in transit, or the key is a different one"
        return MailFinding("error", problem, f"{_DNS}; {_SAVE_AGAIN}")
    return MailFinding("good", "the signature is valid")


def record_of(key: bytes) -> bytes:
    """Return the DKIM record of a public key in PEM. A DKIM record is returned unchanged."""
    lines = re.search(rb"-----BEGIN PUBLIC KEY-----(.*?)-----END", key, re.S)
    return b"v=DKIM1; k=rsa; p=" + b"".join(lines[1].split()) if lines else b"".join(key.split(b"\n")).strip()
