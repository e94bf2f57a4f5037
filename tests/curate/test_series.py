"""Recurring pages are never one story over two days, whatever their titles are."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from digest.curate.recurring import find_series
from digest.curate.rules import Rules
from digest.curate.similarity.score import extract_features, is_duplicate
from digest.models import Article
from tests.curate.clusters import cluster
from tests.curate.sample import BRIDGE, DAY, article
from tests.curate.series_days import series_pages, unlike_items
from tests.curate.series_pages import DAYS, KINDS, PAPERS, pages
from tests.support.tables import each_row

ZONE = ZoneInfo("Asia/Kolkata")
EVERYTHING = pages()


@pytest.mark.slow
def test_two_hundred_pages_of_ten_kinds_never_join_over_days() -> None:
    found = cluster([article for _, _, article in EVERYTHING], Rules())
    assert len(EVERYTHING) == 200
    of = {article.id: (kind, article.published.astimezone(ZONE).date()) for kind, _, article in EVERYTHING}
    for each in found:
        assert len({of[article.id] for article in each.articles}) == 1, [a.title for a in each.articles]
    # Control that articles do merge: of each kind and day the papers' pages are one or two stories, not five.
    assert len(found) <= 2.5 * len(KINDS) * DAYS


@each_row("kind", KINDS)
def test_two_pages_of_two_days_alone(kind: str) -> None:
    """Without earlier days nothing is known about the title: the table of kinds or the form of the page decides."""
    mine = [article for name, day, article in EVERYTHING if name == kind and day < 2 and article.source == "paper 1"]
    assert len(mine) == 2
    assert not any(set(mine) <= set(each.articles) for each in cluster([*mine, *DAY], Rules(same_source=0.3)))


def test_a_comment_is_a_column_by_the_folder_of_its_url() -> None:
    def kind(url: str) -> str:
        found = find_series([article("x", "alok", "पुल बनाने में विफल विभाग", url=url)])
        return found["x"].kind if found else ""

    assert kind("https://a.example.com/editorial/apni-baat/bridge.html") == "column"
    assert kind("https://a.example.com/hindi/opinion/bridge.html") == "column"
    # The last part is the article's own name, and some papers have all articles in `blog`.
    assert kind("https://a.example.com/news/opinion") == ""
    assert kind("https://a.example.com/blog/bridge.html") == ""
    assert kind("") == ""


def same_form(one: Article, other: Article) -> bool:
    return is_duplicate(*extract_features([one, other]).features.values())


def test_the_same_news_in_two_papers_is_no_form() -> None:
    first, second, _ = BRIDGE
    assert not same_form(first, second)
    market = [article for kind, _, article in EVERYTHING if kind == "mandi"]
    assert not same_form(market[0], market[1]), "one day's numbers are the same"
    assert same_form(market[0], market[PAPERS])


@pytest.mark.slow
def test_a_thousand_pages_and_other_items_never_join_wrongly() -> None:
    """Pages of different days, kinds, towns, signs, films or boards never merge."""
    pages_of_days, unlike = series_pages(), unlike_items(300)
    what = {article.id: place for place, article in pages_of_days} | {each.id: (each.id, "", 0) for each in unlike}
    assert len(what) >= 1_000
    found = cluster([*(article for _, article in pages_of_days), *unlike], Rules())
    wrong = [[a.title for a in each.articles] for each in found if len({what[a.id] for a in each.articles}) > 1]
    assert wrong == []
    # Control that articles do merge: the papers' pages of one kind, subject and day are mostly one story.
    expected = len(set(what.values()))
    assert len(found) <= 1.5 * expected
