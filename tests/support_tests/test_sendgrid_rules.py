"""Each rule rejects its own error, names the field as SendGrid does, and accepts a valid payload."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import sendgrid_rules, sendgrid_schema
from tests.support.tables import each_row
from tests.support_tests.sendgrid_client import payload

NOW = 1_800_000_000.0
Change = Callable[[dict[str, Any]], Any]


def fields(body: object) -> list[str | None]:
    return [v.field for v in sendgrid_rules.check(body, now=NOW, knows=lambda batch: batch == "issued")]


def person(n: int, **keys: Any) -> Change:
    return lambda body: body["personalizations"][n].update(keys)


INVALID: list[tuple[str | None, Change]] = [
    ("surprise", lambda b: b.update(surprise=1)),
    ("personalizations", lambda b: b.update(personalizations=[])),
    ("personalizations", lambda b: b.update(personalizations=b["personalizations"] * 501)),
    ("personalizations", person(1, to=[{"email": "Asha@Example.com"}])),
    ("personalizations.1.to", person(1, to=[{"email": "a@example.com"}, {"email": "b@example.com"}])),
    ("personalizations.1.to.0.email", person(1, to=[{"email": "ravi@nowhere"}])),
    ("personalizations.1.to.0.email", person(1, to=[{"email": "रवि@example.com"}])),
    ("personalizations.1.to.0.email", person(1, to=[{"email": "ravi@example.com\n"}])),
    ("personalizations.1.to.0.name", person(1, to=[{"email": "r@example.com", "name": "Ravi, R"}])),
    ("personalizations.1.cc", person(1, cc=[{"email": "c@example.com"}])),
    ("personalizations.1.headers.Subject", person(1, headers={"Subject": "x"})),
    ("personalizations.1.headers.X-N", person(1, headers={"X-N": 1})),
    ("personalizations.1.headers.X-N", person(1, headers={"X-N": "a\r\nBcc: b@example.com"})),
    ("personalizations.1.headers.X-N", person(1, headers={"X-N": "हिंदी"})),
    (None, person(1, custom_args={"n": 1})),
    (None, person(1, substitutions={"-DGX_LEAVE-": 1})),
    ("personalizations.1.custom_args", person(1, custom_args={"n": "क" * 3400})),
    ("personalizations.1.substitutions", person(1, substitutions={"-DGX_LEAVE-": "क" * 3400})),
    ("personalizations.1.substitutions", person(1, substitutions={})),
    ("personalizations.1.subject", person(1, subject="")),
    ("headers.dkim-signature", lambda b: b.update(headers={"dkim-signature": "x"})),
    (None, lambda b: b.update(custom_args={"n": 1})),
    ("subject", lambda b: b.pop("subject")),
    ("content", lambda b: b.pop("content")),
    ("content", lambda b: b["content"].reverse()),
    ("content.0.value", lambda b: b["content"][0].update(value="")),
    ("from.email", lambda b: b.pop("from")),
    ("reply_to", lambda b: b.update(reply_to={"email": "a@example.com"}, reply_to_list=[])),
    ("categories", lambda b: b.update(categories=["a", "a"])),
    ("categories", lambda b: b.update(categories=["खबर"])),
    ("send_at", lambda b: b.update(send_at=NOW + 60)),
    ("send_at", lambda b: b.update(send_at=int(NOW) + 72 * 3600 + 1)),
    ("batch_id", lambda b: b.update(batch_id="invented")),
    ("mail_settings.sandbox_mode.enable", lambda b: b.update(mail_settings={"sandbox_mode": {"enable": "yes"}})),
    (
        "mail_settings.bypass_list_management",
        lambda b: b.update(mail_settings={"bypass_list_management": {"enable": True}}),
    ),
]


def test_a_valid_payload_breaks_nothing() -> None:
    body = payload("asha@example.com", "ravi@example.com", send_at=int(NOW) + 72 * 3600, batch_id="issued")
    assert fields(body) == []
    assert list(sendgrid_schema.check(body)) == []


@each_row(("field", "change"), INVALID)
def test_an_error_is_named(field: str | None, change: Change) -> None:
    body = payload("asha@example.com", "ravi@example.com")
    change(body)
    assert field in fields(body)
    if field and field.startswith("personalizations.1"):
        assert set(fields(body)) == {field}, "only the wrong personalization"


def test_the_schema_knows_limits_and_takes_custom_args_as_an_object() -> None:
    if not sendgrid_schema.available():
        pytest.skip("SendGrid's OpenAPI file is not next to the repository")
    body = payload()
    assert list(sendgrid_schema.check(body)) == []
    body["personalizations"][0]["substitutions"] = {"-DGX_LEAVE-": 1}
    body["send_at"] = "soon"
    assert {v.field for v in sendgrid_schema.check(body)} == {"personalizations.0.substitutions.-DGX_LEAVE-", "send_at"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(payload())), JSON)
def test_no_value_anywhere_makes_the_rules_raise(key: str, value: object) -> None:
    fields({**payload(), key: value})
    fields(value)


@given(st.sampled_from(["to", "headers", "substitutions", "custom_args", "subject"]), JSON)
def test_the_fast_check_accepts_nothing_that_the_full_check_rejects(key: str, value: object) -> None:
    body = payload("asha@example.com", "ravi@example.com")
    body["personalizations"][1][key] = value
    once = copy.deepcopy(body)
    # A subject of its own excludes a personalization from the fast check.
    once["personalizations"][1].setdefault("subject", "x")
    assert bool(fields(body)) == bool(fields(once))
