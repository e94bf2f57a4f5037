"""One comparable form for an email address, and the sentence for one that can't be mailed. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_PLAIN = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]\Z"
)

_LONGEST = 1000


@lru_cache(maxsize=4)  # whoever checks an address compares it next
def normalise(email: str) -> str:
    """The address in lower case with its domain in ASCII (IDNA 2008). Raises ValueError with what is wrong.

    The local part is folded too: RFC 5321 2.4 lets hosts tell case apart, none of note does, and two lines that
    differ only by case are one reader.
    """
    if len(email) > _LONGEST:
        raise ValueError(f"an address has no {len(email):,} characters")
    folded = email.strip().lower()
    if not folded.isascii():
        folded = unicodedata.normalize("NFC", email.strip()).lower()
    if len(folded) <= 254 and folded.index("@") <= 64 if _PLAIN.match(folded) else False:
        return folded
    return _slowly(folded)


def comparable(address: str) -> str:
    """Return the address in its comparable form, or '' for text that is not an address."""
    try:
        return normalise(address) if len(address) <= 320 else ""
    except ValueError:
        return ""


def mailbox(address: str) -> str:
    """Which comparable addresses are counted together: those that a mailbox has by itself, `a.sha+news@` for `asha@`,
    so that nobody is buried in our mail under names of their own."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0].replace('.', '') or local}@{domain}"


def _slowly(folded: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    local = folded.rpartition("@")[0]
    if not local.isascii():
        raise ValueError("the part before @ must be written in ASCII letters; mail services take no other")
    if len(local) > 64:
        raise ValueError("the part before @ is longer than 64 letters")
    try:
        checked = validate_email(folded, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        said = str(error)
        raise ValueError(said[:1].lower() + said[1:].rstrip(".")) from None
    return checked.ascii_email or checked.normalized
