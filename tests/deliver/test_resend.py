"""The Resend transport against a local fake: a repeated call gets the first response, and nobody gets two emails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from digest.deliver.direct import send_direct
from digest.deliver.http_client import HttpResponse
from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Split, Unknown
from digest.deliver.resend import Resend, read_response
from digest.mail.message import Outgoing, recipient
from tests.deliver.emails import EMAIL, EMAIL_WITH_IMAGES, SENDER, RecordingLog, kind_of, many, outgoing, token
from tests.deliver.keyed import RESEND
from tests.support.resend_server import KEY, ResendServer
from tests.support.sendgrid_faults import Fault
from tests.support.tables import each_row

ASHA, RAVI = "asha@example.com", "ravi@example.com"
transport_to, submit, probe = RESEND.to, RESEND.submit, RESEND.probe


@pytest.fixture
def server() -> Iterator[ResendServer]:
    with ResendServer() as found:
        yield found
        assert found.violations == []


def drained(server: ResendServer, batch: Outgoing) -> list[Outcome]:
    """Retry as the ledger does: recipients that are not settled become a new batch."""
    outcomes: list[Outcome] = []
    while batch.recipients and len(outcomes) < 20:
        outcomes.append(outcome := submit(server, replace(batch, attempt=f"a{len(outcomes)}")))
        if not isinstance(outcome, PerRecipient):
            break
        settled = outcome.accepted | outcome.rejected.keys() | outcome.unknown.keys()
        rest = tuple(recipient for recipient in batch.recipients if recipient.id not in settled)
        batch = replace(batch, batch=str(int(batch.batch) + 1), recipients=rest)
    return outcomes


def ids(*numbers: int) -> frozenset[int]:
    return frozenset(numbers)


def test_a_hundred_recipients_in_one_call(server: ResendServer) -> None:
    assert submit(server, outgoing(*many(100))) == Accepted()
    assert server.counts == dict.fromkeys(many(100), 1)
    assert len(server.requests) == 1


def test_of_a_larger_batch_the_first_hundred_go_and_the_rest_is_certainly_not_sent(server: ResendServer) -> None:
    outcomes = drained(server, outgoing(*many(1000)))
    assert outcomes[0] == PerRecipient(frozenset(range(1, 101)))
    assert outcomes[-1] == Accepted()
    assert server.counts == dict.fromkeys(many(1000), 1)
    assert len(server.requests) == len(outcomes) == 10


def test_the_ids_that_come_back_in_events_and_no_attempt_that_would_change_the_body(server: ResendServer) -> None:
    submit(server, outgoing(ASHA, RAVI))
    assert [taken.args for taken in server.accepted] == [
        {"dg_edition": "2026-11-23", "dg_delivery": id} for id in ("1", "2")
    ]


def test_an_edition_whose_name_no_tag_may_hold(server: ResendServer) -> None:
    assert submit(server, outgoing(ASHA, edition="सुबह 1")) == Accepted()


def test_a_repeated_attempt_mails_nobody_again(server: ResendServer) -> None:
    batch = outgoing(*many(250))
    # The run is killed before the ledger records it.
    submit(server, batch)
    drained(server, replace(batch, attempt="another"))
    assert server.counts == dict.fromkeys(many(250), 1)
    assert server.resend.replayed == 1


def test_a_redo_that_is_stopped_calls_nothing_unsent_that_was_sent(server: ResendServer) -> None:
    batch = outgoing(*many(250))
    submit(server, batch)
    server.faults = [Fault("retry_after", seconds=40)]
    outcome = submit(server, batch)
    # The batch stays whole, with its number and key.
    assert kind_of(outcome) == "later"
    drained(server, batch)
    assert server.counts == dict.fromkeys(many(250), 1)


def test_an_unsubscribe_in_between_makes_the_call_unknown_and_mails_nobody_twice(server: ResendServer) -> None:
    batch = outgoing(*many(350))
    submit(server, batch)
    left = replace(batch, attempt="another", recipients=batch.recipients[:50] + batch.recipients[51:])
    outcome = submit(server, left)
    assert isinstance(outcome, PerRecipient)
    assert not outcome.accepted
    assert set(outcome.unknown) == {recipient.id for recipient in left.recipients[:100]}
    drained(server, replace(left, batch="8", recipients=left.recipients[100:]))
    assert max(server.counts.values()) == 1


@pytest.mark.parametrize("kind", ["accept_then_close", "accept_then_reset", "accept_then_hang", "error_500_accepted"])
def test_an_answer_that_is_lost_every_time_is_held_and_safe_to_be_asked_for_again(
    server: ResendServer, kind: str
) -> None:
    server.faults = [Fault(kind, seconds=0.3)] * 4
    batch = outgoing(*many(100))
    assert isinstance(submit(server, batch, timeout=0.2 if "hang" in kind else 5.0), Unknown)
    assert len(server.requests) == 4
    # The operator decides to resend: the batch and its key are the same.
    assert submit(server, batch) == Accepted()
    assert server.counts == dict.fromkeys(many(100), 1)


def test_the_first_call_with_the_key_is_still_running(server: ResendServer) -> None:
    server.resend.busy = 2
    assert submit(server, outgoing(ASHA)) == Accepted()
    server.resend.busy = 99
    assert isinstance(submit(server, replace(outgoing(RAVI), batch="8")), Unknown)


def test_a_refused_connection_does_not_resolve_an_unknown_outcome(server: ResendServer) -> None:
    server.faults = ["accept_then_close", Fault("unauthorized_401"), Fault("unauthorized_401"), "forbidden_403"]
    assert isinstance(submit(server, outgoing(ASHA)), Unknown)


def test_rejected_recipients_are_recorded_and_the_others_are_sent(server: ResendServer) -> None:
    addresses = many(100)
    server.resend.reject = {addresses[2], addresses[70]}
    outcome = submit(server, outgoing(*addresses))
    assert isinstance(outcome, PerRecipient)
    assert outcome.rejected == {3: "Invalid `to` field", 71: "Invalid `to` field"}
    assert len(outcome.accepted) == 98
    assert (outcome.not_sent_reason, outcome.unknown) == ("", {})


def test_a_short_wait_is_waited_out_and_a_long_one_is_the_runs_affair(server: ResendServer) -> None:
    server.faults = [Fault("rate_limit", seconds=0), Fault("retry_after", seconds=40)]
    outcome = submit(server, outgoing(*many(100)))
    assert isinstance(outcome, NotSent)
    assert outcome.retry_after is not None
    assert 35 < outcome.retry_after <= 40
    assert len(server.requests) == 2


def test_a_run_that_is_to_end_makes_no_further_call(server: ResendServer) -> None:
    assert submit(server, outgoing(*many(250)), notes=RecordingLog(stop_after=0)) == NotSent("")
    assert not server.requests


def test_emails_with_images_are_sent_one_by_one_each_with_its_key(server: ResendServer) -> None:
    batch = outgoing(ASHA, RAVI, "meena@example.com", email=EMAIL_WITH_IMAGES)
    server.faults = ["ok", "accept_then_close"]
    server.resend.reject = {"meena@example.com"}
    outcome = submit(server, batch)
    assert isinstance(outcome, PerRecipient)
    assert (outcome.accepted, outcome.rejected) == (ids(1, 2), {3: "Invalid `to` field"})
    assert server.counts == {ASHA: 1, RAVI: 1}
    assert [len(email["attachments"]) for email in server.resend.emails] == [2, 2]
    # However the ledger has split them since.
    server.resend.reject = set()
    assert submit(server, replace(batch, batch="8", recipients=batch.recipients[1:])) == Accepted()
    assert server.counts == {ASHA: 1, RAVI: 1, "meena@example.com": 1}


def test_emails_with_images_stop_where_the_provider_does_not_answer(server: ResendServer) -> None:
    server.faults = ["ok", *["accept_then_close"] * 4]
    outcome = submit(server, outgoing(ASHA, RAVI, "meena@example.com", email=EMAIL_WITH_IMAGES))
    assert isinstance(outcome, PerRecipient)
    assert (outcome.accepted, set(outcome.unknown)) == (ids(1), {2})


def test_a_test_may_be_repeated(server: ResendServer) -> None:
    transport = transport_to(server)
    for email in (EMAIL, EMAIL_WITH_IMAGES):
        for _ in range(2):
            assert send_direct(transport, [replace(outgoing(ASHA, email=email), batch="test")]) == []
    transport.close()
    assert server.counts == {ASHA: 4}


def test_a_key_is_forgotten_after_a_day_which_is_why_nothing_older_is_redone(server: ResendServer) -> None:
    from digest.deliver.ports import REDO_WITHIN

    batch = outgoing(ASHA)
    submit(server, batch)
    server.clock.advance(REDO_WITHIN["resend"].total_seconds() - 1)
    submit(server, batch)
    assert server.counts == {ASHA: 1}
    server.clock.advance(2)
    submit(server, batch)
    assert server.counts == {ASHA: 2}


def error(status: int, name: str = "", message: str = "x", **headers: str) -> HttpResponse:
    return HttpResponse(status, headers, orjson.dumps({"statusCode": status, "name": name, "message": message}))


@each_row(
    ("reply", "wanted"),
    [
        (HttpResponse(200, {}, b'{"data":[{"id":"a"},{"id":"b"}]}'), PerRecipient(ids(1, 2))),
        (HttpResponse(200, {}, b'{"data":[{"id":"a"}],"errors":[{"index":1,"message":"no\\r\\nsuch"}]}'),
         PerRecipient(ids(1), {2: "no such"})),
        (HttpResponse(200, {}, b'{"data":[],"errors":[{"index":0,"message":"a"},{"index":1,"message":""}]}'),
         PerRecipient(frozenset(), {1: "a", 2: "refused by resend"})),
        (HttpResponse(200, {}, b'{"data":[{"id":"a"}]}'), Unknown),
        (HttpResponse(200, {}, b'{"data":[{"id":"a"}],"errors":[{"index":7}]}'), Unknown),
        (HttpResponse(200, {}, b'{"data":[{"id":"a"}],"errors":[7]}'), Unknown),
        (HttpResponse(200, {}, b'{"id":"a"}'), Unknown),
        (HttpResponse(200, {}, b'{"data":[{"id":"a"},{"id":"b"}]}', complete=False), Unknown),
        (HttpResponse(200, {}, b"[]"), Unknown), (HttpResponse(200, {}, b""), Unknown),
        (HttpResponse(202, {}, b""), Unknown),
        (error(409, "invalid_idempotent_request"), Unknown), (error(409, "concurrent_idempotent_requests"), Unknown),
        (error(500, "application_error"), Unknown), (error(418), Unknown), (error(408), Unknown),
        (error(429, "rate_limit_exceeded", **{"retry-after": "3"}), NotSent("resend answered 429: x", 3.0)),
        (error(429, "rate_limit_exceeded"), NotSent("resend answered 429: x", 1.0)),
        (error(429, "daily_quota_exceeded", **{"retry-after": "3"}), "never"), (error(451, "security_error"), "never"),
        (error(422, "invalid_from_address"), "never"), (error(422, "validation_error", "Invalid `to` field"), "never"),
        (error(400, "validation_error"), "never"), (error(403), "never"), (error(413), Split),
    ],
)  # fmt: skip
def test_responses_of_every_kind(reply: HttpResponse, wanted: Any) -> None:
    outcome = read_response(reply, outgoing(ASHA, RAVI).recipients)
    assert wanted in (outcome, kind_of(outcome))


def test_an_email_too_large_for_one_recipient_is_a_permanent_failure() -> None:
    assert kind_of(read_response(error(413), outgoing(ASHA).recipients)) == "never"


def test_ids_are_subscriber_ids_and_not_positions(server: ResendServer) -> None:
    batch = outgoing(ASHA)
    recipients = tuple(recipient(id, email, SENDER, token) for id, email in zip((90, 12, 55), many(3), strict=True))
    server.resend.reject = {many(3)[1]}
    outcome = submit(server, replace(batch, recipients=recipients))
    assert outcome == PerRecipient(ids(90, 55), {12: "Invalid `to` field"})


def test_an_unmailable_address_keeps_the_others_waiting_for_a_batch_of_their_own(server: ResendServer) -> None:
    assert isinstance(submit(server, outgoing(ASHA, "a b@example.com")), Rejected)
    assert not server.requests


def test_half_a_surrogate_pair_is_reported(server: ResendServer) -> None:
    assert kind_of(submit(server, outgoing(ASHA, email=replace(EMAIL, text="\ud83d")))) == "never"


# Tried before it is trusted


def test_probe(server: ResendServer) -> None:
    assert probe(server) == ""
    assert "key is refused (403)" in probe(server, key="re_wrong_but_secret")
    server.resend.domains = {"example.com": "pending", "example.org": "verified"}
    assert "example.com" in probe(server)
    server.resend.restricted = True
    # A key that may only send cannot read the domains.
    assert probe(server) == ""
    with server.refusing():
        assert "refused" in probe(server)
    assert not server.messages


def test_calls_keep_to_the_limit_of_the_account(server: ResendServer) -> None:
    waited: list[float] = []
    transport = Resend(
        KEY, host=server.url, realm="here", sender=SENDER.email, calls_per_second=0.5, pause=waited.append
    )
    batch = outgoing(ASHA, RAVI, "meena@example.com", email=EMAIL_WITH_IMAGES)
    assert transport.submit(batch, RecordingLog()) == Accepted()
    transport.close()
    # The pauses are not taken here, so each call waits for all before it.
    first, second = waited
    assert 1 < first <= 2
    assert 3 < second <= 4
