"""The date table: what feeds and pages really print, and what each must mean."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.feeddates import INDIA, parse_date

TABLE = [
    ("Wed, 13 Sep 2023 18:21:00 IST", "2023-09-13T18:21:00+05:30"),
    ("Wed, 13 Sep 2023 06:21 PM IST", "2023-09-13T18:21:00+05:30"),
    ("Friday, January 29, 2021 04:42 PM", "2021-01-29T16:42:00+05:30"),
    ("Sun, 30Mar 2025 12:41:13 +0530", "2025-03-30T12:41:13+05:30"),
    ("Mon, 31 Mar 202510:50:41 +0530", "2025-03-31T10:50:41+05:30"),
    ("January, 29 Jan 2021 17:56:15 +0530", "2021-01-29T17:56:15+05:30"),
    ("Sun, 24 Aug 2025 00:00:00 GMT", "2025-08-24T00:00:00+00:00"),
    ("Mon, 23 Nov 26 10:00:00 GMT", "2026-11-23T10:00:00+00:00"),
    ("Mon, 23 Nov 2026 10:20:00 GMT+05:30", "2026-11-23T10:20:00+05:30"),
    ("Mon, 23 Nov 2026 10:20:00 -04:00", "2026-11-23T10:20:00-04:00"),
    ("Mon, 23 Nov 2026 10:20:00 EST", "2026-11-23T10:20:00-05:00"),
    ("Mon, 23 Nov 2026 12:05 AM", "2026-11-23T00:05:00+05:30"),
    ("Mon, 23 Nov 2026 24:00:00 +0530", "2026-11-24T00:00:00+05:30"),
    ("23-Nov-2026 10:20", "2026-11-23T10:20:00+05:30"),
    ("Updated: Nov 23, 2026 10:20 AM (IST)", "2026-11-23T10:20:00+05:30"),
    ("2024-09-04T16:20:35+05:30", "2024-09-04T16:20:35+05:30"),
    ("2024-09-04T16:20:35.123456Z", "2024-09-04T16:20:35+00:00"),
    ("2020-02-14 21:42:56", "2020-02-14T21:42:56+05:30"),
    ("2020-02-14T21:42", "2020-02-14T21:42:00+05:30"),
    ("2026-11-23 04:42 PM", "2026-11-23T16:42:00+05:30"),
    ("2021-01-29", "2021-01-29T00:00:00+05:30"),
    ("20210129T101500Z", "2021-01-29T10:15:00+00:00"),
    ("23/11/2026 10:20", "2026-11-23T10:20:00+05:30"),
    ("11/23/2026 10:20", "2026-11-23T10:20:00+05:30"),
    ("23.11.2026", "2026-11-23T00:00:00+05:30"),
    ("23 नवंबर 2026, शाम 6:05 बजे", "2026-11-23T18:05:00+05:30"),
    ("23 नवंबर 2026 शाम 6 बजे", "2026-11-23T18:00:00+05:30"),
    ("सोमवार, 23 नवम्बर 2026 रात 12:05 बजे", "2026-11-23T00:05:00+05:30"),
    ("23 नवंबर 2026 रात 9:40 बजे", "2026-11-23T21:40:00+05:30"),
    ("23 नवंबर 2026 दोपहर 12:30 बजे", "2026-11-23T12:30:00+05:30"),
    ("23 नवंबर 2026 दोपहर 2:30 बजे", "2026-11-23T14:30:00+05:30"),
    ("२३ नवम्बर २०२६", "2026-11-23T00:00:00+05:30"),
    ("14 फ़रवरी 2026", "2026-02-14T00:00:00+05:30"),
    ("1700000000", "2023-11-14T22:13:20+00:00"),
    ("1700000000000", "2023-11-14T22:13:20+00:00"),
    ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
]


@pytest.mark.parametrize(("raw", "expected"), TABLE)
def test_dates_as_they_are_printed(raw: str, expected: str) -> None:
    assert parse_date(raw) == datetime.fromisoformat(expected)


@pytest.mark.parametrize("raw", ["", "garbage", "31 Feb 2026", "दो घंटे पहले", "10:20", "2026", "13/13/2026", "मई"])
def test_what_names_no_day_is_no_date(raw: str) -> None:
    assert parse_date(raw) is None


@given(st.text(max_size=80) | st.from_regex(r"[0-9]{1,4}[-/ ][0-9A-Za-z]{1,4}[-/ ][0-9]{1,4} [0-9:+ APM]{0,12}"))
def test_any_text_gives_an_aware_date_or_none(raw: str) -> None:
    date = parse_date(raw)
    assert date is None or date.utcoffset() is not None


@given(st.datetimes(min_value=datetime(1991, 1, 1), max_value=datetime(2069, 1, 1)))  # noqa: DTZ001
def test_what_is_printed_in_three_forms_is_read_back(naive: datetime) -> None:
    moment = naive.replace(microsecond=0, tzinfo=INDIA)
    for form in ("%a, %d %b %Y %H:%M:%S %z", "%Y-%m-%dT%H:%M:%S%z", "%A, %B %d, %Y %I:%M:%S %p"):
        assert parse_date(moment.strftime(form)) == moment
