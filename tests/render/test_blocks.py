"""Blocks in an email: each in every theme and in both parts; hostile data do no harm, and a broken block removes no
other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from digest.models import PLACEHOLDERS, Edition, EditionBlock, RenderedEmail, Variant
from digest.render.blocks import data
from digest.render.blocks.rows import ROWS, BlockKind
from digest.render.lint import lint
from digest.render.sample_edition import EXAMPLES
from digest.render.themes import LOOKS, Theme
from tests.paths import ROOT
from tests.render.sample import BRANDING, EDITION, NOW, renderer

# Text of each block that the email must show.
SEEN = {
    "correction": "भूल-सुधार",
    "weather": "कोहरा",
    "market": "▼ 210",
    "mandi": "▲ 15",
    "sponsor": "विज्ञापन",
    "horoscope": "ख़र्च पर ध्यान दें।",
    "panchang": "कृष्ण पंचमी",
    "quote": "जो पढ़ता है, वह दो बार जीता है।",
    "quiz": "240",
    "poll": "क्या साइकिल-पथ होना चाहिए?",
    "feedback": "आज का अंक कैसा लगा?",
    "follow": "यूट्यूब",
}


def block(kind: str, data: Mapping[str, Any] | None = None, **other: str) -> EditionBlock:
    row = ROWS[kind]
    values: dict[str, Any] = {"shown": row.shown, "place": row.place, **other}
    return EditionBlock(kind, data=EXAMPLES[kind] if data is None else data, **values)


def with_blocks(*blocks: EditionBlock) -> Edition:
    return replace(EDITION, blocks=blocks)


def email(*blocks: EditionBlock, folder: Path | None = None, **branding: object) -> RenderedEmail:
    extra = [folder] if folder else []
    rendered = renderer(*extra, **branding).render(with_blocks(*blocks), Variant("html"), now=NOW)
    assert rendered is not None
    return rendered


def test_every_block_has_an_example_here() -> None:
    assert EXAMPLES.keys() == SEEN.keys() == ROWS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("look", sorted(LOOKS))
def test_every_block_is_in_both_parts_and_has_no_findings(look: str) -> None:
    made = email(*map(block, ROWS), theme=Theme(LOOKS[look]))
    assert made.warnings == ()
    assert [finding for finding in lint(made) if finding.level == "error"] == []
    assert [finding.message for finding in lint(made) if finding.rule != "size"] == []
    for kind, seen in SEEN.items():
        assert seen in made.html, kind
        assert seen in made.text, kind


def test_no_block_costs_anything_when_it_is_not_there() -> None:
    assert email().html == renderer().render(EDITION, Variant("html"), now=NOW).html  # type: ignore[union-attr]
    assert "dashed" not in email().html


def test_blocks_stand_in_their_places() -> None:
    html = email(*map(block, ("weather", "mandi", "poll"))).html
    sections = [html.index(f">{section.name}</h2>") for section in EDITION.sections[:4]]
    assert html.index("तीन दिन तक और गिरेगा") < html.index("कोहरा") < sections[0]
    assert sections[1] < html.index("गेहूँ") < sections[2]
    assert sections[3] < html.index("साइकिल-पथ") < html.index("wa.me")
    moved = email(block("mandi", place="top")).html
    assert moved.index("गेहूँ") < sections[0]


@pytest.mark.parametrize(("shown", "in_email", "in_web"), [("email", 1, 0), ("web", 0, 1), ("both", 1, 1)])
def test_a_block_appears_where_it_should(shown: str, in_email: int, in_web: int) -> None:
    edition = with_blocks(block("quote", shown=shown))
    made = renderer()
    assert len(made.blocks(edition, "email").blocks) == in_email
    assert len(made.blocks(edition, "web").blocks) == in_web


@pytest.mark.slow
def test_answers_are_personal_links_to_the_reader_pages() -> None:
    made = email(block("poll"))
    for part in (made.html, made.text):
        for number in (1, 2):
            assert f"{BRANDING.base_url}/answer/2026-11-23/poll/{number}/{PLACEHOLDERS['preferences']}" in part
    without = email(block("poll"), base_url=None)
    assert "साइकिल-पथ" not in without.html
    assert without.warnings == ("block poll is left out: its answers need the reader pages: set newsletter.base_url",)


def test_texts_of_others_are_harmless() -> None:
    tag = PLACEHOLDERS["unsubscribe"]
    evil = f"<script>alert(1)</script>{tag}\u202e"
    made = email(
        block("quote", {"text": evil, "by": "<b>क"}),
        block("sponsor", {"advertiser": evil, "text": "{{ 7*7 }}", "url": f'https://a.example/?q={tag}"onclick=x'}),
    )
    plain = email()
    assert "<script" not in made.html
    assert "7*7" in made.text
    assert 'onclick="' not in made.html
    assert made.html.count(tag) == plain.html.count(tag)
    assert made.text.count(tag) == plain.text.count(tag)


def test_a_broken_block_costs_only_itself(tmp_path: Path) -> None:
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks/quote.html.j2").write_text("{% macro html() %}\n{{ block.txt }}\n{% endmacro %}", "utf-8")
    (tmp_path / "blocks/weather.html.j2").write_text("{% macro html() %}{% if %}", "utf-8")
    (tmp_path / "blocks/follow.html.j2").write_text("nothing", "utf-8")
    stale = EditionBlock("panchang", "both", "end", {"lines": 1})
    gone = EditionBlock("crossword", "both", "end", {})
    made = email(*map(block, ("weather", "quote", "follow", "mandi")), stale, gone, folder=tmp_path)
    assert "गेहूँ" in made.html
    weather, quote, follow, panchang, crossword = made.warnings
    assert "blocks/weather.html.j2:1: syntax error" in weather
    assert "blocks/quote.html.j2:2: Quote has no 'txt'; did you mean 'text'?" in quote
    assert "follow" in follow
    assert "panchang" in panchang
    assert "unknown block 'crossword'; known: correction, weather" in crossword


def test_an_advertisement_after_a_heading_is_a_warning() -> None:
    made = email(block("sponsor"))
    assert [finding for finding in lint(made) if finding.rule == "advertisement"] == []
    start = made.html.index('<td class="ad"')
    wrong = replace(made, html=made.html[:start] + "<td><h2>खेल</h2></td>" + made.html[start:])
    (found,) = [finding for finding in lint(wrong) if finding.rule == "advertisement"]
    assert found.level == "warning"
    assert "follows 'खेल', a heading" in found.message


def test_the_documented_way_to_write_one_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = dedent_fences((ROOT / "docs/blocks.md").read_text(encoding="utf-8").partition("## Write a new one")[2])
    (schema, row), (template,) = page["python"], page["jinja"]
    # The class is defined and the row added as if they were in their files.
    exec(schema, vars(data))
    name, made = eval("{" + row + "}", {"BlockKind": BlockKind, "data": data}).popitem()
    monkeypatch.setitem(ROWS, name, made)
    (tmp_path / "blocks").mkdir()
    (tmp_path / f"blocks/{name}.html.j2").write_text(template, encoding="utf-8")
    late = EditionBlock(name, made.shown, made.place, {"late": {"12001 शताब्दी": "40 मिनट"}, "source": "रेलवे"})
    printed = email(late, folder=tmp_path)
    assert printed.warnings == ()
    assert "40 मिनट</td>" in printed.html
    assert "12001 शताब्दी: 40 मिनट" in printed.text


def dedent_fences(text: str) -> dict[str, list[str]]:
    """Language → the blocks of code in an indented list."""
    found: dict[str, list[str]] = {}
    for language, code in re.findall(r"^   ```([a-z]+)\n(.*?)^   ```", text, re.S | re.M):
        found.setdefault(language, []).append(dedent(code))
    return found
