"""Times in words on the desk."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from digest.i18n import translator
from digest.web.desk.views import when

NOW = datetime(2026, 12, 1, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 12, 1, 5, 55, tzinfo=UTC), "5:55"),
        (datetime(2026, 11, 12, 5, 55, tzinfo=UTC), "12 नवंबर"),
        # A token that ends in a year does not end today.
        (datetime(2027, 12, 1, 16, 30, tzinfo=UTC), "1 दिसंबर 2027"),
        (datetime(2025, 5, 3, 5, 55, tzinfo=UTC), "3 मई 2025"),
    ],
)
def test_a_day_of_another_year_has_its_year(at: datetime, words: str) -> None:
    assert when(at, NOW, translator("hi")) == words
