"""Pages of common shapes and what a person reads on them: golden files, and the contradictions that pages hold."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.collect.identity import canonical_url
from digest.collect.jsonld import read_jsonld
from digest.collect.pages import read_page
from digest.hindi.text import fold
from evaluation.pages import body_of, read, tokens
from evaluation.rouge import overlap
from tests.paths import ROOT, SHARED_DATA
from tests.support.profiles import examples

GOLDEN = ROOT / "tests/collect/golden/pages"
SHAPES = sorted((ROOT / "tests/collect/pages").glob("*.json"))
PAGES: list[dict[str, Any]] = json.loads((GOLDEN / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("expected", PAGES, ids=lambda entry: str(entry["file"]))
def test_a_page_of_each_shape_is_read_whole(expected: dict[str, Any]) -> None:
    page = (GOLDEN / expected["file"]).read_text(encoding="utf-8")
    article = read(page, expected["url"])
    assert article.title == expected["title"]
    assert (article.dated, article.published) == (True, datetime.fromisoformat(expected["published"]))
    assert article.url == expected["canonical"]
    assert article.author == expected["author"]
    assert article.image is not None
    assert article.image.url == expected["image"]
    gold = body_of((GOLDEN / expected["file"]).parent, expected["body_gold"])
    assert overlap(tokens("\n".join(block.text for block in article.body)), tokens(gold)) >= 0.95


@pytest.mark.parametrize("expected", SHAPES, ids=lambda file: str(file.stem))
def test_a_page_of_each_house_gives_its_article(expected: Path) -> None:
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
    gold = tokens("\n".join(truth["body"]))
    assert overlap(tokens("\n".join(block.text for block in article.body)), gold) >= 0.96


def test_no_page_brings_furniture_along() -> None:
    for expected in PAGES:
        article = read((GOLDEN / expected["file"]).read_text(encoding="utf-8"), expected["url"])
        for furniture in ("सर्वाधिकार", "कुकी", "टमाटर", "डाक टिकटों", "विज्ञापन", "कविता सिंह दस साल", "आखिरी छोर तक अभी"):
            assert furniture not in article.text, (expected["file"], furniture)


def test_bodies_of_real_pages() -> None:
    if not (SHARED_DATA / "pages/expected.json").exists():
        pytest.skip("the real pages lie outside the repository and are not here")
    listed = json.loads((SHARED_DATA / "pages/expected.json").read_text(encoding="utf-8"))
    known = 0
    for entry in listed:
        file = SHARED_DATA / "pages" / entry["file"]
        gold = body_of(file.parent, entry.get("body_gold", "")) if file.exists() else ""
        if gold:
            article = read(file.read_text(encoding="utf-8"), entry.get("url", ""))
            assert overlap(tokens(article.text), tokens(gold)) >= 0.93, entry["file"]
            known += 1
    assert known


LEAD = "गांव की नहर में बीस दिन बाद पानी आया और किसानों ने खेतों की सिंचाई शुरू कर दी है। विभाग ने इसके लिए तीन दल बनाए हैं।"


def page(head: str = "", body: str = "") -> str:
    body = body or f"<h1>नहर में पानी</h1><p>{LEAD}</p>"
    return f"<html><head><meta charset=utf-8>{head}</head><body>{body}</body></html>"


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
        (
            "<meta property='article:published_time' content='2026-11-22T12:45:00+00:00'>"
            "<script type='application/ld+json'>"
            '{"@type":"NewsArticle","datePublished":"2026-11-22T18:15:00+05:30"}</script>',
            "",
            "2026-11-22T12:45:00+00:00",
        ),
        ("", f"<h1>नहर</h1><div>Posted on: 21-Nov-2026 17:30 IST | मोहन</div><p>{LEAD}</p>", "21-Nov-2026 17:30 IST"),
        ("", f"<h1>नहर</h1><span>प्रकाशित: 21 नवंबर 2026, शाम 6:05 बजे</span><p>{LEAD}</p>", "21 नवंबर 2026"),
    ],
)
def test_the_date_among_contradictions(head: str, body: str, expected: str) -> None:
    assert expected in read_page(page(head, body)).date


def test_a_copyright_line_and_a_year_in_the_text_are_no_date() -> None:
    item = read_page(page(body=f"<h1>नहर</h1><p>{LEAD}</p><p>© 23 Nov 2026 समाचार</p><p>योजना 2026 में बनी थी।</p>"))
    assert item.date == ""


def test_the_address_tells_the_day_when_nothing_else_does() -> None:
    assert read_page(page(), "https://gaon.example/2026/11/22/nahar/").date == "2026-11-22"
    assert read_page(page(), "https://gaon.example/nahar-2026/").date == ""


def test_points_of_a_list_are_text_and_buttons_are_not() -> None:
    points = "".join(f"<li>विभाग ने गांव {number} की सिंचाई के लिए अलग दिन तय किया है।</li>" for number in range(6))
    body = f"<article><h1>नहर</h1><ul>{points}</ul><ul><li><a href='#'>शेयर</a></li><li>फेसबुक</li></ul></article>"
    texts = [block.text for block in read_page(page(body=body)).body]
    assert len(texts) == 6


@pytest.mark.parametrize("text", ["", "<", "<html", "\x00\x00", "<p>" * 3000, "<!-- " * 500, "plain text"])
def test_nothing_that_is_given_as_a_page_raises_more_than_its_own_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert read_page(text, "https://gaon.example/1").url == "https://gaon.example/1"


@settings(max_examples=examples(150), deadline=None)
@given(
    file=st.sampled_from([file.with_suffix(".html") for file in SHAPES]),
    cuts=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 400), st.sampled_from(("", "<!--", "<div>", "</p>", '"', "&#x0;"))),
        max_size=6,
    ),
)
def test_a_mangled_page_is_read_or_refused_in_one_way(file: Path, cuts: list[tuple[float, int, str]]) -> None:
    text = file.read_text(encoding="utf-8")
    for place, length, put in cuts:
        at = int(place * len(text))
        text = text[:at] + put + text[at + length :]
    try:
        item = read_page(text, "https://gaon.example/kheti/nahar-1")
    except ValueError as refused:
        assert str(refused) == "no HTML in it"  # noqa: PT017 - both ends are right, and only one message
    else:
        assert item.url


@pytest.mark.parametrize(
    "script",
    [
        '{"@type":"NewsArticle","headline":"नहर में पानी","datePublished":"2026-11-22",}',
        '/* seo */ {"@type":"NewsArticle","headline":"नहर में पानी","datePublished":"2026-11-22"};',
        '{"@type":"NewsArticle","headline":"नहर में पानी","datePublished":"2026-11-22"}'.replace('"', "&quot;"),
        '{"@type":"NewsArticle","headline":"नहर में पानी","datePublished":"2026-11-22" "author": }',
        '<!-- {"@graph":[{"@type":["Article"],"headline":"नहर में पानी","datePublished":"2026-11-22"}]} -->',
    ],
)
def test_json_that_is_none_still_says_its_article(script: str) -> None:
    said = read_jsonld([script])
    assert (said.headline, said.published) == ("नहर में पानी", "2026-11-22")


def test_an_address_is_the_articles_and_no_section_or_front_page() -> None:
    asked = "https://gaon.example/kheti/nahar-mein-paani-77"
    for wrong in ("https://gaon.example/", "https://gaon.example/kheti", "/kheti/"):
        assert read_page(page(f"<link rel='canonical' href='{wrong}'>"), asked).url == asked
    other = "<link rel='canonical' href='/kheti/beej-12'>" + f"<meta property='og:url' content='{asked}'>"
    assert read_page(page(other), asked).url == asked
    assert read_page(page("<link rel='canonical' href='/kheti/nahar-78'>"), asked).url.endswith("/kheti/nahar-78")


def test_a_change_from_before_the_publication_is_none() -> None:
    head = "<meta property='article:published_time' content='2026-11-22T18:15:00+05:30'>"
    assert (
        read_page(page(head + "<meta property='article:modified_time' content='2026-11-22T17:00:00+05:30'>")).updated
        == ""
    )
    assert read_page(page(head + "<meta property='article:modified_time' content='2026-11-22T19:00:00+05:30'>")).updated
