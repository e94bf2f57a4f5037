"""A run over an edition: what is tried again, what never is, what stops the run, and what it reports."""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime
from typing import Any

import pytest

from digest.deliver.attempt import DeliveryJob
from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Split, Unknown
from digest.deliver.ports import RecipientLog
from digest.deliver.report import SendReport
from digest.deliver.worker import send_due
from digest.errors import StoreError
from digest.mail.message import Outgoing
from tests.deliver.emails import EMAIL, SENDER, token
from tests.deliver.fakes import FakeLedger, Scripted, fast_clock
from tests.support.tables import each_row

pytestmark = pytest.mark.usefixtures("brief_pauses")


def run(ledger: FakeLedger, *transports: Scripted, **given: Any) -> tuple[SendReport, list[int]]:
    """The report, and the calls of `progress`."""
    progress: list[int] = []
    stop = given.pop("stop", None) or threading.Event()
    job = DeliveryJob(
        "2026-11-23", {"all": EMAIL}, SENDER, ledger, transports, token, fast_clock,
        **{"threads": 1, "progress": progress.append, "stop": stop, **given},
    )  # fmt: skip
    stuck = threading.Event()

    def stop_it() -> None:
        stuck.set()
        stop.set()

    watchdog = threading.Timer(60, stop_it)
    watchdog.start()
    try:
        report = send_due(job)
    finally:
        watchdog.cancel()
    assert not stuck.is_set(), "the run did not end by itself"
    return report, progress


def test_a_run_with_nothing_due_does_nothing() -> None:
    assert run(FakeLedger(), Scripted()) == (SendReport(), [])


@pytest.mark.parametrize("threads", [1, 4, 16])
def test_every_batch_is_submitted_once(threads: int) -> None:
    ledger, transport = FakeLedger(*[10] * 40), Scripted()
    report, progress = run(ledger, transport, threads=threads)
    assert report == SendReport(accepted=400)
    assert sum(progress) == 400
    addresses = [recipient.email for batch in transport.submitted for recipient in batch.recipients]
    assert sorted(addresses) == sorted(f"subscriber{n}@example.com" for n in range(1, 401))
    assert ledger.states() == [("accepted", 10)] * 40


def test_a_claim_is_submitted_with_its_email_and_links() -> None:
    transport = Scripted()
    run(FakeLedger(2), transport)
    (batch,) = transport.submitted
    assert (batch.edition, batch.batch, batch.attempt, batch.email) == ("2026-11-23", "1", "attempt-0", EMAIL)
    assert [recipient.values["-DGX_LEAVE-"] for recipient in batch.recipients] == ["leave-1-x_Y", "leave-2-x_Y"]


def test_not_sent_is_retried_and_reported_once() -> None:
    ledger, transport = FakeLedger(3), Scripted([NotSent("busy"), NotSent("busy", retry_after=0.2)])
    report, progress = run(ledger, transport)
    assert report == SendReport(accepted=3, problems=["busy"])
    assert (len(transport.submitted), progress) == (3, [0, 0, 3])


@pytest.mark.parametrize(("tries", "threads"), [(1, 1), (3, 1), (5, 4)])
def test_not_sent_is_tried_no_more_than_tries_times(tries: int, threads: int) -> None:
    ledger, transport = FakeLedger(3), Scripted([NotSent("busy")] * 50)
    report, _ = run(ledger, transport, tries=tries, threads=threads)
    assert len(transport.submitted) == tries
    assert report == SendReport(problems=["busy"])
    assert ledger.states() == [("pending", 3)]


def test_a_permanent_refusal_ends_the_run_at_once() -> None:
    ledger, transport = FakeLedger(1, 1, 1), Scripted([Accepted(), NotSent("the key is refused", permanent=True)])
    report, _ = run(ledger, transport)
    assert report == SendReport(accepted=1, problems=["the key is refused"])
    assert len(transport.submitted) == 2
    assert ledger.states() == [("accepted", 1), ("pending", 1), ("pending", 1)]


def test_the_log_has_the_reason_of_a_refusal_unless_the_report_follows_at_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refused = NotSent("the key is refused", permanent=True)
    with caplog.at_level(logging.INFO, logger="digest.deliver.worker"):
        report, _ = run(FakeLedger(1, 1), Scripted([refused]))
        assert ("the key is refused" in report.problems, caplog.messages) == (True, ["Batch not sent: 1 recipient"])
        caplog.clear()
        # With another transport the run goes on, perhaps for long.
        run(FakeLedger(1, 1), Scripted([refused], name="one"), Scripted(name="other"))
        assert caplog.messages[0] == "Batch not sent: 1 recipient: the key is refused"


