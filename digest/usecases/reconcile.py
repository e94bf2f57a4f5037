"""Resolve batches whose outcome is unknown: by the provider's log where it has one, otherwise by the operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from digest.deliver.outcome import Accepted, NotSent
from digest.deliver.ports import RECOVERY, LogLookup, Transport
from digest.models import EditionState
from digest.store.locks import exclusive
from digest.store.people.moves import old_addresses
from digest.store.sending import restored, status
from digest.store.sending.batches import batch_recipients
from digest.store.sending.decisions import DecisionGrounds
from digest.store.sending.status import UnknownBatch, UnknownRecipient, unknown_batches, unknown_recipients
from digest.utils.text import plural

if TYPE_CHECKING:
    from digest.store.content.editions import EditionStore
    from digest.store.database import Database
    from digest.store.high_water import HighWater
    from digest.store.sending.ledger import SqlLedger
    from digest.store.sending.restored import HoldReason
    from digest.subscribers.due import Candidate


@dataclass(frozen=True)
class EditionRecovery:
    """Recovers editions by the rules of each transport."""

    ledger: SqlLedger
    # Whether batches whose outcome is unknown are sent again (`delivery.on_unknown: resend`).
    resend_unknown: bool
    now: Callable[[], datetime]

    def recover(self, edition: str) -> tuple[str, ...]:
        """Resolve an edition's orphaned attempts, whatever its state. The caller holds the `sending` lock.

        Returns sentences for the operator.
        """
        unknown = self.ledger.begin_run(edition, recovery=RECOVERY, now=self.now(), resend=self.resend_unknown)
        if not unknown:
            return ()
        return (f"An interrupted run left {plural(unknown, 'recipient')} with unknown outcome.",)


# Seconds.
_LOCK_WAIT = 5.0
# Provider's logs lag a little. An email that is missing for longer than this will not appear.
_LOG_LAG, _ASK_FOR = timedelta(minutes=2), timedelta(days=2)
_NOBODY: Mapping[int, Mapping[int, Accepted | NotSent]] = {}


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A recipient who may or may not have the email. `message_id` is None if only the provider can have set it."""

    recipient: UnknownRecipient
    message_id: str | None


def one_by_one(recipient: UnknownRecipient) -> bool:
    """Whether the transport gives each recipient a separate email, with our Message-ID."""
    return RECOVERY.get(recipient.transport) == "stepwise"


def hold_without_recipients(database: Database, key: str, day: date) -> HoldReason | None:
    """Return why the edition is held, if it has no recipients in the store. It may have been sent before the restore.

    `day` is the edition's day if the store does not know it.
    """
    with database.read() as connection:
        hold_reason = restored.find_hold_reason(connection, key, day)
    return hold_reason if hold_reason and not status.counts(database, key).batches else None


def held_editions(database: Database, since: date) -> list[str]:
    """Return the editions since a day that are held, and have no recipients in the store."""
    with database.read() as connection:
        return restored.doubtful_unsent(connection, since)


