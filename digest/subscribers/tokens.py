"""Signed words for links: who may do what, with no address inside and nothing stored when a letter is sent.

A token is base64url(key id, 1 byte · subscriber id, 8 bytes · 18 bytes of keyed BLAKE2b, RFC 7693) and is bound to a
purpose; it never expires, as a way out must work for ever (RFC 8058 section 3.2 asks for an unforgeable opaque part).
The three words of a letter are three parts of one code: a million readers are signed in a second.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence

_MAC = 18  # bytes, so that every part of a token is whole characters of base64
_IN_A_LETTER = ("leave", "preferences", "view")
_LETTER = " ".join(_IN_A_LETTER)  # no purpose has a space


class Signer:
    """Signs with the first key and accepts every key given, so that keys can be rotated."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) < 16 for key in keys):
            raise ValueError("a signing key needs at least 16 bytes")
        self.keys: dict[bytes, list[_Mac]] = {}  # two keys may share their one-byte id
        for key in keys:
            self.keys.setdefault(_key_id(key), []).append(_Mac(key))
        self.key_id, self.current = _key_id(keys[0]), _Mac(keys[0])

    def sign(self, purpose: str, subscriber: int) -> str:
        body = self.key_id + subscriber.to_bytes(8, "big")
        return _written(body + self.current.of(purpose, body))

    def sign_letter(self, subscribers: Iterable[int]) -> Iterator[tuple[str, str, str]]:
        """The words of each reader's letter at once: what `sign` gives for leave, preferences and view."""
        bodies = [self.key_id + subscriber.to_bytes(8, "big") for subscriber in subscribers]
        written = _written(b"".join(self.current.each(_LETTER, bodies)))
        # 12 characters are key and subscriber, and each of the three parts is 24.
        return iter(
            [
                (
                    written[at : at + 36],
                    (reader := written[at : at + 12]) + written[at + 36 : at + 60],
                    reader + written[at + 60 : at + 84],
                )
                for at in range(0, len(written), 84)
            ]
        )

    def read(self, purpose: str, token: str) -> int | None:
        """The subscriber whom the token names, or None for anything that we did not sign for this purpose."""
        try:
            raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            return None
        if len(raw) != 9 + _MAC or _written(raw) != token:  # one spelling only
            return None
        for key in self.keys.get(raw[:1], ()):
            if hmac.compare_digest(raw[9:], key.of(purpose, raw[:9])):
                return int.from_bytes(raw[1:9], "big")
        return None


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii")  # whole groups of three bytes: no padding


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"key id" + key).digest()[:1]


class _Mac:
    """Keyed BLAKE2b under one key, which is hashed once and not for each reader."""

    def __init__(self, key: bytes) -> None:
        self.keyed = hashlib.blake2b(key=hashlib.sha512(key).digest(), digest_size=len(_IN_A_LETTER) * _MAC)

    def of(self, purpose: str, body: bytes) -> bytes:
        if purpose in _IN_A_LETTER:
            start = _IN_A_LETTER.index(purpose) * _MAC
            return self.each(_LETTER, [body])[1][start : start + _MAC]
        return self.each(purpose, [body])[1][:_MAC]

    def each(self, purpose: str, bodies: Iterable[bytes]) -> list[bytes]:
        """Each body, and after it its code."""
        begun = self.keyed.copy()
        begun.update(purpose.encode() + b"\0")
        made: list[bytes] = []
        copy, keep = begun.copy, made.append
        for body in bodies:
            own = copy()
            own.update(body)
            keep(body)
            keep(own.digest())
        return made
