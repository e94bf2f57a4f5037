"""Whether a post is SendGrid's: ECDSA P-256 with SHA-256 over the timestamp header's bytes and the raw body.

Pure. The check is done on bytes: the `sendgrid` package's helper decodes the whole body, knows no freshness and raises
for half of what a stranger can send (docs/decisions.md).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

_OLDEST = timedelta(hours=25)  # SendGrid posts again for 24 hours; whether it signs anew is not documented
_NEWEST = timedelta(hours=1)  # a clock of ours that is slow
_TIMESTAMP = re.compile(r"[0-9]{1,12}\Z")
_LONGEST_SIGNATURE = 200  # base64 characters; DER of a P-256 signature is at most 72 bytes


class Verifier:
    """Accepts what any of its keys has signed; two while keys are rotated."""

    def __init__(self, keys: Sequence[ec.EllipticCurvePublicKey]) -> None:
        self.keys = tuple(keys)

    def is_fresh(self, timestamp: str, now: datetime) -> bool:
        """Whether the header is a Unix second within what a redelivery can have."""
        if not _TIMESTAMP.match(timestamp):
            return False
        age = now.timestamp() - int(timestamp)
        return -_NEWEST.total_seconds() <= age <= _OLDEST.total_seconds()

    def accepts(self, body: bytes, signature: str, timestamp: str, now: datetime) -> bool:
        """False for anything but a fresh signature by one of the keys; never raises."""
        if not self.is_fresh(timestamp, now) or not 0 < len(signature) <= _LONGEST_SIGNATURE:
            return False
        try:
            raw = base64.b64decode(signature.encode("ascii"), validate=True)
        except (ValueError, binascii.Error):
            return False
        if base64.b64encode(raw) != signature.encode("ascii"):  # one spelling only
            return False
        signed = timestamp.encode("ascii") + body
        return any(_signed(key, raw, signed) for key in self.keys)


def _signed(key: ec.EllipticCurvePublicKey, signature: bytes, data: bytes) -> bool:
    try:
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def read_keys(text: str) -> list[ec.EllipticCurvePublicKey]:
    """One or two public keys with a comma between, as SendGrid shows them (base64 DER) or as PEM. Raises ValueError
    with what is wrong, never the key."""
    words = [re.sub(r"-----[A-Z ]+-----|\s|\\n", "", word) for word in text.split(",")]
    if not 1 <= len(words) <= 2 or not all(words):
        raise ValueError("expected one public key, or two with a comma between while you change it")
    keys = []
    for word in words:
        try:
            key = load_der_public_key(base64.b64decode(word.encode("ascii"), validate=True))
        except (ValueError, binascii.Error, UnsupportedAlgorithm):
            raise ValueError("holds no public key; copy the verification key as SendGrid shows it") from None
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ValueError("expected a key on the curve P-256; this is another kind")
        keys.append(key)
    return keys
