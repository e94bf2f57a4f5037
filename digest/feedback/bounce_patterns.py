"""Tables that map mail servers' texts about failed delivery to kinds of events.

Only "there is no such mailbox" is a hard bounce. A full mailbox, a policy, a bad reputation or a timeout says nothing
about the address. So everything that is not clearly a hard bounce is `blocked`, which is only counted.
"""

from __future__ import annotations

import re

# Enhanced status codes (RFC 3463) by prefix; the first match counts.
CODES = (
    # These two are about the sender's address.
    ("5.1.7", "blocked"),
    ("5.1.8", "blocked"),
    ("5.1.", "bounced"),
    ("5.2.1", "bounced"),
    ("5.", "blocked"),
    ("4.", "deferred"),
    ("2.", "delivered"),
)

# For replies without a useful code; the first match counts.
PHRASES = (
    ("spam", "blocked"),
    ("blacklist", "blocked"),
    ("blocklist", "blocked"),
    ("reputation", "blocked"),
    ("policy", "blocked"),
    ("quota", "blocked"),
    ("mailbox full", "blocked"),
    ("mailbox is full", "blocked"),
    ("over the maximum allowed", "blocked"),
    ("user unknown", "bounced"),
    ("unknown user", "bounced"),
    ("unknown local", "bounced"),
    ("unknown recipient", "bounced"),
    ("recipient unknown", "bounced"),
    ("no such user", "bounced"),
    ("no such recipient", "bounced"),
    ("no such mailbox", "bounced"),
    ("no mailbox here by that name", "bounced"),
    ("no account by that name", "bounced"),
    ("invalid recipient", "bounced"),
    ("invalid mailbox", "bounced"),
    ("mailbox not found", "bounced"),
    ("recipient not found", "bounced"),
    ("does not exist", "bounced"),
    ("doesn't exist", "bounced"),
    ("doesn't have a", "bounced"),
    ("account has been disabled", "bounced"),
    ("account is disabled", "bounced"),
    ("account that you tried to reach is disabled", "bounced"),
    # Exchange Online.
    ("wasn't found at", "bounced"),
    ("host or domain name not found", "bounced"),
)
WORST_FIRST = ("bounced", "blocked", "deferred", "delivered")

QMAIL = re.compile(r"^Hi\. This is the\b", re.M)
QMAIL_PARAGRAPH = re.compile(r"^<([^<>\s]{3,254})>:\n((?:[^\n]+\n?){1,20})", re.M)
# Lines that precede the returned email in a report's text.
COPIES = (
    # qmail.
    "--- Below this line is a copy of the message.",
    # Exim.
    "This is a copy of the message, including all the headers. ------",
    # Exchange.
    "Original message headers:",
    "Original Message Headers",
)
# Words in the subject or the first lines of a failure report.
FAILED = re.compile(
    r"deliver(?:y|ed)?[^.]{0,40} (?:fail|could ?n[o']t|not possible)|failed to deliver|failure notice|undeliver"
    r"|returned to sender|could ?n[o']t be delivered|delivery status notification|did not reach",
    re.I,
)

ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_CODE = re.compile(r"(?<![0-9.])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")


def classify(action: str, status: str, text: str) -> str | None:
    """Return the kind of event for a report's Action and Status and the server's reply; None if it reports no failure.

    It is a hard bounce only if every meaningful code says so.
    """
    if action in ("relayed", "expanded"):
        return None
    if action == "delivered":
        return "delivered"
    codes = [code for code in (*_CODE.findall(status), *_CODE.findall(text)[:3]) if not code.endswith(".0.0")]
    kinds = {kind for code in codes if (kind := _kind_of_code(code))}
    if action == "delayed" or (not action and kinds == {"deferred"}):
        return "deferred"
    if kinds:
        return kinds.pop() if len(kinds) == 1 else "blocked"
    lower = text.lower()
    by_phrase = next((kind for phrase, kind in PHRASES if phrase in lower), None)
    return by_phrase or ("deferred" if status.startswith("4") else "blocked")


def _kind_of_code(code: str) -> str | None:
    return next((kind for prefix, kind in CODES if code.startswith(prefix)), None)
