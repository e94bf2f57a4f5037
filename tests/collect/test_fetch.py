"""Fetching from a server that misbehaves: limits, redirects, addresses, conditions."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator

import pytest

from digest.collect.http import ssrf
from digest.collect.http.fetch import (
    MAX_RETRY_AFTER,
    Fetcher,
    FetchError,
    FetchLimits,
    SourceCredential,
    retry_after_seconds,
)
from tests.collect.server import FEED, Handler, serving
from tests.support.tables import each_row

LIMITS = FetchLimits(connect=1.0, read=1.0, total=0.8, body=1_000_000)


@pytest.fixture
def site() -> Iterator[str]:
    with serving() as base:
        yield base


def fetch(url: str, **options: object) -> object:
    return Fetcher(LIMITS).get(url, allow_private=True, **options)  # type: ignore[arg-type]


def test_a_feed_comes_with_what_the_next_fetch_needs(site: str) -> None:
    first = Fetcher(LIMITS).get(f"{site}/feed", allow_private=True)
    assert (first.status, first.body, first.etag) == (200, FEED, '"v1"')
    assert first.permanent_url is None
    again = Fetcher(LIMITS).get(f"{site}/feed", etag=first.etag, last_modified=first.last_modified, allow_private=True)
    assert (again.status, again.body) == (304, b"")
    asked = Handler.seen[-1][1]
    assert asked["if-modified-since"] == "Mon, 23 Nov 2026 03:30:00 GMT"
    assert asked["user-agent"].startswith("hindi-digest/")
    assert asked["host"] == site.removeprefix("http://")
    assert "cookie" not in asked


def test_gzip_of_two_members_is_read(site: str) -> None:
    assert Fetcher(LIMITS).get(f"{site}/gzip", allow_private=True).body == FEED


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("bomb", "larger than 1,000,000 bytes"),
        ("large", "larger than 1,000,000 bytes"),
        ("cut-gzip", "ended too early"),
        ("unknown-packing", "not asked for"),
        ("short", "ended too early"),
        ("drip", "longer than 0.8 seconds"),
        ("drip-headers", "longer than 0.8 seconds"),
        ("not-http", "did not answer in HTTP|broke off"),
        ("metadata", r"169\.254\.169\.254"),
        ("file", "not an http or https URL"),
        ("circle", "in a circle"),
        ("no-address", "redirects to something that is not a URL"),
        ("endless", "more than 5 times"),
        ("gone", "HTTP 410"),
        ("nowhere", "HTTP 404"),
    ],
)
def test_failures_give_a_reason(site: str, path: str, words: str) -> None:
    fetcher = Fetcher(LIMITS)
    with pytest.raises(FetchError, match=words) as caught:
        fetcher.get(f"{site}/{path}", allow_private=True)
    assert "\n" not in str(caught.value)


def test_loopback_is_refused_unless_allowed(site: str) -> None:
    before = len(Handler.seen)
    with pytest.raises(FetchError, match="not a public address"):
        Fetcher(LIMITS).get(f"{site}/feed")
    assert len(Handler.seen) == before


def test_only_permanent_redirects_give_a_new_address(site: str) -> None:
    assert Fetcher(LIMITS).get(f"{site}/moved", allow_private=True).permanent_url == f"{site}/feed"
    result = Fetcher(LIMITS).get(f"{site}/moved-then-found", allow_private=True)
    assert (result.url, result.permanent_url) == (f"{site}/feed", None)


def test_retry_after_reaches_the_caller(site: str) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(f"{site}/busy")
    assert (caught.value.retry_after, caught.value.status) == (120.0, 429)


def test_connection_refused() -> None:
    with socket.socket() as by_ids:
        by_ids.bind(("127.0.0.1", 0))
        port = by_ids.getsockname()[1]
        with pytest.raises(FetchError, match="the connection was refused"):
            fetch(f"http://127.0.0.1:{port}/feed")


def test_credentials_are_sent_as_a_header_and_appear_in_no_message(site: str) -> None:
    host = site.removeprefix("http://")
    fetch(f"http://desk:secret@{host}/feed")
    assert Handler.seen[-1][1]["authorization"] == "Basic ZGVzazpzZWNyZXQ="
    with pytest.raises(FetchError) as caught:
        fetch(f"http://desk:secret@{host}/nowhere")
    assert "secret" not in str(caught.value)


def test_the_connection_goes_to_the_address_that_was_checked(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that resolves to another address the second time (DNS rebinding) has no effect."""
    port = int(site.rpartition(":")[2])
    answers = iter(["127.0.0.1", "192.0.2.1"])

    def resolve(host: str, asked: int, *rest: object, **named: object) -> object:
        if host != "rebind.example":
            return real(host, asked, *rest, **named)  # type: ignore[arg-type]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), asked))]

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert Fetcher(LIMITS).get(f"http://rebind.example:{port}/feed", allow_private=True).body == FEED
    # Resolved only once.
    assert next(answers) == "192.0.2.1"
    assert Handler.seen[-1][1]["host"] == f"rebind.example:{port}"