def test_unknown_is_never_tried_again() -> None:
    ledger, transport = FakeLedger(2, 3), Scripted([Unknown("cut off")])
    report, progress = run(ledger, transport)
    assert (report.accepted, report.unknown, progress) == (3, 2, [2, 3])
    assert report.problems == ["batch 1: outcome unknown, it may have been sent: cut off"]
    assert ledger.states() == [("unknown", 2), ("accepted", 3)]
    assert len(transport.submitted) == 2


def test_a_failing_provider_does_not_leave_the_whole_list_unknown() -> None:
    ledger, transport = FakeLedger(*[10] * 50), Scripted([Unknown("answered 500")] * 50)
    report, _ = run(ledger, transport)
    assert report.unknown == 50
    assert report.problems[-1] == "stopped after 5 unknown outcomes in a row; the rest is not sent"
    assert ledger.states().count(("pending", 10)) == 45


def test_unknown_outcomes_between_good_ones_do_not_stop_the_run() -> None:
    ledger = FakeLedger(*[1] * 40)
    report, _ = run(ledger, Scripted([Unknown("x"), Accepted()] * 20))
    assert (report.accepted, report.unknown) == (20, 20)


def test_splitting_finds_the_recipient_that_a_rejection_does_not_name() -> None:
    def refuses_seven(outgoing: Outgoing, log: RecipientLog) -> Outcome:
        if 7 not in [recipient.id for recipient in outgoing.recipients]:
            return Accepted()
        return Split("refused") if len(outgoing.recipients) > 1 else Rejected({7: "refused"})

    ledger, transport = FakeLedger(64, 64), Scripted([refuses_seven] * 50)
    report, _ = run(ledger, transport)
    assert (report.accepted, report.rejected, report.stopped) == (127, 1, False)
    assert report.problems == ["refused"]
    assert len(transport.submitted) <= 2 + 2 * 6


def test_an_email_refused_for_everyone_ends_the_run_and_rejects_nobody() -> None:
    ledger, transport = FakeLedger(1000, 1000), Scripted([Split("content missing")] * 2000)
    report, _ = run(ledger, transport)
    assert (report.accepted, report.rejected) == (0, 0)
    assert report.problems[-1] == "stopped after 24 refusals in a row that name no recipient; the rest is not sent"
    assert sum(recipients for state, recipients in ledger.states() if state == "pending") == 2000


def test_a_transport_that_raises_may_have_sent() -> None:
    ledger, transport = FakeLedger(2, 2), Scripted([RuntimeError("bug")])
    report, _ = run(ledger, transport)
    assert (report.accepted, report.unknown) == (2, 2)
    assert ledger.outcomes[0] == Unknown("RuntimeError: bug")


def test_rejected_recipients_are_removed_and_the_rest_is_sent() -> None:
    ledger, transport = FakeLedger(4), Scripted([Rejected({2: "no address"})])
    report, progress = run(ledger, transport)
    assert (report, progress) == (SendReport(accepted=3, rejected=1), [1, 3])
    assert [recipient.id for recipient in transport.submitted[1].recipients] == [1, 3, 4]


def test_per_recipient_outcomes_are_counted_and_only_the_unsent_are_retried() -> None:
    mixed = PerRecipient(frozenset({1, 2}), {3: "550"}, {4: "cut off"}, not_sent_reason="connection lost")
    ledger, transport = FakeLedger(6), Scripted([mixed])
    report, progress = run(ledger, transport)
    assert (report.accepted, report.rejected, report.unknown, progress) == (4, 1, 1, [4, 2])
    assert report.problems == ["batch 1: outcome unknown, it may have been sent: cut off", "connection lost"]
    assert [recipient.id for recipient in transport.submitted[1].recipients] == [5, 6]


def test_a_permanent_per_recipient_failure_ends_the_run() -> None:
    ledger, transport = (
        FakeLedger(2, 2),
        Scripted([PerRecipient(frozenset({1}), not_sent_reason="535", permanent=True)]),
    )
    report, _ = run(ledger, transport)
    assert report == SendReport(accepted=1, problems=["535"])
    assert len(transport.submitted) == 1


def test_stop_ends_the_run_after_what_is_in_flight() -> None:
    stop = threading.Event()

    def stopping(outgoing: Outgoing, log: RecipientLog) -> Outcome:
        stop.set()
        return Accepted()

    ledger, transport = FakeLedger(1, 1, 1), Scripted([stopping])
    report, progress = run(ledger, transport, stop=stop)
    assert report == SendReport(accepted=1, stopped=True)
    assert progress == [1]
    assert [state for state, _ in ledger.states()] == ["accepted", "pending", "pending"]


