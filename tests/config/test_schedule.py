"""The schedule: settings, holidays from calendar files, and the planned editions of dates."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from digest.config.calendar import Calendar, make_calendar
from digest.config.holidays import parse_calendar, read_holidays
from digest.config.loader import from_data
from digest.errors import ConfigurationError
from digest.models import split_key
from digest.yamlio.reader import read_text
from tests.support.tables import each_row

_HEAD = """newsletter: {name: पत्र, sender: {email: news@example.com}, timezone: ZONE}
sources:
  - {name: एक, path: one, section: शहर}
  - {name: दो, path: two}
schedule:
"""
THREE = """
  approval: required
  approve_by: "06:50"
  editions:
    - {slug: subah, name: सुबह, compose_at: "05:30"}
    - {slug: shaam, send_at: "18:00", sources: [दो], sections: [खेल, शहर], max_stories: 5}
    - {slug: saptahik, days: [sun], window: 7d, max_stories: 15, send_at: "09:00", default: false, holidays: []}
"""


def calendar(schedule: str, home: Path = Path(), zone: str = "Asia/Kolkata") -> Calendar:
    text = _HEAD.replace("ZONE", zone) + schedule
    return make_calendar(from_data(read_text(text, "digest.yaml"), {}), home)


def hours(calendar: Calendar, day: str) -> dict[str, str]:
    """Map the key of each edition of a day to its hours: composed, approved, sent."""
    return {
        edition.key: " ".join(
            f"{at.astimezone(calendar.zone):%H:%M}"
            for at in (edition.compose_at, edition.approve_by, edition.send_at)
            if at is not None
        )
        for edition in calendar.on(date.fromisoformat(day))
    }


def test_one_edition_a_day_keeps_the_date_as_its_key() -> None:
    assert hours(calendar("  send_at: '07:00'"), "2026-11-29") == {"2026-11-29": "05:30 07:00"}


def test_editions_inherit_hours_at_the_same_distance() -> None:
    assert hours(calendar(THREE), "2026-11-29") == {
        "2026-11-29-subah": "05:30 06:50 07:00",
        "2026-11-29-saptahik": "07:30 08:50 09:00",
        "2026-11-29-shaam": "16:30 17:50 18:00",
    }
    assert list(hours(calendar(THREE), "2026-11-30")) == ["2026-11-30-subah", "2026-11-30-shaam"]


def test_an_inherited_hour_is_not_before_midnight() -> None:
    assert hours(calendar("  editions: [{slug: raat, send_at: '01:00'}]"), "2026-11-29") == {
        "2026-11-29-raat": "00:00 01:00"
    }


@each_row(
    ("days", "expected"),
    [("daily", "2345678"), ("weekdays", "23456"), ("[sun, mon]", "28"), ("tue", "3"), ("mon, thu", "25")],
)
def test_days(days: str, expected: str) -> None:
    planned = calendar(f"  days: {days}")
    # 2 November 2026 is a Monday.
    assert "".join(f"{day}" for day in range(2, 9) if planned.on(date(2026, 11, day))) == expected


def test_holidays_of_the_newsletter_and_of_one_edition() -> None:
    planned = calendar("  holidays: [2026-11-29]" + THREE)
    assert list(hours(planned, "2026-11-29")) == ["2026-11-29-saptahik"]
    assert [edition.key for edition in planned.upcoming(datetime.fromisoformat("2026-11-29T12:00+05:30"))][:2] == [
        "2026-11-29-saptahik",
        "2026-11-30-subah",
    ]


@each_row(
    ("zone", "day", "at", "moment"),
    [
        # 02:00 to 03:00 does not exist: an hour later on the clock.
        ("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T03:30+02:00"),
        # 02:00 to 03:00 exists twice: the first.
        ("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T02:30+02:00"),
        ("America/New_York", "2026-03-08", "02:15", "2026-03-08T03:15-04:00"),
        ("America/New_York", "2026-11-01", "01:30", "2026-11-01T01:30-04:00"),
        # Clocks move by half an hour.
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-04T02:45+11:00"),
        # Midnight does not exist.
        ("America/Santiago", "2026-09-06", "00:00", "2026-09-06T01:00-03:00"),
    ],
)
def test_hours_that_a_clock_change_skips_or_repeats(zone: str, day: str, at: str, moment: str) -> None:
    (edition,) = calendar(f"  compose_at: '{at}'\n  send_at: '{at}'", zone=zone).on(date.fromisoformat(day))
    assert edition.compose_at == edition.send_at
    assert edition.send_at.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes") == moment
    assert edition.expires_at - edition.send_at == timedelta(hours=4)


def test_composing_is_never_planned_after_sending() -> None:
    """02:30 does not exist that day and would move past 03:00, so composing and sending are at the same time."""
    (edition,) = calendar("  compose_at: '02:30'\n  send_at: '03:00'", zone="Europe/Berlin").on(date(2026, 3, 29))
    assert edition.compose_at == edition.send_at == datetime.fromisoformat("2026-03-29T03:00+02:00")


def test_an_edition_counts_as_current_until_it_expires_on_the_next_day() -> None:
    planned = calendar("  editions: [{slug: subah}, {slug: raat, send_at: '22:00', expires_after: 5h}]")

    def current(at: str) -> list[str]:
        return [edition.key for edition in planned.current(datetime.fromisoformat(at))]

    assert current("2026-11-29T02:59+05:30") == ["2026-11-28-raat", "2026-11-29-subah", "2026-11-29-raat"]
    assert current("2026-11-29T03:01+05:30") == ["2026-11-29-subah", "2026-11-29-raat"]


def test_earlier_planned_editions_of_the_same_slug() -> None:
    now = datetime.fromisoformat("2026-11-28T10:00+05:30")
    assert calendar(THREE).earlier_planned("2026-11-30-subah", now) == ["2026-11-28-subah", "2026-11-29-subah"]
    assert calendar(THREE).earlier_planned("special", now) == []


@each_row(
    ("key", "parts"),
    [
        ("2026-11-29", (date(2026, 11, 29), "")),
        ("2026-11-29-shaam", (date(2026, 11, 29), "shaam")),
        ("special", (None, "special")),
        ("2026-13-29", (None, "2026-13-29")),
        ("2026-11-29-2", (None, "2026-11-29-2")),
    ],
)
def test_the_parts_of_a_key(key: str, parts: tuple[Any, str]) -> None:
    assert split_key(key) == parts


def test_a_weekly_edition_may_repeat_what_others_sent() -> None:
    planned = calendar(THREE + "    - {slug: alag, repeats: others}\n    - {slug: lamba, window: 3d, repeats: never}")
    assert {each.slug for each in planned.schedules if each.repeats_others} == {"saptahik", "alag"}


@each_row(
    ("schedule", "line", "expected"),
    [
        ("  days: [mon, funday]", 6, "'schedule.days': expected daily, weekdays, or different days such as"),
        ("  days: []", 6, "'schedule.days': expected daily, weekdays, or"),
        ("  days: [mon, mon]", 6, "different days such as [mon, thu]"),
        ("  holidays: [26.1.2027]", 6, "expected a date such as 2027-01-26 or a file such as holidays.ics, found"),
        ("  holidays: {a: 1}", 6, "expected dates such as [2027-01-26], or a file such as holidays.ics"),
        ("  approve_by: '05:00'", 5, "expected approve_by between compose_at and send_at (05:30 and 07:00)"),
        ("  editions: [{send_at: '07:00'}]", 6, "'schedule.editions[1].slug' is required"),
        ("  editions: [{slug: Shaam}]", 6, "expected a short name of a-z, 0-9 and '-' that starts with a letter"),
        ("  editions: [{slug: 2026-11-29}]", 6, "expected a short name of a-z"),
        ("  editions: [{slug: a}, {slug: a}]", 5, "expected every edition to have its own slug; duplicates: a"),
        ("  editions: [{slug: a, default: false}]", 5, "at least one of the editions without `default: false`"),
        (
            "  editions:\n    - {slug: a}\n    - {slug: b,\n       sources: [तीन]}",
            9,
            "editions[2].sources': unknown name",
        ),
        ("  editions: [{slug: a, sections: [खेलल]}]", 6, "did you mean 'खेल'?"),
        ("  editions: [{slug: a, sections: []}]", 6, "leave the key out for all"),
        ("  editions: [{slug: a, max_stories: 2}]", 6, "min_stories to be at most max_stories, found 3 and 2"),
        ("  editions: [{slug: a, compose_at: '08:00'}]", 6, "expected a time not after send_at (07:00), found 08:00"),
        ("  editions: [{slug: a, approve_by: '08:00'}]", 6, "expected a time between compose_at and send_at (07:00)"),
        ("  editions: [{slug: a, wndow: 7d}]", 6, "did you mean 'window'?"),
    ],
)
def test_faults_of_the_schedule_have_their_line(schedule: str, line: int, expected: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(expected)) as raised:
        calendar(schedule)
    assert [problem.line for problem in raised.value.problems] == [line]


def ics(*events: str) -> bytes:
    blocks = [f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT" for event in events]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *blocks, "END:VCALENDAR", ""]).encode()


def holidays(data: bytes, days: list[date]) -> list[str]:
    events = parse_calendar(data, "holidays.ics")
    return [f"{day}" for day in days if any(event.covers(day) for event in events)]


TWO_YEARS = [date(2027, 1, 1) + timedelta(days=n) for n in range(731)]


@each_row(
    ("event", "expected"),
    [
        ("DTSTART;VALUE=DATE:20270126\r\nSUMMARY:गणतंत्र दिवस", ["2027-01-26"]),
        ("DTSTART;VALUE=DATE:20270126\r\nDTEND;VALUE=DATE:20270127", ["2027-01-26"]),
        ("DTSTART;VALUE=DATE:20271107\r\nDTEND;VALUE=DATE:20271110", ["2027-11-07", "2027-11-08", "2027-11-09"]),
        ("DTSTART;VALUE=DATE:20271107\r\nDURATION:P2D", ["2027-11-07", "2027-11-08"]),
        ("DTSTART:20270126T000000\r\nDTEND:20270127T000000", ["2027-01-26"]),
        ("DTSTART;VALUE=DATE:20200815\r\nRRULE:FREQ=YEARLY", ["2027-08-15", "2028-08-15"]),
        ("DTSTART;VALUE=DATE:20200815\r\nRRULE:FREQ=YEARLY;UNTIL=20271231T000000Z", ["2027-08-15"]),
        ("DTSTART;VALUE=DATE:20200815\r\nRRULE:FREQ=YEARLY\r\nEXDATE;VALUE=DATE:20270815", ["2028-08-15"]),
        ("DTSTART;VALUE=DATE:20200815\r\nRDATE;VALUE=DATE:20270816", ["2027-08-16"]),
        (
            "DTSTART;VALUE=DATE:20201231\r\nDTEND;VALUE=DATE:20210102\r\nRRULE:FREQ=YEARLY",
            ["2027-01-01", "2027-12-31", "2028-01-01", "2028-12-31"],
        ),
        ("DTSTART;VALUE=DATE:20270126\r\nSTATUS:CANCELLED", []),
        # A long line is folded.
        ("DTSTART;VALUE=DA\r\n TE:20270126\r\nSUMMARY:" + "लंबा " * 9 + "\r\n  नाम", ["2027-01-26"]),
    ],
)
def test_events_of_a_calendar_file(event: str, expected: list[str]) -> None:
    assert holidays(ics(event), TWO_YEARS) == expected


@each_row(
    ("data", "line", "expected"),
    [
        (b"hello", 1, "is not a calendar file; expected BEGIN:VCALENDAR"),
        (b"BEGIN:VCALENDAR\n\xff", 2, "is not UTF-8 text"),
        (ics("DTSTART;VALUE=DATE:20271301"), 4, "DTSTART: Wrong date format 20271301"),
        (ics("SUMMARY:x"), 3, "this event has no DTSTART"),
        (ics("DTSTART:20270126T100000"), 4, "a holiday lasts whole days; expected DTSTART;VALUE=DATE:20270126"),
        (ics("SUMMARY:x\r\nDTSTART;VALUE=DATE:20270126\r\nDTEND;VALUE=DATE:20270125"), 6, "expected an end after"),
        (ics("DTSTART;VALUE=DATE:20270126\r\nRRULE:FREQ=YEARLYY"), 5, "RRULE: "),
        (ics("DTSTART;VALUE=DATE:20270126", "DTSTART;VALUE=DATE:20270127\r\nno colon"), 6, "this event: "),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20270126\n", 2, "this event has no END:VEVENT"),
    ],
)
def test_faults_of_a_calendar_file_have_their_line(data: bytes, line: int, expected: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(expected)) as raised:
        parse_calendar(data, "holidays.ics")
    assert [(problem.where, problem.line) for problem in raised.value.problems] == [("holidays.ics", line)]


def test_a_changed_calendar_file_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "holidays.ics"
    file.write_bytes(ics("DTSTART;VALUE=DATE:20270126"))
    found = read_holidays((date(2027, 10, 2), "holidays.ics"), tmp_path)
    assert date(2027, 1, 26) in found
    assert date(2027, 10, 2) in found
    file.write_bytes(ics("DTSTART;VALUE=DATE:20270815", "DTSTART;VALUE=DATE:20270816"))
    assert date(2027, 1, 26) not in read_holidays(("holidays.ics",), tmp_path)
    file.write_bytes(ics("SUMMARY:x"))
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="this event has no DTSTART"):
            read_holidays(("holidays.ics",), tmp_path)
    file.unlink()
    with pytest.raises(ConfigurationError, match="file not found"):
        read_holidays(("holidays.ics",), tmp_path)
