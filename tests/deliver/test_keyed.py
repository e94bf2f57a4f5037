"""What Brevo and Resend have in common: a repeated call is recognised by its key, and nobody gets two emails."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from digest.deliver.direct import send_direct
from digest.deliver.outcome import Accepted, NotSent, Split, Unknown
from tests.deliver.emails import RecordingLog, kind_of, many, outgoing
from tests.deliver.keyed import BREVO, RESEND, Keyed
from tests.support.sendgrid_faults import FAULTS, Fault

ASHA, RAVI = "asha@example.com", "ravi@example.com"


@pytest.fixture(params=[BREVO, RESEND], ids=lambda provider: provider.name)
def provider(request: pytest.FixtureRequest) -> Keyed:
    found: Keyed = request.param
    return found


@pytest.fixture
def server(provider: Keyed) -> Iterator[Any]:
    with provider.server() as found:
        yield found
        assert found.violations == []


@pytest.mark.parametrize("other", [{"batch": "8"}, {"edition": "2026-11-24"}])
def test_another_batch_is_another_call(provider: Keyed, server: Any, other: dict[str, Any]) -> None:
    batch = outgoing(ASHA)
    for each in (batch, replace(batch, **other)):
        assert isinstance(provider.submit(server, each), Accepted)
    assert server.counts == {ASHA: 2}


def test_two_ledgers_that_share_an_account_do_not_take_each_others_keys(provider: Keyed, server: Any) -> None:
    provider.submit(server, outgoing(ASHA))
    provider.submit(server, outgoing(RAVI), realm="there")
    assert server.counts == {ASHA: 1, RAVI: 1}


def test_a_test_may_be_repeated(provider: Keyed, server: Any) -> None:
    transport = provider.to(server)
    for _ in range(2):
        assert send_direct(transport, [replace(outgoing(ASHA), batch="test")]) == []
    transport.close()
    assert server.counts == {ASHA: 2}


@pytest.mark.slow
@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_has_its_outcome_and_causes_no_second_email(
    provider: Keyed, server: Any, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.faults = [Fault(kind, seconds=0.2)]
    batch = outgoing(ASHA, RAVI)
    outcome = provider.submit(server, batch, timeout=0.6)
    wanted = provider.outcomes[kind]
    assert kind_of(outcome) in (wanted if isinstance(wanted, tuple) else (wanted,)), outcome
    assert provider.key not in repr(outcome) + caplog.text
    if not isinstance(outcome, Accepted):
        assert server.counts == {}
        server.faults = []
        outcome = provider.submit(server, replace(batch, attempt="another"))
        assert isinstance(outcome, Accepted | NotSent | Split)
    if isinstance(outcome, Accepted):
        assert server.counts == {ASHA: 1, RAVI: 1}


def test_a_run_that_is_to_end_repeats_nothing(provider: Keyed, server: Any) -> None:
    server.faults = ["accept_then_close"]
    outcome = provider.submit(server, outgoing(*many(3)), notes=RecordingLog(stop_after=0))
    # Resend's first call is not even begun.
    assert isinstance(outcome, Unknown) or outcome == NotSent("")
    assert len(server.requests) <= 1


def test_the_probe_names_a_wrong_key_and_a_host_that_does_not_answer(provider: Keyed, server: Any) -> None:
    assert provider.probe(server) == ""
    assert "refused" in provider.probe(server, key=f"{provider.secret}wrong-but-secret")
    with server.refusing():
        assert "refused" in provider.probe(server)
    assert not server.messages


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(set(FAULTS) - {"refuse"}))
def test_whatever_the_host_does_probe_ends_in_time_with_a_sentence(provider: Keyed, server: Any, kind: str) -> None:
    server.faults = [Fault(kind, on=provider.account, seconds=0.7)]
    assert provider.probe(server).startswith(f"{provider.name} {server.url}: ") or kind in provider.fine
