"""Rules for the payload of POST /v3/mail/send beyond its schema.

Sources: the limits in SendGrid's documentation and OpenAPI file, and our own rules, which are marked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tests.support import sendgrid_attachments

# Bytes of custom_args, and of substitutions, in each personalization.
BYTES_LIMIT = 10_000
# Bytes of the whole request.
TOTAL_LIMIT = 30_000_000
# How many seconds ahead send_at may be.
AHEAD_LIMIT = 72 * 3600

_ROOT = frozenset(
    {"personalizations", "from", "reply_to", "reply_to_list", "subject", "content", "attachments", "template_id"}
    | {"headers", "categories", "custom_args", "send_at", "batch_id", "asm", "ip_pool_name", "mail_settings"}
    | {"tracking_settings"}
)
_PERSONAL = frozenset({"to", "from", "subject", "headers", "substitutions", "custom_args"})
_RESERVED = frozenset(
    {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"}
    | {"to", "from", "subject", "reply-to", "cc", "bcc"}
)
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@)(?=.{{1,254}}\Z){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}\Z")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_EMPTY: dict[str, str] = {}
_OUR_TAG = re.compile(r"-DGX_[A-Z_]+-")


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule. `field` is that of SendGrid's errors: `personalizations.17.to.0.email`, or None."""

    message: str
    field: str | None = None


def check(payload: object, *, now: float, knows: Callable[[str], bool]) -> Iterator[Violation]:
    """Yield every broken rule of a payload. `now` is in epoch seconds; `knows` tests whether a batch_id was issued."""
    if not isinstance(payload, dict):
        yield Violation("Bad Request")
        return
    for key in payload.keys() - _ROOT:
        yield Violation(f"Unknown parameter: {key}", key)
    yield from _envelope(payload)
    yield from _content(payload)
    yield from (Violation(*found) for found in sendgrid_attachments.violations(payload))
    yield from _headers(payload.get("headers"), "headers")
    yield from _strings(payload.get("custom_args"), "custom_args")
    yield from _settings(payload)
    yield from _schedule(payload, now, knows)
    yield from _personalizations(payload)


def address_is_valid(address: object) -> bool:
    """Return whether SendGrid accepts it: ASCII, one @, a dotted domain, within 64 + 254 characters."""
    return isinstance(address, str) and _ADDRESS.match(address) is not None


def _personalizations(payload: dict[str, Any]) -> Iterator[Violation]:
    people = payload.get("personalizations")
    if not isinstance(people, list) or not 1 <= len(people) <= 1000:
        yield Violation("The personalizations field must have between 1 and 1000 items.", "personalizations")
        return
    root_args = payload.get("custom_args")
    root_size = _size(root_args) if isinstance(root_args, dict) else 0
    tags = _tags(payload)
    seen: set[str] = set()
    for index, person in enumerate(people):
        if not _is_valid(person, seen, tags, root_size):
            yield from _personalization(person, f"personalizations.{index}", seen, tags, root_size)


def _is_valid(person: Any, seen: set[str], tags: frozenset[str], root_size: int) -> bool:
    """Return whether a personalization certainly breaks no rule. This fast check suffices for nearly all of 1,000."""
    try:
        (to,) = person["to"]
        key = to["email"].casefold()
        if key in seen or _ADDRESS.match(to["email"]) is None or len(to) > 1 or not person.keys() <= _PERSONAL:
            return False
        headers, args = person.get("headers", _EMPTY), person.get("custom_args", _EMPTY)
        substitutions = person.get("substitutions", _EMPTY)
        if not type(headers) is type(args) is type(substitutions) is dict:
            return False
        if headers:
            # Raises TypeError if one is not a string.
            values = "".join(headers.values())
            if not (values.isascii() and values.isprintable() and _headers_are_valid(*headers)):
                return False
        if args and root_size + len("".join([*args, *args.values()]).encode()) > BYTES_LIMIT:
            return False
        if substitutions and len("".join([*substitutions, *substitutions.values()]).encode()) > BYTES_LIMIT:
            return False
    except (TypeError, KeyError, ValueError, AttributeError):
        return False
    if "subject" in person or not tags <= substitutions.keys():
        return False
    seen.add(key)
    return True


@lru_cache(maxsize=256)
def _headers_are_valid(*names: str) -> bool:
    return all(name.lower() not in _RESERVED and _HEADER_NAME.match(name) for name in names)


def _personalization(
    person: object, where: str, seen: set[str], tags: frozenset[str], root_size: int
) -> Iterator[Violation]:
    if not isinstance(person, dict):
        yield Violation("Bad Request", where)
        return
    # Our own rule: one `to` each, no cc or bcc, and one send time for each request.
    for key in person.keys() - _PERSONAL:
        yield Violation(f"Not allowed here: {key}", f"{where}.{key}")
    yield from _recipient(person.get("to"), where, seen)
    yield from _headers(person.get("headers"), f"{where}.headers")
    args, substitutions = person.get("custom_args"), person.get("substitutions")
    yield from _strings(args, f"{where}.custom_args")
    if isinstance(args, dict) and root_size + _size(args) > BYTES_LIMIT:
        yield Violation("custom_args are too large (10,000 bytes).", f"{where}.custom_args")
    yield from _strings(substitutions, f"{where}.substitutions")
    if isinstance(substitutions, dict) and _size(substitutions) > BYTES_LIMIT:
        yield Violation("substitutions are too large (10,000 bytes).", f"{where}.substitutions")
    if tags and not (isinstance(substitutions, dict) and tags <= substitutions.keys()):
        yield Violation("A tag in the content has no substitution.", f"{where}.substitutions")
    if "subject" in person and not (isinstance(person["subject"], str) and person["subject"]):
        yield Violation("The subject must be a non-empty string.", f"{where}.subject")


