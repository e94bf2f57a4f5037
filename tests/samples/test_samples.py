"""The sample articles are well-formed and invented, and report the same facts in different words."""

from __future__ import annotations

import html
import json
import re
import struct
import unicodedata
from collections import Counter
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import feedparser
import pytest

from tests.samples.material import IST, SAMPLES, Item, items, rss
from tests.support.tables import each_row

ITEMS = items()
BY_KEY = {item.key: item for item in ITEMS}
EVENTS = json.loads((SAMPLES / "events.json").read_text("utf-8"))["events"]
SHARED = [event for event in EVENTS if len(event["items"]) > 1]
FILES = sorted(path for path in SAMPLES.rglob("*") if path.is_file() and path.suffix != ".png")
IMAGES = sorted(SAMPLES.rglob("*.png"))
FEEDS = {
    "subah-samachar.xml": ("rss20", 8),
    "lok-darpan.xml": ("rss20", 8),
    "pahad-times.atom": ("atom10", 7),
    "khel-duniya.rdf": ("rss10", 6),
}
FIRST, LAST = datetime(2026, 11, 22, 6, 0, tzinfo=IST), datetime(2026, 11, 23, 5, 10, tzinfo=IST)
NAMESPACES = {"www.w3.org", "purl.org", "wellformedweb.org", "jsonfeed.org", "ogp.me"}
NUKTA = "\u093c"


def of(source: str) -> list[Item]:
    return [item for item in ITEMS if item.source == source]


def numbers(text: str) -> set[str]:
    return set(re.findall(r"[0-9]+(?:[.,:][0-9]+)*", text))


def sentences(item: Item) -> set[str]:
    """Return the sentences of five words or more, with unified spelling so that copies are found."""
    text = " ".join(item.body).replace(NUKTA, "").replace("ँ", "ं")
    return {part.strip() for part in re.split(r"[।.?!](?=\s|$)", text) if len(part.split()) >= 5}


def full_text(item: Item) -> str:
    return " ".join((item.title, item.excerpt, *item.body))


@pytest.mark.parametrize("name", FEEDS)
def test_every_feed_is_well_formed_for_feedparser(name: str) -> None:
    version, count = FEEDS[name]
    found = feedparser.parse((SAMPLES / "feeds" / name).read_bytes())
    assert not found.bozo
    assert (found.version, len(found.entries)) == (version, count)
    assert all(entry.title and entry.link and entry.content[0].value for entry in found.entries)
    assert len(of(name)) == count


def test_the_json_feed_is_version_1_1_with_the_needed_keys() -> None:
    feed = json.loads((SAMPLES / "feeds" / "vigyan-varta.json").read_text("utf-8"))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert len(feed["items"]) == 6
    for item in feed["items"]:
        assert item["id"] == item["url"]
        assert item["tags"]
        assert item["authors"][0]["name"]


def test_the_drop_folder_holds_one_of_each_kind() -> None:
    texts = [path.suffix for path in sorted((SAMPLES / "articles").iterdir()) if path not in IMAGES]
    assert texts == [".md", ".html", ".txt"]


def test_each_image_is_small_has_a_drawing_and_is_used_once_with_alt_text() -> None:
    texts = "\n".join(html.unescape(path.read_text("utf-8")) for path in FILES if path.suffix != ".svg")
    assert {path.stem for path in IMAGES} == {path.stem for path in (SAMPLES / "drawings").glob("*.svg")}
    assert len(IMAGES) == 8
    for path in IMAGES:
        data = path.read_bytes()
        assert data.startswith(b"\x89PNG")
        assert struct.unpack(">II", data[16:24]) in {(1088, 612), (448, 336)}
        assert len(data) <= 15_000
        named = rf"src=\"(?:pictures/)?{path.name}\"[^>]* alt=\"[ऀ-ॿ]|image: {path.name}\nimage_alt: [ऀ-ॿ]"
        assert len(re.findall(named, texts)) == 1, path.name


def test_every_address_is_reserved_for_examples() -> None:
    for path in FILES:
        found = re.findall(r"https?://[^\s\"'<>)\]]+", path.read_text("utf-8"))
        hosts = {urlsplit(url).hostname or "" for url in found}
        strange = {host for host in hosts - NAMESPACES if not host.endswith((".example", ".example.com"))}
        assert not strange, f"{path.name}: {strange}"


def test_each_item_belongs_to_exactly_one_event() -> None:
    covered = Counter(key for event in EVENTS for key in event["items"])
    assert covered == Counter(item.key for item in ITEMS)
    assert set(covered.values()) == {1}


def test_eight_events_are_reported_by_several_sources_once_each() -> None:
    assert (len(ITEMS), len(EVENTS), len(SHARED)) == (38, 18, 8)
    for event in SHARED:
        sources = [BY_KEY[key].source for key in event["items"]]
        assert 2 <= len(sources) <= 4
        assert len(set(sources)) == len(sources)


