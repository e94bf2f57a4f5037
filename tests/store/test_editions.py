"""Editions: numbers, guarded changes of state, and editorial changes during a composition."""

from __future__ import annotations

import threading
from dataclasses import replace

from digest.curate.filtering import Changes
from digest.store.content.editions import EditionStore
from digest.store.database import Database
from tests.store.conftest import an_edition


def draft(key: str) -> object:
    return replace(an_edition(key), state="draft", number=0)


def test_concurrent_editions_get_distinct_numbers(database: Database) -> None:
    editions = EditionStore(database)
    writers = [
        threading.Thread(target=lambda key=key: editions.put(draft(key), over=()))  # type: ignore[misc]
        for key in ("a", "b", "c", "d", "e", "f")
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(edition.number for edition in editions.all()) == [1, 2, 3, 4, 5, 6]


def test_the_number_of_a_skipped_edition_is_used_again(database: Database) -> None:
    editions = EditionStore(database)
    editions.put(replace(an_edition("a"), state="skipped"), over=())
    second = editions.put(replace(an_edition("b"), state="draft"), over=())
    assert second is not None
    assert second.number == 1
    late = editions.put(replace(an_edition("a"), state="draft"), over=("skipped",))
    assert late is not None
    assert late.number == 2


def test_a_composition_older_than_an_editorial_change_is_not_stored(database: Database) -> None:
    editions = EditionStore(database)
    editions.put(replace(an_edition(), state="draft"), over=())
    before = editions.editorial_changes("2026-11-23")
    assert editions.set_editorial_changes("2026-11-23", Changes(dropped=("s1",)))
    late = replace(an_edition(), state="draft", subject="पुराना")
    assert editions.put(late, over=("draft",), expected_changes=before) is None
    assert editions.put(late, over=("draft",), expected_changes=Changes(dropped=("s1",))) is not None


def test_editorial_changes_are_possible_only_in_drafts(database: Database) -> None:
    editions = EditionStore(database)
    editions.put(replace(an_edition(), state="approved"), over=())
    assert not editions.set_editorial_changes("2026-11-23", Changes(dropped=("s1",)))
    assert not editions.move("2026-11-23", "approved", out_of=("draft",))
    assert editions.put(replace(an_edition(), state="draft"), over=("draft", "skipped")) is None
