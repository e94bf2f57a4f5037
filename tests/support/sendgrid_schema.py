"""SendGrid's own schema of POST /v3/mail/send, when its OpenAPI file lies beside the repository.

Owns finding, patching and compiling it. Decides nothing about when to run it: 1,000 personalizations take about
60 ms, so a busy server samples.
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
    # The published file says "string", its own examples and the real service say object.
    schema["properties"]["custom_args"] = {"type": "object"}
    return Draft202012Validator({**schema, "components": document["components"]})


def available() -> bool:
    """Whether the OpenAPI file was found."""
    return _validator() is not None


def check(payload: object) -> Iterator[Violation]:
    """Every error that the schema finds, field as SendGrid writes it; nothing when there is no schema."""
    validator = _validator()
    if validator is None:
        return
    for error in validator.iter_errors(payload):
        yield Violation(error.message[:200], ".".join(map(str, error.absolute_path)) or None)
