"""Enqueue late subscribers in an edition that was sent: those who came later, or were left out by mistake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from digest.errors import DigestError
from digest.messages import Message
from digest.models import BEGUN_STATES, Actor, Edition, is_breach, is_breaking, is_question
from digest.store.desk.audit import ActKind
from digest.store.locks import exclusive

if TYPE_CHECKING:
    from digest.store.database import Database
    from digest.store.desk.audit import AuditLog
    from digest.store.high_water import HighWater
    from digest.usecases.enqueue import Enqueuer

# Seconds that a page may wait for another process to finish sending.
_LOCK_WAIT = 5.0


class MoreAreDue(DigestError):
    """More subscribers are due than the user agreed to. Nobody was enqueued."""

    def __init__(self, due: int) -> None:
        super().__init__(f"Meanwhile {due:,} subscribers are due. Look again.")
        self.due = due


def can_be_sent_late(edition: Edition) -> bool:
    """Whether newcomers may get it: its send has begun, and it is no alert, question, correction or breach letter."""
    special = is_breaking(edition.key) or is_question(edition.key) or is_breach(edition.key)
    return edition.state in BEGUN_STATES and not special and edition.corrects is None


@dataclass(frozen=True)
class LateSender:
    """Does the same as `digest send EDITION` for an edition that was sent, but leaves the delivery to `digest run`."""

    database: Database
    enqueuer: Enqueuer
    # Refuse samples, and example addresses of a real sender.
    refuse: Callable[[Edition], None]
    high_water: HighWater
    audit: AuditLog
    now: Callable[[], datetime]

    def enqueue(self, edition: Edition, by: Actor, *, most: int) -> int:
        """Enqueue those who are due, and return their number.

        `digest run` sends to them. Raises MoreAreDue if there are more than `most`, AlreadyRunning while another
        process sends, and DigestError for an edition that can no longer be sent.
        """
        if not can_be_sent_late(edition):
            raise DigestError(
                Message(
                    "Edition %(name)s is %(state)s: it is not sent to anybody else.",
                    name=edition.key,
                    state=edition.state,
                )
            )
        self.refuse(edition)
        with exclusive(self.database, "sending", wait=_LOCK_WAIT):
            self.high_water.check()
            due = self.enqueuer.count_due(edition)
            if due > most:
                raise MoreAreDue(due)
            placed = self.enqueuer.enqueue(edition).placed if due else 0
        if placed:
            self.audit.record(
                by, ActKind.SENT_TO_NEWCOMERS, edition.key, Message("%(num)s subscribers", num=placed), now=self.now()
            )
        return placed
