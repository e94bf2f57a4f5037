"""Where a mailbox is read on the web, for the button of the page after a sign-up."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote


class Mailbox(NamedTuple):
    """`name` is the provider's, `url` opens the mailbox."""

    name: str
    url: str


# A search in Gmail also finds what went to the spam folder.
_GMAIL = Mailbox("Gmail", "https://mail.google.com/mail/#search/in%3Aanywhere+from%3A{sender}")
_YAHOO = Mailbox("Yahoo Mail", "https://mail.yahoo.com/")
_OUTLOOK = Mailbox("Outlook", "https://outlook.live.com/mail/")
_PROTON = Mailbox("Proton Mail", "https://mail.proton.me/")
_BY_DOMAIN = {
    "gmail.com": _GMAIL,
    "googlemail.com": _GMAIL,
    **dict.fromkeys(("yahoo.com", "yahoo.co.in", "yahoo.in", "ymail.com"), _YAHOO),
    **dict.fromkeys(("outlook.com", "hotmail.com", "live.com", "msn.com"), _OUTLOOK),
    "icloud.com": Mailbox("iCloud Mail", "https://www.icloud.com/mail"),
    "rediffmail.com": Mailbox("Rediffmail", "https://mail.rediff.com/"),
    **dict.fromkeys(("proton.me", "protonmail.com"), _PROTON),
}


def mailbox_of(address: str, sender: str) -> Mailbox | None:
    """Return the mailbox of a normalised address; None if its provider is unknown."""
    found = _BY_DOMAIN.get(address.rpartition("@")[2])
    return found._replace(url=found.url.format(sender=quote(sender, safe=""))) if found else None
