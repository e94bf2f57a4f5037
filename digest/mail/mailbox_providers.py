"""Mailbox providers by domain: Gmail, Outlook, Yahoo … A provider that refuses an email refuses it for all of its
domains.
"""

from __future__ import annotations

from collections.abc import Mapping

_DOMAINS: Mapping[str, tuple[str, ...]] = {
    "Gmail": ("gmail.com", "googlemail.com"),
    "Outlook": (
        "hotmail.co.in", "hotmail.co.uk", "hotmail.com", "hotmail.de", "hotmail.fr", "live.co.uk", "live.com",
        "live.in", "msn.com", "outlook.com", "outlook.in",
    ),
    "Yahoo": (
        "aol.com", "rocketmail.com", "yahoo.ca", "yahoo.co.in", "yahoo.co.uk", "yahoo.com", "yahoo.com.au", "yahoo.de",
        "yahoo.fr", "yahoo.in", "ymail.com",
    ),
    "Rediffmail": ("rediff.com", "rediffmail.com"),
    "iCloud": ("icloud.com", "mac.com", "me.com"),
    "Zoho": ("zoho.com", "zoho.eu", "zoho.in", "zohomail.com", "zohomail.in"),
    "Proton": ("pm.me", "proton.me", "protonmail.com"),
    # The mail of the Indian government, also for subdomains.
    "NIC": ("gov.in", "nic.in"),
}  # fmt: skip
_NAMES = {domain: name for name, domains in _DOMAINS.items() for domain in domains}


def mailbox_provider(domain: str) -> str:
    """Return the provider of a domain's mailboxes; '' if it is none of the large ones.

    Providers also host mailboxes for domains of companies and schools, which only the DNS would show.
    """
    domain = domain.casefold()
    return _NAMES.get(domain) or _NAMES.get(".".join(domain.split(".")[-2:]), "")
