"""SendGrid's log is searched for an attempt: only a message with its id is proof."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from digest.deliver.outcome import Unknown
from digest.deliver.sendgrid.client import SendGrid
from tests.deliver.emails import RecordingLog, many, outgoing
from tests.support.http_server import HttpServer
from tests.support.profiles import pairs
from tests.support.sendgrid_api import SCOPES
from tests.support.sendgrid_faults import FAULTS, Fault
from tests.support.sendgrid_server import SendGridServer

ASHA, QUOTED = "asha@example.com", "o'neil@example.com"


def submit(transport: SendGrid, attempt: str, *addresses: str) -> object:
    return transport.submit(replace(outgoing(*addresses), attempt=attempt), RecordingLog())


@pytest.mark.parametrize("address", [ASHA, QUOTED])
def test_an_accepted_attempt_without_a_response_is_found(
    server: SendGridServer, transport: SendGrid, address: str
) -> None:
    server.faults = ["accept_then_close"]
    assert isinstance(submit(transport, "a1", address, "ravi@example.com"), Unknown)
    assert transport.find_in_log("a1", [address])


def test_a_lost_attempt_is_not_found(server: SendGridServer, transport: SendGrid) -> None:
    server.faults = ["lose_then_close"]
    submit(transport, "a1", ASHA)
    assert not transport.find_in_log("a1", [ASHA])


def test_another_attempt_to_the_same_recipient_proves_nothing(transport: SendGrid) -> None:
    for attempt in ("a1", "a2"):
        submit(transport, attempt, ASHA)
    assert not transport.find_in_log("a3", [ASHA])
    assert [transport.find_in_log(attempt, [ASHA]) for attempt in ("a1", "a2")] == [True] * 2


def test_a_message_to_another_recipient_proves_nothing() -> None:
    row = {"sg_message_id": "m1", "to_email": "ravi@example.com", "status": "delivered"}
    with HttpServer() as site:
        site.route("/v3/logs", orjson.dumps({"messages": [row]}))
        site.route("/v3/logs/m1", orjson.dumps({**row, "custom_args": {"dg_attempt": "a1"}}))
        transport = SendGrid("key", host=site.url().rstrip("/"))
        assert not transport.find_in_log("a1", [ASHA])
        assert transport.find_in_log("a1", ["Ravi@example.com"])
        transport.close()


def test_a_cancelled_attempt_proves_nothing(server: SendGridServer, transport: SendGrid) -> None:
    schedule_id = transport.new_schedule_id()
    assert isinstance(schedule_id, str)
    now = int(server.clock.now())
    server.provider.accept(
        {
            "personalizations": [{"to": [{"email": ASHA}]}],
            "from": {"email": "news@example.com"},
            "custom_args": {"dg_attempt": "a1"},
            "categories": ["digest"],
            "batch_id": schedule_id,
            "send_at": now + 3600,
        }
    )
    assert transport.find_in_log("a1", [ASHA])
    assert transport.cancel(schedule_id)
    assert not transport.find_in_log("a1", [ASHA])


def test_a_thousand_recipients_need_few_requests(server: SendGridServer, transport: SendGrid) -> None:
    assert not transport.find_in_log("a1", many(1000))
    assert len(server.requests) <= 10


def test_an_address_with_both_quotes_is_not_asked_about(server: SendGridServer, transport: SendGrid) -> None:
    assert not transport.find_in_log("a1", ["""o'n"eil@example.com"""])
    assert not server.requests


def test_a_log_that_may_not_be_read_shows_nothing(server: SendGridServer, transport: SendGrid) -> None:
    submit(transport, "a1", ASHA)
    server.api.scopes = set(SCOPES) - {"messages.read"}
    assert not transport.find_in_log("a1", [ASHA])


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "detail"), pairs(sorted(set(FAULTS) - {"refuse"}), [False, True]))
def test_no_fault_proves_anything(server: SendGridServer, transport: SendGrid, kind: str, detail: bool) -> None:
    server.faults = ["lose_then_close"]
    submit(transport, "a1", ASHA)
    server.faults = [*([Fault("ok", on="logs")] if detail else []), Fault(kind, on="logs", seconds=0.6)]
    submit(transport, "a2", ASHA)
    assert not transport.find_in_log("a1", [ASHA])
