"""Query SendGrid without mailing anyone: check the account for `digest check`, and look attempts up in the log.

Missing permissions of the account or the key are not errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from digest.deliver.http_client import HttpResponse, RequestNotSent, ResponseUnknown
from digest.deliver.sendgrid.responses import detail, refused_outright

# (method, path, JSON body or None) → response. Raises RequestNotSent or ResponseUnknown.
Ask = Callable[[str, str, Mapping[str, Any] | None], HttpResponse]

_SCHEDULING_SCOPES = ("mail.batch.create", "user.scheduled_sends.create", "user.scheduled_sends.read")
_PAGE = 200
_MAX_ADDRESSES = 5
# Messages to one address, newest first.
_MAX_MESSAGES = 10


def find_problem(ask: Ask, sender: str) -> str | None:
    """Return why sending is impossible, in one sentence; None if no problem is found.

    `sender` is the From address. Checks host, key, permissions and sender, and makes a sandbox request.
    """
    try:
        response = ask("GET", "/v3/scopes", None)
        if response.status == 401:
            hint = "or it belongs to an account of another region (delivery.sendgrid.host)"
            return f"the key is refused (401): the environment variable holds a wrong one, {hint}{detail(response)}"
        if response.status == 429 or 300 <= response.status < 400 or response.status >= 500:
            return _unexpected(response)
        scopes = _scopes(response)
        if scopes and "mail.send" not in scopes:
            return "the key may not send: it lacks the scope mail.send"
        response = ask("POST", "/v3/mail/send", _sandbox_request(sender))
        if response.status == 202:
            return "the host accepted a sandbox request as a real one, so it is not SendGrid's"
        if response.status != 200 or response.is_html:
            return _unexpected(response)
        if _is_verified(ask, sender) is False:
            return f"neither the sender {sender} nor its domain is verified (Settings, Sender Authentication)"
    except (RequestNotSent, ResponseUnknown) as error:
        return str(error)
    return None


def find_missing_capabilities(ask: Ask) -> tuple[str, ...]:
    """Return a sentence for each missing permission that sending itself does not need."""
    missing = []
    try:
        scopes = _scopes(ask("GET", "/v3/scopes", None))
        lacking = [scope for scope in _SCHEDULING_SCOPES if scope not in scopes]
        if scopes and lacking:
            effect = "batches whose outcome is unknown cannot be cancelled and are held"
            missing.append(f"sendgrid: the key lacks {', '.join(lacking)}: {effect}")
        if scopes and not any(scope.startswith("suppression.") for scope in scopes):
            missing.append("sendgrid: the key lacks suppression.read: suppression lists cannot be synced every day")
        if ask("POST", "/v3/logs", {"limit": 1}).status in (401, 403):
            missing.append("sendgrid: the key may not read the email log: unknown attempts cannot be looked up")
    except (RequestNotSent, ResponseUnknown):
        # `find_problem` reports this error.
        pass
    return tuple(missing)


def find_attempt(ask: Ask, attempt: str, emails: Sequence[str]) -> bool:
    """Whether the email log shows a message of this attempt to one of the first few addresses.

    The log (https://www.twilio.com/docs/sendgrid/api-reference/email-logs) is searched by address; a message's details
    contain our ids. One message proves that its whole request was accepted. Finding nothing proves nothing.
    """
    try:
        for email in emails[:_MAX_ADDRESSES]:
            quotation = '"' if "'" in email else "'"
            if quotation in email:
                continue
            query = f"to_email = {quotation}{email}{quotation} AND categories IN ('digest')"
            for row in _messages(ask("POST", "/v3/logs", {"query": query, "limit": _MAX_MESSAGES}).json()):
                # A cancelled message is shown as dropped, which does not prove that anyone gets it.
                if row.get("status") == "dropped" or str(row.get("to_email", "")).casefold() != email.casefold():
                    continue
                if _is_of_attempt(ask, str(row.get("sg_message_id", "")), attempt):
                    return True
    except (RequestNotSent, ResponseUnknown):
        pass
    return False


def _messages(found: Any) -> list[dict[str, Any]]:
    rows = found.get("messages") if isinstance(found, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _is_of_attempt(ask: Ask, message: str, attempt: str) -> bool:
    response = ask("GET", f"/v3/logs/{quote(message, safe='')}", None)
    found = response.json() if response.status == 200 else None
    arguments = found.get("custom_args") if isinstance(found, dict) else None
    return isinstance(arguments, dict) and arguments.get("dg_attempt") == attempt


def _scopes(response: HttpResponse) -> frozenset[str]:
    """Return the key's permissions; empty if they are not known."""
    found = response.json() if response.status == 200 else None
    scopes = found.get("scopes") if isinstance(found, dict) else None
    return frozenset(scope for scope in scopes if isinstance(scope, str)) if isinstance(scopes, list) else frozenset()


def _sandbox_request(sender: str) -> dict[str, Any]:
    """Return the smallest complete request, to ourselves, in sandbox mode, which sends nothing."""
    return {
        "personalizations": [{"to": [{"email": sender}]}],
        "from": {"email": sender},
        "subject": "digest check",
        "content": [{"type": "text/plain", "value": "digest check"}],
        "mail_settings": {"sandbox_mode": {"enable": True}},
    }


def _is_verified(ask: Ask, sender: str) -> bool | None:
    """Whether the sender is verified; None if the key may not read a list, or a list has more than one page."""
    domain = sender.rpartition("@")[2].lower()
    is_complete = True
    for path, name, flag in (
        (f"/v3/whitelabel/domains?limit={_PAGE}&domain={quote(domain)}", "domain", "valid"),
        (f"/v3/verified_senders?limit={_PAGE}", "from_email", "verified"),
    ):
        response = ask("GET", path, None)
        found = response.json() if response.status == 200 else None
        rows = found.get("results") if isinstance(found, dict) else found
        if not isinstance(rows, list) or len(rows) >= _PAGE:
            is_complete = False
            continue
        verified = [str(row.get(name, "")).lower() for row in rows if isinstance(row, dict) and row.get(flag)]
        if any(
            each in (domain, sender.lower()) or (name == "domain" and domain.endswith(f".{each}")) for each in verified
        ):
            return True
    return False if is_complete else None


def _unexpected(response: HttpResponse) -> str:
    refusal = refused_outright(response)
    if refusal is not None:
        return refusal.reason.removeprefix("sendgrid: ")
    return f"a sandbox request was answered with {response.status}{detail(response)}"
