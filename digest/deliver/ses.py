"""Send batches by Amazon SES v2 (https://docs.aws.amazon.com/ses/latest/APIReference-V2/Welcome.html).

An attempt is one call with at most 50 recipients; the rest of the batch is returned as not sent. SES has neither
idempotency keys nor cancellations, so a call without a response is unknown until an event settles it.

A call (https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendBulkEmail.html) has one entry for each recipient,
and a template within the request. Personal values are template data, personal headers are written out. SES escapes
nothing in HTML, so the values for HTML are escaped here. It silently drops an email if a name in the template has no
value, so every entry contains all values, and so do the defaults. Feedback-ID is left to SES, which sets its own.

A 200 has one result for each entry, in their order
(https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_BulkEmailEntryResult.html). Every status but SUCCESS means
that the entry was not sent.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import quote

import orjson

from digest.deliver.api import ApiTransport, cannot_encode
from digest.deliver.aws_signature import RequestSigner
from digest.deliver.http_client import HttpResponse, RequestNotSent, ResponseUnknown
from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Split, Unknown
from digest.deliver.ports import RecipientLog, Recovery
from digest.mail.headers import ONE_CLICK, common_headers, encode_address
from digest.mail.message import Outgoing, Recipient, invalid_recipients, list_headers, substitute, without_controls
from digest.mail.mime import file_name
from digest.models import PLACEHOLDERS, RenderedEmail

_RECIPIENTS_PER_CALL = 50
_SEND, _ACCOUNT = "/v2/email/outbound-bulk-emails", "/v2/email/account"
# A warning is shown if fewer emails are left in the day's quota.
_FEW = 1000


class Ses(ApiTransport):
    """SES's API. `per_second` is the limit that the settings set."""

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
        super().__init__(host=host, sender=sender, timeout=timeout)
        self._signer = signer
        self.configuration_set, self.per_second = configuration_set, per_second

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
            return cannot_encode(error)
        response = self._post(_SEND, body, self._headers("POST", _SEND, body))
        outcome = read_response(response, recipients) if isinstance(response, HttpResponse) else response
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

    def missing_capabilities(self) -> tuple[str, ...]:
        missing = []
        if not self.configuration_set:
            missing.append("ses: 'delivery.ses.configuration_set' is not set: SES reports no bounces and complaints")
        try:
            account = self._get(_ACCOUNT).found()
        except (RequestNotSent, ResponseUnknown):
            # `probe` reports this error.
            return tuple(missing)
        if account.get("ProductionAccessEnabled") is False:
            missing.append("ses: the account is in the sandbox, and may only mail verified addresses")
        rate = _number(_quota(account).get("MaxSendRate"))
        if rate is not None and rate >= 1 and (self.per_second is None or self.per_second > rate):
            missing.append(
                f"ses: the account may send {rate:.0f} emails per second: set `delivery.rate.per_second` to it"
            )
        remaining = _quota_left(account)
        if remaining is not None and remaining < _FEW:
            missing.append(f"ses: {remaining:,} emails are left of the quota of 24 hours")
        return tuple(missing)

    def dkim_selectors(self, domain: str) -> tuple[str, ...]:
        try:
            attributes = self._identity(domain).found().get("DkimAttributes")
        except (RequestNotSent, ResponseUnknown):
            return ()
        tokens = attributes.get("Tokens") if isinstance(attributes, dict) else None
        return tuple(each for each in tokens if isinstance(each, str)) if isinstance(tokens, list) else ()

    def _find_problem(self) -> str | None:
        response = self._get(_ACCOUNT)
        account = response.found()
        if not account:
            refusal = refused_outright(response)
            if refusal is not None:
                return refusal.reason.removeprefix("ses ")
            return f"the account was answered with {response.status}{detail(response)}"
        if account.get("SendingEnabled") is False or account.get("EnforcementStatus") == "SHUTDOWN":
            return "sending is paused for the account (SES console, Account dashboard)"
        if _quota_left(account) == 0:
            return "the quota of the last 24 hours is used up"
        chosen = self.configuration_set
        if chosen and self._get(f"/v2/email/configuration-sets/{quote(chosen, safe='')}").status == 404:
            return f"there is no configuration set {chosen} (delivery.ses.configuration_set)"
        if self._is_verified() is False:
            return f"neither the sender {self.sender} nor its domain is verified (SES console, Identities)"
        return None

    def _is_verified(self) -> bool | None:
        """Whether the sender is verified; None if the key may not read identities."""
        for name in (self.sender.rpartition("@")[2].lower(), self.sender):
            response = self._identity(name)
            if response.status == 404:
                continue
            identity = response.found()
            if not identity:
                return None
            if identity.get("VerifiedForSendingStatus") is True:
                return True
        return False

    def _identity(self, name: str) -> HttpResponse:
        return self._get(f"/v2/email/identities/{quote(name, safe='')}")

    def _headers(self, method: str, path: str, body: bytes = b"") -> dict[str, str]:
        signed = self._signer.headers(method, self.host + path, body)
        return {**signed, "User-Agent": "hindi-digest", "Accept": "application/json"}

    def _get(self, path: str) -> HttpResponse:
        return self.http.get(path, self._headers("GET", path))