@each_row(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "168.63.129.16",
        "fd00:ec2::254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not ssrf.is_public(ipaddress.ip_address(address))


@each_row(
    ("address", "ours"),
    [("10.1.2.3", True), ("127.0.0.1", True), ("::ffff:192.168.1.1", True), ("169.254.169.254", False),
     ("::ffff:169.254.169.254", False), ("fe80::1", False), ("224.0.0.1", False), ("93.184.216.34", False),
     ("fd00:ec2::254", False), ("100.100.100.200", False)],
)  # fmt: skip
def test_what_allow_private_lets_through(address: str, ours: bool) -> None:
    assert ssrf.is_private(ipaddress.ip_address(address)) is ours


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"])
def test_addresses_that_are_public(address: str) -> None:
    assert ssrf.is_public(ipaddress.ip_address(address))


@each_row(
    "url",
    ["file:///etc/passwd", "ftp://a.example/x", "javascript:alert(1)", "//a.example/", "http://", "http://[::1", "",
     "http://a b.example/", "http://a.example:99999/"],
)  # fmt: skip
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(ssrf.UrlRefused):
        ssrf.parse_url(url)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "localhost"])
def test_other_spellings_of_loopback_are_refused(host: str) -> None:
    with pytest.raises(ssrf.UrlRefused):
        ssrf.resolve(host, 80)


def test_devanagari_in_host_and_path_becomes_ascii() -> None:
    place = ssrf.parse_url("https://हिन्दी.example/ख़बर?q=चुनाव")
    assert place.host.startswith("xn--")
    assert place.path.isascii()
    assert place.path.startswith("/%E0%A4%96")


@each_row(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("Mon, 23 Nov 2026 00:02:00 GMT", 120.0),
        ("Mon, 23 Nov 2020 00:00:00 GMT", 0.0),
        ("99999999999", MAX_RETRY_AFTER),
        ("soon", None),
        ("", None),
        ("-5", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    # 2026-11-23 00:00 UTC.
    assert retry_after_seconds(value, 1795392000.0) == seconds


def test_a_redirect_to_a_hindi_path_in_utf8_is_followed_as_browsers_do(site: str) -> None:
    with pytest.raises(FetchError):
        fetch(f"{site}/hindi-path")
    assert Handler.seen[-1][0] == "/%E0%A4%B8%E0%A4%AE%E0%A4%BE%E0%A4%9A%E0%A4%BE%E0%A4%B0"


def test_a_header_that_cant_be_read_puts_no_key_into_the_log(site: str, caplog: pytest.LogCaptureFixture) -> None:
    url = f"{site}/odd-header"
    key = SourceCredential(ssrf.parse_url(url), "purani-haveli-1234", param="apikey")
    assert Fetcher(LIMITS).get(url, allow_private=True, credential=key).status == 200
    assert "apikey=purani-haveli" in Handler.seen[-1][0]
    assert "purani-haveli" not in caplog.text
