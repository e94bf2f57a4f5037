"""The readable form of a receipt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from digest.receipt.document import Receipt
from digest.utils.text import plural

_MEANINGS = {
    "frozen": "recipients when the edition was sent",
    "accepted": "taken by the email provider for delivery",
    "rejected": "refused by the email provider",
    "excluded": "not mailed: had left, paused, or bounced before",
    "pending": "not handed over yet",
    "unknown": "may or may not have been handed over",
}


def as_text(receipt: Receipt) -> str:
    return "\n".join(_lines(receipt))


def _lines(receipt: Receipt) -> Iterator[str]:
    of = receipt.statement
    yield f"Receipt for edition {of['edition']} of {of['newsletter']}"
    yield f"Subject: {of['subject']}"
    yield f"Issued by {of['issuer']} on {_time(of['issued_at'])}"
    if of.get("frozen_at"):
        yield f"Recipients fixed on {_time(of['frozen_at'])}"
    yield f"State: {of['state']}{_since(of.get('done_at'))}"
    if not receipt.is_complete:
        yield "NOT COMPLETE: this edition was not done when the receipt was issued."
    yield ""
    width = max(len(f"{number:,}") for number in of["counts"].values())
    for name, meaning in _MEANINGS.items():
        yield f"{name:<9} {of['counts'][name]:>{width},}  {meaning}"
    yield ""
    yield f"Handed over by: {_transports(of.get('transports'))}"
    reported = of.get("reported")
    if isinstance(reported, dict):
        # Noughts alone mean that no report came, for example without a webhook.
        known = [f"{number:,} {name}" for name, number in reported.items() if number is not None]
        yield f"Reported afterwards: {', '.join(known) if any(reported.values()) else 'nothing'}"
    yield f"Batches: {len(receipt.batches):,}, chain {of['chain'].get('head') or 'empty'}"
    emails = of.get("emails")
    if isinstance(emails, list):
        yield f"Emails: {plural(len(emails), 'variant')}, content {of.get('content')}"
    else:
        yield "Emails: no hash was kept of them."
    yield f"Public key: {of['public_key']}"


def _transports(names: object) -> str:
    if not isinstance(names, list) or not names:
        return "nothing yet"
    return ", ".join(f"{name} (files; nobody was mailed)" if name == "outbox" else str(name) for name in names)


def _time(text: str) -> str:
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S} UTC"
    except ValueError:
        return text


def _since(text: object) -> str:
    return f" since {_time(text)}" if isinstance(text, str) else ""
