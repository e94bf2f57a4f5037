"""Query SES without mailing anyone, for `digest check`. Missing permissions of the key are not errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from digest.deliver.http_client import HttpResponse, RequestNotSent, ResponseUnknown
from digest.deliver.ses.responses import detail, refused_outright

# Path → response. Raises RequestNotSent or ResponseUnknown.
Get = Callable[[str], HttpResponse]

_ACCOUNT = "/v2/email/account"
# A warning is shown if fewer emails are left in the day's quota.
_FEW = 1000


def find_problem(get: Get, sender: str, configuration_set: str | None) -> str | None:
    """Return why sending is impossible, in one sentence; None if no problem is found.

    `sender` is the From address. Checks host, keys, account, quota, sender and configuration set.
    """
    try:
        response = get(_ACCOUNT)
        account = response.json() if response.status == 200 else None
        if not isinstance(account, dict):
            refusal = refused_outright(response)
            if refusal is not None:
                return refusal.reason.removeprefix("ses ")
            return f"the account was answered with {response.status}{detail(response)}"
        if account.get("SendingEnabled") is False or account.get("EnforcementStatus") == "SHUTDOWN":
            return "sending is paused for the account (SES console, Account dashboard)"
        if left(account) == 0:
            return "the quota of the last 24 hours is used up"
        if configuration_set and get(f"/v2/email/configuration-sets/{quote(configuration_set, safe='')}").status == 404:
            return f"there is no configuration set {configuration_set} (delivery.ses.configuration_set)"
        if _is_verified(get, sender) is False:
            return f"neither the sender {sender} nor its domain is verified (SES console, Identities)"
    except (RequestNotSent, ResponseUnknown) as error:
        return str(error)
    return None


def find_missing_capabilities(get: Get, *, configuration_set: str | None, per_second: int | None) -> tuple[str, ...]:
    """Return a sentence for each feature that does not work, and each limit that is nearly reached.

    `per_second` is `delivery.rate.per_second`.
    """
    missing = []
    if not configuration_set:
        missing.append("ses: 'delivery.ses.configuration_set' is not set: SES reports no bounces and complaints")
    try:
        response = get(_ACCOUNT)
    except (RequestNotSent, ResponseUnknown):
        # `find_problem` reports this error.
        return tuple(missing)
    account = response.json() if response.status == 200 else None
    if not isinstance(account, dict):
        return tuple(missing)
    if account.get("ProductionAccessEnabled") is False:
        missing.append("ses: the account is in the sandbox, and may only mail verified addresses")
    rate = _number(_quota(account).get("MaxSendRate"))
    if rate is not None and rate >= 1 and (per_second is None or per_second > rate):
        missing.append(f"ses: the account may send {rate:.0f} emails per second: set `delivery.rate.per_second` to it")
    remaining = left(account)
    if remaining is not None and remaining < _FEW:
        missing.append(f"ses: {remaining:,} emails are left of the quota of 24 hours")
    return tuple(missing)


def selectors(get: Get, domain: str) -> tuple[str, ...]:
    """Return the DKIM selectors with which SES signs for a domain. Empty if they are not known."""
    try:
        response = get(f"/v2/email/identities/{quote(domain, safe='')}")
    except (RequestNotSent, ResponseUnknown):
        return ()
    identity = response.json() if response.status == 200 else None
    attributes = identity.get("DkimAttributes") if isinstance(identity, dict) else None
    tokens = attributes.get("Tokens") if isinstance(attributes, dict) else None
    return tuple(each for each in tokens if isinstance(each, str)) if isinstance(tokens, list) else ()


def left(account: dict[str, Any]) -> int | None:
    """Return the number of emails left in the quota of 24 hours; None if it is unlimited or unknown."""
    quota = _quota(account)
    most, sent = _number(quota.get("Max24HourSend")), _number(quota.get("SentLast24Hours"))
    return None if most is None or sent is None or most < 0 else max(int(most - sent), 0)


def _quota(account: dict[str, Any]) -> dict[str, Any]:
    quota = account.get("SendQuota")
    return quota if isinstance(quota, dict) else {}


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _is_verified(get: Get, sender: str) -> bool | None:
    """Whether the sender is verified; None if the key may not read identities."""
    domain = sender.rpartition("@")[2].lower()
    for identity in (domain, sender):
        response = get(f"/v2/email/identities/{quote(identity, safe='')}")
        if response.status == 404:
            continue
        found = response.json() if response.status == 200 else None
        if not isinstance(found, dict):
            return None
        if found.get("VerifiedForSendingStatus") is True:
            return True
    return False
