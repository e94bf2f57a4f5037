"""Mail that comes back: delivery reports (RFC 3464, and qmail's and Exchange's own), complaints (RFC 5965), and readers
who leave by mail. Pure.

A report is anybody's word. Whose letter it is about is told by what only we could have signed: the words in the
letter's List-Unsubscribe, which a report returns, or in the envelope's address; else by Message-ID and recipient.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from digest.events.bounce_words import (
    ADDRESS,
    COPIES,
    FAILED,
    QMAIL,
    QMAIL_PARAGRAPH,
    WORST_FIRST,
    classify,
)
from digest.events.event import one_line
from digest.events.mail import Headers, Part, fields, first, read, received_at, split

_REPORTS = ("message/delivery-status", "message/global-delivery-status")
_RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers")
_ENVELOPE = ("delivered-to", "x-original-to", "envelope-to", "to")
_SIGNED = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{20,60}(?![A-Za-z0-9_-])")
_LEAVE = re.compile(r"\s*unsubscribe[ +]+([A-Za-z0-9_-]{20,60})\s*\Z", re.I)
_COMPLAINTS = {
    "abuse": "complained",
    "fraud": "complained",
    "virus": "complained",
    "opt-out": "left",
    "opt-out-list": "left",
}
_MOST = 20  # recipients, words, addresses of one mail


@dataclass(frozen=True, slots=True)
class Status:
    """What a report says of one recipient; `address` may be '' and need not be the one that we wrote to."""

    kind: str
    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """`said` worst first. `envelope` are the addresses that the mail came to; `signed` are words that may be ours;
    `message_ids` are those of the letter that it is about; `at` is when it came in, where that is told."""

    said: tuple[Status, ...]
    envelope: tuple[str, ...] = ()
    signed: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    at: datetime | None = None


def read_report(data: bytes) -> DeliveryReport | None:
    """What a mail reports; None for one that is no report: an answer out of the office, a letter to the desk."""
    headers, parts = read(data)
    leaving = _LEAVE.match(first(headers, "subject"))
    said = _delivery(parts) or _complaint(parts)
    if not said and leaving:
        return DeliveryReport((Status("left", "", "by mail"),), signed=(leaving[1],), at=received_at(headers))
    text = next((part.text for part in parts if part.kind == "text/plain"), "") if not said else ""
    said = said or _qmail(text) or _free(headers, text)
    if not said:
        return None
    returned = _returned(parts, text)
    envelope = [found for name in _ENVELOPE for value in headers.get(name, ()) for found in ADDRESS.findall(value)]
    return DeliveryReport(
        tuple(sorted(said, key=_gravity)),
        envelope=tuple(envelope[:_MOST]),
        signed=tuple(_SIGNED.findall(" ".join(returned.get("list-unsubscribe", ())))[:_MOST]),
        message_ids=tuple(value.strip("<> ") for value in returned.get("message-id", ())[:_MOST]),
        at=received_at(headers),
    )


def _delivery(parts: Sequence[Part]) -> list[Status]:
    """The recipients of a delivery report: groups of fields between empty lines, the first about the whole mail."""
    found = []
    for part in parts:
        if part.kind not in _REPORTS:
            continue
        for group in re.split(r"\n[ \t]*\n", part.text)[:_MOST]:
            of = fields(group)
            if "action" not in of and "status" not in of:
                continue
            recipient = _address(of, "original-recipient") or _address(of, "final-recipient")
            diagnostic, status = first(of, "diagnostic-code"), first(of, "status")
            kind = classify(first(of, "action").lower().split(" ")[0], status, diagnostic)
            if kind:
                found.append(Status(kind, recipient, one_line(f"{status.split(' ')[0]} {diagnostic}")))
    return found


def _complaint(parts: Sequence[Part]) -> list[Status]:
    for part in parts:
        if part.kind == "message/feedback-report":
            of = fields(part.text)
            sort = first(of, "feedback-type").lower()
            if sort in _COMPLAINTS:
                where = first(of, "reported-domain")
                return [Status(_COMPLAINTS[sort], _address(of, "original-rcpt-to"), one_line(f"{sort} {where}"))]
    return []


def _qmail(text: str) -> list[Status]:
    """qmail-send's bounce format (QSBMF): a paragraph a recipient, no MIME."""
    if not QMAIL.search(text[:2000]):
        return []
    report = text.partition(COPIES[0])[0]
    return [
        Status(classify("failed", "", why), address, one_line(why))
        for address, why in QMAIL_PARAGRAPH.findall(report)[:_MOST]
    ]


def _free(headers: Headers, text: str) -> list[Status]:
    """A failure told in prose: by a mailer daemon, in a subject or first lines that speak of one. `X-Failed-Recipients`
    is Exim's and Gmail's."""
    author = first(headers, "from").lower()
    daemon = "mailer-daemon" in author or "postmaster" in author or first(headers, "return-path") == "<>"
    if not daemon or not FAILED.search(f"{first(headers, 'subject')} {text[:2000]}"):
        return []
    why = text[:4000]
    named = ADDRESS.findall(first(headers, "x-failed-recipients")) or ADDRESS.findall(why)
    return [Status(classify("", "", why), address, one_line(why)) for address in dict.fromkeys(named[:_MOST])]


def _returned(parts: Sequence[Part], text: str) -> Headers:
    """The headers of the letter that came back, whole or in part: a part of its own, or after the report's text."""
    for part in parts:
        if part.kind in _RETURNED:
            return split(part.body.lstrip(b"\r\n"))[0]
    for mark in COPIES:
        if mark in text:
            return split(text.partition(mark)[2].lstrip("\n").encode())[0]
    return {}


def _address(of: Headers, name: str) -> str:
    """`rfc822; asha@example.com`, with or without brackets."""
    found = ADDRESS.search(first(of, name).rpartition(";")[2])
    return found[0] if found else ""


def _gravity(said: Status) -> int:
    return WORST_FIRST.index(said.kind) if said.kind in WORST_FIRST else 0
