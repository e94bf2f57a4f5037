"""Tokens and stems: no Devanagari sign is lost, variants share a stem, stop words are dropped."""

from __future__ import annotations

import pytest

from digest.hindi.tokens import ALIASES, STOP_WORDS, index_words, query_groups, stems, tokens
from tests.support.tables import each_row


@each_row(
    ("text", "expected"),
    [
        ("हिंदी राष्ट्रपति", ["हिंदी", "राष्ट्रपति"]),
        ("कोविड-19, BJP!", ["कोविड", "19", "bjp"]),
        ("1,20,000 और ७.५", ["120000", "और", "7.5"]),
        ("आया।गया", ["आया", "गया"]),
        ("", []),
        ("…?!", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@each_row(
    ("one", "other"),
    [
        ("भाजपा", "बीजेपी"),
        ("भाजपा", "BJP"),
        ("मुख्यमंत्री", "सीएम"),
        ("रुपये", "रुपए"),
        ("नयी", "नई"),
        ("बृहस्पतिवार", "गुरुवार"),
        ("अमरीका", "अमेरिका"),
        ("खिलाड़ियों", "खिलाड़ी"),
        ("हिन्दी", "हिंदी"),
        ("मुख्यमन्त्री", "मुख्यमंत्री"),
        ("लाँच", "लांच"),
    ],
)
def test_variants_share_a_stem(one: str, other: str) -> None:
    assert stems(one) == stems(other) != []


@pytest.mark.parametrize(("one", "other"), [("भाजपा", "कांग्रेस"), ("सोमवार", "मंगलवार"), ("जीत", "हार")])
def test_different_words_have_different_stems(one: str, other: str) -> None:
    assert stems(one) != stems(other)


@each_row(
    ("query", "story", "finds"),
    [
        ("कछुआ", "समुद्री कछुओं के घोंसले", True),
        ("कछुए", "समुद्री कछुओं के घोंसले", True),
        ("कछुओं", "घायल कछुआ मिला", True),
        ("चिड़िया", "चिड़ियाँ लौटीं", True),
        ("ईबस", "नदीपुर में ई-बस चली", True),
        ("ई-बस", "नदीपुर में ईबस चली", True),
        ("ईबस", "नदीपुर में बस चली", False),
        ("हाफ़-मैराथन", "झीलनगर हाफ़मैराथन", True),
        ("ईबसें", "नदीपुर में ई-बसें चलीं", True),
        ("ईरान", "ईरान से तेल आया", True),
        ("ईनाम", "विजेता को ईनाम मिला", True),
        ("ईनाम", "ई-बस का नाम बदला", False),
    ],
)
def test_a_query_finds_other_forms_of_a_word(query: str, story: str, finds: bool) -> None:
    words = set(index_words(story).split())
    assert all(words & set(group) for group in query_groups(query)) is finds


def test_stop_words_are_dropped_and_topics_kept() -> None:
    assert stems("इस मामले में उन्होंने कहा है कि") == stems("मामले")


def test_no_canonical_token_is_a_variant_of_another() -> None:
    chained = {variant for variant, canonical in ALIASES.items() if ALIASES.get(canonical, canonical) != canonical}
    assert not chained
    assert len(ALIASES) > 100


def test_no_alias_is_a_stop_word() -> None:
    assert not {name for pair in ALIASES.items() for name in pair} & STOP_WORDS


def test_a_sentence_of_function_words_is_mostly_stop_words() -> None:
    sentence = tokens("यह भी कहा गया है कि वे इस बारे में कुछ नहीं कर सकते थे लेकिन बाजार खुला")
    assert sum(token in STOP_WORDS for token in sentence) == len(sentence) - 2
