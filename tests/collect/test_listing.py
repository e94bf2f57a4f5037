"""Pages that list articles: which links are used, and what their cards give."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.collect.files import read_path
from digest.collect.pages.listing import MAX_LINKS, site_of
from digest.models import Image, Source
from tests.collect.reading import NOW, URL, read
from tests.support.profiles import examples
from tests.support.tables import each_row

FILE = Path(__file__).parent / "listings/cards.html"
CARDS = FILE.read_text(encoding="utf-8")
TITLE = "तीन साल बाद नहर में पानी आया, किसानों ने सिंचाई शुरू की"


def page(body: str, head: str = "") -> str:
    return f"<!DOCTYPE html><html lang='hi'><head>{head}</head><body>{body}</body></html>"


def titles(body: str, links: str = "main a") -> list[str]:
    return [article.title for article in read(page(f"<main>{body}</main>"), links=links).articles]


@pytest.mark.parametrize("links", [".card, .story", "main a", "main > *"])
def test_cards_give_links_with_titles_dates_and_images(links: str) -> None:
    parsed = read(CARDS, links=links)
    assert (parsed.kind, parsed.error, parsed.links_only) == ("listing", None, True)
    assert [(article.title, article.url) for article in parsed.articles] == [
        (TITLE, "https://www.village.example/zila/nahar-101.html"),
        ("बरसात से पहले पूरा होगा नदी का पुल, ठेकेदार को नोटिस", "https://www.village.example/zila/pul-102.html"),
        ("मेले में पहले दिन दस हज़ार लोग पहुंचे, रास्ते बदले गए", "https://m.village.example/zila/mela-103.html"),
        ("पंचायत के स्कूल में पुस्तकालय खुला, बच्चों ने किताबें चुनीं", "https://hindi.village.example/zila/school-104.html"),
    ]  # fmt: skip
    canal, bridge, _, school = parsed.articles
    assert (canal.published, canal.dated) == (datetime(2026, 11, 23, 3, 40, tzinfo=UTC), True)
    assert canal.image == Image("https://img.village.example/nahar.jpg", 640, 360, "नहर")
    assert bridge.image == Image("https://img.village.example/pul.jpg", 320, 180, "पुल का काम")
    assert (bridge.dated, school.dated, school.image) == (False, False, None)
    assert parsed.warnings == ("1 item: leads to another site, so it was left out",)


def test_a_selector_may_name_another_site() -> None:
    (article,) = read(CARDS, links="a[href^='https://shop.other.example/']").articles
    assert article.url == "https://shop.other.example/offer?id=9"


def test_dates_and_images_of_other_cards_are_not_used() -> None:
    other = f"<div><a href='/n/2'>{TITLE}</a><time datetime='2026-11-20'></time><img src='/b.jpg'></div>"
    body = f"<div class='row'><div class='lead'><a href='/n/1'>मेले में भीड़ बढ़ी, रास्ते बदले</a></div>{other}</div>"
    (article,) = read(page(body), links=".lead a").articles
    assert (article.dated, article.image) == (False, None)


LEAD = "नहर विभाग ने सोमवार सुबह फाटक खोले और शाम तक पानी आख़िरी गांव तक पहुंच गया, विभाग ने बताया।"


@each_row(
    "anchor",
    [
        f"<a href='/n/1'>{TITLE}</a>",
        f"<a href='/n/1'><i class='kicker'>सिंचाई विभाग की ख़बर आज</i> {TITLE} <time>सुबह 9 बजे की ख़बर</time></a>",
        f"<a href='/n/1'><p>देश</p><p>{TITLE}</p><p>{LEAD}</p></a>",
        f"<a href='/n/1'><div>{LEAD}</div><div class='NewsCard_headline'>{TITLE}</div></a>",
        f"<h2><a href='/n/1'>{TITLE}</a></h2><p><a href='/n/1'>{LEAD}</a></p>",
        f"<a href='/n/1'><img src='/a.jpg' alt='ख'></a><a href='/n/1?utm_medium=x'>{TITLE}</a><a href='/n/1'>और पढ़ें</a>",
        f"<a href='/n/1'><img src='/a.jpg' alt='{TITLE}'></a>",
        f"<a href='/n/1' title='{TITLE}'><img src='/a.jpg'></a>",
        f"<a href='/n/1'><svg><title>चित्र का नाम यहां है</title></svg><b>{TITLE[:20]}</b>{TITLE[20:]}</a>",
    ],
)
def test_the_headline_is_found_in_its_link(anchor: str) -> None:
    assert titles(anchor) == [TITLE]


def test_a_short_headline_is_kept_whole() -> None:
    assert titles("<a href='/n/1'><span class='tag'>देश</span>मेला शुरू</a>") == ["मेला शुरू"]
    assert titles("<a href='/n/1'><span class='label'>मेला शुरू</span></a>") == ["मेला शुरू"]


def test_links_to_other_pages_are_left_out() -> None:
    body = (
        "<a href='/'>होम</a><a href=''>यहीं</a><a href='#a'>ऊपर</a><a href='javascript:x()'>x</a>"
        "<a href='/zila/#b'>ज़िला</a>"
        "<a href='/t/nahar' rel='tag'>नहर</a><a href='/zila/?page=2' rel='next'>अगला</a><a href='http://[bad/'>य</a>"
    )
    parsed = read(page(f"<main>{body}</main>"), links="main a")
    assert parsed.articles == ()
    assert parsed.error == f"The selector 'main a' finds no link on {URL}."


def test_relative_links_go_by_the_base_of_the_page() -> None:
    head = "<base href='https://www.village.example/khel/'>"
    (article,) = read(page(f"<a href='n1.html'>{TITLE}</a>", head), links="a").articles
    assert article.url == "https://www.village.example/khel/n1.html"


def test_a_long_list_is_cut_to_its_first() -> None:
    body = "".join(f"<li><a href='/n/{n}'>{TITLE} {n}</a></li>" for n in range(3 * MAX_LINKS))
    parsed = read(page(f"<ul>{body}</ul>"), links="ul")
    assert len(parsed.articles) == MAX_LINKS
    assert parsed.warnings == (f"it has {3 * MAX_LINKS} links; the first {MAX_LINKS} are used",)


def test_a_saved_listing_is_read_by_the_address_that_it_names() -> None:
    parsed = read_path(FILE, Source("गांव", path="cards.html", links=".card"), NOW)
    assert [article.url for article in parsed.articles] == ["https://www.village.example/zila/nahar-101.html"]


def test_an_invalid_selector_gives_an_error() -> None:
    assert read(CARDS, links="main >> a").error.startswith("'main >> a' is not a CSS selector (")


@each_row(
    ("url", "site"),
    [
        ("https://hindi.village.co.in/a", "village.co.in"),
        ("https://www.village.example/a", "village.example"),
        ("https://a.b.village.example/a", "village.example"),
        ("https://village.in/", "village.in"),
        ("http://127.0.0.1:8000/a", "127.0.0.1"),
        ("http://localhost/a", "localhost"),
        (None, None),
    ],
)
def test_registered_domains(url: str | None, site: str | None) -> None:
    assert site_of(url) == site


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 100_000,
        "<div><a href='/x'>" * 50_000,
        "<a href='/x'>" + "<b>" * 100_000,
        "<a href='/x'>" + "क " * 500_000,
        "".join(f"<a href='/{n}'>क</a>" for n in range(20_000)),
        "<a href='/x'><img " + " ".join(f"a{n}=1" for n in range(20_000)) + ">",
    ],
)
def test_absurd_pages_give_a_result(body: str) -> None:
    parsed = read(page(body), links="div a, a")
    assert parsed.kind == "listing"
    assert len(parsed.articles) <= MAX_LINKS


def test_a_page_of_too_many_tags_is_refused() -> None:
    assert "refused" in read(page("<br>" * 500_000), links="a").error


PIECES = st.sampled_from(
    [
        "<a href='/n/1'>",
        "<a href='/n/2'>",
        "</a>",
        "<div class='card'>",
        "</div>",
        "<h3>",
        "</h3>",
        "<time>",
        "<svg>",
        "<time datetime='x'>",
        "<img src='/a'>",
        "<base href='//['>",
        "<p>",
        "नहर में पानी",
        "<!--",
        "\x00",
        "&x;",
    ]
)


@settings(max_examples=examples(75), deadline=None)
@given(st.lists(PIECES | st.text(max_size=5), max_size=30).map(" ".join))
def test_mangled_html_never_raises(body: str) -> None:
    parsed = read(f"<html>{body}", links="a, .card")
    assert parsed.kind == "listing"
