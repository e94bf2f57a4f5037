"""Responses by which Gmail, Yahoo and Outlook blame the sender when they refuse or defer an email, with the remedies.

Sources: Google's "Email sender guidelines" and "SMTP errors" (support.google.com/a/answer/81126 and 3726730), Yahoo's
senders.yahooinc.com/smtp-error-codes, Microsoft's "Fix NDR error 550 5.7.515". The first row that matches counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# A hostile server's answer may be long.
_MAX_TEXT = 1000
_GOOGLE = r"(?=.*(?:google|gmail|gsmtp))"
_DNS = "Repair SPF, DKIM and DMARC of the sender's domain; `digest doctor FILE` checks an email that you received"
_RATE = "Send more slowly: lower `delivery.rate.per_minute`, or use `delivery.warm_up` for a new address"
_REPUTATION = (
    "Look at the domain in Google's Postmaster Tools and Yahoo's Sender Hub, and remove subscribers who do not read"
)
_PROVIDER = "Ask your email provider: this is about its server"


@dataclass(frozen=True, slots=True)
class ReceiverCode:
    """A group of answers with the same cause."""

    # Names the alert.
    name: str
    pattern: re.Pattern[str]
    meaning: str
    action: str


def _row(name: str, pattern: str, meaning: str, action: str) -> ReceiverCode:
    return ReceiverCode(name, re.compile(pattern, re.I | re.S), meaning, action)


CODES = (
    _row("outlook 5.7.515", r"\b5\.7\.5?15\b", "the domain does not pass SPF, DKIM and DMARC", _DNS),
    _row("yahoo TSS04", r"\[TSS0[1-4]\]", "it defers the emails because of their number, or of complaints", _RATE),
    _row("yahoo TSS09", r"\[TSS(?:09|11)\]", "it defers the emails for good because of complaints", _REPUTATION),
    _row("yahoo BL", r"\[BL\d\d\]", "the sending address is on a block list", _PROVIDER),
    _row("yahoo 5.7.9", r"\b5\.7\.9\b", "the emails are not authenticated, or DMARC refuses them", _DNS),
    _row("gmail 7.25", r"\b[45]\.7\.2[35]\b", "the sending server has no matching name in the DNS (PTR)", _PROVIDER),
    _row("gmail 7.24", r"\b[45]\.7\.24\b", "the SPF record looks suspicious", _DNS),
    _row("gmail 7.26", r"\b[45]\.7\.26\b", "the emails are not authenticated, or DMARC refuses them", _DNS),
    _row("gmail 7.27", r"\b[45]\.7\.27\b", "SPF does not pass", _DNS),
    _row("gmail 7.28", r"\b[45]\.7\.28\b", "too many emails arrive from this sender", _RATE),
    _row("gmail 7.29", r"\b[45]\.7\.29\b", "the connection is not encrypted", _PROVIDER),
    _row("gmail 7.30", r"\b[45]\.7\.30\b", "DKIM does not pass", _DNS),
    _row("gmail 7.31", r"\b[45]\.7\.31\b", "the domain has no DMARC record", _DNS),
    _row("gmail 7.32", r"\b[45]\.7\.32\b", "the From address is not aligned with SPF or DKIM", _DNS),
    _row(
        "gmail 7.1",
        rf"{_GOOGLE}.*\b(?:4\.7\.0|5\.7\.1)\b",
        "the sender has a bad reputation, or sends spam",
        _REPUTATION,
    ),
)
# Each text that matches a row contains one of these.
HINTS = (".7.", "[TSS", "[BL")


def classify(text: str) -> ReceiverCode | None:
    """Return the row for a receiver's answer; None if it is not about the sender."""
    return next((row for row in CODES if row.pattern.search(text[:_MAX_TEXT])), None)
