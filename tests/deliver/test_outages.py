"""A run whose ledger is unavailable for a while: what it keeps, what it does not start, and when it gives up."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

import pytest

from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient
from digest.deliver.ports import Claim, RecipientLog, ScheduleWindow
from digest.errors import StoreUnavailable
from digest.mail.message import Outgoing
from tests.deliver.fakes import FakeLedger, Scripted
from tests.deliver.test_sender import run

pytestmark = pytest.mark.usefixtures("brief_pauses", "short_pauses")

AWAY = StoreUnavailable("store x can't be written: the disk is full")
NEVER = 10**9


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.deliver.outage._PAUSE", 0.001)


class Failing(FakeLedger):
    """Raises at the given calls (`claim`, `settle`, `started`): after how many successes, and how often."""

    def __init__(self, *sizes: int, **failures: tuple[int, int]) -> None:
        super().__init__(*sizes)
        self.failures = failures
        self.calls = dict.fromkeys(failures, 0)

    def _fail(self, call: str) -> None:
        if call in self.failures:
            self.calls[call] += 1
            after, times = self.failures[call]
            if after < self.calls[call] <= after + times:
                raise AWAY

    def claim(
        self,
        most: int,
        edition: str,
        transport: str,
        now: datetime,
        max_tries: int,
        ahead: ScheduleWindow | None = None,
    ) -> Sequence[Claim]:
        self._fail("claim")
        return super().claim(most, edition, transport, now, max_tries, ahead)

    def settle(self, attempt: str, outcome: Outcome, now: datetime) -> None:
        self._fail("settle")
        super().settle(attempt, outcome, now)

    def record_started(self, attempt: str, recipient: int) -> None:
        self._fail("started")
        super().record_started(attempt, recipient)


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("call", ["claim", "settle"])
def test_outcomes_are_kept_until_the_store_returns(call: str, threads: int) -> None:
    ledger, transport = Failing(*[1] * 20, **{call: (5, 3)}), Scripted()
    report, progress = run(ledger, transport, threads=threads)
    assert report.accepted == sum(progress) == len(transport.submitted) == 20
    assert ledger.states() == [("accepted", 1)] * 20
    (note,) = report.problems
    assert note == f"the send waited 0 s for the store, and continued when it returned: {AWAY}"


def test_a_batch_in_flight_is_told_from_one_whose_commit_is_in_doubt() -> None:
    ledger, held = Failing(1, 1, 1, settle=(0, 1)), threading.Event()

    def slowly(outgoing: Outgoing, log: RecipientLog) -> Outcome:
        assert held.wait(60)
        return Accepted()

    def fast(outgoing: Outgoing, log: RecipientLog) -> Outcome:
        threading.Timer(0.2, held.set).start()
        return Accepted()

    run(ledger, Scripted([slowly, fast]), threads=2)
    ((in_flight, in_doubt),) = ledger.resumed
    assert len(in_flight) == len(in_doubt) == 1
    assert in_flight | in_doubt == {"attempt-0", "attempt-1"}


def test_nothing_is_submitted_while_the_store_is_away() -> None:
    ledger, transport = Failing(1, 1, claim=(0, NEVER)), Scripted()
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    report, _ = run(ledger, transport, stop=stop)
    assert (report.stopped, transport.submitted) == (True, [])
    assert ledger.states() == [("pending", 1), ("pending", 1)]


@pytest.mark.parametrize("threads", [1, 4])
def test_a_store_that_does_not_return_ends_the_run_with_one_sentence(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest.deliver.outage._PATIENCE", 0.05)
    ledger, transport = Failing(*[1] * 20, settle=(4, NEVER)), Scripted()
    with pytest.raises(StoreUnavailable, match=r"^store x .* it did not return within \d+ s, so this run ends"):
        run(ledger, transport, threads=threads)
    states = [state for state, _size in ledger.states()]
    assert states.count("accepted") == 4
    # Recovery settles them.
    assert 1 <= states.count("submitting") <= threads
    assert len(transport.submitted) <= 4 + threads


@pytest.mark.parametrize("began", ["before", "after"])
def test_a_run_that_is_asked_to_end_does_not_wait_a_minute(began: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.deliver.outage._PATIENCE_ENDING", 0.05)
    monkeypatch.setattr("digest.deliver.outage._PATIENCE_ENDED", 0.05)
    stop = threading.Event()

    def stopping(outgoing: Outgoing, log: RecipientLog) -> Outcome:
        (stop.set if began == "after" else threading.Timer(0.1, stop.set).start)()
        return Accepted()

    with pytest.raises(StoreUnavailable):
        run(Failing(1, 1, settle=(0, NEVER)), Scripted([stopping]), stop=stop)


def test_a_run_that_is_asked_to_end_still_writes_what_it_knows() -> None:
    ledger, stop = Failing(1, 1, settle=(0, 3)), threading.Event()

    def stopping(outgoing: Outgoing, log: RecipientLog) -> Outcome:
        stop.set()
        return Accepted()

    report, _ = run(ledger, Scripted([stopping]), stop=stop)
    assert (report.accepted, report.stopped) == (1, True)
    assert ledger.states() == [("accepted", 1), ("pending", 1)]


def test_a_recipient_is_sent_to_after_the_store_returned() -> None:
    def stepwise(outgoing: Outgoing, log: RecipientLog) -> Outcome:
        for recipient in outgoing.recipients:
            log.started(recipient.id)
        return PerRecipient(frozenset(recipient.id for recipient in outgoing.recipients))

    ledger = Failing(5, started=(2, 4))
    report, _ = run(ledger, Scripted([stepwise]))
    assert (report.accepted, ledger.handed) == (5, [1, 2, 3, 4, 5])


def test_an_outage_does_not_count_as_a_try() -> None:
    ledger, transport = Failing(3, settle=(0, 10)), Scripted([NotSent("busy")])
    report, _ = run(ledger, transport, tries=2)
    assert (report.accepted, len(transport.submitted)) == (3, 2)
