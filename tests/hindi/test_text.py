"""`repair` fixes damage found in feeds, `fold` unifies spellings; both are idempotent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.hindi.text import deva_ratio, fold, repair
from tests.hindi.alphabets import texts
from tests.support.tables import each_row

REPAIRS = [
    ("¨सह और ¨चगारी", "सिंह और चिंगारी"),
    ("सि¨लडर ब¨ठडा क¨स्टग", "सिलिंडर बठिंडा कस्टिंग"),
    ("मुडि़ए", "मुड़िए"),
    ("हॉस्िपटल", "हॉस्पिटल"),
    ("कोविड-़19", "कोविड-19"),
    ("अाया डाॅ", "आया डॉ"),
    ("क\u0958लम", "कक\u093cलम"),
    ("वह आया ।फिर गया", "वह आया। फिर गया"),
    ("वह आया।।", "वह आया।"),
    ("वह आया ||", "वह आया।"),
    ("खबर | शहर", "खबर | शहर"),
    ("दिल्लीः आज", "दिल्ली: आज"),
    ("अतः वह पुनः आया", "अतः वह पुनः आया"),
    ("उसने कहा‘ठीक है’", "उसने कहा ‘ठीक है’"),
    ("इसके बावजूद’रूस ने’ कहा", "इसके बावजूद ‘रूस ने’ कहा"),
    ("‘रूस’का", "‘रूस’का"),
    ("पुण्‍य", "पुण्‍य"),
    ("श्‍ाहर", "श्ाहर"),
    ("\ufeffएक\u00a0दो\u200b  तीन\t", "एक दो तीन"),
    ("एक\r\nदो\n\nतीन ", "एक\nदो\n\nतीन"),
    ("मेला खुला। \\r\\nभीड़ जुटी", "मेला खुला।\nभीड़ जुटी"),
    ('उसने \\"ठीक\\" कहा', 'उसने "ठीक" कहा'),
    ("C:\\news", "C:\\news"),
    ("गया ह़ै और स़ेब", "गया है और सेब"),
    ("फ़ज़ल ने ग़ज़ल पढ़ी", "फ़ज़ल ने ग़ज़ल पढ़ी"),
    ("म\u200dहि\u200cला ज\u200cिस", "म\u200dहि\u200cला जिस"),
    ("¨़सह", "सिंह"),
    ("आया||। फिर", "आया। फिर"),
    ("½ … x²", "½ … x²"),
    ("वह गया.", "वह गया."),
]


@each_row(("raw", "shown"), REPAIRS)
def test_damage_is_repaired_and_style_is_kept(raw: str, shown: str) -> None:
    assert repair(raw) == shown


@pytest.mark.parametrize("codec", ["latin-1", "cp1252"])
def test_mojibake_is_repaired(codec: str) -> None:
    text = "यह ‘ठीक’ है"
    garbled = "".join(
        bytes([byte]).decode(codec) if codec == "latin-1" or byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(byte)
        for byte in text.encode()
    )
    assert repair(garbled) == text


@given(texts())
def test_repair_is_idempotent_and_leaves_no_invisible_characters(text: str) -> None:
    once = repair(text)
    assert repair(once) == once
    assert not set(once) & set("\u200b\ufeff\u00a0\t\r")
    assert once.encode("utf-8").decode("utf-8") == once


@each_row(
    ("one", "other"),
    [
        ("हिन्दी", "हिंदी"),
        ("सम्बन्ध", "संबंध"),
        ("ट्रम्प", "ट्रंप"),
        ("गिरफ़्तार", "गिरफ्तार"),
        ("पाँच", "पांच"),
        ("\u0958लम", "कलम"),
        ("पुण्‍य", "पुण्य"),
        ("२३ BJP", "23 bjp"),
    ],
)
def test_spellings_of_one_word_fold_together(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("जन्म", "जंम"), ("अन्य", "अंय"), ("सम्मान", "संमान")])
def test_a_nasal_before_a_nasal_or_glide_is_kept(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(texts())
def test_fold_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@each_row(("text", "ratio"), [("", 0.0), ("123 !", 0.0), ("कख ab", 0.5), ("की", 1.0), ("abc", 0.0), ("कa bc", 0.25)])
def test_ratio_counts_letters_only(text: str, ratio: float) -> None:
    assert deva_ratio(text) == pytest.approx(ratio)


@given(st.text())
def test_ratio_is_a_share(text: str) -> None:
    assert 0.0 <= deva_ratio(text) <= 1.0
