"""Blocks from the newsletter's folder and from URLs: which edition gets them, their errors, and their days."""

from __future__ import annotations

import json
import os
import re

import pytest

from digest.render.blocks.rows import ROWS
from tests.cli.newsroom import Newsroom, text_parts
from tests.paths import ROOT
from tests.support.http_server import HttpServer

# Each test makes, sends or serves an edition.
pytestmark = pytest.mark.slow

KEY = "2026-11-23"
QUOTE = "text: जो पढ़ता है, वह दो बार जीता है।\nby: {by}\n"


def write(newsroom: Newsroom, name: str, text: str) -> None:
    path = newsroom.home / "blocks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def desk(newsroom: Newsroom) -> Newsroom:
    """A newsletter whose blocks are its own."""
    newsroom.edit_settings("blocks: {folder: samples/blocks}\n", "")
    newsroom.set_subscribers("email: asha@example.com")
    return newsroom


def kinds(newsroom: Newsroom) -> list[str]:
    return [block["kind"] for block in newsroom.json("compose")["blocks"]]


def html(newsroom: Newsroom) -> str:
    newsroom.json("send")
    return text_parts(newsroom.outbox()["asha@example.com"])["text/html"]


def test_the_samples_show_blocks_that_real_news_never_has(newsroom: Newsroom) -> None:
    assert kinds(newsroom) == ["weather", "mandi", "feedback"]
    assert newsroom.json("edition", "show", KEY)["warnings"] == []
    newsroom.edit_settings(", replay: true", "")
    assert kinds(newsroom) == []


def test_a_file_whose_name_is_not_utf8_stops_no_edition(desk: Newsroom) -> None:
    write(desk, os.fsdecode(b"always/\xff.yaml"), "x: 1")
    write(desk, "always/quote.yaml", QUOTE.format(by="सदा"))
    assert kinds(desk) == ["quote"]


def test_a_file_of_the_day_replaces_the_one_for_always(desk: Newsroom) -> None:
    write(desk, "always/quote.yaml", QUOTE.format(by="सदा"))
    write(desk, "2026-11-23/quote.yaml", QUOTE.format(by="आज"))
    write(desk, "2026-11-24/weather.yaml", "parts: [{when: क, temperature: 9, sky: ख}]")
    write(desk, "always/follow.json", json.dumps({"accounts": [{"name": "क", "url": "https://a.example/"}]}))
    write(desk, "always/notes.txt", "not a block")
    assert kinds(desk) == ["quote", "follow"]
    shown = html(desk)
    assert "– आज" in shown
    assert "सदा" not in shown


def test_blocks_belong_to_the_edition_once_it_is_composed(desk: Newsroom) -> None:
    write(desk, "2026-11-23/quote.yaml", QUOTE.format(by="पहला"))
    desk.json("compose")
    desk.digest("edition", "approve", KEY)
    write(desk, "2026-11-23/quote.yaml", QUOTE.format(by="दूसरा"))
    assert "– पहला" in html(desk)


