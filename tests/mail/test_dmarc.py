"""DMARC policies found by the tree walk, and alignment (RFC 9989)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from digest.mail.dns.dmarc import DmarcPolicy, Passing, check_alignment, check_dmarc, organizational_domain, walk
from digest.utils.findings import Level
from tests.mail.records import lookup_of
from tests.support.tables import each_row

RECORD = "v=DMARC1; p=none; rua=mailto:d@a.in"


def levels(records: Mapping[str, str | Sequence[str]], domain: str = "a.in") -> dict[Level, str]:
    found, _policy = check_dmarc(domain, lookup_of(records))
    return {finding.level: finding.message for finding in found}


@each_row(
    ("records", "domain", "text"),
    [
        ({"TXT _dmarc.a.in": RECORD}, "a.in", "_dmarc.a.in says p=none"),
        ({"TXT _dmarc.a.in": ["v=spf1 -all", RECORD]}, "a.in", "_dmarc.a.in says p=none"),
        ({"TXT _dmarc.a.in": RECORD}, "news.a.in", "_dmarc.a.in says p=none, inherited by news.a.in"),
        ({"TXT _dmarc.a.in": f"{RECORD}; sp=reject"}, "news.a.in", "says sp=reject, inherited by news.a.in"),
        ({"TXT _dmarc.a.in": f"{RECORD}; sp=reject"}, "a.in", "says p=none"),
        (
            {"TXT _dmarc.a.in": RECORD, "TXT _dmarc.in": "v=DMARC1; p=reject; psd=y"},
            "b.a.in",
            "_dmarc.a.in says p=none",
        ),
    ],
)
def test_the_policy_of_the_domain_or_its_organization_is_found(records: dict[str, str], domain: str, text: str) -> None:
    found = levels(records, domain)
    assert set(found) == {Level.GOOD}
    assert text in found[Level.GOOD]


@each_row(
    ("records", "level", "text"),
    [
        ({}, Level.ERROR, "a.in has no DMARC record"),
        ({"TXT _dmarc.a.in": "p=none"}, Level.ERROR, "_dmarc.a.in is not a DMARC record: p=none"),
        ({"TXT _dmarc.a.in": [RECORD, RECORD + ";"]}, Level.ERROR, "has 2 DMARC records"),
        ({"TXT _dmarc.a.in": "v=DMARC1; rua=mailto:d@a.in"}, Level.ERROR, "_dmarc.a.in has no p="),
        ({"TXT _dmarc.a.in": "v=DMARC1; p=monitor"}, Level.ERROR, "has p=monitor; expected p=none"),
        ({"TXT _dmarc.a.in": RECORD + "; t=y"}, Level.WARNING, "test mode"),
        ({"TXT _dmarc.a.in": RECORD + "; pct=20; ri=3600"}, Level.WARNING, "pct, ri has no effect any more (RFC 9989)"),
        ({"TXT _dmarc.a.in": "v=DMARC1; p=reject"}, Level.WARNING, "no rua="),
    ],
)
def test_a_missing_or_faulty_policy_is_found(records: dict[str, str], level: Level, text: str) -> None:
    assert text in levels(records)[level]


@pytest.mark.parametrize("dead", ["_dmarc.news.a.in", "_dmarc.a.in"])
def test_what_the_dns_does_not_say_is_not_called_missing(dead: str) -> None:
    found, policy = check_dmarc("news.a.in", lookup_of({}, unknown=[dead]))
    assert [finding.level for finding in found] == [Level.UNKNOWN]
    assert "no DMARC" not in found[0].message
    assert policy is None


def test_the_tree_walk_asks_at_most_eight_names() -> None:
    assert walk("b.a.in") == ["b.a.in", "a.in", "in"]
    long = walk("a.b.c.d.e.f.g.h.i.j")
    assert long == ["a.b.c.d.e.f.g.h.i.j", "d.e.f.g.h.i.j", "e.f.g.h.i.j", "f.g.h.i.j", "g.h.i.j", "h.i.j", "i.j", "j"]


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([], "x.b.a.in"),
        ([DmarcPolicy("x.b.a.in", {}), DmarcPolicy("a.in", {})], "a.in"),
        ([DmarcPolicy("b.a.in", {"psd": "n"}), DmarcPolicy("a.in", {})], "b.a.in"),
        ([DmarcPolicy("a.in", {"psd": "y"})], "b.a.in"),
    ],
)
def test_the_organizational_domain(policies: list[DmarcPolicy], expected: str) -> None:
    assert organizational_domain("x.b.a.in", policies) == expected


OWN = {"TXT _dmarc.a.in": RECORD}
ALIGNMENT = {
    "the same domain": (OWN, "a.in", Passing("", ("a.in",)), Level.GOOD),
    "a parent signs": (OWN, "news.a.in", Passing("", ("a.in",)), Level.GOOD),
    "a bounce domain below": (OWN, "a.in", Passing("bounce.a.in", ()), Level.GOOD),
    "one of two": (OWN, "a.in", Passing("provider.example", ("provider.example", "a.in")), Level.GOOD),
    "a sibling, by the tree walk only": (OWN, "news.a.in", Passing("", ("mail.a.in",)), Level.WARNING),
    "another organization": (OWN, "a.in", Passing("provider.example", ("provider.example",)), Level.ERROR),
    "a name that ends alike": (OWN, "a.in", Passing("", ("ba.in",)), Level.ERROR),
    "nothing passes": (OWN, "a.in", Passing("", ()), Level.ERROR),
    "SPF is not known": (OWN, "a.in", Passing(None, ()), Level.UNKNOWN),
    "the key is not known": (OWN, "a.in", Passing("", None), Level.UNKNOWN),
    "strict, below": ({"TXT _dmarc.a.in": RECORD + "; aspf=s"}, "a.in", Passing("bounce.a.in", ()), Level.ERROR),
    "strict, the same": ({"TXT _dmarc.a.in": RECORD + "; adkim=s"}, "a.in", Passing("", ("a.in",)), Level.GOOD),
    "its own organization": (
        {**OWN, "TXT _dmarc.news.a.in": RECORD + "; psd=n"}, "news.a.in", Passing("", ("a.in",)), Level.ERROR,
    ),
}  # fmt: skip


@each_row("case", ALIGNMENT)
def test_alignment(case: str) -> None:
    records, domain, passing, level = ALIGNMENT[case]
    lookup = lookup_of(records)
    _found, policy = check_dmarc(domain, lookup)
    finding = check_alignment(domain, passing, policy, lookup)
    assert finding.level == level, finding
