"""When two addresses are one article."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.identity import absolute_url, article_id, canonical_url


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://www.paper.example/a", "https://paper.example/a"),
        ("https://m.paper.example/a", "https://www.paper.example/a"),
        ("https://PAPER.example:443/a", "https://paper.example/a"),
        ("https://paper.example/a?utm_source=rss&utm_medium=x", "https://paper.example/a"),
        ("https://paper.example/a?", "https://paper.example/a"),
        ("https://paper.example/a?id=7&fbclid=abc", "https://paper.example/a?id=7"),
        ("https://paper.example/a#top", "https://paper.example/a"),
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
    assert canonical_url(one) == canonical_url(other) != ""


@pytest.mark.parametrize(
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


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("/n/1", "https://paper.example/n/1"),
        ("2?x=1&utm_campaign=y", "https://paper.example/hi/2?x=1"),
        ("//cdn.example/a.jpg", "https://cdn.example/a.jpg"),
        ("\n https://paper.example/a \n", "https://paper.example/a"),
        ("https://paper.example/a b", "https://paper.example/a%20b"),
        ("javascript:alert(1)", ""),
        ("data:image/png;base64,AAAA", ""),
        ("mailto:desk@paper.example", ""),
        ("https://[", ""),
        ("https://paper.example:abc/", ""),
        ('https://paper.example"onclick=x/', ""),
        ("", ""),
    ],
)
def test_links_become_absolute_or_nothing(link: str, expected: str) -> None:
    assert absolute_url(link, "https://paper.example/hi/feed.xml") == expected


def test_without_a_base_a_relative_link_is_nothing() -> None:
    assert absolute_url("/n/1", "") == ""


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
