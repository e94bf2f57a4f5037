"""Check the sender's DNS records, for each transport that sends email."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from digest.mail.dns import dkim
from digest.mail.dns.dmarc import Passing, check_alignment, check_dmarc
from digest.mail.dns.resolver import Lookup, check_resolves
from digest.mail.dns.spf import check_spf
from digest.utils.findings import Finding, Level, unknown, warning
from digest.utils.urls import is_example


@dataclass(frozen=True, slots=True)
class SenderRoute:
    """What receivers look up in the DNS for one transport."""

    transport: str
    # The domain of MAIL FROM, whose SPF record counts. None if the provider chooses it.
    mail_from: str | None
    # Whether this newsletter reads the bounces to that domain itself.
    reads_bounces: bool = False
    # An SPF record to publish if there is none.
    spf: str | None = None
    # DKIM selectors of which the transport uses any one.
    selectors: tuple[str, ...] = ()
    # d= of its signatures; None for the From domain or a parent of it.
    signer: str | None = None
    # The base64 public key, if we sign ourselves.
    public: str | None = None


def provider_routes(domain: str) -> Mapping[str, SenderRoute]:
    """Return transport → the default route of its provider."""
    # https://github.com/Domain-Connect/Templates/blob/master/resend.com.mail.json
    resend_spf = "v=spf1 include:amazonses.com ~all"
    return {
        # Its domain authentication.
        "sendgrid": SenderRoute("sendgrid", None, selectors=("s1", "s2")),
        "resend": SenderRoute("resend", f"send.{domain}", spf=resend_spf, selectors=("resend",), signer=domain),
        # help.brevo.com, "Authenticate your domain with Brevo".
        "brevo": SenderRoute("brevo", None, selectors=("brevo1", "brevo2", "mail"), signer=domain),
        # Its selectors are random and differ by domain.
        "ses": SenderRoute("ses", None, signer=domain),
    }


def check_sender(domain: str, routes: Sequence[SenderRoute], lookup: Lookup) -> list[Finding]:
    """Check the From domain and every route. Queries only the DNS."""
    if is_example(domain):
        fix = "set newsletter.sender.email to an address of your domain"
        return [warning("sender", f"{domain} is an example domain; its DNS was not checked", fix)]
    policies, policy = check_dmarc(domain, lookup)
    found = [*check_resolves("sender domain", domain, lookup, returns=False), *policies]
    for route in routes:
        spf = _check_spf(route, lookup)
        keys = _check_dkim(route, domain, lookup)
        passing = Passing(_spf_passes(route, spf), _dkim_passes(keys))
        found += [*spf, *(finding for finding, _signer in keys)]
        if route.mail_from and route.mail_from != domain:
            found += check_resolves("bounce domain", route.mail_from, lookup, returns=route.reads_bounces)
        found.append(check_alignment(domain, passing, policy, lookup))
    return list(dict.fromkeys(found))


def _check_spf(route: SenderRoute, lookup: Lookup) -> list[Finding]:
    if route.mail_from is None or route.spf is None:
        return []
    return check_spf(route.mail_from, lookup, suggestion=route.spf)


def _check_dkim(route: SenderRoute, domain: str, lookup: Lookup) -> list[tuple[Finding, str]]:
    """Return the findings about DKIM keys, each with its d=."""
    if not route.selectors:
        message = f"not known which key {route.transport} signs with: a selector cannot be found by the DNS"
        fix = "run `digest doctor --selector NAME`, or save a received test and run `digest doctor FILE`"
        return [(unknown("DKIM", message, fix), "")]
    # A provider's authenticated domain may be a parent of the sender's.
    labels = domain.split(".")
    signers = [route.signer] if route.signer else [".".join(labels[at:]) for at in range(max(1, len(labels) - 1))]
    found = [
        (dkim.check_key(selector, signer, lookup, public=route.public), signer)
        for signer in signers
        for selector in route.selectors
    ]
    kept = dkim.best([finding for finding, _signer in found])
    return [(finding, signer) for finding, signer in found if finding in kept]


def _spf_passes(route: SenderRoute, findings: Sequence[Finding]) -> str | None:
    levels = {finding.level for finding in findings}
    if route.mail_from is None or (Level.UNKNOWN in levels and Level.ERROR not in levels):
        return None
    return "" if Level.ERROR in levels else route.mail_from


def _dkim_passes(keys: Sequence[tuple[Finding, str]]) -> tuple[str, ...] | None:
    passing = tuple(signer for finding, signer in keys if finding.level in (Level.GOOD, Level.WARNING))
    if not passing and any(finding.level == Level.UNKNOWN for finding, _signer in keys):
        return None
    return tuple(dict.fromkeys(passing))
