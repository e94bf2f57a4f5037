"""Batches that only a transport may redo which the settings have dropped: told, and settled by the operator's word."""

from __future__ import annotations

import pytest

from digest.app import make_app
from digest.deliver.outcome import Retryable
from tests.cli.newsroom import Newsroom
from tests.support.claiming import claim_one

EDITION = "2026-11-23"


@pytest.fixture
def left(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> int:
    """A batch that `resend` may have sent, in a newsroom that sends by the outbox now. Answers its readers."""
    for name, value in newsroom.environment.items():
        monkeypatch.setenv(name, value)
    newsroom.json("send", "--at", "07:30")
    with make_app(newsroom.home) as app:
        claim = claim_one(app.ledger, EDITION, "resend", app.now().replace(hour=8), 5)
        assert claim
        app.ledger.settle(claim.attempt, Retryable("no answer"), app.now())
    newsroom.environment["DIGEST_NOW"] = "2026-11-23T08:00+05:30"
    return len(claim.recipients)


def test_what_is_stranded_is_told(newsroom: Newsroom, left: int) -> None:
    sent = newsroom.json("send", code=1)
    assert sent["pending"] == left
    (lost,) = newsroom.json("status")["stranded_batches"]
    assert (lost["readers"], lost["transport"]) == (left, "resend")
    said = "1 batch may already have been sent by resend, which is no longer in delivery.transport"
    assert said in newsroom.digest("status").out
    assert newsroom.json("reconcile", EDITION, code=1)["stranded_batches"] == [lost]
    assert said in newsroom.digest("reconcile", EDITION).err


@pytest.mark.parametrize("word", ["accept", "resend"])
def test_the_operators_word_settles_it(newsroom: Newsroom, left: int, word: str) -> None:
    before = newsroom.json("send", code=1)
    (lost,) = newsroom.json("status")["stranded_batches"]
    told = newsroom.json("reconcile", EDITION, f"--{word}", str(lost["batch"]), "--reason", "its log says so")
    assert told["stranded_batches"] == []
    after = newsroom.json("send")
    assert (after["state"], after["accepted"]) == ("done", before["accepted"] + left)
    assert len(newsroom.outbox()) == before["accepted"] + (left if word == "resend" else 0)


def test_with_the_transport_back_it_is_not_stranded(newsroom: Newsroom, left: int) -> None:
    newsroom.json("send", code=1)
    assert newsroom.json("status", DIGEST_DELIVERY__TRANSPORT='["outbox", "resend"]')["stranded_batches"] == []
