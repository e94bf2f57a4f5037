"""Pause, cancel, resume and reopen editions. Scheduled emails of a stopped edition are cancelled at the provider.

An edition pauses automatically when too many of its first recipients bounce or complain.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from digest.deliver.attempt import cancel_each
from digest.deliver.ports import Cancellable, Transport
from digest.errors import AlreadyRunning
from digest.messages import Message
from digest.models import WAITING_STATES, Actor, EditionState, is_special
from digest.store.desk.audit import ActKind
from digest.store.locks import exclusive
from digest.store.sending.cancellations import next_free_cancellation, stopped_with_scheduled
from digest.store.sending.decisions import Decision
from digest.store.sending.overview import first_recipients
from digest.store.sending.recovery import in_flight_elsewhere
from digest.store.sending.status import counts

if TYPE_CHECKING:
    from digest.store.content.editions import EditionStore
    from digest.store.database import Database
    from digest.store.desk.audit import AuditLog
    from digest.store.sending.ledger import SqlLedger
    from digest.usecases.enqueue import SeatQueue
    from digest.usecases.reconcile import EditionRecovery

# The states in which an edition can be paused or cancelled.
PAUSABLE = (*WAITING_STATES, EditionState.SENDING)
CANCELLABLE = (*PAUSABLE, EditionState.PAUSED)
# Seconds. A run whose edition was stopped ends when its batches in flight are done.
_LOCK_WAIT = 30.0
_POLL_INTERVAL = 0.25
# Fewer failures are not significant, whatever their rate in a short list.
MIN_BOUNCES, MIN_COMPLAINTS = 5, 3


@dataclass(frozen=True)
class StopResult:
    """Outcome of pausing or cancelling an edition. All counts are recipients."""

    # False if the edition's state does not allow it.
    stopped: bool
    # The provider confirmed the cancellation; these are pending again.
    cancelled: int = 0
    # Past the cancellation deadline, or no cancellation is free; these will still be delivered.
    too_late: int = 0
    # The part of `too_late` that can be cancelled once earlier cancellations expire (SendGrid keeps at most 10 open).
    cancellable_later: int = 0
    # The provider did not confirm the cancellation.
    unconfirmed: int = 0
    # The outcome was unknown before.
    unknown: int = 0
    # Still being handed over by another process.
    in_flight: int = 0


@dataclass(frozen=True)
class EditionStopper:
    """Stops, resumes and reopens editions, and records who did it."""

    database: Database
    editions: EditionStore
    ledger: SqlLedger
    transports: Sequence[Transport]
    recovery: EditionRecovery
    log: AuditLog
    # Whether a person must approve the edition with this key.
    requires_approval: Callable[[str], bool]
    now: Callable[[], datetime]
    # None where one process sends: it looks for a resumed edition every few seconds.
    seats: SeatQueue | None = None

    def stop(
        self,
        key: str,
        state: EditionState,
        by: Actor,
        *,
        why: str,
        out_of: Sequence[EditionState] | None = None,
        wait: float = _LOCK_WAIT,
    ) -> StopResult:
        """Move the edition to `paused` or `cancelled`, so that no further batch of it is claimed.

        Waits at most `wait` seconds for batches that other processes have in flight, recovers those that dead runs
        left, and cancels scheduled emails at a provider; their recipients are pending again. If batches are in flight
        longer, `resume_cancellations` cancels their scheduled emails. An edition that is done, or was stopped before,
        can be stopped as long as a provider holds emails of it. `why` is the reason or the way, for the record. The
        edition must be in one of the states `out_of`.
        """
        if out_of is None:
            out_of = PAUSABLE if state == EditionState.PAUSED else CANCELLABLE
        held = self.ledger.scheduled_recipients(key, self.now())
        begun = counts(self.database, key).frozen > 0
        if any(held):
            out_of = (*out_of, EditionState.DONE, state)
        if not self._move(key, state, by, out_of=out_of, why=why, what=state):
            return StopResult(stopped=False)
        return self._cancel_scheduled(key, wait=wait) if begun else StopResult(stopped=True)

    def resume(self, key: str, by: Actor, *, why: str) -> EditionState | None:
        """Resume a paused edition, and return its state. None if it is not paused."""
        state = state_after_pause(
            self.editions,
            key,
            begun=counts(self.database, key).frozen > 0,
            requires_approval=self.requires_approval(key),
        )
        if not self._move(key, state, by, out_of=(EditionState.PAUSED,), why=why, what=ActKind.RESUMED):
            return None
        if self.seats is not None and state == EditionState.SENDING:
            # Else it would wait up to a minute for the next step of the schedule.
            self.seats.call(key)
        return state

    def reopen(self, key: str, by: Actor, *, why: str) -> bool:
        """Make an edition a draft again. False if it is not approved or expired, nor paused before anybody got it."""
        states = [EditionState.APPROVED, EditionState.EXPIRED]
        if not counts(self.database, key).frozen:
            states.append(EditionState.PAUSED)
        return self._move(key, EditionState.DRAFT, by, out_of=states, why=why, what=ActKind.REOPENED, reason="")

    def _move(
        self,
        key: str,
        state: EditionState,
        by: Actor,
        *,
        out_of: Sequence[EditionState],
        why: str,
        what: ActKind | EditionState,
        reason: str | None = None,
    ) -> bool:
        """Move the edition, and record the decision. `what` is its verb in the audit log."""
        with self.database.transaction():
            if not self.editions.move(key, state, out_of=out_of, reason=reason):
                return False
            self.editions.record_decision(key, state, why, now=self.now(), by=by.name)
            self.log.record(by, what, key, now=self.now())
            return True

    def resume_cancellations(self) -> dict[str, int]:
        """Retry cancellations of stopped editions.

        They failed because the provider had no cancellation free, or did not answer. Returns the cancelled recipients
        by edition.
        """
        with self.database.read() as connection:
            waiting = stopped_with_scheduled(connection, self.now())
        cancelled = {key: self._cancel_scheduled(key, wait=0.0).cancelled for key in waiting}
        return {key: recipients for key, recipients in cancelled.items() if recipients}

    def _cancel_scheduled(self, key: str, *, wait: float) -> StopResult:
        until = time.monotonic() + wait
        with ExitStack() as lock:
            # Scheduled emails are cancelled even if another process holds the lock.
            with suppress(AlreadyRunning):
                lock.enter_context(exclusive(self.database, "sending", wait=wait))
                if wait:
                    # After this pause, any claim that still saw the edition as sending is in the store.
                    time.sleep(_POLL_INTERVAL)
                while in_flight_elsewhere(self.database, key) and time.monotonic() < until:
                    time.sleep(_POLL_INTERVAL)
                self.recovery.recover(key)
            held = self.ledger.scheduled_recipients(key, self.now())
            cancel_each(
                key, self.transports, self.ledger.begin_stop_cancellation, self.ledger.confirm_cancellation, self.now
            )
        left = self.ledger.scheduled_recipients(key, self.now())
        return StopResult(
            stopped=True,
            cancelled=sum(held) - sum(left),
            too_late=left.accepted,
            cancellable_later=min(left.accepted, self._cancellable_later(key)),
            unconfirmed=left.unknown,
            unknown=counts(self.database, key).unknown - left.unknown,
            in_flight=in_flight_elsewhere(self.database, key),
        )

    def _cancellable_later(self, key: str) -> int:
        """Count recipients whose emails can be cancelled once the provider accepts another cancellation."""
        recipients = 0
        for transport in self.transports:
            if isinstance(transport, Cancellable):
                with self.database.read() as connection:
                    free_from = next_free_cancellation(connection, transport, self.now())
                if free_from is not None:
                    recipients += self.ledger.scheduled_recipients(key, free_from + transport.cancel_deadline).accepted
        return recipients


def state_after_pause(editions: EditionStore, key: str, *, begun: bool, requires_approval: bool) -> EditionState:
    """Return the state that a paused edition resumes with. A draft that nobody approved stays a draft.

    `begun`: recipients have a place in it. A special edition is sent only if a person approved it.
    """
    if begun:
        return EditionState.SENDING
    if not (requires_approval or is_special(key)):
        return EditionState.APPROVED
    decided = [
        each.what for each in editions.decisions(key) if each.what in (EditionState.APPROVED, EditionState.DRAFT)
    ]
    return EditionState.APPROVED if decided and decided[-1] == EditionState.APPROVED else EditionState.DRAFT


@dataclass(frozen=True)
class AutomaticStop:
    """Pauses editions. `bounces` and `complaints` are percent of the first `first` recipients; 0 switches one off."""

    database: Database
    editions: EditionStore
    first: int
    bounces: float
    complaints: float
    now: Callable[[], datetime]

    def check(self, key: str) -> str | None:
        """Pause the edition if a limit is reached, and return the reason.

        An edition is paused at most once, because resuming it is a person's decision.
        """
        if not self.first:
            return None
        with self.database.read() as connection:
            found = first_recipients(connection, key, self.first)
        for count, percent, least, what in (
            (found.bounced, self.bounces, MIN_BOUNCES, Message("bounced or were rejected")),
            (found.complained, self.complaints, MIN_COMPLAINTS, Message("complained")),
        ):
            if percent and count >= max(least, math.ceil(percent * found.recipients / 100)):
                reason = Message(
                    "%(num)s of the first %(later_num)s recipients %(why)s (delivery.stop_on)",
                    num=count,
                    later_num=found.recipients,
                    why=what,
                )
                return reason if self._pause(key, reason) else None
        return None

    def _pause(self, key: str, reason: str) -> bool:
        if any(each.what == Decision.STOPPED for each in self.editions.decisions(key)):
            return False
        # The next `EditionStopper.resume_cancellations` cancels scheduled emails.
        if not self.editions.move(key, EditionState.PAUSED, out_of=(EditionState.SENDING,)):
            return False
        self.editions.record_decision(key, Decision.STOPPED, reason, now=self.now())
        return True
