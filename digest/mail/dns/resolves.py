"""Check that the sender's domains resolve."""

from __future__ import annotations

from digest.mail.dns.lookup import Lookup, addresses, not_known
from digest.utils.findings import Finding, error, good


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
