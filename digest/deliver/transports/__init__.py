"""The table of transports: name → where it lives. A new provider is one file and one row."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from digest.deliver.ports import Recovery

TRANSPORTS = {
    "outbox": "digest.deliver.transports.outbox:Outbox",
    "smtp": "digest.deliver.transports.smtp:Smtp",
    "sendgrid": "digest.deliver.transports.sendgrid:SendGrid",
}

RECOVERY: dict[str, Recovery] = {"outbox": "redo", "smtp": "stepwise", "sendgrid": "hold"}
"""How each transport's cut-short attempts are recovered; a test holds it equal to what the classes say. It stands
here so that a run on one transport can recover what another left, without loading the other."""


def load(name: str) -> Any:
    """The transport's class. Raises KeyError for a name that is not in the table."""
    module, _, attribute = TRANSPORTS[name].partition(":")
    return getattr(import_module(module), attribute)