WRONG = [
    (
        "2026-11-23/wether.yaml",
        "a: 1",
        "blocks/2026-11-23/wether.yaml: unknown block 'wether'; did you mean 'weather'?",
    ),
    ("2026-11-23/quote.yaml", "text: क\n", "blocks/2026-11-23/quote.yaml:1: 'by' is required"),
    ("2026-11-23/quote.yaml", "text: क\nby: ख\nbye: ग\n", "quote.yaml:3: unknown key 'bye'; did you mean 'by'?"),
    ("2026-11-23/quote.yaml", "text: क\nby: ख\nshow: mail\n", "quote.yaml:3: 'show': expected email, web or both"),
    ("2026-11-23/quote.yaml", "text: [\n", "quote.yaml:1: invalid YAML"),
    ("2026-11-23/quote.yaml", "", "quote.yaml:1: expected keys and values, found nothing"),
    ("2026-11-23/quote.yaml", "text: ''\nby: ख\n", "quote.yaml:1: 'text': expected some text"),
    ("2026-11-23/poll.yaml", "question: क\noptions: हाँ\n", "poll.yaml:2: 'options': expected a list"),
    (
        "2026-11-23/poll.yaml",
        "question: क\noptions: [ख, ग]\nshow: web\n",
        "'show': remove this key: a poll is in emails only",
    ),
    (
        "2026-11-23/quiz.yaml",
        "question: क\noptions: [ख, ग]\nanswer: 3\n",
        "quiz.yaml:3: 'answer': expected the number of an option, 1 to 2",
    ),
    (
        "2026-11-23/sponsor.yaml",
        "advertiser: क\ntext: ख\nurl: http://a.example/\n",
        "sponsor.yaml:3: 'url': expected a URL that starts with https://",
    ),
    (
        "2026-11-23/sponsor.yaml",
        "advertiser: क\ntext: ख\nurl: https://a.example/\nimage: {url: 'https://a.example/a.png'}\n",
        "sponsor.yaml:4: 'image.alt' is required",
    ),
    (
        "2026-11-23/sponsor.yaml",
        "advertiser: क\ntext: ख\nurl: https://a.example/\nfrom: 2026-12-01\nuntil: 30.11.2026\n",
        "sponsor.yaml:5: 'until': expected a date such as 2026-11-29",
    ),
    ("2026-11-23/weather.yaml", "parts: []\n", "weather.yaml:1: 'parts'"),
    ("2026-11-23/weather.yaml", "parts: [{when: क, temperature: 9}]\n", "weather.yaml:1: 'parts[1].sky' is required"),
    ("2026-11-23/quote.yaml", "a: " + "क" * 100_000, "has more than 100,000 bytes"),
]


def test_a_broken_block_is_reported_and_the_email_still_goes(desk: Newsroom) -> None:
    write(desk, "always/follow.yaml", "accounts: [{name: क, url: 'https://a.example/'}]")
    waiting = WRONG
    while waiting:
        # As many as have different names.
        tried = {name: (text, problem) for name, text, problem in waiting}
        for name, (text, _problem) in tried.items():
            write(desk, name, text)
        run = desk.digest("compose")
        assert run.code == 0
        for name, (_text, problem) in tried.items():
            assert problem in run.err, (problem, run.err)
            (desk.home / "blocks" / name).unlink()
        waiting = [(name, text, problem) for name, text, problem in waiting if tried[name] != (text, problem)]
    write(desk, "2026-11-23/quote.yaml", "text: क\n")
    desk.json("compose")
    sentence = "block left out: blocks/2026-11-23/quote.yaml:1: 'by' is required"
    # Without SpamAssassin, which takes a second.
    assert sentence in desk.json("check", KEY, "--offline", PATH="")["edition"]["warnings"]
    assert sentence in desk.json("preview", KEY)["warnings"]
    assert sentence in desk.digest("edition", "approve", KEY).err
    assert "हमसे जुड़ें" in html(desk)


def test_an_empty_file_is_enough_for_a_block_that_needs_no_key(desk: Newsroom) -> None:
    write(desk, "always/feedback.yaml", "")
    assert kinds(desk) == ["feedback"]


def test_an_edition_has_one_poll(desk: Newsroom) -> None:
    for name in ("poll", "poll-second"):
        write(desk, f"always/{name}.yaml", "question: क\noptions: [ख, ग]\n")
    composed = desk.json("compose")
    assert [block["kind"] for block in composed["blocks"]] == ["poll"]
    assert composed["warnings"] == ["block left out: blocks/always/poll-second.yaml: an edition has one poll at most"]


def test_an_advertisement_runs_between_its_days_and_up_to_its_cap(desk: Newsroom) -> None:
    common = "advertiser: क\ntext: ख\nurl: https://a.example/\n"
    write(desk, "always/sponsor.yaml", common + "from: 2026-11-24\n")
    write(desk, "always/sponsor-past.yaml", common + "until: 2026-11-22\n")
    assert kinds(desk) == []
    write(desk, "always/sponsor.yaml", common + "from: 2026-11-23\nuntil: 2026-11-23\ncap: 1\n")
    desk.json("compose")
    assert "विज्ञापन" in html(desk)
    write(desk, "always/sponsor.yaml", common + "cap: 1\n")
    assert desk.json("compose", "--slug", "diwali")["blocks"] == []
    write(desk, "always/sponsor.yaml", common + "cap: 2\n")
    assert [block["kind"] for block in desk.json("compose", "--slug", "diwali")["blocks"]] == ["sponsor"]


