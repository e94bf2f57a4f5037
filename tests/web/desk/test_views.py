"""Times and numbers on the desk."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from digest.i18n import translator
from digest.render.themes import Branding
from digest.web.desk.views import Views, when

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


def test_numbers_are_grouped_as_in_india() -> None:
    counts = SimpleNamespace(accepted=1_234_567, unknown=0, rejected=98_765, pending=0, excluded=0)
    sending = SimpleNamespace(counts=counts, moves=False, shares=[100, 0, 0, 0])
    branding = Branding("सवेरा", "hi", "Asia/Kolkata", "https://news.example", "दिल्ली", "news@paper.example", None)
    page = Views(branding, "").render("progress.html.j2", "hi", sending=sending)
    assert "<b>12,34,567</b>" in page
    assert "<b>98,765</b>" in page
