"""A post of SendGrid's Event Webhook as our events (https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event).

Pure. Our custom_args come back flattened into each event, as `dg_…`. Nothing that a post can hold raises: what is no
event of ours is passed over.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson

from digest.events.event import Event, one_line
from digest.events.machines import mark_scanner_clicks

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
_HARD = ("bounce", "", "none", "null")
"""`type` of a bounce that says that the address is dead; `blocked` and `expired` do not. Old posts name none."""
_MACHINE_OPENS = ("googleimageproxy", "yahoomailproxy")
_LATEST = 4_102_444_800  # 2100: a later second is nonsense
_IDS = 2**63


class InvalidPayload(ValueError):
    """The post is no list of events; the message is one sentence."""


def read(body: bytes, comparable: Callable[[str], str]) -> list[Event]:
    """The events of a post, in its order. `comparable` gives an address its one form, '' for what is none. Raises
    NoEvents for a body that holds no list."""
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidPayload(f"the post is no JSON: {error}") from None
    if not isinstance(given, list):
        raise InvalidPayload("the post is no list of events")
    found = [(event, item) for item in given if isinstance(item, dict) and (event := _event(item, comparable))]
    return mark_scanner_clicks(
        [event for event, _item in found],
        urls=[_text(item.get("url")) for _event, item in found],
        agents=[_text(item.get("useragent")) for _event, item in found],
    )


def _event(item: dict[str, Any], comparable: Callable[[str], str]) -> Event | None:
    kind = _KINDS.get(_text(item.get("event")))
    at = _second(item.get("timestamp"))
    if kind is None or at is None:
        return None
    reason = _text(item.get("reason")) or (_text(item.get("response")) if kind != "delivered" else "")
    if kind == "bounced":
        if _text(item.get("type")).lower() not in _HARD:
            kind = "blocked"
        words = (_text(item.get("status")), _text(item.get("bounce_classification")), reason)
        reason = " · ".join(word for word in words if word)
    elif kind == "opened" and _by_machine(item):
        kind = "machine open"
    return Event(
        kind,
        at,
        address=comparable(_text(item.get("email"))),
        subscriber=_number(item.get("dg_delivery")),
        edition=_text(item.get("dg_edition"))[:64],
        attempt=_text(item.get("dg_attempt"))[:32],
        reason=one_line(reason),
    )


def _by_machine(item: dict[str, Any]) -> bool:
    agent = _text(item.get("useragent")).lower()
    return item.get("sg_machine_open") in (True, "true", "True") or any(name in agent for name in _MACHINE_OPENS)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _second(value: object) -> datetime | None:
    number = _number(value)
    return datetime.fromtimestamp(number, UTC) if 0 < number < _LATEST else None


def _number(value: object) -> int:
    """A whole number, or a text of digits; else 0."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, float) and 0 < value < _LATEST:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _IDS else 0
