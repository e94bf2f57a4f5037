"""SPF records, evaluated through their includes (RFC 7208)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from digest.mail.dns.resolver import check_resolves
from digest.mail.dns.spf import check_spf
from digest.utils.findings import Level
from tests.mail.records import lookup_of
from tests.support.tables import each_row

SUGGESTION = "v=spf1 ip4:192.0.2.1 ~all"


def spf(records: Mapping[str, str | Sequence[str]], *, unknown: Sequence[str] = ()) -> list[tuple[Level, str]]:
    lookup = lookup_of(records, unknown=unknown)
    return [(each.level, each.message) for each in check_spf("a.in", lookup, suggestion=SUGGESTION)]


def many(count: int) -> dict[str, str]:
    """A record that includes another, which needs `count` lookups more."""
    hosts = {f"A h{number}.in": "192.0.2.1" for number in range(count)}
    return hosts | {
        "TXT a.in": "v=spf1 include:b.in ~all",
        "TXT b.in": "v=spf1 " + " ".join(f"a:h{number}.in" for number in range(count)) + " -all",
    }


GOOD = {
    "addresses only": ({"TXT a.in": "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"}, "0 of 10"),
    "an include": (many(3), "4 of 10"),
    "another TXT record beside it": ({"TXT a.in": ["site-verification=1", "v=spf1 ip4:192.0.2.1 ~all"]}, "0 of 10"),
    "upper case": ({"TXT a.in": "V=SPF1 IP4:192.0.2.1 ~ALL"}, "0 of 10"),
    "a redirect": ({"TXT a.in": "v=spf1 redirect=b.in", "TXT b.in": "v=spf1 ip4:192.0.2.1 -all"}, "1 of 10"),
    "a redirect that `all` makes void": ({"TXT a.in": "v=spf1 ip4:192.0.2.1 -all redirect=none.in"}, "0 of 10"),
    "terms after all": ({"TXT a.in": "v=spf1 ip4:192.0.2.1 -all include:none.in"}, "0 of 10"),
    "a macro": ({"TXT a.in": "v=spf1 include:%{i}._spf.b.in ~all"}, "1 of 10"),
    "its own host and mail servers": (
        {"TXT a.in": "v=spf1 a mx/24 ~all", "A a.in": "192.0.2.1", "MX a.in": "10 mx.a.in"},
        "2 of 10",
    ),
}


@each_row("case", GOOD)
def test_a_valid_record_is_good_and_says_how_many_lookups_it_needs(case: str) -> None:
    records, count = GOOD[case]
    ((level, message),) = spf(records)
    assert level == Level.GOOD
    assert f"({count} lookups)" in message


BAD = {
    "no record": ({}, Level.ERROR, "a.in has no SPF record"),
    "only another version": ({"TXT a.in": "v=spf10 -all"}, Level.ERROR, "a.in has no SPF record"),
    "two records": ({"TXT a.in": ["v=spf1 -all", "v=spf1 a -all"]}, Level.ERROR, "has 2 SPF records"),
    "eleven lookups": (many(10), Level.ERROR, "needs 11 DNS lookups; receivers stop at 10"),
    "eight lookups": (many(7), Level.WARNING, "needs 8 DNS lookups"),
    "a loop": ({"TXT a.in": "v=spf1 include:a.in ~all"}, Level.ERROR, "needs 40 or more DNS lookups"),
    "a void host": ({"TXT a.in": "v=spf1 a:gone.in ~all"}, Level.WARNING, "hosts without records: gone.in"),
    "three void hosts": (
        {"TXT a.in": "v=spf1 a:x.in mx:y.in a:z.in ~all"},
        Level.ERROR,
        "names 3 hosts without records; receivers allow 2: x.in, y.in, z.in",
    ),
    "an include of nothing": ({"TXT a.in": "v=spf1 include:b.in ~all"}, Level.ERROR, "`include:b.in` leads to no SPF"),
    "an include of two": (
        {"TXT a.in": "v=spf1 include:b.in ~all", "TXT b.in": ["v=spf1 -all", "v=spf1 ~all"]},
        Level.ERROR,
        "`include:b.in` leads to 2 SPF records",
    ),
    "everybody": ({"TXT a.in": "v=spf1 ip4:192.0.2.1 +all"}, Level.WARNING, "anyone may send"),
    "everybody, without a sign": ({"TXT a.in": "v=spf1 all"}, Level.WARNING, "anyone may send"),
    "everybody, through a redirect": (
        {"TXT a.in": "v=spf1 redirect=b.in", "TXT b.in": "v=spf1 +all"},
        Level.WARNING,
        "anyone may send",
    ),
    "no all": ({"TXT a.in": "v=spf1 ip4:192.0.2.1"}, Level.WARNING, "has no `all`"),
    "neutral": ({"TXT a.in": "v=spf1 ip4:192.0.2.1 ?all"}, Level.WARNING, "ends with ?all"),
    "a misspelt term": ({"TXT a.in": "v=spf1 ipv4:192.0.2.1 ~all"}, Level.ERROR, "`ipv4:192.0.2.1` is not a term"),
    "no network": ({"TXT a.in": "v=spf1 ip4:192.0.2.300 ~all"}, Level.ERROR, "`ip4:192.0.2.300` is not a term"),
    "IPv6 as ip4": ({"TXT a.in": "v=spf1 ip4:2001:db8::1 ~all"}, Level.ERROR, "is not a term of SPF"),
    "an empty include": ({"TXT a.in": "v=spf1 include ~all"}, Level.ERROR, "`include` needs a domain"),
}  # fmt: skip


@each_row("case", BAD)
def test_what_receivers_reject_or_ignore_is_found(case: str) -> None:
    records, level, text = BAD[case]
    found = spf(records)
    assert any(each == level and text in message for each, message in found), found
    assert not any(each == Level.GOOD for each, _message in found)


@pytest.mark.parametrize(
    ("records", "dead"),
    [
        ({}, "a.in"),
        ({"TXT a.in": "v=spf1 include:b.in ~all"}, "b.in"),
        ({"TXT a.in": "v=spf1 a:b.in ~all"}, "b.in"),
        ({"TXT a.in": "v=spf1 redirect=b.in"}, "b.in"),
    ],
)
def test_what_the_dns_does_not_say_is_not_called_missing(records: dict[str, str], dead: str) -> None:
    ((level, message),) = spf(records, unknown=[dead])
    assert level == Level.UNKNOWN
    assert "not known" in message
    assert f"{dead} (every server failed" in message
    assert "no SPF record" not in message


def test_the_fix_of_a_missing_record_is_the_record() -> None:
    (finding,) = check_spf("a.in", lookup_of({}), suggestion=SUGGESTION)
    assert finding.fix == 'publish TXT a.in "v=spf1 ip4:192.0.2.1 ~all"'


@each_row(
    ("records", "returns", "level", "text"),
    [
        ({"MX a.in": ["10 mx.a.in"]}, True, Level.GOOD, "received by mx.a.in"),
        ({"AAAA a.in": "2001:db8::1"}, True, Level.GOOD, "has an address"),
        ({"MX a.in": "0 ."}, True, Level.ERROR, "bounces are lost"),
        ({"MX a.in": "0 ."}, False, Level.GOOD, "null MX"),
        ({}, True, Level.ERROR, "does not resolve"),
    ],
)
def test_a_sending_domain_must_resolve(records: dict[str, str], returns: bool, level: Level, text: str) -> None:
    (finding,) = check_resolves("bounce domain", "a.in", lookup_of(records), returns=returns)
    assert finding.level == level
    assert text in finding.message


def test_a_domain_of_a_dead_dns_is_not_known() -> None:
    (finding,) = check_resolves("bounce domain", "a.in", lookup_of({}, unknown=["a.in"]), returns=True)
    assert finding.level == Level.UNKNOWN
    assert "does not resolve" not in finding.message
