"""Retention: old articles are deleted, old editions are reduced to counts, which can still be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update

from digest.deliver.outcome import Accepted, PerRecipient, Unknown
from digest.errors import StoreError
from digest.feedback.ports import Event
from digest.models import Article, DeliveryOutcome, Edition, EditionState, Image, InlineImage, RenderedEmail, TextBlock
from digest.store import meta
from digest.store.content.answers import AnswerResult, AnswerStore
from digest.store.content.articles import ArticleStore
from digest.store.content.editions import EditionStore, PublishedStore
from digest.store.content.events import EventStore, count_feedback
from digest.store.database import Database
from digest.store.high_water import CLAIMS
from digest.store.people.consent import ConsentLog
from digest.store.people.erasure import Erasures
from digest.store.people.history import SubscriberHistory
from digest.store.people.suppressions import suppress
from digest.store.schema import answer, attempt, batch, delivery, delivery_event, edition, edition_count, inline_image
from digest.store.schema import article as articles
from digest.store.sending.enqueue import enqueue_subscribers
from digest.store.sending.folding import KEPT_EDITIONS
from digest.store.sending.ledger import SqlLedger
from digest.store.sending.statistics import Statistics
from digest.store.sending.status import counts, find_unreached
from digest.usecases.prune_store import PRUNED_AT, StorePruner
from tests.store.conftest import KEY, NOW, Frozen, enlist
from tests.support.enqueue import Entry, claim_one, enqueue

LATER = NOW + timedelta(days=200)
WHO = "subscriber0@example.com"


@pytest.fixture
def pruner(database: Database) -> StorePruner:
    return StorePruner(
        database,
        EventStore(database),
        keep_articles=timedelta(days=30),
        keep_deliveries=timedelta(days=90),
        keep_payloads=timedelta(days=7),
        now=lambda: LATER,
    )


@pytest.fixture
def sent(database: Database, ledger: SqlLedger, frozen: Frozen) -> list[int]:
    """An edition of 200 days ago: two recipients accepted, one rejected, one excluded. Newer editions follow."""
    ids = frozen(4)
    enqueue_excluded(database, ids.pop())
    claimed = claim_one(ledger, KEY, "smtp", NOW, 5)
    assert claimed
    done = PerRecipient(accepted=frozenset(ids[:2]), rejected={ids[2]: f"550 <{WHO}> unknown here"})
    ledger.settle(claimed.attempt, done, NOW)
    finish(database)
    for id, kind in ((ids[0], "delivered"), (ids[0], "bounced"), (ids[1], "delivered"), (ids[1], "opened")):
        with database.write() as connection:
            connection.execute(
                insert(delivery_event).values(edition=KEY, subscriber=id, kind=kind, at=NOW, reason="250 ok")
            )
    add_newer(database)
    return ids


def enqueue_excluded(database: Database, id: int) -> None:
    own = (delivery.c.edition == KEY) & (delivery.c.subscriber == id)
    with database.write() as connection:
        connection.execute(update(delivery).where(own).values(batch=None, outcome="excluded", reason="paused"))
        connection.execute(update(batch).values(size=batch.c.size - 1))


def finish(database: Database, state: EditionState = EditionState.DONE) -> None:
    with database.write() as connection:
        connection.execute(update(edition).where(edition.c.key == KEY).values(state=state, done_at=NOW))


def add_newer(database: Database, number: int = KEPT_EDITIONS) -> None:
    """Newer editions, of which the store keeps everything."""
    for days in range(1, number + 1):
        at = NOW + timedelta(days=days)
        EditionStore(database).put(Edition(f"{at:%Y-%m-%d}", at.date(), 1, EditionState.DONE, "विषय", "", ()), over=())
        with database.write() as connection:
            connection.execute(update(edition).where(edition.c.key == f"{at:%Y-%m-%d}").values(frozen_at=at))


def rows(database: Database, table: object) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_folded_edition_has_the_same_counts(database: Database, pruner: StorePruner, sent: list[int]) -> None:
    before = counts(database, KEY), count_feedback(database, KEY), PublishedStore(database).newest(20, LATER)
    assert before[0].settled
    assert (before[0].accepted, before[0].rejected, before[0].excluded) == (2, 1, 1)
    assert (before[1].delivered, before[1].bounced, before[1].opened) == (1, 1, 1)
    planned = pruner.plan()
    done = pruner.prune()
    assert done.editions == planned.editions == [KEY]
    assert (done.deliveries, done.events) == (planned.deliveries, planned.events) == (4, 4)
    assert (rows(database, delivery), rows(database, delivery_event)) == (0, 0)
    assert (counts(database, KEY), count_feedback(database, KEY), PublishedStore(database).newest(20, LATER)) == before
    assert list(find_unreached(database, KEY)) == []
    assert pruner.prune().editions == pruner.plan().editions == []


def test_answers_become_numbers(database: Database, pruner: StorePruner, sent: list[int]) -> None:
    answers = AnswerStore(database)
    for id, choice in zip(sent, (1, 2, 2), strict=True):
        answers.save(KEY, "poll", id, choice, now=NOW, replace=False)
    pruner.prune()
    assert answers.counts(KEY, "poll") == {1: 1, 2: 2}
    assert rows(database, answer) == 0
    assert answers.save(KEY, "poll", sent[0], 2, now=LATER, replace=True) == AnswerResult.LATE


def test_reasons_are_kept_without_addresses(database: Database, pruner: StorePruner, sent: list[int]) -> None:
    pruner.prune()
    with database.read() as connection:
        kept = connection.execute(select(edition_count.c.kind, edition_count.c.reason)).all()
        texts = connection.execute(select(attempt.c.detail, attempt.c.last_reply)).all()
    assert ("rejected", "550 <…> unknown here") in kept
    assert ("excluded", "paused") in kept
    assert not any("@" in text for row in (*kept, *texts) for text in row)


def test_a_folded_edition_is_never_sent_again(database: Database, pruner: StorePruner, sent: list[int]) -> None:
    pruner.prune()
    with pytest.raises(StoreError, match=r"too old to be sent again.*store\.keep\.deliveries"):
        enqueue_subscribers(database, KEY, {}, 10, now=LATER)
    assert rows(database, delivery) == 0


def test_late_events_of_a_folded_edition_change_nothing(
    database: Database, pruner: StorePruner, sent: list[int]
) -> None:
    pruner.prune()
    late = Event("bounced", LATER, "subscriber1@example.com", sent[1], KEY, reason="550 gone")
    known = EventStore(database).known([late])
    assert known.deliveries == {}
    # The address is suppressed anyway.
    assert known.addresses == {"subscriber1@example.com": sent[1]}


def test_history_keeps_consents_and_suppressions(database: Database, pruner: StorePruner, sent: list[int]) -> None:
    ConsentLog(database).record(WHO, "signed up", NOW, "web", wording="हाँ")
    with database.write() as connection:
        suppress(connection, WHO, "unsubscribed", at=NOW, detail="by link")
    pruner.prune()
    found = SubscriberHistory(database, Erasures(database)).entries(WHO)
    whats = [(one.kind, one.what) for one in found]
    assert ("consent", "signed up") in whats
    assert ("barred", "unsubscribed") in whats
    assert [one.why for one in found if "counted only" in one.why] == [
        "1 editions until this time are counted only; who got them is no longer kept (store.keep.deliveries)"
    ]
    assert not any(one.edition == KEY for one in found)


def test_the_count_of_claims_stays(database: Database, pruner: StorePruner, sent: list[int]) -> None:
    before = meta.get(database, CLAIMS), rows(database, attempt), rows(database, batch)
    pruner.prune()
    assert (meta.get(database, CLAIMS), rows(database, attempt), rows(database, batch)) == before


def _pending(database: Database, ledger: SqlLedger) -> None:
    del ledger


def _unknown(database: Database, ledger: SqlLedger) -> None:
    claimed = claim_one(ledger, KEY, "smtp", NOW, 5)
    assert claimed
    ledger.settle(claimed.attempt, Unknown("the line went dead"), NOW)


def _submitting(database: Database, ledger: SqlLedger) -> None:
    assert claim_one(ledger, KEY, "smtp", NOW, 5)


@pytest.mark.slow
@pytest.mark.parametrize("leave", [_pending, _unknown, _submitting])
def test_what_is_not_settled_is_never_folded(
    database: Database,
    ledger: SqlLedger,
    frozen: Frozen,
    pruner: StorePruner,
    leave: Callable[[Database, SqlLedger], None],
) -> None:
    frozen(3)
    leave(database, ledger)
    finish(database)
    add_newer(database)
    assert pruner.plan().editions == []
    assert pruner.prune().deliveries == 0
    assert rows(database, delivery) == 3


def test_a_cancelled_edition_is_folded_with_its_pending_batches(
    database: Database, frozen: Frozen, pruner: StorePruner
) -> None:
    frozen(3)
    finish(database, EditionState.CANCELLED)
    add_newer(database)
    before = counts(database, KEY)
    assert before.pending == 3
    assert pruner.prune().editions == [KEY]
    assert counts(database, KEY) == before


def test_the_newest_editions_and_young_ones_stay(
    database: Database, ledger: SqlLedger, frozen: Frozen, pruner: StorePruner
) -> None:
    frozen(3)
    claimed = claim_one(ledger, KEY, "smtp", NOW, 5)
    assert claimed
    ledger.settle(claimed.attempt, Accepted("7"), NOW)
    finish(database)
    add_newer(database, KEPT_EDITIONS - 1)
    assert pruner.plan().editions == []
    add_newer(database, KEPT_EDITIONS)
    assert replace(pruner, now=lambda: NOW + timedelta(days=90)).plan().editions == []
    assert replace(pruner, now=lambda: NOW + timedelta(days=90, seconds=1)).plan().editions == [KEY]


def test_pruning_stops_for_a_send_and_goes_on_afterwards(
    database: Database, pruner: StorePruner, sent: list[int]
) -> None:
    newest = f"{NOW + timedelta(days=KEPT_EDITIONS):%Y-%m-%d}"
    enqueue(database, newest, [Entry(id, "html", LATER) for id in sent], 10, now=LATER)
    assert pruner.is_sending()
    assert not pruner.is_due()
    assert pruner.prune().interrupted
    assert rows(database, delivery) == 4 + len(sent)
    assert meta.get(database, PRUNED_AT) is None


def test_an_interrupted_fold_is_completed(
    database: Database, pruner: StorePruner, sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest.usecases.prune_store._DELIVERIES", 1)
    before = counts(database, KEY), count_feedback(database, KEY)
    asked = iter([False] * 3 + [True])
    done = pruner.prune(lambda: next(asked))
    assert done.interrupted
    # PostgreSQL drops a whole partition.
    assert done.deliveries == (2 if database.sqlite else 4)
    assert (counts(database, KEY), count_feedback(database, KEY)) == before
    rest = pruner.prune()
    assert (rest.deliveries + done.deliveries, rest.interrupted) == (4, False)
    assert rows(database, delivery) == 0
    assert not pruner.is_due()
    assert replace(pruner, now=lambda: LATER + timedelta(days=1)).is_due()


def test_emails_of_variants_go_and_the_full_one_stays(database: Database, pruner: StorePruner, sent: list[int]) -> None:
    editions = EditionStore(database)
    editions.save_emails(KEY, [RenderedEmail(name, "विषय", "<p>", "text") for name in ("html", "html-1", "text")])
    assert pruner.prune().emails == 1
    assert editions.emails(KEY).keys() == {"html", "text"}


def an_article(id: str, published: datetime, *, dated: bool = True, image: str = "") -> Article:
    url = f"https://news.example/{id}"
    shown = Image(f"cid:{image}") if image else None
    body = (TextBlock("p", "लेख " * 50),)
    return Article(id, "पत्र", "शीर्षक", published, url, dated=dated, image=shown, body=body, content_hash=id)


def test_pictures_that_nothing_shows_go_in_the_second_run(database: Database, pruner: StorePruner) -> None:
    made, orphan = "d" * 40 + "@digest", "e" * 40 + "@digest"
    store = ArticleStore(database, lambda: LATER)
    store.save_images([InlineImage(cid, "image/jpeg", b"x", 1, 1) for cid in (made, orphan)])
    assert pruner.prune().images == 0
    # An edition that was being composed meanwhile.
    composed = Edition("2026-11-20", NOW.date(), 1, EditionState.DRAFT, "विषय", "", ())
    EditionStore(database).put(composed, over=())
    with database.write() as connection:
        connection.execute(update(edition).values(sections=[{"name": f"cid:{made}", "stories": []}]))
    assert pruner.prune().images == 1
    assert store.images.load([made, orphan]).keys() == {made}


def test_old_articles_go_with_their_images(database: Database, pruner: StorePruner) -> None:
    store = ArticleStore(database, lambda: NOW)
    old, shared = ("1" * 40 + "@digest", "2" * 40 + "@digest")
    store.save_images([InlineImage(cid, "image/png", b"x", 1, 1) for cid in (old, shared)])
    young = LATER - timedelta(days=30)
    store.save(
        [
            an_article("a", NOW, image=old),
            an_article("b", NOW, image=shared),
            an_article("c", young, image=shared),
            an_article("d", NOW, dated=False),
        ]
    )
    planned, done = pruner.plan(), pruner.prune()
    assert (planned.articles, planned.emptied) == (done.articles, done.emptied) == (2, 1)
    assert done.images == 1
    kept = store.by_ids("abcd")
    assert kept.keys() == {"c", "d"}
    assert (kept["c"].body, kept["d"].body) == (an_article("c", young).body, ())
    with database.read() as connection:
        assert connection.execute(select(inline_image.c.cid)).scalars().all() == [shared]
    assert pruner.prune().emptied == 0


def test_what_a_feed_lists_for_years_does_not_come_back_as_new(database: Database, pruner: StorePruner) -> None:
    store = ArticleStore(database, lambda: LATER, keep=timedelta(days=30))
    old = [an_article("a", NOW), an_article("d", NOW, dated=False)]
    ArticleStore(database, lambda: NOW).save(old)
    pruner.prune()
    assert store.save(old).new == 0
    assert rows(database, articles) == 1
    assert store.save([an_article("e", LATER)]).new == 1


def test_processed_payloads_go(database: Database, pruner: StorePruner) -> None:
    events = EventStore(database)
    for body in (b"[1]", b"[2]"):
        events.save("sendgrid", body, NOW)
    events.mark_processed(1, NOW)
    assert pruner.plan().payloads == pruner.prune().payloads == 1
    assert [payload.body for payload in events.queued()] == [b"[2]"]


def test_an_empty_store_has_nothing_to_prune(database: Database, pruner: StorePruner) -> None:
    enlist(database)
    done = pruner.prune()
    assert (done.articles, done.editions, done.payloads, done.bytes, done.interrupted) == (0, [], 0, 0, False)


def test_a_report_has_the_same_numbers_afterwards(database: Database, sent: list[int], pruner: StorePruner) -> None:
    statistics = Statistics(database)
    before = statistics.numbers([KEY]), statistics.reasons(KEY, DeliveryOutcome.EXCLUDED, 5)
    assert (before[0][KEY].rejected, before[0][KEY].bounced) == (1, 1)
    pruner.prune()
    assert (statistics.numbers([KEY]), statistics.reasons(KEY, DeliveryOutcome.EXCLUDED, 5)) == before
    assert [count for _reason, count in statistics.reasons(KEY, DeliveryOutcome.REJECTED, 5)] == [1]
