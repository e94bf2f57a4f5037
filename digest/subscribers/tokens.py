"""Signed tokens for the links in an email. They contain no address, and nothing is stored per email.

A token is base64url(key id, 1 byte · subscriber id, 8 bytes · 18 bytes of keyed BLAKE2b, RFC 7693), bound to a
purpose. It never expires, because an unsubscribe link must always work (RFC 8058 section 3.2 asks for an unforgeable
opaque part). The three tokens of an email are parts of one BLAKE2b code: signing a million takes about two seconds.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence

# Bytes of each code. A multiple of three, so that each part of a token is whole base64 characters.
_MAC = 18
_IN_A_LETTER = ("leave", "preferences", "view")
# Characters of the key id with the subscriber id, and of a code.
_START, _END = 9 * 4 // 3, _MAC * 4 // 3
# Characters of a code that is the same for all subscribers.
_LINK = 12
# One purpose for all three. No other purpose contains a space.
_LETTER = " ".join(_IN_A_LETTER)


VIEW = "view"
"""The purpose of a token that shows an edition, and of the code that an edition adds to it."""


class TokenSigner:
    """Signs with the first key and accepts all of them, so that keys can be rotated."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) < 16 for key in keys):
            raise ValueError("a signing key needs at least 16 bytes")
        # Key ids and keys. Two keys may share their one-byte id.
        self._keys = [(_key_id(key), hashlib.sha512(key).digest()) for key in keys]
        self._key_id, self._key = self._keys[0]

    def sign(self, purpose: str, subscriber: int) -> str:
        """Return the subscriber's token for a purpose."""
        body = self._body(subscriber)
        return _encode(body + _code(self._key, purpose, body))

    def sign_email(self, subscribers: Iterable[int]) -> list[tuple[str, str, str]]:
        """Return each subscriber's tokens for leave, preferences and view, as `sign` would."""
        begun = _begin(self._key, _LETTER)
        begun.update(self._key_id)
        bodies, codes = [], []
        for subscriber in subscribers:
            number = subscriber.to_bytes(8, "big")
            code = begun.copy()
            code.update(number)
            bodies.append(self._key_id + number)
            codes.append(code.digest())
        # Encoded together, because signing is a third of the work of a send.
        starts, ends = _encode(b"".join(bodies)), _encode(b"".join(codes))
        found = []
        for at in range(len(bodies)):
            body, first = starts[at * _START : (at + 1) * _START], 3 * at * _END
            second, third = first + _END, first + 2 * _END
            found.append((body + ends[first:second], body + ends[second:third], body + ends[third : third + _END]))
        return found

    def read(self, purpose: str, token: str) -> int | None:
        """Return the token's subscriber, or None unless it was signed for this purpose with one of our keys."""
        try:
            raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            return None
        # Accept only the canonical encoding.
        if len(raw) != 9 + _MAC or _encode(raw) != token:
            return None
        for key_id, key in self._keys:
            if key_id == raw[:1] and hmac.compare_digest(raw[9:], _code(key, purpose, raw[:9])):
                return int.from_bytes(raw[1:9], "big")
        return None

    def sign_name(self, purpose: str, name: str) -> str:
        """Return a token for a named thing, such as an edition. The token does not contain the name."""
        return _name_token(self._key, purpose, name)

    def sign_link(self, purpose: str, name: str) -> str:
        """Return a code that a link has in its path: the beginning of `sign_name`, 72 bits."""
        return self.sign_name(purpose, name)[:_LINK]

    def is_signed_link(self, purpose: str, name: str, code: str) -> bool:
        """Whether `sign_link` made the code for this purpose and name."""
        given = code.encode("utf-8", "replace")
        return any(hmac.compare_digest(each[:_LINK].encode(), given) for each in self.sign_name_by_each(purpose, name))

    def sign_name_by_each(self, purpose: str, name: str) -> list[str]:
        """Return the token of `sign_name` by each key. They are compared with tokens that are known only in part."""
        return [_name_token(key, purpose, name) for _key_id, key in self._keys]

    def is_signed_name(self, purpose: str, name: str, token: str) -> bool:
        """Whether we signed the token for this purpose and name."""
        return any(
            hmac.compare_digest(_name_token(key, purpose, name).encode(), token.encode("utf-8", "replace"))
            for _key_id, key in self._keys
        )

    def _body(self, subscriber: int) -> bytes:
        return self._key_id + subscriber.to_bytes(8, "big")


def _encode(raw: bytes) -> str:
    # `raw` has a multiple of three bytes, so there is no padding.
    return base64.urlsafe_b64encode(raw).decode("ascii")


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"key id" + key).digest()[:1]


def _code(key: bytes, purpose: str, body: bytes) -> bytes:
    """Return the code of a token. The purposes of an email have a part of one code each."""
    if purpose not in _IN_A_LETTER:
        return _digest(key, purpose, body)[:_MAC]
    start = _IN_A_LETTER.index(purpose) * _MAC
    return _digest(key, _LETTER, body)[start : start + _MAC]


def _name_token(key: bytes, purpose: str, name: str) -> str:
    return _encode(_digest(key, purpose, b"name\0" + name.encode())[:_MAC])


def _digest(key: bytes, purpose: str, body: bytes) -> bytes:
    """Return the keyed BLAKE2b hash, long enough for all tokens of an email."""
    code = _begin(key, purpose)
    code.update(body)
    return code.digest()


def _begin(key: bytes, purpose: str) -> hashlib.blake2b:
    return hashlib.blake2b(purpose.encode() + b"\0", key=key, digest_size=len(_IN_A_LETTER) * _MAC)
