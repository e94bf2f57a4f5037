"""Verify that a webhook payload is a message of one topic of Amazon SNS
(https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html).

Anybody can create a topic, and Amazon signs its messages too, so the topic must be the configured one. No URL in a
message is requested as it is: the certificate's must be one that SNS uses in the topic's region, and the confirmation's
is built from the topic.
"""

from __future__ import annotations

import base64
import binascii
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit

import orjson
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

# SNS repeats a delivery for an hour at most; our own clock may be wrong.
_MAX_AGE, _MAX_SKEW = timedelta(hours=2), timedelta(hours=1)
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9a-f]{32}\.pem\Z")
_HASHES: Mapping[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303
# The fields that are signed, in this order; those that a message lacks are left out.
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}

# (host, path) → the body of a complete 200; None for any other response. Uses https and follows no redirect. May raise.
Fetch = Callable[[str, str], bytes | None]


class SnsUnavailable(Exception):
    """SNS did not answer a request of ours. The message may be verified later."""


@dataclass(frozen=True, slots=True)
class SnsMessage:
    """A verified message. `token` confirms a subscription."""

    type: str
    token: str = ""


class SnsVerifier:
    """Verifies messages of one topic. Thread-safe."""

    def __init__(self, topic: str, fetch: Fetch) -> None:
        self.topic = topic
        region = topic.split(":")[3]
        self.host = f"sns.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
        self._fetch = fetch
        self._lock = threading.Lock()
        # Path → certificate. SNS uses few.
        self._certificates: dict[str, x509.Certificate] = {}

    def read(self, body: bytes, now: datetime) -> SnsMessage | None:
        """Return the message; None if it is not a fresh one of the topic, signed by SNS.

        Raises SnsUnavailable if the certificate cannot be read now.
        """
        fields = _fields(body)
        kind = fields.get("Type", "")
        if fields.get("TopicArn") != self.topic or kind not in _SIGNED or not _is_fresh(fields, now):
            return None
        path, algorithm = self._certificate_path(fields), _HASHES.get(fields.get("SignatureVersion", ""))
        if path is None or algorithm is None:
            return None
        try:
            signature = base64.b64decode(fields.get("Signature", "").encode("ascii"), validate=True)
        except (ValueError, binascii.Error):
            return None
        certificate = self._certificate(path)
        key = certificate.public_key()
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            return None
        signed = "".join(f"{name}\n{fields[name]}\n" for name in _SIGNED[kind] if name in fields)
        if not isinstance(key, rsa.RSAPublicKey):
            return None
        try:
            key.verify(signature, signed.encode(), padding.PKCS1v15(), algorithm)
        except InvalidSignature:
            return None
        return SnsMessage(kind, fields.get("Token", ""))

    def confirm(self, message: SnsMessage) -> None:
        """Confirm the subscription that a verified message offers. Raises SnsUnavailable."""
        query = urlencode({"Action": "ConfirmSubscription", "TopicArn": self.topic, "Token": message.token})
        if self._get(f"/?{query}") is None:
            raise SnsUnavailable("SNS did not confirm the subscription")

    def _certificate_path(self, fields: Mapping[str, str]) -> str | None:
        """Return the path of the certificate's URL; None unless SNS uses this URL in the topic's region."""
        try:
            parts = urlsplit(fields.get("SigningCertURL", ""))
        except ValueError:
            return None
        # `netloc` has no user and no port then.
        is_ours = parts.scheme == "https" and parts.netloc == self.host and not parts.query and not parts.fragment
        return parts.path if is_ours and _CERTIFICATE.match(parts.path) else None

    def _certificate(self, path: str) -> x509.Certificate:
        # One request at a time, so that nobody can make us send many.
        with self._lock:
            found = self._certificates.get(path)
            if found is None:
                data = self._get(path)
                try:
                    found = x509.load_pem_x509_certificate(data or b"")
                except ValueError:
                    raise SnsUnavailable("SNS has no certificate at this address") from None
                self._certificates[path] = found
            return found

    def _get(self, path: str) -> bytes | None:
        try:
            return self._fetch(self.host, path)
        except Exception as error:
            raise SnsUnavailable(f"SNS cannot be reached: {error}") from error


def _fields(body: bytes) -> dict[str, str]:
    """Return the texts of a message; empty for anything else."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _is_fresh(fields: Mapping[str, str], now: datetime) -> bool:
    try:
        at = datetime.fromisoformat(fields.get("Timestamp", ""))
    except ValueError:
        return False
    age = now - (at if at.tzinfo else at.replace(tzinfo=UTC))
    return -_MAX_SKEW <= age <= _MAX_AGE
