"""The Amazon SES transport against a local fake: a result for each recipient, and nothing is ever repeated."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from digest.deliver.aws_signature import RequestSigner
from digest.deliver.http_client import HttpResponse
from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Split, Unknown
from digest.deliver.ses import Ses, read_response
from digest.mail.provider_tags import neutral_html, neutral_text
from digest.utils.clock import utc_now
from tests.deliver.emails import EMAIL, EMAIL_WITH_IMAGES, SENDER, RecordingLog, kind_of, many, outgoing
from tests.support.sendgrid_faults import FAULTS, Fault
from tests.support.ses_server import KEY, SECRET, SesServer
from tests.support.tables import each_row

ASHA, RAVI, MEENA = "asha@example.com", "ravi@example.com", "meena@example.com"


@pytest.fixture
def server() -> Iterator[SesServer]:
    with SesServer() as found:
        yield found
        assert found.violations == []


def transport_to(server: SesServer, *, timeout: float = 5.0, secret: str = SECRET, **given: Any) -> Ses:
    signer = RequestSigner(KEY, secret, given.pop("token", None), "ap-south-1", given.pop("clock", utc_now))
    return Ses(signer, host=server.url, sender=SENDER.email, timeout=timeout, **given)


def submit(server: SesServer, batch: Any, **given: Any) -> Outcome:
    transport = transport_to(server, **given)
    try:
        return transport.submit(batch, RecordingLog())
    finally:
        transport.close()


def ids(*numbers: int) -> frozenset[int]:
    return frozenset(numbers)


@pytest.mark.parametrize(
    ("method", "url", "body", "token", "signed", "signature"),
    [
        (
            "POST",
            "https://email.ap-south-1.amazonaws.com/v2/email/outbound-bulk-emails",
            '{"a":"नमस्ते"}'.encode(),
            None,
            "content-type;host;x-amz-date",
            "92be2f8b07e42a6046ecd93fa763dd81cb13967c97b7e5682f54cf1be0acf017",
        ),
        (
            "GET",
            "http://127.0.0.1:8080/v2/email/identities/news%40example.com",
            b"",
            "token/abc",
            "host;x-amz-date;x-amz-security-token",
            "3cb26c4ca8449f50d6d83a1c33d5ed2f187f5558a42711b223d8c053443f87b6",
        ),
    ],
)
def test_a_signature_is_that_of_awss_own_library(
    method: str, url: str, body: bytes, token: str | None, signed: str, signature: str
) -> None:
    """The signatures are those of botocore 1.44.8, with the example key of AWS's documentation."""
    moment = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
    secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    signer = RequestSigner("AKIDEXAMPLE", secret, token, "ap-south-1", lambda: moment)
    assert signer.headers(method, url, body)["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/ap-south-1/ses/aws4_request, "
        f"SignedHeaders={signed}, Signature={signature}"
    )
    assert secret not in repr(signer)


def test_fifty_recipients_in_one_call_and_the_rest_is_certainly_not_sent(server: SesServer) -> None:
    assert submit(server, outgoing(*many(120))) == PerRecipient(ids(*range(1, 51)))
    assert isinstance(submit(server, outgoing(*many(50))), Accepted)
    assert len(server.requests) == 2


def test_the_ids_that_come_back_in_events(server: SesServer) -> None:
    submit(server, outgoing(ASHA, RAVI))
    assert [taken.args for taken in server.accepted] == [
        {"dg_edition": "2026-11-23", "dg_attempt": "attempt-7", "dg_delivery": id} for id in ("1", "2")
    ]


def test_the_configuration_set_is_named_and_tracking_is_off(server: SesServer) -> None:
    batch = outgoing(ASHA, email=EMAIL_WITH_IMAGES)
    from digest.deliver.ses import request_body

    request = orjson.loads(request_body(batch, tuple(batch.recipients), "digest"))
    assert request["ConfigurationSetName"] == "digest"
    assert set(request["ConfigurationOverrides"]["Tracking"].values()) == {"DISABLED"}
    # SES sets its own.
    assert "Feedback-ID" not in orjson.dumps(request).decode()


def test_a_headline_that_looks_like_a_template_stays_as_it_is(server: SesServer) -> None:
    evil = "{{leave}} {{amazonSESUnsubscribeUrl}} {{#if x}}"
    email = replace(EMAIL, subject=neutral_text(evil), text=neutral_text(evil), html=neutral_html(f"<p>{evil}</p>"))
    assert isinstance(submit(server, outgoing(ASHA, email=email)), Accepted)
    (mailed,) = server.ses.emails
    assert "leave-1" not in mailed["subject"] + mailed["text"] + mailed["html"]
    # An email that was not neutralised is not sent: SES would accept it and then drop it.
    assert kind_of(submit(server, outgoing(ASHA, email=replace(EMAIL, text=evil)))) == "never"
    assert len(server.requests) == 1


