"""The ledger: which run owns a batch, and the state after each outcome and after a kill."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from digest.deliver.outcome import Accepted, NotSent, PerRecipient, Rejected, Split, Unknown
from digest.deliver.ports import Claim
from digest.errors import StoreError, TakenOver
from digest.store.content.editions import EditionStore
from digest.store.database import Database
from digest.store.people.subscribers import SubscriberStore
from digest.store.schema import attempt, suppression
from digest.store.sending.decisions import DecisionGrounds
from digest.store.sending.ledger import SqlLedger
from digest.store.sending.status import Counts, counts, find_unreached, unknown_batches
from tests.store.conftest import KEY, NOW, Frozen, enlist
from tests.support.enqueue import Entry, claim_one, enqueue

HOLD = {"sendgrid": "hold", "smtp": "stepwise", "outbox": "redo"}


def claim(ledger: SqlLedger, transport: str = "sendgrid") -> Claim:
    got = claim_one(ledger, KEY, transport, NOW, 5)
    assert got is not None
    return got


def tally(database: Database) -> dict[str, int]:
    found = counts(database, KEY)
    assert found.balanced, found
    names = ("frozen", "accepted", "rejected", "excluded", "pending", "unknown")
    return {name: getattr(found, name) for name in names if getattr(found, name)}


def test_every_recipient_is_claimed_once(ledger: SqlLedger, database: Database, frozen: Frozen) -> None:
    ids = frozen(25, size=10)
    claimed: list[int] = []
    while got := claim_one(ledger, KEY, "outbox", NOW, 5):
        assert len(got.recipients) <= 10
        claimed += [id for id, _email in got.recipients]
        ledger.settle(got.attempt, Accepted("m1"), NOW)
    assert claimed == ids
    assert tally(database) == {"frozen": 25, "accepted": 25}
    assert counts(database, KEY) == Counts(frozen=25, accepted=25, batches=3, variants=1)


def test_a_split_batch_is_two_and_loses_nobody(ledger: SqlLedger, database: Database, frozen: Frozen) -> None:
    ids = frozen(5, size=10)
    ledger.settle(claim(ledger).attempt, Split("too large"), NOW)
    assert tally(database) == {"frozen": 5, "pending": 5}
    assert {one.reason for one in find_unreached(database, KEY)} == {"too large"}
    halves = [claim(ledger), claim(ledger)]
    assert [[id for id, _email in half.recipients] for half in halves] == [ids[:3], ids[3:]]


def test_eight_threads_never_share_a_batch(ledger: SqlLedger, database: Database, frozen: Frozen) -> None:
    ids = frozen(400, size=5)
    claimed: list[int] = []
    lock = threading.Lock()
    start = threading.Barrier(8)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            start.wait()
            while got := claim_one(ledger, KEY, "outbox", NOW, 5):
                with lock:
                    claimed.extend(id for id, _email in got.recipients)
                ledger.settle(got.attempt, Accepted(), NOW)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert Counter(claimed) == Counter(ids)
    assert tally(database) == {"frozen": 400, "accepted": 400}


def test_several_batches_are_claimed_in_order_and_settled_together(
    ledger: SqlLedger, database: Database, frozen: Frozen
) -> None:
    ids = frozen(50, size=10)
    some = ledger.claim(3, KEY, "outbox", NOW, 5)
    rest = ledger.claim(9, KEY, "outbox", NOW, 5)
    assert [id for claim in (*some, *rest) for id, _email in claim.recipients] == ids
    assert (len(some), len(rest)) == (3, 2)
    assert not ledger.claim(3, KEY, "outbox", NOW, 5)
    ledger.record_accepted([(claim, Accepted(f"m{claim.batch}")) for claim in some], NOW)
    assert tally(database) == {"frozen": 50, "accepted": 30, "pending": 20}
    ledger.confirm_accepted(rest[0].attempt)
    ledger.record_accepted([(claim, Accepted()) for claim in rest], NOW)
    assert tally(database) == {"frozen": 50, "accepted": 50}
    ledger.record_accepted([], NOW)
    with database.read() as connection:
        known = connection.execute(select(attempt.c.provider_id).where(attempt.c.id == some[0].attempt)).scalar()
    assert known == f"m{some[0].batch}"


def test_batches_without_eligible_recipients_are_skipped(ledger: SqlLedger, database: Database, frozen: Frozen) -> None:
    ids = frozen(40, size=10)
    for n in (*range(10), *range(20, 30)):
        SubscriberStore(database).suppress(f"subscriber{n}@example.com", "left", now=NOW)
    claims = [*ledger.claim(2, KEY, "outbox", NOW, 5), *ledger.claim(2, KEY, "outbox", NOW, 5)]
    assert [id for claim in claims for id, _email in claim.recipients] == ids[10:20] + ids[30:]
    assert not ledger.claim(2, KEY, "outbox", NOW, 5)
    ledger.record_accepted([(claim, Accepted()) for claim in claims], NOW)
    assert tally(database) == {"frozen": 40, "accepted": 20, "excluded": 20}


def test_a_subscriber_with_a_place_keeps_it(database: Database, frozen: Frozen) -> None:
    ids = frozen(3)
    placed = enqueue(database, KEY, [Entry(id, "html", NOW) for id in ids], 10)
    assert placed == 0
    assert enqueue(database, KEY, [Entry(ids[0], excluded="paused")], 10) == 0
    assert tally(database) == {"frozen": 3, "pending": 3}


def test_an_excluded_subscriber_is_enqueued_once_when_due(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    ids = frozen(0) or []
    enlist(database, "asha@example.com")
    (recipient,) = SubscriberStore(database).candidates(KEY)
    enqueue(database, KEY, [Entry(recipient.id, excluded="paused")], 10)
    assert tally(database) == {"frozen": 1, "excluded": 1}
    assert [row.reason for row in find_unreached(database, KEY)] == ["paused"]
    assert enqueue(database, KEY, [Entry(recipient.id, "html", NOW)], 10) == 1
    assert enqueue(database, KEY, [Entry(recipient.id, "html", NOW)], 10) == 0
    assert tally(database) == {"frozen": 1, "pending": 1}
    assert not ids


def test_batches_hold_one_variant_and_one_due_time(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    frozen(0)
    enlist(database, *(f"r{n}@example.com" for n in range(4)))
    a, b, c, d = (recipient.id for recipient in SubscriberStore(database).candidates(KEY))
    later = NOW + timedelta(hours=1)
    entries = [Entry(a, "html", NOW), Entry(b, "text", NOW), Entry(c, "html", later), Entry(d, "html", NOW)]
    enqueue(database, KEY, entries, 10)
    groups = []
    while got := claim_one(ledger, KEY, "outbox", NOW, 5):
        groups.append((got.variant, [id for id, _email in got.recipients]))
        ledger.settle(got.attempt, Accepted(), NOW)
    assert groups == [("html", [a, d]), ("text", [b])]
    assert not ledger.is_due(KEY, NOW)
    assert ledger.is_due(KEY, later)


def test_rejected_recipients_are_marked_and_the_rest_start_again(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    ids = frozen(5)
    ledger.settle(claim(ledger).attempt, Rejected({ids[1]: "550 no such user"}), NOW)
    assert tally(database) == {"frozen": 5, "rejected": 1, "pending": 4}
    rest = claim(ledger)
    assert [id for id, _email in rest.recipients] == [ids[0], *ids[2:]]
    ledger.settle(rest.attempt, Accepted(), NOW)
    assert tally(database) == {"frozen": 5, "rejected": 1, "accepted": 4}
    assert [(row.email, row.reason) for row in find_unreached(database, KEY)] == [
        ("subscriber1@example.com", "550 no such user")
    ]


def test_not_sent_is_pending_until_the_maximum_of_tries(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    frozen(2)
    for _ in range(3):
        got = claim_one(ledger, KEY, "sendgrid", NOW, 3)
        assert got is not None
        ledger.settle(got.attempt, NotSent("429"), NOW)
    assert claim_one(ledger, KEY, "sendgrid", NOW, 3) is None
    assert tally(database) == {"frozen": 2, "pending": 2}
    ledger.begin_run(KEY, recovery=HOLD, now=NOW)  # a new run tries again
    assert claim_one(ledger, KEY, "sendgrid", NOW, 3) is not None


def test_unknown_is_never_claimed_again(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    frozen(2)
    got = claim(ledger)
    ledger.settle(got.attempt, Unknown("no answer"), NOW)
    ledger.begin_run(KEY, recovery=HOLD, now=NOW)
    assert claim_one(ledger, KEY, "sendgrid", NOW, 5) is None
    assert tally(database) == {"frozen": 2, "unknown": 2}
    assert {row.reason for row in find_unreached(database, KEY)} == {"no answer"}


def test_each_recipient_gets_their_own_outcome(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    a, b, c, d, e = frozen(5)
    outcome = PerRecipient(frozenset({a}), {b: "550"}, {c: "broke off"}, not_sent_reason="server went away")
    ledger.settle(claim(ledger, "smtp").attempt, outcome, NOW)
    assert tally(database) == {"frozen": 5, "accepted": 1, "rejected": 1, "unknown": 1, "pending": 2}
    assert [id for id, _email in claim(ledger, "smtp").recipients] == [d, e]
    (unknown,) = unknown_batches(database, KEY)
    assert (unknown.recipients, unknown.transport) == (1, "smtp")


def test_an_attempt_is_settled_once(ledger: SqlLedger, frozen: Frozen) -> None:
    frozen(1)
    got = claim(ledger)
    ledger.settle(got.attempt, Accepted("m1"), NOW)
    for other in (Accepted("m2"), NotSent("busy"), Unknown("no answer")):
        with pytest.raises(StoreError, match="settled already"):
            ledger.settle(got.attempt, other, NOW)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("transport", "left"),
    [
        ("sendgrid", {"unknown": 4}),
        ("outbox", {"pending": 4}),
        # No recipient was recorded.
        ("smtp", {"pending": 4}),
        ("a transport of the future", {"unknown": 4}),
    ],
)
def test_orphans_are_pending_only_where_that_is_safe(
    database: Database, ledger: SqlLedger, frozen: Frozen, transport: str, left: dict[str, int]
) -> None:
    frozen(4)
    claim(ledger, transport)
    ledger.begin_run(KEY, recovery=HOLD, now=NOW)
    assert tally(database) == {"frozen": 4, **left}
    ledger.begin_run(KEY, recovery=HOLD, now=NOW)
    assert tally(database) == {"frozen": 4, **left}


def test_a_killed_smtp_run_leaves_one_recipient_unknown(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    a, b, c, d = frozen(4)
    got = claim(ledger, "smtp")
    ledger.record_started(got.attempt, a)
    ledger.record_rejected(got.attempt, a, "550 unknown")
    ledger.record_started(got.attempt, b)
    ledger.record_started(got.attempt, c)
    assert ledger.begin_run(KEY, recovery=HOLD, now=NOW) == 1
    assert tally(database) == {"frozen": 4, "accepted": 1, "rejected": 1, "unknown": 1, "pending": 1}
    assert [id for id, _email in claim(ledger, "smtp").recipients] == [d]
    assert b


def test_a_recipient_who_unsubscribes_before_the_claim_gets_nothing(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    frozen(4)
    subscribers = SubscriberStore(database)
    subscribers.suppress("subscriber0@example.com", "unsubscribed", now=NOW)
    enlist(database, "subscriber0@example.com", "subscriber1@example.com", "subscriber2@example.com")
    got = claim(ledger)
    assert [email for _id, email in got.recipients] == ["subscriber1@example.com", "subscriber2@example.com"]
    ledger.settle(got.attempt, Accepted(), NOW)
    assert tally(database) == {"frozen": 4, "excluded": 2, "accepted": 2}
    found = {row.email: row.reason for row in find_unreached(database, KEY)}
    assert found == {"subscriber0@example.com": "unsubscribed", "subscriber3@example.com": "removed from the list"}


def test_a_batch_without_eligible_recipients_is_done(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    frozen(2)
    enlist(database)
    assert claim_one(ledger, KEY, "sendgrid", NOW, 5) is None
    assert tally(database) == {"frozen": 2, "excluded": 2}
    assert counts(database, KEY).settled


@pytest.mark.parametrize("state", ["paused", "cancelled"])
def test_only_editions_being_sent_are_claimed(
    database: Database, ledger: SqlLedger, frozen: Frozen, state: str
) -> None:
    frozen(2)
    EditionStore(database).move(KEY, state, out_of=("sending",))  # type: ignore[arg-type]
    assert claim_one(ledger, KEY, "outbox", NOW, 5) is None
    assert tally(database) == {"frozen": 2, "pending": 2}


def test_an_operators_decision_settles_an_unknown_batch_once(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    frozen(4, size=2)
    for _ in range(2):
        ledger.settle(claim(ledger).attempt, Unknown("hung up"), NOW)
    first, second = (unknown.batch for unknown in unknown_batches(database, KEY))
    assert ledger.decide(KEY, first, Accepted(), DecisionGrounds("in the log"), NOW)
    assert ledger.decide(KEY, second, NotSent(""), DecisionGrounds("not in the log"), NOW)
    assert not ledger.decide(KEY, first, NotSent(""), DecisionGrounds("twice"), NOW)
    assert tally(database) == {"frozen": 4, "accepted": 2, "pending": 2}


def test_a_deferred_recipient_waits_in_a_batch_of_their_own(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    a, b, c, d = frozen(4)
    got = claim(ledger, "smtp")
    for recipient in (a, b):
        ledger.record_started(got.attempt, recipient)
        if recipient == a:
            ledger.record_deferred(got.attempt, recipient, "452 4.2.2 full")
        assert tally(database) == {"frozen": 4, "pending": 4}
    ledger.record_started(got.attempt, c)
    ledger.record_deferred(got.attempt, c, "452 4.2.2 full")
    # The next one was begun, so b has the email.
    assert tally(database) == {"frozen": 4, "accepted": 1, "pending": 3}
    ledger.record_started(got.attempt, d)
    ledger.record_rejected(got.attempt, d, "550 unknown")
    assert tally(database) == {"frozen": 4, "accepted": 1, "pending": 2, "rejected": 1}
    ledger.settle(got.attempt, PerRecipient(frozenset({b}), {d: "550 unknown"}), NOW)
    assert tally(database) == {"frozen": 4, "accepted": 1, "rejected": 1, "pending": 2}
    assert [id for id, _email in claim(ledger, "smtp").recipients] == [a, c]


def test_a_recipient_deferred_before_a_kill_is_pending(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    a, b, c = frozen(3)
    got = claim(ledger, "smtp")
    ledger.record_started(got.attempt, a)
    ledger.record_deferred(got.attempt, a, "452 4.2.2 full")
    ledger.record_started(got.attempt, b)
    ledger.begin_run(KEY, recovery=HOLD, now=NOW)
    assert tally(database) == {"frozen": 3, "unknown": 1, "pending": 2}
    waiting = [id for _ in range(2) for id, _email in claim(ledger, "smtp").recipients]
    assert sorted(waiting) == [a, c]


def test_an_attempt_that_was_taken_over_stops(ledger: SqlLedger, frozen: Frozen) -> None:
    a, b = frozen(2)
    got = claim(ledger, "smtp")
    ledger.record_started(got.attempt, a)
    ledger.begin_run(KEY, recovery=HOLD, now=NOW)  # another process believes this one dead
    with pytest.raises(TakenOver):
        ledger.record_started(got.attempt, b)
    for note in (ledger.record_deferred, ledger.record_rejected):
        with pytest.raises(TakenOver):
            note(got.attempt, b, "550")


def test_a_done_edition_is_sending_again_after_a_new_subscriber(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    editions = EditionStore(database)
    frozen(1)
    ledger.settle(claim(ledger).attempt, Accepted(), NOW)
    assert ledger.finish(KEY, NOW)
    assert not ledger.finish(KEY, NOW)
    frozen(2)
    assert editions.get(KEY).state == "sending"  # type: ignore[union-attr]
    assert not ledger.finish(KEY, NOW)
    # As after a kill between the freeze and the first claim:
    editions.move(KEY, "done", out_of=("sending",))
    frozen(2)
    assert len(claim(ledger).recipients) == 1


def test_batches_that_waited_too_long_expire(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    frozen(2)
    assert ledger.expire(KEY, before=NOW).recipients == 0
    assert ledger.expire(KEY, before=NOW + timedelta(hours=4)).recipients == 2
    assert tally(database) == {"frozen": 2, "excluded": 2}
    assert {row.reason for row in find_unreached(database, KEY)} == {"expired before it could be sent"}


def test_unknown_and_deferred_recipients_have_a_reason(database: Database, ledger: SqlLedger, frozen: Frozen) -> None:
    a, b, c = frozen(3)
    ledger.settle(claim(ledger, "smtp").attempt, PerRecipient(frozenset({a}), {}, {b: "broke off"}, "server gone"), NOW)
    assert [(row.state, row.reason) for row in find_unreached(database, KEY)] == [
        ("unknown", "server gone"),
        ("pending", "server gone"),
    ]
    assert c


def test_an_exclusion_has_its_latest_reason(database: Database, frozen: Frozen) -> None:
    frozen(0)
    enlist(database, "asha@example.com")
    (recipient,) = SubscriberStore(database).candidates(KEY)
    enqueue(database, KEY, [Entry(recipient.id, excluded="paused")], 10)
    enqueue(database, KEY, [Entry(recipient.id, excluded="complained")], 10)
    assert [row.reason for row in find_unreached(database, KEY)] == ["complained"]


def test_recipients_who_were_sent_to_in_a_batch_in_flight_count_as_accepted(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    a, b, c, _d = frozen(4)
    (claim,) = ledger.claim(1, KEY, "smtp", NOW, 5)
    seen = []
    for recipient in (a, b, c):
        ledger.record_started(claim.attempt, recipient)
        found = counts(database, KEY)
        assert found.balanced
        seen.append((found.accepted, found.pending, found.rejected))
        if recipient == b:
            ledger.record_rejected(claim.attempt, b, "550 no")
    assert seen == [(0, 4, 0), (1, 3, 0), (1, 2, 1)]


def test_a_recipient_whose_mailbox_does_not_exist_is_suppressed(
    database: Database, ledger: SqlLedger, frozen: Frozen
) -> None:
    """Recorded at once, so a kill before the end of the batch does not lose it."""
    a, b, c = frozen(3)
    got = claim(ledger, "smtp")
    ledger.record_started(got.attempt, a)
    ledger.record_rejected(got.attempt, a, "550 5.1.1 no such user")
    with database.read() as connection:
        [row] = connection.execute(select(suppression)).all()
    assert (row.reason, row.detail) == ("bounced", f"edition {KEY} · 550 5.1.1 no such user")
    rejected = {a: "550 5.1.1 no such user", b: "550 5.7.1 blocked", c: "the address is not valid"}
    ledger.settle(got.attempt, PerRecipient(rejected=rejected), NOW)
    with database.read() as connection:
        assert len(connection.execute(select(suppression)).all()) == 1
