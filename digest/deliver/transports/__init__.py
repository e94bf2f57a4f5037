"""The table of transports: name → where it lives. A new provider is one file and one row."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

from digest.deliver.ports import Recovery

TRANSPORTS = {
    "outbox": "digest.deliver.transports.outbox:Outbox",
    "smtp": "digest.deliver.transports.smtp:Smtp",
    "sendgrid": "digest.deliver.transports.sendgrid:SendGrid",
    "resend": "digest.deliver.transports.resend:Resend",
}

RECOVERY: dict[str, Recovery] = {"outbox": "redo", "smtp": "stepwise", "sendgrid": "hold", "resend": "redo"}
"""How each transport's cut-short attempts are recovered; a test holds it equal to what the classes say. It stands
here so that a run on one transport can recover what another left, without loading the other."""

REDO_WITHIN = {"resend": timedelta(hours=24)}
"""How long after its start an attempt may be redone, where a provider keeps its idempotency keys only so long."""


def load(name: str) -> Any:
    """The transport's class. Raises KeyError for a name that is not in the table."""
    module, _, attribute = TRANSPORTS[name].partition(":")
    return getattr(import_module(module), attribute)
