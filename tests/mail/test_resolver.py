"""The resolver against a server on this machine: records, missing, and not known."""

from __future__ import annotations

import pytest

from digest.mail.dns.resolver import DnsAnswer, make_lookup, parse_nameserver
from tests.support.dns_server import DnsServer, txt

ZONE = {
    ("a.in", "TXT"): [txt("v=spf1 " + "x" * 300), txt("other")],
    ("a.in", "MX"): ["10 mx.a.in."],
    ("mx.a.in", "A"): ["192.0.2.1"],
    ("s1._domainkey.a.in", "CNAME"): ["s1.provider.example."],
}


def test_records_are_joined_and_missing_is_not_a_problem() -> None:
    with DnsServer(ZONE) as server:
        lookup = make_lookup(server.address)
        # Servers shuffle the records of an answer.
        assert set(lookup("a.in", "TXT").records) == {"v=spf1 " + "x" * 300, "other"}
        assert lookup("a.in", "MX") == DnsAnswer(("10 mx.a.in",))
        assert lookup("mx.a.in", "A") == DnsAnswer(("192.0.2.1",))
        # No such type, and no such name.
        assert lookup("a.in", "AAAA") == DnsAnswer()
        assert lookup("gone.in", "TXT") == DnsAnswer()


def test_a_failing_server_is_a_problem() -> None:
    with DnsServer(ZONE, broken=["a.in"]) as server:
        answer = make_lookup(server.address)("a.in", "TXT")
    assert answer.records == ()
    assert answer.problem == "every server failed: SERVFAIL"


@pytest.mark.slow
def test_a_silent_server_is_given_up_and_a_silent_name_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    # Long enough for a busy machine to answer.
    monkeypatch.setattr("digest.mail.dns.resolver._TRY", 0.4)
    monkeypatch.setattr("digest.mail.dns.resolver._LIFETIME", 0.8)
    with DnsServer(ZONE, silent=["a.in", "b.in", "c.in"]) as server:
        lookup = make_lookup(server.address)
        assert "no answer" in lookup("a.in", "TXT").problem
        assert lookup("mx.a.in", "A").records
        assert "no answer" in lookup("b.in", "TXT").problem
        assert lookup("mx.a.in", "AAAA") == DnsAnswer()


@pytest.mark.parametrize("name", ["a..in", "x" * 70 + ".in", "é.in"])
def test_a_name_that_is_none_raises_nothing(name: str) -> None:
    with DnsServer(ZONE) as server:
        assert make_lookup(server.address)(name, "TXT").records == ()


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("127.0.0.1:5353", ("127.0.0.1", 5353)),
        ("[::1]:5353", ("::1", 5353)),
        ("::1", ("::1", 53)),
    ],
)
def test_nameservers(text: str, parsed: tuple[str, int]) -> None:
    assert parse_nameserver(text) == parsed


@pytest.mark.parametrize("text", ["dns.google", "127.0.0.1:0", "127.0.0.1:x", "127.0.0.1:70000"])
def test_nameservers_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|does not appear"):
        parse_nameserver(text)
