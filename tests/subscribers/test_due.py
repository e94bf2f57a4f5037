"""Who is due when, across time zones and clock changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.subscribers.due import Candidate, Due, decide
from digest.subscribers.frequency import WEEKDAYS, is_due_on, of_days
from tests.support.tables import each_row

MONDAY = date(2026, 11, 23)
SEVEN = time(7, 0)
EARLY = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SUBSCRIBER = Candidate(
    id=1, email="asha@example.com", topics=(), frequency="daily", timezone="Asia/Kolkata", hour=None, format="html",
    status="active", suppressed=None,
)  # fmt: skip


@each_row(
    ("zone", "hour", "due"),
    [
        ("Asia/Kolkata", None, "2026-11-23T01:30"),
        ("Asia/Kolkata", time(8, 30), "2026-11-23T03:00"),
        ("Asia/Kolkata", time(0, 0), "2026-11-22T18:30"),
        ("Asia/Kathmandu", None, "2026-11-23T01:15"),
        ("America/New_York", None, "2026-11-23T12:00"),
        ("Pacific/Kiritimati", None, "2026-11-22T17:00"),
        ("Pacific/Pago_Pago", None, "2026-11-23T18:00"),
        ("UTC", time(23, 59), "2026-11-23T23:59"),
    ],
)
def test_the_hour_is_in_the_subscribers_time_zone(zone: str, hour: time | None, due: str) -> None:
    found = decide(replace(SUBSCRIBER, timezone=zone, hour=hour), MONDAY, send_at=SEVEN, now=EARLY)
    assert found == Due(datetime.fromisoformat(due).replace(tzinfo=UTC))


@each_row(
    ("zone", "day", "hour", "due"),
    [
        # 2026-03-29 London skips 01:00 to 02:00: half past one is half past two there, an hour after half past midnight
        ("Europe/London", date(2026, 3, 29), time(1, 30), "2026-03-29T01:30"),
        ("America/New_York", date(2026, 3, 8), time(2, 30), "2026-03-08T07:30"),
        # 2026-10-25 London has 01:30 twice: the first one counts
        ("Europe/London", date(2026, 10, 25), time(1, 30), "2026-10-25T00:30"),
        ("America/New_York", date(2026, 11, 1), time(1, 30), "2026-11-01T05:30"),
        ("Europe/London", date(2026, 10, 25), time(7, 0), "2026-10-25T07:00"),
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), "2026-10-03T15:45"),
    ],
)
def test_clock_changes(zone: str, day: date, hour: time, due: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    found = decide(replace(SUBSCRIBER, timezone=zone, hour=hour), day, send_at=SEVEN, now=now)
    assert found.due_at == datetime.fromisoformat(due).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "excluded"),
    [
        ({"suppressed": "complained"}, "complained"),
        ({"suppressed": "unsubscribed", "status": "paused"}, "unsubscribed"),
        ({"status": "paused"}, "paused"),
        ({"status": "paused", "frequency": "weekly:sun"}, "paused"),
        ({"frequency": "weekly:sun"}, "not due on this day (weekly:sun)"),
    ],
)
@pytest.mark.parametrize("send_at", [SEVEN, None])
def test_exclusion_reasons(changes: dict[str, str], excluded: str, send_at: time | None) -> None:
    assert decide(replace(SUBSCRIBER, **changes), MONDAY, send_at=send_at, now=EARLY) == Due(None, excluded)  # type: ignore[arg-type]


def test_due_times_may_be_past_or_future() -> None:
    now = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Asia/Kolkata"))
    assert decide(SUBSCRIBER, MONDAY, send_at=SEVEN, now=now) == Due(now.replace(hour=7))
    later = decide(replace(SUBSCRIBER, hour=time(22, 0)), MONDAY, send_at=SEVEN, now=now).due_at
    assert later == now.replace(hour=22)
    assert later.tzinfo == now.tzinfo


@pytest.mark.parametrize("day", [MONDAY, MONDAY + timedelta(days=3), MONDAY - timedelta(days=3)])
def test_a_one_off_send_is_due_at_once(day: date) -> None:
    now = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Asia/Kolkata"))
    due = decide(replace(SUBSCRIBER, hour=time(22, 0)), day, send_at=None, now=now).due_at
    assert due is not None
    assert due <= now


def test_days_of_the_week() -> None:
    week = [MONDAY + timedelta(days=n) for n in range(7)]
    assert [is_due_on("daily", day) for day in week] == [True] * 7
    assert [is_due_on("weekdays", day) for day in week] == [True] * 5 + [False] * 2
    for number, name in enumerate(WEEKDAYS):
        assert [is_due_on(f"weekly:{name}", day) for day in week] == [number == other for other in range(7)]
    assert [is_due_on("weekly:mon,sat", day) for day in week] == [True, *[False] * 4, True, False]


@given(
    st.sets(st.sampled_from(WEEKDAYS), min_size=1).map(of_days),
    st.dates(date(2020, 1, 1), date(2035, 1, 1)),
    st.integers(0, 23),
    st.timezone_keys(),
    st.datetimes(timezones=st.just(UTC)),
)
def test_a_due_time_is_on_the_subscribers_day_and_an_exclusion_has_a_reason(
    frequency: str, day: date, hour: int, zone: str, moment: datetime
) -> None:
    subscriber = replace(SUBSCRIBER, frequency=frequency, hour=time(hour), timezone=zone)
    due = decide(subscriber, day, send_at=SEVEN, now=moment)
    assert (due.due_at is None) == bool(due.excluded) == (not is_due_on(frequency, day))
    if due.due_at is not None:
        there = due.due_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        # Only a clock change moves it, and only forward; a zone that skipped a whole day moves it by that day.
        assert timedelta(0) <= there - datetime.combine(day, time(hour)) <= timedelta(days=1)
