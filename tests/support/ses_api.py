"""The local Amazon SES's API, after botocore's model of sesv2 and AWS's developer guide.

It has bulk calls with a result for each entry, templates within the request, quotas, and signatures.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
import uuid
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import orjson

from tests.support.acceptance import AcceptanceLog
from tests.support.http1 import Head, Reply
from tests.support.sendgrid_provider import Provider
from tests.support.sendgrid_rules import Violation

SECRET = "local-test-secret"
# Bytes of a request with a template in it.
_MAX_BODY = 1_000_000
_TAG = re.compile(r"\{\{([^{}]*)\}\}")
_NAME = re.compile(r"[a-zA-Z]+\Z")
_TAG_VALUE = re.compile(r"[A-Za-z0-9_-]{1,256}\Z")
_HEADER_NAME = re.compile(r"[!-9;-@A-~]{1,126}\Z")
_HEADER_VALUE = re.compile(r"[ -~]{1,995}\Z")
_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+\Z")
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/((\d{8})/([a-z0-9-]+)/ses/aws4_request), "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})\Z"
)


def endpoint(path: str) -> str | None:
    """Return the name of the endpoint that a path belongs to."""
    names = {"outbound-bulk-emails": "send", "account": "account", "identities": "identities"}
    parts = path.split("/")
    return {**names, "configuration-sets": "sets"}.get(parts[3]) if parts[:3] == ["", "v2", "email"] else None


class SesApi:
    """Answers requests.

    `statuses` are those of entries other than SUCCESS, address → status. `identities` are the account's, with whether
    they are verified. `malformed` contains addresses for which it refuses the whole call.
    """

    def __init__(self, provider: Provider, log: AcceptanceLog, *, keys: Collection[str]) -> None:
        self.keys = set(keys)
        self.statuses: dict[str, str] = {}
        self.malformed: set[str] = set()
        self.identities = {"example.com": True}
        # DKIM selectors of every identity.
        self.tokens: list[str] = []
        self.sets = {"digest"}
        self.account: dict[str, Any] = {
            "SendingEnabled": True,
            "ProductionAccessEnabled": True,
            "EnforcementStatus": "HEALTHY",
            "SendQuota": {"Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": 10.0},
        }
        self.violations: list[Violation] = []
        # The accepted emails, in order, as they are mailed.
        self.emails: list[dict[str, Any]] = []
        self._provider = provider
        self._log = log
        self._lock = threading.Lock()

    def answer(self, head: Head, body: bytes, *, accept: bool = True) -> Reply:
        """Return the reply. With `accept` false a call is checked as usual but not accepted."""
        name = endpoint(head.path)
        if not name:
            return _error(404, "UnknownOperationException", "")
        if problem := self._unsigned(head, body):
            return _error(403, *problem)
        if head.method != ("POST" if name == "send" else "GET"):
            return _error(405, "MethodNotAllowed", "")
        last = head.path.rpartition("/")[2].replace("%40", "@")
        match name:
            case "account":
                return Reply(200, orjson.dumps(self.account))
            case "identities":
                if last not in self.identities:
                    return _error(404, "NotFoundException", f"Email identity {last} does not exist.")
                keys = {"SigningEnabled": True, "Status": "SUCCESS", "Tokens": self.tokens}
                identity = {"VerifiedForSendingStatus": self.identities[last], "DkimAttributes": keys}
                return Reply(200, orjson.dumps(identity))
            case "sets":
                return Reply(200, b"{}") if last in self.sets else _error(404, "NotFoundException", "No such set")
        with self._lock:
            return self._send(body, accept)

    def _send(self, body: bytes, accept: bool) -> Reply:
        given = orjson.loads(body)
        if broken := _check(given, len(body)):
            self.violations.append(Violation(broken))
            self._log.write([{"state": "violation", "message": broken, "field": None}])
            return _error(400, "BadRequestException", broken)
        addresses = [entry["Destination"]["ToAddresses"][0] for entry in given["BulkEmailEntries"]]
        if not self.malformed.isdisjoint(addresses):
            return _error(400, "BadRequestException", "Illegal address")
        results = []
        for address, entry in zip(addresses, given["BulkEmailEntries"], strict=True):
            status = self.statuses.get(address, "SUCCESS")
            if status != "SUCCESS":
                results.append({"Status": status, "Error": "for a reason"})
                continue
            results.append({"Status": status, "MessageId": f"0109{uuid.uuid4()}-000000"})
            if accept:
                self._accept(given, entry)
        return Reply(200, orjson.dumps({"BulkEmailEntryResults": results}))

    def _accept(self, given: dict[str, Any], entry: dict[str, Any]) -> None:
        template = given["DefaultContent"]["Template"]
        values = orjson.loads(template["TemplateData"])
        values |= orjson.loads(entry["ReplacementEmailContent"]["ReplacementTemplate"]["ReplacementTemplateData"])
        texts = {
            name.lower(): _TAG.sub(lambda tag: values[tag[1]], text)
            for name, text in template["TemplateContent"].items()
        }
        to = entry["Destination"]["ToAddresses"][0]
        headers = {each["Name"]: each["Value"] for each in (*template["Headers"], *entry["ReplacementHeaders"])}
        self.emails.append(
            {
                "from": given["FromEmailAddress"],
                "to": to,
                "headers": headers,
                "reply_to": given.get("ReplyToAddresses", []),
                "attachments": template.get("Attachments", []),
                **texts,
            }
        )
        tags = {each["Name"]: each["Value"] for each in (*given["DefaultEmailTags"], *entry["ReplacementTags"])}
        person = {"to": [{"email": to}], "custom_args": tags}
        sender = {"email": given["FromEmailAddress"]}
        self._provider.accept({"personalizations": [person], "from": sender, "subject": texts["subject"]})

    def _unsigned(self, head: Head, body: bytes) -> tuple[str, str] | None:
        """Return the error of a request whose signature is wrong."""
        found = _AUTHORIZATION.match(head.headers.get("authorization", ""))
        if not found:
            return "MissingAuthenticationTokenException", "Missing Authentication Token"
        key, scope, day, _region, names, signature = found.groups()
        moment = head.headers.get("x-amz-date", "")
        if key not in self.keys:
            return "UnrecognizedClientException", "The security token included in the request is invalid."
        age = datetime.now(UTC) - datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if abs(age.total_seconds()) > 300 or not moment.startswith(day):
            return "InvalidSignatureException", "Signature expired"
        lines = [f"{name}:{head.headers.get(name, '')}\n" for name in names.split(";")]
        path = quote(head.path, safe="/~")
        request = "\n".join((head.method, path, "", "".join(lines), names, hashlib.sha256(body).hexdigest()))
        text = "\n".join(("AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(request.encode()).hexdigest()))
        derived = f"AWS4{SECRET}".encode()
        for part in scope.split("/"):
            derived = hmac.digest(derived, part.encode(), "sha256")
        if not {"host", "x-amz-date"} <= set(names.split(";")):
            return "InvalidSignatureException", "host and x-amz-date must be signed"
        if not hmac.compare_digest(hmac.digest(derived, text.encode(), "sha256").hex(), signature):
            return "InvalidSignatureException", "The request signature we calculated does not match"
        return None


def _check(given: Any, size: int) -> str | None:
    """Return what is wrong with a call, or None."""
    entries, template = given["BulkEmailEntries"], given["DefaultContent"]["Template"]
    if size > _MAX_BODY:
        return "The request is too large"
    if not 1 <= len(entries) <= 50:
        return "BulkEmailEntries must have 1 to 50 entries"
    if not given["FromEmailAddress"].isascii():
        return "FromEmailAddress must be encoded"
    tags = {tag for text in template["TemplateContent"].values() for tag in _TAG.findall(text)}
    if not all(_NAME.match(tag) for tag in tags):
        return "Template contains unsupported operations."
    for entry in entries:
        (address,) = entry["Destination"]["ToAddresses"]
        data = orjson.loads(entry["ReplacementEmailContent"]["ReplacementTemplate"]["ReplacementTemplateData"])
        if not _ADDRESS.match(address) or tags - data.keys():
            # SES would accept the entry and drop the email later.
            return "an address is not valid, or a value is missing"
        if not _are_headers([*template["Headers"], *entry["ReplacementHeaders"]]):
            return "Headers are not valid"
        if not all(_TAG_VALUE.match(tag["Value"]) for tag in (*entry["ReplacementTags"], *given["DefaultEmailTags"])):
            return "Tags are not valid"
    return None


def _are_headers(headers: list[Mapping[str, str]]) -> bool:
    return len(headers) <= 15 and all(
        _HEADER_NAME.match(each["Name"]) and _HEADER_VALUE.match(each["Value"]) for each in headers
    )


def _error(status: int, name: str, message: str) -> Reply:
    body = orjson.dumps({"message": message})
    return Reply(status, body, (("x-amzn-ErrorType", f"{name}:http://internal.amazon.com/coral/"),))
