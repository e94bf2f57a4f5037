"""Marked tests are sent outside the ledger, and report the outcome for each address."""

from __future__ import annotations

from digest.deliver.direct import send_direct
from digest.deliver.outcome import Accepted, NotSent, Outcome, PerRecipient, Rejected, Unknown
from tests.deliver.emails import outgoing
from tests.deliver.fakes import Scripted
from tests.support.tables import each_row


@each_row(
    ("outcome", "expected"),
    [
        (Accepted("id"), []),
        (PerRecipient(frozenset({1})), []),
        (Rejected({1: "no such user"}), ["asha@example.com: no such user"]),
        (NotSent("refused", permanent=True), ["asha@example.com: refused"]),
        (Unknown("cut off"), ["asha@example.com: cut off"]),
        (PerRecipient(rejected={1: "550"}), ["asha@example.com: 550"]),
        (PerRecipient(unknown={1: "cut off"}, not_sent_reason="x"), ["asha@example.com: cut off"]),
        (PerRecipient(not_sent_reason="451 later"), ["asha@example.com: 451 later"]),
    ],
)
def test_one_sentence_for_each_that_did_not_certainly_go(outcome: Outcome, expected: list[str]) -> None:
    transport = Scripted([outcome])
    assert send_direct(transport, [outgoing("asha@example.com"), outgoing("ravi@example.com")]) == expected
    assert [batch.recipients[0].email for batch in transport.submitted] == ["asha@example.com", "ravi@example.com"]


def test_no_retries() -> None:
    transport = Scripted([NotSent("busy", retry_after=0.0)] * 5)
    assert send_direct(transport, [outgoing("asha@example.com")]) == ["asha@example.com: busy"]
    assert len(transport.submitted) == 1


def test_transports_that_need_a_log_get_one() -> None:
    def stepwise(batch: object, log: object) -> Outcome:
        log.started(1)  # type: ignore[attr-defined]
        log.rejected(1, "550")  # type: ignore[attr-defined]
        return PerRecipient(rejected={1: "550"})

    assert send_direct(Scripted([stepwise]), [outgoing("asha@example.com")]) == ["asha@example.com: 550"]
