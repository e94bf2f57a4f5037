"""The Brevo transport against a local fake: a repeated call is recognised, a scheduled one is cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from digest.deliver.attempt import DeliveryJob
from digest.deliver.brevo import Brevo, read_response
from digest.deliver.http_client import HttpResponse
from digest.deliver.outcome import Accepted, NotSent, Rejected, Split, Unknown
from digest.deliver.ports import RECOVERY, REDO_WITHIN, CapabilityReport, ScheduleWindow
from digest.deliver.report import SendReport
from digest.deliver.worker import send_due
from digest.mail.provider_tags import neutral_html, neutral_text
from digest.store.content.editions import EditionStore
from digest.store.database import Database, open_database
from digest.store.people.subscribers import SubscriberStore
from digest.store.sending.ledger import SqlLedger
from digest.store.sending.status import counts
from tests.deliver.emails import EMAIL, SENDER, RecordingLog, kind_of, many, outgoing, token
from tests.deliver.keyed import BREVO
from tests.store.conftest import KEY as EDITION
from tests.store.conftest import an_edition, enlist
from tests.support.brevo_api import KEY_SECONDS
from tests.support.brevo_server import BrevoServer
from tests.support.enqueue import Entry, claim_one, enqueue
from tests.support.profiles import pairs
from tests.support.sendgrid_faults import Fault
from tests.support.tables import each_row

ASHA, RAVI = "asha@example.com", "ravi@example.com"
transport_to, submit, probe = BREVO.to, BREVO.submit, BREVO.probe


@pytest.fixture
def server() -> Iterator[BrevoServer]:
    with BrevoServer() as found:
        yield found
        assert found.violations == []


def test_a_thousand_recipients_in_one_call(server: BrevoServer) -> None:
    assert isinstance(submit(server, outgoing(*many(1000))), Accepted)
    assert server.counts == dict.fromkeys(many(1000), 1)
    assert len(server.requests) == 1


def test_the_ids_that_come_back_in_events(server: BrevoServer) -> None:
    submit(server, outgoing(ASHA, RAVI))
    assert [taken.args for taken in server.accepted] == [
        {"dg_edition": "2026-11-23", "dg_delivery": id, "dg_attempt": "attempt-7"} for id in ("1", "2")
    ]


def test_a_headline_that_looks_like_a_parameter_stays_as_it_is(server: BrevoServer) -> None:
    evil = "{{params.leave}} {{ contact.EMAIL }} {% for x in y %}"
    email = replace(EMAIL, subject=neutral_text(evil), text=neutral_text(evil), html=neutral_html(f"<p>{evil}</p>"))
    assert isinstance(submit(server, outgoing(ASHA, email=email)), Accepted)
    (mailed,) = server.brevo.emails
    assert "leave-1" not in mailed["subject"] + mailed["textContent"] + mailed["htmlContent"]
    for part in ("subject", "textContent", "htmlContent"):
        assert "{{" not in mailed[part]
        assert "{%" not in mailed[part]


def test_a_repeated_attempt_mails_nobody_again_even_if_somebody_left(server: BrevoServer) -> None:
    batch = outgoing(*many(20))
    submit(server, batch)
    left = replace(batch, attempt="another", recipients=batch.recipients[1:])
    assert isinstance(submit(server, left), Accepted)
    assert server.counts == dict.fromkeys(many(20), 1)
    assert server.brevo.replayed == 1


def test_a_key_is_forgotten_which_is_why_nothing_older_is_redone(server: BrevoServer) -> None:
    # This includes the claim, three calls of up to three timeouts each, and the pauses.
    assert REDO_WITHIN["brevo"] + timedelta(seconds=60 + 3 * 40) <= timedelta(seconds=KEY_SECONDS)
    batch = outgoing(ASHA)
    for seconds, reached in ((0, 1), (REDO_WITHIN["brevo"].total_seconds(), 1), (KEY_SECONDS, 2)):
        server.clock.advance(seconds)
        submit(server, batch)
        assert server.counts == {ASHA: reached}


@pytest.mark.parametrize("kind", ["accept_then_close", "accept_then_hang", "error_500_accepted"])
def test_a_response_that_is_lost_every_time_is_unknown_and_safe_to_repeat(server: BrevoServer, kind: str) -> None:
    server.faults = [Fault(kind, seconds=0.3)] * 3
    batch = outgoing(ASHA)
    assert isinstance(submit(server, batch, timeout=0.2 if "hang" in kind else 5.0), Unknown)
    assert len(server.requests) == 3
    assert isinstance(submit(server, replace(batch, attempt="another")), Accepted)
    assert server.counts == {ASHA: 1}


def test_a_refusal_does_not_resolve_an_unknown_outcome(server: BrevoServer) -> None:
    server.faults = ["accept_then_close", "unauthorized_401", "rate_limit"]
    assert isinstance(submit(server, outgoing(ASHA)), Unknown)


def test_a_refused_recipient_is_named_or_found_by_splitting(server: BrevoServer) -> None:
    server.brevo.reject = {RAVI}
    assert submit(server, outgoing(ASHA, RAVI)) == Rejected({2: f"email {RAVI} is not valid in to"})
    server.brevo.names_address = False
    assert isinstance(submit(server, outgoing(ASHA, RAVI)), Split)
    assert submit(server, replace(outgoing(RAVI), batch="9")) == Rejected({1: "email is not valid in to"})
    assert server.counts == {}


def test_an_account_without_credits_stops_the_run_and_sends_to_nobody(server: BrevoServer) -> None:
    server.brevo.credits = 1
    outcome = submit(server, outgoing(ASHA, RAVI))
    assert kind_of(outcome) == "never"
    assert "credits" in repr(outcome)
    assert server.counts == {}


def error(status: int, code: str = "", message: str = "x", **headers: str) -> HttpResponse:
    return HttpResponse(status, headers, orjson.dumps({"code": code, "message": message}))


DUPLICATE = "Email for the idempotency key has already been processed"


@each_row(
    ("reply", "wanted"),
    [
        (HttpResponse(201, {}, b'{"messageIds":["<a>","<b>"]}'), Accepted("<a>")),
        (HttpResponse(202, {}, b'{"messageIds":["<a>","<b>"],"batchId":"x"}'), Accepted("<a>")),
        (HttpResponse(201, {}, b'{"messageIds":["<a>"]}'), Unknown),
        (HttpResponse(201, {}, b'{"messageId":"<a>"}'), Unknown),
        (HttpResponse(201, {}, b'{"messageIds":["<a>","<b>"]}', complete=False), Unknown),
        (HttpResponse(201, {}, b"[]"), Unknown), (HttpResponse(200, {}, b'{"messageIds":["<a>","<b>"]}'), Unknown),
        (error(400, "duplicate_parameter", DUPLICATE), Accepted()),
        (error(400, "duplicate_parameter", "contact exists"), Split),
        # Of a proxy, perhaps in reply to a repeated call: a part of a batch would be a new call.
        (HttpResponse(400, {}, b'{"message": "queued, slowly"}'), Unknown),
        (error(400, "invalid_parameter", DUPLICATE), Split),
        (HttpResponse(400, {}, error(400, "duplicate_parameter", DUPLICATE).body, complete=False), Unknown),
        (error(400, "invalid_parameter", "email ASHA@example.com is not valid in to"), Rejected),
        (error(400, "invalid_parameter", "sender asha@example.com is not valid"), "never"),
        (error(400, "missing_parameter", "htmlContent is missing"), "never"),
        (error(400, "not_enough_credits"), "never"), (error(402, "not_enough_credits"), "never"),
        (error(403, "account_under_validation"), "never"), (error(406, "not_acceptable"), "never"),
        (error(422), "later"), (error(408), Unknown), (error(409), Unknown), (error(500), Unknown), (error(413), Split),
        (error(429, "too_many_requests", **{"x-sib-ratelimit-reset": "3.5"}),
         NotSent("brevo asks to slow down (429): too_many_requests: x", 3.5)),
        (error(429, **{"x-sib-ratelimit-reset": "0"}), NotSent("brevo asks to slow down (429): x", 1.0)),
        (error(429), NotSent("brevo asks to slow down (429): x", 1.0)),
    ],
)  # fmt: skip
def test_responses_of_every_kind(reply: HttpResponse, wanted: Any) -> None:
    outcome = read_response(reply, outgoing(ASHA, RAVI).recipients)
    assert wanted in (outcome, kind_of(outcome))


def test_an_email_too_large_for_one_recipient_is_a_permanent_failure() -> None:
    assert kind_of(read_response(error(413), outgoing(ASHA).recipients)) == "never"


# Scheduled, cancelled and redone by the ledger


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database("sqlite:///digest.db", home=tmp_path)
    yield opened
    opened.close()


AT = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
DUE = AT + timedelta(minutes=40)
WINDOW = ScheduleWindow(timedelta(minutes=45), timedelta(minutes=15), timedelta(minutes=12))


def prepare(database: Database, count: int, size: int, due: datetime) -> None:
    enlist(database, *(f"subscriber{n}@example.com" for n in range(count)))
    EditionStore(database).put(an_edition(), over=())
    entries = [Entry(candidate.id, "all", due) for candidate in SubscriberStore(database).candidates(EDITION)]
    enqueue(database, EDITION, entries, size, now=AT)


def ledger_of(database: Database) -> SqlLedger:
    return SqlLedger(database, redo_within=REDO_WITHIN)


def run(database: Database, server: BrevoServer) -> SendReport:
    """A run in a new process."""
    transport, ledger = transport_to(server), ledger_of(database)

    def clock() -> datetime:
        return datetime.fromtimestamp(server.clock.now(), UTC)

    ledger.begin_run(EDITION, recovery=RECOVERY, now=clock())
    try:
        return send_due(
            DeliveryJob(EDITION, {"all": EMAIL}, SENDER, ledger, [transport], token, clock, 1, schedule_window=WINDOW)
        )
    finally:
        transport.close()


def killed(database: Database, server: BrevoServer, now: datetime, *, arrives: bool = True) -> None:
    """A process that dies while it submits the first batch."""
    ledger, transport = ledger_of(database), transport_to(server)
    claim = claim_one(ledger, EDITION, "brevo", now, 5, WINDOW)
    assert claim is not None
    batch = replace(
        outgoing(*(email for _id, email in claim.recipients)), attempt=claim.attempt, batch=str(claim.batch)
    )
    if claim.send_at:
        schedule_id = transport.new_schedule_id()
        assert isinstance(schedule_id, str)
        ledger.record_schedule_id(claim.attempt, schedule_id)
        batch = replace(batch, schedule_id=schedule_id, send_at=int(claim.send_at.timestamp()))
    if arrives:
        transport.submit(replace(batch, edition=EDITION), RecordingLog())
    transport.close()


def test_a_killed_run_is_redone_and_nobody_is_mailed_twice(database: Database, server: BrevoServer) -> None:
    server.clock.set(AT.timestamp())
    prepare(database, 6, 3, AT)
    killed(database, server, AT)
    server.clock.advance(60)
    run(database, server)
    assert counts(database, EDITION).accepted == 6
    assert sorted(server.counts.values()) == [1] * 6
    assert server.brevo.replayed == 1


def test_what_brevo_no_longer_recognises_is_held(database: Database, server: BrevoServer) -> None:
    server.clock.set(AT.timestamp())
    prepare(database, 6, 3, AT)
    killed(database, server, AT)
    server.clock.advance(KEY_SECONDS + 1)
    run(database, server)
    assert (counts(database, EDITION).accepted, counts(database, EDITION).unknown) == (3, 3)
    assert sorted(server.counts.values()) == [1] * 6


def test_a_retry_that_comes_too_late_within_one_run_is_held(database: Database, server: BrevoServer) -> None:
    prepare(database, 3, 3, AT)
    killed(database, server, AT)
    ledger = ledger_of(database)
    ledger.begin_run(EDITION, recovery=RECOVERY, now=AT + timedelta(minutes=5))
    assert counts(database, EDITION).pending == 3
    # Other batches came first.
    assert claim_one(ledger, EDITION, "brevo", AT + timedelta(minutes=11), 5, WINDOW) is None
    assert counts(database, EDITION).unknown == 3


def test_a_scheduled_batch_goes_out_at_its_time(database: Database, server: BrevoServer) -> None:
    server.clock.set(AT.timestamp())
    prepare(database, 6, 3, DUE)
    run(database, server)
    assert {message.state for message in server.messages} == {"held"}
    server.clock.set(DUE.timestamp())
    assert {message.state for message in server.messages} == {"sent"}
    assert counts(database, EDITION).accepted == 6


def test_a_killed_scheduled_batch_is_cancelled_and_sent_again(database: Database, server: BrevoServer) -> None:
    server.clock.set(AT.timestamp())
    prepare(database, 6, 3, DUE)
    killed(database, server, AT)
    server.clock.advance(60)
    run(database, server)
    assert counts(database, EDITION).accepted == 6
    server.clock.set(DUE.timestamp())
    assert len(server.brevo.cancelled) == 1
    assert sorted(server.counts.values()) == [1] * 6


def test_a_scheduled_batch_that_brevo_does_not_know_is_held(database: Database, server: BrevoServer) -> None:
    server.clock.set(AT.timestamp())
    prepare(database, 3, 3, DUE)
    killed(database, server, AT, arrives=False)
    run(database, server)
    # It may still arrive.
    assert counts(database, EDITION).unknown == 3
    assert server.counts == {}


@pytest.mark.slow
@pytest.mark.usefixtures("brief_pauses")
@pytest.mark.parametrize(
    ("kind", "due"),
    pairs(
        ["lose_then_close", "accept_then_reset", "error_500", "error_503_accepted", "half_head", "truncated_chunked",
         "reset_mid_body", "cut_400", "page_202"],
        [AT, DUE],
    ),
)  # fmt: skip
def test_nobody_is_mailed_twice_whatever_happens_to_four_calls_in_a_row(
    database: Database, server: BrevoServer, kind: str, due: datetime
) -> None:
    server.clock.set(AT.timestamp())
    prepare(database, 12, 4, due)
    server.faults = ["ok", *[Fault(kind)] * 4]
    for _ in range(3):
        run(database, server)
    found = counts(database, EDITION)
    server.clock.set(DUE.timestamp())
    assert max(server.counts.values()) == 1
    assert found.accepted + found.unknown == 12
    # Scheduled batches that never arrived cannot be cancelled, and are held.
    assert found.accepted == 12 or due == DUE
    assert found.accepted <= len(server.counts)


def test_the_log_proves_that_an_attempt_was_accepted(server: BrevoServer) -> None:
    submit(server, outgoing(ASHA))
    transport = transport_to(server)
    assert transport.find_in_log("attempt-7", [ASHA])
    assert not transport.find_in_log("attempt-8", [ASHA])
    server.faults = [Fault("accept_then_close", on="logs")]
    assert not transport.find_in_log("attempt-7", [ASHA])
    transport.close()


# Tried before it is trusted


def test_probe(server: BrevoServer) -> None:
    assert probe(server) == ""
    assert "the key is refused" in probe(server, key="xkeysib-wrong-but-secret")
    server.brevo.domains = {"example.com": False, "example.org": True}
    assert "news@example.com" in probe(server)
    server.brevo.domains = {"example.com": True}
    server.brevo.credits = 0
    assert "no credits left" in probe(server)
    with server.refusing():
        assert "refused" in probe(server)
    assert not server.messages


def test_a_plan_that_runs_out_is_announced(server: BrevoServer) -> None:
    transport: Brevo = transport_to(server)
    reports: CapabilityReport = transport
    assert reports.missing_capabilities() == ()
    server.brevo.credits = 300
    assert reports.missing_capabilities() == ("brevo: 300 emails are left in the account's plan",)
    transport.close()
