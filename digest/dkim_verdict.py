"""Verify a mail's DKIM signature with dkimpy, if installed, and a given key or one from the DNS."""

from __future__ import annotations

import re

from digest.doctor import Finding

# Seconds.
_DNS_TIMEOUT = 5


def verify(raw: bytes, index: int, *, key: bytes | None, online: bool) -> Finding:
    """Verify the signature at `index` from the top. Return a warning if that is impossible (no dkimpy, no key).

    `key` is a DKIM record or a public key in PEM.
    """
    try:
        import dkim
    except ModuleNotFoundError:
        return Finding("warning", "the signature itself was not verified: that needs hindi-digest[dkim]")
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
        return Finding("warning", "the signature itself was not verified: offline, and no --key is given")
    try:
        good = dkim.DKIM(raw, timeout=_DNS_TIMEOUT).verify(index, dnsfunc=record)
    except Exception as error:
        # dkimpy raises many kinds of errors for malformed headers.
        return Finding("error", f"the signature cannot be verified: {type(error).__name__}")
    if key_missing:
        return Finding(
            "warning", "the signature itself was not verified: the DNS did not answer or has no key; see --key"
        )
    if not good:
        return Finding(
            "error", "the signature is invalid: the mail was changed in transit, or the key is a different one"
        )
    return Finding("good", "the signature is valid")


def record_of(key: bytes) -> bytes:
    """The DKIM record for a public key in PEM; a DKIM record as it is."""
    lines = re.search(rb"-----BEGIN PUBLIC KEY-----(.*?)-----END", key, re.S)
    return b"v=DKIM1; k=rsa; p=" + b"".join(lines[1].split()) if lines else b"".join(key.split(b"\n")).strip()
