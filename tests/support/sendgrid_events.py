"""Calls of SendGrid's Event Webhook: events for what the local provider accepted, signed with a key of our own."""

from __future__ import annotations

import base64
import random
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.sendgrid_provider import Acceptance

PATH = "/webhooks/sendgrid"


class Webhook:
    """Signs webhook calls as SendGrid does. `public` is the verification key as SendGrid shows it."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        der = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public = base64.b64encode(der).decode()

    def headers(self, body: bytes, at: float) -> dict[str, str]:
        timestamp = str(int(at))
        signature = self.key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
            "Content-Type": "application/json",
        }


def event(kind: str, email: str, at: float, **more: Any) -> dict[str, Any]:
    return {
        "event": kind,
        "email": email,
        "timestamp": int(at),
        "smtp-id": f"<{secrets.token_hex(8)}@geopod-ismtpd>",
        "category": ["digest"],
        "sg_event_id": secrets.token_urlsafe(16),
        "sg_message_id": f"{secrets.token_urlsafe(16)}.recvd-0",
        **more,
    }


def of(acceptance: Acceptance, kind: str, **more: Any) -> dict[str, Any]:
    """Return an event about an accepted recipient."""
    return event(kind, acceptance.email, acceptance.time, **acceptance.args, **more)


def body(events: Sequence[dict[str, Any]]) -> bytes:
    return orjson.dumps(events)


def late(events: Iterable[dict[str, Any]], seed: int, *, times: int = 3) -> list[bytes]:
    """Return bodies as in normal traffic: events repeated under new ids, in random order, one to forty in each."""
    rng = random.Random(seed)
    repeated = [
        {**each, "sg_event_id": rng.randbytes(12).hex()} for each in events for _ in range(rng.randint(1, times))
    ]
    rng.shuffle(repeated)
    bodies = []
    while repeated:
        size = rng.randint(1, 40)
        bodies.append(body(repeated[:size]))
        del repeated[:size]
    return bodies
