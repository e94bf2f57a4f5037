"""Hands batches to Resend (https://resend.com/docs/api-reference), whose idempotency key makes a repeat harmless.

An attempt is one call, of at most a hundred readers; what a batch holds beyond that goes back as not sent. Its key is
made of what stays the same when a killed run is redone (ledger, edition, batch), never of the attempt, and the body
holds no time and no attempt either: the same call again is answered as it was the first time, and nobody is mailed
twice. The key is not made of the readers: when one of them leaves in between, the body differs, Resend refuses it under
the old key (409), and the call is unknown. A key made of the readers would be a new one, and mail the others again.

Two calls in one attempt would break this: a redo that stops at the first would call the second one not sent, which the
killed run may have made. A letter with pictures goes reader by reader, for a batch call takes none, and the key is
then made of the reader, which no split changes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from digest.deliver.headers import common_headers, encode_address
from digest.deliver.message import Outgoing, Recipient, invalid_recipients, list_headers, one_line, substitute
from digest.deliver.mime import file_name
from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Split, Unknown
from digest.deliver.ports import RecipientLog, Recovery
from digest.deliver.transports.resend_answers import detail, error_name, read_reply
from digest.deliver.wire import HttpClient, RequestNotSent, ResponseUnknown

_CALL = 100
_PAUSES = (0.5, 1.0, 2.0)  # before the same call is made again
_PATIENCE = 10.0  # a longer wait is the run's affair
_TAG = re.compile(r"[^A-Za-z0-9_-]")


class Resend:
    """`host` is the API's root, `sender` the From address that `probe` asks about. `realm` names the ledger: two that
    share an account must not share keys. Keys are kept for a day: an attempt older than that can't be redone."""

    name = "resend"
    recovery: Recovery = "redo"

    def __init__(
        self,
        key: str,
        *,
        host: str,
        realm: str,
        sender: str,
        timeout: float = 30.0,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self.headers = {
            "Authorization": f"Bearer {key}",
            "User-Agent": "hindi-digest",  # without one Resend refuses
            "Accept": "application/json",
            "Content-Type": "application/json; charset=utf-8",
        }
        self.host, self.realm, self.sender = host, realm, sender
        self.wire = HttpClient(host, timeout=timeout)
        self.pause = pause or self.wire.lines.pause

    def submit(self, outgoing: Outgoing, log: RecipientLog) -> Outcome:
        if bad := invalid_recipients(outgoing.recipients):
            return Rejected(bad)
        tally = _Tally(tuple(outgoing.recipients))
        for name, readers in _calls(outgoing):
            if log.should_stop():
                break
            emails = [_email(outgoing, reader) for reader in readers]
            try:
                body = orjson.dumps(emails[0] if outgoing.pictures else emails)
            except TypeError as error:  # half of a surrogate pair
                tally.add(readers, NotSent(f"the letter can't be written as JSON: {error}", permanent=True))
                break
            path = "/emails" if outgoing.pictures else "/emails/batch"
            key = _key(self.realm, outgoing.edition, name)
            if not tally.add(readers, self._call(path, body, key, readers, log)):
                break
        return tally.outcome()

    def probe(self) -> str:
        problem = self._problem()
        return f"resend {self.host}: {problem}" if problem else ""

    def close(self) -> None:
        self.wire.close()

    def abort(self) -> None:
        self.wire.abort()

    def _call(
        self, path: str, body: bytes, key: str, readers: tuple[Recipient, ...], log: RecipientLog
    ) -> PerRecipient | Split | NotSent | Unknown:
        """One call, made again under its key until the outcome is known or patience ends."""
        doubt: Unknown | None = None
        pauses = iter(_PAUSES)
        while True:
            outcome: PerRecipient | Split | NotSent | Unknown
            try:
                reply = self.wire.post(
                    path, body, {**self.headers, "Idempotency-Key": key, "x-batch-validation": "permissive"}
                )
                outcome = read_reply(reply, readers)
            except RequestNotSent as error:
                outcome = NotSent(f"resend {self.host}: {error}")
            except ResponseUnknown as error:
                outcome = Unknown(f"resend {self.host}: no whole answer came: {error}")
            if isinstance(outcome, PerRecipient):
                return outcome
            asked = outcome.retry_after if isinstance(outcome, NotSent) else None
            if isinstance(outcome, Unknown):
                doubt = outcome
            elif doubt is None and (asked is None or asked > _PATIENCE):
                return outcome
            pause = next(pauses, None)
            if pause is None or log.should_stop():
                return doubt or outcome
            self.pause(max(pause, min(asked or 0.0, _PATIENCE)))

    def _problem(self) -> str:
        try:
            reply = self.wire.get("/domains", self.headers)
        except (RequestNotSent, ResponseUnknown) as error:
            return str(error)
        if error_name(reply) == "restricted_api_key":
            return ""  # it may send, and see nothing else: the domain can't be told
        if reply.status in (400, 401, 403):
            return f"the key is refused ({reply.status}); check the environment variable that holds it{detail(reply)}"
        found = reply.json()
        rows = found.get("data") if isinstance(found, dict) else None
        if reply.status != 200 or not isinstance(rows, list):
            return f"it was asked for its domains and answered {reply.status}{detail(reply)}"
        domain = self.sender.rpartition("@")[2].lower()
        verified = {row.get("name") for row in rows if isinstance(row, dict) and row.get("status") == "verified"}
        if domain in verified or found.get("has_more"):
            return ""
        return f"the domain {domain} of the sender is not verified (resend.com/domains)"


def _calls(outgoing: Outgoing) -> list[tuple[str, tuple[Recipient, ...]]]:
    """This attempt's calls: what names each within its edition, and its readers."""
    if not outgoing.pictures:
        return [(f"batch {outgoing.batch}", tuple(outgoing.recipients[:_CALL]))]
    # A test is no batch of the ledger, and may be repeated.
    test = "" if outgoing.batch.isdigit() else outgoing.batch
    return [(f"reader {reader.id} {test}", (reader,)) for reader in outgoing.recipients]


def _key(*told: str) -> str:
    return "digest-" + hashlib.sha256("\0".join(told).encode("utf-8", "replace")).hexdigest()[:48]


@dataclass
class _Tally:
    """What has become of a batch's readers, call after call."""

    readers: tuple[Recipient, ...]
    accepted: set[int] = field(default_factory=set)
    rejected: dict[int, str] = field(default_factory=dict)
    unknown: dict[int, str] = field(default_factory=dict)
    left: NotSent | Split = field(default_factory=lambda: NotSent(""))

    def add(self, readers: tuple[Recipient, ...], outcome: PerRecipient | Split | NotSent | Unknown) -> bool:
        """Whether the next call may be made: a provider that did not answer is not asked for more."""
        match outcome:
            case PerRecipient():
                self.accepted |= outcome.accepted
                self.rejected |= outcome.rejected
                return True
            case Unknown(reason):
                self.unknown = dict.fromkeys((reader.id for reader in readers), reason)
            case _:
                self.left = outcome
        return False

    def outcome(self) -> Outcome:
        settled = len(self.accepted) + len(self.rejected) + len(self.unknown)
        if len(self.accepted) == len(self.readers):
            return Accepted()
        if not settled:
            return self.left
        if len(self.unknown) == len(self.readers):  # the batch stays one, and with it its key
            return Unknown(next(iter(self.unknown.values())))
        stop = isinstance(self.left, NotSent) and self.left.permanent
        asked = self.left.retry_after if isinstance(self.left, NotSent) else None
        reason = self.left.reason or next(iter(self.unknown.values()), "")
        return PerRecipient(frozenset(self.accepted), self.rejected, self.unknown, reason, asked, stop)


def _email(outgoing: Outgoing, reader: Recipient) -> dict[str, Any]:
    letter, sender, values = outgoing.letter, outgoing.sender, reader.values
    email: dict[str, Any] = {
        "from": " ".join(encode_address(sender.name, sender.email, room=45)),
        "to": [reader.email],
        "subject": one_line(substitute(letter.subject, values)),
        "text": substitute(letter.text, values),
        "headers": {
            **common_headers(sender, outgoing.edition, letter.variant),
            "List-Unsubscribe": list_headers(reader)["List-Unsubscribe"],
        },
        "tags": [
            {"name": name, "value": _TAG.sub("_", value)}
            for name, value in (
                ("dg_edition", outgoing.edition),
                ("dg_delivery", str(reader.id)),
            )
        ],
    }
    if letter.html:
        email["html"] = substitute(letter.html, values)
    if sender.reply_to:
        email["reply_to"] = [sender.reply_to]
    if outgoing.pictures:
        email["attachments"] = [
            {
                "content": base64.b64encode(picture.data).decode("ascii"),
                "filename": file_name(picture),
                "content_type": picture.type,
                "content_id": picture.cid,
            }
            for picture in outgoing.pictures
        ]
    return email
