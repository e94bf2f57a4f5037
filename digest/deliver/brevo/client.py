"""Send batches by Brevo (https://developers.brevo.com/reference/send-transac-email), and cancel scheduled ones.

An idempotency key makes a repetition harmless for a quarter of an hour. It consists of values that stay the same when
an interrupted run is repeated (ledger, edition, batch), without the attempt. Brevo compares only the key, so it also
recognises a batch from which somebody unsubscribed in between.

A scheduled attempt has an id of ours by which it can be cancelled. Its key contains that id, because a batch that is
sent again after a cancellation must not be recognised. Therefore a scheduled attempt of an interrupted run is
cancelled, not repeated.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from urllib.parse import quote

from digest.deliver.brevo.account import find_attempt, find_missing_capabilities, find_problem
from digest.deliver.brevo.payload import request_body
from digest.deliver.brevo.responses import read_response
from digest.deliver.http_client import HttpClient, HttpResponse, RequestNotSent, ResponseUnknown
from digest.deliver.outcome import Accepted, NotSent, Outcome, Rejected, Unknown
from digest.deliver.ports import RecipientLog, Recovery
from digest.mail.message import Outgoing, invalid_recipients
from digest.models import split_variant

_SEND = "/v3/smtp/email"
# Seconds before a call without an answer is repeated with its key.
_PAUSES = (0.5, 2.0)
# The last repetition begins at most this many seconds after the first call, so that it ends in time.
_REPEAT_WITHIN = 60.0
_NAMESPACE = uuid.UUID("1d8ce1a5-51f5-4c3f-a0c8-f2a5bf5c6a0e")


class Brevo:
    """`host` is the API's root, and `sender` the From address that `probe` checks.

    `realm` names the ledger: two newsletters that share an account must not share keys.
    """

    name = "brevo"
    recovery: Recovery = "redo"
    # Brevo documents no deadline. This is SendGrid's, with time for the request.
    cancel_deadline = timedelta(minutes=12)
    # Brevo allows a hundred calls an hour to this endpoint on most plans; half are left to others.
    max_open_cancellations = 50

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
            "api-key": key,
            "User-Agent": "hindi-digest",
            "Accept": "application/json",
            "Content-Type": "application/json; charset=utf-8",
        }
        self.host, self.realm, self.sender = host, realm, sender
        self.http = HttpClient(host, timeout=timeout)
        self.pause = pause or self.http.registry.pause

    def submit(self, outgoing: Outgoing, log: RecipientLog) -> Outcome:
        if invalid := invalid_recipients(outgoing.recipients):
            return Rejected(invalid)
        if outgoing.images:
            hint = "set `theme.images` to `pages`, or `theme.max_images` to 0"
            return NotSent(f"brevo cannot show attached images in an email; {hint}", permanent=True)
        try:
            body = request_body(outgoing, self._key(outgoing))
        except TypeError as error:
            # Half of a surrogate pair.
            return NotSent(f"cannot encode the email as JSON: {error}", permanent=True)
        began = time.monotonic()
        unknown: Unknown | None = None
        pauses = iter(_PAUSES)
        while True:
            outcome = self._post(body, outgoing)
            if isinstance(outcome, Unknown):
                unknown = outcome
            elif unknown is None or isinstance(outcome, Accepted):
                return outcome
            # A refusal does not reveal the outcome of an earlier call without a response.
            pause = next(pauses, None)
            if pause is None or log.should_stop() or time.monotonic() - began + pause > _REPEAT_WITHIN:
                return unknown
            self.pause(pause)

    def new_schedule_id(self) -> str | NotSent:
        """Return a new id of ours, which Brevo accepts."""
        return str(uuid.uuid4())

    def cancel(self, schedule_id: str) -> bool:
        """Cancel a scheduled call. Brevo confirms only known ids: a call with an unknown id may still arrive."""
        try:
            response = self.http.delete(f"{_SEND}/{quote(schedule_id, safe='')}", self.headers)
        except (RequestNotSent, ResponseUnknown):
            return False
        return response.status == 204

    def find_in_log(self, attempt: str, emails: Sequence[str]) -> bool:  # noqa: ARG002
        return find_attempt(self._get, attempt)

    def probe(self) -> str | None:
        problem = find_problem(self._get, self.sender)
        return f"brevo {self.host}: {problem}" if problem else None

    def missing_capabilities(self) -> tuple[str, ...]:
        return find_missing_capabilities(self._get)

    def close(self) -> None:
        self.http.close()

    def abort(self) -> None:
        self.http.abort()

    def _key(self, outgoing: Outgoing) -> str:
        # A test is not a batch of the ledger, and has a separate name.
        parts = [self.realm, outgoing.edition, outgoing.batch, outgoing.schedule_id or ""]
        # A corrected email is not a repetition of the earlier one. A batch that may have been sent is repeated
        # unchanged.
        if (revision := split_variant(outgoing.email.variant)[1]) > 1:
            parts.append(f"revision {revision}")
        return str(uuid.uuid5(_NAMESPACE, "\0".join(parts)))

    def _post(self, body: bytes, outgoing: Outgoing) -> Outcome:
        try:
            response = self.http.post(_SEND, body, self.headers)
        except RequestNotSent as error:
            return NotSent(f"brevo {self.host}: {error}")
        except ResponseUnknown as error:
            return Unknown(f"brevo {self.host}: no complete response: {error}")
        return read_response(response, outgoing.recipients)

    def _get(self, path: str) -> HttpResponse:
        return self.http.get(path, self.headers)
