"""Names in Latin and Devanagari letters are compared by their consonants."""

from __future__ import annotations

import pytest

from digest.hindi.sounds import sounds_like, spelled, spelling_likeness
from digest.hindi.text import fold
from tests.support.tables import each_row


@each_row(
    ("latin", "word"),
    [
        ("Samsung", "सैमसंग"),
        ("Xiaomi", "शाओमी"),
        ("Express", "एक्सप्रेसवे"),
        ("Motors", "मोटर्स"),
        ("Kamla", "कमला"),
        ("Nikki", "निक्की"),
    ],
)
def test_names_sound_alike_in_both_scripts(latin: str, word: str) -> None:
    assert sounds_like(latin, fold(word))


@pytest.mark.parametrize(("latin", "word"), [("Samsung", "सोनपुरा"), ("Rae", "राय"), ("Kamla", "विमला"), ("Ayee", "आई")])
def test_other_names_and_short_ones_do_not(latin: str, word: str) -> None:
    assert not sounds_like(latin, fold(word))


# What people type on a phone without a Hindi keyboard.
TYPED = [
    ("khel", "खेल"), ("chunav", "चुनाव"), ("baarish", "बारिश"), ("delhi", "दिल्ली"), ("kisaan", "किसान"), ("rail", "रेल"),
    ("mehngai", "महँगाई"), ("gehu", "गेहूँ"), ("gaon", "गाँव"), ("bijli", "बिजली"), ("yojna", "योजना"), ("mausam", "मौसम"),
    ("shiksha", "शिक्षा"), ("hockey", "हॉकी"), ("cricket", "क्रिकेट"), ("hospital", "अस्पताल"), ("nadipur", "नदीपुर"),
]  # fmt: skip


@each_row(("latin", "word"), TYPED)
def test_a_word_typed_in_latin_letters_is_most_like_its_own(latin: str, word: str) -> None:
    words = [fold(each) for _, each in TYPED]
    assert max(words, key=lambda each: spelling_likeness(latin, each)) == fold(word)
    assert spelling_likeness(latin, fold(word)) > 0


@each_row(("latin", "word"), [("kal", "खेल"), ("pal", "फूल"), ("", "खेल"), ("up", "ऊपर")])
def test_a_word_with_other_vowels_or_consonants_is_another(latin: str, word: str) -> None:
    assert spelling_likeness(latin, fold(word)) == 0


def test_acronyms_are_spelled() -> None:
    assert spelled("CBI") == fold("सीबीआई")
