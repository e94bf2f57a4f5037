"""Failed emails by mailbox provider, transport and domain, on both databases."""

from __future__ import annotations

from datetime import timedelta

from digest.deliver.outcome import Accepted, NotSent
from digest.feedback.ports import Event
from digest.notify.failures import FailureRow, Failures, as_json, as_text, csv_rows
from digest.store.content.editions import EditionStore
from digest.store.content.events import EventStore
from digest.store.database import Database
from digest.store.people.subscribers import SubscriberStore
from digest.store.sending.failures import FailureReader, mailbox_provider
from digest.store.sending.ledger import SqlLedger
from tests.store.conftest import KEY, NOW, an_edition, enlist
from tests.support.enqueue import Entry, enqueue
from tests.support.tables import each_row

LATER = NOW + timedelta(minutes=2)
ADDRESSES = ("a@gmail.com", "b@googlemail.com", "c@yahoo.co.in", "d@paper.example")


def test_failures_are_counted_by_mailbox_provider_transport_and_domain(database: Database, ledger: SqlLedger) -> None:
    enlist(database, *ADDRESSES)
    EditionStore(database).put(an_edition(), over=())
    ids = {each.email: each.id for each in SubscriberStore(database).candidates(KEY)}
    enqueue(database, KEY, [Entry(ids[each], "html", NOW) for each in ADDRESSES], 2, now=NOW)
    first, second = ledger.claim(2, KEY, "sendgrid", NOW, 5)
    ledger.settle(first.attempt, Accepted(), LATER)
    # The first transport refuses the other one, and the second transport sends it.
    ledger.settle(second.attempt, NotSent("429"), LATER)
    (again,) = ledger.claim(2, KEY, "smtp", LATER, 5)
    ledger.settle(again.attempt, Accepted(), LATER)
    kinds = {"a@gmail.com": "bounced", "b@googlemail.com": "complained", "c@yahoo.co.in": "blocked"}
    EventStore(database).record(
        Event(kind, LATER, subscriber=ids[each], edition=KEY, reason="") for each, kind in kinds.items()
    )
    found = FailureReader(database).read([KEY])
    assert found.mailboxes == [
        FailureRow("Gmail", 2, bounced=1, complained=1),
        FailureRow("Yahoo", 1, blocked=1),
        FailureRow("", 1),
    ]
    assert found.senders == [
        FailureRow("sendgrid", 2, bounced=1, complained=1),
        FailureRow("smtp", 2, blocked=1),
    ]
    assert [row.name for row in found.domains] == ["gmail.com", "googlemail.com", "yahoo.co.in"]
    several = FailureReader(database).read([KEY, "2026-11-24"])
    assert [(row.name, row.sent) for row in several.mailboxes] == [("Gmail", None), ("Yahoo", None)]
    assert several.senders == found.senders
    assert FailureReader(database).read(["2026-11-24"]) == Failures([], [], [])


def test_failures_as_text_json_and_csv() -> None:
    found = Failures([FailureRow("Gmail", 200, bounced=2, complained=1)], [FailureRow("", blocked=1)])
    assert as_text(found).splitlines() == [
        "",
        "Came back, by mailbox provider:",
        "  Gmail: 2 bounced, 1 complained (1.00 % of 200)",
        "",
        "Came back, by transport:",
        "  other: 1 blocked",
    ]
    assert as_text(Failures([FailureRow("Gmail", 5)])) == ""
    assert as_json(found)["mailboxes"] == [
        {"name": "Gmail", "sent": 200, "bounced": 2, "blocked": 0, "dropped": 0, "complained": 1}
    ]
    assert list(csv_rows(found))[1:] == [
        ("mailbox", "Gmail", "200", "2", "0", "0", "1"),
        ("sender", "other", "", "0", "1", "0", "0"),
    ]


@each_row(
    ("domain", "name"),
    [("gmail.com", "Gmail"), ("Hotmail.com", "Outlook"), ("bihar.gov.in", "NIC"), ("paper.in", ""), ("in", "")],
)
def test_who_keeps_a_mailbox(domain: str, name: str) -> None:
    assert mailbox_provider(domain) == name