def _recipient(to: object, where: str, seen: set[str]) -> Iterator[Violation]:
    if not isinstance(to, list) or len(to) != 1 or not isinstance(to[0], dict):
        yield Violation("Exactly one recipient for each personalization.", f"{where}.to")
        return
    address = to[0].get("email")
    if not isinstance(address, str) or _ADDRESS.match(address) is None:
        yield Violation("Does not contain a valid address.", f"{where}.to.0.email")
        return
    name = to[0].get("name")
    if name is not None and (not isinstance(name, str) or ";" in name or "," in name):
        yield Violation("The name must be a string without ; and ,", f"{where}.to.0.name")
    key = address.casefold()
    if key in seen:
        yield Violation(
            "Each email address in the personalization block should be unique between to, cc, and bcc. "
            f"We found the first duplicate instance of [{address}] in the {where}.to field.",
            "personalizations",
        )
    seen.add(key)


def _envelope(payload: dict[str, Any]) -> Iterator[Violation]:
    sender = payload.get("from")
    if not isinstance(sender, dict) or not address_is_valid(sender.get("email")):
        yield Violation("The from object must be provided for every email send.", "from.email")
    if "reply_to" in payload and "reply_to_list" in payload:
        yield Violation("reply_to and reply_to_list exclude each other.", "reply_to")
    reply = payload.get("reply_to")
    if reply is not None and not (isinstance(reply, dict) and address_is_valid(reply.get("email"))):
        yield Violation("Does not contain a valid address.", "reply_to.email")


def _content(payload: dict[str, Any]) -> Iterator[Violation]:
    if "template_id" in payload:
        return
    subject, people = payload.get("subject"), payload.get("personalizations")
    if not isinstance(subject, str) or not subject:
        own = isinstance(people, list) and all(isinstance(p, dict) and p.get("subject") for p in people)
        if "subject" in payload or not own:
            yield Violation("The subject is required.", "subject")
    parts = payload.get("content")
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
        yield Violation("Unless a valid template_id is provided, the content parameter is required.", "content")
        return
    for index, part in enumerate(parts):
        if not isinstance(part.get("value"), str) or not part["value"]:
            yield Violation(
                "The content value must be a string at least one character in length.",
                f"content.{index}.value",
            )
    types = [part.get("type") for part in parts]
    if len(set(types)) != len(types):
        yield Violation("Each content type only once.", "content")
    order = [("text/plain", "text/html").index(t) if t in ("text/plain", "text/html") else 2 for t in types]
    if order != sorted(order):
        yield Violation("If present, text/plain must be first, followed by text/html.", "content")


def _settings(payload: dict[str, Any]) -> Iterator[Violation]:
    categories = payload.get("categories", [])
    if not isinstance(categories, list) or len(categories) > 10 or len(set(map(str, categories))) != len(categories):
        yield Violation("At most 10 unique categories.", "categories")
    elif not all(isinstance(c, str) and c.isascii() and 0 < len(c) <= 255 for c in categories):
        yield Violation("A category is 1 to 255 ASCII characters.", "categories")
    mail = payload.get("mail_settings")
    if not isinstance(mail, dict):
        return
    for key, value in mail.items():
        enable = value.get("enable") if isinstance(value, dict) else None
        if not isinstance(enable, bool):
            yield Violation("enable must be a boolean.", f"mail_settings.{key}.enable")
        # Our own rule: never send to suppressed recipients.
        elif enable and key.startswith("bypass_"):
            yield Violation("Suppressions must not be bypassed.", f"mail_settings.{key}")


def _schedule(payload: dict[str, Any], now: float, knows: Callable[[str], bool]) -> Iterator[Violation]:
    if "send_at" in payload:
        at = payload["send_at"]
        if type(at) is not int or not 0 < at <= now + AHEAD_LIMIT:
            yield Violation("send_at must be a unix timestamp at most 72 hours ahead.", "send_at")
    if "batch_id" in payload and not (isinstance(payload["batch_id"], str) and knows(payload["batch_id"])):
        yield Violation("invalid batch id", "batch_id")


def _headers(headers: object, where: str) -> Iterator[Violation]:
    if headers is None:
        return
    if not isinstance(headers, dict):
        yield Violation("headers must be an object.", where)
        return
    for name, value in headers.items():
        if name.lower() in _RESERVED or _HEADER_NAME.match(name) is None:
            yield Violation(f"The header name [{name}] is reserved or malformed.", f"{where}.{name}")
        if type(value) is not str or not value.isascii() or "\n" in value or "\r" in value:
            yield Violation("A header value is one line of ASCII.", f"{where}.{name}")


def _strings(values: object, where: str) -> Iterator[Violation]:
    """Only strings are allowed. As in SendGrid's response, the violation names no field."""
    if values is None:
        return
    if not isinstance(values, dict):
        yield Violation("Bad Request", where)
        return
    for key, value in values.items():
        if type(value) is not str:
            yield Violation(f"Bad Request ({where}.{key} is not a string)")


def _size(values: dict[str, Any]) -> int:
    """Return the UTF-8 bytes of all keys and values."""
    return sum(len(k.encode()) + (len(v.encode()) if type(v) is str else 0) for k, v in values.items())


def _tags(payload: dict[str, Any]) -> frozenset[str]:
    """Return our placeholders in subject and content. No recipient must ever see one."""
    parts = payload.get("content")
    texts = [part.get("value") for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    texts.append(payload.get("subject"))
    return frozenset(tag for text in texts if isinstance(text, str) for tag in _OUR_TAG.findall(text))
