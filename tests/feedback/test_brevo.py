"""Brevo's posts become our events; other posts are ignored."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from digest.deliver.brevo import request_body
from digest.feedback.brevo import parse_payload
from digest.feedback.ports import Event, InvalidPayload
from digest.feedback.rules import RULES
from digest.subscribers.address import comparable
from tests.deliver.emails import outgoing
from tests.support.tables import each_row

AT = 1_763_863_200
KEY = "2b1e5d6c-7f10-4f0f-8e0d-0c1d2e3f4a5b"


def event(name: str, edition: str = "2026-11-23", **more: Any) -> dict[str, Any]:
    """With the header that our own email to this recipient has."""
    (version,) = orjson.loads(request_body(outgoing("Asha@Example.com", edition=edition), KEY))["messageVersions"]
    custom = {"X-Mailin-custom": version["headers"]["X-Mailin-custom"]}
    given = {"event": name, "email": "Asha@Example.com", "ts_epoch": AT * 1000, "date": "2030-01-01 00:00:00"}
    return {**given, "message-id": "<1@relay>", **custom, **more}


def one(name: str, **more: Any) -> Event:
    (found,) = parse_payload(orjson.dumps(event(name, **more)), comparable)
    return found


@pytest.mark.parametrize("edition", ["2026-11-23", "सुबह 1&x=2"])
def test_our_ids_come_back_and_the_address_is_comparable(edition: str) -> None:
    found = one("delivered", edition=edition)
    assert (found.kind, found.address, found.subscriber) == ("delivered", "asha@example.com", 1)
    assert (found.edition, found.attempt, found.reason) == (edition, "attempt-7", "")
    assert found.at.timestamp() == AT


@each_row(
    ("name", "kind"),
    [
        ("request", "processed"),
        ("delivered", "delivered"),
        ("deferred", "deferred"),
        ("hard_bounce", "bounced"),
        ("invalid_email", "bounced"),
        ("soft_bounce", "blocked"),
        ("blocked", "dropped"),
        ("error", "dropped"),
        ("spam", "complained"),
        ("complaint", "complained"),
        ("unsubscribe", "left"),
        ("unsubscribed", "left"),
    ],
)
def test_every_event_has_a_kind_with_a_rule(name: str, kind: str) -> None:
    found = one(name, reason="550\r\n no such user")
    assert (found.kind, found.reason) == (kind, "550  no such user")
    assert kind in {rule.kind for rule in RULES}


def test_a_batched_webhook_is_a_list() -> None:
    found = parse_payload(orjson.dumps([event("request"), event("opened"), event("delivered")]), comparable)
    assert [each.kind for each in found] == ["processed", "delivered"]


def test_an_event_of_other_mail_has_no_ids() -> None:
    found = one("hard_bounce", **{"X-Mailin-custom": "order|7"})
    assert (found.subscriber, found.edition, found.attempt) == (None, None, None)


@each_row("wrong", [{"ts_epoch": "x"}, {"ts_epoch": -1}, {"ts_epoch": True}, {"ts_epoch": 1e300}, {"event": 7}])
def test_an_event_without_a_time_or_a_kind_is_skipped(wrong: dict[str, Any]) -> None:
    assert parse_payload(orjson.dumps(event("delivered", **wrong)), comparable) == []


def test_the_time_of_an_older_webhook_is_in_seconds() -> None:
    given = {**event("delivered"), "ts_event": AT}
    del given["ts_epoch"]
    (found,) = parse_payload(orjson.dumps(given), comparable)
    assert found.at.timestamp() == AT


@pytest.mark.parametrize(
    "fields", [{"X-Mailin-custom": ["a"]}, {"X-Mailin-custom": "dg_delivery=x&dg_edition=" + "y" * 99}]
)
def test_hostile_ids_raise_nothing(fields: dict[str, Any]) -> None:
    assert one("delivered", **fields).subscriber is None


@pytest.mark.parametrize("body", [b"", b"7", b"[7]", b"{"])
def test_what_is_no_event_is_named(body: bytes) -> None:
    with pytest.raises(InvalidPayload):
        parse_payload(body, comparable)
