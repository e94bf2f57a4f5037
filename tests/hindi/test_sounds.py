"""Names in Latin and Devanagari letters are compared by their consonants."""

from __future__ import annotations

import pytest

from digest.hindi.sounds import sounds_like, spelled
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


def test_acronyms_are_spelled() -> None:
    assert spelled("CBI") == fold("सीबीआई")
