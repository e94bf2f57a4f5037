"""The local Brevo's API, after Brevo's reference and guides.

It has batches of up to a thousand versions, idempotency keys in the body that are valid for a quarter of an hour, and
scheduled batches that can be cancelled under the sender's own id.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

import orjson

from tests.support.acceptance import AcceptanceLog
from tests.support.http1 import Head, Reply
from tests.support.sendgrid_provider import Message, Provider
from tests.support.sendgrid_rules import Violation

# Its changelog says 15 minutes and its guide 30.
KEY_SECONDS = 15 * 60
# Bytes of all `params` of a call.
_MAX_PARAMS = 1_000_000
# Seconds.
_MAX_AHEAD = 72 * 3600
_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+\Z")
_TAG = re.compile(r"\{\{\s*params\.([a-z_]+)\s*\}\}", re.I)
_FIELDS = {"sender", "subject", "htmlContent", "textContent", "replyTo", "headers", "tags", "messageVersions"} | {
    "scheduledAt",
    "batchId",
}
_VERSION = {"to", "params", "headers"}
_SEND = "/v3/smtp/email"
_PATHS = {
    _SEND: ("send", "POST"),
    "/v3/account": ("account", "GET"),
    "/v3/senders": ("senders", "GET"),
    "/v3/senders/domains": ("senders", "GET"),
    "/v3/smtp/statistics/events": ("logs", "GET"),
}


def endpoint(path: str) -> str | None:
    """Return the name of the endpoint that a path belongs to."""
    return _PATHS[path][0] if path in _PATHS else "scheduled" if path.startswith(f"{_SEND}/") else None


class BrevoApi:
    """Answers requests.

    `reject` contains addresses that it refuses with the whole call, with their names if `names_address`. `domains` are
    those of the account, domain → whether it is authenticated, and `credits` the emails that it has left.
    """

    def __init__(self, provider: Provider, log: AcceptanceLog, *, keys: Collection[str]) -> None:
        self.keys = set(keys)
        self.reject: set[str] = set()
        self.names_address = True
        self.domains = {"example.com": True}
        self.credits: int | None = None
        self.violations: list[Violation] = []
        # One for each accepted recipient, in order: the call's fields, those of its version, and the texts as mailed.
        self.emails: list[dict[str, Any]] = []
        self.replayed = 0
        self.cancelled: list[str] = []
        self._provider = provider
        self._log = log
        # Key → when it was used.
        self._used: dict[str, float] = {}
        # Our id of a scheduled call → its message.
        self._scheduled: dict[str, Message] = {}
        self._lock = threading.Lock()

    def answer(self, head: Head, body: bytes, *, accept: bool = True) -> Reply:
        """Return the reply. With `accept` false a call is checked as usual but not accepted."""
        name = endpoint(head.path)
        if not name:
            return _error(404, "document_not_found", "Not found")
        if head.headers.get("api-key", "") not in self.keys:
            return _error(401, "unauthorized", "Key not found")
        if head.method != ("DELETE" if name == "scheduled" else _PATHS[head.path][1]):
            return _error(405, "method_not_allowed", "Method not allowed")
        with self._lock:
            match name:
                case "send":
                    return self._send(body, accept)
                case "scheduled":
                    return self._cancel(head.path.rpartition("/")[2])
                case "logs":
                    return self._events(head.target)
        return self._account(head.path)

    def _send(self, body: bytes, accept: bool) -> Reply:
        given, now = orjson.loads(body), self._provider.clock.now()
        key = given.get("headers", {}).pop("idempotencyKey", "")
        if broken := _check(given, key, now):
            return self._broken(broken)
        if now - self._used.get(key, -KEY_SECONDS) < KEY_SECONDS:
            self.replayed += 1
            message = "Email for the idempotency key has already been processed"
            return _error(400, "duplicate_parameter", message)
        versions = given["messageVersions"]
        if self.credits is not None and self.credits < len(versions):
            return _error(402, "not_enough_credits", "You do not have enough credits")
        for version in versions:
            address = version["to"][0]["email"]
            if address in self.reject:
                named = f"email {address} is not valid in to" if self.names_address else "email is not valid in to"
                return _error(400, "invalid_parameter", named)
        if accept:
            self._accept(given, now)
            self._used[key] = now
        ids = [f"<{uuid.uuid4()}@smtp-relay.mailin.fr>" for _ in versions]
        scheduled = {"batchId": given["batchId"]} if "scheduledAt" in given else {}
        return Reply(202 if scheduled else 201, orjson.dumps({"messageIds": ids, **scheduled}))

    def _accept(self, given: dict[str, Any], now: float) -> None:
        people = []
        for version in given["messageVersions"]:
            custom = dict(pair.split("=", 1) for pair in version["headers"]["X-Mailin-custom"].split("&"))
            people.append({"to": version["to"], "custom_args": custom})
            self.emails.append({**given, "version": version, **_merged(given, version["params"])})
        due = int(datetime.fromisoformat(given["scheduledAt"]).timestamp()) if "scheduledAt" in given else 0
        message = self._provider.accept(
            {
                "personalizations": people,
                "from": given["sender"],
                "subject": given["subject"],
                "send_at": due,
                "categories": given["tags"],
            }
        )
        if due:
            self._scheduled[given["batchId"]] = message

    def _cancel(self, id: str) -> Reply:
        message = self._scheduled.get(id)
        if message is None or message.state != "held":
            return _error(404, "document_not_found", "Message not found")
        self._provider.discard(message)
        self.cancelled.append(id)
        return Reply(204)

    def _events(self, target: str) -> Reply:
        tag = re.search(r"[?&]tags=([^&]*)", target)
        rows = [
            {"event": "requests", "email": email, "tag": message.categories[0], "messageId": message.id}
            for message in self._provider.messages
            if tag and tag[1] in message.categories
            for email in message.emails
        ]
        return Reply(200, orjson.dumps({"events": rows[:10]} if rows else {}))

    def _account(self, path: str) -> Reply:
        if path == "/v3/account":
            plan = [{"type": "subscription", "creditsType": "sendLimit", "credits": self.credits}]
            given = plan if self.credits is not None else []
            return Reply(200, orjson.dumps({"email": "a@example.com", "relay": {"enabled": True}, "plan": given}))
        if path == "/v3/senders":
            return Reply(200, orjson.dumps({"senders": [{"id": 1, "email": "other@example.org", "active": True}]}))
        rows = [{"domain_name": name, "authenticated": is_valid} for name, is_valid in self.domains.items()]
        return Reply(200, orjson.dumps({"domains": rows, "count": len(rows)}))

    def _broken(self, message: str) -> Reply:
        self.violations.append(Violation(message))
        self._log.write([{"state": "violation", "message": message, "field": None}])
        return _error(400, "invalid_parameter", message)


def _merged(given: dict[str, Any], params: dict[str, str]) -> dict[str, str]:
    """The texts with a recipient's parameters, which Brevo escapes for HTML."""
    escaped = {name: value.replace("&", "&amp;").replace("'", "&#x27;") for name, value in params.items()}
    return {
        name: _TAG.sub(lambda tag, values=values: values[tag[1]], given[name])  # type: ignore[misc]
        for name, values in (("subject", params), ("textContent", params), ("htmlContent", escaped))
    }


