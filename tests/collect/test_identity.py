"""Which URLs are the same article."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from digest.collect.cleaning.identity import absolute_url, article_id, canonical_url
from digest.collect.feeds.xml import parse_feed
from digest.models import Article, Source
from tests.support.tables import each_row

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@each_row(
    ("one", "other"),
    [
        ("https://www.paper.example/a", "https://paper.example/a"),
        ("https://m.paper.example/a", "https://www.paper.example/a"),
        ("https://PAPER.example:443/a", "https://paper.example/a"),
        ("https://paper.example/a?utm_source=rss&utm_medium=x", "https://paper.example/a"),
        ("https://paper.example/a?", "https://paper.example/a"),
        ("https://paper.example/a?id=7&fbclid=abc", "https://paper.example/a?id=7"),
        ("https://paper.example/a#top", "https://paper.example/a"),
        ("http://paper.example/a", "https://paper.example/a"),
        ("http://paper.example:80/a", "https://paper.example/a"),
        ("https://paper.example/a/", "https://paper.example/a"),
        ("https://paper.example/", "http://www.paper.example"),
        ("https://paper.example/a/?amp=1", "https://paper.example/a"),
        ("https://amp.paper.example/a/amp/", "https://paper.example/a"),
        ("https://paper.example/a/?amp", "https://m.paper.example/a"),
        ("https://paper.example/a/amp/", "https://paper.example/a/"),
        ("https://paper.example/amp/a", "https://paper.example/a"),
        ("https://paper.example/a.amp.html", "https://paper.example/a.html"),
        ("https://paper.example/a?amp=1", "https://paper.example/a"),
        ("https://paper.example//a", "https://paper.example/a"),
        ("https://paper.example/ख़बर", "https://paper.example/%E0%A4%96%E0%A4%BC%E0%A4%AC%E0%A4%B0"),
        ("https://paper.example/%e0%a4%96", "https://paper.example/%E0%A4%96"),
        ("https://paper.example", "https://paper.example/"),
    ],
)
def test_spellings_of_one_page(one: str, other: str) -> None:
    assert canonical_url(one) == canonical_url(other) is not None


@each_row(
    ("one", "other"),
    [
        ("https://paper.example/a?id=7", "https://paper.example/a?id=8"),
        ("https://paper.example/a", "https://paper.example/b"),
        ("https://paper.example/camp/a", "https://paper.example/c/a"),
        ("https://paper.example/a", "https://paper.example:8443/a"),
        ("https://hindi.paper.example/a", "https://paper.example/a"),
        ("https://m.in/a", "https://in/a"),
    ],
)
def test_addresses_that_stay_apart(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)


@each_row(
    ("link", "expected"),
    [
        ("/n/1", "https://paper.example/n/1"),
        ("2?x=1&utm_campaign=y", "https://paper.example/hi/2?x=1"),
        ("//cdn.example/a.jpg", "https://cdn.example/a.jpg"),
        ("\n https://paper.example/a \n", "https://paper.example/a"),
        ("https://paper.example/a b", "https://paper.example/a%20b"),
        ("javascript:alert(1)", None),
        ("data:image/png;base64,AAAA", None),
        ("mailto:desk@paper.example", None),
        ("https://[", None),
        ("https://paper.example:abc/", None),
        ('https://paper.example"onclick=x/', None),
        ("", None),
    ],
)
def test_links_become_absolute_or_nothing(link: str, expected: str | None) -> None:
    assert absolute_url(link, "https://paper.example/hi/feed.xml") == expected


def test_without_a_base_a_relative_link_is_nothing() -> None:
    assert absolute_url("/n/1", None) is None


_PARTS = st.sampled_from(
    ["amp", "/", "//", ".", "?", "&", "utm_source=x", "%41", "%2541", "%e0", "#", "a", "ख", "www.", ":443", "m."]
)


@given(
    st.text(max_size=60) | st.lists(_PARTS, max_size=12).map(lambda parts: "https://www.m.a.example/" + "".join(parts))
)
def test_canonical_is_idempotent(url: str) -> None:
    once = canonical_url(url)
    assert canonical_url(once) == once


def test_identity_falls_back_from_url_to_guid_to_title() -> None:
    by_url = article_id("https://www.a.example/1", "g1", "s", "t")
    assert by_url == article_id("https://m.a.example/1?utm_source=x", "g2", "other", "u")
    assert len(by_url) == 20
    assert article_id("", "g1", "s", "t") == article_id("", "g1", "s", "u")
    assert article_id("", "", "s", "हिन्दी") == article_id("", "", "s", "हिंदी") != article_id("", "", "r", "हिंदी")
    assert article_id("https://a.example/1", "", "s", "t", "2026-11-23") != article_id(
        "https://a.example/1", "", "s", "t"
    )


def _parsed(*items: str) -> list[Article]:
    text = f'<rss version="2.0"><channel><title>t</title>{"".join(items)}</channel></rss>'
    source = Source("गांव", url="https://paper.example/feed")
    return list(parse_feed(text.encode(), source=source, base_url=source.url, now=NOW).articles)


def _item(title: str, link: str, guid: str = "", text: str = "") -> str:
    return f"<item><title>{title}</title><link>{link}</link><guid>{guid}</guid><description>{text}</description></item>"


def test_one_guid_at_two_addresses_is_two_articles() -> None:
    assert len(_parsed(_item("नहर में पानी", "/a", "1"), _item("मेले में भीड़", "/b", "1"))) == 2


def test_one_address_with_two_guids_is_one_article() -> None:
    assert (
        len(_parsed(_item("नहर में पानी", "/a?utm_source=x", "1"), _item("नहर में पानी", "http://m.paper.example/a/", "2")))
        == 1
    )


def test_items_that_all_name_one_page_stay_apart() -> None:
    titles = ("नहर में पानी आया", "मेले में भीड़ जुटी", "स्कूल खुले")
    assert [article.title for article in _parsed(*(_item(title, "/news/", title) for title in titles))] == list(titles)
    assert len(_parsed(*(_item(title, "https://paper.example/") for title in titles[:2]))) == 2


def test_a_changed_item_keeps_its_id_and_changes_its_content() -> None:
    (old,) = _parsed(_item("नहर में पानी आया", "/a", text="किसानों ने खेतों की सिंचाई शुरू की।"))
    (new,) = _parsed(_item("नहर में पानी आया", "/a", text="किसानों ने खेतों की सिंचाई रोक दी।"))
    assert old.id == new.id
    assert old.content_hash != new.content_hash


def test_a_guid_that_is_no_url_belongs_to_its_source() -> None:
    assert article_id("", "17", "एक", "क") != article_id("", "17", "दो", "क")
    assert article_id("", "tag:paper.example,2026:17", "एक", "क") == article_id(
        "", "tag:paper.example,2026:17", "दो", "ख"
    )
