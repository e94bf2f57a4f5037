"""Article pages: golden files of common layouts, conflicting metadata, and broken or hostile input."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.collect.cleaning.identity import canonical_url
from digest.collect.pages.metadata import read_jsonld
from digest.collect.pages.page import read_page
from digest.hindi.text import fold
from evaluation.pages import body_of, read, tokens
from evaluation.rouge import overlap
from tests.paths import ROOT, SHARED_DATA
from tests.support.profiles import examples
from tests.support.tables import each_row

GOLDEN = ROOT / "tests/collect/golden/pages"
LAYOUTS = sorted((ROOT / "tests/collect/pages").glob("*.json"))
PAGES: list[dict[str, Any]] = json.loads((GOLDEN / "expected.json").read_text(encoding="utf-8"))

# F1 of tokens that the evaluation asks for.
MIN_F1 = 0.93


@each_row("expected", PAGES)
def test_golden_page_is_read_completely(expected: dict[str, Any]) -> None:
    article = read((GOLDEN / expected["file"]).read_text(encoding="utf-8"), expected["url"])
    assert article.title == expected["title"]
    assert (article.dated, article.published) == (True, datetime.fromisoformat(expected["published"]))
    assert article.url == expected["canonical"]
    assert (article.author or "") == expected["author"]
    assert article.image is not None
    assert article.image.url == expected["image"]
    gold = body_of((GOLDEN / expected["file"]).parent, expected["body_gold"])
    assert body_f1(article.body, gold) >= MIN_F1


@pytest.mark.slow
@pytest.mark.parametrize("expected", LAYOUTS, ids=lambda file: str(file.stem))
def test_page_of_each_layout_gives_its_article(expected: Path) -> None:
    truth: dict[str, Any] = json.loads(expected.read_text(encoding="utf-8"))
    article = read(expected.with_suffix(".html").read_text(encoding="utf-8"), truth["url"])
    assert fold(truth["title"]) in (fold(article.title), fold(f"{article.kicker}: {article.title}"))
    assert (article.dated, article.published) == (True, datetime.fromisoformat(truth["published"]))
    assert canonical_url(article.url) == canonical_url(truth["canonical"])
    if "updated" in truth:
        assert article.updated == (datetime.fromisoformat(truth["updated"]) if truth["updated"] else None)
    if "author" in truth:
        assert article.author == truth["author"]
    if "section" in truth:
        assert truth["section"] in article.categories
    if "image" in truth:
        assert article.image is not None
        assert article.image.url == truth["image"]
    assert body_f1(article.body, "\n".join(truth["body"])) >= MIN_F1


def test_boilerplate_is_not_part_of_the_text() -> None:
    for expected in PAGES:
        article = read((GOLDEN / expected["file"]).read_text(encoding="utf-8"), expected["url"])
        for boilerplate in ("सर्वाधिकार", "कुकी", "डाक टिकटों", "आखिरी छोर तक अभी"):
            assert boilerplate not in article.text, (expected["file"], boilerplate)


def test_bodies_of_real_pages() -> None:
    if not (SHARED_DATA / "pages/expected.json").exists():
        pytest.skip("the real pages are not part of the repository")
    listed = json.loads((SHARED_DATA / "pages/expected.json").read_text(encoding="utf-8"))
    known = 0
    for entry in listed:
        file = SHARED_DATA / "pages" / entry["file"]
        gold = body_of(file.parent, entry.get("body_gold", "")) if file.exists() else ""
        if gold:
            article = read(file.read_text(encoding="utf-8"), entry.get("url", ""))
            assert body_f1(article.body, gold) >= MIN_F1, entry["file"]
            known += 1
    assert known


LEAD = "गांव की नहर में बीस दिन बाद पानी आया और किसानों ने खेतों की सिंचाई शुरू कर दी है। विभाग ने इसके लिए तीन दल बनाए हैं।"


def page(head: str = "", body: str = "") -> str:
    body = body or f"<h1>नहर में पानी</h1><p>{LEAD}</p>"
    return f"<html><head><meta charset=utf-8>{head}</head><body>{body}</body></html>"


def body_f1(body: Any, gold: str) -> float:
    return overlap(tokens("\n".join(block.text for block in body)), tokens(gold))


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        (
            "<meta property='article:published_time' content='2026-11-22T18:15:00+00:00'>"
            "<script type='application/ld+json'>"
            '{"@type":"NewsArticle","datePublished":"2026-11-22T18:15:00+05:30"}</script>',
            "",
            "2026-11-22T18:15:00+05:30",
        ),
        ("", f"<h1>नहर</h1><div>Posted on: 21-Nov-2026 17:30 IST | मोहन</div><p>{LEAD}</p>", "21-Nov-2026 17:30 IST"),
        ("", f"<h1>नहर</h1><span>प्रकाशित: 21 नवंबर 2026, शाम 6:05 बजे</span><p>{LEAD}</p>", "21 नवंबर 2026"),
    ],
    ids=["JSON-LD wins over meta", "labelled line", "labelled line in Hindi"],
)
def test_published_date(head: str, body: str, expected: str) -> None:
    assert expected in read_page(page(head, body)).date


def test_htmldate_gives_the_day_if_the_page_states_none() -> None:
    body = f"<h1>Canal</h1><p class=date>November 22, 2026</p><p>{LEAD}</p>"
    assert read_page(page(body=body)).date == "2026-11-22"


def test_a_year_in_the_text_is_no_date() -> None:
    item = read_page(page(body=f"<h1>नहर</h1><p>{LEAD}</p><p>योजना 2026 में बनी थी।</p>"))
    assert item.date is None


def test_date_in_the_address_counts_if_there_is_no_other() -> None:
    assert read_page(page(), "https://gaon.example/2026/11/22/nahar/").date == "2026-11-22"
    assert read_page(page(), "https://gaon.example/nahar-2026/").date is None


def test_update_before_the_publication_is_ignored() -> None:
    head = "<meta property='article:published_time' content='2026-11-22T18:15:00+05:30'>"
    early = "<meta property='article:modified_time' content='2026-11-22T17:00:00+05:30'>"
    late = "<meta property='article:modified_time' content='2026-11-22T19:00:00+05:30'>"
    assert read_page(page(head + early)).updated is None
    assert read_page(page(head + late)).updated == "2026-11-22T19:00:00+05:30"


def test_list_items_are_text_and_buttons_are_not() -> None:
    points = "".join(f"<li>विभाग ने गांव {number} की सिंचाई के लिए अलग दिन तय किया है।</li>" for number in range(6))
    body = f"<article><h1>नहर</h1><ul>{points}</ul><ul><li><a href='#'>शेयर</a></li><li>फेसबुक</li></ul></article>"
    assert len(read_page(page(body=body)).body) == 6


def test_jsonld_text_is_used_if_the_page_shows_none() -> None:
    document = json.dumps({"@type": "NewsArticle", "headline": "नहर में पानी", "articleBody": LEAD * 4})
    head = f"<script type='application/ld+json'>{document}</script>"
    assert LEAD in read_page(page(head, "<div id=root></div>")).body[0].text


def test_trafilatura_text_is_used_if_it_is_three_times_as_long() -> None:
    teaser = f"<article><h1>नहर में पानी</h1><p>{LEAD} {LEAD}</p></article>"
    paragraphs = "".join(f"<p>{LEAD} यह बात संख्या {number} है।</p>" for number in range(12))
    item = read_page(page(body=f"{teaser}<div class='post-content'>{paragraphs}</div>"))
    assert "बात संख्या 11" in item.body[-1].text
    # Here it is less than three times as long.
    item = read_page(page(body=f"{teaser}<div class='post-content'><p>{LEAD} यह बात संख्या 1 है।</p></div>"))
    assert all("बात संख्या" not in block.text for block in item.body)


def test_following_stories_of_an_endless_page_are_left_out() -> None:
    stories = "".join(
        f"<article><h1>खबर {number}</h1><p>कहानी {number} शुरू होती है। {LEAD} {LEAD}</p></article>" for number in range(4)
    )
    assert [block.text.split()[1] for block in read_page(page(body=stories)).body if block.kind == "p"] == ["0"]


@pytest.mark.parametrize(
    "script",
    [
        '{"@type":"NewsArticle","headline":"नहर में पानी","datePublished":"2026-11-22"};',
        '[{"@graph":[{"@type":["Article"],"headline":"नहर में पानी","datePublished":"2026-11-22"}]}]',
        '{"@type":"NewsArticle","headline":"नहर में पानी","datePublished":"2026-11-22","description":"दो\nपंक्तियां"}',
    ],
    ids=["semicolon", "graph in a list", "line break in a string"],
)
def test_article_in_jsonld(script: str) -> None:
    article = read_jsonld(['{"@type":"WebSite"}', "not JSON", script])
    assert (article.headline, article.published) == ("नहर में पानी", "2026-11-22")


def test_canonical_address_is_used_unless_it_is_the_front_page() -> None:
    requested = "https://gaon.example/kheti/nahar-mein-paani-77"
    front = "<link rel='canonical' href='https://gaon.example/'>"
    assert read_page(page(front), requested).url == requested
    assert read_page(page(front + "<meta property='og:url' content='/kheti/nahar-78'>"), requested).url.endswith("-78")
    assert read_page(page("<link rel='canonical' href='/kheti/nahar-78'>"), requested).url.endswith("/kheti/nahar-78")


@each_row("text", ["", "<", "<html", "\x00\x00", "<p>" * 3000, "<!-- " * 500, "plain text"])
def test_broken_page_gives_an_item_or_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert read_page(text, "https://gaon.example/1").url == "https://gaon.example/1"


@settings(max_examples=examples(75), deadline=None)
@given(
    file=st.sampled_from([file.with_suffix(".html") for file in LAYOUTS]),
    cuts=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 400), st.sampled_from(("", "<!--", "<div>", "</p>", '"', "&#x0;"))),
        max_size=6,
    ),
)
def test_mangled_page_gives_an_item_or_value_error(file: Path, cuts: list[tuple[float, int, str]]) -> None:
    text = file.read_text(encoding="utf-8")
    for place, length, inserted in cuts:
        at = int(place * len(text))
        text = text[:at] + inserted + text[at + length :]
    try:
        item = read_page(text, "https://gaon.example/kheti/nahar-1")
    except ValueError as error:
        assert str(error) == "no HTML in it"  # noqa: PT017
    else:
        assert item.url


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    ["<div>" * 60_000, "<p>क" * 60_000, "<table><tr><td>क" * 20_000, "<ul><li>" * 30_000, "नहर " * 100_000],
    ids=["deep", "many paragraphs", "nested tables", "nested lists", "one text"],
)
def test_huge_page_is_not_given_to_the_libraries(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_options: Any) -> str:
        raise AssertionError("a library parsed a page with too many tags")

    if text.count("<") > 50_000:
        trafilatura = pytest.importorskip("trafilatura")
        htmldate = pytest.importorskip("htmldate")
        monkeypatch.setattr(trafilatura, "extract", refuse)
        monkeypatch.setattr(htmldate, "find_date", refuse)
    with contextlib.suppress(ValueError):
        read_page(text, "https://gaon.example/1")