def most_claimed(threads: int, **given: Any) -> int:
    """The most batches that a run has claimed at once."""
    ledger, seen = FakeLedger(*[1] * 40), list[int]()

    def counting(outgoing: Outgoing, log: RecipientLog) -> Outcome:
        seen.append([state for state, _ in ledger.states()].count("submitting"))
        return Accepted()

    transport = Scripted([counting] * 40, recovery=given.pop("recovery", "hold"))
    report, _ = run(ledger, transport, threads=threads, **given)
    assert report == SendReport(accepted=40)
    return max(seen)


@each_row(("threads", "most"), [(1, 1), (3, 3), (4, 5), (16, 20)])
def test_one_batch_is_claimed_ahead_for_four_threads(threads: int, most: int) -> None:
    assert most_claimed(threads) == most


def test_nothing_is_claimed_ahead_where_a_batch_takes_minutes_or_the_rate_is_limited() -> None:
    assert most_claimed(4, recovery="stepwise") == 4
    assert most_claimed(4, rate_limiter=Shares(40, 0.0)) == 4


def test_a_batch_that_waits_for_a_thread_is_not_begun_after_the_end() -> None:
    ledger, stop, together = FakeLedger(*[1] * 8), threading.Event(), threading.Barrier(4)

    def stopping(outgoing: Outgoing, log: RecipientLog) -> Outcome:
        together.wait(60)
        stop.set()
        return Accepted()

    transport = Scripted([stopping] * 4)
    report, progress = run(ledger, transport, threads=4, stop=stop)
    assert report == SendReport(accepted=4, stopped=True)
    assert sum(progress) == len(transport.submitted) == 4
    assert ledger.states() == [("accepted", 1)] * 4 + [("pending", 1)] * 4


def test_a_run_that_stops_starts_no_further_batch() -> None:
    ledger, stop = FakeLedger(1, 1, 1, 1), threading.Event()

    def stopping(outgoing: Outgoing, log: RecipientLog) -> Outcome:
        stop.set()
        return Accepted()

    report, _ = run(ledger, Scripted([Accepted(), stopping]), stop=stop)
    assert report == SendReport(accepted=2, stopped=True)
    assert [(batch.state, batch.tries) for batch in ledger.batches[2:]] == [("pending", 0)] * 2


def test_an_error_of_the_ledger_starts_no_more_batches() -> None:
    ledger = FakeLedger(1, 1, 1, 1)

    def breaking(outgoing: Outgoing, log: RecipientLog) -> Outcome:
        ledger.claim_error = StoreError("disk full")
        return Accepted()

    transport = Scripted([Accepted(), breaking])
    with pytest.raises(StoreError, match="disk full"):
        run(ledger, transport)
    assert len(transport.submitted) <= 3
    assert "submitting" not in [state for state, _ in ledger.states()]


def test_a_pausing_run_can_be_stopped() -> None:
    stop = threading.Event()
    ledger, transport = FakeLedger(1), Scripted([NotSent("slow down", retry_after=200.0)])
    threading.Timer(0.1, stop.set).start()
    report, _ = run(ledger, transport, stop=stop, threads=2)
    assert report.stopped
    assert len(transport.submitted) == 1


def test_a_provider_that_asks_for_an_hour_ends_the_run_or_leaves_it_to_the_next() -> None:
    ledger, first, second = FakeLedger(2, 2), Scripted([NotSent("limit reached", retry_after=3600.0)]), Scripted()
    report, _ = run(ledger, first)
    assert report.problems == [
        "limit reached",
        "stopped because it accepts nothing for 60 minutes; the rest is not sent",
    ]
    first.script, first.name, second.name = [NotSent("limit reached", retry_after=3600.0)], "one", "other"
    report, _ = run(ledger, first, second)
    assert report.accepted == 4
    assert report.problems[1] == "switched from one to other because it accepts nothing for 60 minutes"


def test_a_transport_that_is_given_up_leaves_only_what_it_has_certainly_not_sent() -> None:
    ledger = FakeLedger(1, 1, 1)
    first = Scripted([Unknown("cut off"), NotSent("the key is refused", permanent=True)], name="one")
    second = Scripted(name="other")
    report, _ = run(ledger, first, second)
    assert (report.accepted, report.unknown) == (2, 1)
    assert [outgoing.recipients[0].id for outgoing in second.submitted] == [2, 3]
    assert ledger.states() == [("unknown", 1), ("accepted", 1), ("accepted", 1)]


def test_an_unknown_of_a_provider_that_knows_its_batches_again_is_redone_by_it() -> None:
    ledger, transport = FakeLedger(3), Scripted([Unknown("no answer")], recovery="redo")
    report, _ = run(ledger, transport)
    assert report == SendReport(accepted=3, problems=["no answer"])
    assert [outgoing.batch for outgoing in transport.submitted] == ["1", "1"]


