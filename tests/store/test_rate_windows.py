"""The arithmetic of fixed windows, for any order of batches and times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from digest.store.rate_limits import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Limits,
    Quota,
    RateWindow,
    WarmUp,
    current,
    seconds_to_wait,
)
from tests.support.tables import each_row

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def take(
    most: Mapping[timedelta, int], windows: Mapping[timedelta, RateWindow], count: int, now: datetime
) -> tuple[float, dict[timedelta, RateWindow]]:
    """Return the seconds to wait, and the windows with these recipients counted."""
    quotas = [Quota("sendgrid", limit, per, aligned=True) for per, limit in most.items()]
    now_in = {quota.per: current(windows.get(quota.per), quota, now) for quota in quotas}
    wait = max((seconds_to_wait(now_in[quota.per], quota, count, now) for quota in quotas), default=0.0)
    return wait, {per: RateWindow(window.start, window.count + count) for per, window in now_in.items()}


def test_recipients_over_the_limit_wait_for_the_next_window() -> None:
    wait, windows = take({HOUR: 100}, {}, 60, after(600))
    assert (wait, windows) == (0.0, {HOUR: RateWindow(NOON, 60)})
    assert take({HOUR: 100}, windows, 40, after(600))[0] == 0
    assert take({HOUR: 100}, windows, 41, after(600))[0] == 3000
    assert take({HOUR: 100}, windows, 41, after(3600))[0] == 0


def test_the_strictest_of_several_limits_holds() -> None:
    most = {SECOND: 10, MINUTE: 100, DAY: 1000}
    _, windows = take(most, {}, 10, NOON)
    assert take(most, windows, 1, NOON)[0] == 1
    assert take({**most, DAY: 10}, windows, 1, NOON)[0] == 12 * 3600


def test_a_batch_larger_than_the_limit_counts_in_the_following_windows() -> None:
    wait, windows = take({SECOND: 100}, {}, 1000, NOON)
    assert wait == 0
    assert take({SECOND: 100}, windows, 1000, NOON)[0] == 10
    assert take({SECOND: 100}, windows, 50, after(9))[0] == 1
    assert take({SECOND: 100}, windows, 50, after(10))[0] == 0


def test_days_are_those_of_utc() -> None:
    kolkata = NOON.astimezone(tz=None)
    _, windows = take({DAY: 10}, {}, 10, kolkata)
    assert windows[DAY].start == datetime(2026, 11, 23, tzinfo=UTC)
    assert take({DAY: 10}, windows, 1, kolkata)[0] == 12 * 3600


def test_a_window_written_by_a_wrong_clock_ends() -> None:
    _, windows = take({HOUR: 10}, {}, 10, after(10 * 365 * 86400))
    assert take({HOUR: 10}, windows, 10, NOON)[0] == 0
    # Two processes whose clocks differ a little are no such case.
    _, windows = take({SECOND: 10}, {}, 10, after(2))
    assert 0 < take({SECOND: 10}, windows, 10, NOON)[0] <= 3


@each_row(("day", "count"), [(-3, 500), (0, 500), (1, 750), (2, 1125), (10, 28832), (400, 10**9), (10**6, 10**9)])
def test_a_warm_up_grows_by_the_day(day: int, count: int) -> None:
    assert WarmUp(500, 1.5).recipients(day) == count


def test_a_warm_up_that_does_not_grow() -> None:
    assert WarmUp(500, 1).recipients(10**6) == 500


def test_a_warm_up_is_a_limit_by_the_day_and_the_lower_of_two() -> None:
    limits = Limits({HOUR: 100, DAY: 600}, WarmUp(500, 1.5))
    assert limits.on(NOON, NOON) == {HOUR: 100, DAY: 500}
    assert limits.on(after(12 * 3600), NOON) == {HOUR: 100, DAY: 600}
    assert Limits({}).on(NOON, NOON) == {}


def test_a_window_that_is_not_aligned_begins_with_its_first_count() -> None:
    quota = Quota("visitor", 1, timedelta(minutes=10))
    window = RateWindow(current(None, quota, after(599)).start, 1)
    assert seconds_to_wait(current(window, quota, after(601)), quota, 1, after(601)) == 598
    assert seconds_to_wait(current(window, quota, after(1199)), quota, 1, after(1199)) == 0


@given(
    st.integers(1, 50),
    st.sampled_from([SECOND, MINUTE]),
    st.lists(st.tuples(st.integers(1, 60), st.floats(0, 90)), max_size=60),
)
def test_no_window_exceeds_its_limit_and_every_wait_ends(
    limit: int, per: timedelta, batches: list[tuple[int, float]]
) -> None:
    """Each batch waits for the returned seconds. A batch larger than a limit is counted over several windows."""
    now, windows, gone, debt = NOON, dict[timedelta, RateWindow](), Counter[int](), 0
    for count, pause in batches:
        now += timedelta(seconds=pause)
        for _ in range(3):
            wait, then = take({per: limit}, windows, count, now)
            if not wait:
                break
            now += timedelta(seconds=wait)
        assert not wait
        windows = then
        index = int(now.timestamp() // per.total_seconds())
        gone[index] += count
        debt = max(debt, count)
        assert gone[index] <= max(limit, debt)
    total, first = sum(gone.values()), min(gone, default=0)
    if gone:
        assert total <= limit * (max(gone) - first + 1) + debt
