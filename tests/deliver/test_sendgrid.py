"""The SendGrid transport against a local SendGrid: payloads that break no rule, and how responses are interpreted."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.http_client import HttpResponse
from digest.deliver.outcome import Accepted, NotSent, Outcome, Rejected, Split, Unknown
from digest.deliver.sendgrid.client import SendGrid
from digest.deliver.sendgrid.payload import request_body
from digest.deliver.sendgrid.responses import read_response
from digest.mail.message import Outgoing, list_headers, recipient
from tests.deliver.emails import EMAIL, SENDER, TEXT_ONLY, RecordingLog, kind_of, many, outgoing, token
from tests.support import sendgrid_schema
from tests.support.sendgrid_faults import FAULTS, Fault
from tests.support.sendgrid_server import KEY, SendGridServer
from tests.support.tables import each_row

ASHA = "asha@example.com"


def submit(server: SendGridServer, batch: Outgoing | None = None, *, timeout: float = 5.0, key: str = KEY) -> Outcome:
    transport = SendGrid(key, host=server.url, timeout=timeout)
    try:
        return transport.submit(batch or outgoing(ASHA, "ravi@example.com"), RecordingLog())
    finally:
        transport.close()


def test_a_request_with_a_thousand_recipients_matches_the_schema(server: SendGridServer) -> None:
    addresses = many(1000)
    outcome = submit(server, outgoing(*addresses))
    assert isinstance(outcome, Accepted)
    assert outcome.provider_id == server.messages[0].id
    assert server.counts == dict.fromkeys(addresses, 1)
    assert server.violations == []
    assert sendgrid_schema.available() or pytest.skip("the provider's schema is not beside the repository")


@pytest.mark.parametrize(
    "batch",
    [
        outgoing(ASHA, email=TEXT_ONLY),
        outgoing(ASHA, sender=replace(SENDER, name="", reply_to=None, base_url=None)),
        outgoing("o'neil+news@example.com", email=replace(EMAIL, subject="a" * 500)),
    ],
)
def test_unusual_emails_match_the_schema(server: SendGridServer, batch: Outgoing) -> None:
    assert isinstance(submit(server, batch), Accepted)
    assert server.violations == []


def test_the_ids_that_come_back_in_events(server: SendGridServer) -> None:
    submit(server)
    assert [taken.args for taken in server.accepted] == [
        {"dg_edition": "2026-11-23", "dg_batch": "7", "dg_attempt": "attempt-7", "dg_delivery": id} for id in ("1", "2")
    ]
    (payload,) = server.payloads
    assert payload["tracking_settings"]["subscription_tracking"] == {"enable": False}
    assert "@" not in str([person["custom_args"] for person in payload["personalizations"]])


@given(
    st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x21, exclude_characters="<>@"), min_size=1, max_size=64)
)
def test_an_address_of_odd_signs_arrives_as_it_is(local: str) -> None:
    """JSON escapes quotes and backslashes, HTML escapes `&` and quotes."""
    batch = outgoing(f"{local}@example.com", ASHA)
    people = orjson.loads(request_body(batch))["personalizations"]
    for person, to in zip(people, batch.recipients, strict=True):
        assert person == {
            "to": [{"email": to.email}],
            "substitutions": to.values,
            "headers": {"List-Unsubscribe": list_headers(to)["List-Unsubscribe"]},
            "custom_args": {"dg_delivery": str(to.id)},
        }


def test_opens_and_clicks_are_tracked_on_request_but_never_unsubscribe_links() -> None:
    # As premailer writes it.
    batch = outgoing(ASHA, email=replace(EMAIL, html=EMAIL.html.replace("'", '"')))
    plain, tracked = (orjson.loads(request_body(batch, tracking=wanted)) for wanted in (False, True))
    assert [one["enable"] for one in plain["tracking_settings"].values()] == [False, False, False]
    wanted = {name: one["enable"] for name, one in tracked["tracking_settings"].items()}
    assert wanted == {"click_tracking": True, "open_tracking": True, "subscription_tracking": False}
    html = tracked["content"][1]["value"]
    own = f'href="{SENDER.base_url}/'
    assert html.count(own) == html.count(f'clicktracking="off" {own}') == plain["content"][1]["value"].count(own) > 0


def test_a_scheduled_attempt_has_its_batch_id_and_time() -> None:
    plain, scheduled = outgoing(ASHA), replace(outgoing(ASHA), schedule_id='an "id"', send_at=1_800_000_000)
    assert not {"batch_id", "send_at"} & orjson.loads(request_body(plain)).keys()
    found = orjson.loads(request_body(scheduled))
    assert (found.pop("batch_id"), found.pop("send_at")) == ('an "id"', 1_800_000_000)
    assert found == orjson.loads(request_body(plain))


TABLE: dict[str, Any] = {
    "refuse": "later",
    # Which of the two depends on buffers. No other outcome is right.
    **dict.fromkeys(["reset_before_body", "reset_mid_body"], ("later", Unknown)),
    **dict.fromkeys(["lose_then_close", "lose_then_reset", "accept_then_close", "accept_then_reset"], Unknown),
    **dict.fromkeys(["lose_then_hang", "accept_then_hang", "half_status_line", "half_head", "drip_head"], Unknown),
    **dict.fromkeys(["truncated_chunked", "short_body", "slow_body", "slow_reply"], Accepted),
    **dict.fromkeys([kind for kind in FAULTS if kind.startswith("redirect")], "never"),
    **dict.fromkeys(["unauthorized_401", "early_401", "forbidden_403", "not_found_404", "not_allowed_405"], "never"),
    "bad_email": "never",
    **dict.fromkeys(["bad_page_400", "cut_400", "rate_limit", "retry_after"], "later"),
    **dict.fromkeys(["bad_no_field", "too_large_413", "early_413", "early_413_stall"], Split),
    "bad_index": Rejected,
    **dict.fromkeys([kind for kind in FAULTS if kind.startswith(("error_50", "early_50"))], Unknown),
    **dict.fromkeys(["wrong_content_type", "page_202", "sandbox"], Unknown),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_leads_to_its_outcome(server: SendGridServer, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.faults = [Fault(kind, seconds=0.2, index=1)]
    outcome = submit(server)
    wanted = TABLE[kind]
    assert kind_of(outcome) in (wanted if isinstance(wanted, tuple) else (wanted,)), outcome
    if isinstance(outcome, NotSent | Split):
        assert not server.messages
    if isinstance(outcome, Rejected):
        assert outcome == Rejected({2: "Does not contain a valid address."})
    if isinstance(outcome, Accepted):
        assert outcome.provider_id == server.messages[0].id
    # Nothing is repeated automatically.
    assert len(server.requests) <= 1
    assert KEY not in repr(outcome) + caplog.text
    assert server.violations == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["reset_before_body", "reset_mid_body"])
def test_a_request_that_was_never_whole_is_certainly_not_sent(server: SendGridServer, kind: str) -> None:
    server.faults = [kind]
    outcome = submit(server, outgoing(ASHA, email=replace(EMAIL, text="क" * 8_000_000)))
    assert isinstance(outcome, NotSent)
    assert not outcome.permanent


@pytest.mark.slow
@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize(("kind", "wanted"), [("early_401", "never"), ("early_413", Split), ("early_500", "later")])
def test_a_refusal_before_the_request_is_complete_is_read(
    kind: str, wanted: Any, tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server closes the connection while we write. A 500 at that point says nothing about the email."""
    with SendGridServer(faults=[kind], tls=tls) as server:
        if tls:
            monkeypatch.setenv("SSL_CERT_FILE", str(server.cafile))
        batch = outgoing(ASHA, "ravi@example.com", email=replace(EMAIL, text="क" * 8_000_000))
        assert kind_of(submit(server, batch)) == wanted