def _quota_left(account: dict[str, Any]) -> int | None:
    """Return the number of emails left in the quota of 24 hours; None if it is unlimited or unknown."""
    quota = _quota(account)
    most, sent = _number(quota.get("Max24HourSend")), _number(quota.get("SentLast24Hours"))
    return None if most is None or sent is None or most < 0 else max(int(most - sent), 0)


def _quota(account: dict[str, Any]) -> dict[str, Any]:
    quota = account.get("SendQuota")
    return quota if isinstance(quota, dict) else {}


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


# Placeholder of ours → name of the value. SES allows letters only, in templates within a request.
_NAMES = {
    PLACEHOLDERS["email_html"]: "emailHtml",
    PLACEHOLDERS["email_text"]: "emailText",
    PLACEHOLDERS["unsubscribe"]: "leave",
    PLACEHOLDERS["preferences"]: "preferences",
    PLACEHOLDERS["view"]: "view",
}
_TAGS = {placeholder: f"{{{{{name}}}}}" for placeholder, name in _NAMES.items()}
_DEFAULTS = orjson.dumps(dict.fromkeys(_NAMES.values(), "")).decode()
_NOT_IN_TAG = re.compile(r"[^A-Za-z0-9_-]")
_OFF = {"OpenTrackingEnabled": "DISABLED", "ClickTrackingEnabled": "DISABLED"}


class UnsafeTemplate(ValueError):
    """The email contains text that SES would read as template syntax."""


def request_body(outgoing: Outgoing, recipients: tuple[Recipient, ...], configuration_set: str | None) -> bytes:
    """Return the request. Entries are in the order of the recipients, because results have no address.

    Raises UnsafeTemplate, and TypeError for an email that is not valid Unicode (half of a surrogate pair).
    """
    sender, email = outgoing.sender, outgoing.email
    headers = common_headers(sender, outgoing.edition, email.variant)
    template: dict[str, Any] = {
        "TemplateContent": _content(email),
        "TemplateData": _DEFAULTS,
        "Headers": _headers({name: headers[name] for name in headers if name not in ("Feedback-ID", ONE_CLICK)}),
    }
    if outgoing.images:
        template["Attachments"] = [
            {
                "RawContent": base64.b64encode(image.data).decode("ascii"),
                "FileName": file_name(image),
                "ContentType": image.type,
                "ContentDisposition": "INLINE",
                "ContentId": image.cid,
                "ContentTransferEncoding": "BASE64",
            }
            for image in outgoing.images
        ]
    request: dict[str, Any] = {
        "FromEmailAddress": " ".join(encode_address(sender.name, sender.email, room=45)),
        "DefaultContent": {"Template": template},
        # Returned in every event.
        "DefaultEmailTags": _tags({"dg_edition": outgoing.edition, "dg_attempt": outgoing.attempt}),
        "BulkEmailEntries": [_entry(recipient) for recipient in recipients],
        "ConfigurationOverrides": {"Tracking": _OFF},
    }
    if sender.reply_to:
        request["ReplyToAddresses"] = [sender.reply_to]
    if configuration_set:
        request["ConfigurationSetName"] = configuration_set
    # As UTF-8: an escaped Devanagari letter takes twice the space, and a request may have one megabyte.
    return orjson.dumps(request)


