"""Which parser a document gets, and what is collected from a page without a setting."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.app import make_app
from digest.collect.feeds.autodiscovery import feed_link
from digest.config import loader
from digest.errors import ConfigurationError
from digest.models import JsonMapping, SourceAuth
from digest.yamlio import reader
from tests.collect.reading import URL, read
from tests.support.profiles import examples
from tests.support.tables import each_row

FEED = (
    "<rss version='2.0'><channel><title>गांव</title><item><title>नहर में पानी आया</title><link>/n/1</link>"
    "<description>किसानों ने खेतों की सिंचाई शुरू की।</description></item></channel></rss>"
)
JSON_FEED = json.dumps({"items": [{"id": "1", "title": "नहर में पानी आया", "url": "/n/1"}]})
TEXT = "नहर विभाग ने सोमवार सुबह फाटक खोले और शाम तक पानी आख़िरी गांव तक पहुंच गया। " * 4
NO_ARTICLE = "<html><head><title>गांव</title></head><body><p>नमस्ते</p></body></html>"
RSS = "<link rel='alternate' type='application/rss+xml' "


def article_page(head: str = "<meta property='og:type' content='article'>") -> str:
    return (
        f"<html lang='hi'><head>{head}<meta property='og:title' content='नहर में पानी आया'>"
        "<meta property='article:published_time' content='2026-11-23T09:00:00+05:30'>"
        "<link rel='canonical' href='https://www.village.example/desh/nahar-101.html'></head>"
        f"<body><article><h1>नहर में पानी आया</h1><p>{TEXT}</p><p>{TEXT[::-1]}</p></article></body></html>"
    )


@each_row(
    ("document", "kind"),
    [
        (FEED, "rss2.0"),
        (JSON_FEED, "jsonfeed"),
        (
            "PHP Notice: x <urlset><url><loc>https://a.example/b</loc><title>नहर में पानी</title></url></urlset>",
            "sitemap",
        ),
        ('[{"title": {"rendered": "नहर में पानी"}, "link": "/n/1", "date_gmt": "2026-11-23T09:00:00"}]', "api:wordpress"),
        (article_page(), "page"),
    ],
)
def test_a_document_is_recognised_by_its_content(document: str, kind: str) -> None:
    for header in ("", "text/html; charset=iso-8859-1", "application/octet-stream"):
        parsed = read(document, content_type=header)
        assert (parsed.kind, parsed.error, len(parsed.articles)) == (kind, None, 1)


@pytest.mark.slow
@each_row(
    ("document", "error"),
    [
        ("", "It is empty."),
        ("नमस्ते", "It is neither XML nor JSON, so it is not a feed."),
        (NO_ARTICLE, "give the source `links`"),
        (article_page().replace(TEXT, "").replace(TEXT[::-1], ""), "It names no feed and is not an article"),
        ("<svg xmlns='http://www.w3.org/2000/svg'><title>x</title></svg>", "is not a known kind of feed"),
    ],
)
def test_unknown_documents_give_an_error(document: str, error: str) -> None:
    parsed = read(document)
    assert (parsed.articles, error in parsed.error) == ((), True)


def feed_of(hours: Sequence[int]) -> str:
    """A feed whose items are from these hours, in this order."""
    items = "".join(
        f"<item><title>नहर की खबर {hour}</title><link>https://v.example/{hour}</link>"
        f"<pubDate>Mon, 23 Nov 2026 {hour:02}:00:00 IST</pubDate></item>"
        for hour in hours
    )
    return f"<rss version='2.0'><channel><title>गांव</title>{items}</channel></rss>"


def test_the_place_in_a_feed_counts_if_an_editor_chose_it() -> None:
    chosen = [11, 3, 20, 7, 15, 1, 18, 9, 5, 13, 2]
    found = {article.title[-2:].strip(): article.prominence for article in read(feed_of(chosen)).articles}
    assert (found["11"], found["1"], found["2"]) == (1.0, 0.5, 0.0)
    for by_date in (sorted(chosen), sorted(chosen, reverse=True), chosen[:9]):
        assert {article.prominence for article in read(feed_of(by_date)).articles} == {0.0}


def test_a_page_of_one_article_is_that_article() -> None:
    (article,) = read(article_page(), url="https://www.village.example/desh/nahar-101.html?ref=x").articles
    assert (article.title, article.url) == ("नहर में पानी आया", "https://www.village.example/desh/nahar-101.html")
    assert article.published.isoformat() == "2026-11-23T03:30:00+00:00"
    assert article.text.startswith("नहर विभाग ने सोमवार")


def test_a_page_that_names_a_feed_is_its_feed() -> None:
    parsed = read(article_page(f"<meta property='og:type' content='article'>{RSS} href='/feed/'>"))
    assert (parsed.kind, parsed.articles, parsed.feed_url) == ("html", (), "https://www.village.example/feed/")


def test_a_page_that_names_itself_is_not_followed() -> None:
    assert read(NO_ARTICLE.replace("<title>", f"{RSS} href='{URL}'><title>")).feed_url is None


@pytest.mark.parametrize(
    ("setting", "document", "warning"),
    [
        ({"links": "main a"}, FEED, "`links` is for web pages"),
        ({"links": "main a"}, JSON_FEED, "`links` is for web pages"),
        ({"mapping": JsonMapping(preset="gnews")}, FEED, "`mapping` is for JSON; this is not JSON"),
    ],
)
def test_a_setting_for_another_kind_gives_a_warning(setting: dict[str, object], document: str, warning: str) -> None:
    parsed = read(document, **setting)
    assert len(parsed.articles) == 1
    assert any(warning in text for text in parsed.warnings)


def test_a_page_where_json_was_expected_is_an_error() -> None:
    assert "not the JSON that `mapping` is for" in read(NO_ARTICLE, mapping=JsonMapping(preset="gnews")).error


@each_row(
    ("head", "url", "feed"),
    [
        (f"{RSS} href='/comments/feed/'>{RSS} href='/feed/'>", URL, "/feed/"),
        (f"{RSS} title='गांव &raquo; टिप्पणी फ़ीड' href='/f2'>{RSS} href='/f1'>", URL, "/f1"),
        (f"{RSS} href='/feed/'>{RSS} href='/zila/feed/'>", URL, "/zila/feed/"),
        (f"{RSS} href='/feed/'>{RSS} href='/zila/feed/'><meta property='og:type' content='article'>", URL, "/feed/"),
        (f"{RSS} href='/feed/'>{RSS} href='/zila/feed/'>", "", "/feed/"),
        (f"<!-- {RSS} href='/old'> -->{RSS} href='/new'>", URL, "/new"),
        ("<LINK TYPE=application/atom+xml REL='home alternate' HREF=/atom.xml>", URL, "/atom.xml"),
        ("<link rel='alternate' type='application/feed+json' href='/f?a=1&amp;b=2'>", URL, "/f?a=1&b=2"),
        ("<link rel='alternate' type='text/xml' href='/rss.xml'>", URL, "/rss.xml"),
        (f"<base href='https://a.example/hi/'>{RSS} href='f.xml'>", URL, "https://a.example/hi/f.xml"),
        ("<link rel='alternate' type='application/json' href='/wp-json/wp/v2/pages/2'>", URL, None),
        ("<link rel='alternate' type='text/xml+oembed' href='/oembed/feed'>", URL, None),
        ("<link rel='stylesheet' type='text/css' href='/feed.css'>", URL, None),
        ("<body><a href='/rss'>RSS</a> <a href='/desh/feed/'>फ़ीड</a>", URL, "/desh/feed/"),
        ("<body><a type='application/rss+xml' href='/x'>फ़ीड</a>", URL, "/x"),
        (f"<body><a href='/other/feed/'>फ़ीड</a>{RSS} href='/feed/'>", URL, "/feed/"),
        ("<body><a href='/comments/feed/'>x</a><a href='/feedback'>x</a><a href='/feed'>x</a>", URL, "/feed"),
        ("<!-- <a href='/feed/'>", URL, None),
        ("<base href='http://[bad/'><a href='/feed/'>", URL, "/feed/"),
    ],
)  # fmt: skip
def test_the_feed_that_a_page_names(head: str, url: str, feed: str | None) -> None:
    assert feed_link(f"<html><head>{head}", url) == feed


@settings(max_examples=examples(75), deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_raise(body: bytes) -> None:
    for document in (body, b"<urlset>" + body, b"<html><a href=" + body, b'{"articles":[' + body, b"\x1f\x8b" + body):
        for fields in ({}, {"links": "a"}, {"mapping": JsonMapping(title="a", url="b")}):
            parsed = read(document, **fields)
            assert parsed.error or parsed.kind
            assert not (parsed.error or "").startswith("It can't be read (")


def test_settings_become_what_the_collector_is_given(tmp_path: Path) -> None:
    (tmp_path / "digest.yaml").write_text(
        "newsletter: {name: न, sender: {email: news@example.com}}\n"
        "sources:\n"
        "  - {name: a, url: https://a.example/, auth: {env: NEWS_KEY, header: X-Api-Key}, mapping: gnews}\n"
        "  - {name: b, url: https://b.example/, mapping: {items: data, title: t, utc: true}}\n"
        "  - {name: c, url: https://c.example/, links: 'main h2 a'}\n",
        encoding="utf-8",
    )
    with make_app(tmp_path, environment={"NEWS_KEY": "hush-1234"}) as app:
        first, second, third = app.sources
    assert (first.auth, first.mapping) == (SourceAuth("NEWS_KEY", header="X-Api-Key"), JsonMapping(preset="gnews"))
    assert second.mapping == JsonMapping(items="data", title="t", utc=True)
    assert (third.links, third.mapping, third.auth) == ("main h2 a", None, None)
    assert "hush" not in repr(app.sources)


@each_row(
    ("fields", "reason"),
    [
        ("links: 'main >> a'", "'sources[1].links': expected a CSS selector such as 'main h2 a'"),
        ("links: a, mapping: gnews", "'sources[1]': expected one of links (of a web page) and mapping (of JSON)"),
        ("mapping: gnew", "expected gnews, newsapi or wordpress, found 'gnew'; did you mean 'gnews'?"),
        ("mapping: {titel: a}", "unknown key 'sources[1].mapping.titel'; did you mean 'title'?"),
        ("mapping: {title: a..b}", "'sources[1].mapping.title': expected a path such as source.name"),
        ("mapping: {body: a}", "'sources[1].mapping': expected the path of title or of url, or a preset"),
        ("auth: {env: KEY}", "'sources[1].auth': expected exactly one of header and param"),
        ("auth: {env: KEY, header: A, param: b}", "'sources[1].auth': expected exactly one of header and param"),
        ("auth: {env: KEY, header: 'A: b'}", "'sources[1].auth.header': expected an HTTP header such as X-Api-Key"),
        ("auth: {env: '', param: b}", "'sources[1].auth.env': expected an environment variable's name"),
    ],
)
def test_errors_in_settings_name_their_key(fields: str, reason: str) -> None:
    source = f"sources: [{{name: a, url: 'https://a.example/', {fields}}}]"
    with pytest.raises(ConfigurationError) as caught:
        loader.from_data(
            reader.read_text(f"newsletter: {{name: न, sender: {{email: news@example.com}}}}\n{source}", "x"), {}
        )
    assert reason in str(caught.value)


@pytest.mark.parametrize("place", ["path: feed.json", "url: 'http://a.example/'"])
def test_a_key_is_for_addresses_that_keep_it(place: str) -> None:
    source = f"sources: [{{name: a, {place}, auth: {{env: K, param: k}}}}]"
    text = f"newsletter: {{name: न, sender: {{email: n@example.com}}}}\n{source}"
    with pytest.raises(ConfigurationError, match="because auth is set"):
        loader.from_data(reader.read_text(text, "x"), {})
