"""Work that takes too long for a page."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, Timer

import pytest

from digest.errors import StoreUnavailable
from digest.web.desk.background import Background


def test_work_that_failed_is_tried_again() -> None:
    """Otherwise a page that counts in the background would fail for as long as the count is valid."""
    answers: Iterator[StoreUnavailable | int] = iter([StoreUnavailable("store is busy"), 7, 8])

    def count() -> int:
        answer = next(answers)
        if isinstance(answer, StoreUnavailable):
            raise answer
        return answer

    with Background[int]("count", lasts=60) as background:
        with pytest.raises(StoreUnavailable):
            background.get("all", count, wait=5)
        assert [background.get("all", count, wait=5) for _ in range(2)] == [7, 7]


def test_a_page_that_comes_later_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise every page of the seconds in which a million subscribers are counted would wait."""
    now, counted = 0.0, Event()
    monkeypatch.setattr("digest.web.desk.background.time.monotonic", lambda: now)

    def count() -> int:
        assert counted.wait(30)
        return 7

    with Background[int]("count", lasts=60) as background:
        assert background.get("all", count, wait=0) is None
        now = 20.0
        Timer(1, counted.set).start()
        # It would get the number if it waited.
        assert background.get("all", count, wait=10) is None
        assert background.get("all", count, wait=60) == 7


def test_what_is_nothing_without_the_value_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the checks are asked for in a loop, and a file is saved without its figures."""
    now, counted = 0.0, Event()
    monkeypatch.setattr("digest.web.desk.background.time.monotonic", lambda: now)

    def count() -> int:
        assert counted.wait(30)
        return 7

    with Background[int]("count", lasts=60) as background:
        assert background.get("all", count, wait=0) is None
        now = 20.0
        Timer(0.2, counted.set).start()
        assert background.get("all", count, wait=10, from_now=True) == 7


def test_work_that_began_before_a_change_is_not_kept() -> None:
    """Otherwise a page shows for a minute how many there were before it."""
    counted, answers = Event(), iter((7, 6))

    def count() -> int:
        assert counted.wait(30)
        return next(answers)

    with Background[int]("count", lasts=60) as background:
        assert background.get("all", count, wait=0) is None
        background.forget()
        counted.set()
        assert [background.get("all", count, wait=30, from_now=True) for _ in range(2)] == [6, 6]
