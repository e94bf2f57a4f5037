"""Pages, certificate and webhook, requested from real servers on this machine."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from digest.usecases.check_setup import check_pages, check_previews, check_webhook
from digest.utils.findings import Level
from tests.mail.records import lookup_of
from tests.support.http_server import HttpServer
from tests.support.tables import each_row
from tests.support.tls import Identity

NOW = datetime.now(UTC)
NOTHING = lookup_of({})


@contextmanager
def secure_site(identity: Identity) -> Iterator[str]:
    """A site with TLS that has a stylesheet."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = identity.server_context().wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def identity() -> Iterator[Identity]:
    found = Identity()
    yield found
    found.close()


def test_a_certificate_near_its_end_is_a_warning(identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(identity.certificate))
    with secure_site(identity) as url:
        found, _answer = check_pages(url, NOTHING, NOW)
        assert {finding.level: finding.check for finding in found} == {
            Level.WARNING: "certificate",
            Level.GOOD: "pages",
        }
        assert "in 1 days" in found[0].message or "in 2 days" in found[0].message
        found, _answer = check_pages(url, NOTHING, NOW - timedelta(days=60))
        assert {finding.level for finding in found} == {Level.GOOD}


def test_a_certificate_that_nobody_trusts_is_an_error(identity: Identity) -> None:
    with secure_site(identity) as url:
        (finding,), _answer = check_pages(url, NOTHING, NOW)
    assert finding.level == Level.ERROR
    assert "the certificate of 127.0.0.1 is not valid: self" in finding.message


def test_pages_that_answer_are_good_and_others_are_an_error() -> None:
    with HttpServer() as site:
        site.route("/style.css", "body{}")
        (finding,), _answer = check_pages(site.url(), NOTHING, NOW)
        assert finding.level == Level.GOOD
        site.route("/style.css", "?", status=502)
        (finding,), _answer = check_pages(site.url(), NOTHING, NOW)
        assert finding.level == Level.ERROR
        assert "is answered with 502; expected 200" in finding.message
    (finding,), _answer = check_pages("http://127.0.0.1:1", NOTHING, NOW)
    assert finding.level == Level.ERROR
    assert "nothing answers at http://127.0.0.1:1" in finding.message


def test_a_host_without_address_and_a_dead_dns_differ() -> None:
    (missing,), _answer = check_pages("https://pages.invalid", NOTHING, NOW)
    assert missing.level == Level.ERROR
    assert missing.message == "pages.invalid has no address"
    assert "publish A pages.invalid" in missing.fix
    (dead,), _answer = check_pages("https://pages.invalid", lookup_of({}, unknown=["pages.invalid"]), NOW)
    assert dead.level == Level.UNKNOWN
    assert "not known: the DNS did not answer" in dead.message


def test_plain_http_is_an_error_outside_this_machine() -> None:
    found, _answer = check_pages("http://pages.invalid", NOTHING, NOW)
    assert "is not https" in found[0].message


@each_row(
    ("status", "level", "text"),
    [
        (403, Level.GOOD, "refuses an unsigned event (403)"),
        (405, Level.GOOD, "refuses an unsigned event (405)"),
        (204, Level.ERROR, "accepts an unsigned event (204)"),
        (404, Level.ERROR, "does not exist (404)"),
        (502, Level.ERROR, "with 502; expected 403"),
    ],
)
def test_the_webhook_must_refuse_what_is_not_signed(status: int, level: Level, text: str) -> None:
    with HttpServer() as site:
        site.route("/webhooks/sendgrid/k33p-secret", "", status=status)
        finding = check_webhook(site.url("/webhooks/sendgrid"), "/k33p-secret", NOTHING)
        (request,) = site.requests
    assert request.method == "POST"
    assert finding.level == level
    assert text in finding.message
    assert "k33p" not in finding.message + finding.fix


def test_a_machine_that_cannot_draw_hindi_is_told_what_to_install() -> None:
    (finding,) = check_previews(can_draw=False)
    assert "libfribidi0" in str(finding)
    assert check_previews(can_draw=True) == []
