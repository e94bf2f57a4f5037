"""Clicks, comments, questions whether to continue, and posts in channels, on both kinds of store."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import update

from digest.feedback.clicks import MachineSign
from digest.models import HONEYPOT, BatchState
from digest.store.content.clicks import TOTAL, ClickNumbers, ClickStore, ClickVisit
from digest.store.content.editions import EditionStore, PublishedStore
from digest.store.database import Database
from digest.store.people.reengagement import QuestionOutcome, ReengagementStore
from digest.store.people.subscriber_texts import SubscriberTextStore, TextKind
from digest.store.schema import batch
from digest.store.sending.channel_posts import ChannelPosts, PostState
from digest.store.sending.status import counts
from tests.store.conftest import KEY, NOW, Frozen, an_edition, enlist

LATER = NOW + timedelta(days=200)
QUESTION = "reengage-2027-06-11"


def test_clicks_become_counts(database: Database, frozen: Frozen) -> None:
    first, second = frozen(2)
    store = ClickStore(database)
    visits = [
        ClickVisit(KEY, "story:a", "v1", first, MachineSign.NONE, NOW),
        ClickVisit(KEY, "story:a", "v1", first, MachineSign.NONE, NOW + timedelta(minutes=2)),
        ClickVisit(KEY, "story:b", "v2", None, MachineSign.NONE, NOW),
        ClickVisit(KEY, "story:b", "v3", second, MachineSign.HEAD, NOW),
        ClickVisit(KEY, HONEYPOT, "v4", None, MachineSign.HONEYPOT, NOW),
    ]
    store.add(visits)
    expected = {
        TOTAL: ClickNumbers(2, 3, 1),
        "story:a": ClickNumbers(1, 2, 0),
        "story:b": ClickNumbers(1, 1, 1),
    }
    assert store.numbers([KEY, "2026-11-22"], lambda _key: 8) == {KEY: expected}
    assert store.last_clicks(lambda _key: 8) == {first: NOW + timedelta(minutes=2)}
    key = store.key_of(NOW.date())
    assert store.key_of(NOW.date()) == key
    # A day is counted as a whole, so that a person is one.
    assert store.fold(lambda _key: 8, NOW + timedelta(hours=40)) == 0
    assert store.fold(lambda _key: 8, NOW + timedelta(days=2)) == 5
    assert store.numbers([KEY], lambda _key: 8) == {KEY: expected}
    assert store.last_clicks(lambda _key: 8) == {first: NOW + timedelta(minutes=2)}
    assert store.key_of(NOW.date()) != key
    store.add([replace(visits[0], at=LATER)])
    assert store.last_clicks(lambda _key: 8) == {first: LATER}


def test_words_are_stored_once(database: Database, frozen: Frozen) -> None:
    first, _second = frozen(2)
    store = SubscriberTextStore(database)
    for text in ("एक", "दो"):
        store.answer(KEY, "poll", first, text, about="poll: हाँ", now=NOW)
    at = NOW + timedelta(hours=1)
    again = [store.reply(first, "", TextKind.REPLY, "तीन", about="Re", hash="h", at=at) for _ in range(2)]
    assert again == [True, False]
    assert [each.text for each in store.newest(9)] == ["तीन", "दो"]
    assert store.counts(KEY) == {TextKind.ANSWER: 1}
    assert store.delete_old(NOW + timedelta(days=1)) == 2


def test_those_who_were_silent_are_asked_and_paused_once(database: Database) -> None:
    enlist(database, "asha@example.com", "ravi@example.com", "meera@example.com")
    store = ReengagementStore(database)
    before = LATER - timedelta(days=180)
    silent = store.silent(before, LATER)
    assert [each.email for each in silent] == ["asha@example.com", "ravi@example.com", "meera@example.com"]
    words = SubscriberTextStore(database)
    words.reply(silent[2].id, "", TextKind.REPLY, "यहाँ हूँ", about="", hash="x", at=LATER)
    editions = EditionStore(database)
    ids = [each.id for each in store.silent(before, LATER)]
    assert len(ids) == 2
    with database.transaction():
        editions.put(replace(an_edition(QUESTION), state="approved"), over=())  # type: ignore[arg-type]
        assert store.ask(QUESTION, ids, "html", batch_size=1, now=LATER) == 2
    assert counts(database, QUESTION).pending == 2
    assert store.silent(before, LATER) == []
    assert PublishedStore(database).newest(9, LATER) == []
    wait = LATER + timedelta(days=20)
    # It is not known that anybody got it.
    assert store.unanswered(wait) == []
    with database.write() as connection:
        connection.execute(update(batch).values(state=BatchState.ACCEPTED))
    words.reply(ids[0], "", TextKind.REPLY, "हाँ", about="", hash="y", at=LATER + timedelta(days=1))
    assert [each.id for each in store.unanswered(wait)] == ids[1:]
    assert store.settle(ids[1], QuestionOutcome.PAUSED, now=wait)
    assert not store.settle(ids[1], QuestionOutcome.PAUSED, now=wait)
    assert store.unanswered(wait) == []
    assert store.counts() == {"open": 1, "stayed": 0, "paused": 1}


def test_one_of_many_claims_a_post(database: Database) -> None:
    EditionStore(database).put(an_edition(), over=())
    posts = ChannelPosts(database)
    claimed: list[bool] = []
    threads = [
        threading.Thread(target=lambda: claimed.append(posts.claim(KEY, "@news", now=NOW) is None)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert claimed.count(True) == 1
    posts.settle(KEY, "@news", PostState.NOT_SENT, now=NOW, not_before=NOW + timedelta(minutes=5))
    assert posts.claim(KEY, "@news", now=NOW) is not None
    assert posts.claim(KEY, "@news", now=NOW + timedelta(minutes=6)) is None
    posts.settle(KEY, "@news", PostState.POSTED, now=NOW, message=2**40)
    found = posts.get(KEY, "@news")
    assert found
    assert (found.state, found.message) == (PostState.POSTED, 2**40)
    assert not posts.decide(KEY, "@news", posted=False, now=NOW)
