"""SMTP timeouts: for a silent server, for the reply to an email, for our own name."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field

import pytest

from digest.deliver.outcome import Outcome, PerRecipient
from tests.deliver.emails import RecordingLog, many, outgoing
from tests.deliver.raw_smtp import RawSmtp
from tests.deliver.test_smtp import A, B, transport


@dataclass
class Stopped(RecordingLog):
    """The log of a run that is asked to stop."""

    stop: threading.Event = field(default_factory=threading.Event)

    def should_stop(self) -> bool:
        return self.stop.is_set()


def stopped_soon(server: RawSmtp, *, timeout: float = 60.0) -> Outcome:
    """Return the outcome of a submission that is asked to stop half a second after it began."""
    notes = Stopped()
    with transport(server, timeout=timeout) as smtp:
        timer = threading.Timer(0.5, notes.stop.set)
        timer.start()
        outcome = smtp.submit(outgoing(A, B), notes)
        timer.join()
    return outcome


@pytest.mark.slow
def test_a_reply_that_arrives_while_the_run_stops_is_read() -> None:
    with RawSmtp(late=1.5) as server:
        outcome = stopped_soon(server)
        assert isinstance(outcome, PerRecipient)
        assert (outcome.accepted, outcome.unknown) == ({1}, {})
        assert "asked to stop" in outcome.not_sent_reason
        assert len(server.emails) == 1


@pytest.mark.slow
@pytest.mark.parametrize("silent", ["CONNECT", "EHLO", "RCPT"])
def test_a_silent_server_is_awaited_for_the_configured_time(silent: str) -> None:
    with RawSmtp(silent=silent) as server, transport(server, timeout=1.5) as smtp:
        outcome = smtp.submit(outgoing(A), RecordingLog())
        assert "timed out" in getattr(outcome, "reason", "") + getattr(outcome, "not_sent_reason", "")


@pytest.mark.slow
def test_the_answer_after_the_final_dot_is_waited_for_longer_than_others() -> None:
    """RFC 5321 section 4.5.3.2.6 asks for ten minutes. A shorter wait leaves delivered emails unknown."""
    with RawSmtp(late=2.0) as server, transport(server, timeout=0.5) as smtp:
        assert smtp.submit(outgoing(A), RecordingLog()) == PerRecipient(frozenset({1}))


@pytest.mark.slow
@pytest.mark.parametrize("dribbled", [b"2", b"250-and more\r\n"])
def test_an_answer_that_dribbles_in_is_not_waited_for_forever(dribbled: bytes) -> None:
    with RawSmtp(dribble=dribbled) as server, transport(server, timeout=1.0) as smtp:
        outcome = smtp.submit(outgoing(A), RecordingLog())
        assert isinstance(outcome, PerRecipient)
        assert "timed out" in outcome.not_sent_reason


def test_our_own_name_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def name(host: str = "") -> str:
        asked.append(host)
        return "desk.example.com"

    monkeypatch.setattr(socket, "getfqdn", name)
    with RawSmtp() as server, transport(server) as smtp:
        assert smtp.submit(outgoing(*many(250)), RecordingLog()) == PerRecipient(frozenset(range(1, 251)))
        assert server.helloes == ["desk.example.com"] * 3
    assert len(asked) == 1
