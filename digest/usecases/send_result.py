"""The outcome of a send, in a module of its own, because commands that only read import nothing else of sending."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from digest.models import Edition, EditionState

if TYPE_CHECKING:
    from digest.deliver.report import SendReport
    from digest.store.sending.status import Counts


@dataclass(frozen=True)
class SendResult:
    """Outcome of a send: the edition's totals, and the work of this call."""

    edition: Edition
    counts: Counts
    # Subscribers who got a place in the edition by this call.
    placed: int = 0
    # None if nothing was delivered.
    report: SendReport | None = None
    # Sentences for the operator.
    notes: tuple[str, ...] = ()
    # Every source failed, so it is unknown whether there is anything to send.
    all_sources_failed: bool = False


def why_not_sent(edition: Edition) -> tuple[str, ...]:
    """Return why an edition in this state is not sent, or nothing if it is."""
    if edition.state == EditionState.DRAFT:
        return (f"Edition {edition.key} waits for approval: digest edition approve {edition.key}",)
    if edition.state == EditionState.PAUSED:
        return (f"Edition {edition.key} is paused: digest edition resume {edition.key}",)
    if edition.state in (EditionState.CANCELLED, EditionState.EXPIRED):
        more = (
            f" `digest edition reopen {edition.key}` brings it back." if edition.state == EditionState.EXPIRED else ""
        )
        return (f"Edition {edition.key} is {edition.state}; nothing more is sent.{more}",)
    return ()
