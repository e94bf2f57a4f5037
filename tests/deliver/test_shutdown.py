"""A run that is asked to end: batches in flight may finish, and are aborted after a grace period."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from digest.deliver.http_client import ConnectionRegistry
from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Unknown
from digest.deliver.ports import Transport
from digest.deliver.resend import Resend
from digest.deliver.sendgrid.client import SendGrid
from digest.deliver.shutdown import abort_after_grace
from digest.deliver.smtp.connection import SmtpServer
from digest.deliver.smtp.transport import Smtp
from tests.deliver.emails import RecordingLog, many, outgoing
from tests.deliver.scripted_smtp import ScriptedSmtp
from tests.deliver.transports import clock
from tests.support.sendgrid_faults import Fault
from tests.support.sendgrid_server import KEY, SendGridServer
from tests.support.silent import Silent

RECIPIENTS = many(3)
LONG = 30.0


def ended(transport: Transport, *, after: float = 0.2) -> Outcome:
    """Return the outcome of a batch whose run is asked to end at once, and is aborted `after` seconds. No timeout ends
    it earlier: the transports here wait for `LONG`.
    """
    stop = threading.Event()
    stop.set()
    with abort_after_grace(stop, [transport], grace=after):
        outcome = transport.submit(outgoing(*RECIPIENTS), RecordingLog())
    assert "timed out" not in repr(outcome)
    transport.close()
    return outcome


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["accept_then_hang", "lose_then_hang", "drip_head"])
def test_a_provider_that_hangs_or_dribbles_is_cut_and_the_batch_unknown(fault: str) -> None:
    with SendGridServer(faults=[Fault(fault, seconds=LONG)]) as server:
        assert isinstance(ended(SendGrid(KEY, host=server.url, timeout=2 * LONG)), Unknown)
        assert server.expired_hangs == []


@pytest.mark.slow
def test_a_reply_in_time_is_not_aborted() -> None:
    with SendGridServer(faults=[Fault("slow_reply", seconds=0.5)]) as server:
        assert isinstance(ended(SendGrid(KEY, host=server.url, timeout=LONG), after=2.5), Accepted)


@pytest.mark.slow
@pytest.mark.parametrize("word", [b"", b"HTTP"], ids=["hangs", "dribbles"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_before_tls_is_there_nothing_was_sent(scheme: str, word: bytes) -> None:
    with Silent(word) as server:
        outcome = ended(SendGrid(KEY, host=f"{scheme}://127.0.0.1:{server.port}", timeout=LONG))
    assert isinstance(outcome, Unknown if scheme == "http" else NotSent)


@pytest.mark.slow
def test_a_connection_that_is_never_taken_is_cut() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        for transport in (SendGrid(KEY, host=f"http://127.0.0.1:{port}", timeout=LONG), smtp(port)):
            assert isinstance(ended(transport), NotSent)
        for one in waiting:
            one.close()


@pytest.mark.slow
def test_an_address_that_swallows_everything_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = ConnectionRegistry().connection()
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_server(("127.0.0.1", 0), backlog=0) as full,
        socket.create_connection(full.getsockname()),
        socket.socket() as second,
    ):
        second.setblocking(False)
        second.connect_ex(full.getsockname())
        places = [full.getsockname(), server.getsockname()]
        rows = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", place) for place in places]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: rows)
        with connection.connect("provider", 443, 1.0) as dialled:
            assert dialled.getpeername() == places[1]
    connection.close()


@pytest.mark.slow
def test_a_call_of_resend_is_not_made_again_after_the_cut() -> None:
    with Silent() as server:
        resend = Resend("re_1", host=f"http://127.0.0.1:{server.port}", realm="r", sender="a@example.com", timeout=LONG)
        assert isinstance(ended(resend), Unknown)


@pytest.mark.slow
@pytest.mark.parametrize("word", [b"", b"2"], ids=["hangs", "dribbles"])
@pytest.mark.parametrize("security", ["none", "tls"])
def test_a_mail_server_that_does_not_greet_is_aborted(security: str, word: bytes) -> None:
    with Silent(word) as server:
        assert isinstance(ended(smtp(server.port, security=security)), NotSent)


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["EHLO", "DATA"])
def test_a_mail_server_that_falls_silent_before_the_email_got_nothing(verb: str) -> None:
    with hanging(verb) as port:
        outcome = ended(smtp(port))
        assert isinstance(outcome, NotSent | PerRecipient)
        assert not getattr(outcome, "unknown", None)


@pytest.mark.slow
def test_a_mail_server_that_falls_silent_after_the_dot_leaves_one_recipient_unknown() -> None:
    with hanging(".") as port:
        outcome = ended(smtp(port))
        assert isinstance(outcome, PerRecipient)
        assert (set(outcome.unknown), outcome.accepted) == ({1}, frozenset())


@pytest.mark.slow
def test_after_the_cut_nothing_new_is_begun_until_it_is_closed() -> None:
    with SendGridServer() as server:
        transport = SendGrid(KEY, host=server.url)
        transport.abort()
        assert isinstance(transport.submit(outgoing(*RECIPIENTS), RecordingLog()), NotSent)
        assert isinstance(transport.new_schedule_id(), NotSent)
        transport.close()
        assert isinstance(transport.submit(outgoing(*RECIPIENTS), RecordingLog()), Accepted)
        transport.close()


@pytest.mark.slow
def test_a_block_that_ends_by_itself_is_not_held_up() -> None:
    """The watching thread ends with the block, without waiting for the grace period."""
    before = threading.active_count()
    with abort_after_grace(threading.Event(), [], grace=3600):
        pass
    assert threading.active_count() == before


def smtp(port: int, *, security: str = "none") -> Smtp:
    return Smtp(SmtpServer("127.0.0.1", port, security, timeout=LONG), clock=clock)


@contextmanager
def hanging(verb: str) -> Iterator[int]:
    """A mail server that does not respond to `verb`."""
    over = threading.Event()
    server = ScriptedSmtp()
    answer: Callable[[str], bytes | None] = server._answer

    def silent(command: str) -> bytes | None:
        if command == verb:
            over.wait(LONG)
            return None
        return answer(command)

    server._answer = silent  # type: ignore[method-assign]
    with server:
        yield server.port
        over.set()
