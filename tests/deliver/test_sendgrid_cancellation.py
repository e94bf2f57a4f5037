"""A scheduled attempt can be cancelled until shortly before its time, if the provider confirms it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from digest.deliver.outcome import NotSent
from digest.deliver.ports import Cancellable
from digest.deliver.sendgrid.client import SendGrid
from tests.support.http_server import HttpServer
from tests.support.profiles import pairs
from tests.support.sendgrid_api import SCOPES
from tests.support.sendgrid_faults import FAULTS, Fault
from tests.support.sendgrid_server import KEY, SendGridServer
from tests.support.tables import each_row
from tests.support_tests.sendgrid_client import ask, payload

NOW = 1_800_000_000


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    with SendGridServer() as found:
        found.clock.set(NOW)
        yield found


@pytest.fixture
def transport(server: SendGridServer) -> Iterator[SendGrid]:
    found = SendGrid(KEY, host=server.url, timeout=0.3)
    yield found
    found.close()


def opened(transport: SendGrid) -> str:
    schedule_id = transport.new_schedule_id()
    assert isinstance(schedule_id, str)
    return schedule_id


def hand_in(server: SendGridServer, schedule_id: str, *addresses: str, seconds: int = 1800) -> None:
    assert ask(server, payload(*addresses) | {"batch_id": schedule_id, "send_at": NOW + seconds})[0] == 202


def test_sendgrid_is_cancellable_and_every_attempt_has_its_own_id(transport: SendGrid) -> None:
    assert isinstance(transport, Cancellable)
    assert opened(transport) != opened(transport)


def test_a_cancelled_attempt_is_never_sent_and_others_are(server: SendGridServer, transport: SendGrid) -> None:
    first, second = opened(transport), opened(transport)
    hand_in(server, first, "asha@example.com")
    hand_in(server, second, "ravi@example.com")
    assert transport.cancel(first)
    server.clock.advance(3600)
    assert server.counts == {"ravi@example.com": 1}


def test_a_late_request_with_a_cancelled_id_is_not_sent(server: SendGridServer, transport: SendGrid) -> None:
    schedule_id = opened(transport)
    assert transport.cancel(schedule_id)
    hand_in(server, schedule_id, "asha@example.com")
    server.clock.advance(3600)
    assert server.counts == {}


def test_cancelling_again_changes_nothing(server: SendGridServer, transport: SendGrid) -> None:
    schedule_id = opened(transport)
    assert [transport.cancel(schedule_id) for _ in range(3)] == [True] * 3
    assert {seen.method for seen in server.requests} == {"POST", "GET"}


def test_an_unknown_id_cannot_be_cancelled(transport: SendGrid) -> None:
    assert not transport.cancel("unheard-of")
    assert not transport.cancel("../scopes?x=")


def test_at_most_ten_cancellations_are_open(transport: SendGrid) -> None:
    schedule_ids = [opened(transport) for _ in range(11)]
    assert [transport.cancel(schedule_id) for schedule_id in schedule_ids] == [True] * 10 + [False]
    assert transport.cancel(schedule_ids[0])


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_no_fault_returns_an_invalid_schedule_id(server: SendGridServer, transport: SendGrid, kind: str) -> None:
    server.faults = [Fault(kind, on="batch", seconds=0.6)]
    schedule_id = transport.new_schedule_id()
    if isinstance(schedule_id, NotSent):
        assert KEY not in schedule_id.reason
        stop = ("unauthorized", "early_401", "forbidden", "not_found", "not_allowed", "redirect")
        assert schedule_id.permanent == kind.startswith(stop)
        assert (schedule_id.retry_after is not None) == (kind in ("rate_limit", "retry_after"))
    else:
        assert server.provider.knows(schedule_id)
    assert len(server.requests) <= 1


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "late"), pairs(sorted(FAULTS), [False, True]))
def test_confirmed_only_when_the_provider_shows_it(
    server: SendGridServer, transport: SendGrid, kind: str, late: bool
) -> None:
    """True means that it is cancelled, also after any fault of the request or of the check after it."""
    schedule_id = opened(transport)
    entries = [Fault(kind, on="scheduled", seconds=0.6)]
    server.faults = [*([Fault("ok", on="scheduled")] if late else []), *entries]
    confirmed = transport.cancel(schedule_id)
    assert not confirmed or server.provider.status(schedule_id) == "cancel"
    assert len(server.requests) <= 3
    server.faults = []
    for _ in range(100):
        confirmed = confirmed or transport.cancel(schedule_id)
        if confirmed:
            break
        time.sleep(0.05)
    # The provider answers again, so asking again succeeds.
    assert confirmed


def test_a_key_without_the_scope_for_scheduling_fails_at_once() -> None:
    with SendGridServer(scopes=["mail.send"]) as server:
        transport = SendGrid(KEY, host=server.url)
        schedule_id = transport.new_schedule_id()
        assert isinstance(schedule_id, NotSent)
        assert schedule_id.permanent
        transport.close()
    with SendGridServer(scopes=[scope for scope in SCOPES if "scheduled" not in scope]) as server:
        transport = SendGrid(KEY, host=server.url)
        assert not transport.cancel(opened(transport))
        transport.close()


def test_a_refused_connection(server: SendGridServer, transport: SendGrid) -> None:
    schedule_id = opened(transport)
    with server.refusing():
        assert isinstance(transport.new_schedule_id(), NotSent)
        assert not transport.cancel(schedule_id)
    assert server.provider.status(schedule_id) == ""


@each_row(
    "response", [b"", b"[]", b"{}", b"7", b'{"batch_id": 7}', b'{"batch_id": "../up"}', b'{"batch_id": ""}', b"<html>"]
)
def test_a_response_without_an_id_is_not_sent(response: bytes) -> None:
    with HttpServer() as site:
        site.route("/v3/mail/batch", response, status=201, type="application/json")
        transport = SendGrid(KEY, host=site.url(""))
        assert isinstance(transport.new_schedule_id(), NotSent)
        transport.close()
