"""How interrupted attempts of each transport are recovered."""

from __future__ import annotations

from datetime import timedelta

from digest.deliver.ports import Recovery

# This repeats attributes of the transports (a test compares them), so that a run can recover attempts of another
# transport without importing it.
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
