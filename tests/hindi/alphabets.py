"""Texts for property tests: damaged Hindi, joiners, quotes, terminators, and arbitrary text."""

from __future__ import annotations

from hypothesis import strategies as st

_MARKS = "कखनमरशतअएोाॅिंँः़्।|॥.,?!…'\"‘’“” \n\t¨ 19AaéÃà\u200d\u200c\u200b\u00a0("
_WORDS = ["राष्ट्रपति", "क्षेत्र", "ने", "कहा", "डॉ.", "पी.एम.", "है।", "है.", "7.5", "क्या?", "“हां”", "👩‍👩‍👧", "\n"]


def texts() -> st.SearchStrategy[str]:
    return st.one_of(
        st.text(alphabet=st.sampled_from(_MARKS), max_size=40),
        st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join),
        st.text(alphabet=st.characters(min_codepoint=0x900, max_codepoint=0x97F), max_size=30),
        st.text(max_size=30),
    )