def test_a_server_that_stops_reading_ends_the_attempt_in_time(server: SendGridServer) -> None:
    server.faults = [Fault("early_413_stall", seconds=30)]
    batch = outgoing(ASHA, "ravi@example.com", email=replace(EMAIL, text="क" * 8_000_000))
    assert isinstance(submit(server, batch, timeout=0.4), Split)
    assert server.expired_hangs == []


@pytest.mark.slow
def test_a_head_that_never_ends_does_not_hold_us(server: SendGridServer) -> None:
    server.faults = [Fault("drip_head", seconds=30)]
    assert isinstance(submit(server, timeout=0.4), Unknown)
    # Each read was in time, so only the limit of the whole response can have ended this.
    assert server.expired_hangs == []


def test_a_body_that_never_ends_is_not_awaited_when_the_status_is_enough(server: SendGridServer) -> None:
    server.faults = [Fault("slow_body", seconds=30)]
    assert isinstance(submit(server, timeout=0.8), Accepted)
    assert server.expired_hangs == []


def test_a_refused_connection_is_not_sent(server: SendGridServer) -> None:
    with server.refusing():
        outcome = submit(server)
    assert isinstance(outcome, NotSent)
    assert "refused" in outcome.reason.lower()
    assert server.url in outcome.reason


def test_a_slower_answer_than_the_time_limit_is_unknown(server: SendGridServer) -> None:
    server.faults = [Fault("accept_then_hang", seconds=30)]
    assert isinstance(submit(server, timeout=0.2), Unknown)
    assert server.expired_hangs == []


def test_a_rate_limit_names_the_wait(server: SendGridServer) -> None:
    server.faults = [Fault("rate_limit", seconds=7)]
    outcome = submit(server)
    assert isinstance(outcome, NotSent)
    assert outcome.retry_after is not None
    assert 4 < outcome.retry_after <= 9


