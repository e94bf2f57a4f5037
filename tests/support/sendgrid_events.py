"""The posts of SendGrid's Event Webhook: events for what the local provider accepted, signed with a key of our own.

Owns the shape of a post and its signature. `late` makes the traffic that is normal: each event several times under new
ids, in any order, cut into posts of any size.
"""

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
    """Signs posts as SendGrid does. `public` is the verification key as its page shows it."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        der = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public = base64.b64encode(der).decode()

    def headers(self, body: bytes, at: float) -> dict[str, str]:
        stamp = str(int(at))
        signature = self.key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
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
    """An event about what the local provider accepted."""
    return event(kind, acceptance.email, acceptance.time, **acceptance.args, **more)


def body(events: Sequence[dict[str, Any]]) -> bytes:
    return orjson.dumps(events)


def late(events: Iterable[dict[str, Any]], seed: int, *, times: int = 3) -> list[bytes]:
    """Bodies with each event once to `times` times, under new ids, reordered, in posts of one to forty."""
    dice = random.Random(seed)
    again = [
        {**each, "sg_event_id": dice.randbytes(12).hex()} for each in events for _ in range(dice.randint(1, times))
    ]
    dice.shuffle(again)
    bodies = []
    while again:
        size = dice.randint(1, 40)
        bodies.append(body(again[:size]))
        del again[:size]
    return bodies
