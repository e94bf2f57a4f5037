"""Parse Amazon SES's events, as Amazon SNS delivers them
(https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html).

Our message tags are returned in each event. Only a payload that is not an SNS message raises; messages that are not
events are skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from digest.feedback.ports import Event, InvalidPayload, positive, safe_line

# SES's name → our kind, the key of its details, and the key of its recipients in them.
_KINDS = {
    "Send": ("processed", "send", ""),
    "Delivery": ("delivered", "delivery", "recipients"),
    "DeliveryDelay": ("deferred", "deliveryDelay", "delayedRecipients"),
    "Bounce": ("bounced", "bounce", "bouncedRecipients"),
    "Complaint": ("complained", "complaint", "complainedRecipients"),
    "Reject": ("dropped", "reject", ""),
    # SES accepted the email and could not make it from its template.
    "Rendering Failure": ("dropped", "failure", ""),
}


def parse_payload(body: bytes, comparable: Callable[[str], str | None]) -> list[Event]:
    """Return the events of a payload, one for each recipient. Raises InvalidPayload.

    `comparable` returns the comparable form of an address; None for an invalid one.
    """
    envelope = _json(body)
    if not isinstance(envelope, dict) or not isinstance(envelope.get("Message"), str):
        raise InvalidPayload("the payload is not a message of Amazon SNS")
    # The first message of a new topic is a sentence.
    message = _json(envelope["Message"].encode("utf-8", "replace"))
    return list(_events(message, comparable)) if isinstance(message, dict) else []


def _events(message: dict[str, Any], comparable: Callable[[str], str | None]) -> Iterator[Event]:
    name = _text(message.get("eventType")) or _text(message.get("notificationType"))
    if name not in _KINDS:
        return
    kind, key, recipients = _KINDS[name]
    mail, details = _object(message.get("mail")), _object(message.get(key))
    at = _time(details.get("timestamp")) or _time(mail.get("timestamp"))
    if at is None:
        return
    if name == "Bounce" and details.get("bounceType") != "Permanent":
        kind = "blocked"
    if name == "Complaint" and details.get("complaintFeedbackType") == "not-spam":
        return
    tags = _object(mail.get("tags"))
    for given in _list(details.get(recipients)) if recipients else _list(mail.get("destination"))[:1]:
        recipient = given if isinstance(given, dict) else {"emailAddress": given}
        yield Event(
            kind,
            at,
            address=comparable(_text(recipient.get("emailAddress"))),
            subscriber=positive(_tag(tags, "dg_delivery")),
            edition=_tag(tags, "dg_edition")[:64] or None,
            attempt=_tag(tags, "dg_attempt")[:32] or None,
            reason=safe_line(" · ".join(_reasons(name, details, recipient))),
        )


def _reasons(name: str, details: dict[str, Any], recipient: dict[str, Any]) -> Iterator[str]:
    if name == "Delivery":
        return
    for value in (
        recipient.get("status"),
        details.get("bounceSubType"),
        details.get("delayType"),
        details.get("complaintFeedbackType"),
        recipient.get("diagnosticCode"),
        details.get("reason"),
        details.get("errorMessage"),
    ):
        if text := _text(value):
            yield text


def _json(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _tag(tags: dict[str, Any], name: str) -> str:
    values = _list(tags.get(name))
    return _text(values[0]) if values else ""


def _time(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(_text(value))
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    # The last day of the year 9999 has no UTC form in western zones.
    except (ValueError, OverflowError):
        return None


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
