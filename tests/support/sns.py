"""Messages of Amazon SNS, signed with a certificate of our own."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

TOPIC = "arn:aws:sns:ap-south-1:123456789012:digest"
HOST = "sns.ap-south-1.amazonaws.com"
PATH = "/SimpleNotificationService-" + "0f" * 16 + ".pem"
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


class Sns:
    """Signs messages. `fetch` replaces its web server; `requests` are the requested addresses."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.requests: list[str] = []
        self.is_down = False
        self._key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self._key.public_key())
        builder = builder.serial_number(7).not_valid_before(now - timedelta(days=1))
        self._certificate = builder.not_valid_after(now + timedelta(days=30)).sign(self._key, hashes.SHA256())

    def fetch(self, host: str, path: str) -> bytes | None:
        self.requests.append(f"https://{host}{path}")
        if self.is_down:
            raise ConnectionError("down")
        if path.startswith("/?Action=ConfirmSubscription"):
            return b"<ConfirmSubscriptionResponse/>"
        return self._certificate.public_bytes(Encoding.PEM) if path == PATH else None

    def message(self, text: str, *, kind: str = "Notification", version: str = "2", **fields: str | None) -> bytes:
        """The body of a post. `fields` replace what is signed; None leaves a field out."""
        given: dict[str, str | None] = {
            "Type": kind,
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": TOPIC,
            "Message": text,
            "Timestamp": self.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "SignatureVersion": version,
            "SigningCertURL": f"https://{HOST}{PATH}",
            **fields,
        }
        if kind == "SubscriptionConfirmation":
            given |= {"Token": "t0k&n", "SubscribeURL": "https://evil.example.com/?Action=ConfirmSubscription"}
        message = {name: value for name, value in given.items() if value is not None}
        text_to_sign = "".join(f"{name}\n{message[name]}\n" for name in _SIGNED[kind] if name in message)
        algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
        signature = self._key.sign(text_to_sign.encode(), padding.PKCS1v15(), algorithm)
        return orjson.dumps({**message, "Signature": base64.b64encode(signature).decode()})
