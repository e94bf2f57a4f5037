"""The feed server serves its routes, records its requests, misbehaves on request, and always stops."""

from __future__ import annotations

import http.client
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.support import http_behaviours as does
from tests.support.http_server import HttpServer


@pytest.fixture
def site() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


def get(site: HttpServer, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", site.port, timeout=2)) as client:
        client.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        with client.getresponse() as response:
            return response.status, dict(response.headers), response.read()


def begin(site: HttpServer, path: str, size: int) -> bytes:
    """The first bytes of an endless answer."""
    with closing(http.client.HTTPConnection("127.0.0.1", site.port, timeout=2)) as client:
        client.request("GET", path)
        with client.getresponse() as response:
            return response.read(size)


def test_routes_and_the_log_of_requests(site: HttpServer) -> None:
    assert site.route("/feed.xml", "<rss>ख़बर</rss>", headers={"X-A": "1"}) == site.url("/feed.xml")
    status, headers, body = get(site, "/feed.xml?x=1", User_Agent="digest")
    assert (status, headers["X-A"], body.decode()) == (200, "1", "<rss>ख़बर</rss>")
    assert get(site, "/none")[0] == 404
    assert [request.headers["user-agent"] for request in site.hits("/feed.xml")] == ["digest"]


def test_validators_redirects_and_sequences(site: HttpServer) -> None:
    site.route("/v", does.validated(b"x", etag='"1"', modified="Mon, 23 Nov 2026 00:00:00 GMT"))
    assert get(site, "/v")[0] == 200
    assert get(site, "/v", If_None_Match='"1"')[0] == 304
    assert get(site, "/v", If_None_Match='"2"', If_Modified_Since="Mon, 23 Nov 2026 00:00:00 GMT")[0] == 200
    assert get(site, "/v", If_Modified_Since="Mon, 23 Nov 2026 00:00:00 GMT")[0] == 304
    site.route("/r", does.redirect("/v", 301))
    assert (get(site, "/r")[0], get(site, "/r")[1]["Location"]) == (301, "/v")
    site.route("/s", does.sequence(does.too_many("7"), does.page("<p>ok")))
    assert [get(site, "/s")[0] for _ in range(3)] == [429, 200, 200]


def test_a_gzip_bomb_unpacks_to_its_size(site: HttpServer) -> None:
    site.route("/bomb", does.gzip_bomb(20, head=b"<rss>"))
    packed = get(site, "/bomb")[2]
    unpacked = zlib.decompressobj(31).decompress(packed)
    assert unpacked == b"<rss>" + b" " * (20 << 20)
    assert len(packed) < len(unpacked) / 500


def test_endless_responses_end_with_the_client(site: HttpServer) -> None:
    site.route("/drip", does.drip(b"drop", every=0.01))
    site.route("/chunks", does.endless_chunks(b"z" * 1000))
    assert begin(site, "/drip", 40) == b"drop" * 10
    assert begin(site, "/chunks", 5_000_000) == b"z" * 5_000_000


def test_broken_responses(site: HttpServer) -> None:
    site.route("/truncated", does.truncated(b"<rss>", missing=10))
    site.route("/reset", does.reset())
    site.route("/late", does.reset(b"<rss>"))
    site.route("/nonsense", does.nonsense())
    with pytest.raises(http.client.IncompleteRead):
        get(site, "/truncated")
    with pytest.raises(ConnectionResetError):
        get(site, "/reset")
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        get(site, "/late")
    with pytest.raises(http.client.BadStatusLine):
        get(site, "/nonsense")


def test_it_stops_at_once_while_clients_wait() -> None:
    before = threading.active_count()
    with HttpServer() as site:
        site.route("/hang", does.hang(60))
        site.route("/half", does.hang_in_body(b"<rss>", 60))
        site.route("/chunks", does.endless_chunks())
        clients = []
        for path in ("/hang", "/half", "/chunks", "never finished"):
            sock = socket.create_connection(("127.0.0.1", site.port), timeout=5)
            sock.sendall(f"GET {path} HTTP/1.1\r\n".encode() + (b"\r\n" if path.startswith("/") else b""))
            clients.append(sock)
        while len(site.requests) < 3:
            time.sleep(0.01)
    assert threading.active_count() == before
    for sock in clients:
        sock.close()
