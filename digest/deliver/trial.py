"""Hands letters over outside the ledger: for marked tests, which leave no trace in it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from digest.deliver.message import Outgoing
from digest.deliver.outcome import Accepted, NotSent, PerRecipient, Rejected, Split, Unknown
from digest.deliver.ports import Transport


class _NoJournal:
    def started(self, reader: int) -> None:
        pass

    def rejected(self, reader: int, reason: str) -> None:
        pass

    def deferred(self, reader: int) -> None:
        pass

    def should_stop(self) -> bool:
        return False


def send_direct(transport: Transport, letters: Sequence[Outgoing]) -> list[str]:
    """Submits each once, as a batch of its own: no provider may take a second test for a repeat of the first. Answers a
    sentence for each address that it did not certainly reach the provider for."""
    problems = []
    for letter in letters:
        match transport.submit(replace(letter, batch=f"test-{secrets.token_hex(8)}"), _NoJournal()):
            case Accepted():
                continue
            case Rejected(readers):
                said = next(iter(readers.values()))
            case PerRecipient() as outcome:
                if outcome.accepted:
                    continue
                said = next(iter({**outcome.rejected, **outcome.unknown}.values()), outcome.not_sent_reason)
            case NotSent(reason) | Unknown(reason) | Split(reason):
                said = reason
        problems.append(f"{letter.recipients[0].email}: {said}")
    return problems
