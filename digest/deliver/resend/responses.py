"""Translate Resend's responses into outcomes for one call (https://resend.com/docs/api-reference/errors)."""

from __future__ import annotations

from digest.deliver.http_client import HttpResponse
from digest.deliver.outcome import NotSent, PerRecipient, Split, Unknown
from digest.mail.message import Recipient, without_controls

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
    """Read a 200 in permissive mode: who was accepted and who was not. None if it does not cover every recipient."""
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
