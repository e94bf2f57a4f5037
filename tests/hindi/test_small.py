"""Dates, numbers, language and reading time, by rows of examples."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.hindi.dates import MONTHS, WEEKDAYS, clock, day, moment
from digest.hindi.language import guess
from digest.hindi.numbers import devanagari_digits, group, latin_digits, minutes
from digest.hindi.text import fold
from tests.support.tables import each_row

NOW = datetime(2026, 11, 23, 18, 5)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("hi", "सोमवार, 23 नवंबर 2026"),
        ("en", "Monday, 23 November 2026"),
        ("mr", "सोमवार, 23 नोव्हेंबर, 2026"),
    ],
)
def test_day(language: str, shown: str) -> None:
    assert day(date(2026, 11, 23), language) == shown


@each_row(
    ("hour", "minute", "hindi", "english"),
    [
        (0, 5, "रात 12:05 बजे", "12:05 AM"),
        (3, 59, "रात 3:59 बजे", "3:59 AM"),
        (4, 30, "सुबह 4:30 बजे", "4:30 AM"),
        (12, 0, "दोपहर 12 बजे", "12 PM"),
        (15, 59, "दोपहर 3:59 बजे", "3:59 PM"),
        (18, 5, "शाम 6:05 बजे", "6:05 PM"),
        (20, 0, "रात 8 बजे", "8 PM"),
    ],
)
def test_clock(hour: int, minute: int, hindi: str, english: str) -> None:
    t = NOW.replace(hour=hour, minute=minute)
    assert clock(t) == hindi
    assert clock(t, "en") == english


def test_the_hindi_tables_equal_babel_s() -> None:
    from babel.dates import format_date, format_time

    for month in range(1, 13):
        d = date(2026, month, month + 8)
        assert day(d) == format_date(d, "full", locale="hi")
    for hour in range(24):
        t = NOW.replace(hour=hour)
        assert clock(t) == format_time(t.time(), "B h:mm 'बजे'", locale="hi")


@each_row(
    ("t", "hindi", "english"),
    [
        (datetime(2026, 11, 23, 9, 20), "आज सुबह 9:20 बजे", "today 9:20 AM"),  # noqa: DTZ001
        (datetime(2026, 11, 22, 21, 40), "कल रात 9:40 बजे", "yesterday 9:40 PM"),  # noqa: DTZ001
        (datetime(2026, 11, 21, 18, 5), "21 नवंबर, शाम 6:05 बजे", "21 November, 6:05 PM"),  # noqa: DTZ001
        (datetime(2026, 11, 24, 9, 0), "24 नवंबर, सुबह 9 बजे", "24 November, 9 AM"),  # noqa: DTZ001
        (datetime(2025, 1, 2, 9, 0), "2 जनवरी 2025, सुबह 9 बजे", "2 January 2025, 9 AM"),  # noqa: DTZ001
    ],
)
def test_moment(t: datetime, hindi: str, english: str) -> None:
    assert moment(t, NOW) == hindi
    assert moment(t, NOW, "en") == english


def test_names_of_months_and_days() -> None:
    for name, number in [("सितम्बर", 9), ("अक्तूबर", 10), ("फ़रवरी", 2), ("Sept", 9), (fold("फ़रवरी"), 2)]:
        assert MONTHS[name] == number
    for name, number in [("बृहस्पतिवार", 3), ("वीरवार", 3), ("इतवार", 6), ("Mon", 0)]:
        assert WEEKDAYS[name] == number
    assert set(MONTHS.values()) == set(range(1, 13))
    assert set(WEEKDAYS.values()) == set(range(7))


@each_row(
    ("number", "shown"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1,000"),
        (99999, "99,999"),
        (100000, "1,00,000"),
        (1234567, "12,34,567"),
        (-1234567, "-12,34,567"),
        (1234.5, "1,234.5"),
        (7.0, "7"),
        (-0.001, "0"),
        (123456789012, "1,23,45,67,89,012"),
    ],
)
def test_lakh_grouping(number: float, shown: str) -> None:
    assert group(number) == shown


@given(st.integers())
def test_grouping_keeps_the_number(number: int) -> None:
    assert int(group(number).replace(",", "")) == number


@given(st.text(alphabet="०१२३४५६७८९क, "))
def test_digits_survive_the_round_trip(text: str) -> None:
    assert devanagari_digits(latin_digits(text)) == text


def test_digits() -> None:
    assert devanagari_digits("2026 में 10%") == "२०२६ में १०%"
    assert latin_digits("२३ नवंबर") == "23 नवंबर"


@each_row(("words", "expected"), [(0, 0), (1, 1), (180, 1), (181, 2), (900, 5)])
def test_minutes(words: int, expected: int) -> None:
    assert minutes("शब्द " * words) == expected


def test_minutes_of_several_texts_are_rounded_once() -> None:
    assert minutes("शब्द " * 90, "शब्द " * 90) == 1


def test_hindi_full_of_english_names_is_hindi() -> None:
    names = "Cloud Native Developer Toolbox"
    assert guess(f"{names} में नया क्या है और {names} के साथ यह कैसे काम करने वाले हैं, {names} से {names}", "") == "hi"
    assert guess(f"{names} {names} {names} नया the of and to in") != "hi"
