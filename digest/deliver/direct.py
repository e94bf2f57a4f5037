"""Send emails without the ledger: tests, confirmations of a sign-up, and emails that a subscriber asked for again."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Split, Unknown
from digest.deliver.ports import Transport
from digest.mail.message import Outgoing
from digest.utils.redact import redact


class _NoLog:
    def started(self, recipient: int) -> None:
        pass

    def rejected(self, recipient: int, reason: str) -> None:
        pass

    def deferred(self, recipient: int, reason: str) -> None:
        pass

    def should_stop(self) -> bool:
        return False


def send_direct(transport: Transport, emails: Sequence[Outgoing]) -> list[str]:
    """Submit each email once, to its one recipient. Return a sentence for each that the provider did not confirm.

    Each gets its own batch name, so that no provider takes a second one for a repetition of the first.
    """
    problems = []
    for email in emails:
        outcome = transport.submit(replace(email, batch=f"test-{secrets.token_hex(8)}"), _NoLog())
        reason = _problem(outcome)
        if reason is not None:
            problems.append(f"{email.recipients[0].email}: {redact(reason)}")
    return problems


def _problem(outcome: Outcome) -> str | None:
    match outcome:
        case Accepted():
            return None
        case Rejected(reasons):
            return next(iter(reasons.values()))
        case PerRecipient():
            if outcome.accepted:
                return None
            return next(iter({**outcome.rejected, **outcome.unknown}.values()), outcome.not_sent_reason)
        case NotSent(reason) | Unknown(reason) | Split(reason):
            return reason
    return outcome.reason
