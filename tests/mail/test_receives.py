"""Whether a domain receives email: the sign-up asks back only if the DNS is sure, and waits for no slow server."""

from __future__ import annotations

import pytest

from digest.mail.dns import resolver
from digest.mail.dns.resolver import MailDomains
from tests.support.dns_server import DnsServer
from tests.support.tables import each_row

ZONE = {
    ("mx.in", "MX"): ["10 mail.mx.in."],
    ("host.in", "A"): ["192.0.2.1"],
    ("six.in", "AAAA"): ["2001:db8::1"],
    ("null.in", "MX"): ["0 ."],
    ("empty.in", "TXT"): ['"nothing"'],
}


@each_row(
    ("domain", "none"),
    [
        ("mx.in", False),
        ("host.in", False),
        ("six.in", False),
        ("null.in", True),
        ("empty.in", True),
        ("gone.in", True),
        ("broken.in", False),
        # Never in the DNS.
        ("news.example.org", False),
        # No name at all.
        ("x" * 70 + ".in", False),
    ],
)
def test_only_a_sure_answer_counts(domain: str, none: bool) -> None:
    with DnsServer(ZONE, broken=["broken.in"]) as server:
        assert MailDomains(server.address).surely_receives_none(domain) is none


def test_an_answer_is_cached() -> None:
    with DnsServer(ZONE) as server:
        domains = MailDomains(server.address)
        assert domains.surely_receives_none("null.in")
    # The server is gone.
    assert domains.surely_receives_none("null.in")


def test_a_silent_dns_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "_FORM_LIFETIME", 0.2)
    monkeypatch.setattr(resolver, "_FORM_TRY", 0.1)
    now = 1000.0
    with DnsServer(ZONE, silent=["a.in", "b.in", "c.in"]) as server:
        domains = MailDomains(server.address, clock=lambda: now)
        assert not any(domains.surely_receives_none(name) for name in ("a.in", "b.in", "c.in"))
        # The server would answer now, but is not asked again.
        monkeypatch.setattr(resolver, "_FORM_LIFETIME", 5.0)
        monkeypatch.setattr(resolver, "_FORM_TRY", 5.0)
        assert not domains.surely_receives_none("gone.in")
        now += 61
        domains._resolver = None
        assert domains.surely_receives_none("gone.in")


def test_many_at_once_do_not_queue() -> None:
    domains = MailDomains("127.0.0.1:9")
    for _ in range(resolver._AT_ONCE):
        assert domains._free.acquire(blocking=False)
    assert not domains.surely_receives_none("gone.in")
