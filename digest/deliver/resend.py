"""Send batches by Resend (https://resend.com/docs/api-reference), whose idempotency keys make a repetition harmless.

An attempt is one call with at most 100 recipients. The rest of the batch is returned as not sent. The key consists of
values that stay the same when an interrupted run is repeated (ledger, edition, batch), without the attempt; the body
contains no time and no attempt either. Resend then repeats its first response, and nobody is mailed twice. The key must
not depend on the recipients: if one of them unsubscribes in between, the body differs, Resend refuses it under the old
key (409), and the outcome is unknown. A key made from the recipients would be new, and would mail the others again. Two
calls in one attempt would break this: a repetition that stops after the first call would report the second as not sent,
although the interrupted run may have made it. Calls for many recipients take no attachments. An email with images is
therefore sent recipient by recipient. Its key is made from the recipient, so splitting the batch does not change it.
"""

from __future__ import annotations

import base64
import hashlib
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from digest.deliver.api import ApiTransport, cannot_encode
from digest.deliver.http_client import HttpResponse
from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Split, Unknown
from digest.deliver.ports import RecipientLog, Recovery
from digest.mail.headers import common_headers, encode_address
from digest.mail.message import Outgoing, Recipient, invalid_recipients, list_headers, substitute, without_controls
from digest.mail.mime import file_name
from digest.models import split_variant

_RECIPIENTS_PER_CALL = 100
# Seconds before the same call is repeated.
_PAUSES = (0.5, 1.0, 2.0)
# Longer waits are left to the sender.
_MAX_PAUSE = 10.0
_NOT_IN_TAG = re.compile(r"[^A-Za-z0-9_-]")

CallOutcome = PerRecipient | Split | NotSent | Unknown


class Resend(ApiTransport):
    """Resend's API. `realm` names the ledger: two newsletters that share an account must not share keys.

    Resend keeps keys for a day, so an older attempt cannot be repeated. An account may make two calls per second unless
    Resend allows it more (https://resend.com/docs/api-reference/rate-limit).
    """

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
        calls_per_second: float = 2.0,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self.headers = {
            "Authorization": f"Bearer {key}",
            # Resend refuses requests without one.
            "User-Agent": "hindi-digest",
            "Accept": "application/json",
            "Content-Type": "application/json; charset=utf-8",
        }
        super().__init__(host=host, sender=sender, timeout=timeout)
        self.realm = realm
        self.pause = pause or self.http.registry.pause
        self._interval = 1 / calls_per_second
        self._lock = threading.Lock()
        # When the next call may be made, on the monotonic clock.
        self._next_call = 0.0

    def submit(self, outgoing: Outgoing, log: RecipientLog) -> Outcome:
        if invalid := invalid_recipients(outgoing.recipients):
            return Rejected(invalid)
        tally = _Tally(tuple(outgoing.recipients))
        for name, recipients in _calls(outgoing):
            if log.should_stop():
                break
            emails = [_email(outgoing, recipient) for recipient in recipients]
            try:
                body = orjson.dumps(emails[0] if outgoing.images else emails)
            except TypeError as error:
                tally.add(recipients, cannot_encode(error))
                break
            path = "/emails" if outgoing.images else "/emails/batch"
            key = _key(self.realm, outgoing.edition, name)
            if not tally.add(recipients, self._call(path, body, key, recipients, log)):
                break
        return tally.outcome()

    def _call(
        self, path: str, body: bytes, key: str, recipients: tuple[Recipient, ...], log: RecipientLog
    ) -> CallOutcome:
        """Make one call, and repeat it with its key until the outcome is known or the attempts are used up."""
        unknown: Unknown | None = None
        pauses = iter(_PAUSES)
        while True:
            self._wait_for_turn()
            headers = {**self.headers, "Idempotency-Key": key, "x-batch-validation": "permissive"}
            response = self._post(path, body, headers)
            outcome = read_response(response, recipients) if isinstance(response, HttpResponse) else response
            if isinstance(outcome, PerRecipient):
                return outcome
            asked = outcome.retry_after if isinstance(outcome, NotSent) else None
            if isinstance(outcome, Unknown):
                unknown = outcome
            elif unknown is None and (asked is None or asked > _MAX_PAUSE):
                return outcome
            pause = next(pauses, None)
            if pause is None or log.should_stop():
                return unknown or outcome
            self.pause(max(pause, min(asked or 0.0, _MAX_PAUSE)))

    def _wait_for_turn(self) -> None:
        """Keep to Resend's rate limit across all threads of this process. A 429 reveals calls of other processes."""
        with self._lock:
            now = time.monotonic()
            at = max(now, self._next_call)
            self._next_call = at + self._interval
        if at > now:
            self.pause(at - now)

    def _find_problem(self) -> str | None:
        response = self.http.get("/domains", self.headers)
        if error_name(response) == "restricted_api_key":
            # The key may only send, so the domain cannot be checked.
            return None
        if response.status in (400, 401, 403):
            hint = "check the environment variable that holds it"
            return f"the key is refused ({response.status}); {hint}{detail(response)}"
        found = response.json()
        rows = found.get("data") if isinstance(found, dict) else None
        if response.status != 200 or not isinstance(rows, list):
            return f"the list of domains was answered with {response.status}{detail(response)}"
        domain = self.sender.rpartition("@")[2].lower()
        verified = {row.get("name") for row in rows if isinstance(row, dict) and row.get("status") == "verified"}
        if domain in verified or found.get("has_more"):
            return None
        return f"the sender's domain {domain} is not verified (resend.com/domains)"


