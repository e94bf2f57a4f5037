"""Sign webhooks by Standard Webhooks 1.0.0
(https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

_PREFIX = "whsec_"
# Bytes of a key, by the standard.
_MIN_KEY, _MAX_KEY = 24, 64


def read_secrets(text: str) -> list[bytes]:
    """Parse the keys of comma-separated `whsec_…` secrets. Raises ValueError."""
    keys = []
    for word in filter(None, (part.strip() for part in text.split(","))):
        try:
            key = base64.b64decode(word.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            key = b""
        if not _MIN_KEY <= len(key) <= _MAX_KEY:
            raise ValueError(f"expected {_PREFIX} and {_MIN_KEY} to {_MAX_KEY} bytes in base64")
        keys.append(key)
    if not keys:
        raise ValueError(f"expected a secret such as {_PREFIX}…")
    return keys


def signed_headers(keys: Sequence[bytes], id: str, at: int, body: bytes) -> dict[str, str]:
    """Return the three headers of a post. `at` is in Unix seconds. Without keys the signature is missing."""
    headers = {"webhook-id": id, "webhook-timestamp": str(at)}
    if keys:
        content = f"{id}.{at}.".encode() + body
        digests = (hmac.new(key, content, hashlib.sha256).digest() for key in keys)
        headers["webhook-signature"] = " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
    return headers