def _check(given: Any, key: str, now: float) -> str | None:
    """Return what is wrong with a call, or None."""
    if (
        not isinstance(given, dict)
        or given.keys() - _FIELDS
        or not {"sender", "subject", "htmlContent"} <= given.keys()
    ):
        return "Missing or unknown fields"
    if not _is_uuid(key):
        return "idempotencyKey is not a UUID"
    versions = given.get("messageVersions")
    if not isinstance(versions, list) or not 1 <= len(versions) <= 1000:
        return "messageVersions must have 1 to 1000 entries"
    if not given["htmlContent"].strip() or not given["subject"].strip():
        return "subject and htmlContent are required"
    if len(given["sender"].get("name", "")) > 70:
        return "sender name is too long"
    for version in versions:
        if version.keys() - _VERSION or len(version["to"]) != 1 or not _ADDRESS.match(version["to"][0]["email"]):
            return "to is not valid in messageVersions"
    if len(orjson.dumps([version["params"] for version in versions])) > _MAX_PARAMS:
        return "params are too large"
    for headers in (given["headers"], *(version["headers"] for version in versions)):
        # Ours: Brevo would send other values as raw bytes, also if they are encoded words.
        if not all(value.isascii() and value.isprintable() and "=?" not in value for value in headers.values()):
            return "headers must be ASCII"
    if "scheduledAt" in given:
        ahead = datetime.fromisoformat(given["scheduledAt"]).timestamp() - now
        if not 0 < ahead <= _MAX_AHEAD or not _is_uuid(given.get("batchId", "")):
            return "scheduledAt or batchId is not valid"
    return None


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _error(status: int, code: str, message: str) -> Reply:
    return Reply(status, orjson.dumps({"code": code, "message": message}))
