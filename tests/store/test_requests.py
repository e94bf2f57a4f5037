"""What a change replaced is kept for a month, so that its subscriber can put it back; and only so many a day."""

from __future__ import annotations

from datetime import timedelta

from digest.store.database import Database
from digest.store.people.requests import KEPT, PENDING, RequestKind, RequestStore
from tests.store.conftest import NOW


def test_changes_are_counted_by_day_and_forgotten_after_a_month(database: Database) -> None:
    requests = RequestStore(database)
    undo = {"topics": ["खेल"], "hour": None, "left": False}
    opened = [requests.open_undo(1, undo, now=NOW, most=2) for _ in range(3)]
    first, second, third = opened
    assert first
    assert second
    assert third is None
    # Unsubscribing has no limit, and others have their own.
    assert requests.open_undo(1, undo, now=NOW, most=None)
    assert requests.open_undo(2, undo, now=NOW, most=2)
    found = requests.get(first.id, RequestKind.UNDO, NOW)
    assert found is not None
    assert (found.undo, found.until) == (undo, NOW + KEPT)
    later = NOW + timedelta(days=31)
    assert requests.open_undo(1, undo, now=later, most=2)
    assert requests.get(first.id, RequestKind.UNDO, NOW) is None


def test_a_request_of_another_kind_lives_shorter_and_replaces_no_change(database: Database) -> None:
    requests = RequestStore(database)
    change = requests.open_undo(1, {"left": False}, now=NOW, most=2)
    data = requests.open(1, RequestKind.DATA, now=NOW)
    assert change
    assert (data.undo, data.until) == (None, NOW + PENDING)
    later = NOW + PENDING + timedelta(minutes=1)
    assert requests.get(data.id, RequestKind.DATA, later) is None
    assert requests.get(change.id, RequestKind.UNDO, later) is not None
    assert requests.get(change.id, RequestKind.DATA, NOW) is None
    assert requests.finish(change.id, later)
    assert not requests.finish(change.id, later)
