"""What mail servers say when they can't or won't deliver: tables, each row with the kind of event that it means.

Only "there is no such mailbox" bars an address. A full mailbox, a policy, a reputation or a time-out says nothing about
it, so whatever is not clearly the former is `blocked`, which merely counts.
"""

from __future__ import annotations

import re

CODES = (  # RFC 3463, by prefix; the first that fits counts
    ("5.1.7", "blocked"),  # the sender's address
    ("5.1.8", "blocked"),
    ("5.1.", "bounced"),
    ("5.2.1", "bounced"),
    ("5.", "blocked"),
    ("4.", "deferred"),
    ("2.", "delivered"),
)
PHRASES = (  # where there is no code of any use
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
    ("wasn't found at", "bounced"),  # Exchange Online
    ("host or domain name not found", "bounced"),
)
WORST_FIRST = ("bounced", "blocked", "deferred", "delivered")

QMAIL = re.compile(r"^Hi\. This is the\b", re.M)
QMAIL_PARAGRAPH = re.compile(r"^<([^<>\s]{3,254})>:\n((?:[^\n]+\n?){1,20})", re.M)
COPIES = (
    "--- Below this line is a copy of the message.",  # qmail
    "This is a copy of the message, including all the headers. ------",  # Exim
    "Original message headers:",  # Exchange
    "Original Message Headers",
)
"""Lines after which the letter that came back stands in the report's text."""
FAILED = re.compile(
    r"deliver(?:y|ed)?[^.]{0,40} (?:fail|could ?n[o']t|not possible)|failed to deliver|failure notice|undeliver"
    r"|returned to sender|could ?n[o']t be delivered|delivery status notification|did not reach",
    re.I,
)
"""Words of mails about a failure, in their subject or first lines."""

ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_CODE = re.compile(r"(?<![0-9.])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")


def classify(action: str, status: str, text: str) -> str:
    """The kind of event, from a report's Action and Status and what the server said; '' for nothing of note. An address
    is dead only where every code that means anything says so."""
    if action in ("relayed", "expanded"):
        return ""
    if action == "delivered":
        return "delivered"
    codes = [code for code in (*_CODE.findall(status), *_CODE.findall(text)[:3]) if not code.endswith(".0.0")]
    kinds = {kind for code in codes for kind in [_by_table(code)] if kind}
    if action == "delayed" or (not action and kinds == {"deferred"}):
        return "deferred"
    if kinds:
        return kinds.pop() if len(kinds) == 1 else "blocked"
    said = text.lower()
    known = next((kind for phrase, kind in PHRASES if phrase in said), "")
    if known:
        return known
    return "deferred" if status.startswith("4") else "blocked"


def _by_table(code: str) -> str:
    return next((kind for prefix, kind in CODES if code.startswith(prefix)), "")
