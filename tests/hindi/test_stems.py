"""Stems equal those of snowballstemmer's Hindi stemmer."""

from __future__ import annotations

import snowballstemmer
from hypothesis import example, given
from hypothesis import strategies as st
from snowballstemmer.hindi_stemmer import HindiStemmer

from digest.hindi.tokens import _stem

ENDINGS = sorted({each.s for each in HindiStemmer.a_0})
TEXTS = st.text(st.characters(min_codepoint=0x900, max_codepoint=0x97F), max_size=4)


@given(TEXTS, st.lists(st.sampled_from(ENDINGS), max_size=2).map("".join))
@example("", "ताएं")
@example("क", "ताएं")
def test_the_stem_equals_the_library_s(start: str, ending: str) -> None:
    if word := start + ending:
        assert _stem(word) == snowballstemmer.stemmer("hindi").stemWord(word)
