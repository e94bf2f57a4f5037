"""The local SendGrid accepts, holds, cancels and fails as documented, and its log is complete."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import pytest

from tests.support.killing import balance
from tests.support.sendgrid_faults import FAULTS, Fault
from tests.support.sendgrid_plan import FaultPlan
from tests.support.sendgrid_server import SendGridServer
from tests.support.tables import each_row
from tests.support_tests.sendgrid_client import ask, payload

BROKEN = (OSError, http.client.HTTPException)


def test_an_accepted_request_is_in_log_and_memory_before_the_response(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with SendGridServer(log=log) as server:
        status, headers, _ = ask(server, payload("asha@example.com", "ravi@example.com"))
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        assert status == 202
        assert [(x["email"], x["state"], x["message_id"]) for x in lines] == [
            ("asha@example.com", "sent", headers["X-Message-Id"]),
            ("ravi@example.com", "sent", headers["X-Message-Id"]),
        ]
        assert lines[1]["args"] == {"dg_e": "2026-11-23", "dg_r": "1"}
        assert server.counts == {"asha@example.com": 1, "ravi@example.com": 1}
        assert server.payloads[0]["subject"] == "आज की ख़बरें"
        assert server.violations == []


def test_a_broken_rule_is_400_with_field_and_nobody_is_accepted(tmp_path: Path) -> None:
    with SendGridServer(log=tmp_path / "log") as server:
        status, _, body = ask(server, payload("asha@example.com", "nobody"))
        assert (status, body["errors"][0]["field"]) == (400, "personalizations.1.to.0.email")
        assert [v.field for v in server.violations] == ["personalizations.1.to.0.email"]
        assert not server.messages
    assert balance(tmp_path / "log").violations == ["personalizations.1.to.0.email: Does not contain a valid address."]


REPLIES = {
    **{f"redirect_{status}": status for status in (301, 302, 303, 307, 308)},
    **dict.fromkeys(["bad_index", "bad_no_field", "bad_email", "bad_page_400"], 400),
    "unauthorized_401": 401,
    "forbidden_403": 403,
    "not_found_404": 404,
    "not_allowed_405": 405,
    "too_large_413": 413,
    "rate_limit": 429,
    "retry_after": 429,
    "error_500": 500,
    "error_500_accepted": 500,
    "error_502": 502,
    "error_503": 503,
    "error_503_accepted": 503,
    "error_504_accepted": 504,
    "wrong_content_type": 200,
    "sandbox": 200,
    # http.client accepts half a head as a whole one.
    **dict.fromkeys(["page_202", "slow_body", "slow_reply", "half_head", "drip_head"], 202),
}
# The client may see a reset instead.
EARLY = {"early_401": 401, "early_413": 413, "early_413_stall": 413, "early_500": 500}


@pytest.mark.slow
@each_row("kind", sorted(set(FAULTS) - {"refuse"}))
def test_a_fault_happens_once_and_accepts_as_its_row_defines(kind: str) -> None:
    with SendGridServer(faults=[Fault(kind, seconds=0.05)]) as server:
        try:
            status: int | None = ask(server, payload())[0]
        except BROKEN:
            status = None
        assert status == REPLIES.get(kind) or (kind in EARLY and status in (None, EARLY[kind]))
        assert len(server.messages) == FAULTS[kind].accepts
        assert ask(server, payload("ravi@example.com"))[0] == 202
        assert server.faults == []


@pytest.mark.parametrize("kind", ["accept_then_reset", "lose_then_reset", "reset_before_body"])
def test_a_reset_is_not_an_orderly_close(kind: str) -> None:
    with SendGridServer(faults=[kind]) as server:
        with pytest.raises(ConnectionResetError) as caught:
            ask(server, payload())
        assert caught.type is ConnectionResetError, "RemoteDisconnected, its subclass, is an orderly close"


def test_the_same_seed_gives_the_same_faults() -> None:
    dealt = []
    for seed in (1, 1, 2):
        plan = FaultPlan([], {"error_500": 0.3, "accept_then_close": 0.3}, seed)
        dealt.append([fault.kind if (fault := plan.next("send")) else "" for _ in range(200)])
    assert dealt[0] == dealt[1] != dealt[2]
    assert 30 < dealt[0].count("error_500") < 90
    with pytest.raises(ValueError, match="no such fault"):
        FaultPlan(["typo"], {}, 0)


def test_a_scheduled_message_waits_for_the_clock_and_a_cancelled_one_is_discarded(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with SendGridServer(log=log) as server:
        server.clock.set(1_800_000_000)
        at = 1_800_000_000 + 3600
        keep, drop = (ask(server, None, "/v3/mail/batch")[2]["batch_id"] for _ in range(2))
        ask(server, payload("asha@example.com", send_at=at, batch_id=keep))
        ask(server, payload("ravi@example.com", send_at=at, batch_id=drop))
        assert {a.email: a.state for a in server.accepted} == {"asha@example.com": "held", "ravi@example.com": "held"}
        assert ask(server, {"batch_id": drop, "status": "cancel"}, "/v3/user/scheduled_sends")[0] == 201
        assert ask(server, {"batch_id": drop, "status": "cancel"}, "/v3/user/scheduled_sends")[0] == 400
        assert ask(server, None, f"/v3/user/scheduled_sends/{drop}", "GET")[2] == [
            {"batch_id": drop, "status": "cancel"}
        ]
        assert ask(server, None, f"/v3/user/scheduled_sends/{keep}", "GET")[2] == []
        ask(server, payload("late@example.com", send_at=at, batch_id=drop))
        assert balance(log).counts == server.counts == {"asha@example.com": 1}
        server.clock.advance(3600)
        states = {"asha@example.com": "sent", "ravi@example.com": "discarded", "late@example.com": "discarded"}
        assert {a.email: a.state for a in server.accepted} == states
    totals = balance(log)
    assert (totals.counts, totals.waiting) == ({"asha@example.com": 1}, 0)
    assert totals.cancelled == {"ravi@example.com": 1, "late@example.com": 1}


def test_a_cancellation_in_the_last_ten_minutes_succeeds_without_effect() -> None:
    with SendGridServer() as server:
        batch = ask(server, None, "/v3/mail/batch")[2]["batch_id"]
        ask(server, payload(send_at=int(server.clock.now()) + 599, batch_id=batch))
        assert ask(server, {"batch_id": batch, "status": "cancel"}, "/v3/user/scheduled_sends")[0] == 201
        server.clock.advance(600)
        assert server.accepted[0].state == "sent"


def test_no_more_than_ten_batches_can_be_cancelled_at_once() -> None:
    with SendGridServer() as server:
        batches = [ask(server, None, "/v3/mail/batch")[2]["batch_id"] for _ in range(11)]
        answers = [ask(server, {"batch_id": b, "status": "cancel"}, "/v3/user/scheduled_sends")[0] for b in batches]
        assert answers == [201] * 10 + [400]
        assert ask(server, {"batch_id": "invented", "status": "cancel"}, "/v3/user/scheduled_sends")[0] == 400
