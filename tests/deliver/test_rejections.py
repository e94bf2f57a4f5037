"""Rejections are counted when the ledger has them. An error while they are counted does not end the send."""

from __future__ import annotations

import pytest

from digest.deliver.outcome import Outcome, PerRecipient, Rejected
from digest.deliver.ports import RecipientLog
from digest.deliver.report import RejectionWatch
from digest.errors import StoreUnavailable
from digest.mail.message import Outgoing
from digest.utils.redact import protect
from tests.deliver.fakes import FakeLedger, Scripted
from tests.deliver.test_sender import run

pytestmark = pytest.mark.usefixtures("brief_pauses")


class Look:
    """Records the ledger's rejected recipients at each check. The first `failing` checks fail."""

    def __init__(self, ledger: FakeLedger, *, failing: int = 0) -> None:
        self.ledger, self.failing = ledger, failing
        self.seen: list[int] = []

    def __call__(self) -> str | None:
        batches = [outcome.reasons for outcome in self.ledger.outcomes if isinstance(outcome, Rejected)]
        self.seen.append(sum(map(len, batches)) + len(self.ledger.rejected))
        if len(self.seen) <= self.failing:
            raise StoreUnavailable("store x is busy")
        return "too many bounced"


def rejects(*ids: int) -> Rejected:
    return Rejected(dict.fromkeys(ids, "550 no such user"))


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_rejections_of_whole_batches_end_the_run_once_the_ledger_has_them(failing: int) -> None:
    ledger = FakeLedger(*[5] * 8)
    look = Look(ledger, failing=failing)
    transport = Scripted([rejects(*range(first, first + 5)) for first in range(1, 40, 5)])
    report, _ = run(ledger, transport, rejections=RejectionWatch(look))
    assert look.seen == [5, 10, 15][: failing + 1]
    # One more batch was claimed with the last commit, and may have been begun.
    begun = report.rejected // 5
    assert begun in (failing + 1, failing + 2)
    assert ledger.states() == [("pending", 5)] * (8 - begun)


def test_a_look_that_fails_leaves_nobody_unknown_who_is_sent_one_by_one() -> None:
    def one_by_one(outgoing: Outgoing, log: RecipientLog) -> Outcome:
        rejected = {}
        for recipient in outgoing.recipients:
            if log.should_stop():
                return PerRecipient(rejected=rejected, not_sent_reason="the run was asked to stop")
            log.started(recipient.id)
            log.rejected(recipient.id, "550 no such user")
            rejected[recipient.id] = "550 no such user"
        return PerRecipient(rejected=rejected)

    ledger = FakeLedger(9)
    look = Look(ledger, failing=2)
    report, _ = run(ledger, Scripted([one_by_one]), rejections=RejectionWatch(look))
    assert look.seen == [5, 6, 7]
    assert (report.rejected, report.unknown, ledger.states()) == (7, 0, [("pending", 2)])


def test_what_a_server_said_last_is_kept_without_secrets_and_control_characters() -> None:
    protect(["open-sesame"])
    words = "354 \x1b[31mgo on,\r\nopen-sesame"
    outcome = PerRecipient(unknown={1: words}, rejected={2: "550 no\x07"}, not_sent_reason=words, last_reply=words)
    ledger = FakeLedger(3)
    run(ledger, Scripted([outcome]), tries=1)
    (found,) = ledger.outcomes[:1]
    assert isinstance(found, PerRecipient)
    assert found.last_reply == found.unknown[1] == found.not_sent_reason == "354  [31mgo on, ***"
    assert found.rejected == {2: "550 no"}
