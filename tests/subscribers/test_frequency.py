"""Frequencies: the days of a subscriber, in one usual form, with a suggestion for what was probably meant."""

from __future__ import annotations

import re

import pytest

from digest.subscribers.frequency import PATTERN, WEEKDAYS, days, of_days, parse
from tests.support.tables import each_row


@each_row(
    ("given", "usual"),
    [
        ("daily", "daily"),
        ("weekdays", "weekdays"),
        ("weekly:sun", "weekly:sun"),
        ("weekly:fri,mon,wed,mon", "weekly:mon,wed,fri"),
        ("weekly:mon, wed", "weekly:mon,wed"),
        ("weekly:mon,tue,wed,thu,fri", "weekdays"),
        ("weekly:" + ",".join(WEEKDAYS), "daily"),
    ],
)
def test_a_frequency_has_one_usual_form(given: str, usual: str) -> None:
    assert parse(given) == usual
    assert of_days(days(usual)) == usual
    assert re.match(PATTERN, usual)
    # The column of the store.
    assert len(usual) <= 32


@each_row(
    ("given", "meant"),
    [
        ("weekly:sunday", "weekly:sun"),
        ("weekly: mon wed", "weekly:mon,wed"),
        ("mon,wed", "weekly:mon,wed"),
        ("Monday", "weekly:mon"),
        ("Daily", "daily"),
        ("weekday", "weekdays"),
    ],
)
def test_an_error_says_what_was_probably_meant(given: str, meant: str) -> None:
    with pytest.raises(ValueError, match=rf"found '{given}'; did you mean '{meant}'\?"):
        parse(given)


@pytest.mark.parametrize("given", ["weekly", "साप्ताहिक", "हफ़्ते में एक बार", "सप्ताह में एक दिन"])
def test_once_a_week_needs_a_day(given: str) -> None:
    with pytest.raises(ValueError, match=rf"found '{given}'; add the day, such as weekly:sun"):
        parse(given)


@pytest.mark.parametrize("given", ["", "hourly", "0"])
def test_no_suggestion_for_what_resembles_nothing(given: str) -> None:
    with pytest.raises(ValueError, match=r"expected daily, weekdays, weekly:mon … weekly:sun.*found '[^']*'$"):
        parse(given)
