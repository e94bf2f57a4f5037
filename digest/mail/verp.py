"""VERP: an envelope sender for each recipient, so that a bounce's address identifies the recipient.

`bounces+TOKEN@example.com`, where TOKEN is the signed token in base32, because mail servers may change a local part to
lower case. Used for sending mail and for reading bounces.
"""

from __future__ import annotations

import base64
import binascii

# Octets (RFC 5321 section 4.5.3.1.1).
_MAX_LOCAL_PART = 64


def address(bounces: str, token: str) -> str:
    """Return `bounces` with the base64url `token` after a plus.

    Raises ValueError if the token is invalid or too long.
    """
    local, _, domain = bounces.rpartition("@")
    raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    word = f"{local}+{base64.b32encode(raw).decode('ascii').rstrip('=').lower()}"
    if len(word) > _MAX_LOCAL_PART:
        raise ValueError(f"{bounces} is too long for a bounce address: expected at most 19 characters before the @")
    return f"{word}@{domain}"


def token(bounces: str, found: str) -> str | None:
    """Return the base64url token in an address made by `address`, in upper or lower case; None for any other address.

    Its signature must still be checked.
    """
    local, _, domain = bounces.lower().rpartition("@")
    name, _, host = found.strip().strip("<>").lower().rpartition("@")
    prefix, plus, word = name.rpartition("+")
    if (prefix, plus, host) != (local, "+", domain) or not word.isascii():
        return None
    try:
        raw = base64.b32decode(word.upper() + "=" * (-len(word) % 8))
    except binascii.Error:
        return None
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
