"""`allow_private` opens the source's own host and no other, at every redirect and for every link.

Three real servers on 127.0.0.1 (two names of an intranet) and 127.0.0.2, which these tests take for a public address.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from digest.collect.cleaning.identity import absolute_url
from digest.collect.collector import SourceReport, collect
from digest.collect.http import ssrf
from digest.collect.http.connect import FetchError
from digest.collect.http.fetch import Fetcher, FetchLimits
from digest.collect.http.politeness import HostLimiter
from digest.collect.http.robots import Robots
from digest.collect.source_reader import CollectContext
from digest.models import FulltextMode, Source
from digest.render.texts import web_address
from tests.collect.notebook import InMemoryStore
from tests.collect.test_following import NOW, article_page
from tests.support.http_behaviours import redirect
from tests.support.http_server import HttpServer

NAMES = {"cms.intranet": "127.0.0.1", "router.intranet": "127.0.0.1", "paper.example": "127.0.0.2"}
PUBLIC = ipaddress.ip_address("127.0.0.2")
# A loaded machine is slow.
LIMITS = FetchLimits(connect=60, read=60, total=120)


def impatient() -> Fetcher:
    """A fetcher that does not pause between requests to one host."""
    return Fetcher(LIMITS, limiter=HostLimiter(min_interval=0))


@dataclass
class Net:
    """The servers, each under its name."""

    cms: HttpServer
    router: HttpServer
    paper: HttpServer

    def url(self, name: str, path: str) -> str:
        server = {"cms.intranet": self.cms, "router.intranet": self.router, "paper.example": self.paper}[name]
        return f"http://{name}:{server.port}{path}"

    def feed(self, *links: str) -> str:
        items = "".join(
            f"<item><title>नहर की सफाई पूरी हुई, {nth}</title><link>{link}</link>"
            "<pubDate>Mon, 23 Nov 2026 09:00:00 +0530</pubDate><description>नहर…</description></item>"
            for nth, link in enumerate(links)
        )
        return f"<rss version='2.0'><channel><title>गांव</title>{items}</channel></rss>"


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *rest: Any, **named: Any) -> Any:
        return real(NAMES.get(host, host), port, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(ssrf, "is_public", lambda address: address == PUBLIC)
    with HttpServer() as cms, HttpServer() as router, HttpServer("127.0.0.2") as paper:
        yield Net(cms, router, paper)


def read(source: Source, home: Path) -> tuple[SourceReport, InMemoryStore]:
    store = InMemoryStore()
    report = collect([source], CollectContext(impatient(), NOW, home), store)
    return report.sources[0], store


def test_a_private_host_may_redirect_to_itself_but_to_no_other_private_host(net: Net) -> None:
    net.cms.route("/feed", net.feed(net.url("cms.intranet", "/n/0")))
    net.cms.route("/old", redirect(net.url("cms.intranet", "/feed")))
    net.cms.route("/away", redirect(net.url("router.intranet", "/admin")))
    fetcher = impatient()
    assert fetcher.get(net.url("cms.intranet", "/old"), allow_private=True).status == 200
    with pytest.raises(FetchError, match=r"router\.intranet leads to 127\.0\.0\.1, which is not a public address"):
        fetcher.get(net.url("cms.intranet", "/away"), allow_private=True)
    assert net.router.requests == []


def test_a_chain_of_redirects_is_checked_at_every_step(net: Net) -> None:
    """Private → public → private: a redirect back to the source's own host is allowed, to another private host it is
    not.
    """
    net.cms.route("/home", redirect(net.url("paper.example", "/home")))
    net.cms.route("/away", redirect(net.url("paper.example", "/away")))
    net.cms.route("/feed", net.feed())
    net.paper.route("/home", redirect(net.url("cms.intranet", "/feed")))
    net.paper.route("/away", redirect(net.url("router.intranet", "/admin")))
    fetcher = impatient()
    assert fetcher.get(net.url("cms.intranet", "/home"), allow_private=True).status == 200
    with pytest.raises(FetchError, match=r"router\.intranet leads to 127\.0\.0\.1"):
        fetcher.get(net.url("cms.intranet", "/away"), allow_private=True)
    assert (len(net.paper.requests), net.router.requests) == (2, [])


@pytest.mark.parametrize("to", ["http://127.0.0.1:{port}/admin", "http://[::1]:{port}/admin", "//127.1:{port}/admin"])
def test_a_redirect_to_an_address_of_the_private_host_is_another_host(net: Net, to: str) -> None:
    net.cms.route("/away", redirect(to.format(port=net.router.port)))
    with pytest.raises(FetchError, match="not a public address"):
        impatient().get(net.url("cms.intranet", "/away"), allow_private=True)
    assert net.router.requests == []


def test_links_of_a_private_feed_reach_its_own_host_and_public_ones_only(net: Net, tmp_path: Path) -> None:
    links = [net.url(host, f"/n/{nth}") for nth, host in enumerate(NAMES)]
    feed = net.cms.route("/feed", net.feed(*links, net.url("paper.example", "/n/inward")))
    for nth, server in enumerate((net.cms, net.router, net.paper)):
        server.route(f"/n/{nth}", article_page(f"नहर की सफाई पूरी हुई, {nth}"), type="text/html; charset=utf-8")
    # A public page that the private feed links to may not lead back into the intranet, not even to the feed's host.
    net.paper.route("/n/inward", redirect(net.url("cms.intranet", "/secret")))
    url = feed.replace("127.0.0.1", "cms.intranet")
    report, store = read(Source("गाँव", url=url, allow_private=True, fulltext=FulltextMode.ALWAYS), tmp_path)
    assert report.fetched == 4
    assert net.router.requests == [], "not even its robots.txt"
    assert net.cms.hits("/secret") == []
    full = {article.url for article in store.articles.values() if "पंचायत का आभार" in article.text}
    assert full == {links[0], links[2]}
    refused = [warning for warning in report.warnings if "not a public address" in warning]
    assert any("cms.intranet leads to 127.0.0.1" in warning for warning in refused)


def test_a_public_source_with_allow_private_opens_no_intranet(net: Net, tmp_path: Path) -> None:
    feed = net.paper.route("/feed", net.feed(net.url("router.intranet", "/n/0")))
    net.router.route("/n/0", article_page("नहर"), type="text/html; charset=utf-8")
    url = feed.replace("127.0.0.2", "paper.example")
    report, _store = read(Source("गाँव", url=url, allow_private=True, fulltext=FulltextMode.ALWAYS), tmp_path)
    assert (report.error, report.fetched, net.router.requests) == (None, 1, [])


def test_a_file_has_no_host_of_its_own(net: Net, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(net.feed(net.url("router.intranet", "/n/0")), encoding="utf-8")
    source = Source("डेस्क", path="feed.xml", allow_private=True, fulltext=FulltextMode.ALWAYS)
    report, _store = read(source, tmp_path)
    assert (report.error, report.fetched, net.router.requests) == (None, 1, [])


def test_robots_of_another_private_host_is_not_asked_by_a_redirect(net: Net) -> None:
    net.cms.route("/robots.txt", redirect(net.url("router.intranet", "/robots.txt")))
    assert Robots(impatient()).may(net.url("cms.intranet", "/n/1"), allow_private=True) == "later"
    assert net.router.requests == []


TWO_WAYS = [
    "http://[::1].evil.example/",
    "http://[::1]evil.example/",
    "http://[::1%25lo]/",
    "http://127.0.0.1:1@evil.example/",
    "http://[::1]:80@evil.example/",
    "http://localhost@evil.example/",
    "http://bank.example:443@evil.example/",
    "http://2130706433@evil.example/",
    "http://a@b@evil.example/",
    "http://evil.example\\@127.0.0.1/",
    "http://127.0.0.1\\.evil.example/",
    "http://127.0.0.1%2eevil.example/",
    "http://127.0.0.1:80:80/",
]


@pytest.mark.slow
@pytest.mark.parametrize("url", TWO_WAYS)
def test_a_host_that_can_be_read_in_two_ways_is_refused_everywhere(net: Net, url: str, tmp_path: Path) -> None:
    with pytest.raises(ssrf.UrlRefused, match="its host"):
        ssrf.parse_url(url)
    # Links and images of documents, and links in the letter.
    assert absolute_url(url, "http://cms.intranet/") is None
    assert web_address(url) == ""
    # A redirect.
    net.cms.route("/away", redirect(url))
    with pytest.raises(FetchError, match=r"its host|not a URL"):
        impatient().get(net.url("cms.intranet", "/away"), allow_private=True)
    # A source, at any of its hops.
    report, _store = read(Source("गाँव", url=url, allow_private=True), tmp_path)
    assert "its host" in report.error


@pytest.mark.parametrize(
    ("url", "user"),
    [
        ("https://desk:secret@news.example/feed", "desk:secret"),
        ("https://first.last:secret@news.example/feed", "first.last:secret"),
        ("https://12345:secret@news.example/feed", "12345:secret"),
        ("https://[2606:2800:220:1:248:1893:25c8:1946]:8443/feed", ""),
    ],
)
def test_a_user_and_an_ipv6_address_are_still_accepted(url: str, user: str) -> None:
    assert ssrf.parse_url(url).user == user
