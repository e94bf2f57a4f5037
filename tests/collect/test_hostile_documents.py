"""Feeds made to break a parser: each gives a result and a plain message, without an exception or a long wait."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product

import pytest

from digest.collect.feeds.xml import parse_feed
from digest.collect.types import ParseResult
from digest.models import PLACEHOLDERS, Source
from tests.support.cpu import is_linear
from tests.support.tables import each_row

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BASE = "https://village.example/feeds/news.xml"
SOURCE = Source("गांव", url=BASE)
GOOD = (
    "<item><title>नहर में पानी आया</title><link>/n/1</link><description>किसानों ने खेतों की सिंचाई शुरू की।</description></item>"
)


def parse(data: bytes | str, base: str = BASE, kind: str = "") -> ParseResult:
    data = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
    parsed = parse_feed(data, source=SOURCE, base_url=base, content_type=kind, now=NOW)
    for article in parsed.articles:
        assert article.title
        assert article.url is None or article.url.startswith(("http://", "https://"))
        shown = "\n".join((article.title, article.text, article.author or "", *article.categories))
        assert not set(shown) & set("\u200b\u202e\u202d\u2066\u200f\x00\x07\ufeff")
        assert "<script" not in shown.lower()
        if article.image:
            assert article.image.url.startswith(("http://", "https://"))
    return parsed


def rss(*items: str, version: str = "2.0", head: str = "") -> str:
    return f'<rss version="{version}"><channel><title>गांव</title>{head}{"".join(items)}</channel></rss>'


@each_row("version", ["0.91", "0.92", "2.0", "", "9.9"])
def test_no_dates_at_all(version: str) -> None:
    (article,) = parse(rss(GOOD, version=version)).articles
    assert (article.published, article.dated, article.url) == (NOW, False, "https://village.example/n/1")


@each_row(
    ("declared", "real", "header"),
    [
        ("iso-8859-1", "utf-8", "text/xml; charset=windows-1252"),
        ("utf-16", "utf-8", ""),
        ("utf-8", "utf-16-le", ""),
        ("nonsense-9", "utf-8", "text/xml; charset=nonsense"),
        ("utf-8", "utf-32", "text/xml; charset=ascii"),
        ("ascii", "utf-16-be", ""),
    ],
)
def test_wrong_encodings(declared: str, real: str, header: str) -> None:
    text = f'<?xml version="1.0" encoding="{declared}"?>' + rss(GOOD)
    assert parse(text.encode(real), kind=header).articles[0].title == "नहर में पानी आया"


def test_marks_before_and_nothings_between() -> None:
    text = "\ufeff\ufeff\n \x00" + rss(GOOD.replace("पानी", "पा\x00नी"))
    assert parse(text).articles[0].title == "नहर में पानी आया"


@each_row(
    ("link", "url"),
    [
        ("<![CDATA[ https://village.example/a?x=1&y=2 ]]>", "https://village.example/a?x=1&y=2"),
        ("\n  /b\n", "https://village.example/b"),
        ("//other.example/c", "https://other.example/c"),
        ("../d", "https://village.example/d"),
        ("javascript:alert(1)", None),
        ("JaVa\tScript:alert(1)", None),
        ("data:text/html,x", None),
        ("https://[::1", None),
        ("https://a b/", None),
        ("http://user:secret@village.example/e", "http://village.example/e"),
    ],
)
def test_links(link: str, url: str | None) -> None:
    parsed = parse(rss(f"<item><title>नहर में पानी आया</title><link>{link}</link></item>", GOOD))
    assert parsed.articles[0].url == url
    assert parsed.articles[-1].url == "https://village.example/n/1"
    if not url:
        assert any("link" in warning for warning in parsed.warnings)


def test_images_in_nested_groups_and_with_dangerous_schemes() -> None:
    media = (
        '<media:group xmlns:media="http://search.yahoo.com/mrss/"><media:group><media:content medium="image" url="{}"'
        ' width="9e99" height="-1"><media:thumbnail url="/t.jpg"/></media:content></media:group></media:group>'
    )
    items = [
        GOOD.replace("</item>", media.format(url) + "</item>") for url in ("/a.jpg", "javascript:x", "data:image/png,x")
    ]
    for item in items:
        (article,) = parse(rss(item)).articles
        assert article.image is not None
        assert article.image.url in ("https://village.example/a.jpg", "https://village.example/t.jpg")


@pytest.mark.slow
@pytest.mark.parametrize("text", ["क", "्", " ", "<", "&amp;", "a ", "़्", "&#", "["])
def test_an_endless_title_is_cut_in_linear_time(text: str) -> None:
    found: list[ParseResult] = []

    def feed(size: int) -> str:
        return rss(f"<item><title><![CDATA[{text * (size // len(text))}]]></title><link>/long</link></item>", GOOD)

    assert is_linear(lambda data: found.append(parse(data)), feed, 300_000, floor=0.05)
    for parsed in found:
        assert parsed.articles[-1].title == "नहर में पानी आया"
        assert all(len(article.title) <= 4_000 for article in parsed.articles)


def test_unseen_marks_are_taken_out() -> None:
    junk = "\u202eन\u200bह\u200fर\u2066 में\u00ad पा\ufeffनी\u2060 आया"
    assert parse(rss(GOOD.replace("नहर में पानी आया", junk))).articles[0].title == "नहर में पानी आया"


def test_script_in_every_field() -> None:
    evil = "&lt;script&gt;x()&lt;/script&gt;<![CDATA[<script>y()</script>]]>"
    fields = ["title", "link", "description", "author", "category", "guid", "pubDate", "comments", "source"]
    item = "<item>" + "".join(f"<{name}>{evil}नहर में पानी</{name}>" for name in fields) + "</item>"
    (article,) = parse(rss(item)).articles
    assert "नहर में पानी" in article.title
    assert not set(article.url) & set("<> ")
    assert not article.dated


def test_double_escaped_scripts_are_no_markup_in_the_end() -> None:
    item = GOOD.replace("किसानों", "&amp;lt;script&amp;gt;z()&amp;lt;/script&amp;gt;किसानों")
    assert "किसानों" in parse(rss(item)).articles[0].text


def test_placeholder_tags_are_allowed_in_a_title() -> None:
    for tag in PLACEHOLDERS.values():
        # How it is shown is up to rendering.
        assert parse(rss(GOOD.replace("पानी", tag))).articles[0].title


def test_a_number_entity_of_ten_thousand_digits() -> None:
    item = GOOD.replace("किसानों", "&amp;amp; &amp;#" + "9" * 10_000 + "; किसानों")
    parsed = parse(rss(item, GOOD.replace("/n/1", "/n/2")))
    assert [article.url[-1] for article in parsed.articles] == ["1", "2"]


@each_row("text", ["{", "[]", "[1, 2]", '{"items": {}}', '{"version": 1, "items": null}', "{" * 50_000, '"x"', "null"])
def test_json_that_is_no_feed(text: str) -> None:
    assert parse(text).error


WRONG = (None, 0, -1.5, True, "", "x", [], {}, [[]], {"a": []}, ["javascript:x"], 10**400, "\ud800")


def test_a_json_feed_of_wrong_types() -> None:
    fields = [
        "id",
        "url",
        "external_url",
        "title",
        "content_html",
        "content_text",
        "summary",
        "image",
        "date_published",
        "authors",
        "author",
        "tags",
        "language",
    ]
    items = [{"title": "नहर में पानी आया", "url": "/n", field: wrong} for field, wrong in product(fields, WRONG)]
    whole = [dict.fromkeys(fields, wrong) for wrong in WRONG]
    for top in ({}, {"title": 5, "authors": "x", "language": [], "home_page_url": {}}):
        parsed = parse(json.dumps({"version": [], **top, "items": [*items, *whole, 3, None, "x"]}))
        assert parsed.kind == "jsonfeed"
        assert parsed.error is None
        assert parsed.lost >= 3
        assert "https://village.example/n" in {article.url for article in parsed.articles}


def test_atom_with_xhtml_and_a_base() -> None:
    text = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://atom.example/x/"><title>गांव</title><entry>'
        '<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><b>नहर</b> में पानी</div></title><link href="y"/>'
        '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>पहला पैरा यहां है।</p><script>x()</script>'
        "<p>दूसरा पैरा यहां है।</p></div></content><updated>0001-01-01T00:00:00Z</updated></entry></feed>"
    )
    (article,) = parse(text).articles
    assert (article.title, article.url) == ("नहर में पानी", "https://atom.example/x/y")
    assert [block.text for block in article.body] == ["पहला पैरा यहां है।", "दूसरा पैरा यहां है।"]
    assert not article.dated


# Each returns the structure with n parts; the number is how many parts take long enough to be measured.
ENDLESS: dict[str, tuple[int, Callable[[int], str]]] = {
    "rss in rss": (10_000, lambda n: "<rss>" * n),
    "item in item": (10_000, lambda n: "<rss><channel>" + "<item>" * n),
    "bold in bold": (10_000, lambda n: rss("<item>" + "<b>" * n + "</item>")),
    "attributes": (20_000, lambda n: rss("<item " + " ".join(f'a{number}="1"' for number in range(n)) + "/>")),
    "empty items": (2_000, lambda n: rss("<item/>" * n)),
    "div in div": (20_000, lambda n: rss("<item><description>" + "&lt;div&gt;" * n + "x</description></item>")),
    "comment in comment": (20_000, lambda n: rss("<item><description>" + "&lt;!--" * n + "x</description></item>")),
    "declarations": (1_000, lambda n: "<?xml version='1.0'?>" * n + rss(GOOD)),
    "blanks": (400_000, lambda n: " " * n),
    "lines after a comment": (400_000, lambda n: "<!-- -->" + "\n" * n),
    "open comments": (40_000, lambda n: "<!--" * n),
    "doctypes": (20_000, lambda n: "<!DOCTYPE " * n),
    "NUL": (200_000, lambda n: "\x00" * n),
    "links": (10_000, lambda n: "<html><body>" + "<link rel alternate " * n),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ENDLESS)
def test_endless_structures_take_linear_time(name: str) -> None:
    size, make = ENDLESS[name]
    found: list[ParseResult] = []
    assert is_linear(lambda data: found.append(parse(data)), make, size, floor=0.05)
    assert all(parsed.error or parsed.warnings or parsed.articles for parsed in found)


def test_too_many_tags_are_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedparser.parse", lambda *_given, **_options: pytest.fail("the feed was parsed"))
    assert "tags" in parse(rss(GOOD + "<b>" * 300_000)).error


def test_one_bad_item_does_not_affect_others() -> None:
    bad = "<item><title>\x01\x02&nosuch;&#xFFFFFFF;</title><link>https://[</link><pubDate>99 99 9999</pubDate></item>"
    parsed = parse(rss(GOOD, bad, GOOD.replace("/n/1", "/n/2")))
    assert {"https://village.example/n/1", "https://village.example/n/2"} <= {a.url for a in parsed.articles}
