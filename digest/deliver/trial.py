"""Hands letters over outside the ledger: for marked tests, which leave no trace in it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from digest.deliver.message import Outgoing
from digest.deliver.outcome import Accepted, Halve, Mixed, NotSent, Rejected, Unknown
from digest.deliver.ports import Transport


class _NoJournal:
    def handing(self, reader: int) -> None:
        pass

    def refused(self, reader: int, reason: str) -> None:
        pass

    def put_off(self, reader: int) -> None:
        pass

    def stopping(self) -> bool:
        return False


def hand_over(transport: Transport, letters: Sequence[Outgoing]) -> list[str]:
    """Submits each once, as a batch of its own: no provider may take a second test for a repeat of the first. Answers a
    sentence for each address that it did not certainly reach the provider for."""
    problems = []
    for letter in letters:
        match transport.submit(replace(letter, batch=f"test-{secrets.token_hex(8)}"), _NoJournal()):
            case Accepted():
                continue
            case Rejected(readers):
                said = next(iter(readers.values()))
            case Mixed() as outcome:
                if outcome.accepted:
                    continue
                said = next(iter({**outcome.rejected, **outcome.unknown}.values()), outcome.not_sent_reason)
            case NotSent(reason) | Unknown(reason) | Halve(reason):
                said = reason
        problems.append(f"{letter.recipients[0].email}: {said}")
    return problems
