"""Why somebody did not get an edition, in the editors' language. Records and mail servers say it in English."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digest.i18n.catalogue import Catalogue

# Lines of other programs may be long.
LONGEST = 1000
SERVERS_ANSWER = re.compile(
    r"\b[245][0-9]{2}\b|\b[245]\.[0-9]{1,3}\.[0-9]{1,3}\b|^(?:smtp|sendgrid|resend|brevo|ses|outbox)[: ]", re.I
)


def reason(text: str, catalogue: Catalogue) -> str:
    """Translate the reason why somebody did not get an edition. Unknown reasons stay as recorded."""
    _ = catalogue.gettext
    known = (
        (r"not due on this day.*", _("not one of the days that they chose")),
        (r"has not chosen this edition.*", _("they did not choose this edition")),
        (r"no story of the chosen topics", _("no story of the topics that they chose")),
        (r"paused.*", _("their emails are paused")),
        (r"bounced.*", _("the mailbox refused earlier emails for good")),
        (r"blocked.*", _("the mailbox refused several emails in a row")),
        (r"unsubscribed.*", _("they left, or an admin stopped their email")),
        (r"complained.*", _("they reported an email as spam")),
        (r"was not on the list when it was made ready", _("they were not on the list at that time")),
        (r"it was made ready before this subscriber was added", _("they were not on the list yet")),
        (r"it went only to people with the wrong text", _("they never had the wrong text")),
        (r"it went only to the people concerned", _("it does not concern them")),
        (r"expired before it could be sent", _("it could not be sent in time")),
        (r"removed from the list", _("they are no longer on the list")),
        (r"nobody got it.*", _("nobody got this edition")),
    )
    return next((words for pattern, words in known if re.fullmatch(pattern, text, re.I | re.S)), text)


def answer_of(text: str, catalogue: Catalogue) -> str:
    """Explain a mail server's or a provider's answer in a few words. The first row that matches counts."""
    _ = catalogue.gettext
    rows = (
        (
            r"(?:mailbox|inbox).{0,40}\bfull\b|quota|[45]\.2\.2\b",
            _("the mailbox is full"),
        ),
        (
            r"5\.1\.1\b|no such (?:user|recipient|mailbox)|unknown user|user unknown|mailbox not found|does not exist",
            _("there is no such mailbox"),
        ),
        (r"5\.2\.1\b|disabled|inactive", _("the mailbox is closed")),
        (r"5\.1\.2\b|(?:host|domain)\b.{0,20}not found|NXDOMAIN", _("there is no such domain")),
        (
            r"[45]\.7\.(?:9|2[3-7]|29|3[0-2]|5?15)\b|unauthenticated|\b(?:SPF|DKIM|DMARC)\b",
            _("it does not trust the sender (SPF, DKIM, DMARC): an operator repairs it"),
        ),
        (
            r"[45]\.7\.28\b|\[TSS|too many|slow down|unusual rate|rate limit|\b429\b",
            _("too many emails came at once"),
        ),
        (
            r"spam|block ?list|black ?list|blocked (?:using|by)|reputation|\[BL\d\d\]|policy|5\.7\.1\b",
            _("it took the email for spam, or the sender is on a block list"),
        ),
        (r"too large|too big|size (?:limit|exceed)|exceeds.{0,20}size|5\.3\.4\b|\b413\b", _("the email is too large")),
        (r"timed out|no complete response|timeout", _("no answer in time")),
        (r"refuses the key|unauthori[sz]ed|forbidden|\b40[13]\b", _("it refused our key: an operator repairs it")),
        (r"connection|unreachable|getaddrinfo|resolve", _("it could not be reached")),
        (r"\b4[0-9]{2}\b|\b4\.[0-9]\.[0-9]|try again|greylist", _("it said: not now")),
        (r"^(?:sendgrid|resend|brevo|ses)\b.*\b5[0-9]{2}\b", _("the provider has a fault")),
        (r"\b5[0-9]{2}\b|\b5\.[0-9]\.[0-9]", _("it refused the email")),
    )
    meaning = next((words for pattern, words in rows if re.search(pattern, text[:LONGEST], re.I | re.S)), "")
    return meaning or _("it gave this answer:")


def brief(text: str, catalogue: Catalogue) -> str:
    """Translate a reason, or explain a server's answer in a few words."""
    known = reason(text, catalogue)
    if known != text or not SERVERS_ANSWER.search(text):
        return known
    answer = answer_of(text, catalogue)
    return f"{answer} {text}" if answer.endswith(":") else answer
