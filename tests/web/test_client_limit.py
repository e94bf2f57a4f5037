"""One client cannot hold all connections, whether it connects directly or through the proxy."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from digest.web.client_limit import MAX_PER_CLIENT, Networks, OpenRequests, client_of
from tests.support.tables import each_row
from tests.web.site import FORM, Site, site, translated

CROWDED = "Too many requests at once from your network. Please try again in a minute."


def connect(pages: Site, source: str = "127.0.0.1") -> socket.socket:
    place = urlsplit(pages.base)
    return socket.create_connection((place.hostname, place.port), timeout=20, source_address=(source, 0))


def answer_to(connection: socket.socket, network: str = "") -> bytes:
    """The status line and what follows, for one GET."""
    forwarded = f"X-Forwarded-For: {network}\r\n" if network else ""
    connection.sendall(f"GET /join HTTP/1.1\r\nHost: localhost\r\n{forwarded}Connection: close\r\n\r\n".encode())
    received = b""
    while part := connection.recv(1 << 16):
        received += part
    return received


def answered_in_the_end(pages: Site, *, source: str = "127.0.0.1", network: str = "") -> bool:
    """Whether the client is served again, once the server has noticed that its connections are closed."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with connect(pages, source) as connection, suppress(ConnectionError):
            if answer_to(connection, network).startswith(b"HTTP/1.1 200 "):
                return True
        time.sleep(0.05)
    return False


@contextmanager
def unfinished_requests(pages: Site, count: int, network: str) -> Iterator[None]:
    """Requests of one client whose bodies never arrive, as the proxy passes them on."""
    head = (
        f"POST /join HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {network}\r\nContent-Type: {FORM}\r\n"
        "Content-Length: 50\r\nExpect: 100-continue\r\n\r\n"
    )
    with ExitStack() as connections:
        opened = [connections.enter_context(connect(pages)) for _ in range(count)]
        for connection in opened:
            connection.sendall(head.encode())
        for connection in opened:
            # The route waits for the body now, so the request counts.
            assert connection.recv(64).startswith(b"HTTP/1.1 100 ")
        yield


@pytest.mark.slow
def test_a_client_behind_the_proxy_holds_only_its_share(pages: Site) -> None:
    with unfinished_requests(pages, MAX_PER_CLIENT, "203.0.113.9"):
        with connect(pages) as same:
            refused = answer_to(same, "203.0.113.9").decode()
        assert refused.startswith("HTTP/1.1 429 ")
        assert "retry-after: 60" in refused.lower()
        assert "content-security-policy" in refused.lower()
        assert translated(CROWDED) in refused
        # Another client is not affected, and an invented hop before the real address does not help.
        with connect(pages) as other:
            assert answer_to(other, "203.0.113.10").startswith(b"HTTP/1.1 200 ")
        with connect(pages) as same:
            assert answer_to(same, "198.51.100.7, 203.0.113.9").startswith(b"HTTP/1.1 429 ")
    assert answered_in_the_end(pages, network="203.0.113.9")


@pytest.fixture
def direct(tmp_path: Path) -> Iterator[Site]:
    """Pages that no proxy serves."""
    with site(tmp_path / "newsletter", DIGEST_WEB__PROXIES="[]") as pages:
        yield pages


def test_a_client_without_proxy_holds_only_its_share_of_connections(direct: Site) -> None:
    with ExitStack() as connections:
        for _ in range(MAX_PER_CLIENT):
            connections.enter_context(connect(direct, "127.0.0.2")).sendall(b"GET / HT")
        with connect(direct, "127.0.0.2") as more:
            assert more.recv(64).startswith(b"HTTP/1.1 429 ")
        with connect(direct) as other:
            assert answer_to(other).startswith(b"HTTP/1.1 200 ")
    assert answered_in_the_end(direct, source="127.0.0.2")


def test_open_requests_are_counted_by_client_until_they_end() -> None:
    open_requests = OpenRequests(limit=2)
    with open_requests.count("192.0.2.1") as first, open_requests.count("192.0.2.1") as second:
        assert (first, second) == (True, True)
        with open_requests.count("192.0.2.1") as third, open_requests.count("192.0.2.2") as other:
            assert (third, other) == (False, True)
    with pytest.raises(RuntimeError), open_requests.count("192.0.2.1"):
        raise RuntimeError
    with open_requests.count("192.0.2.1") as after:
        assert after


@each_row(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("unix", "unix", True),
    ],
)
def test_who_is_one_client(one: str, other: str, same: bool) -> None:
    assert (client_of(one) == client_of(other)) is same


@each_row(
    ("address", "places", "expected"),
    [
        ("127.0.0.1", ["127.0.0.1"], True),
        ("10.1.2.3", ["10.0.0.0/8"], True),
        ("10.1.2.3", ["10.1.2.0/24", "x"], True),
        ("10.1.3.3", ["10.1.2.0/24", "x"], False),
        ("fd00::7", ["fd00::/8"], True),
        ("fd00::7", ["10.0.0.0/8"], False),
        ("192.0.2.1", ["*"], True),
        ("", ["127.0.0.1"], False),
        ("192.0.2.1", [], False),
    ],
)
def test_which_peers_are_proxies(address: str, places: list[str], expected: bool) -> None:
    assert (address in Networks(places)) is expected
