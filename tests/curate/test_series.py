"""Pages that come again every day: never one story over two days, whatever they are called."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from digest.curate.cluster import cluster
from digest.curate.likeness import twins
from digest.curate.rules import Rules
from digest.curate.tfidf import document
from tests.curate.sample import BRIDGE, DAY
from tests.curate.series_pages import DAYS, KINDS, PAPERS, pages

ZONE = ZoneInfo("Asia/Kolkata")
EVERYTHING = pages()


def test_two_hundred_pages_of_ten_kinds_never_join_over_days() -> None:
    found = cluster([article for _, _, article in EVERYTHING], Rules())
    assert len(EVERYTHING) == 200
    of = {article.id: (kind, article.published.astimezone(ZONE).date()) for kind, _, article in EVERYTHING}
    for each in found:
        assert len({of[article.id] for article in each.articles}) == 1, [a.title for a in each.articles]
    # It is not that nothing joins: of each kind and day the papers' pages are one or two stories, not five.
    assert len(found) <= 2.5 * len(KINDS) * DAYS


@pytest.mark.parametrize("kind", KINDS)
def test_two_pages_of_two_days_alone(kind: str) -> None:
    """Without the days between, nothing has been learned about the title: the table or the form must tell."""
    mine = [article for name, day, article in EVERYTHING if name == kind and day < 2 and article.source == "paper 1"]
    assert len(mine) == 2
    assert not any(set(mine) <= set(each.articles) for each in cluster([*mine, *DAY], Rules(same_source=0.3)))


def test_the_same_news_in_two_papers_is_no_form() -> None:
    first, second, _ = BRIDGE
    assert not twins(document(first), document(second))
    temple = [article for kind, _, article in EVERYTHING if kind == "mandi"]
    assert not twins(document(temple[0]), document(temple[1])), "one day's numbers are the same"
    assert twins(document(temple[0]), document(temple[PAPERS]))
