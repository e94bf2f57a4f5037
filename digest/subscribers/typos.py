"""Recognise mistyped domains of mailbox providers, such as gmial.com, and disposable mailboxes."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import cache

PROVIDERS = (
    "gmail.com",
    "yahoo.com",
    "yahoo.co.in",
    "yahoo.in",
    "ymail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "msn.com",
    "icloud.com",
    "rediffmail.com",
    "protonmail.com",
    "proton.me",
    "zohomail.in",
    "zoho.com",
)
"""Where most subscribers in India have their mailbox."""

# Real domains that are close to one of PROVIDERS.
_REAL = frozenset(("mail.com", "email.com", "gmx.com", "gmx.de", "ymail.co", "aol.com", "me.com", "zoho.in", "zoho.eu"))
# Domains with fewer letters in a row would be "close" to too many others.
_LONG_ENOUGH = 8
_ENDINGS = ("com", "in", "co.in", "me")


class AddressOddity(StrEnum):
    """Why an address may be wrong. Templates compare the values."""

    TYPO = "typo"
    DISPOSABLE = "disposable"
    # No email arrives at its domain.
    NOWHERE = "nowhere"


def find_oddity(address: str, receives_none: Callable[[str], bool]) -> AddressOddity | None:
    """Return why an address may be wrong; None for a usual one. `receives_none` looks a domain up."""
    if suggest(address):
        return AddressOddity.TYPO
    if is_disposable(address):
        return AddressOddity.DISPOSABLE
    domain = address.rpartition("@")[2]
    return AddressOddity.NOWHERE if domain not in PROVIDERS and receives_none(domain) else None


def suggest(address: str) -> str | None:
    """Return the address that was probably meant, or None. `address` is a valid address in lower case."""
    mailbox, _, domain = address.rpartition("@")
    if domain in PROVIDERS or domain in _REAL:
        return None
    meant = next((provider for provider in PROVIDERS if _is_typo(domain, provider)), None)
    return f"{mailbox}@{meant}" if meant else None


def is_disposable(address: str) -> bool:
    """Whether the address is at a service of disposable mailboxes."""
    domain = address.rpartition("@")[2]
    return any(parent in _disposable() for parent in _parents(domain))


def _parents(domain: str) -> list[str]:
    """Return, for `a.b.example`, the domain itself and those above it with at least two labels."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(max(1, len(labels) - 1))]


@cache
def _disposable() -> frozenset[str]:
    from disposable_email_domains import blocklist

    return frozenset(blocklist)


def _is_typo(domain: str, provider: str) -> bool:
    """Whether the domain is a provider's name with one typo: `gmial.com`, `gmail.con`, `gmailcom`, `gmail.co`."""
    if domain == provider.replace(".", ""):
        return True
    name, _, ending = provider.partition(".")
    typed_name, _, typed_ending = domain.partition(".")
    if typed_name == name:
        # gmail.in is nobody's, but yahoo.fr is.
        return typed_ending not in _ENDINGS and _distance(typed_ending, ending) == 1
    close = _distance(typed_name, name) == 1
    return close and typed_ending == ending and len(domain) >= _LONG_ENOUGH


def _distance(one: str, other: str) -> int:
    """Return the number of typos between two words: a wrong, missing or extra letter, or two swapped ones.

    This is the optimal string alignment distance (Damerau 1964).
    """
    rows = [list(range(len(other) + 1))]
    for i, char in enumerate(one, start=1):
        row = [i]
        for j, target in enumerate(other, start=1):
            best = min(row[-1] + 1, rows[-1][j] + 1, rows[-1][j - 1] + (char != target))
            if i > 1 and j > 1 and char == other[j - 2] and one[i - 2] == target:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
