"""Cutting never splits a cluster or exceeds the limit, and wrapping loses no word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.hindi.cut import clusters, length, shorten, width, wrap
from tests.hindi.alphabets import texts
from tests.support.tables import each_row


@each_row(
    ("text", "pieces"),
    [
        ("क्षेत्र", ["क्षे", "त्र"]),
        ("राष्ट्रपति", ["रा", "ष्ट्र", "प", "ति"]),
        ("हिंदी", ["हिं", "दी"]),
        ("👩‍👩‍👧", ["👩‍👩‍👧"]),
        ("ab", ["a", "b"]),
        ("", []),
    ],
)
def test_clusters_keep_conjuncts(text: str, pieces: list[str]) -> None:
    assert clusters(text) == pieces
    assert length(text) == len(pieces)


@each_row(
    ("text", "limit", "short"),
    [
        ("राष्ट्रपति ने कहा", 99, "राष्ट्रपति ने कहा"),
        ("राष्ट्रपति ने कहा", 9, "राष्ट्रपति ने कहा"),
        ("राष्ट्रपति ने कहा", 8, "राष्ट्रपति ने…"),
        ("राष्ट्रपति ने कहा", 7, "राष्ट्रपति ने…"),
        ("राष्ट्रपति ने कहा", 6, "राष्ट्रपति…"),
        ("राष्ट्रपति", 3, "राष्ट्र…"),
        ("सब ठीक है, और भी है", 11, "सब ठीक है…"),
        ("दो  शब्द\nहैं", 99, "दो शब्द हैं"),
        ("कुछ", 1, "…"),
        ("कुछ", 0, ""),
    ],
)
def test_shorten(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


@given(texts(), st.integers(0, 40))
def test_shorten_keeps_clusters_and_limit(text: str, limit: int) -> None:
    short = shorten(text, limit)
    flat = " ".join(text.split())
    assert length(short) <= limit
    if short != flat and short:
        assert short.endswith("…")
        kept = clusters(short[:-1])
        assert clusters(flat)[: len(kept)] == kept


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("हिंदी", 4), ("", 0), ("日本", 4)])
def test_width_in_columns(text: str, columns: int) -> None:
    assert width(text) == columns


@given(texts(), st.integers(1, 40))
def test_wrap_loses_no_word(text: str, columns: int) -> None:
    lines = wrap(text, columns)
    assert " ".join(lines).split() == text.split()
    assert all(width(line) <= columns or " " not in line for line in lines)


def test_wrap_keeps_paragraphs_and_long_words() -> None:
    assert wrap("एक दो\n\nhttps://example.com/aaaa तीन", 8) == ["एक दो", "", "https://example.com/aaaa", "तीन"]
