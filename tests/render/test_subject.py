"""Subject and preheader: within their limits whatever the headlines are, and with the news first."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.hindi import cut
from digest.models import PLACEHOLDERS, Edition, Section
from digest.render.acronyms import in_devanagari
from digest.render.subject import preheader, subject_line
from tests.render.sample import EDITION, story

TITLES = st.lists(
    st.text(
        st.one_of(
            st.sampled_from("कखगमनरसह ािीुे्ंँ़।,RBI 12"),
            st.characters(exclude_categories=["Cs", "Cc"]),
        ),
        max_size=120,
    ),
    max_size=6,
)


def edition(*titles: str, lead: str = "s0", summary: str = "") -> Edition:
    stories = tuple(story(number, title, summary) for number, title in enumerate(titles))
    return replace(EDITION, sections=(Section("देश", stories),), lead=lead)


def test_the_lead_headline_is_the_subject_wherever_it_stands() -> None:
    assert subject_line(edition("पहली ख़बर", "दूसरी ख़बर", lead="s1"), "hi") == "दूसरी ख़बर · 23 नवंबर"


def test_a_long_headline_is_cut_between_words_and_has_no_date() -> None:
    long = "पहाड़ों में मौसम की पहली बर्फ़बारी, तीन दिन तक और गिरेगा पारा, सैलानियों के लिए सड़कें दोपहर बाद खुलेंगी"
    got = subject_line(edition(long), "hi")
    assert got.endswith("…")
    assert cut.length(got) <= 45
    head = got.removesuffix("…")
    assert long.startswith(head)
    assert long[len(head)] in " ,"


def test_acronyms_do_not_shout() -> None:
    assert subject_line(edition("RBI और ISRO का साझा केंद्र"), "hi").startswith("आरबीआई और इसरो का साझा केंद्र")
    got = in_devanagari("iPhone, Isro, COVID-19, G20, 5G, PM-KISAN, U.N. और ए")
    assert got == "iPhone, Isro, कोविड-19, जी20, 5जी, पीएम-Kisan, यू.एन. और ए"


@given(st.text())
def test_no_word_in_capitals_is_left(text: str) -> None:
    assert not re.search("(?<![A-Za-z])[A-Z]{2,}(?![A-Za-z])", in_devanagari(text))


def test_an_english_subject_keeps_its_acronyms() -> None:
    assert subject_line(edition("RBI opens a centre"), "en") == "RBI opens a centre · 23 November"


def test_no_story_gives_the_date() -> None:
    assert subject_line(replace(EDITION, sections=()), "hi") == "सोमवार, 23 नवंबर 2026"


def test_the_preheader_tells_the_next_headlines() -> None:
    got = preheader(edition("पहली ख़बर", "दूसरी बड़ी ख़बर यहाँ है", "तीसरी ख़बर भी आ गई है आज"), "hi")
    assert got == "दूसरी बड़ी ख़बर यहाँ है · तीसरी ख़बर भी आ गई है आज"


def test_a_long_next_headline_is_cut_between_words() -> None:
    long = " ".join(["पहाड़ों में मौसम की पहली बर्फ़बारी"] * 4)
    got = preheader(edition("पहली ख़बर", long), "hi")
    assert got.endswith("…")
    assert 60 <= cut.length(got) <= 70
    assert long.startswith(got.removesuffix("…") + " ")
    assert preheader(edition("पहली ख़बर", "दूसरी", long), "hi").startswith("दूसरी · पहाड़ों")


def test_a_lone_story_goes_on_with_its_summary() -> None:
    summary = "मौसम विभाग के अनुसार तापमान और नीचे जाएगा और ठंड बढ़ेगी।"
    assert preheader(edition("पहली ख़बर", summary=summary), "hi") == summary


def test_the_same_headline_twice_is_said_once() -> None:
    assert "पहली" not in preheader(edition("पहली ख़बर", "पहली ख़बर"), "hi")


@pytest.mark.parametrize("language", ["hi", "en"])
@given(titles=TITLES, summary=st.text(max_size=200))
def test_limits_hold_for_any_headlines(language: str, titles: list[str], summary: str) -> None:
    made = edition(*titles, summary=summary)
    subject, after = subject_line(made, language), preheader(made, language)
    assert 1 <= cut.length(subject) <= 45
    assert 30 <= cut.length(after) <= 70
    assert subject != after
    assert "\n" not in subject + after


@pytest.mark.parametrize("tag", PLACEHOLDERS.values())
def test_a_typed_placeholder_is_none(tag: str) -> None:
    made = edition(f"देखें {tag}", f"और {tag}")
    assert tag not in subject_line(made, "hi") + preheader(made, "hi")
