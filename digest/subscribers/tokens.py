"""Signed words for links: who may do what, with no address inside and nothing stored when a letter is sent.

A token is base64url(key id, 1 byte · subscriber id, 8 bytes · HMAC-SHA256 cut to 16 bytes) and is bound to a purpose;
it never expires, as a way out must work for ever (RFC 8058 section 3.2 asks for an unforgeable opaque part).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

_MAC = 16


class Signer:
    """Signs with the first key and accepts every key given, so that keys can be rotated."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) < 16 for key in keys):
            raise ValueError("a signing key needs at least 16 bytes")
        self.keys: dict[bytes, list[bytes]] = {}  # two keys may share their one-byte id
        for key in keys:
            self.keys.setdefault(_key_id(key), []).append(key)
        self.current = keys[0]

    def sign(self, purpose: str, subscriber: int) -> str:
        body = _key_id(self.current) + subscriber.to_bytes(8, "big")
        return _written(body + _mac(self.current, purpose, body))

    def read(self, purpose: str, token: str) -> int | None:
        """The subscriber whom the token names, or None for anything that we did not sign for this purpose."""
        try:
            raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            return None
        if len(raw) != 9 + _MAC or _written(raw) != token:  # one spelling only
            return None
        for key in self.keys.get(raw[:1], ()):
            if hmac.compare_digest(raw[9:], _mac(key, purpose, raw[:9])):
                return int.from_bytes(raw[1:9], "big")
        return None


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"key id" + key).digest()[:1]


def _mac(key: bytes, purpose: str, body: bytes) -> bytes:
    return hmac.digest(key, purpose.encode() + b"\0" + body, "sha256")[:_MAC]
