"""Editions: numbers, guarded changes of state, and editorial changes during a composition."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from sqlalchemy import update

from digest.curate.editorial import EditorialChanges
from digest.models import Actor, EditionState, split_key
from digest.store.content.editions import EditionStore
from digest.store.database import Database
from digest.store.desk.audit import AuditLog
from digest.store.schema import edition
from tests.store.conftest import KEY, NOW, an_edition


def put(
    editions: EditionStore, key: str, state: str = "draft", earlier: tuple[str, ...] = (), *, sample: bool = False
) -> int:
    """Compose an edition and return its number."""
    day = split_key(key)[0] or date(2026, 11, 23)
    made = replace(an_edition(key), state=state, day=day, sample=sample)
    stored = editions.put(made, over=("draft", "skipped"), earlier=earlier)
    assert stored is not None
    return stored.number


def send(editions: EditionStore, key: str, earlier: tuple[str, ...] = ()) -> int:
    """Give an edition its final number and mark it as sent."""
    editions.assign_number(key, earlier)
    with editions.database.write() as connection:
        values = {"state": "done", "frozen_at": datetime(2026, 11, 30, tzinfo=UTC)}
        connection.execute(update(edition).where(edition.c.key == key).values(values))
    found = editions.get(key)
    assert found is not None
    return found.number


def test_numbers_follow_the_calendar_whatever_is_composed_first(database: Database) -> None:
    editions = EditionStore(database)
    assert put(editions, "2026-11-24", earlier=("2026-11-23",)) == 2
    assert put(editions, "2026-11-23") == 1
    assert put(editions, "2026-11-24", earlier=("2026-11-23",)) == 2
    assert send(editions, "2026-11-23") == 1
    assert send(editions, "2026-11-24") == 2


def test_a_day_that_was_skipped_takes_no_number(database: Database) -> None:
    editions = EditionStore(database)
    put(editions, "2026-11-23")
    assert send(editions, "2026-11-23") == 1
    assert put(editions, "2026-11-24", state="skipped") == 2
    assert put(editions, "2026-11-25", earlier=("2026-11-24",)) == 2
    assert send(editions, "2026-11-25") == 2
    # Sent after all, and later than the one that took its number.
    put(editions, "2026-11-24")
    assert send(editions, "2026-11-24") == 3
    assert put(editions, "2026-11-26") == 4
    assert send(editions, "2026-11-23") == 1


def test_a_number_is_kept_for_an_edition_that_is_planned_before(database: Database) -> None:
    editions = EditionStore(database)
    put(editions, "2026-11-24", earlier=("2026-11-23",))
    assert send(editions, "2026-11-24", earlier=("2026-11-23",)) == 2
    put(editions, "2026-11-23")
    assert send(editions, "2026-11-23") == 1


def test_each_slug_has_its_own_numbers_and_specials_have_none(database: Database) -> None:
    editions = EditionStore(database)
    for key, number in {"2026-11-23": 1, "2026-11-23-shaam": 1, "2026-11-24-shaam": 2, "special": 0}.items():
        put(editions, key)
        assert send(editions, key) == number


def test_editions_of_samples_count_only_for_one_another(database: Database) -> None:
    editions = EditionStore(database)
    for key, sample, number in (
        ("2026-11-23", True, 1),
        ("2026-11-24", True, 2),
        ("2026-11-25", False, 1),
        ("2026-11-26", False, 2),
    ):
        assert put(editions, key, sample=sample) == number
        assert send(editions, key) == number


def test_a_composition_older_than_an_editorial_change_is_not_stored(database: Database) -> None:
    editions = EditionStore(database)
    editions.put(replace(an_edition(), state="draft"), over=())
    before = editions.editorial_changes("2026-11-23")
    assert editions.set_editorial_changes("2026-11-23", EditorialChanges(dropped=("s1",)))
    late = replace(an_edition(), state="draft", subject="पुराना")
    assert editions.put(late, over=("draft",), expected_changes=before) is None
    assert editions.put(late, over=("draft",), expected_changes=EditorialChanges(dropped=("s1",))) is not None


def test_editorial_changes_are_possible_only_in_drafts(database: Database) -> None:
    editions = EditionStore(database)
    editions.put(replace(an_edition(), state="approved"), over=())
    assert not editions.set_editorial_changes("2026-11-23", EditorialChanges(dropped=("s1",)))
    assert not editions.move("2026-11-23", "approved", out_of=("draft",))
    assert editions.put(replace(an_edition(), state="draft"), over=("draft", "skipped")) is None


def test_alert_editions_have_no_number_and_are_found_by_their_days(database: Database) -> None:
    editions = EditionStore(database)
    for key in ("2026-11-22-breaking-1", "2026-11-23", "2026-11-23-shaam", "news-breaking-1"):
        put(editions, key)
    for number in (10, 2, 1):
        assert put(editions, f"2026-11-23-breaking-{number}") == 0
    assert send(editions, "2026-11-23-breaking-1") == 0
    found = editions.breaking(date(2026, 11, 23))
    assert [(each.edition.key, each.sent_at is not None) for each in found] == [
        ("2026-11-23-breaking-1", True),
        ("2026-11-23-breaking-2", False),
        ("2026-11-23-breaking-10", False),
    ]


def test_the_mark_of_an_edition_changes_with_it_and_with_its_log(database: Database) -> None:
    editions, log = EditionStore(database), AuditLog(database)
    put(editions, KEY)
    marks = [editions.mark(KEY)]
    assert editions.mark(KEY) == marks[0]
    put(editions, "2026-11-25")
    log.record(Actor("suman", "desk"), "moved", "2026-11-25", now=NOW)
    assert editions.mark(KEY) == marks[0], "another edition"
    for act in (
        lambda: editions.put(replace(an_edition(KEY), state="draft", subject="नया विषय"), over=("draft",)),
        lambda: log.record(Actor("suman", "desk"), "moved", KEY, now=NOW),
        lambda: editions.move(KEY, EditionState.APPROVED, out_of=(EditionState.DRAFT,)),
    ):
        act()
        marks.append(editions.mark(KEY))
    assert len(set(marks)) == len(marks)


def test_composing_is_told_once_and_a_place_that_is_kept_is_not(database: Database) -> None:
    editions, log = EditionStore(database), AuditLog(database)
    empty = replace(an_edition("vishesh"), state="skipped")
    editions.put(empty, over=())
    assert log.newest(5) == [], "it only keeps its name"
    for state in ("draft", "draft", "skipped", "skipped", "draft"):
        editions.put(replace(empty, state=state, composed_at=NOW), over=("draft", "skipped"))
    assert [act.what for act in reversed(log.newest(9))] == ["composed", "skipped", "composed"]
