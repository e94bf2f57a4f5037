"""A value that many requests of one moment ask for is read once, and again after a moment."""

from __future__ import annotations

from itertools import count

from digest.utils.timed_cache import TimedCache


def test_it_is_read_once_for_a_while() -> None:
    kept, never_kept = (TimedCache(count().__next__, seconds) for seconds in (60, -1))
    assert [kept.get() for _ in range(3)] == [0, 0, 0]
    assert [never_kept.get() for _ in range(3)] == [0, 1, 2]