@lru_cache(maxsize=16)
def _content(email: RenderedEmail) -> dict[str, str]:
    content = {
        "Subject": without_controls(email.subject),
        "Text": email.text,
        **({"Html": email.html} if email.html else {}),
    }
    for name, text in content.items():
        if "{{" in text:
            raise UnsafeTemplate(f"the {name.lower()} of the email contains {{{{, which SES would replace")
        content[name] = substitute(text, _TAGS)
    return content


def _entry(recipient: Recipient) -> dict[str, Any]:
    values = {
        "emailHtml": escape(recipient.email),
        "emailText": recipient.email,
        "leave": recipient.unsubscribe_token,
        "preferences": recipient.preferences_token,
        "view": recipient.view_token,
    }
    return {
        "Destination": {"ToAddresses": [recipient.email]},
        "ReplacementTags": _tags({"dg_delivery": str(recipient.id)}),
        "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": orjson.dumps(values).decode()}},
        "ReplacementHeaders": _headers(list_headers(recipient)),
    }


def _headers(headers: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in headers.items()]


def _tags(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": _NOT_IN_TAG.sub("_", value)} for name, value in values.items()]


# Seconds. SES names no time: it allows a number of emails per second, and one in the last 24 hours.
_NEXT_SECOND, _QUOTA = 1.0, 3600.0
# Statuses of an entry after which a retry may work → seconds to wait.
_LATER = {"ACCOUNT_THROTTLED": _NEXT_SECOND, "TRANSIENT_FAILURE": None, "FAILED": None}
_QUOTA_STATUS = "ACCOUNT_DAILY_QUOTA_EXCEEDED"
# Statuses that concern the account, its settings or the email.
_PERMANENT = frozenset(
    {
        "MESSAGE_REJECTED",
        "MAIL_FROM_DOMAIN_NOT_VERIFIED",
        "CONFIGURATION_SET_NOT_FOUND",
        "TEMPLATE_NOT_FOUND",
        "INVALID_SENDING_POOL_NAME",
        "ACCOUNT_SUSPENDED",
        "ACCOUNT_SENDING_PAUSED",
        "CONFIGURATION_SET_SENDING_PAUSED",
    }
)
_INVALID = "INVALID_PARAMETER"
# Errors of a whole call that no recipient causes.
_PERMANENT_ERRORS = (
    "AccountSuspendedException",
    "SendingPausedException",
    "MailFromDomainNotVerifiedException",
    "LimitExceededException",
    "MessageRejected",
    "NotFoundException",
)
# Words of an error about an address, of a recipient if the email is to one.
_ADDRESS = re.compile(r"\b(?:address|domain|recipient)\b", re.I)
_THROTTLED = ("TooManyRequestsException", "ThrottlingException", "Throttling")


def read_response(response: HttpResponse, recipients: Sequence[Recipient]) -> Outcome:
    """Return the outcome for these recipients, all of one call."""
    reason = f"ses answered {response.status}{detail(response)}"
    if response.status == 200 and not response.is_html:
        results = _results(response)
        if results is None or len(results) != len(recipients):
            return Unknown(f"{reason}, and not one result for each recipient")
        return _read_results(results, recipients)
    if refusal := refused_outright(response):
        return refusal
    if response.status == 413:
        return Split(reason) if len(recipients) > 1 else NotSent(reason, permanent=True)
    if response.status == 400:
        if not response.complete:
            return NotSent(f"{reason}, and the reason did not arrive")
        if len(recipients) > 1:
            # One malformed address refuses the whole call.
            return Split(reason)
        if _ADDRESS.search(detail(response)):
            return Rejected({recipients[0].id: detail(response).removeprefix(": ")})
        return NotSent(reason, permanent=True)
    return Unknown(reason)


def refused_outright(response: HttpResponse) -> NotSent | None:
    """Return the outcome if the call was refused before its recipients were looked at; None for any other response."""
    status, name = response.status, error_name(response)
    reason = f"ses answered {status}{detail(response)}"
    if status == 429 or (status == 400 and name in _THROTTLED):
        is_quota = "quota" in detail(response).lower()
        return NotSent(reason, retry_after=_QUOTA if is_quota else _NEXT_SECOND)
    if 300 <= status < 400 or (400 <= status < 500 and response.is_html):
        return NotSent(reason, permanent=True)
    if status == 403:
        hint = "check the environment variables that hold the keys, their permissions and this machine's clock"
        return NotSent(f"ses refuses the key (403); {hint}{detail(response)}", permanent=True)
    if status in (401, 404, 405) or (400 <= status < 500 and name in _PERMANENT_ERRORS):
        return NotSent(reason, permanent=True)
    return None


def error_name(response: HttpResponse) -> str:
    """Return SES's name for the error; '' without one. It may be followed by a colon and an address."""
    return response.headers.get("x-amzn-errortype", "").partition(":")[0].strip()


def detail(response: HttpResponse) -> str:
    """Return `: ` and the error's name and message, if the response has them, or that it is a web page."""
    if response.is_html:
        return ": a web page, not an API"
    message = response.field("message") or response.field("Message") or ""
    found = ": ".join(word for word in (error_name(response), without_controls(message)[:300]) if word)
    return f": {found}" if found else ""


def _results(response: HttpResponse) -> list[dict[str, Any]] | None:
    found = response.json() if response.complete else None
    results = found.get("BulkEmailEntryResults") if isinstance(found, dict) else None
    if not isinstance(results, list):
        return None
    return [result if isinstance(result, dict) else {} for result in results]


def _read_results(results: Sequence[dict[str, Any]], recipients: Sequence[Recipient]) -> Outcome:
    accepted, rejected, unknown, later = set[int](), dict[int, str](), dict[int, str](), list[NotSent]()
    statuses = [result.get("Status") for result in results]
    # If no recipient is valid, the recipients are not the cause.
    blames_all = len(results) > 1 and set(statuses) == {_INVALID}
    for recipient, status, result in zip(recipients, statuses, results, strict=True):
        reason = without_controls(f"{status}: {result['Error']}" if result.get("Error") else str(status))[:300]
        if status == "SUCCESS":
            accepted.add(recipient.id)
        elif status == _INVALID and not blames_all:
            rejected[recipient.id] = reason
        elif status == _QUOTA_STATUS:
            later.append(NotSent(f"ses: {reason}", retry_after=_QUOTA))
        elif status in _LATER:
            later.append(NotSent(f"ses: {reason}", retry_after=_LATER[str(status)]))
        elif status in _PERMANENT or status == _INVALID:
            later.append(NotSent(f"ses: {reason}", permanent=True))
        else:
            unknown[recipient.id] = f"ses answered with an undocumented result: {reason}"
    if len(accepted) == len(recipients):
        return Accepted(str(results[0].get("MessageId") or "")[:200] or None)
    worst = max(later, key=lambda each: (each.permanent, each.retry_after or 0.0), default=NotSent(""))
    if len(later) == len(recipients):
        return worst
    if len(unknown) == len(recipients):
        return Unknown(next(iter(unknown.values())))
    return PerRecipient(
        frozenset(accepted),
        rejected,
        unknown,
        not_sent_reason=worst.reason,
        retry_after=worst.retry_after,
        permanent=worst.permanent,
    )
