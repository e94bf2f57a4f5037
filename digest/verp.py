"""VERP: an envelope sender of one's own for each reader, so that a bounce says by its address whom it is about.

`bounces+TOKEN@example.com`, where TOKEN is the signed word in base32: mail programs on the way may write a local part
in small letters, which base64 would not survive. Pure; signs and checks nothing itself. Both the sender of mail and
the reader of bounces stand on this.
"""

from __future__ import annotations

import base64
import binascii

_LOCAL_PART = 64  # octets (RFC 5321 section 4.5.3.1.1)


def address(bounces: str, token: str) -> str:
    """`bounces` with the base64url `token` behind a plus. Raises ValueError for what is no token, or too long."""
    local, _, domain = bounces.rpartition("@")
    raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    word = f"{local}+{base64.b32encode(raw).decode('ascii').rstrip('=').lower()}"
    if len(word) > _LOCAL_PART:
        raise ValueError(
            f"{bounces} is too long to carry a reader's token: expected at most 19 characters before the @"
        )
    return f"{word}@{domain}"


def token(bounces: str, found: str) -> str:
    """The base64url token within an address that `address` made, in whatever case it came back; '' for any other.
    It proves nothing before its signature is checked."""
    local, _, domain = bounces.lower().rpartition("@")
    name, _, host = found.strip().strip("<>").lower().rpartition("@")
    begin, plus, word = name.rpartition("+")
    if (begin, plus, host) != (local, "+", domain) or not word.isascii():
        return ""
    try:
        raw = base64.b32decode(word.upper() + "=" * (-len(word) % 8))
    except binascii.Error:
        return ""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
