"""Verify that a webhook payload is SendGrid's, with the `sendgrid` package's verifier.

SendGrid signs the timestamp header and the raw body by ECDSA on P-256 with SHA-256
(https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features).
The package checks the signature alone. This module adds what it lacks: a limit on age, two keys during a rotation, and
False instead of an exception for headers that are not a signature.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec

# SendGrid retries for 24 hours; whether it signs a retry again is not documented.
_MAX_AGE = timedelta(hours=25)
# Our own clock may be slow.
_MAX_SKEW = timedelta(hours=1)
_TIMESTAMP = re.compile(r"[0-9]{1,12}\Z")
# Base64 characters; a DER signature on P-256 has at most 72 bytes.
_MAX_SIGNATURE = 200


class SendGridVerifier:
    """Accepts payloads signed with any of its keys. There are two while keys are rotated."""

    def __init__(self, keys: Sequence[ec.EllipticCurvePublicKey]) -> None:
        from sendgrid.helpers.eventwebhook import EventWebhook

        self.keys = tuple(keys)
        self._webhook = EventWebhook()

    def is_fresh(self, timestamp: str, now: datetime) -> bool:
        """Whether the header is a Unix time in seconds that a delivery or a retry can have."""
        if not _TIMESTAMP.match(timestamp):
            return False
        age = now.timestamp() - int(timestamp)
        return -_MAX_SKEW.total_seconds() <= age <= _MAX_AGE.total_seconds()

    def accepts(self, body: bytes, signature: str, timestamp: str, now: datetime) -> bool:
        """Return False for anything but a fresh signature by one of the keys. Never raises."""
        if not self.is_fresh(timestamp, now) or not _is_base64(signature):
            return False
        try:
            payload = body.decode("utf-8")
        except UnicodeDecodeError:
            return False
        return any(self._webhook.verify_signature(payload, signature, timestamp, key) for key in self.keys)


def _is_base64(signature: str) -> bool:
    """Whether this is the one canonical spelling of some bytes, of a length that a signature can have."""
    if not 0 < len(signature) <= _MAX_SIGNATURE:
        return False
    try:
        raw = base64.b64decode(signature.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        return False
    return base64.b64encode(raw).decode("ascii") == signature


def read_keys(text: str) -> list[ec.EllipticCurvePublicKey]:
    """Parse one or two public keys with a comma between, as SendGrid shows them (base64 DER) or as PEM.

    Raises ValueError with what is wrong; the message never contains the key.
    """
    from sendgrid.helpers.eventwebhook import EventWebhook

    words = [re.sub(r"-----[A-Z ]+-----|\s|\\n", "", word) for word in text.split(",")]
    if not 1 <= len(words) <= 2 or not all(words):
        raise ValueError("expected one public key, or two with a comma between while you rotate it")
    keys = []
    for word in words:
        try:
            key = EventWebhook().convert_public_key_to_ecdsa(word)
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError("is not a public key; copy the verification key as SendGrid shows it") from None
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ValueError("expected a public key on the curve P-256; this is another kind")
        keys.append(key)
    return keys
