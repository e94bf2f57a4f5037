"""Sitemaps: of news, plain, indexes, compressed, and hostile ones."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.collect.feeds.sitemap import MAX_CHILDREN, MAX_LINKS, title_of
from digest.collect.files import read_path
from digest.models import Image, Source
from tests.collect.reading import NOW, read
from tests.support.profiles import examples
from tests.support.tables import each_row

NEWS = (Path(__file__).parent / "sitemaps/news.xml").read_text(encoding="utf-8")


def urlset(*urls: str) -> str:
    return f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{''.join(urls)}</urlset>"


def plain_url(n: int, lastmod: str = "") -> str:
    stamp = f"<lastmod>{lastmod}</lastmod>" if lastmod else ""
    return f"<url><loc>https://village.example/desh/nahar-mein-pani-{n}.html</loc>{stamp}<priority>0.5</priority></url>"


def index(*children: tuple[str, str]) -> str:
    rows = (
        f"<sitemap><loc>{loc}</loc>{f'<lastmod>{date}</lastmod>' if date else ''}</sitemap>" for loc, date in children
    )
    return f"<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{''.join(rows)}</sitemapindex>"


def test_a_news_sitemap_gives_the_details_of_each_article() -> None:
    parsed = read(NEWS)
    assert (parsed.kind, parsed.error, parsed.links_only, parsed.title) == ("sitemap", None, False, "गांव टाइम्स")
    first, second = parsed.articles
    assert first.title == "तीन साल बाद नहर में पानी आया & सिंचाई शुरू"
    assert first.url == "https://www.village.example/desh/nahar-101.html"
    assert (first.published, first.dated) == (datetime(2026, 11, 23, 3, 30, tzinfo=UTC), True)
    assert first.updated == datetime(2026, 11, 23, 4, 35, tzinfo=UTC)
    assert first.categories == ("नहर", "किसान", "सिंचाई")
    assert first.image == Image("https://img.village.example/nahar.jpg", alt="नहर का फाटक")
    assert first.language == "hi"
    # Its lastmod.
    assert second.published == datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    assert parsed.lost == 1
    assert parsed.warnings == ("1 item: its URL is not that of an article, so it was left out",)


@each_row(
    ("old", "new"),
    [
        ("news:", "n:"),
        ("xmlns:news=", "xmlns:forgotten="),
        ("xmlns:image=", "xmlns:pictures="),
        ("news:", ""),
        ("http://www.sitemaps.org/schemas/sitemap/0.9", "https://www.google.com/schemas/sitemap/0.84"),
        ("</news:news>", ""),
        ("</urlset>", ""),
        ("<news:genres>PressRelease</news:genres>", "<news:genres>&unknown; &#xFFFFFFF; \x0b</news:genres>"),
    ],
)
def test_prefixes_and_ends_may_be_missing(old: str, new: str) -> None:
    assert old in NEWS
    titles = [article.title for article in read(NEWS.replace(old, new)).articles]
    assert titles == [article.title for article in read(NEWS).articles]


def test_a_title_is_not_taken_from_an_image() -> None:
    image = "<image><loc>https://img.example/a.jpg</loc><title>चित्र का नाम</title></image>"
    (article,) = read(urlset(f"<url>{image}<loc>https://village.example/a/nahar</loc></url>")).articles
    assert (article.url, article.title) == ("https://village.example/a/nahar", "nahar …")


def test_a_plain_sitemap_gives_links_the_newest_first() -> None:
    urls = [plain_url(n, f"2026-11-{n:02d}") for n in (3, 20, 11)]
    parsed = read(urlset(*urls, plain_url(99)))
    assert parsed.links_only
    assert [article.url.rpartition("-")[2] for article in parsed.articles] == [
        "20.html",
        "11.html",
        "3.html",
        "99.html",
    ]
    # lastmod is not the date of publication, so the page's own date counts.
    assert [article.dated for article in parsed.articles] == [False] * 4
    assert parsed.articles[0].published == datetime(2026, 11, 19, 18, 30, tzinfo=UTC)


def test_a_plain_sitemap_of_a_whole_site_is_cut_to_its_newest() -> None:
    parsed = read(urlset(*(plain_url(n, f"2026-{1 + n % 11:02d}-05") for n in range(3000))))
    assert len(parsed.articles) == MAX_LINKS
    assert {article.published.month for article in parsed.articles} == {11}
    assert parsed.warnings == (f"it gives links without titles; the newest {MAX_LINKS} of its 3000 URLs were used",)


@pytest.mark.slow
def test_a_long_news_sitemap_is_cut_like_a_feed() -> None:
    titled = (
        plain_url(n, f"2026-11-{1 + n % 22:02d}").replace(
            "<priority>", "<news><title>गांव की ख़बर</title></news><priority>"
        )
        for n in range(2500)
    )
    parsed = read(urlset(*titled))
    assert (len(parsed.articles), parsed.lost, parsed.links_only) == (1000, 1500, False)


@each_row(
    ("url", "title"),
    [
        ("https://village.example/%E0%A4%A8%E0%A4%B9%E0%A4%B0-%E0%A4%AE%E0%A5%87%E0%A4%82", "नहर में"),
        ("https://village.example/desh/nahar-mein-pani-aaya-101.html", "nahar mein …"),
        ("https://village.example/nahar-mein-pani/articleshow/123.cms", "nahar mein …"),
        ("https://www.village.example/?p=17", "village …"),
        ("https://village.example/17/", "village …"),
    ],
)  # fmt: skip
def test_a_provisional_title_until_the_page_is_read(url: str, title: str) -> None:
    assert title_of(url) == title


def test_an_index_leads_to_its_newest_sitemaps() -> None:
    children = [(f"https://village.example/post-sitemap{n}.xml", f"2026-{n:02d}-01") for n in range(1, 10)]
    parsed = read(index(*children, ("https://village.example/category-sitemap.xml", "2026-11-23")))
    assert parsed.further == tuple(f"https://village.example/post-sitemap{n}.xml" for n in (9, 8, 7, 6, 5))
    assert (parsed.kind, parsed.articles, parsed.error) == ("sitemap", (), None)
    assert parsed.warnings == (f"its index names 10 sitemaps; {MAX_CHILDREN} of them are read",)


def test_an_index_prefers_its_news() -> None:
    parsed = read(
        index(
            ("https://news.village.example/pages.xml.gz", "2026-11-23"),
            ("/news-sitemap.xml", "2026-11-20"),
            ("ftp://village.example/news.xml", "2026-11-23"),
        )
    )
    assert parsed.further == ("https://www.village.example/news-sitemap.xml",)


def test_an_index_without_dates_goes_by_the_months_in_names() -> None:
    names = [f"https://village.example/sitemap/{month}.xml" for month in ("2025-12", "2026-09", "2026-11", "2026-10")]
    parsed = read(index(*((name, "") for name in names)))
    assert [url[-11:-4] for url in parsed.further] == ["2026-11", "2026-10", "2026-09", "2025-12"]


def test_an_empty_index_is_an_error() -> None:
    assert read("<sitemapindex></sitemapindex>").error == "It is a sitemap index that names no sitemaps."


@pytest.mark.slow
def test_a_packed_sitemap_is_unpacked_within_a_limit() -> None:
    kind = "application/x-gzip"
    assert len(read(gzip.compress(NEWS.encode()), content_type=kind).articles) == 2
    bomb = read(gzip.compress(b"<urlset>" + b" " * 30_000_000), content_type=kind)
    assert bomb.error == "It is compressed, and larger than 10,000,000 bytes; refused."
    assert read(gzip.compress(NEWS.encode())[:300]).error.startswith("It is compressed, but ")


def test_saved_sitemaps_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(NEWS, "utf-8")
    (tmp_path / "b.xml.gz").write_bytes(gzip.compress(NEWS.encode()))
    (tmp_path / "c.xml").write_text(index(("https://village.example/a.xml", "")), "utf-8")
    for name in ("a.xml", "b.xml.gz"):
        assert len(read_path(tmp_path / name, Source("गांव", path=name), NOW).articles) == 2
    assert "give its address as url" in read_path(tmp_path / "c.xml", Source("गांव", path="c.xml"), NOW).error


def test_links_alone_in_a_drop_folder_are_no_articles(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(urlset(plain_url(1)), "utf-8")
    parsed = read_path(tmp_path, Source("गांव", path="."), NOW)
    assert (parsed.articles, parsed.lost > 0) == ((), True)
    assert any("It has links only" in warning for warning in parsed.warnings)


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE x [<!ENTITY a "bbbbb"><!ENTITY c "&a;&a;&a;&a;">]><urlset><url><loc>&c;</loc></url></urlset>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><urlset><url><loc>&a;</loc></url></urlset>',
        "<urlset>" + "<a/>" * 1_600_000,
    ],
    ids=["entities", "external", "tags"],
)
def test_bombs_are_refused_in_one_sentence(document: str) -> None:
    parsed = read(document)
    assert parsed.articles == ()
    assert "refused" in parsed.error


@each_row(
    "document",
    [
        "<urlset",
        "<urlset>" + "<url>" * 200_000,
        "<urlset>" + "<a>" * 200_000 + "<url><loc>https://a.example/b</loc></url>",
        "<urlset><url><loc>https://a.example/" + "b" * 3_000_000 + "</loc></url></urlset>",
        "<urlset><url "
        + " ".join(f'a{n}="1"' for n in range(200_000))
        + "><loc>https://a.example/b</loc></url></urlset>",
        "<urlset><url><loc>http://[::bad/a</loc><lastmod>9999-99-99</lastmod></url></urlset>",
    ],
)
def test_broken_ones_give_a_result(document: str) -> None:
    parsed = read(document)
    assert parsed.kind == "sitemap"
    assert len(parsed.articles) <= 1


PIECES = st.sampled_from(
    [
        "<urlset>",
        "</urlset>",
        "<url>",
        "</url>",
        "<loc>",
        "</loc>",
        "<sitemapindex>",
        "<sitemap>",
        "<news:title>",
        "<title>",
        "</title>",
        "<lastmod>",
        "https://a.example/ख",
        "2026-11-23",
        "&x;",
        "<![CDATA[",
        "]]>",
        "\x00",
    ]
)


@settings(max_examples=examples(75), deadline=None)
@given(st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join), st.booleans())
def test_mangled_xml_never_raises(body: str, whole: bool) -> None:
    parsed = read(f"<urlset>{body}</urlset>" if whole else f"<sitemapindex>{body}")
    assert parsed.kind == "sitemap" or parsed.error
    assert not (parsed.error or "").startswith("It can't be read (")
