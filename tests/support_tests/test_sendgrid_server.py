"""The local SendGrid accepts, holds, cancels and fails as documented, and its log is complete."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.killing import balance, serving
from tests.support.sendgrid_faults import FAULTS, Fault
from tests.support.sendgrid_plan import FaultPlan
from tests.support.sendgrid_server import KEY, SendGridServer
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


def test_keys_scopes_and_unknown_paths() -> None:
    with SendGridServer(scopes=["mail.send"]) as server:
        assert ask(server, payload(), key="wrong")[0] == 401
        assert ask(server, None, "/v3/mail/batch")[0] == 403
        assert ask(server, None, "/v3/scopes", "GET")[2] == {"scopes": ["mail.send"]}
        assert ask(server, None, "/elsewhere", "GET")[0] == 404
        assert ask(server, None, "/v3/mail/send", "GET")[0] == 405


def test_a_rejected_address_is_found_by_its_index_and_is_no_violation() -> None:
    with SendGridServer(reject=["Ravi@example.com"]) as server:
        status, _, body = ask(server, payload("asha@example.com", "ravi@example.com"))
        assert (status, body["errors"][0]["field"]) == (400, "personalizations.1.to.0.email")
        assert server.violations == []


def test_sandbox_mode_accepts_nobody() -> None:
    with SendGridServer() as server:
        assert ask(server, payload(mail_settings={"sandbox_mode": {"enable": True}}))[0] == 200
        assert not server.messages


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


def test_acceptance_of_a_fault_can_be_overridden() -> None:
    with SendGridServer(faults=[Fault("error_500", accepts=True), Fault("accept_then_close", accepts=False)]) as server:
        assert ask(server, payload("asha@example.com"))[0] == 500
        with pytest.raises(http.client.RemoteDisconnected):
            ask(server, payload("ravi@example.com"))
        assert server.counts == {"asha@example.com": 1}


def test_faults_carry_their_details() -> None:
    with SendGridServer() as server:
        server.clock.set(1_800_000_000)
        server.faults = [
            Fault("bad_index", index=7),
            Fault("redirect_301", location="http://127.0.0.1:9/else"),
            Fault("rate_limit", seconds=3),
            Fault("error_500", on="batch"),
        ]
        assert ask(server, None, "/v3/mail/batch")[0] == 500
        assert ask(server, payload())[2]["errors"][0]["field"] == "personalizations.7.to.0.email"
        assert ask(server, payload())[1]["Location"] == "http://127.0.0.1:9/else"
        assert ask(server, payload())[1]["X-RateLimit-Reset"] == "1800000003"


@pytest.mark.slow
def test_a_reset_in_mid_body_reaches_a_client_that_still_writes() -> None:
    with (
        SendGridServer(faults=["reset_mid_body"]) as server,
        closing(socket.create_connection(("127.0.0.1", server.port))) as sock,
    ):
        head = (
            f"POST /v3/mail/send HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Length: 50000000\r\n\r\n"
        )
        with pytest.raises(ConnectionError):
            sock.sendall(head.encode() + b" " * 50_000_000)
        assert not server.messages


@pytest.mark.parametrize("kind", ["accept_then_reset", "lose_then_reset", "reset_before_body"])
def test_a_reset_is_not_an_orderly_close(kind: str) -> None:
    with SendGridServer(faults=[kind]) as server:
        with pytest.raises(ConnectionResetError) as caught:
            ask(server, payload())
        assert caught.type is ConnectionResetError, "RemoteDisconnected, its subclass, is an orderly close"


def test_refusing_connections_keeps_the_port() -> None:
    with SendGridServer() as server:
        with server.refusing(), pytest.raises(ConnectionRefusedError):
            ask(server, payload())
        assert ask(server, payload())[0] == 202
        server.faults = [Fault("refuse", seconds=0.2), "ok"]
        with pytest.raises(ConnectionRefusedError):
            ask(server, payload())
        deadline = time.monotonic() + 5
        while True:
            try:
                assert ask(server, payload())[0] == 202
                break
            except ConnectionRefusedError:
                assert time.monotonic() < deadline
                time.sleep(0.02)


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


def test_deleting_a_cancellation_schedules_the_message_again() -> None:
    with SendGridServer() as server:
        batch = ask(server, None, "/v3/mail/batch")[2]["batch_id"]
        ask(server, payload(send_at=int(server.clock.now()) + 7200, batch_id=batch))
        ask(server, {"batch_id": batch, "status": "cancel"}, "/v3/user/scheduled_sends")
        assert not server.counts
        assert ask(server, None, f"/v3/user/scheduled_sends/{batch}", "DELETE")[0] == 204
        assert ask(server, None, f"/v3/user/scheduled_sends/{batch}", "DELETE")[0] == 404
        server.clock.advance(7201)
        assert server.accepted[0].state == "sent"


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


def test_the_logs_can_be_searched_by_address_and_category_but_not_by_custom_args() -> None:
    with SendGridServer() as server:
        ask(server, payload("asha@example.com", "ravi@example.com", categories=["ed20261123"]))
        found = ask(server, {"query": "to_email = 'ravi@example.com' AND categories IN ('ed20261123')"}, "/v3/logs")[2]
        assert [m["to_email"] for m in found["messages"]] == ["ravi@example.com"]
        detail = ask(server, None, "/v3/logs/" + found["messages"][0]["sg_message_id"], "GET")[2]
        assert detail["custom_args"] == {"dg_e": "2026-11-23", "dg_r": "1"}
        assert len(ask(server, {"query": "", "limit": 1}, "/v3/logs")[2]["messages"]) == 1
        assert ask(server, {"query": "custom_args.dg_e = '2026-11-23'"}, "/v3/logs")[0] == 400
        assert ask(server, {"query": "", "limit": 1001}, "/v3/logs")[0] == 400


def test_connections_are_kept_alive() -> None:
    with SendGridServer() as server, closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)) as client:
        for _ in range(3):
            client.request("POST", "/v3/mail/batch", headers={"Authorization": f"Bearer {KEY}"})
            client.getresponse().read()
        assert {seen.connection for seen in server.requests} == {1}


def test_tls() -> None:
    with SendGridServer(tls=True) as server:
        assert server.url.startswith("https://")
        assert ask(server, payload())[0] == 202


def expect_no_response(server: SendGridServer) -> None:
    with pytest.raises(BROKEN):
        ask(server, payload())


def test_nothing_remains_when_it_stops_with_connected_clients() -> None:
    before = threading.active_count()
    with SendGridServer(faults=[Fault("accept_then_hang", seconds=60)]) as server:
        idle = socket.create_connection(("127.0.0.1", server.port))
        waiting = threading.Thread(target=expect_no_response, args=(server,))
        waiting.start()
        while not server.messages:
            time.sleep(0.01)
    waiting.join(5)
    idle.close()
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)


def test_the_log_explains_every_response_to_many_clients_with_many_faults(tmp_path: Path) -> None:
    chances = {"accept_then_close": 0.1, "lose_then_close": 0.1, "error_500_accepted": 0.1, "reset_before_body": 0.1}
    statuses: dict[str, int | None] = {}

    def work(server: SendGridServer, worker: int) -> None:
        for n in range(40):
            address = f"r{worker}.{n}@example.com"
            try:
                statuses[address] = ask(server, payload(address))[0]
            except BROKEN:
                statuses[address] = None

    with SendGridServer(log=tmp_path / "log", chances=chances, seed=7) as server:
        workers = [threading.Thread(target=work, args=(server, n)) for n in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(30)
        dealt = [seen.fault for seen in server.requests]
    counts = balance(tmp_path / "log").counts
    assert len(dealt) == len(statuses) == 160
    assert all(counts[address] == 1 for address, status in statuses.items() if status == 202)
    taken = sum(dealt.count(kind) for kind in ("", "accept_then_close", "error_500_accepted"))
    assert (taken, max(counts.values())) == (sum(counts.values()), 1)
    assert dealt.count("accept_then_close") > 0 < dealt.count("lose_then_close")


@pytest.mark.slow
def test_a_process_is_controlled_over_http_and_stops_on_sigterm(tmp_path: Path) -> None:
    def call(url: str, body: object = None) -> object:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=5) as response:
            text = response.read()
            return json.loads(text) if text else response.status

    log = tmp_path / "log"
    with serving(
        "tests.support.sendgrid_server", "--log", str(log), "--seed", "3", "--latency", "20", "--fsync"
    ) as url:
        at = int(call(f"{url}/_test/state")["now"]) + 3600  # type: ignore[index]
        assert call(f"{url}/v3/mail/send", payload("asha@example.com", send_at=at)) == 202
        assert balance(log).waiting == 1
        call(f"{url}/_test/clock", {"advance": 3601})
        assert balance(log).waiting == 0
        call(f"{url}/_test/faults", [{"kind": "error_500", "accepts": True}])
        with pytest.raises(urllib.error.HTTPError) as caught:
            call(f"{url}/v3/mail/send", payload("asha@example.com"))
        caught.value.close()
        assert balance(log).duplicates == {"asha@example.com": 2}