class Shares:
    """A SendRateLimiter that allows so many recipients, and then says how long to wait."""

    def __init__(self, recipients: int, wait: float) -> None:
        self.left, self.wait = recipients, wait

    def take(self, transport: str, recipients: int, now: datetime) -> float:
        if recipients > self.left:
            return self.wait
        self.left -= recipients
        return 0.0

    def put_back(self, transport: str, recipients: int) -> None:
        self.left += recipients


def test_limits_hold_a_run_up_and_what_was_not_sent_is_not_counted() -> None:
    ledger, transport = FakeLedger(5, 5, 5), Scripted([NotSent("busy")])
    rate_limiter = Shares(10, 7200.0)
    report, _ = run(ledger, transport, rate_limiter=rate_limiter)
    assert (report.accepted, rate_limiter.left) == (10, 0)
    assert report.problems[-1] == "stopped because it accepts nothing for 120 minutes; the rest is not sent"
    assert ledger.states()[-1] == ("pending", 5)


def test_what_is_claimed_together_with_reaching_the_limit_is_sent() -> None:
    report, _ = run(FakeLedger(5, 5, 5), Scripted(), rate_limiter=Shares(10, 7200.0), threads=4)
    assert report.accepted == 10


def test_a_batch_put_back_by_one_thread_is_taken_up_although_the_others_saw_nothing() -> None:
    def slowly(outgoing: Outgoing, log: RecipientLog) -> Outcome:
        time.sleep(0.1)
        return NotSent("busy")

    report, _ = run(FakeLedger(5), Scripted([slowly]), threads=8)
    assert report.accepted == 5


class LedgerBroke(Exception):
    pass


@pytest.mark.parametrize("where", ["claim_error", "settle_error"])
@pytest.mark.parametrize("threads", [1, 4])
def test_an_error_of_the_ledger_is_raised_and_ends_every_thread(where: str, threads: int) -> None:
    ledger, transport = FakeLedger(*[1] * 100), Scripted()
    setattr(ledger, where, LedgerBroke("disk full"))
    with pytest.raises(LedgerBroke):
        run(ledger, transport, threads=threads)
    assert len(transport.submitted) <= threads


@pytest.mark.parametrize("threads", [1, 4])
def test_nothing_is_sent_if_the_handover_cannot_be_recorded(threads: int) -> None:
    ledger, transport = FakeLedger(3, 3), Scripted()
    ledger.handover_error = LedgerBroke("disk full")
    with pytest.raises(LedgerBroke):
        run(ledger, transport, threads=threads)
    assert (ledger.states(), transport.submitted) == ([("pending", 3), ("pending", 3)], [])


def test_an_error_before_sending_ends_the_run_and_leaves_nothing_unknown() -> None:
    ledger, transport = FakeLedger(3, 3), Scripted()
    ledger.batches[0].variant = "a variant without an email"
    with pytest.raises(KeyError):
        run(ledger, transport)
    assert (ledger.states(), transport.submitted) == ([("pending", 3), ("pending", 3)], [])


def test_a_failing_log_is_the_ledgers_error_and_leaves_nothing_unknown() -> None:
    def submit(outgoing: Outgoing, log: RecipientLog) -> Outcome:
        log.started(1)
        return Accepted()

    ledger = FakeLedger(3, 3)
    ledger.note_error = LedgerBroke("disk full")
    with pytest.raises(LedgerBroke):
        run(ledger, Scripted([submit]))
    # It stays as recorded, for the next run to recover.
    assert ledger.outcomes == []
    assert ledger.states() == [("submitting", 3), ("pending", 3)]


def test_the_log_is_written_to_the_ledger() -> None:
    def stepwise(outgoing: Outgoing, log: RecipientLog) -> Outcome:
        log.started(1)
        log.rejected(1, "550")
        log.started(2)
        return PerRecipient(frozenset({2}), {1: "550"})

    ledger = FakeLedger(2)
    run(ledger, Scripted([stepwise]))
    assert (ledger.handed, ledger.rejected) == ([1, 2], [1])


def test_a_mixed_bag_on_many_threads_balances() -> None:
    script: list[Any] = [NotSent("busy"), Accepted(), Unknown("x"), Accepted(), RuntimeError("y"), Accepted()] * 5
    ledger, transport = FakeLedger(*[7] * 60), Scripted(script)
    report, progress = run(ledger, transport, threads=4, tries=20)
    assert report.accepted + report.unknown == 420 == sum(progress)
    assert report.unknown == 70
    assert sum(size for state, size in ledger.states() if state == "unknown") == 70
    assert {state for state, _ in ledger.states()} == {"accepted", "unknown"}
