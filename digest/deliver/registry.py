"""The table of transports. A new provider is one file and one row."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

from digest.deliver.ports import Recovery

# Name → class.
TRANSPORTS = {
    "outbox": "digest.deliver.outbox:Outbox",
    "smtp": "digest.deliver.smtp.transport:Smtp",
    "sendgrid": "digest.deliver.sendgrid.client:SendGrid",
    "resend": "digest.deliver.resend.client:Resend",
    "brevo": "digest.deliver.brevo.client:Brevo",
    "ses": "digest.deliver.ses.client:Ses",
}

# How interrupted attempts are recovered. This repeats attributes of the classes (a test compares them), so that a run
# can recover attempts of another transport without importing it.
RECOVERY: dict[str, Recovery] = {
    "outbox": "redo",
    "smtp": "stepwise",
    "sendgrid": "hold",
    "resend": "redo",
    "brevo": "redo",
    "ses": "hold",
}

# How long after its start an attempt can be submitted again, if the provider keeps idempotency keys for a limited time.
# Brevo keeps them for 15 minutes by its changelog, and 30 by its guide. The rest of the 15 minutes is for the calls of
# one attempt.
REDO_WITHIN = {"resend": timedelta(hours=24), "brevo": timedelta(minutes=11)}


def load(name: str) -> Any:
    """Return the transport's class. Raises KeyError for a name that is not in the table."""
    module, _, attribute = TRANSPORTS[name].partition(":")
    return getattr(import_module(module), attribute)
