"""Batches of a transport that is no longer configured: reported, and resolved by an operator."""

from __future__ import annotations

import pytest

from digest.app import make_app
from digest.deliver.outcome import Retryable
from tests.cli.newsroom import Newsroom
from tests.support.enqueue import claim_one

EDITION = "2026-11-23"


@pytest.fixture
def recipients(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> int:
    """Leave a batch that `resend` may have sent, and send by the outbox now. Returns its number of recipients."""
    for name, value in newsroom.environment.items():
        monkeypatch.setenv(name, value)
    newsroom.json("send", "--at", "07:30")
    with make_app(newsroom.home) as app:
        claim = claim_one(app.ledger, EDITION, "resend", app.now().replace(hour=8), 5)
        assert claim
        app.ledger.settle(claim.attempt, Retryable("no answer"), app.now())
    newsroom.environment["DIGEST_NOW"] = "2026-11-23T08:00+05:30"
    return len(claim.recipients)


@pytest.mark.slow
def test_unsendable_batches_are_reported(newsroom: Newsroom, recipients: int) -> None:
    sent = newsroom.json("send", code=1)
    assert sent["pending"] == recipients
    (batch,) = newsroom.json("status")["stranded_batches"]
    assert (batch["readers"], batch["transport"]) == (recipients, "resend")
    message = "1 batch may already have been sent by resend, which is no longer in delivery.transport"
    assert message in newsroom.digest("status").out
    assert newsroom.json("reconcile", EDITION, code=1)["stranded_batches"] == [batch]
    assert message in newsroom.digest("reconcile", EDITION).err


@pytest.mark.slow
@pytest.mark.parametrize("decision", ["accept", "resend"])
def test_an_operator_resolves_unsendable_batches(newsroom: Newsroom, recipients: int, decision: str) -> None:
    before = newsroom.json("send", code=1)
    (batch,) = newsroom.json("status")["stranded_batches"]
    result = newsroom.json("reconcile", EDITION, f"--{decision}", str(batch["batch"]), "--reason", "seen in its log")
    assert result["stranded_batches"] == []
    after = newsroom.json("send")
    assert (after["state"], after["accepted"]) == ("done", before["accepted"] + recipients)
    assert len(newsroom.outbox()) == before["accepted"] + (recipients if decision == "resend" else 0)


@pytest.mark.slow
def test_the_batch_is_sendable_when_its_transport_is_back(newsroom: Newsroom, recipients: int) -> None:
    newsroom.json("send", code=1)
    assert newsroom.json("status", DIGEST_DELIVERY__TRANSPORT='["outbox", "resend"]')["stranded_batches"] == []
