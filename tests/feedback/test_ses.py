"""Amazon SES's events become ours; other messages are ignored."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from digest.feedback.ports import Event, InvalidPayload
from digest.feedback.rules import RULES
from digest.feedback.ses import parse_payload
from digest.subscribers.address import comparable
from tests.support.tables import each_row

SENT, AT = "2026-11-23T01:30:00.000Z", "2026-11-23T01:30:05.500Z"


def payload(message: Any) -> bytes:
    return orjson.dumps({"Type": "Notification", "Message": orjson.dumps(message).decode()})


def event(name: str, **more: Any) -> dict[str, Any]:
    tags = {
        "dg_edition": ["2026-11-23"],
        "dg_attempt": ["a1"],
        "dg_delivery": ["7"],
        "ses:from-domain": ["example.com"],
    }
    mail = {"timestamp": SENT, "messageId": "0109", "destination": ["Asha@Example.com"], "tags": tags}
    return {"eventType": name, "mail": mail, **more}


def one(name: str, **more: Any) -> Event:
    (found,) = parse_payload(payload(event(name, **more)), comparable)
    return found


def test_our_ids_come_back_and_the_address_is_comparable() -> None:
    found = one("Delivery", delivery={"timestamp": AT, "recipients": ["Asha@Example.com"], "smtpResponse": "250 ok"})
    assert (found.kind, found.address, found.subscriber) == ("delivered", "asha@example.com", 7)
    assert (found.edition, found.attempt, found.reason) == ("2026-11-23", "a1", "")
    assert found.at.isoformat() == "2026-11-23T01:30:05.500000+00:00"


BOUNCED = [{"emailAddress": "asha@example.com", "status": "5.1.1", "diagnosticCode": "smtp; 550\r\n no such user"}]


@each_row(
    ("name", "key", "details", "kind", "reason"),
    [
        ("Send", "send", {}, "processed", ""),
        ("DeliveryDelay", "deliveryDelay", {"delayType": "MailboxFull", "delayedRecipients": BOUNCED}, "deferred",
         "5.1.1 · MailboxFull · smtp; 550  no such user"),
        ("Bounce", "bounce", {"bounceType": "Permanent", "bounceSubType": "NoEmail", "bouncedRecipients": BOUNCED},
         "bounced", "5.1.1 · NoEmail · smtp; 550  no such user"),
        ("Bounce", "bounce", {"bounceType": "Permanent", "bounceSubType": "Suppressed", "bouncedRecipients": BOUNCED},
         "bounced", "5.1.1 · Suppressed · smtp; 550  no such user"),
        ("Bounce", "bounce", {"bounceType": "Transient", "bouncedRecipients": BOUNCED}, "blocked",
         "5.1.1 · smtp; 550  no such user"),
        ("Bounce", "bounce", {"bounceType": "Undetermined", "bouncedRecipients": BOUNCED}, "blocked",
         "5.1.1 · smtp; 550  no such user"),
        ("Complaint", "complaint", {"complaintFeedbackType": "abuse", "complainedRecipients": BOUNCED}, "complained",
         "5.1.1 · abuse · smtp; 550  no such user"),
        ("Reject", "reject", {"reason": "Bad content"}, "dropped", "Bad content"),
        ("Rendering Failure", "failure", {"errorMessage": "Attribute 'x' is not present"}, "dropped",
         "Attribute 'x' is not present"),
    ],
)  # fmt: skip
def test_every_event_has_a_kind_with_a_rule(
    name: str, key: str, details: dict[str, Any], kind: str, reason: str
) -> None:
    found = one(name, **{key: details})
    assert (found.kind, found.reason) == (kind, reason)
    assert kind in {rule.kind for rule in RULES}


@each_row(
    "message",
    [
        "Successfully validated SNS topic for Amazon SES event publishing.",
        {},
        event("Open", open={}),
        event("Complaint", complaint={"complaintFeedbackType": "not-spam", "complainedRecipients": BOUNCED}),
        {**event("Send"), "mail": {"timestamp": "never"}},
        {**event("Send"), "mail": {"timestamp": "9999-12-31T23:59:59-14:00"}},
        {**event("Send"), "mail": 7},
        {**event("Send"), "eventType": ["Send"]},
        event("Bounce", bounce=7),
    ],
)
def test_what_is_no_event_of_ours_is_skipped(message: Any) -> None:
    assert parse_payload(payload(message), comparable) == []


def test_hostile_tags_raise_nothing() -> None:
    given = event("Send")
    given["mail"]["tags"] = {"dg_delivery": ["x"], "dg_edition": "y", "dg_attempt": []}
    (found,) = parse_payload(payload(given), comparable)
    assert (found.subscriber, found.edition, found.attempt) == (None, None, None)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"Message": 7}'])
def test_what_is_no_message_is_named(body: bytes) -> None:
    with pytest.raises(InvalidPayload):
        parse_payload(body, comparable)
