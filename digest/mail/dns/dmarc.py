"""DMARC (RFC 9989, which replaces RFC 7489): the policy of the sender's domain, and alignment with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from digest.mail.dns.resolver import DnsAnswer, Lookup, not_known, tags
from digest.utils.findings import Finding, error, good, unknown, warning
from digest.utils.text import short_line

_CHECK = "DMARC"
_ALIGNMENT = "alignment"
_POLICIES = ("none", "quarantine", "reject")
# Tags of RFC 7489 that RFC 9989 removed.
_GONE = ("pct", "rf", "ri")
# For longer names, the tree walk continues with this many labels (RFC 9989 section 4.10).
_WALK = 7


@dataclass(frozen=True, slots=True)
class DmarcPolicy:
    """The DMARC record that applies to a domain."""

    # The domain that publishes it at `_dmarc`, and its tags.
    domain: str
    tags: dict[str, str]


def walk(domain: str) -> list[str]:
    """Return the domains of a DNS tree walk from `domain` upwards (RFC 9989 section 4.10)."""
    labels = domain.split(".")
    if len(labels) > _WALK + 1:
        shorter = labels[-_WALK:]
        return [domain, *(".".join(shorter[at:]) for at in range(len(shorter)))]
    return [".".join(labels[at:]) for at in range(len(labels))]


def dmarc_records(records: Sequence[str]) -> list[str]:
    """Return the TXT records that are DMARC records."""
    return [record for record in records if re.match(r"v\s*=\s*DMARC1\s*(;|$)", record)]


def find_policies(domain: str, lookup: Lookup) -> tuple[list[DmarcPolicy], DnsAnswer]:
    """Return the policies on the way up from `domain`, and the first unknown answer, if any."""
    found: list[DmarcPolicy] = []
    for place in walk(domain):
        answer = lookup(f"_dmarc.{place}", "TXT")
        if answer.problem:
            return found, answer
        records = dmarc_records(answer.records)
        # Two records count as none (section 4.7).
        if len(records) == 1:
            found.append(DmarcPolicy(place, tags(records[0])))
            if found[-1].tags.get("psd", "u").lower() in ("y", "n"):
                break
    return found, DnsAnswer()


def organizational_domain(domain: str, policies: Sequence[DmarcPolicy]) -> str:
    """Return the organizational domain by the policies of the tree walk (section 4.10.2). Without one, it is `domain`
    itself.
    """
    for policy in policies:
        psd = policy.tags.get("psd", "u").lower()
        if psd == "n":
            return policy.domain
        if psd == "y" and policy.domain != domain:
            below = len(policy.domain.split(".")) + 1
            return ".".join(domain.split(".")[-below:])
    return policies[-1].domain if policies else domain


def check_dmarc(domain: str, lookup: Lookup) -> tuple[list[Finding], DmarcPolicy | None]:
    """Check the DMARC policy of the From domain. Returns the findings, and the policy if there is a valid one."""
    own = lookup(f"_dmarc.{domain}", "TXT")
    if own.problem:
        return [not_known(_CHECK, f"TXT _dmarc.{domain}", own)], None
    suggestion = f'publish TXT _dmarc.{domain} "v=DMARC1; p=none; rua=mailto:dmarc@{domain}"'
    records = dmarc_records(own.records)
    if len(records) > 1:
        message = f"_dmarc.{domain} has {len(records)} DMARC records, so receivers use none"
        return [error(_CHECK, message, "delete all but one")], None
    policies, problem = find_policies(domain, lookup)
    if not policies and problem.problem:
        return [not_known(_CHECK, f"TXT _dmarc of a parent of {domain}", problem)], None
    if not policies:
        if own.records:
            message = f"_dmarc.{domain} is not a DMARC record: {short_line(own.records[0])}"
            return [error(_CHECK, message, suggestion)], None
        return [error(_CHECK, f"{domain} has no DMARC record: Gmail refuses bulk email without it", suggestion)], None
    policy = policies[0]
    if policy.domain != domain:
        top = organizational_domain(domain, policies)
        policy = next((one for one in policies if one.domain == top), policies[-1])
    return judge_policy(domain, policy, suggestion)


def judge_policy(domain: str, policy: DmarcPolicy, suggestion: str) -> tuple[list[Finding], DmarcPolicy | None]:
    """Judge the record that applies to `domain`."""
    where = f"_dmarc.{policy.domain}"
    tag = "p" if policy.domain == domain or "sp" not in policy.tags else "sp"
    chosen = policy.tags.get(tag, "").lower()
    if chosen not in _POLICIES:
        what = f"{tag}={short_line(chosen)}" if chosen else "no p="
        return [error(_CHECK, f"{where} has {what}; expected p=none, p=quarantine or p=reject", suggestion)], None
    found = []
    if policy.tags.get("t", "").lower() == "y":
        found.append(warning(_CHECK, f"{where} is in test mode (t=y)", "remove t=y when reports show no failures"))
    if gone := [name for name in _GONE if name in policy.tags]:
        message = f"{where}: {', '.join(gone)} has no effect any more (RFC 9989)"
        found.append(warning(_CHECK, message, f"remove {', '.join(f'{name}=' for name in gone)} from the record"))
    if "rua" not in policy.tags:
        message = f"{where} has no rua=: nobody tells you of email that fails"
        found.append(warning(_CHECK, message, f"add rua=mailto:dmarc@{policy.domain} to the record"))
    inherited = "" if policy.domain == domain else f", inherited by {domain}"
    return [good(_CHECK, f"{where} says {tag}={chosen}{inherited}"), *found], policy


@dataclass(frozen=True, slots=True)
class Passing:
    """The domains for which an email passes; None if unknown."""

    # The MAIL FROM domain whose SPF passes, empty if it does not.
    spf: str | None
    # d= of signatures whose keys are published.
    dkim: tuple[str, ...] | None


def check_alignment(domain: str, passing: Passing, policy: DmarcPolicy | None, lookup: Lookup) -> Finding:
    """Check that SPF or DKIM passes for a domain that is aligned with the From domain. One is enough."""
    modes = policy.tags if policy else {}
    verdicts: list[tuple[str, str, bool | None]] = []
    if passing.spf:
        strict = modes.get("aspf", "r").lower() == "s"
        verdicts.append(("SPF", passing.spf, is_aligned(passing.spf, domain, lookup, strict=strict)))
    for signer in passing.dkim or ():
        strict = modes.get("adkim", "r").lower() == "s"
        verdicts.append(("DKIM", signer, is_aligned(signer, domain, lookup, strict=strict)))
    if aligned := [(how, name) for how, name, verdict in verdicts if verdict]:
        ways = " and ".join(f"{how} of {name}" for how, name in aligned)
        # Safe by RFC 9989's tree walk and by RFC 7489's list of suffixes: one name contains the other.
        if any(is_related(name, domain) for _how, name in aligned):
            return good(_ALIGNMENT, f"{ways} is aligned with {domain}")
        message = f"{ways} is aligned with {domain} only through a common parent, which receivers determine differently"
        return warning(_ALIGNMENT, message, f"sign with d={domain} or its parent")
    if passing.spf is None or passing.dkim is None or any(verdict is None for *_, verdict in verdicts):
        return unknown(
            _ALIGNMENT,
            f"not known whether SPF or DKIM is aligned with {domain}",
            "send yourself a test, save it as received, and run `digest doctor FILE`",
        )
    names = ", ".join(f"{how} of {name}" for how, name, _verdict in verdicts) or "neither SPF nor DKIM passes"
    message = f"nothing is aligned with the sender's domain {domain} ({names}): DMARC fails, Gmail refuses such email"
    return error(_ALIGNMENT, message, f"sign with DKIM for {domain}, or use a bounce address of {domain}")


def is_aligned(name: str, domain: str, lookup: Lookup, *, strict: bool) -> bool | None:
    """Whether `name` is aligned with the From domain; None if the DNS does not say."""
    name, domain = name.lower(), domain.lower()
    if name == domain:
        return True
    if strict or "." not in name:
        return False
    tops = []
    for each in (name, domain):
        policies, problem = find_policies(each, lookup)
        if not policies and is_related(name, domain):
            return True
        if not policies and problem.problem:
            return None
        tops.append(organizational_domain(each, policies))
    return tops[0] == tops[1]


def is_related(name: str, domain: str) -> bool:
    """Whether one of the two domains is equal to the other or a subdomain of it.

    Without the DNS, this is an approximation of DMARC's relaxed alignment.
    """
    if "." not in name or "." not in domain:
        return False
    return f".{domain}".endswith(f".{name}") or f".{name}".endswith(f".{domain}")
