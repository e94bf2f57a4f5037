"""Validate email addresses and normalise them for comparison."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from digest.mail.provider_tags import find_tag
from digest.messages import Message

_PLAIN = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]\Z"
)

_MAX_LENGTH = 1000

# Every provider tag contains one of these characters. Hardly any address or name does.
_OF_TAGS = frozenset("%{[<")


# Callers often validate an address and then compare it.
@lru_cache(maxsize=4)
def normalise(email: str) -> str:
    """Return the address in lower case with its domain in ASCII (IDNA 2008). Raises ValueError.

    RFC 5321 allows a case-sensitive local part, but no major provider does this.
    """
    if len(email) > _MAX_LENGTH:
        raise ValueError(Message("an address can't have %(num)s characters", num=f"{len(email):,}"))
    folded = email.strip().lower()
    if not folded.isascii():
        folded = unicodedata.normalize("NFC", email.strip()).lower()
    if len(folded) <= 254 and folded.index("@") <= 64 if _PLAIN.match(folded) else False:
        return folded
    return _validate(folded)


def refuse_tags(value: str) -> None:
    """Raise ValueError if an address or a name contains a placeholder or a provider tag, which would be replaced."""
    if ("dgx_" in value.lower() or not _OF_TAGS.isdisjoint(value)) and (tag := find_tag(value)):
        raise ValueError(
            Message(
                "%(name)s looks like a placeholder, which email services replace; write it without", name=f"{tag!r}"
            )
        )


def comparable(address: str) -> str | None:
    """Return the address in its comparable form; None for text that is not an address."""
    try:
        return normalise(address) if len(address) <= 320 else None
    except ValueError:
        return None


def mailbox(address: str) -> str:
    """Return the mailbox that an address probably belongs to (`a.sha+news@` is `asha@`), for rate limits."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0].replace('.', '') or local}@{domain}"


def masked(email: str) -> str:
    """Return a masked address that its owner recognises and nobody else can write to: `a•••@example.com`."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}•••@{domain}"


def _validate(folded: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    if folded.count("@") > 1:
        # Something other than letters separates two addresses.
        if re.search(r"@[^@]*[\s,;|/<>][^@]*@", folded):
            raise ValueError(Message("these are several addresses; give each one alone"))
        raise ValueError(Message("an address has only one @-sign"))
    if any(char.isspace() for char in folded):
        raise ValueError(Message("an address has no spaces"))
    local = folded.rpartition("@")[0]
    if not local.isascii():
        raise ValueError(Message("the part before @ must be ASCII; mail services accept nothing else"))
    if len(local) > 64:
        raise ValueError(Message("the part before @ is longer than 64 characters"))
    try:
        checked = validate_email(folded, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        message = str(error)
        raise ValueError(message[:1].lower() + message[1:].rstrip(".")) from None
    return checked.ascii_email or checked.normalized
