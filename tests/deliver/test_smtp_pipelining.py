"""SMTP with PIPELINING: the same outcomes, with one round trip for each email."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.deliver.outcome import PerRecipient
from digest.deliver.smtp.connection import SmtpServer
from digest.deliver.smtp.transport import Smtp
from tests.deliver.emails import RecordingLog, many, outgoing
from tests.deliver.scripted_smtp import ScriptedSmtp
from tests.deliver.test_smtp import A, B, C, transport
from tests.deliver.transports import clock
from tests.support.profiles import examples

OK, GO = b"250 fine\r\n", b"354 go on\r\n"


def test_the_next_email_is_announced_behind_the_final_dot() -> None:
    with ScriptedSmtp(pipelining=True) as server, transport(server) as smtp:
        notes = RecordingLog()
        assert smtp.submit(outgoing(A, B, C), notes) == PerRecipient(frozenset({1, 2, 3}))
        assert smtp.submit(outgoing(A), RecordingLog()) == PerRecipient(frozenset({1}))
        assert server.seen == ["CONNECT", "EHLO", *["MAIL", "RCPT", "DATA", "."] * 4]
        assert server.taken == [A, B, C, A]
    assert notes.entries == [("started", 1), ("started", 2), ("started", 3)]


class SlowSmtp(threading.Thread):
    """Responds only after it has read everything that was written, and keeps each such portion."""

    def __init__(self) -> None:
        super().__init__(name="slow-smtp")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.portions: list[bytes] = []

    def run(self) -> None:
        connection, _ = self.listener.accept()
        with connection:
            connection.sendall(b"220 here\r\n")
            inside, held = False, b""
            connection.settimeout(5)
            while data := connection.recv(1_000_000):
                held += data
                if (inside and b"\r\n.\r\n" not in held) or not held.endswith(b"\r\n"):
                    continue
                self.portions.append(held)
                answers = b""
                _body, dot, rest = held.partition(b"\r\n.\r\n") if inside else (b"", b"", held)
                answers += OK if dot else b""
                for line in rest.splitlines():
                    answers += b"250-here\r\n250 PIPELINING\r\n" if line.startswith(b"ehlo") else b""
                    answers += OK if line[:4] in (b"MAIL", b"RCPT") else b""
                    answers += GO if line == b"DATA" else b""
                inside, held = rest.endswith(b"DATA\r\n"), b""
                connection.sendall(answers)

    def __enter__(self) -> SlowSmtp:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()
        self.join(6)


def test_one_round_trip_for_each_email() -> None:
    with SlowSmtp() as server, transport(server) as smtp:
        assert smtp.submit(outgoing(*many(5)), RecordingLog()) == PerRecipient(frozenset(range(1, 6)))
        smtp.close()
    hello, first, *portions = server.portions
    assert hello.startswith(b"ehlo")
    assert first == b"MAIL FROM:<news@example.com>\r\nRCPT TO:<subscriber1@example.com>\r\nDATA\r\n"
    assert len(portions) == 5
    for number, portion in enumerate(portions, 1):
        assert f"\r\nTo: subscriber{number}@example.com\r\n".encode() in portion
        behind = portion.partition(b"\r\n.\r\n")[2]
        assert behind == (first.replace(b"subscriber1", f"subscriber{number + 1}".encode()) if number < 5 else b"")


@pytest.mark.parametrize("data", [GO, b"503 no recipients\r\n", b"554 no recipients\r\n"])
@pytest.mark.parametrize(("rcpt", "ends"), [(b"550 no such\r\n", "rejected"), (b"451 later\r\n", "put off")])
def test_a_refused_recipient_does_not_affect_the_others(data: bytes, rcpt: bytes, ends: str) -> None:
    notes = RecordingLog()
    script: dict[str, Any] = {"rcpt": [OK, rcpt], "data": [GO, data], "dot": [OK, *[b"554 nobody\r\n"] * (data == GO)]}
    with ScriptedSmtp(pipelining=True, **script) as server, transport(server) as smtp:
        outcome = smtp.submit(outgoing(A, B, C), notes)
        assert isinstance(outcome, PerRecipient)
        assert (outcome.accepted, set(outcome.rejected), outcome.unknown) == (
            {1, 3},
            {2} if ends == "rejected" else set(),
            {},
        )
        assert server.taken == [A, C]
        assert server.empty == (data == GO)
        assert server.seen.count("RSET") == 1
        assert server.seen.count("CONNECT") == 1
    assert any(entry[:2] == ("rejected" if ends == "rejected" else "deferred", 2) for entry in notes.entries)


def test_what_was_asked_ahead_is_not_taken_for_an_answer_to_the_next_batch() -> None:
    """Three deferrals end the submission after the fourth email was announced."""
    with ScriptedSmtp(pipelining=True, dot=[b"451 later\r\n"] * 3) as server, transport(server) as smtp:
        outcome = smtp.submit(outgoing(*many(5)), RecordingLog())
        assert isinstance(outcome, PerRecipient)
        assert "451 later" in outcome.not_sent_reason
        assert smtp.submit(outgoing(A), RecordingLog()) == PerRecipient(frozenset({1}))
        assert server.seen.count("CONNECT") == 2
        assert server.taken == [A]
        assert smtp.probe() is None


@pytest.mark.parametrize("pipelining", [False, True])
def test_a_stopped_run_ends_before_the_next_email(pipelining: bool) -> None:
    with ScriptedSmtp(pipelining=pipelining) as server, transport(server) as smtp:
        notes = RecordingLog(stop_after=2)
        outcome = smtp.submit(outgoing(A, B, C), notes)
        assert isinstance(outcome, PerRecipient)
        assert (outcome.accepted, outcome.rejected, outcome.unknown, outcome.permanent) == ({1, 2}, {}, {}, False)
        assert "stop" in outcome.not_sent_reason
        assert server.taken == [A, B]
        assert smtp.submit(outgoing(C), RecordingLog(stop_after=0)) == PerRecipient(
            not_sent_reason=outcome.not_sent_reason
        )
        assert smtp.submit(outgoing(C), RecordingLog()) == PerRecipient(frozenset({1}))
        assert server.taken == [A, B, C]


CODES = st.sampled_from(
    [None, b"250 fine\r\n", b"354 go on\r\n", b"421 busy\r\n", b"451 later\r\n", b"550 no\r\n", b"?\r\n"]
)
USUAL = {"mail": OK, "rcpt": OK, "data": GO, "dot": OK}


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(60))
@given(
    st.dictionaries(st.sampled_from(["mail", "rcpt", "data", "dot"]), st.dictionaries(st.integers(0, 4), CODES)),
    st.booleans(),
)
def test_whatever_is_answered_the_outcome_is_what_the_server_did(
    odd: dict[str, dict[int, bytes | None]], pipelining: bool
) -> None:
    """No accepted email is reported as refused or not sent, and no other as accepted."""
    recipients = many(5)
    script = {verb: [places.get(place, USUAL[verb]) for place in range(5)] for verb, places in odd.items()}
    with ScriptedSmtp(pipelining=pipelining, **script) as server:
        smtp = Smtp(SmtpServer("127.0.0.1", server.port, timeout=2), clock=clock)
        notes = RecordingLog()
        outcome = smtp.submit(outgoing(*recipients), notes)
        smtp.close()
    taken = {recipients.index(address) + 1 for address in server.taken}
    assert len(server.taken) == len(taken)
    accepted = getattr(outcome, "accepted", frozenset())
    unknown = set(getattr(outcome, "unknown", {}))
    assert accepted <= taken <= accepted | unknown
    assert len(unknown) <= 1
