"""The ledger under events in any order: nobody gets two emails, and the counts balance after every step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Split, Unknown
from digest.deliver.ports import Claim, ScheduleWindow
from digest.models import Subscriber
from digest.store.content.editions import EditionStore
from digest.store.database import Database
from digest.store.people.subscribers import SubscriberStore
from digest.store.schema import metadata
from digest.store.sending.decisions import DecisionGrounds
from digest.store.sending.ledger import SqlLedger
from digest.store.sending.status import counts, unknown_batches, unknown_recipients
from tests.store.conftest import KEY, NOW, an_edition
from tests.store.test_cancellations import Scheduling
from tests.support.enqueue import Entry, enqueue
from tests.support.profiles import examples

AHEAD = ScheduleWindow(
    max_lead=timedelta(minutes=40), min_lead=timedelta(minutes=15), cancel_deadline=timedelta(minutes=12)
)


class Ledger(RuleBasedStateMachine):
    """The model knows whether a recipient has the email (`has`), may have it (`maybe`, by attempt) or is excluded."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        with self.database.write() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
        self.ledger = SqlLedger(self.database)
        self.subscribers = SubscriberStore(self.database)
        EditionStore(self.database).put(an_edition(), over=())
        self.addresses: list[str] = []
        # Attempt → its claim, and whether it has a schedule id.
        self.in_flight: dict[str, tuple[Claim, bool]] = {}
        self.has: set[int] = set()
        self.maybe: dict[str, set[int]] = {}
        self.rejected: set[int] = set()
        self.now = NOW

    @rule(more=st.integers(1, 7), size=st.integers(1, 4), minutes=st.sampled_from((0, 0, 30)))
    def freeze(self, more: int, size: int, minutes: int) -> None:
        self.addresses += [f"subscriber{len(self.addresses) + n}@example.com" for n in range(more)]
        self.subscribers.sync([(one, Subscriber(email=one)) for one in self.addresses], now=self.now)
        due = self.now + timedelta(minutes=minutes)
        entries = [
            Entry(c.id, excluded=c.suppressed) if c.suppressed else Entry(c.id, "html", due)
            for c in self.subscribers.candidates(KEY)
        ]
        enqueue(self.database, KEY, entries, size, now=self.now)

    @rule(most=st.integers(1, 3))
    def claim(self, most: int) -> None:
        claims = self.ledger.claim(most, KEY, "sendgrid", self.now, 3, AHEAD)
        assert len(claims) <= most
        for got in claims:
            self.begin(got)

    def begin(self, got: Claim) -> None:
        ids = {id for id, _email in got.recipients}
        assert ids
        assert not ids & self.has, "who has it is handed over again"
        assert not ids & set().union(*self.maybe.values()), "who may have it is handed over again"
        assert not ids & {id for claim, _ in self.in_flight.values() for id, _email in claim.recipients}
        assert not ids & self.rejected
        if got.send_at:
            self.ledger.record_schedule_id(got.attempt, f"schedule {got.attempt}")
        self.in_flight[got.attempt] = got, got.send_at is not None

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data())
    def settle(self, data: Any) -> None:
        name = data.draw(st.sampled_from(list(self.in_flight)))
        claim, scheduled = self.in_flight.pop(name)
        ids = [id for id, _email in claim.recipients]
        some = set(data.draw(st.lists(st.sampled_from(ids), unique=True)))
        outcomes: list[Outcome] = [
            Accepted(),
            NotSent("busy"),
            Unknown("no answer"),
        ]
        if some:
            outcomes.append(Rejected(dict.fromkeys(some, "no address")))
        if len(ids) > 1:
            outcomes.append(Split("too large"))
        if not scheduled:
            accepted = frozenset(set(ids[::2]) - some)
            outcomes.append(PerRecipient(accepted, {}, dict.fromkeys(sorted(some)[:1], "cut off"), "line lost"))
        outcome = data.draw(st.sampled_from(outcomes))
        self.ledger.settle(name, outcome, self.now)
        match outcome:
            case Accepted():
                self.has |= set(ids)
            case Unknown():
                self.maybe[name] = set(ids)
            case Rejected(reasons):
                self.rejected |= reasons.keys()
            case PerRecipient(accepted=took, unknown=unknown):
                self.has |= took
                if unknown:
                    self.maybe[f"{name} in part"] = set(unknown)

    @rule()
    def accept_all(self) -> None:
        self.ledger.record_accepted([(claim, Accepted()) for claim, _scheduled in self.in_flight.values()], self.now)
        self.has |= {id for claim, _scheduled in self.in_flight.values() for id, _email in claim.recipients}
        self.in_flight.clear()

    @rule()
    def die(self) -> None:
        """The process is killed, and another starts."""
        self.ledger = SqlLedger(self.database)
        self.ledger.begin_run(KEY, recovery={"sendgrid": "hold"}, now=self.now)
        for name, (claim, _scheduled) in self.in_flight.items():
            self.maybe[name] = {id for id, _email in claim.recipients}
        self.in_flight.clear()

    @rule(confirmed=st.booleans())
    def cancel(self, confirmed: bool) -> None:
        found = self.ledger.begin_cancellation(KEY, Scheduling(max_open_cancellations=3), self.now)
        if found and confirmed:
            self.ledger.confirm_cancellation(found.attempt, self.now)
            del self.maybe[found.attempt]

    @precondition(lambda self: self.maybe or self.in_flight)
    @rule(data=st.data())
    def confirm_accepted(self, data: Any) -> None:
        name = data.draw(st.sampled_from([*self.maybe, *self.in_flight]))
        if self.ledger.confirm_accepted(name):
            held = self.maybe.pop(name, None)
            self.has |= held if held is not None else {id for id, _email in self.in_flight[name][0].recipients}
            if name in self.in_flight:  # its answer comes late and changes nothing
                self.in_flight.pop(name)
                self.ledger.settle(name, Unknown("the answer was lost"), self.now)

    @rule(data=st.data(), took=st.booleans())
    def decide(self, data: Any, took: bool) -> None:
        open_ = unknown_batches(self.database, KEY)
        if not open_:
            return
        chosen = data.draw(st.sampled_from(open_))
        outcome: Accepted | NotSent = Accepted() if took else NotSent("looked up")
        assert self.ledger.decide(KEY, chosen.batch, outcome, DecisionGrounds("looked up"), self.now)
        for name in (chosen.attempt, f"{chosen.attempt} in part"):
            held = self.maybe.pop(name, set())
            self.has |= held if took else set()

    @rule(data=st.data(), took=st.booleans())
    def decide_on_some(self, data: Any, took: bool) -> None:
        open_ = unknown_batches(self.database, KEY)
        if not open_:
            return
        chosen = data.draw(st.sampled_from(open_))
        outcome: Accepted | NotSent = Accepted() if took else NotSent("looked up")
        ids = [one.subscriber for one in unknown_recipients(self.database, [chosen])]
        some = set(data.draw(st.lists(st.sampled_from(ids), unique=True)))
        done = self.ledger.decide_recipients(KEY, chosen.batch, some, outcome, DecisionGrounds("looked up"), self.now)
        assert done == len(some)
        self.has |= some if took else set()
        for name in (chosen.attempt, f"{chosen.attempt} in part"):
            if name in self.maybe:
                self.maybe[name] -= some
                if not self.maybe[name]:
                    del self.maybe[name]

    @precondition(lambda self: self.addresses)
    @rule(data=st.data())
    def leave(self, data: Any) -> None:
        self.subscribers.suppress(data.draw(st.sampled_from(self.addresses)), "left", now=self.now)

    @rule(minutes=st.integers(1, 20))
    def time_goes_on(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @invariant()
    def numbers_add_up(self) -> None:
        found = counts(self.database, KEY)
        assert found.balanced, found
        assert found.accepted == len(self.has)
        assert found.unknown == len(set().union(*self.maybe.values()))
        assert found.rejected == len(self.rejected)
        if self.ledger.finish(KEY, self.now):
            assert not found.pending
            assert not found.unknown
            with self.database.write() as connection:
                connection.execute(metadata.tables["edition"].update().values(state="sending"))


@pytest.mark.slow
def test_nobody_is_sent_to_twice_whatever_happens(database: Database) -> None:
    machine = type("OnThisStore", (Ledger,), {"database": database})
    few = settings(
        max_examples=examples(15, dev=3),
        stateful_step_count=30,
        deadline=None,
        phases=[Phase.generate],  # to shrink against a database takes minutes
        print_blob=False,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    run_state_machine_as_test(machine, settings=few)
