"""The local SendGrid's API without faults: routes, status codes and error documents.

They follow SendGrid's OpenAPI files and documentation.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson

from tests.support import sendgrid_logs, sendgrid_rules, sendgrid_schema
from tests.support.acceptance import AcceptanceLog
from tests.support.http1 import Head, Reply
from tests.support.sendgrid_faults import error_body
from tests.support.sendgrid_provider import Provider, Refused
from tests.support.sendgrid_rules import TOTAL_LIMIT, Violation

SCOPES = (
    "mail.send",
    "mail.batch.create",
    "mail.batch.read",
    "user.scheduled_sends.create",
    "user.scheduled_sends.read",
    "user.scheduled_sends.update",
    "user.scheduled_sends.delete",
    "messages.read",
    "whitelabel.read",
    "verified_senders.read",
    "suppression.read",
)
_VERBS = {"POST": "create", "GET": "read", "PATCH": "update", "DELETE": "delete"}
_NO_CONTENT = Reply(204)
_NOT_FOUND = Reply(404, error_body("not found"))


_PREFIXES = {
    "send": "/v3/mail/send",
    "batch": "/v3/mail/batch",
    "scheduled": "/v3/user/scheduled_sends",
    "scopes": "/v3/scopes",
    "logs": "/v3/logs",
    "domains": "/v3/whitelabel/domains",
    "senders": "/v3/verified_senders",
    "suppression": "/v3/suppression",
}


def endpoint(path: str) -> str | None:
    """Return the name of the endpoint that a path belongs to."""
    for name, prefix in _PREFIXES.items():
        if path == prefix or (path.startswith(prefix + "/") and name not in ("send", "scopes", "senders")):
            return name
    return None


class Api:
    """Answers requests.

    `keys` are the valid API keys. `reject` contains addresses that get a 400 with their index. `domains` and `senders`
    of the account map a name to whether it is verified.
    """

    def __init__(
        self,
        provider: Provider,
        log: AcceptanceLog,
        *,
        keys: Collection[str],
        scopes: Collection[str] = SCOPES,
        validate_every: int = 1,
        check_every: int = 1,
        reject: Collection[str] = (),
    ) -> None:
        self.keys = set(keys)
        self.scopes = set(scopes)
        self.domains = {"example.com": True}
        self.senders: dict[str, bool] = {}
        self.suppressed: dict[str, list[dict[str, Any]]] = {name: [] for name in _SUPPRESSIONS}
        self.reject = {address.casefold() for address in reject}
        self.violations: list[Violation] = []
        self.payloads: deque[bytes] = deque(maxlen=100)
        self._provider = provider
        self._log = log
        self._validate_every = validate_every
        self._check_every = check_every
        self._sends = itertools.count()
        self._lock = threading.Lock()
        self._routes: dict[str, Callable[[Head, bytes, str], Reply]] = {
            "batch": self._batch,
            "scheduled": self._scheduled,
            "scopes": self._scopes,
            "logs": self._logs,
            "domains": self._domains,
            "senders": self._senders,
            "suppression": self._suppression,
        }

    def answer(self, head: Head, body: bytes, *, accept: bool = True) -> Reply:
        """Return the reply. With `accept` false a send is checked as usual but not accepted."""
        name = endpoint(head.path)
        if not name:
            return _NOT_FOUND
        kind, _, key = head.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or key not in self.keys:
            return Reply(401, error_body("The provided authorization grant is invalid, expired, or revoked"))
        if not self._allowed(name, head.method):
            return Reply(403, error_body("access forbidden"))
        if name == "send":
            return self._send(head, body, accept)
        argument = unquote(head.path.removeprefix(_PREFIXES[name]).removeprefix("/"))
        try:
            return self._routes[name](head, body, argument)
        except Refused as refusal:
            return Reply(400, error_body(str(refusal)))
        except KeyError:
            return _NOT_FOUND
        except (ValueError, TypeError, AttributeError):
            return Reply(400, error_body("Bad Request"))

    def _allowed(self, name: str, method: str) -> bool:
        if name == "scopes":
            return True
        prefix = {
            "send": "mail.send",
            "batch": "mail.batch",
            "scheduled": "user.scheduled_sends",
            "logs": "messages",
            "domains": "whitelabel",
            "senders": "verified_senders",
            "suppression": "suppression",
        }[name]
        verb = {"send": "", "logs": ".read"}.get(name, f".{_VERBS.get(method, 'read')}")
        return prefix + verb in self.scopes

    def _send(self, head: Head, body: bytes, accept: bool) -> Reply:
        if head.method != "POST":
            return Reply(405, error_body("method not allowed"))
        if len(body) > TOTAL_LIMIT:
            return Reply(413, error_body("content too large"))
        if not head.headers.get("content-type", "").startswith("application/json"):
            return Reply(415, error_body("Content-Type should be application/json."))
        try:
            payload = orjson.loads(body)
        except ValueError:
            return self._broken([Violation("Bad Request")])
        with self._lock:
            number = next(self._sends)
        broken: list[Violation] = []
        if number % self._check_every == 0:
            rules = sendgrid_rules.check(payload, now=self._provider.clock.now(), knows=self._provider.knows)
            broken += itertools.islice(rules, 100)
        if number % self._validate_every == 0:
            known = {violation.field for violation in broken}
            broken += [v for v in sendgrid_schema.check(payload) if v.field not in known]
        if broken:
            return self._broken(broken)
        self.payloads.append(body)
        if self.reject:
            for index, person in enumerate(payload["personalizations"]):
                if person["to"][0]["email"].casefold() in self.reject:
                    field = f"personalizations.{index}.to.0.email"
                    return Reply(400, error_body("Does not contain a valid address.", field))
        if payload.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            return Reply(200)
        message_id = self._provider.accept(payload).id if accept else "not-accepted"
        return Reply(202, headers=(("X-Message-Id", message_id),))

    def _broken(self, violations: list[Violation]) -> Reply:
        with self._lock:
            self.violations.extend(violations)
        self._log.write({"state": "violation", "message": v.message, "field": v.field} for v in violations)
        errors = [{"message": v.message, "field": v.field, "help": None} for v in violations]
        return Reply(400, orjson.dumps({"errors": errors}))

    def _batch(self, head: Head, body: bytes, batch_id: str) -> Reply:
        if head.method == "POST" and not batch_id:
            return Reply(201, orjson.dumps({"batch_id": self._provider.new_batch()}))
        if head.method == "GET" and batch_id:
            known = self._provider.knows(batch_id)
            return (
                Reply(200, orjson.dumps({"batch_id": batch_id}))
                if known
                else Reply(400, error_body("invalid batch id"))
            )
        return Reply(405, error_body("method not allowed"))

    def _scheduled(self, head: Head, body: bytes, batch_id: str) -> Reply:
        provider = self._provider
        if head.method == "POST" and not batch_id:
            order = orjson.loads(body)
            provider.stop(order.get("batch_id", ""), order.get("status", ""))
            return Reply(201, orjson.dumps({"batch_id": order["batch_id"], "status": order["status"]}))
        if head.method == "PATCH" and batch_id:
            provider.stop(batch_id, orjson.loads(body).get("status", ""), update=True)
            return _NO_CONTENT
        if head.method == "DELETE" and batch_id:
            provider.resume(batch_id)
            return _NO_CONTENT
        if head.method != "GET":
            return Reply(405, error_body("method not allowed"))
        found = {batch_id: provider.status(batch_id)} if batch_id else provider.statuses()
        return Reply(200, orjson.dumps([{"batch_id": b, "status": s} for b, s in found.items() if s]))

    def _scopes(self, head: Head, body: bytes, argument: str) -> Reply:
        return Reply(200, orjson.dumps({"scopes": sorted(self.scopes)}))

    def _domains(self, head: Head, body: bytes, argument: str) -> Reply:
        """Return the authenticated domains, as a bare array like the service."""
        return Reply(200, orjson.dumps([{"domain": name, "valid": valid} for name, valid in self.domains.items()]))

    def _senders(self, head: Head, body: bytes, argument: str) -> Reply:
        rows = [{"from_email": address, "verified": verified} for address, verified in self.senders.items()]
        return Reply(200, orjson.dumps({"results": rows}))

    def _suppression(self, head: Head, body: bytes, name: str) -> Reply:
        if head.method != "GET":
            return Reply(405, error_body("method not allowed"))
        return Reply(200, orjson.dumps(_page(self.suppressed[name], head.target)))

    def _logs(self, head: Head, body: bytes, message_id: str) -> Reply:
        if head.method == "GET" and message_id:
            found = sendgrid_logs.details(self._provider, message_id)
            return Reply(200, orjson.dumps(found)) if found else _NOT_FOUND
        query = orjson.loads(body)
        limit = query.get("limit", 10)
        if type(limit) is not int or not 1 <= limit <= 1000:
            return Reply(400, error_body("limit must be between 1 and 1000", "limit"))
        rows = sendgrid_logs.find(self._provider, query.get("query", ""), limit)
        return Reply(200, orjson.dumps({"messages": rows}))


_SUPPRESSIONS = ("bounces", "blocks", "invalid_emails", "spam_reports", "unsubscribes")
_MAX_PAGE = 500


def _page(rows: Sequence[dict[str, Any]], target: str) -> list[dict[str, Any]]:
    """Return a page of a suppression list, newest first, with an inclusive time range.

    Raises Refused for a page that is too long, ValueError for an invalid number.
    """
    query = {name: int(value) for name, value in parse_qsl(urlsplit(target).query)}
    limit, offset = query.get("limit", _MAX_PAGE), query.get("offset", 0)
    if not 1 <= limit <= _MAX_PAGE or offset < 0:
        raise Refused("limit must be between 1 and 500")
    since, until = query.get("start_time", 0), query.get("end_time", 2**40)
    found = [row for row in rows if since <= row["created"] <= until]
    return sorted(found, key=lambda row: -row["created"])[offset : offset + limit]
