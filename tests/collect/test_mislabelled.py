"""Indian times that a feed labels +00:00 are recognised by dates in the future, and only with enough evidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from digest.collect.feeds.xml import parse_feed
from digest.collect.types import ParseResult
from digest.models import Source
from tests.support.tables import each_row

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
INDIAN = "https://gaon.example.in/feed"
FOREIGN = "https://village.example/feed"
HINDI = "गांव में नई नहर का काम शुरू हुआ"


def parse(
    *hours: float, url: str = INDIAN, label: str = "+0000", title: str = HINDI, language: str = "", built: float = -20.0
) -> ParseResult:
    """A feed whose items are `hours` ahead of now by their labels; `built` is the feed's own date."""

    def moment(ahead: float) -> str:
        return (NOW + timedelta(hours=ahead)).strftime("%a, %d %b %Y %H:%M:%S ") + label

    items = "".join(
        f"<item><title>{title} {n}</title><link>/n/{n}</link><pubDate>{moment(ahead)}</pubDate></item>"
        for n, ahead in enumerate(hours)
    )
    head = f"<language>{language}</language><lastBuildDate>{moment(built)}</lastBuildDate>"
    text = f'<rss version="2.0"><channel><title>t</title>{head}{items}</channel></rss>'
    return parse_feed(text.encode(), source=Source("गांव", url=url), base_url=url, now=NOW)


def ages(parsed: ParseResult) -> list[float]:
    return [(NOW - article.published) / timedelta(hours=1) for article in parsed.articles]


def is_reported(parsed: ParseResult) -> bool:
    return any("Indian time" in warning for warning in parsed.warnings)


@each_row("label", ["+0000", "GMT", "+00:00", "UTC", "Z"])
def test_items_of_the_next_hours_are_indian_time(label: str) -> None:
    parsed = parse(5, 3.5, -2, -20, label=label)
    assert is_reported(parsed)
    assert ages(parsed) == [0.5, 2, 7.5, 25.5]


@pytest.mark.parametrize(
    ("url", "title", "language"), [(FOREIGN, HINDI, ""), (FOREIGN, "Canal opens", "hi-IN"), (INDIAN, "Canal opens", "")]
)
def test_a_host_a_language_or_titles_make_it_indian(url: str, title: str, language: str) -> None:
    assert is_reported(parse(5, 3.5, url=url, title=title, language=language))


def test_one_newest_item_that_is_nearly_the_whole_offset_ahead_is_enough() -> None:
    assert is_reported(parse(5.3, -2, -20))


def test_the_feeds_own_date_is_enough() -> None:
    parsed = parse(-1, -7, built=5.4)
    assert is_reported(parsed)
    assert ages(parsed) == [6.5, 12.5]


@each_row(
    "hours",
    [(0.2, -2, -3), (0.4, 0.3, -3), (2, -3, -4), (5.3,), (5, 3, 26), (-0.1, -2, -3), ()],
)
def test_weak_evidence_changes_nothing(hours: tuple[float, ...]) -> None:
    parsed = parse(*hours)
    assert not is_reported(parsed)
    assert [age for age in ages(parsed) if age > 0] == [-ahead for ahead in hours if ahead < 0]


def test_a_feed_that_is_not_indian_is_left_alone() -> None:
    assert not is_reported(parse(5, 3.5, url=FOREIGN, title="Canal opens"))


def test_another_label_is_believed() -> None:
    parsed = parse(5, 3.5, label="+0530")
    assert not is_reported(parsed)
    assert ages(parsed) == [0.5, 2]
