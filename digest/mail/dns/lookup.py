"""Answers of the DNS: records, none, or unknown; and whether a sender's domain resolves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from digest.utils.findings import Finding, error, good, unknown


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """The answer to one question."""

    # TXT records with their strings joined; "10 mx.example.com" for MX. Empty: the DNS says that there is none.
    records: tuple[str, ...] = ()
    # Why the answer is unknown; None if it is known.
    problem: str | None = None


# (name, type) → answer. Types: "TXT", "A", "AAAA", "MX". Never raises.
Lookup = Callable[[str, str], DnsAnswer]


def not_known(check: str, name: str, answer: DnsAnswer) -> Finding:
    """Return the finding for an answer with a problem."""
    return unknown(
        check,
        f"not known: the DNS did not answer for {name} ({answer.problem})",
        "run `digest doctor` again, or name another DNS server with --nameserver",
    )


def addresses(lookup: Lookup, name: str) -> DnsAnswer:
    """Return the A and AAAA records of a name. Unknown if there are none and one of the two queries failed."""
    found = [lookup(name, kind) for kind in ("A", "AAAA")]
    records = tuple(record for answer in found for record in answer.records)
    problem = next((answer.problem for answer in found if answer.problem), None)
    return DnsAnswer(records) if records else DnsAnswer((), problem)


def tags(record: str) -> dict[str, str]:
    """Return the tags of a record such as `v=DMARC1; p=none`, names in lower case.

    The first of two equal names counts.
    """
    pairs = (part.partition("=") for part in record.split(";"))
    found: dict[str, str] = {}
    for name, _, value in pairs:
        if name.strip():
            found.setdefault(name.strip().lower(), value.strip())
    return found


def check_resolves(check: str, domain: str, lookup: Lookup, *, returns: bool) -> list[Finding]:
    """Check that the domain of From or MAIL FROM resolves, and with `returns` that bounces can come back to it.

    Yahoo refuses a domain that does not resolve; so do many servers (RFC 5321 section 5.1).
    """
    mx = lookup(domain, "MX")
    if mx.problem:
        return [not_known(check, f"MX {domain}", mx)]
    if any(record.split()[1:] in (["."], [""], []) for record in mx.records):
        if not returns:
            return [good(check, f"{domain} accepts no email (null MX)")]
        fix = f"publish MX {domain} with the server that receives your bounces"
        return [error(check, f"{domain} accepts no email (null MX): bounces are lost", fix)]
    if mx.records:
        return [good(check, f"{domain} is received by {', '.join(record.split()[-1] for record in mx.records)}")]
    host = addresses(lookup, domain)
    if host.problem:
        return [not_known(check, f"A {domain}", host)]
    if host.records:
        return [good(check, f"{domain} has an address")]
    fix = f"publish MX {domain} with the server that receives your bounces, such as `10 mail.{domain}.`"
    return [error(check, f"{domain} does not resolve (no MX, A or AAAA): Yahoo and others refuse its email", fix)]
