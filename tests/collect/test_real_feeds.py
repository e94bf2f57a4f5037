"""Real feeds give all items that feedparser finds, except menu entries."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.collect.test_feeds import NOW, item, parse, rss
from tests.paths import SHARED_DATA
from tests.support.profiles import only_thorough

# The number of menu entries in real feeds that have some.
MENUS = {"jagran.xml": 4, "bhaskar.xml": 3, "thedotnetblog_hi_fullcontent.xml": 1}


def _real() -> list[Path]:
    return sorted((SHARED_DATA / "feeds").glob("*/*.xml"))


# test_feeds.py has golden feeds, and `make eval` counts the items that are lost.
@only_thorough
@pytest.mark.slow
def test_real_feeds_give_what_feedparser_finds() -> None:
    feedparser = pytest.importorskip("feedparser")
    if not _real():
        pytest.skip("the real feeds are outside the repository")
    for path in _real():
        data = path.read_bytes()
        parsed = parse(data)
        entries = feedparser.parse(data, sanitize_html=False, resolve_relative_uris=False).entries
        assert parsed.error is None, path.name
        assert len(parsed.articles) + parsed.duplicates + parsed.lost == len(entries), path.name
        assert parsed.lost == MENUS.get(path.name, 0), path.name
        assert all(article.title and article.url and article.content_hash for article in parsed.articles), path.name
        assert all(article.published <= NOW + timedelta(minutes=10) for article in parsed.articles), path.name


def test_menu_entries_among_headlines_are_left_out() -> None:
    long = [item(n, title=f"गांव के मेले में सोमवार को भारी भीड़ जुटी और रास्ते बदले गए {n}") for n in range(5)]
    parsed = parse(rss(item(8, title="सब्सक्राइब करें"), *long, item(9, title="मेले की तस्वीरें")))
    assert len(parsed.articles) == 5
    assert parsed.lost == 2
    assert "2 items: a menu entry, not news, so it was left out" in parsed.warnings
    alone = parse(rss(item(8, title="नहर में पानी"), item(9, title="मेले की तस्वीरें")))
    assert (len(alone.articles), alone.lost) == (2, 0)


# test_feeds.py has two items with one id.
@only_thorough
@pytest.mark.slow
def test_the_named_duplicate_is_the_only_one() -> None:
    if not _real():
        pytest.skip("the real feeds are outside the repository")
    doubles = {path.name: parse(path.read_bytes()).duplicates for path in _real()}
    assert {name: count for name, count in doubles.items() if count} == {"jagran.xml": 1}