@dataclass(frozen=True)
class Reconciler:
    """Resolves unknown batches, and batches that only a transport outside the settings may send.

    Raises StoreError for an older copy of the store, which has to be restored first.
    """

    database: Database
    editions: EditionStore
    high_water: HighWater
    ledger: SqlLedger
    transports: Sequence[Transport]
    recovery: EditionRecovery
    now: Callable[[], datetime]
    # The Message-ID of an edition's email to a subscriber (id, address), where we make the email ourselves.
    message_id: Callable[[str, int, str], str]

    def unsendable(self, key: str) -> list[UnknownBatch]:
        """Return batches that only a transport outside the settings may send."""
        return status.unsendable_batches(self.database, key, [transport.name for transport in self.transports])

    def query_provider_log(self, key: str) -> list[int]:
        """Look up every unknown batch in its provider's log.

        Batches that a log shows become accepted and are returned. The others stay unknown. Raises AlreadyRunning while
        another process is sending.
        """
        with exclusive(self.database, "sending", wait=_LOCK_WAIT):
            self.high_water.check()
            self.recovery.recover(key)
        confirmed = self._ask_log(unknown_batches(self.database, key))
        self.ledger.finish(key, self.now())
        return confirmed

    def editions_to_look_up(self) -> list[str]:
        """Return the editions with batches that `look_up` would ask about."""
        sending = [each.key for each in self.editions.unfinished() if each.state == EditionState.SENDING]
        return [key for key in sending if self._worth_asking(key)]

    def look_up(self, key: str) -> list[int]:
        """Like `query_provider_log`, but works while processes send.

        Leaves out batches that the log cannot show yet or any more. It needs no lock, because these batches are
        settled, by their run or by one that took over.
        """
        confirmed = self._ask_log(self._worth_asking(key))
        if confirmed:
            self.ledger.finish(key, self.now())
        return confirmed

    def _worth_asking(self, key: str) -> list[UnknownBatch]:
        logs, now = self._logs(), self.now()
        return [
            each
            for each in unknown_batches(self.database, key)
            if each.transport in logs and _LOG_LAG <= now - each.started_at <= _ASK_FOR
        ]

    def _ask_log(self, unknown: Iterable[UnknownBatch]) -> list[int]:
        """Ask the logs of providers, and accept and return the batches that they show."""
        confirmed, logs = [], self._logs()
        for each in unknown:
            transport = logs.get(each.transport)
            if transport is None:
                continue
            with self.database.read() as connection:
                people = batch_recipients(connection, each.batch)
                # The email may have gone to an address that was changed since.
                former = old_addresses(connection, [id for id, _email in people])
                emails = [*former, *(email for _id, email in people)]
            if transport.find_in_log(each.attempt, emails) and self.ledger.confirm_accepted(each.attempt):
                confirmed.append(each.batch)
        return confirmed

    def _logs(self) -> Mapping[str, LogLookup]:
        return {transport.name: transport for transport in self.transports if isinstance(transport, LogLookup)}

    def recipients(self, key: str) -> list[Unsettled]:
        """Return every recipient of unknown and unsendable batches."""
        found = unknown_recipients(self.database, [*unknown_batches(self.database, key), *self.unsendable(key)])
        return [
            Unsettled(each, self.message_id(key, each.subscriber, each.email) if self.may_be_single(each) else None)
            for each in found
        ]

    def may_be_single(self, recipient: UnknownRecipient) -> bool:
        """Whether the recipient may have got a separate email. The transport of a held batch is not known."""
        names = [recipient.transport] if recipient.transport else [transport.name for transport in self.transports]
        return any(RECOVERY.get(name) == "stepwise" for name in names)

    def expected(self, key: str, candidates: Iterable[Candidate]) -> list[tuple[str, str]]:
        """Return the address of each candidate, with the Message-ID of the edition's email to them if we set it.

        For an edition that may have been sent from a newer store, if this one is a restored copy of it.
        """
        single = any(RECOVERY.get(transport.name) == "stepwise" for transport in self.transports)
        return [(each.email, self.message_id(key, each.id, each.email) if single else "") for each in candidates]

    def set_not_sent(self, key: str, grounds: DecisionGrounds) -> None:
        """Record the operator's statement that a held edition was not sent. It is then sent as usual."""
        self.high_water.check()
        restored.set_not_sent(self.database, key, grounds, self.now())

    def resolve(
        self,
        key: str,
        decisions: Mapping[int, Accepted | NotSent],
        grounds: DecisionGrounds,
        *,
        singly: Mapping[int, Mapping[int, Accepted | NotSent]] = _NOBODY,
    ) -> None:
        """Carry out the operator's decisions: on whole batches, and `singly` on recipients, by batch and subscriber id.

        Raises AlreadyRunning while another process is sending.
        """
        with exclusive(self.database, "sending", wait=_LOCK_WAIT):
            self.high_water.check()
            self.recovery.recover(key)
            numbers = decisions.keys() | singly.keys()
            for number in numbers & {batch.batch for batch in self.unsendable(key)}:
                self.ledger.mark_unknown(key, number)
            for number, outcome in decisions.items():
                self.ledger.decide(key, number, outcome, grounds, self.now())
            for number, by_recipient in singly.items():
                for outcome in dict.fromkeys(by_recipient.values()):
                    ids = [id for id, theirs in by_recipient.items() if theirs == outcome]
                    self.ledger.decide_recipients(key, number, ids, outcome, grounds, self.now())
            self.ledger.finish(key, self.now())
