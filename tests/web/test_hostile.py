"""Abuse of the pages: oversized heads, silent connections, two Host headers, mass sign-ups by bots."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.web.site import FORM, Site, site, translated

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow


def connect(pages: Site) -> socket.socket:
    place = urlsplit(pages.base)
    return socket.create_connection((place.hostname, place.port), timeout=20)


def read_all(connection: socket.socket) -> bytes:
    """Everything until the server closes the connection."""
    received = b""
    try:
        while part := connection.recv(1 << 16):
            received += part
    # The server may close the connection while we still write.
    except ConnectionError:
        pass
    return received


@pytest.mark.parametrize("size", [70_000, 400_000])
@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"], ids=["incomplete", "complete"])
def test_oversized_headers_are_refused(unchanged: Site, size: int, end: bytes) -> None:
    with connect(unchanged) as connection:
        try:
            connection.sendall(b"GET /join HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * size + end)
        except ConnectionError:
            # Refused before it was complete.
            return
        assert read_all(connection)[:13] in (b"HTTP/1.1 431 ", b"HTTP/1.1 400 ", b"")
    assert unchanged.get("/join").status == 200


def test_one_click_does_not_wait_for_the_body(pages: Site) -> None:
    token = pages.token("leave", "asha@example.com")
    with connect(pages) as connection:
        connection.sendall(f"POST /leave/{token} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n".encode())
        assert connection.recv(64).startswith(b"HTTP/1.1 200 ")
    assert list(pages.app.subscribers.suppressed()) == ["asha@example.com"]


def test_many_silent_connections_keep_nobody_out(pages: Site) -> None:
    with ExitStack() as connections:
        for _ in range(300):
            connections.enter_context(connect(pages)).sendall(b"GET / HT")
        assert pages.get("/join").status == 200


def test_pipelined_requests_are_both_answered(unchanged: Site) -> None:
    one = b"GET /icon.svg HTTP/1.1\r\nHost: localhost\r\n"
    with connect(unchanged) as connection:
        connection.sendall(one + b"\r\n" + one + b"Connection: close\r\n\r\n")
        assert read_all(connection).count(b"HTTP/1.1 200 ") == 2


def test_a_connection_stays_open_for_the_next_request(pages: Site) -> None:
    place = urlsplit(pages.base)
    with closing(HTTPConnection(place.hostname or "", place.port, timeout=20)) as connection:
        connection.connect()
        first = connection.sock
        for _ in range(2):
            connection.request("GET", "/icon.svg")
            assert connection.getresponse().read()
        assert connection.sock is first


@pytest.mark.parametrize("other", [b"localhost", b"evil.example"])
def test_a_request_with_two_hosts_is_refused(unchanged: Site, other: bytes) -> None:
    with connect(unchanged) as connection:
        connection.sendall(
            b"GET /join HTTP/1.1\r\nHost: localhost\r\nHost: " + other + b"\r\nConnection: close\r\n\r\n"
        )
        assert read_all(connection).startswith(b"HTTP/1.1 400 ")


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path / "newsletter", DIGEST_WEB__SIGNUP_MAILS_PER_HOUR="2") as pages:
        yield pages


def test_confirmation_emails_have_a_total_limit(limited: Site) -> None:
    for number in range(2):
        limited.post("/join", email=f"victim{number}@example.org", network=f"203.0.{number}.9")
        assert limited.mails(f"victim{number}@example.org")
    answer = limited.post("/join", email="victim3@example.org", network="203.0.3.9")
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) == 3600
    assert translated("Very many people are signing up right now. Please try again in an hour.") in answer.text
    assert 'value="victim3@example.org"' in answer.text
    assert limited.mails("victim3@example.org", wait=0.5) == []


def test_repeated_sign_ups_of_one_address_do_not_use_up_the_total_limit(limited: Site) -> None:
    for number in range(5):
        limited.post("/join", email="asha@example.org", network=f"203.0.{number}.9")
    assert len(limited.mails("asha@example.org")) == 1
    limited.post("/join", email="ravi@example.org", network="203.0.9.9")
    assert len(limited.mails("ravi@example.org")) == 1


def test_an_empty_address_is_refused(unchanged: Site) -> None:
    assert unchanged.request("POST", "/join", b"email=", {"Content-Type": FORM}).status == 400


def test_postgresql_gets_no_nul(tmp_path: Path, postgres_url: str) -> None:
    """It stores none, so a page with one in its address is missing, and words are stored without."""
    with site(tmp_path / "newsletter", ["asha@example.com"], DIGEST_STORE__URL=postgres_url) as pages:
        view = pages.token("view", "asha@example.com")
        for path in ("/archive/%00", "/story/%00", "/card/story/%00.jpg", f"/view/%00/{view}", "/topic/a%00"):
            assert (path, pages.get(path).status) == (path, 404)
        place = f"/leave/{pages.token('preferences', 'asha@example.com')}"
        left = pages.follow("POST", f"{place}/leave", b"", {"Content-Type": FORM})
        code = left.text.split('name="code" value="')[1].split('"')[0]
        # Marks that turn the direction of what follows are no words either.
        pages.post(f"{place}/why", why="other", word="क\0\u202eख", code=code)
        assert [entry.detail for entry in pages.consent("asha@example.com")][-1].startswith("other: कख; ")
