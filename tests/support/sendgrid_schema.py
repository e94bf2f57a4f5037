"""SendGrid's own schema of POST /v3/mail/send, if its OpenAPI file is next to the repository.

A check of 1,000 personalizations takes about 60 ms, so a busy server checks a sample.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from tests.paths import ROOT
from tests.support.sendgrid_rules import Violation

SPEC = ROOT / "../shared/spec/sendgrid_mail_v3.openapi.json"


@cache
def _validator() -> Any:
    if not SPEC.exists():
        return None
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

    document = json.loads(SPEC.read_text(encoding="utf-8"))
    body = document["components"]["requestBodies"]["PostMailSend"]
    schema = body["content"]["application/json"]["schema"]
    # The published file says "string"; its examples and the real service use an object.
    schema["properties"]["custom_args"] = {"type": "object"}
    return Draft202012Validator({**schema, "components": document["components"]})


def available() -> bool:
    """Whether the OpenAPI file was found."""
    return _validator() is not None


def check(payload: object) -> Iterator[Violation]:
    """Yield every error that the schema finds, with SendGrid's field names. Yields nothing without the schema."""
    validator = _validator()
    if validator is None:
        return
    for error in validator.iter_errors(payload):
        yield Violation(error.message[:200], ".".join(map(str, error.absolute_path)) or None)
