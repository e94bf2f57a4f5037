"""One POST over a kept connection: a connection that was closed while idle is replaced, and nothing is sent twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from digest.deliver.http_client import HttpClient, RequestNotSent, ResponseUnknown
from digest.deliver.outcome import Accepted, NotSent, Unknown
from digest.deliver.sendgrid.client import SendGrid
from tests.deliver.emails import RecordingLog, outgoing
from tests.support.sendgrid_server import KEY, SendGridServer


def send(transport: SendGrid, address: str = "asha@example.com") -> object:
    return type(transport.submit(outgoing(address), RecordingLog()))


def test_one_thread_keeps_one_connection() -> None:
    with SendGridServer() as server:
        transport = SendGrid(KEY, host=server.url)
        assert [send(transport, f"r{n}@example.com") for n in range(5)] == [Accepted] * 5
        assert {seen.connection for seen in server.requests} == {1}
        transport.close()


@pytest.mark.parametrize("tls", [False, True])
def test_a_connection_closed_while_idle_is_replaced_without_a_second_post(
    tls: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SendGridServer(tls=tls) as server:
        if tls:
            monkeypatch.setenv("SSL_CERT_FILE", str(server.cafile))
        transport = SendGrid(KEY, host=server.url)
        for n in range(3):
            assert send(transport, f"r{n}@example.com") is Accepted
            with server.refusing():
                pass
        assert [seen.connection for seen in server.requests] == [1, 2, 3]
        assert server.counts == {f"r{n}@example.com": 1 for n in range(3)}
        transport.close()


def test_after_a_broken_exchange_the_next_one_starts_afresh() -> None:
    with SendGridServer(faults=["accept_then_close", "ok", "error_500", "ok"]) as server:
        transport = SendGrid(KEY, host=server.url)
        outcomes = [send(transport, f"r{n}@example.com") for n in range(4)]
        assert outcomes == [Unknown, Accepted, Unknown, Accepted]
        assert len(server.requests) == 4
        transport.close()


def test_an_unknown_certificate_is_not_talked_to() -> None:
    with SendGridServer(tls=True) as server:
        transport = SendGrid(KEY, host=server.url)
        outcome = transport.submit(outgoing("asha@example.com"), RecordingLog())
        assert isinstance(outcome, NotSent)
        assert "CERTIFICATE_VERIFY_FAILED" in outcome.reason
        assert not server.requests
        transport.close()


def test_threads_have_connections_of_their_own_and_close_shuts_them_all() -> None:
    with SendGridServer() as server:
        wire = HttpClient(server.url + "/", timeout=5)
        together = threading.Barrier(4)

        def post(_: int) -> int:
            together.wait(5)
            return wire.post("/nowhere", b"{}", {}).status

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(post, range(4))) == [404] * 4
        assert len({seen.connection for seen in server.requests}) == 4
        kept = list(wire.open)
        wire.close()
        assert not wire.open
        assert [connection.sock for connection in kept] == [None] * 4


def test_a_path_before_the_api_is_kept() -> None:
    with SendGridServer() as server:
        wire = HttpClient(server.url + "/proxy/", timeout=5)
        wire.post("/v3/mail/send", b"{}", {})
        assert [seen.target for seen in server.requests] == ["/proxy/v3/mail/send"]
        wire.close()


def test_the_two_kinds_of_failure() -> None:
    with SendGridServer(faults=["lose_then_close"]) as server:
        wire = HttpClient(server.url, timeout=5)
        with pytest.raises(ResponseUnknown):
            wire.post("/v3/mail/send", b"{}", {})
        with server.refusing(), pytest.raises(RequestNotSent):
            wire.post("/v3/mail/send", b"{}", {})
        wire.close()
    with pytest.raises(RequestNotSent, match=r"^the host is not found in the DNS; check the network of this machine$"):
        HttpClient("http://no-such-host.invalid", timeout=5).post("/", b"", {})
