"""The SMTP transport: an outcome for each recipient, before or after the final dot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from digest.deliver.outcome import NotSent, PerRecipient
from digest.deliver.smtp.connection import SmtpServer
from digest.deliver.smtp.transport import Smtp
from digest.errors import TakenOver
from digest.utils.redact import protect
from tests.deliver.emails import RecordingLog, many, outgoing
from tests.deliver.scripted_smtp import ScriptedSmtp
from tests.deliver.transports import clock
from tests.support.smtp_server import RecordingSmtp

A, B, C = "asha@example.com", "ravi@example.com", "meena@example.com"


@contextmanager
def transport(server: Any, *, timeout: float = 5.0, settings: str = "delivery.smtp", **given: Any) -> Iterator[Smtp]:
    address = SmtpServer("127.0.0.1", server.port, timeout=timeout, **given)
    found = Smtp(address, clock=clock, settings=settings)
    yield found
    found.close()


def test_a_refused_recipient_is_rejected_and_the_others_are_sent() -> None:
    notes = RecordingLog()
    with RecordingSmtp(reject=[B]) as server, transport(server) as smtp:
        outcome = smtp.submit(outgoing(A, B, C), notes)
        assert outcome == PerRecipient(frozenset({1, 3}), {2: "550 5.1.1 no such user"})
        assert server.counts == {A: 1, C: 1}
        assert server.connections == 1
    assert notes.entries == [("started", 1), ("started", 2), ("rejected", 2, "550 5.1.1 no such user"), ("started", 3)]


def test_all_recipients_refused() -> None:
    with RecordingSmtp(reject=[A, B]) as server, transport(server) as smtp:
        outcome = smtp.submit(outgoing(A, B), RecordingLog())
        assert isinstance(outcome, PerRecipient)
        assert (set(outcome.rejected), outcome.accepted, outcome.unknown) == ({1, 2}, frozenset(), {})


def test_a_deferred_recipient_is_recorded_and_the_others_are_sent() -> None:
    notes = RecordingLog()
    with RecordingSmtp(defer=[B]) as server, transport(server) as smtp:
        outcome = smtp.submit(outgoing(A, B, C), notes)
        assert isinstance(outcome, PerRecipient)
        assert (outcome.accepted, outcome.rejected, outcome.unknown) == ({1, 3}, {}, {})
        assert "451 4.3.0 try again later" in outcome.not_sent_reason
        assert not outcome.permanent
        assert server.counts == {A: 1, C: 1}
    assert ("deferred", 2) in notes.entries


def test_a_batch_that_another_run_has_taken_over_ends_with_what_was_sent() -> None:
    class Taken(RecordingLog):
        def started(self, recipient: int) -> None:
            if recipient == 3:
                raise TakenOver("attempt 7 was taken over")
            super().started(recipient)

    with RecordingSmtp() as server, transport(server) as smtp:
        outcome = smtp.submit(outgoing(A, B, C), Taken())
        assert outcome == PerRecipient(frozenset({1, 2}), not_sent_reason="attempt 7 was taken over")
        assert server.counts == {A: 1, B: 1}
        # The connection had announced the third email.
        assert smtp.submit(outgoing(C), RecordingLog()) == PerRecipient(frozenset({1}))


def test_a_server_that_defers_everyone_is_left_alone() -> None:
    recipients = [f"subscriber{number}@example.com" for number in range(6)]
    notes = RecordingLog()
    with RecordingSmtp(defer=recipients) as server, transport(server) as smtp:
        outcome = smtp.submit(outgoing(*recipients), notes)
        assert isinstance(outcome, PerRecipient)
        assert not outcome.accepted
        assert server.counts == {}
    assert sum(entry[0] == "started" for entry in notes.entries) == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "taken"),
    [("accept_then_close", 1), ("accept_then_reset", 1), ("accept_then_hang", 1), ("lose_then_close", 0)],
)
def test_silence_after_the_final_dot_is_unknown_for_that_recipient_only(what: str, taken: int) -> None:
    with RecordingSmtp(after_dot=["ok", what], hang=2.0) as server, transport(server, timeout=0.5) as smtp:  # type: ignore[list-item]
        outcome = smtp.submit(outgoing(A, B, C), RecordingLog())
        assert isinstance(outcome, PerRecipient)
        assert (outcome.accepted, outcome.rejected, set(outcome.unknown)) == ({1}, {}, {2})
        assert outcome.not_sent_reason
        assert server.counts[C] == 0
        assert server.counts[B] == taken
        assert smtp.submit(outgoing(C), RecordingLog()) == PerRecipient(frozenset({1}))


def test_a_code_after_the_final_dot_is_definite() -> None:
    with RecordingSmtp(after_dot=["554", "ok", "452"]) as server, transport(server) as smtp:
        outcome = smtp.submit(outgoing(A, B, C), RecordingLog())
        assert isinstance(outcome, PerRecipient)
        assert (outcome.accepted, set(outcome.rejected), outcome.unknown) == ({2}, {1}, {})
        assert "452" in outcome.not_sent_reason
        assert server.counts == {B: 1}


@pytest.mark.parametrize(
    "response", [b"what?\r\n", b"25\r\n", b"-5 x\r\n", b"354 more\r\n", b"1" * 9000 + b"\r\n", b"\r\n", None]
)
@pytest.mark.parametrize("pipelining", [False, True])
def test_an_answer_after_the_final_dot_that_makes_no_sense_is_unknown(response: bytes | None, pipelining: bool) -> None:
    with ScriptedSmtp(pipelining=pipelining, dot=[b"250 ok\r\n", response]) as server, transport(server) as smtp:
        outcome = smtp.submit(outgoing(A, B, C), RecordingLog())
        assert isinstance(outcome, PerRecipient)
        assert (outcome.accepted, outcome.rejected, set(outcome.unknown)) == ({1}, {}, {2})


@pytest.mark.parametrize(
    ("script", "stop"),
    [
        ({"mail": [b"550 not you\r\n"]}, True),
        ({"mail": [b"451 later\r\n"]}, False),
        ({"mail": [None]}, False),
        ({"rcpt": [None]}, False),
        ({"rcpt": [b"nonsense\r\n"]}, False),
        ({"data": [b"451 later\r\n"]}, False),
        ({"data": [b"250 what\r\n"]}, False),
        ({"data": [None]}, False),
    ],
)
@pytest.mark.parametrize("pipelining", [False, True])
def test_before_the_final_dot_nothing_is_unknown(script: dict[str, Any], stop: bool, pipelining: bool) -> None:
    script = {verb: list(response) for verb, response in script.items()}
    with ScriptedSmtp(pipelining=pipelining, **script) as server, transport(server) as smtp:
        outcome = smtp.submit(outgoing(A, B), RecordingLog())
        assert isinstance(outcome, PerRecipient)
        assert (outcome.accepted, outcome.rejected, outcome.unknown, outcome.permanent) == (set(), {}, {}, stop)
        assert outcome.not_sent_reason.startswith(f"smtp 127.0.0.1:{server.port}: ")
        # The connection still works.
        assert smtp.submit(outgoing(B), RecordingLog()) == PerRecipient(frozenset({1}))


def test_a_bad_sequence_of_commands_is_not_permanent() -> None:
    with ScriptedSmtp(mail=[b"503 nested MAIL\r\n"]) as server, transport(server) as smtp:
        outcome = smtp.submit(outgoing(A), RecordingLog())
        assert isinstance(outcome, PerRecipient)
        assert not outcome.permanent
        assert smtp.submit(outgoing(A), RecordingLog()) == PerRecipient(frozenset({1}))


def test_after_a_refusal_at_data_the_connection_takes_the_next_email() -> None:
    with ScriptedSmtp(data=[b"554 no\r\n"]) as server, transport(server) as smtp:
        assert smtp.submit(outgoing(A, B), RecordingLog()) == PerRecipient(frozenset({2}), {1: "554 no"})
        assert server.seen == ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "RSET", "MAIL", "RCPT", "DATA", "."]


@pytest.mark.parametrize("response", [b"554 no service\r\n", b"421 busy\r\n", None])
def test_a_server_that_accepts_no_connection(response: bytes | None) -> None:
    with ScriptedSmtp(connect=[response]) as server, transport(server) as smtp:
        outcome = smtp.submit(outgoing(A), RecordingLog())
        assert isinstance(outcome, NotSent)
        assert smtp.open == []


def test_no_server_at_all() -> None:
    with RecordingSmtp() as server:
        pass
    notes = RecordingLog()
    with transport(server) as smtp:
        outcome = smtp.submit(outgoing(A), notes)
        assert isinstance(outcome, NotSent)
        assert not outcome.permanent
        assert f"smtp 127.0.0.1:{server.port}: " in outcome.reason
        assert "refused" in str(smtp.probe())
    assert notes.entries == []


def test_a_wrong_password_stops_the_run_and_is_not_shown() -> None:
    with RecordingSmtp(login=("desk", "right")) as server:
        with transport(server, username="desk", password="wrong-but-secret") as smtp:
            outcome = smtp.submit(outgoing(A, B), RecordingLog())
            assert isinstance(outcome, NotSent)
            assert outcome.permanent
            assert outcome.reason.startswith(f"smtp 127.0.0.1:{server.port}: 535 ")
            assert "535" in str(smtp.probe())
            assert "check delivery.smtp.username in digest.yaml" in outcome.reason
            assert "wrong-but-secret" not in repr(outcome) + str(smtp.probe())
        with transport(server, username="desk", password="wrong", settings="alerts.smtp") as smtp:
            assert "the variable of alerts.smtp.password_env" in str(smtp.probe())
        with transport(server, username="desk", password="right") as smtp:
            assert smtp.probe() is None
            assert smtp.submit(outgoing(A), RecordingLog()) == PerRecipient(frozenset({1}))
        with transport(server, username="डेस्क", password="right") as smtp:
            outcome = smtp.submit(outgoing(B), RecordingLog())
            assert isinstance(outcome, NotSent)
            assert outcome.permanent
        assert server.counts == {A: 1}


def test_starttls(monkeypatch: pytest.MonkeyPatch) -> None:
    with RecordingSmtp(starttls=True) as server:
        with transport(server, security="starttls") as smtp:
            outcome = smtp.submit(outgoing(A), RecordingLog())
            assert isinstance(outcome, NotSent)
            assert outcome.permanent
            assert "CERTIFICATE_VERIFY_FAILED" in outcome.reason
        monkeypatch.setenv("SSL_CERT_FILE", str(server.cafile))
        with transport(server, security="starttls") as smtp:
            assert smtp.submit(outgoing(A), RecordingLog()) == PerRecipient(frozenset({1}))
    with RecordingSmtp() as plain, transport(plain, security="starttls") as smtp:
        outcome = smtp.submit(outgoing(A), RecordingLog())
        assert isinstance(outcome, NotSent)
        # It is never sent unencrypted instead.
        assert outcome.permanent
        assert plain.emails == []


def test_the_log_is_written_before_each_email_is_sent() -> None:
    with RecordingSmtp() as server, transport(server) as smtp:
        taken: list[tuple[int, int]] = []

        class Watch(RecordingLog):
            def started(self, recipient: int) -> None:
                taken.append((recipient, len(server.emails)))

        smtp.submit(outgoing(*many(5)), Watch())
        assert taken == [(n, n - 1) for n in range(1, 6)]


def test_a_failing_log_stops_before_anything_is_sent() -> None:
    class Full(RecordingLog):
        def started(self, recipient: int) -> None:
            if recipient == 2:
                raise OSError("disk full")

    with RecordingSmtp() as server, transport(server) as smtp:
        with pytest.raises(OSError, match="disk full"):
            smtp.submit(outgoing(A, B, C), Full())
        assert server.counts == {A: 1}


@pytest.mark.slow
def test_after_a_hundred_emails_there_is_a_new_connection() -> None:
    with RecordingSmtp() as server, transport(server) as smtp:
        assert smtp.submit(outgoing(*many(230)), RecordingLog()) == PerRecipient(frozenset(range(1, 231)))
        assert server.connections == 3
        assert server.counts == dict.fromkeys(many(230), 1)
        assert len(smtp.open) == 1


def test_a_connection_closed_while_idle_leaves_nothing_unknown() -> None:
    with ScriptedSmtp(noop=[b"250 ok\r\n", b"421 idle\r\n"], mail=[None]) as server, transport(server) as smtp:
        assert smtp.probe() is None
        assert "421 idle" in str(smtp.probe())
        outcome = smtp.submit(outgoing(A), RecordingLog())
        assert isinstance(outcome, PerRecipient)
        assert outcome.not_sent_reason
        assert outcome.unknown == {}
        assert smtp.submit(outgoing(A), RecordingLog()) == PerRecipient(frozenset({1}))


@pytest.mark.parametrize("pipelining", [False, True])
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, "354 go on"),
        (b"250 2.0.0 Ok: queued as 4F2", "250 2.0.0 Ok: queued as 4F2"),
        (b"250-2.0.0 Ok\r\n250 queu", "250-2.0.0 Ok 250 queu"),
        (b"what?\r\n", "what?"),
    ],
)
def test_what_the_server_said_last_is_kept(answer: bytes | None, expected: str, pipelining: bool) -> None:
    with ScriptedSmtp(dot=[answer], pipelining=pipelining) as server, transport(server) as smtp:
        outcome = smtp.submit(outgoing(A), RecordingLog())
        assert isinstance(outcome, PerRecipient)
        assert set(outcome.unknown) == {1}
        assert outcome.last_reply == expected


def test_a_secret_that_is_cut_off_from_the_last_words_is_not_kept() -> None:
    protect(["open-sesame"])
    answer = b"250 " + b"x" * 990 + b" open-sesame"
    with ScriptedSmtp(dot=[answer]) as server, transport(server) as smtp:
        outcome = smtp.submit(outgoing(A), RecordingLog())
    assert isinstance(outcome, PerRecipient)
    assert outcome.last_reply == "250 " + "x" * 990 + " ***"