def _calls(outgoing: Outgoing) -> list[tuple[str, tuple[Recipient, ...]]]:
    """Return the calls of this attempt: (name that is unique within the edition, recipients)."""
    # A corrected email is not a repetition of the earlier one. A batch that may have been sent is repeated unchanged.
    number = split_variant(outgoing.email.variant)[1]
    revision = f" revision {number}" if number > 1 else ""
    if not outgoing.images:
        return [(f"batch {outgoing.batch}{revision}", tuple(outgoing.recipients[:_RECIPIENTS_PER_CALL]))]
    # A test is not a batch of the ledger, and may be repeated.
    test = "" if outgoing.batch.isdigit() else outgoing.batch
    return [(f"recipient {recipient.id} {test}{revision}", (recipient,)) for recipient in outgoing.recipients]


def _key(*parts: str) -> str:
    return "digest-" + hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:48]


@dataclass
class _Tally:
    """The outcomes of a batch's recipients, collected call by call."""

    recipients: tuple[Recipient, ...]
    accepted: set[int] = field(default_factory=set)
    rejected: dict[int, str] = field(default_factory=dict)
    unknown: dict[int, str] = field(default_factory=dict)
    # The outcome for all others.
    rest: NotSent | Split = field(default_factory=lambda: NotSent(""))

    def add(self, recipients: tuple[Recipient, ...], outcome: CallOutcome) -> bool:
        """Add a call. Return whether the next one may be made: not if the provider did not answer."""
        match outcome:
            case PerRecipient():
                self.accepted |= outcome.accepted
                self.rejected |= outcome.rejected
                return True
            case Unknown(reason):
                self.unknown = dict.fromkeys((recipient.id for recipient in recipients), reason)
            case _:
                self.rest = outcome
        return False

    def outcome(self) -> Outcome:
        settled = len(self.accepted) + len(self.rejected) + len(self.unknown)
        if len(self.accepted) == len(self.recipients):
            return Accepted()
        if not settled:
            return self.rest
        if len(self.unknown) == len(self.recipients):
            # The batch stays whole, so its key does not change.
            return Unknown(next(iter(self.unknown.values())))
        rest = self.rest
        return PerRecipient(
            frozenset(self.accepted),
            self.rejected,
            self.unknown,
            not_sent_reason=rest.reason or next(iter(self.unknown.values()), ""),
            retry_after=rest.retry_after if isinstance(rest, NotSent) else None,
            permanent=isinstance(rest, NotSent) and rest.permanent,
        )


