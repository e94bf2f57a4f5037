"""Translate SES's responses into outcomes
(https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_BulkEmailEntryResult.html).

A 200 has one result for each entry, in their order. Every status but SUCCESS means that the entry was not sent. SES has
no idempotency keys, so a call that may have been accepted is Unknown. Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from digest.deliver.http_client import HttpResponse
from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Split, Unknown
from digest.mail.message import Recipient, without_controls

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
