"""Remove secrets from words that come from outside, before they are stored or shown.

Servers repeat what we send them: a 401 may quote the Authorization header, an SMTP reply the password, a redirect the
API key. The secrets in use are registered here for the whole process, and found in every encoding in which a server may
repeat them. `redact` also finds text that looks like somebody else's secret.
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from digest.messages import Message, mapped

MASK = "***"
# Shorter values are not searched, because they would hide ordinary words and numbers.
_MIN_LENGTH = 6
# A shorter value only matches where no letter or digit touches it.
_MIN_WITHIN_WORD = 8

# A pattern, not a secret.
_SECRET_PARAMETER = r"(?:[a-z0-9_-]{0,30}(?:api[_-]?key|token|secret)|password|passwd|pwd|auth|sig|signature)"  # noqa: S105
# Not within a word.
_START = r"(?<![A-Za-z0-9_])"
# A user without a password, and then the host.
_DATABASE_USER = r"postgresql://[^\s/?#:@\"'<>]+@[^\s/?#@]*(?:[\s/?#]|\Z)"
# A match is replaced by its groups followed by the mask. Repetitions are limited, so that no text takes long.
_LOOKS_SECRET = (
    # user:password@ in a URL. A password may contain @. The user of a database alone is not secret; others may be keys.
    re.compile(rf"({_START}(?!{_DATABASE_USER})[a-z][a-z0-9+.-]{{0,30}}://)[^\s/?#\"'<>]+(?=@)", re.IGNORECASE),
    # A query parameter.
    re.compile(rf"([?&;]{_SECRET_PARAMETER}=)[^\s&#;\"'<>]+", re.IGNORECASE),
    # A header or a field, also in JSON.
    re.compile(
        rf"{_START}((?:proxy-)?authorization|x-{_SECRET_PARAMETER}|api[_-]?key|client[_-]secret|password)"
        r"([\"']?\s*[:=]\s*[\"']?(?:(?:basic|bearer|token|apikey|digest)\s+)?+)[^\s\"',;<>*]+",
        re.IGNORECASE,
    ),
    # RFC 9110 section 11.6.2. A word without digits and signs is ordinary text.
    re.compile(
        rf"{_START}((?:bearer|basic)\s+)(?=[a-z_~/-]*[0-9=._~+/])[a-z0-9_.~+/-]{{8,}}=*",
        re.IGNORECASE,
    ),
    # RFC 4954: the client's login command.
    re.compile(rf"{_START}(AUTH\s+(?:PLAIN|LOGIN|XOAUTH2)\s+)[a-z0-9+/]{{8,}}=*", re.IGNORECASE),
    # Keys of SendGrid, Resend, Brevo, AWS, OpenAI and Slack, a webhook's secret, a Telegram bot.
    re.compile(
        rf"{_START}()(?:SG\.[A-Za-z0-9_-]{{10,}}\.[A-Za-z0-9_-]{{10,}}|re_[A-Za-z0-9_]{{16,}}"
        r"|xkeysib-[A-Za-z0-9_-]{20,}|AKIA[A-Z0-9]{16}|sk-[A-Za-z0-9_-]{20,}|xox[a-z]-[A-Za-z0-9-]{10,}"
        r"|whsec_[A-Za-z0-9+/=_-]{16,}|[0-9]{6,}:AA[A-Za-z0-9_-]{30,})"
    ),
)
# The local part of an address, which may be quoted (RFC 5321 4.1.2) or percent-encoded.
_BEFORE_AT = re.compile(r"(?:\"[^\"\n]{1,64}\"|[^\s@<>()\[\]\"',;:/]{1,256}?)(?:@|%40)(?=[^\s@])")
_SECRET_NAME = re.compile(rf"{_SECRET_PARAMETER}|key", re.IGNORECASE)


@dataclass(frozen=True)
class _Secrets:
    """The registered secrets. Replaced as a whole, so that readers need no lock.

    The patterns are compiled when a secret is found for the first time: most processes never find one.
    """

    values: frozenset[str] = frozenset()
    # Every form of every value, the longest first: one secret may contain another.
    forms: tuple[str, ...] = ()
    # The forms that are pieces of base64.
    within: frozenset[str] = frozenset()
    byte_forms: tuple[bytes, ...] = ()

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self._alternatives)

    @cached_property
    def byte_pattern(self) -> re.Pattern[bytes]:
        return re.compile(self._alternatives.encode("utf-8", "surrogateescape"))

    @property
    def _alternatives(self) -> str:
        return "|".join(
            rf"(?<![A-Za-z0-9]){re.escape(form)}(?![A-Za-z0-9])"
            if len(form) < _MIN_WITHIN_WORD and form not in self.within
            else re.escape(form)
            for form in self.forms
        )


_known = _Secrets()
_lock = threading.Lock()


def protect(values: Iterable[str]) -> None:
    """Register secrets of this process. Values of less than six characters are ignored."""
    global _known
    with _lock:
        more = {value for value in values if len(value) >= _MIN_LENGTH} - _known.values
        if more:
            _known = _with_forms(_known.values | more)


def forget() -> None:
    """Forget all registered secrets, for tests."""
    global _known
    with _lock:
        _known = _Secrets()


def without_known(text: str) -> str:
    """Replace the registered secrets. Fast: one search for each form, and nothing more if none is found."""
    known = _known
    if not any(form in text for form in known.forms):
        return text
    return known.pattern.sub(MASK, text)


def without_known_bytes(data: bytes) -> bytes:
    """Like `without_known`, for a body before it is parsed."""
    known = _known
    if not any(form in data for form in known.byte_forms):
        return data
    return known.byte_pattern.sub(MASK.encode(), data)


def has_known(text: str) -> bool:
    """Whether the text contains a registered secret."""
    return without_known(text) != text


def unless_secret(text: str | None) -> str | None:
    """Return the text, or None if it contains a registered secret.

    For addresses and ETags, which are useless when masked.
    """
    return None if text and has_known(text) else text


def redact(text: str) -> str:
    """Replace the registered secrets, and text that looks like a secret. For messages, not for articles.

    A `Message` stays one, unless a secret is in more than one of its values.
    """
    masked = without_known(text)
    for pattern in _LOOKS_SECRET:
        masked = pattern.sub(_mask, masked)
    if not isinstance(text, Message):
        return masked
    by_values = text if masked == text else mapped(text, redact)
    return by_values if by_values == masked else masked


def hide_addresses(text: str) -> str:
    """Mask the local part of each address, for logs, because servers repeat the addresses of subscribers."""
    return _BEFORE_AT.sub("…@", text)


def secrets_of_url(url: str, *, user_alone: bool = True) -> Iterator[str]:
    """Yield the password of a URL and the values of parameters such as `apikey`.

    A user without a password may be a key, so with `user_alone` it counts too.
    """
    if "://" not in url:
        return
    try:
        parts = urlsplit(url)
        userinfo = parts.netloc.rpartition("@")[0]
        query = parse_qsl(parts.query)
    except ValueError:
        return
    user, colon, password = userinfo.partition(":")
    found = password if colon else user if user_alone else ""
    for secret in {found, unquote(found)}:
        if secret:
            yield secret
    yield from (value for name, value in query if _SECRET_NAME.fullmatch(name))


def _mask(match: re.Match[str]) -> str:
    return "".join(group or "" for group in match.groups()) + MASK


def _with_forms(values: frozenset[str]) -> _Secrets:
    plain = {form for value in values for form in _spellings(value)}
    within = frozenset(form for value in values for form in _within_base64(value))
    forms = tuple(sorted(plain | within, key=lambda form: (-len(form), form)))
    return _Secrets(values, forms, within, tuple(form.encode("utf-8", "surrogateescape") for form in forms))


def _spellings(value: str) -> Iterator[str]:
    """Yield the value as plain text, in a URL, in JSON and in HTML."""
    yield value
    yield quote(value, safe="")
    yield quote_plus(value)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield json.dumps(value)[1:-1].replace("/", "\\/")
    yield html.escape(value)


def _within_base64(value: str) -> Iterator[str]:
    """Yield the value inside base64 of anything, such as `user:value`.

    Three bytes become four characters, so the value may begin at three offsets. Returns the characters that depend only
    on the value.
    """
    data = value.encode("utf-8", "surrogateescape")
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + data).decode()
        inner = encoded[-(-8 * before // 6) : 8 * (before + len(data)) // 6]
        yield inner
        yield inner.replace("+", "-").replace("/", "_")