def test_each_recipient_has_an_outcome(server: SesServer) -> None:
    server.ses.statuses = {RAVI: "INVALID_PARAMETER", MEENA: "TRANSIENT_FAILURE", "x@example.com": "NEW_STATUS"}
    assert submit(server, outgoing(ASHA, RAVI, MEENA, "x@example.com")) == PerRecipient(
        ids(1),
        {2: "INVALID_PARAMETER: for a reason"},
        {4: "ses answered with an undocumented result: NEW_STATUS: for a reason"},
        not_sent_reason="ses: TRANSIENT_FAILURE: for a reason",
    )
    assert server.counts == {ASHA: 1}


LATER, QUOTA = ("later", 1.0), ("later", 3600.0)


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        ("ACCOUNT_THROTTLED", LATER),
        ("ACCOUNT_DAILY_QUOTA_EXCEEDED", QUOTA),
        ("TRANSIENT_FAILURE", ("later", None)),
        ("FAILED", ("later", None)),
        ("INVALID_PARAMETER", ("never", None)),
        ("MESSAGE_REJECTED", ("never", None)),
        ("MAIL_FROM_DOMAIN_NOT_VERIFIED", ("never", None)),
        ("CONFIGURATION_SET_NOT_FOUND", ("never", None)),
        ("ACCOUNT_SUSPENDED", ("never", None)),
        ("ACCOUNT_SENDING_PAUSED", ("never", None)),
    ],
)
def test_if_all_fail_alike_the_batch_stays_whole(
    server: SesServer, status: str, wanted: tuple[str, float | None]
) -> None:
    server.ses.statuses = dict.fromkeys((ASHA, RAVI), status)
    outcome = submit(server, outgoing(ASHA, RAVI))
    assert isinstance(outcome, NotSent)
    assert (kind_of(outcome), outcome.retry_after) == wanted
    assert server.counts == {}


def test_a_single_invalid_recipient_is_rejected(server: SesServer) -> None:
    server.ses.statuses = {ASHA: "INVALID_PARAMETER"}
    assert submit(server, outgoing(ASHA)) == PerRecipient(rejected={1: "INVALID_PARAMETER: for a reason"})


def test_a_malformed_address_is_found_by_splitting(server: SesServer) -> None:
    server.ses.malformed = {RAVI}
    assert isinstance(submit(server, outgoing(ASHA, RAVI)), Split)
    assert submit(server, outgoing(RAVI)) == Rejected({1: "BadRequestException: Illegal address"})
    assert server.counts == {}


