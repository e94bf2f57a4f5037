"""Send batches by Amazon SES v2 (https://docs.aws.amazon.com/ses/latest/APIReference-V2/Welcome.html).

An attempt is one call with at most 50 recipients; the rest of the batch is returned as not sent. SES has neither
idempotency keys nor cancellations, so a call without a response is unknown until an event settles it.
"""

from __future__ import annotations

from digest.deliver.http_client import HttpClient, HttpResponse, RequestNotSent, ResponseUnknown
from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Unknown
from digest.deliver.ports import RecipientLog, Recovery
from digest.deliver.ses.account import find_missing_capabilities, find_problem, selectors
from digest.deliver.ses.payload import UnsafeTemplate, request_body
from digest.deliver.ses.responses import read_response
from digest.deliver.ses.signature import RequestSigner
from digest.mail.message import Outgoing, invalid_recipients

_RECIPIENTS_PER_CALL = 50
_SEND = "/v2/email/outbound-bulk-emails"


class Ses:
    """`host` is the API's root, and `sender` the From address that `probe` checks.

    `per_second` is the limit that the settings set.
    """

    name = "ses"
    recovery: Recovery = "hold"

    def __init__(
        self,
        signer: RequestSigner,
        *,
        host: str,
        sender: str,
        configuration_set: str | None = None,
        per_second: int | None = None,
        timeout: float = 30.0,
    ) -> None:
        self._signer = signer
        self.host, self.sender, self.configuration_set = host, sender, configuration_set
        self.per_second = per_second
        self.http = HttpClient(host, timeout=timeout)

    # All transports have the same signature.
    def submit(self, outgoing: Outgoing, log: RecipientLog) -> Outcome:  # noqa: ARG002
        if invalid := invalid_recipients(outgoing.recipients):
            return Rejected(invalid)
        recipients = tuple(outgoing.recipients[:_RECIPIENTS_PER_CALL])
        try:
            body = request_body(outgoing, recipients, self.configuration_set)
        except UnsafeTemplate as error:
            return NotSent(str(error), permanent=True)
        except TypeError as error:
            # Half of a surrogate pair.
            return NotSent(f"cannot encode the email as JSON: {error}", permanent=True)
        outcome: Outcome
        try:
            outcome = read_response(self.http.post(_SEND, body, self._headers("POST", _SEND, body)), recipients)
        except RequestNotSent as error:
            outcome = NotSent(f"ses {self.host}: {error}")
        except ResponseUnknown as error:
            outcome = Unknown(f"ses {self.host}: no complete response: {error}")
        if len(recipients) == len(outgoing.recipients):
            return outcome
        ids = [recipient.id for recipient in recipients]
        match outcome:
            case Accepted():
                return PerRecipient(accepted=frozenset(ids))
            case Unknown(reason):
                return PerRecipient(unknown=dict.fromkeys(ids, reason), not_sent_reason=reason)
            case _:
                # Nobody else is sent to.
                return outcome

    def probe(self) -> str | None:
        problem = find_problem(self._get, self.sender, self.configuration_set)
        return f"ses {self.host}: {problem}" if problem else None

    def missing_capabilities(self) -> tuple[str, ...]:
        return find_missing_capabilities(
            self._get, configuration_set=self.configuration_set, per_second=self.per_second
        )

    def dkim_selectors(self, domain: str) -> tuple[str, ...]:
        return selectors(self._get, domain)

    def close(self) -> None:
        self.http.close()

    def abort(self) -> None:
        self.http.abort()

    def _headers(self, method: str, path: str, body: bytes = b"") -> dict[str, str]:
        signed = self._signer.headers(method, self.host + path, body)
        return {**signed, "User-Agent": "hindi-digest", "Accept": "application/json"}

    def _get(self, path: str) -> HttpResponse:
        return self.http.get(path, self._headers("GET", path))
