"""Tries SendGrid before it is trusted: host, key, rights, sender, and a sandbox request, which mails nobody.

What an account or a key does not let us see is no fault: it just can't be told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from digest.deliver.reply import HttpResponse
from digest.deliver.transports.sendgrid_answers import detail, refused_outright
from digest.deliver.wire import RequestNotSent, ResponseUnknown

Ask = Callable[[str, str, Mapping[str, Any] | None], HttpResponse]
"""(method, path, body as JSON or None) → the answer. Raises NeverSent or MaybeSent."""

_FENCE = ("mail.batch.create", "user.scheduled_sends.create", "user.scheduled_sends.read")
_PAGE = 200


def find_problem(ask: Ask, sender: str) -> str:
    """Why no letter could go, in one sentence; '' when nothing is known against it. `sender` is the From address."""
    try:
        reply = ask("GET", "/v3/scopes", None)
        if reply.status == 401:
            said = "or it belongs to an account of another region (delivery.sendgrid.host)"
            return f"the key is refused (401): the environment variable holds a wrong one, {said}{detail(reply)}"
        if reply.status == 429 or 300 <= reply.status < 400 or reply.status >= 500:
            return _cannot(reply)
        scopes = _scopes(reply)
        if scopes and "mail.send" not in scopes:
            return "the key may not send: it lacks the scope mail.send"
        reply = ask("POST", "/v3/mail/send", _sandboxed(sender))
        if reply.status == 202:
            return "the host takes a sandbox request for a real one: it is not SendGrid's"
        if reply.status != 200 or reply.is_html:
            return _cannot(reply)
        if _is_verified(ask, sender) is False:
            return f"neither the sender {sender} nor its domain is verified (Settings, Sender Authentication)"
    except (RequestNotSent, ResponseUnknown) as error:
        return str(error)
    return ""


def find_missing_capabilities(ask: Ask) -> tuple[str, ...]:
    """What works less well than it could with this key, a sentence each."""
    misses = []
    try:
        scopes = _scopes(ask("GET", "/v3/scopes", None))
        lacking = [scope for scope in _FENCE if scope not in scopes]
        if scopes and lacking:
            said = "what is in doubt can't be recalled and is held"
            misses.append(f"sendgrid: the key lacks {', '.join(lacking)}: {said}")
        if scopes and not any(scope.startswith("suppression.") for scope in scopes):
            misses.append("sendgrid: the key lacks suppression.read: what a lost event said can't be asked once a day")
        if ask("POST", "/v3/logs", {"limit": 1}).status in (401, 403):
            misses.append("sendgrid: the key may not read the email log: what became of an attempt can't be asked")
    except (RequestNotSent, ResponseUnknown):
        pass  # find_problem says so
    return tuple(misses)


def _scopes(reply: HttpResponse) -> frozenset[str]:
    """The key's rights; empty when they can't be told."""
    found = reply.json() if reply.status == 200 else None
    scopes = found.get("scopes") if isinstance(found, dict) else None
    return frozenset(scope for scope in scopes if isinstance(scope, str)) if isinstance(scopes, list) else frozenset()


def _sandboxed(sender: str) -> dict[str, Any]:
    """The least request that is complete, to ourselves, and marked as not to be sent."""
    return {
        "personalizations": [{"to": [{"email": sender}]}],
        "from": {"email": sender},
        "subject": "digest check",
        "content": [{"type": "text/plain", "value": "digest check"}],
        "mail_settings": {"sandbox_mode": {"enable": True}},
    }


def _is_verified(ask: Ask, sender: str) -> bool | None:
    """None when it can't be told: a list that may not be read, or goes on beyond a page."""
    domain = sender.rpartition("@")[2].lower()
    told = True
    for path, name, flag in (
        (f"/v3/whitelabel/domains?limit={_PAGE}&domain={quote(domain)}", "domain", "valid"),
        (f"/v3/verified_senders?limit={_PAGE}", "from_email", "verified"),
    ):
        reply = ask("GET", path, None)
        found = reply.json() if reply.status == 200 else None
        rows = found.get("results") if isinstance(found, dict) else found
        if not isinstance(rows, list) or len(rows) >= _PAGE:
            told = False
            continue
        named = [str(row.get(name, "")).lower() for row in rows if isinstance(row, dict) and row.get(flag)]
        if any(one in (domain, sender.lower()) or (name == "domain" and domain.endswith(f".{one}")) for one in named):
            return True
    return False if told else None


def _cannot(reply: HttpResponse) -> str:
    not_now = refused_outright(reply)
    if not_now is not None:
        return not_now.reason.removeprefix("sendgrid: ")
    said = ": a page, not an API" if reply.is_html else detail(reply)
    return f"a sandbox request was answered with {reply.status}{said}"
