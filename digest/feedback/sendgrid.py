"""Verify and parse SendGrid's Event Webhook (https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event).

Our custom_args are returned in each event as `dg_…`. No content raises, except a payload that is not a list; items that
are not events of ours are skipped.

SendGrid signs the timestamp header and the raw body by ECDSA on P-256 with SHA-256
(https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features).
The `sendgrid` package checks the signature alone. This module adds what it lacks: a limit on age, two keys during a
rotation, and False instead of an exception for headers that are not a signature.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec

from digest.feedback.clicks import is_machine_agent
from digest.feedback.ports import Event, InvalidPayload, positive, safe_line

# SendGrid's name → our kind.
_KINDS = {
    "processed": "processed",
    "deferred": "deferred",
    "delivered": "delivered",
    "bounce": "bounced",
    "dropped": "dropped",
    "spamreport": "complained",
    "unsubscribe": "left",
    "group_unsubscribe": "left a group",
    "group_resubscribe": "returned",
    "open": "opened",
    "click": "clicked",
}
# `type` of a hard bounce. `blocked` and `expired` are soft. Old payloads have no type.
_HARD_BOUNCES = ("bounce", "", "none", "null")
_IMAGE_PROXIES = ("googleimageproxy", "yahoomailproxy")
# The year 2100; a later time is invalid.
_MAX_TIME = 4_102_444_800
# Clicks on this number of links of one email within this number of seconds are a mail scanner's. Some gateways open
# every link before delivery.
_LINKS, _SECONDS = 3, 10


def parse_payload(body: bytes, comparable: Callable[[str], str | None]) -> list[Event]:
    """Return the events of a payload, in its order. Raises InvalidPayload.

    `comparable` returns the comparable form of an address; None for an invalid one.
    """
    try:
        items = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidPayload(f"the payload is not JSON: {error}") from None
    if not isinstance(items, list):
        raise InvalidPayload("the payload is not a list of events")
    found = [(event, item) for item in items if isinstance(item, dict) and (event := _event(item, comparable))]
    return mark_scanner_clicks(
        [event for event, _item in found],
        urls=[_text(item.get("url")) for _event, item in found],
        agents=[_text(item.get("useragent")) for _event, item in found],
    )


def _event(item: dict[str, Any], comparable: Callable[[str], str | None]) -> Event | None:
    kind = _KINDS.get(_text(item.get("event")))
    at = _time(item.get("timestamp"))
    if kind is None or at is None:
        return None
    reason = _text(item.get("reason")) or (_text(item.get("response")) if kind != "delivered" else "")
    if kind == "bounced":
        if _text(item.get("type")).lower() not in _HARD_BOUNCES:
            kind = "blocked"
        words = (_text(item.get("status")), _text(item.get("bounce_classification")), reason)
        reason = " · ".join(word for word in words if word)
    elif kind == "opened" and _is_machine_open(item):
        kind = "machine open"
    return Event(
        kind,
        at,
        address=comparable(_text(item.get("email"))),
        subscriber=positive(item.get("dg_delivery")),
        edition=_text(item.get("dg_edition"))[:64] or None,
        attempt=_text(item.get("dg_attempt"))[:32] or None,
        reason=safe_line(reason),
    )


def _is_machine_open(item: dict[str, Any]) -> bool:
    agent = _text(item.get("useragent")).lower()
    return item.get("sg_machine_open") in (True, "true", "True") or any(name in agent for name in _IMAGE_PROXIES)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _time(value: object) -> datetime | None:
    number = positive(value)
    return datetime.fromtimestamp(number, UTC) if number is not None and number < _MAX_TIME else None


def mark_scanner_clicks(events: Sequence[Event], *, urls: Sequence[str], agents: Sequence[str]) -> list[Event]:
    """Change the kind of clicks by scanners, which have a known user agent or open many links within seconds.

    A guess, for statistics only. `urls` and `agents` belong to the events, and are empty where there is none.
    """
    clicks = defaultdict(list)
    for number, event in enumerate(events):
        if event.kind == "clicked":
            clicks[event.edition, event.subscriber, event.address].append(number)
    by_scanner: set[int] = set()
    for numbers in clicks.values():
        by_scanner.update(number for number in numbers if agents[number] and is_machine_agent(agents[number]))
        by_scanner |= _rapid_clicks(numbers, events, urls)
    return [
        replace(event, kind="machine click") if number in by_scanner else event for number, event in enumerate(events)
    ]


def _rapid_clicks(numbers: Sequence[int], events: Sequence[Event], urls: Sequence[str]) -> set[int]:
    """Return the clicks within ten seconds of clicks on several other links, found with a sliding window."""
    found: set[int] = set()
    ordered = sorted(numbers, key=lambda number: events[number].at)
    links: Counter[str] = Counter()
    start = first_new = 0
    for end, number in enumerate(ordered):
        links[urls[number]] += 1
        while (events[number].at - events[ordered[start]].at).total_seconds() > _SECONDS:
            links[urls[ordered[start]]] -= 1
            # Remove entries that are zero now.
            links += Counter()
            start += 1
        if len(links) >= _LINKS:
            found.update(ordered[max(first_new, start) : end + 1])
            first_new = end + 1
    return found


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
        """Whether the request has a fresh signature by one of the keys. Never raises."""
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
