"""A DNS lookup with fixed answers, for the rules that check records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from digest.mail.dns.resolver import DnsAnswer, Lookup


def lookup_of(records: Mapping[str, str | Sequence[str]], *, unknown: Sequence[str] = ()) -> Lookup:
    """Look up keys such as "TXT example.in". Names in `unknown` are not answered."""

    def lookup(name: str, kind: str) -> DnsAnswer:
        if name in unknown:
            return DnsAnswer((), "every server failed: SERVFAIL")
        found = records.get(f"{kind} {name}", ())
        return DnsAnswer((found,) if isinstance(found, str) else tuple(found))

    return lookup
