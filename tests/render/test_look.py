"""Colours that can be read whatever the accent, and sizes by each reading of Gmail's limit."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.models import Letter
from digest.render import colour, size
from tests.render.sample import EVERYTHING, MASTHEAD, NOW, renderer, twenty

ACCENTS = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


@given(ACCENTS)
def test_any_accent_can_be_read_in_both_schemes(accent: str) -> None:
    for palette in (colour.light(accent), colour.dark(accent)):
        for ground in (palette.paper, palette.tint):
            for text in (palette.ink, palette.grey, palette.accent):
                assert colour.contrast(text, ground) >= 4.5
        assert colour.contrast(palette.paper, palette.accent) >= 4.5, "text of a label"


def test_a_readable_accent_stays_as_it_is() -> None:
    assert colour.light("#9c1c1c").accent == "#9c1c1c"
    assert colour.dark("#9C1C1C").accent == "#ff9d8a"
    assert colour.contrast("#ffffff", "#000000") == pytest.approx(21)


@pytest.mark.parametrize("accent", ["red", "#fff", "#9c1c1c;}", ""])
def test_an_accent_that_is_no_colour_is_refused(accent: str) -> None:
    from dataclasses import replace

    with pytest.raises(ValueError, match="accent"):
        replace(MASTHEAD, accent=accent)


def test_twenty_stories_stay_small() -> None:
    plain = renderer().render(twenty(), EVERYTHING, now=NOW)
    pictured = renderer().render(twenty(pictures=True), EVERYTHING, now=NOW)
    assert plain is not None
    assert pictured is not None
    assert size.measure(plain).decoded <= 34_000
    assert size.measure(pictured).decoded <= 38_000
    assert size.measure(pictured).quoted_printable <= 70_000
    assert size.measure(pictured).level == "ok"


def test_the_three_sizes() -> None:
    letter = Letter("v", "s", "<p>क</p>" * 100, "")
    got = size.measure(letter)
    assert got.decoded == 1000
    assert got.base64 == len(base64.encodebytes(letter.html.encode()))
    assert got.quoted_printable > 1600
    assert size.measure(Letter("v", "s", "", "कख")).decoded == 6


@pytest.mark.parametrize(("count", "level"), [(60_000, "ok"), (60_001, "warn"), (90_000, "warn"), (90_001, "stop")])
def test_levels(count: int, level: str) -> None:
    assert size.measure(Letter("v", "s", "x" * count, "")).level == level
