"""Parse Brevo's transactional webhook (https://developers.brevo.com/docs/transactional-webhooks).

A payload is one event, or a list of them if the webhook is batched. The header X-Mailin-custom, which our emails have,
comes back with our ids in each event. Only a payload of another form raises; items that are not events of ours are
skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import orjson

from digest.feedback.ports import Event, InvalidPayload, positive, safe_line

# Brevo's name → our kind. Opens and clicks are not used: they cannot be switched off for each email.
_KINDS = {
    "request": "processed",
    "deferred": "deferred",
    "delivered": "delivered",
    "hard_bounce": "bounced",
    "invalid_email": "bounced",
    "soft_bounce": "blocked",
    # The address is on Brevo's own list of blocked contacts.
    "blocked": "dropped",
    "error": "dropped",
    "spam": "complained",
    "complaint": "complained",
    "unsubscribe": "left",
    "unsubscribed": "left",
}
_CUSTOM = "X-Mailin-custom"
# The year 2100; a later time is invalid.
_MAX_TIME = 4_102_444_800


def parse_payload(body: bytes, comparable: Callable[[str], str | None]) -> list[Event]:
    """Return the events of a payload, in its order. Raises InvalidPayload.

    `comparable` returns the comparable form of an address; None for an invalid one.
    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidPayload(f"the payload is not JSON: {error}") from None
    items = found if isinstance(found, list) else [found]
    if not all(isinstance(item, dict) for item in items):
        raise InvalidPayload("the payload is not an event or a list of events")
    return [event for item in items if (event := _event(item, comparable))]


def _event(item: dict[str, Any], comparable: Callable[[str], str | None]) -> Event | None:
    kind, at = _KINDS.get(_text(item.get("event"))), _time(item)
    if kind is None or at is None:
        return None
    own = parse_qs(_text(item.get(_CUSTOM)), max_num_fields=20) if len(_text(item.get(_CUSTOM))) < 2000 else {}
    delivery = own.get("dg_delivery", [""])[0]
    return Event(
        kind,
        at,
        address=comparable(_text(item.get("email"))),
        subscriber=positive(delivery),
        edition=own.get("dg_edition", [""])[0][:64] or None,
        attempt=own.get("dg_attempt", [""])[0][:32] or None,
        reason=safe_line(_text(item.get("reason"))),
    )


def _time(item: dict[str, Any]) -> datetime | None:
    """Return the time of the event. `date` is not used, because it is in the time zone of Brevo's account."""
    milliseconds = _number(item.get("ts_epoch"))
    at = _number(item.get("ts_event")) if milliseconds is None else milliseconds / 1000
    return datetime.fromtimestamp(at, UTC) if at is not None and 0 < at < _MAX_TIME else None


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
