"""Probing SendGrid reports each problem that would prevent sending, and mails nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from digest.deliver.ports import CapabilityReport
from digest.deliver.sendgrid.client import SendGrid
from tests.deliver.conftest import short
from tests.deliver.emails import SENDER
from tests.support.http_server import HttpServer
from tests.support.profiles import pairs
from tests.support.sendgrid_api import SCOPES
from tests.support.sendgrid_faults import FAULTS, Fault
from tests.support.sendgrid_server import KEY, SendGridServer


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    with SendGridServer() as found:
        yield found
        # Probing mails nobody.
        assert not found.messages
        assert found.violations == []


def probe(host: str, *, key: str = KEY, sender: str = SENDER.email, timeout: float | None = None) -> str:
    transport = SendGrid(key, host=host, sender=sender, timeout=timeout or short(0.4))
    problem = transport.probe() or ""
    transport.close()
    assert KEY not in problem
    assert problem.count("\n") == 0
    return problem


def missing_capabilities(server: SendGridServer) -> tuple[str, ...]:
    transport = SendGrid(KEY, host=server.url)
    assert isinstance(transport, CapabilityReport)
    found = transport.missing_capabilities()
    transport.close()
    return found


def test_all_is_well(server: SendGridServer) -> None:
    assert probe(server.url) == ""
    assert missing_capabilities(server) == ()


def test_a_wrong_key(server: SendGridServer) -> None:
    problem = probe(server.url, key="SG.wrong-but-secret")
    assert "the key is refused (401)" in problem
    assert server.url in problem
    assert "SG." not in problem


def test_a_key_that_may_not_send(server: SendGridServer) -> None:
    server.api.scopes = set(SCOPES) - {"mail.send"}
    assert "mail.send" in probe(server.url)


@pytest.mark.parametrize("scope", ["mail.batch.create", "user.scheduled_sends.create", "user.scheduled_sends.read"])
def test_a_key_without_the_scope_for_scheduling_is_a_warning_that_names_the_scope(
    server: SendGridServer, scope: str
) -> None:
    server.api.scopes = set(SCOPES) - {scope}
    assert probe(server.url) == ""
    (message,) = missing_capabilities(server)
    assert scope in message
    assert "held" in message


def test_a_log_that_may_not_be_read_is_a_warning(server: SendGridServer) -> None:
    server.api.scopes = set(SCOPES) - {"messages.read"}
    (message,) = missing_capabilities(server)
    assert "log" in message


@pytest.mark.parametrize(
    ("domains", "senders", "verified"),
    [
        ({}, {}, False),
        ({"example.com": False}, {"news@example.com": False}, False),
        ({"ample.com": True}, {"other@example.com": True}, False),
        ({"Example.com": True}, {}, True),
        ({}, {"News@Example.com": True}, True),
    ],
)
def test_an_unverified_sender(
    server: SendGridServer, domains: dict[str, bool], senders: dict[str, bool], verified: bool
) -> None:
    server.api.domains, server.api.senders = domains, senders
    assert (probe(server.url) == "") == verified
    if not verified:
        assert SENDER.email in probe(server.url)


def test_a_domain_covers_its_subdomains(server: SendGridServer) -> None:
    assert probe(server.url, sender="news@mail.example.com") == ""


@pytest.mark.parametrize("scope", ["whitelabel.read", "verified_senders.read"])
def test_what_the_key_may_not_see_is_no_fault(server: SendGridServer, scope: str) -> None:
    server.api.domains = {}
    server.api.scopes = set(SCOPES) - {scope}
    assert probe(server.url) == ""


def test_a_refused_connection(server: SendGridServer) -> None:
    with server.refusing():
        assert "refused" in probe(server.url)
        assert missing_capabilities(server) == ()


def test_a_host_that_is_not_sendgrids() -> None:
    with HttpServer() as site:
        assert "404" in probe(site.url(""))
        site.route("/v3/mail/send", b"<html>welcome</html>", type="text/html")
        assert "not an API" in probe(site.url(""))
        site.route("/v3/mail/send", b"", status=202)
        assert "sandbox" in probe(site.url(""))


FINE = ("slow_body", "slow_reply", "truncated_chunked", "short_body")
# Faults with a response, which a busy machine may send late.
ANSWERS = tuple(kind for kind in FAULTS if kind[-3:].isdigit())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "on"), pairs(sorted(set(FAULTS) - {"refuse"}), ["scopes", "send", "domains", "senders"])
)
def test_whatever_the_host_does_the_answer_comes_in_time_and_in_one_sentence(
    server: SendGridServer, kind: str, on: str
) -> None:
    server.faults = [Fault(kind, on=on, seconds=short(0.6))]
    problem = probe(server.url, timeout=20 if kind in ANSWERS else None)
    if on == "send" and kind not in (*FINE, "sandbox"):
        assert problem.startswith(f"sendgrid {server.url}: ")
    if kind in ("unauthorized_401", "rate_limit", "redirect_301") and on in ("scopes", "send"):
        assert any(word in problem for word in ("401", "429", "redirect"))
    # `digest check` shows this sentence, so it does not point there.
    assert "digest check" not in problem
    if kind in ("forbidden_403", "not_found_404") and on != "send":
        assert problem == ""
