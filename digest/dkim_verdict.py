"""Whether a mail's DKIM signature is good, by dkimpy where it is installed, with a key at hand or from the DNS."""

from __future__ import annotations

import re

from digest.doctor import Finding

_SECONDS = 5


def verdict(raw: bytes, index: int, *, key: bytes | None, online: bool) -> Finding:
    """The signature that stands at `index` from the top, judged. `key` is a DKIM record or a public key in PEM. What
    could not be judged (no dkimpy, no key) is a warning that says so."""
    try:
        import dkim
    except ModuleNotFoundError:
        return Finding("warning", "the signature itself was not verified: that needs hindi-digest[dkim]")
    unread = False

    def record(name: bytes, timeout: int = _SECONDS) -> bytes | None:
        nonlocal unread
        try:
            found: bytes | None = record_of(key) if key is not None else dkim.get_txt(name, timeout)
        except Exception:  # whatever a resolver raises, there is no key
            found = None
        unread = unread or not found
        return found

    if key is None and not online:
        return Finding("warning", "the signature itself was not verified: offline, and no --key is given")
    try:
        good = dkim.DKIM(raw, timeout=_SECONDS).verify(index, dnsfunc=record)
    except Exception as error:  # dkimpy raises many kinds for what strangers write
        return Finding("error", f"the signature can't be verified: {type(error).__name__}")
    if unread:
        return Finding(
            "warning", "the signature itself was not verified: the DNS was not reached or has no key; see --key"
        )
    if not good:
        return Finding("error", "the signature is not good: the mail was changed on the way, or the key is another")
    return Finding("good", "the signature is good")


def record_of(key: bytes) -> bytes:
    """A DKIM record as it is; a public key in PEM as a record."""
    lines = re.search(rb"-----BEGIN PUBLIC KEY-----(.*?)-----END", key, re.S)
    return b"v=DKIM1; k=rsa; p=" + b"".join(lines[1].split()) if lines else b"".join(key.split(b"\n")).strip()