def test_a_block_comes_from_a_url_unless_there_is_a_file(desk: Newsroom) -> None:
    with HttpServer() as site:
        site.route(
            "/weather/2026-11-23.json", json.dumps({"parts": [{"when": "क", "temperature": 9, "sky": "बूँदाबाँदी"}]})
        )
        site.route("/quote.json", "{broken")
        urls = {
            "weather": site.url("/weather/{date}.json"),
            "quote": site.url("/quote.json"),
            "follow": site.url("/missing"),
            "panchang": site.url("/panchang.json"),
        }
        write(desk, "always/panchang.yaml", "entries: {तिथि: पंचमी}")
        desk.environment["DIGEST_BLOCKS__URLS"] = json.dumps(urls)
        refused = desk.json("compose")
        assert [block["kind"] for block in refused["blocks"]] == ["panchang"]
        assert len(refused["warnings"]) == 3
        assert all("127.0.0.1 is not a public address" in warning for warning in refused["warnings"])
        desk.environment["DIGEST_BLOCKS__PRIVATE"] = "true"
        composed = desk.json("compose")
        assert not site.hits("/panchang.json")
    assert [block["kind"] for block in composed["blocks"]] == ["weather", "panchang"]
    missing, broken = sorted(composed["warnings"])
    assert "block follow is left out" in missing
    assert re.search(r"/quote\.json:1: invalid YAML", broken)
    assert "बूँदाबाँदी" in html(desk)


def test_a_url_for_an_unknown_block_is_an_error_of_the_settings(desk: Newsroom) -> None:
    desk.environment["DIGEST_BLOCKS__URLS"] = '{"wether": "https://a.example/"}'
    run = desk.digest("compose")
    assert run.code == 2
    assert "unknown block 'wether'; did you mean 'weather'?" in run.err


def test_the_documented_examples_are_valid_and_every_block_is_documented(desk: Newsroom) -> None:
    page = (ROOT / "docs" / "blocks.md").read_text(encoding="utf-8")
    table = page.partition("## All blocks")[2]
    assert all(f"| `{kind}` |" in table for kind in ROWS)
    examples = re.findall(r"`([a-z]+)\.yaml`:\n\n```yml\n(.*?)```", page, re.S)
    assert len(examples) >= 4
    for kind, text in examples:
        write(desk, f"2026-11-23/{kind}.yaml", text)
    composed = desk.json("compose")
    assert composed["warnings"] == []
    assert sorted(block["kind"] for block in composed["blocks"]) == sorted(kind for kind, _ in examples)


def test_check_reads_the_blocks_of_today_and_of_later_days(desk: Newsroom) -> None:
    for name in ("2026-11-22", "2026-11-23", "2026-11-24", "2026-11-23-shaam", "always", "alwayz", "diwali"):
        write(desk, f"{name}/quote.yaml", "text: क\n")
    found = [line for line in desk.json("check", "--offline")["warnings"] if line.startswith("blocks/")]
    assert found == [
        "blocks/2026-11-23/quote.yaml:1: 'by' is required",
        "blocks/2026-11-23-shaam/quote.yaml:1: 'by' is required",
        "blocks/2026-11-24/quote.yaml:1: 'by' is required",
        "blocks/always/quote.yaml:1: 'by' is required",
        "blocks/alwayz: expected a date, an edition's key or 'always'",
        "blocks/diwali/quote.yaml:1: 'by' is required",
    ]


def test_check_tries_the_templates_of_all_blocks(desk: Newsroom) -> None:
    folder = desk.home / "templates/blocks"
    folder.mkdir(parents=True)
    (folder / "prices.html.j2").write_text("{% macro html() %}{{ block.row }}{% endmacro %}", encoding="utf-8")
    found = " ".join(desk.json("check", "--offline")["warnings"])
    assert "block market is left out: " in found
    assert "templates/blocks/prices.html.j2:1: Prices has no 'row'; did you mean 'rows'?" in found
