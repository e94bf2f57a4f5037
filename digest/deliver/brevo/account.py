"""Query Brevo without mailing anyone: check the account for `digest check`, and look attempts up in the log.

Missing permissions of the key are not errors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from digest.deliver.brevo.responses import detail, refused_outright
from digest.deliver.http_client import HttpResponse, RequestNotSent, ResponseUnknown

# Path → response. Raises RequestNotSent or ResponseUnknown.
Get = Callable[[str], HttpResponse]

# A warning is shown if fewer emails are left.
_FEW_CREDITS = 1000


def find_problem(get: Get, sender: str) -> str | None:
    """Return why sending is impossible, in one sentence; None if no problem is found.

    `sender` is the From address. Checks host, key, credits and sender.
    """
    try:
        response = get("/v3/account")
        found = response.json() if response.status == 200 else None
        if not isinstance(found, dict):
            refusal = refused_outright(response)
            if refusal is not None:
                return refusal.reason.removeprefix("brevo: ")
            return f"the account was answered with {response.status}{detail(response)}"
        relay = found.get("relay")
        if isinstance(relay, dict) and relay.get("enabled") is False:
            return "the account may not send transactional email yet; ask Brevo to activate it"
        if _credits(found) == 0:
            return "the account has no credits left"
        if _is_verified(get, sender) is False:
            return f"neither the sender {sender} nor its domain is verified (Settings, Senders & domains)"
    except (RequestNotSent, ResponseUnknown) as error:
        return str(error)
    return None


def find_missing_capabilities(get: Get) -> tuple[str, ...]:
    """Return a sentence for each limit that is nearly reached."""
    try:
        response = get("/v3/account")
    except (RequestNotSent, ResponseUnknown):
        # `find_problem` reports this error.
        return ()
    found = response.json() if response.status == 200 else None
    left = _credits(found) if isinstance(found, dict) else None
    if left is None or left >= _FEW_CREDITS:
        return ()
    return (f"brevo: {left:,} emails are left in the account's plan",)


def find_attempt(get: Get, attempt: str) -> bool:
    """Whether the log shows the attempt.

    One email proves that the whole call was accepted. Finding nothing proves nothing.
    """
    try:
        response = get(f"/v3/smtp/statistics/events?tags={quote(attempt, safe='')}&limit=10")
    except (RequestNotSent, ResponseUnknown):
        return False
    rows = _rows(response, "events")
    return any(attempt in (row.get("tag"), *_listed(row.get("tags"))) and row.get("event") != "error" for row in rows)


def _credits(account: dict[str, Any]) -> int | None:
    """Return the number of emails left in the plan; None if it is unlimited or unknown."""
    plan = account.get("plan")
    left = [
        row["credits"]
        for row in (plan if isinstance(plan, list) else [])
        if isinstance(row, dict)
        and row.get("creditsType") == "sendLimit"
        and row.get("type") != "sms"
        and isinstance(row.get("credits"), int | float)
    ]
    return int(sum(left)) if left else None


def _is_verified(get: Get, sender: str) -> bool | None:
    """Whether the sender is verified; None if the key may not read the lists."""
    domain, found = sender.rpartition("@")[2].lower(), False
    for path, name, address, flag in (
        ("/v3/senders/domains", "domains", "domain_name", "authenticated"),
        ("/v3/senders", "senders", "email", "active"),
    ):
        response = get(path)
        if response.status != 200:
            return None
        verified = [str(row.get(address, "")).lower() for row in _rows(response, name) if row.get(flag)]
        found = found or domain in verified or sender.lower() in verified
    return found


def _rows(response: HttpResponse, name: str) -> list[dict[str, Any]]:
    found = response.json() if response.status == 200 else None
    return [row for row in _listed(found.get(name)) if isinstance(row, dict)] if isinstance(found, dict) else []


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