def _email(outgoing: Outgoing, recipient: Recipient) -> dict[str, Any]:
    rendered, sender, values = outgoing.email, outgoing.sender, recipient.values
    email: dict[str, Any] = {
        "from": " ".join(encode_address(sender.name, sender.email, room=45)),
        "to": [recipient.email],
        "subject": without_controls(substitute(rendered.subject, values)),
        "text": substitute(rendered.text, values),
        "headers": {
            **common_headers(sender, outgoing.edition, rendered.variant),
            "List-Unsubscribe": list_headers(recipient)["List-Unsubscribe"],
        },
        "tags": [
            {"name": name, "value": _NOT_IN_TAG.sub("_", value)}
            for name, value in (
                ("dg_edition", outgoing.edition),
                ("dg_delivery", str(recipient.id)),
            )
        ],
    }
    if rendered.html:
        email["html"] = substitute(rendered.html, values)
    if sender.reply_to:
        email["reply_to"] = [sender.reply_to]
    if outgoing.images:
        email["attachments"] = [
            {
                "content": base64.b64encode(image.data).decode("ascii"),
                "filename": file_name(image),
                "content_type": image.type,
                "content_id": image.cid,
            }
            for image in outgoing.images
        ]
    return email


# Another call with the same idempotency key is running, or its body differed.
_KEY_CONFLICTS = ("concurrent_idempotent_requests", "invalid_idempotent_request")
_QUOTA_ERRORS = ("daily_quota_exceeded", "monthly_quota_exceeded")


def read_response(
    response: HttpResponse, recipients: tuple[Recipient, ...]
) -> PerRecipient | Split | NotSent | Unknown:
    """Return the outcome of a call. It is Unknown if repeating the call with its key may succeed."""
    status, name = response.status, error_name(response)
    reason = f"resend answered {status}{detail(response)}"
    if status == 200:
        outcome = _read_success(response, recipients)
        return Unknown(f"{reason}, and not for every email") if outcome is None else outcome
    if status == 429:
        if name in _QUOTA_ERRORS:
            return NotSent(reason, permanent=True)
        return NotSent(reason, retry_after=response.retry_after() or 1.0)
    if name in _KEY_CONFLICTS or status >= 500 or status < 300:
        return Unknown(reason)
    if status == 413:
        return Split(reason) if len(recipients) > 1 else NotSent(reason, permanent=True)
    if status == 422 and len(recipients) == 1 and "`to`" in detail(response):
        return PerRecipient(rejected={recipients[0].id: detail(response).removeprefix(": ")})
    if 300 <= status < 400 or response.is_html or name or status in (401, 403, 404, 405, 451):
        return NotSent(reason, permanent=True)
    return Unknown(reason)


def _read_success(response: HttpResponse, recipients: tuple[Recipient, ...]) -> PerRecipient | None:
    """Return the accepted and refused recipients of a 200 in permissive mode; None if it does not cover everyone."""
    found = response.json() if response.complete else None
    if not isinstance(found, dict):
        return None
    if "id" in found and len(recipients) == 1:
        return PerRecipient(frozenset((recipients[0].id,)))
    accepted, errors = found.get("data"), found.get("errors") or []
    if not isinstance(accepted, list) or not isinstance(errors, list):
        return None
    if len(accepted) + len(errors) != len(recipients):
        return None
    rejected = {}
    for error in errors:
        index = error.get("index") if isinstance(error, dict) else None
        if not isinstance(index, int) or not 0 <= index < len(recipients):
            return None
        rejected[recipients[index].id] = without_controls(str(error.get("message") or "refused by resend"))[:300]
    return PerRecipient(frozenset(each.id for each in recipients if each.id not in rejected), rejected)


def error_name(response: HttpResponse) -> str | None:
    """Return Resend's name for the error."""
    return response.field("name")


def detail(response: HttpResponse) -> str:
    """Return `: ` and the error message of the response, if it has one."""
    message = without_controls(response.field("message") or "")[:300]
    return f": {message}" if message else ""
