"""The middleware: security headers, hosts, sizes, proxies, and errors that reveal nothing."""

from __future__ import annotations

import logging
import re
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.web.site import FORM, Site, site, translated

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize("path", ["/", "/join", "/leave/x", "/preferences/x", "/nowhere", "/archive", "/style.css"])
def test_every_response_has_security_headers(unchanged: Site, path: str) -> None:
    answer = unchanged.get(path)
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in answer.headers
    assert "server" not in answer.headers
    assert not re.search(r"<script|\son[a-z]+=|style=|javascript:", answer.text)


@pytest.mark.parametrize("purpose", ["leave", "preferences"])
def test_personal_pages_are_never_cached(unchanged: Site, purpose: str) -> None:
    answer = unchanged.get(f"/{purpose}/{unchanged.token(purpose, 'asha@example.com')}")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("news.example.com", 200),
        ("NEWS.example.com:443", 200),
        ("localhost:1", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("", 421),
        ("news.example.com.evil.example", 421),
    ],
)
def test_only_known_hosts_are_served(unchanged: Site, host: str, status: int) -> None:
    assert unchanged.request("GET", "/", headers={"Host": host}).status == status


def test_a_large_body_is_refused(unchanged: Site) -> None:
    large = b"email=" + b"a" * 70_000
    assert unchanged.request("POST", "/join", large, {"Content-Type": FORM}).status == 413
    chunks = {"Content-Type": FORM, "Transfer-Encoding": "chunked"}
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(large), large)
    assert unchanged.request("POST", "/join", body, chunks).status == 413
    assert unchanged.request("POST", "/join", b"", {"Content-Length": "-1"}).status in (400, 413)


def test_a_slow_body_times_out(pages: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.web.middleware.BODY_TIMEOUT", 0.3)
    place = urlsplit(pages.base)
    head = f"POST /join HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\nContent-Length: 500\r\n\r\nemail="
    with socket.create_connection((place.hostname, place.port), timeout=20) as slow:
        slow.sendall(head.encode())
        assert slow.recv(64).split()[1] == b"408"


def test_an_undeclared_proxy_is_not_trusted(tmp_path: Path) -> None:
    with site(tmp_path / "newsletter", DIGEST_WEB__PROXIES="[]") as pages:
        pages.post(f"/leave/{pages.token('leave', 'asha@example.com')}", network="203.0.113.9")
        assert "203.0.113.9" not in pages.consent("asha@example.com")[0].detail


def test_a_declared_proxy_is_trusted(pages: Site) -> None:
    pages.post(f"/leave/{pages.token('leave', 'asha@example.com')}", network="203.0.113.9")
    assert "203.0.113.9" in pages.consent("asha@example.com")[0].detail


def test_pages_under_a_path_work_with_and_without_the_prefix(tmp_path: Path) -> None:
    with site(tmp_path / "newsletter", DIGEST_NEWSLETTER__BASE_URL="https://paper.example/digest") as pages:
        token = pages.token("leave", "asha@example.com")
        shown = pages.request("GET", f"/digest/leave/{token}", headers={"Host": "paper.example"})
        assert f'action="/digest/leave/{token}/leave"' in shown.text
        assert pages.get(f"/leave/{token}").text == shown.text
        assert pages.request("POST", f"/digest/leave/{token}", headers={"Host": "paper.example"}).status == 200
        assert len(pages.app.subscribers.suppressed()) == 1


def test_errors_are_logged_without_tokens_or_addresses(pages: Site, caplog: pytest.LogCaptureFixture) -> None:
    from sqlalchemy import text

    token, preferences = pages.token("leave", "asha@example.com"), pages.preferences("asha@example.com")
    with pages.app.database.write() as connection:
        connection.execute(text("ALTER TABLE suppression RENAME TO elsewhere"))
    with caplog.at_level(logging.INFO):
        for path in (f"/leave/{token}", preferences):
            answer = pages.post(path, days="mon", format="html")
            assert answer.status == 503
            assert "Traceback" not in answer.text
            assert "suppression" not in answer.text
    assert "POST /leave/{token}: StoreError" in caplog.text
    assert token not in caplog.text
    assert "asha@example.com" not in caplog.text
    assert "Traceback" not in caplog.text


def test_an_unexpected_error_is_a_page_too(sent: Site, caplog: pytest.LogCaptureFixture) -> None:
    from sqlalchemy import text

    with sent.app.database.write() as connection:
        thread, sources = connection.execute(text("SELECT thread, sources FROM archive_story LIMIT 1")).one()
        nonsense = text("UPDATE archive_story SET sources = :sources WHERE thread = :thread")
        connection.execute(nonsense, {"sources": "nonsense", "thread": thread})
    try:
        answer = sent.get(f"/story/{thread}")
    finally:
        with sent.app.database.write() as connection:
            connection.execute(nonsense, {"sources": sources, "thread": thread})
    assert (answer.status, answer.title) == (500, translated("Something went wrong here"))
    assert answer.headers["content-security-policy"] == POLICY
    until = time.monotonic() + 10
    # The error is logged after the response.
    while not caplog.text and time.monotonic() < until:
        time.sleep(0.01)
    assert "GET /story/{story}: JSONDecodeError" in caplog.text


def test_error_pages_are_in_the_requested_language(unchanged: Site) -> None:
    assert unchanged.get("/nowhere").title == "यहाँ कुछ नहीं है"
    missing = unchanged.get("/nowhere?lang=en")
    assert missing.title == "There is nothing here"
    main = missing.text.partition("<main")[2].partition("</main>")[0]
    assert re.findall('href="([^"]*)"', main) == ["/archive?lang=en", "/join?lang=en"]
    refused = unchanged.request("DELETE", "/join")
    assert (refused.status, refused.headers["allow"]) == (405, "GET")