@each_row("event", SHARED)
def test_sources_agree_in_numbers_and_differ_in_words(event: dict[str, list[str]]) -> None:
    covered = [BY_KEY[key] for key in event["items"]]
    assert len(event["numbers"]) >= 4
    for item in covered:
        assert set(event["numbers"]) <= numbers(full_text(item)), item.key
    for i, mine in enumerate(covered):
        for other in covered[:i]:
            assert not sentences(mine) & sentences(other)


def test_no_two_items_share_a_title_or_an_address() -> None:
    titles = Counter(re.sub(f"[{NUKTA}\\s]", "", item.title) for item in ITEMS)
    assert max(titles.values()) == 1
    assert len(BY_KEY) == len(ITEMS)


@each_row("item", ITEMS)
def test_articles_are_as_long_as_in_a_daily_newspaper(item: Item) -> None:
    assert 8 <= len(item.title.split()) <= 15
    assert 90 <= len(" ".join(item.body).split()) <= 260
    assert 3 <= len([part for part in item.body if len(part.split()) > 10]) <= 6


@each_row("item", ITEMS)
def test_leads_have_two_or_three_whole_sentences_and_do_not_echo_the_title(item: Item) -> None:
    lead = item.body[0].removesuffix("[…]")
    assert 2 <= len(re.findall(r"[।.](?=\s|$)", lead)) <= 4
    title, opening = set(item.title.split()), set(re.split(r"[।.] ", lead)[0].split())
    assert len(title & opening) / len(title) < 0.75


def test_dates_are_within_the_day() -> None:
    undated = {item.source for item in ITEMS if item.published is None}
    assert undated == {"lok-sangeet-teen-din.md", "pahadgaon-barfbari.txt"}
    for item in ITEMS:
        if item.published is not None:
            assert FIRST <= item.published <= LAST, item.key
            assert item.published <= (item.updated or LAST) <= LAST, item.key


def test_dates_have_the_formats_of_real_feeds() -> None:
    text = {path.name: path.read_text("utf-8") for path in FILES}
    assert text["subah-samachar.xml"].count("+0530</pubDate>") == 8
    assert text["lok-darpan.xml"].count(" IST</pubDate>") == 8
    assert 0 < text["pahad-times.atom"].count("Z</published>") < 7
    assert any(item.updated and item.published and item.updated > item.published for item in ITEMS)


@each_row("path", FILES)
def test_text_is_nfc_devanagari_and_ascii_only(path: Path) -> None:
    text = path.read_text("utf-8")
    assert unicodedata.is_normalized("NFC", text)
    strange = set(re.findall(r"[^\t\n -~\u0900-\u0964\u0966-\u096f‘’“”–—…₹°]", text))
    assert not strange, [f"U+{ord(char):04X}" for char in strange]


def test_each_paper_keeps_its_own_spelling() -> None:
    text = {name: " ".join(map(full_text, of(name))) for name in [*FEEDS, "vigyan-varta.json"]}
    with_nukta = {name: set(re.findall(f"(.){NUKTA}", text[name])) for name in text}
    assert with_nukta["khel-duniya.rdf"] == {"ड", "ढ"}
    assert with_nukta["lok-darpan.xml"] == with_nukta["vigyan-varta.json"] == {"ड", "ढ", "ज", "फ"}
    assert with_nukta["subah-samachar.xml"] >= {"ड", "ढ", "ज", "फ", "क", "ख"}
    assert "।" not in text["lok-darpan.xml"]
    assert all("।" in text[name] for name in text if name != "lok-darpan.xml")


def test_wordpress_excerpts_are_cut_from_the_first_paragraph() -> None:
    for item in rss("lok-darpan.xml"):
        excerpt, mark, rest = item.excerpt.partition(" […]")
        assert mark
        assert item.body[0].startswith(excerpt)
        assert len(excerpt) < len(item.body[0])
        assert f"The post {item.title} appeared first on लोक दर्पण." in rest
        assert item.body[-1].startswith("The post ")
    kickers = [item.title for item in rss("lok-darpan.xml") if re.match(r"[A-Za-z -]{3,40}: ", item.title)]
    assert len(kickers) == 6


def test_the_pasted_text_has_typical_boilerplate() -> None:
    lines = (SAMPLES / "articles" / "pahadgaon-barfbari.txt").read_text("utf-8").splitlines()
    assert lines[0].startswith("Snowfall News: ")
    assert {"Date Updated", "फॉलो करें:"} <= set(lines)
    excerpt = next(line for line in lines if line.endswith("[…]")).removesuffix(" […]")
    assert sum(line.startswith(excerpt) for line in lines) == 2
    assert sum(line.endswith("-") for line in lines) == 2
