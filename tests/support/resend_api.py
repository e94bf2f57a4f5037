"""The local Resend's API, after Resend's OpenAPI file and documentation.

It has batches of up to a hundred, idempotency keys that are valid for a day, and named errors.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection
from typing import Any

import orjson

from tests.support.acceptance import AcceptanceLog
from tests.support.http1 import Head, Reply
from tests.support.sendgrid_provider import Message, Provider
from tests.support.sendgrid_rules import Violation

_KEY_SECONDS = 24 * 3600
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}\Z")
_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+\Z")
_FIELDS = {"from", "to", "subject", "text", "html", "headers", "tags", "reply_to", "attachments"}


def endpoint(path: str) -> str | None:
    """Return the name of the endpoint that a path belongs to."""
    return {"/emails": "send", "/emails/batch": "send", "/domains": "domains"}.get(path)


class ResendApi:
    """Answers requests.

    `reject` contains addresses that it refuses. The next `busy` calls are answered as if the first one with their key
    were still running. `domains` are those of the account. With `restricted` the key may only send.
    """

    def __init__(self, provider: Provider, log: AcceptanceLog, *, keys: Collection[str]) -> None:
        self.keys = set(keys)
        self.reject: set[str] = set()
        self.busy = 0
        self.restricted = False
        self.domains = {"example.com": "verified"}
        self.violations: list[Violation] = []
        # The accepted emails, in order.
        self.emails: list[dict[str, Any]] = []
        self.replayed = 0
        self._provider = provider
        self._log = log
        self._used: dict[str, tuple[bytes, Reply, float]] = {}
        self._lock = threading.Lock()

    def answer(self, head: Head, body: bytes, *, accept: bool = True) -> Reply:
        """Return the reply. With `accept` false a call is checked as usual but not accepted."""
        name = endpoint(head.path)
        if not name:
            return _error(404, "not_found", "The requested endpoint does not exist.")
        if not head.headers.get("user-agent"):
            return _error(403, "", "error code: 1010")
        kind, _, key = head.headers.get("authorization", "").partition(" ")
        if kind != "Bearer":
            return _error(401, "missing_api_key", "Missing API Key")
        if key not in self.keys:
            return _error(403, "invalid_api_key", "API key is invalid")
        if head.method != {"send": "POST", "domains": "GET"}[name]:
            return _error(405, "method_not_allowed", "Method is not allowed for the requested path.")
        if name == "domains":
            if self.restricted:
                return _error(401, "restricted_api_key", "This API key is restricted to only send emails")
            rows = [{"name": domain, "status": status} for domain, status in self.domains.items()]
            return Reply(200, orjson.dumps({"object": "list", "has_more": False, "data": rows}))
        with self._lock:
            return self._send(head, body, accept)

    def _send(self, head: Head, body: bytes, accept: bool) -> Reply:
        key, now = head.headers.get("idempotency-key", ""), self._provider.clock.now()
        if not 1 <= len(key) <= 256:
            return self._broken(400, "invalid_idempotency_key", "The key must be between 1-256 chars")
        if self.busy:
            self.busy -= 1
            return _error(409, "concurrent_idempotent_requests", "Same idempotency key used while original is running")
        if key in self._used and now - self._used[key][2] < _KEY_SECONDS:
            first, reply, _ = self._used[key]
            if first != body:
                return _error(409, "invalid_idempotent_request", "Same idempotency key used with a different payload")
            self.replayed += 1
            return reply
        given = orjson.loads(body)
        batch = head.path == "/emails/batch"
        emails = given if batch else [given]
        if not isinstance(emails, list) or not 1 <= len(emails) <= 100:
            return self._broken(422, "validation_error", "The request body must be an array of 1 to 100 emails")
        for email in emails:
            if broken := _check(email, batch=batch):
                return self._broken(422, "validation_error", broken)
        refused = [index for index, email in enumerate(emails) if email["to"][0] in self.reject]
        permissive = batch and head.headers.get("x-batch-validation") == "permissive"
        if refused and not permissive:
            return _error(422, "validation_error", "Invalid `to` field")
        accepted = [email for index, email in enumerate(emails) if index not in refused]
        ids = [self._accept(email).id if accept else "not-accepted" for email in accepted]
        data: dict[str, Any] = {"data": [{"id": id} for id in ids]} if batch else {"id": ids[0]}
        if permissive:
            data["errors"] = [{"index": index, "message": "Invalid `to` field"} for index in refused]
        reply = Reply(200, orjson.dumps(data))
        if accept:
            self._used[key] = (body, reply, now)
        return reply

    def _accept(self, email: dict[str, Any]) -> Message:
        self.emails.append(email)
        arguments = {tag["name"]: tag["value"] for tag in email["tags"]}
        person = {"to": [{"email": email["to"][0]}], "custom_args": arguments}
        return self._provider.accept(
            {"personalizations": [person], "from": {"email": email["from"]}, "subject": email["subject"]}
        )

    def _broken(self, status: int, name: str, message: str) -> Reply:
        self.violations.append(Violation(message))
        self._log.write([{"state": "violation", "message": message, "field": None}])
        return _error(status, name, message)


def _check(email: Any, *, batch: bool) -> str | None:
    """Return what is wrong with the fields of an email, or None."""
    if not isinstance(email, dict) or not {"from", "to", "subject"} <= email.keys() or email.keys() - _FIELDS:
        return "Missing or unknown fields"
    if not email.get("text") and not email.get("html"):
        return "Missing `html` or `text` field"
    if batch and "attachments" in email:
        return "The `attachments` field is not supported"
    if not isinstance(email["to"], list) or len(email["to"]) != 1 or not _ADDRESS.match(email["to"][0]):
        return "Invalid `to` field"
    if not all(_TAG.match(tag["name"]) and _TAG.match(tag["value"]) for tag in email.get("tags", ())):
        return "Tags should only contain ASCII letters, numbers, underscores, or dashes"
    headers = email.get("headers", {})
    if not all(isinstance(value, str) and value.isascii() and value.isprintable() for value in headers.values()):
        return "Invalid `headers` field"
    return None


def _error(status: int, name: str, message: str) -> Reply:
    return Reply(status, orjson.dumps({"statusCode": status, "name": name, "message": message}))