@each_row(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "²"}, None),
        ({"retry-after": "0"}, 1.0),
        ({"retry-after": "86400"}, 3600.0),
        ({"x-ratelimit-reset": "1"}, 1.0),
        ({"x-ratelimit-reset": "999999999999"}, 3600.0),
        ({"x-ratelimit-reset": "²"}, None),
        ({"x-ratelimit-reset": "9" * 400}, None),
        ({"retry-after": "Mon, 23 Nov 2026 01:30:40 GMT", "date": "Mon, 23 Nov 2026 01:30:00 GMT"}, 40.0),
        ({"retry-after": "Mon, 23 Nov 2026 01:30:40 GMT", "date": "yesterday"}, 1.0),
        ({"retry-after": "Mon, 99 Nov 2026 01:30:40 GMT"}, None),
        # By the server's clock, which may differ from ours; the longer of two waits counts.
        ({"x-ratelimit-reset": "1000000005", "date": "Sun, 09 Sep 2001 01:46:40 GMT"}, 5.0),
        ({"x-ratelimit-reset": "1000000005", "retry-after": "9", "date": "Sun, 09 Sep 2001 01:46:40 GMT"}, 9.0),
    ],
)
def test_rate_limit_headers(headers: dict[str, str], wait: float | None) -> None:
    outcome = read_response(HttpResponse(429, headers, b""), outgoing(ASHA))
    assert outcome == NotSent("sendgrid asks to slow down (429)", retry_after=wait)


@pytest.mark.parametrize("location", ["/v3/mail/send", "other", "https"])
def test_a_redirect_is_never_followed_and_the_key_goes_nowhere_else(server: SendGridServer, location: str) -> None:
    with SendGridServer() as elsewhere:
        where = {"other": elsewhere.url + "/v3/mail/send", "https": "https://127.0.0.1:9/"}.get(location, location)
        server.faults = [Fault("redirect_301", location=where)]
        outcome = submit(server)
        assert isinstance(outcome, NotSent)
        assert outcome.permanent
        assert where in outcome.reason
        assert not elsewhere.requests
        assert len(server.requests) == 1


def test_a_400_is_mapped_to_the_recipient_and_not_to_the_position(server: SendGridServer) -> None:
    addresses = many(5)
    recipients = tuple(
        recipient(id, address, SENDER, token) for id, address in zip((90, 12, 55, 7, 31), addresses, strict=True)
    )
    batch = replace(outgoing(ASHA), recipients=recipients)
    server.api.reject = {addresses[2]}
    assert submit(server, batch) == Rejected({55: "Does not contain a valid address."})
    assert not server.messages


@each_row(
    ("status", "body", "recipients", "wanted"),
    [
        (400, b'{"errors":[{"field":"personalizations.0.to.0.email","message":"x"},{"field":"personalizations[1]"}]}',
         3, Rejected({1: "x", 2: "refused by sendgrid"})),
        (400, b'{"errors":[{"field":"personalizations.9.to.0.email","message":"x"}]}', 2, Split),
        (400, b'{"errors":[{"field":"personalizations","message":"not unique"}]}', 2, Split),
        (400, b'{"errors":[{"field":null,"message":"Bad Request"}]}', 2,
         Split("sendgrid refused a batch and named no recipient (400): Bad Request")),
        (400, b'{"errors":[{"field":null,"message":"Bad Request"}]}', 1,
         Rejected({1: "sendgrid refused the request: Bad Request"})),
        (400, b'{"errors":[{"field":"from.name","message":"no Unicode"}]}', 1,
         NotSent("sendgrid refuses the email: from.name: no Unicode", permanent=True)),
        (400, b'{"errors":[{"field":"subject","message":"x"},{"field":"personalizations.0.to","message":"y"}]}', 2,
         NotSent("sendgrid refuses the email: subject: x", permanent=True)),
        (400, b"<html>", 2, "later"), (400, b"<html>", 1, "later"), (400, b"", 2, Split), (400, b"[1]", 2, Split),
        (400, b'{"errors": 5}', 2, Split), (400, b'{"errors": [5, null]}', 2, Split), (404, b"", 1, "never"),
        (405, b"", 1, "never"), (413, b"<html>", 2, Split), (413, b"", 1, "never"), (415, b"", 2, "never"),
        (202, b"", 2, Accepted()), (201, b"", 2, Unknown("sendgrid answered 201, which is not an acceptance")),
        (100, b"", 1, Unknown("sendgrid answered 100")), (418, b"", 1, Unknown("sendgrid answered 418")),
    ],
)  # fmt: skip
def test_responses_of_every_kind(status: int, body: bytes, recipients: int, wanted: Any) -> None:
    outcome = read_response(HttpResponse(status, {}, body), outgoing(*many(recipients)))
    assert wanted in (outcome, kind_of(outcome))


def test_a_wrong_key_ends_the_run_and_is_not_shown(server: SendGridServer) -> None:
    outcome = submit(server, key="SG.wrong-but-secret")
    assert isinstance(outcome, NotSent)
    assert outcome.permanent
    assert "SG." not in repr(outcome)
    assert server.requests[0].key == "SG.wrong-but-secret"
