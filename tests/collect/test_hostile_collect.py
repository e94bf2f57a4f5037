"""Everything hostile in one collection: each source is refused or cleaned with a message, in bounded memory."""

from __future__ import annotations

import ipaddress
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from digest.collect.collector import collect
from digest.collect.http import ssrf
from digest.collect.http.fetch import Fetcher
from digest.collect.source_reader import CollectContext
from digest.models import Source
from tests.collect.hostile_run import NOW
from tests.collect.notebook import InMemoryStore
from tests.collect.server import FEED
from tests.paths import ROOT
from tests.support.http_behaviours import drip, endless_chunks, gzip_bomb, hang_in_body, nonsense, redirect
from tests.support.http_server import Exchange, HttpServer
from tests.support.profiles import PROFILE, only_thorough

MOST_MEGABYTES = 300
# Feeds of 9 MB that are read at once.
LARGE = 4 if PROFILE == "ci" else 1


def endless_headers(exchange: Exchange) -> None:
    exchange.write(b"HTTP/1.1 200 OK\r\n")
    while exchange.running:
        exchange.write(b"X-Filler: " + b"x" * 60_000 + b"\r\n")


def dripping_headers(exchange: Exchange) -> None:
    exchange.write(b"HTTP/1.1 200 OK\r\nX-Filler: ")
    while exchange.wait(0.05):
        exchange.write(b"x")


def many_items(count: int, nth: int = 0) -> str:
    items = "".join(f"<item><title>खबर {n}</title><link>http://v{nth}.example/{n}</link></item>" for n in range(count))
    return f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>"


ENTITIES = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
BOMB = f'<!DOCTYPE rss [<!ENTITY a0 "ha">{ENTITIES}]><rss><channel><title>&a11;</title></channel></rss>'
SCRIPTS = "".join(
    f"<item><title>खबर &lt;script&gt;alert({n})&lt;/script&gt;</title><link>http://s.example/{n}</link>"
    f"<description>&lt;style&gt;p{{}}&lt;/style&gt;नहर में पानी आया।&lt;script&gt;x()&lt;/script&gt;</description></item>"
    for n in range(300)
)


def run(seconds: float, urls: list[str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.collect.hostile_run", str(seconds), *urls]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.slow
def test_endless_responses_are_cut_at_the_deadline() -> None:
    with HttpServer() as site:
        urls = [
            site.route("/drip-headers", dripping_headers),
            site.route("/drip", drip()),
            site.route("/hang", hang_in_body(b"<rss>")),
        ]
        answer = run(2, urls)
    assert [row["error"] for row in answer["sources"]] == [f"{url} took longer than 2 seconds." for url in urls]


@pytest.mark.slow
def test_everything_hostile_at_once_affects_no_other_source() -> None:
    with HttpServer() as site:
        site.route("/gzip-bomb", gzip_bomb(1024))
        site.route("/endless", endless_chunks())
        site.route("/headers", endless_headers)
        site.route("/nonsense", nonsense())
        site.route("/metadata", redirect("http://169.254.169.254/latest/meta-data/"))
        site.route("/file", redirect("file:///etc/passwd"))
        site.route("/circle", redirect("/circle"))
        site.route("/entities", BOMB)
        site.route("/tags", "<rss>" + "<a>" * 3_000_000)
        site.route("/json", "[" * 5_000_000)
        site.route("/blank", b" " * 9_999_999)
        site.route("/items", many_items(20_000, 99))
        site.route("/scripts", f"<rss version='2.0'><channel><title>x</title>{SCRIPTS}</channel></rss>")
        site.route("/good", FEED)
        for nth in range(LARGE):
            site.route(f"/large-{nth}", many_items(90_000, nth))
        paths = list(site._routes)
        answer = run(60, [site.url(path) for path in paths])
    rows = dict(zip(paths, answer["sources"], strict=True))
    expected = {
        "/gzip-bomb": "larger than 10,000,000 bytes",
        "/endless": "larger than 10,000,000 bytes",
        "/headers": "did not answer in HTTP",
        "/nonsense": "did not answer in HTTP",
        "/metadata": "not a public address",
        "/file": "not an http or https URL",
        "/circle": "in a circle",
        "/entities": "entit",
        "/tags": "tags",
        "/json": ".",
        "/blank": "empty",
    }
    assert {path: rows[path]["error"] for path, words in expected.items() if words not in rows[path]["error"]} == {}
    assert (rows["/items"]["new"], rows["/items"]["error"]) == (1_000, None)
    assert any("too many" in warning for warning in rows["/items"]["warnings"])
    assert rows["/scripts"]["new"] == 300
    assert rows["/good"]["new"] == 1
    assert answer["megabytes"] < MOST_MEGABYTES


# The test of everything hostile at once has a limit of memory too.
@only_thorough
@pytest.mark.slow
def test_many_large_bodies_wait_outside_of_memory() -> None:
    with HttpServer() as site:
        body = b"x" * 9_000_000
        urls = [site.route(f"/{nth}", body) for nth in range(20)]
        answer = run(60, urls)
    assert all("not a feed" in row["error"] for row in answer["sources"])
    # The process itself needs 60. All bodies together would add 240.
    assert answer["megabytes"] < 180


@pytest.mark.slow
def test_redirects_and_dns_answers_into_the_private_network_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """127.0.0.1 counts as a public address; names resolve as listed here."""
    real, names = socket.getaddrinfo, {"news.example": "127.0.0.1", "inner.example": "10.0.0.5"}
    asked: list[str] = []

    def resolve(host: str, port: int, *rest: Any, **named: Any) -> Any:
        asked.append(host)
        return real(names.get(host, host), port, *rest, **named)

    def is_public(address: ssrf.Address) -> bool:
        return address == ipaddress.ip_address("127.0.0.1")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(ssrf, "is_public", is_public)
    with HttpServer() as site:
        base = f"http://news.example:{site.port}"
        site.route("/good", FEED)
        site.route("/inward", redirect("http://inner.example/secret"))
        site.route("/page", "<html><link rel=alternate type=application/rss+xml href=http://inner.example/f></html>")
        urls = [f"{base}/good", f"{base}/inward", f"{base}/page", "http://inner.example/feed"]
        report = collect(
            [Source(url, url=url) for url in urls],
            CollectContext(Fetcher(), NOW, tmp_path),
            InMemoryStore(),
        )
    errors = [one.error for one in report.sources]
    assert errors[0] is None
    assert all("inner.example leads to 10.0.0.5, which is not a public address" in error for error in errors[1:])
    assert "after a redirect from" in errors[1]