TABLE: dict[str, Any] = {
    "refuse": "later",
    # SES has no idempotency keys.
    **dict.fromkeys([kind for kind in FAULTS if kind.startswith(("lose", "accept", "error", "half"))], Unknown),
    **dict.fromkeys(["drip_head", "truncated_chunked", "short_body", "slow_body", "page_202", "early_500"], Unknown),
    **dict.fromkeys(["wrong_content_type", "sandbox"], Unknown),
    "slow_reply": Accepted,
    **dict.fromkeys(["rate_limit", "retry_after", "cut_400"], "later"),
    **dict.fromkeys(["reset_before_body", "reset_mid_body"], ("later", Unknown)),
    **dict.fromkeys([kind for kind in FAULTS if kind.startswith("redirect")], "never"),
    **dict.fromkeys(["unauthorized_401", "early_401", "forbidden_403", "not_found_404", "not_allowed_405"], "never"),
    "bad_page_400": "never",
    **dict.fromkeys(["bad_index", "bad_no_field", "bad_email", "too_large_413", "early_413", "early_413_stall"], Split),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_has_its_outcome(server: SesServer, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.faults = [Fault(kind, seconds=0.2)]
    outcome = submit(server, outgoing(ASHA, RAVI), timeout=0.6)
    wanted = TABLE[kind]
    assert kind_of(outcome) in (wanted if isinstance(wanted, tuple) else (wanted,)), outcome
    assert SECRET not in repr(outcome) + caplog.text
    # The most important rule: a recipient reported as not sent was not sent to.
    if not isinstance(outcome, Accepted | Unknown):
        assert server.counts == {}
    assert len(server.requests) <= 1


def error(status: int, name: str = "", message: str = "x") -> HttpResponse:
    return HttpResponse(status, {"x-amzn-errortype": name}, orjson.dumps({"message": message}))


def results(*statuses: str) -> HttpResponse:
    return HttpResponse(200, {}, orjson.dumps({"BulkEmailEntryResults": [{"Status": each} for each in statuses]}))


@each_row(
    ("reply", "wanted"),
    [
        (results("SUCCESS", "SUCCESS"), Accepted()), (results("SUCCESS"), Unknown), (results(), Unknown),
        (replace(results("SUCCESS", "SUCCESS"), complete=False), Unknown),
        (HttpResponse(200, {}, b'{"BulkEmailEntryResults":[7,{"Status":"SUCCESS"}]}'), PerRecipient),
        (HttpResponse(200, {}, b"[]"), Unknown), (HttpResponse(201, {}, results("SUCCESS", "SUCCESS").body), Unknown),
        (error(429, "TooManyRequestsException"), "later"),
        (error(400, "ThrottlingException:http://x/", "Maximum sending rate exceeded."),
         NotSent("ses answered 400: ThrottlingException: Maximum sending rate exceeded.", 1.0)),
        (error(400, "ThrottlingException", "Daily message quota exceeded."),
         NotSent("ses answered 400: ThrottlingException: Daily message quota exceeded.", 3600.0)),
        (error(400, "AccountSuspendedException"), "never"), (error(400, "MessageRejected"), "never"),
        (error(404, "NotFoundException"), "never"), (error(403, "ExpiredTokenException"), "never"),
        (error(400, "BadRequestException"), Split), (error(408), Unknown), (error(500), Unknown), (error(503), Unknown),
    ],
)  # fmt: skip
def test_responses_of_every_kind(reply: HttpResponse, wanted: Any) -> None:
    outcome = read_response(reply, outgoing(ASHA, RAVI).recipients)
    assert wanted in (outcome, kind_of(outcome))


def test_an_address_that_ses_does_not_take_is_that_recipients_fault() -> None:
    reply = error(400, "BadRequestException", "Missing final '@domain'")
    assert isinstance(read_response(reply, outgoing(ASHA).recipients), Rejected)


def test_a_fault_of_the_email_is_not_the_last_recipients() -> None:
    reply = error(400, "BadRequestException", "Template contains unsupported operations.")
    assert kind_of(read_response(reply, outgoing(ASHA).recipients)) == "never"


# Tried before it is trusted


def probe(server: SesServer, **given: Any) -> str:
    transport = transport_to(server, timeout=0.5, **given)
    problem = transport.probe() or ""
    transport.close()
    return problem


def test_probe(server: SesServer) -> None:
    assert probe(server, configuration_set="digest") == ""
    assert "refuses the key (403)" in probe(server, secret="wrong-but-secret")
    assert "secret" not in probe(server, secret="wrong-but-secret")
    assert "this machine's clock" in probe(server, clock=lambda: datetime(2020, 1, 1, tzinfo=UTC))
    assert "no configuration set missing" in probe(server, configuration_set="missing")
    server.ses.identities = {"news@example.com": True, "example.com": False}
    assert probe(server) == ""
    server.ses.identities = {"example.com": False}
    assert "neither the sender news@example.com" in probe(server)
    server.ses.account["SendQuota"]["SentLast24Hours"] = 50_000.0
    assert "quota of the last 24 hours" in probe(server)
    server.ses.account["SendingEnabled"] = False
    assert "sending is paused" in probe(server)
    with server.refusing():
        assert "refused" in probe(server)
    assert not server.messages


def lacking(server: SesServer, **given: Any) -> tuple[str, ...]:
    transport = transport_to(server, **given)
    found = transport.missing_capabilities()
    transport.close()
    return found


def test_what_does_not_work_although_sending_does(server: SesServer) -> None:
    assert lacking(server, configuration_set="digest", per_second=14) == ()
    assert "delivery.ses.configuration_set" in lacking(server, per_second=14)[0]
    for wrong in (None, 15):
        (rate,) = lacking(server, configuration_set="digest", per_second=wrong)
        assert "14 emails per second" in rate
    server.ses.account["ProductionAccessEnabled"] = False
    server.ses.account["SendQuota"] |= {"Max24HourSend": 200.0, "SentLast24Hours": 20.0}
    sandbox, quota = lacking(server, configuration_set="digest", per_second=1)
    assert "sandbox" in sandbox
    assert "180 emails are left" in quota
