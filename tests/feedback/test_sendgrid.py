"""SendGrid's posts become our events; other posts are ignored."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.feedback.ports import Event, InvalidPayload
from digest.feedback.rules import RULES
from digest.feedback.sendgrid import parse_payload
from digest.subscribers.address import comparable
from tests.support.sendgrid_events import event
from tests.support.tables import each_row

AT = 1_763_863_200
OURS = {"dg_edition": "2026-11-23", "dg_attempt": "a1", "dg_delivery": "7", "dg_batch": "1"}


def one(kind: str, **more: Any) -> Event:
    (found,) = parse_payload(orjson.dumps([event(kind, "Asha@Example.com", AT, **OURS, **more)]), comparable)
    return found


def test_our_ids_come_back_and_the_address_is_comparable() -> None:
    found = one("delivered", response="250 OK")
    assert (found.kind, found.address, found.subscriber) == ("delivered", "asha@example.com", 7)
    assert (found.edition, found.attempt, found.reason) == ("2026-11-23", "a1", "")
    assert found.at.timestamp() == AT


@each_row(
    ("name", "more", "kind"),
    [
        ("processed", {}, "processed"),
        ("deferred", {"attempt": "5"}, "deferred"),
        ("bounce", {"type": "bounce"}, "bounced"),
        ("bounce", {}, "bounced"),
        ("bounce", {"type": "blocked"}, "blocked"),
        ("bounce", {"type": "expired"}, "blocked"),
        ("dropped", {"reason": "Bounced Address"}, "dropped"),
        ("spamreport", {}, "complained"),
        ("unsubscribe", {}, "left"),
        ("group_unsubscribe", {"asm_group_id": 1}, "left a group"),
        ("group_resubscribe", {"asm_group_id": 1}, "returned"),
        ("open", {"useragent": "Mozilla/5.0 (iPhone)"}, "opened"),
        ("open", {"sg_machine_open": True}, "machine open"),
        ("open", {"useragent": "Mozilla/5.0 (via ggpht.com GoogleImageProxy)"}, "machine open"),
        ("click", {"url": "https://news.example.com/1"}, "clicked"),
        ("click", {"url": "https://news.example.com/1", "useragent": "Barracuda Sentinel"}, "machine click"),
    ],
)
def test_every_event_has_a_kind_with_a_rule(name: str, more: dict[str, Any], kind: str) -> None:
    assert one(name, **more).kind == kind
    assert kind in {rule.kind for rule in RULES}


def test_the_reason_of_a_bounce_is_one_line() -> None:
    found = one("bounce", type="bounce", status="5.1.1", reason="550 5.1.1\r\nno such user\x1b[2J" + "x" * 9000)
    assert found.reason.startswith("5.1.1 · 550 5.1.1 no such user [2J")
    assert len(found.reason) == 300


def test_many_links_within_seconds_are_a_scanner_and_two_are_a_person() -> None:
    def clicks(*seconds: int, subscriber: str = "7") -> list[dict[str, Any]]:
        own = {**OURS, "dg_delivery": subscriber}
        return [event("click", "asha@example.com", AT + s, url=f"https://e.example/{s}", **own) for s in seconds]

    kinds = [
        found.kind
        for found in parse_payload(orjson.dumps(clicks(0, 1, 2, 3) + clicks(0, 9, 300, subscriber="8")), comparable)
    ]
    assert kinds == ["machine click"] * 4 + ["clicked"] * 3
    same = [event("click", "asha@example.com", AT, url="https://e.example/1", **OURS) for _ in range(5)]
    assert {found.kind for found in parse_payload(orjson.dumps(same), comparable)} == {"clicked"}


@each_row("body", [b"", b"{", b"{}", b"null", b"7", b'"x"', b"\xff\xfe", b"[" * 3000])
def test_a_body_without_a_list_is_invalid(body: bytes) -> None:
    with pytest.raises(InvalidPayload):
        parse_payload(body, comparable)


@each_row(
    "item",
    [1, None, [], {}, {"event": "delivered"}, {"event": "warmup", "timestamp": AT}, {"event": {}, "timestamp": AT}]
    + [{"event": "delivered", "timestamp": stamp} for stamp in ("soon", -1, 10**30, 1e300, True, [], "९")],
)
def test_what_is_no_event_is_passed_over(item: object) -> None:
    good = event("delivered", "asha@example.com", AT)
    body = orjson.dumps([item, good] if item != {"event": "delivered", "timestamp": 10**30} else [good])
    assert [found.kind for found in parse_payload(body, comparable)] == ["delivered"]


FIELDS = ("event", "email", "timestamp", "reason", "type", "status", "url", "useragent", "dg_delivery", "dg_attempt")
SIMPLE = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.text("az09@.é\x00 ", max_size=12)
)
VALUES = SIMPLE | st.lists(SIMPLE, max_size=2) | st.sampled_from(["bounce", "click", "open", "dropped", AT, "17638"])


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), VALUES), max_size=5))
def test_no_json_makes_it_stumble(items: list[dict[str, Any]]) -> None:
    for found in parse_payload(orjson.dumps(items), comparable):
        assert found.kind in {rule.kind for rule in RULES}
        assert found.subscriber is None or found.subscriber >= 0
        assert len(found.reason) <= 300
