"""Sentence ends: example rows, gold sentences with both terminators, and sentences as unchanged substrings."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from digest.hindi.sentences import split
from evaluation.sentences import f1
from tests.hindi.alphabets import texts
from tests.paths import SHARED_DATA
from tests.support.tables import each_row

CASES = [
    ("वह आया। वह गया।", ["वह आया।", "वह गया।"]),
    ("वह आया।वह गया।", ["वह आया।", "वह गया।"]),
    ("वह आया. वह गया.", ["वह आया.", "वह गया."]),
    ("वह आया.इसके बाद वह गया.", ["वह आया.", "इसके बाद वह गया."]),
    ("निदेशक किम रून.हो ने रिपोर्ट दी। फिर वह गए।", ["निदेशक किम रून.हो ने रिपोर्ट दी।", "फिर वह गए।"]),
    ("बाढ़ आई है.लोग चले गए। पुल टूटा।", ["बाढ़ आई है.", "लोग चले गए।", "पुल टूटा।"]),
    ("डॉ. रमेश ने कहा. ठीक है.", ["डॉ. रमेश ने कहा.", "ठीक है."]),
    ("कमला प्रा. लिमिटेड ने कहा. ठीक है.", ["कमला प्रा. लिमिटेड ने कहा.", "ठीक है."]),
    ("पी.एम. ने कहा. ठीक.", ["पी.एम. ने कहा.", "ठीक."]),
    ("आई.पी.एस. अफसर मिले।", ["आई.पी.एस. अफसर मिले।"]),
    ("के. पी. शर्मा बोले।", ["के. पी. शर्मा बोले।"]),
    ("एस. कुमार ने बताया. ठीक.", ["एस. कुमार ने बताया.", "ठीक."]),
    ("बात सामने आई. पुलिस पहुंची.", ["बात सामने आई.", "पुलिस पहुंची."]),
    ("तीव्रता 7.5 रही. डर फैला.", ["तीव्रता 7.5 रही.", "डर फैला."]),
    ("यह 2019 में हुआ था 2019. इसके बाद", ["यह 2019 में हुआ था 2019.", "इसके बाद"]),
    ("1. पहली बात। 2. दूसरी बात।", ["1. पहली बात।", "2. दूसरी बात।"]),
    ("वेबसाइट example.com देखें. ठीक.", ["वेबसाइट example.com देखें.", "ठीक."]),
    ("उसने कहा, “मैं आऊंगा।” फिर गया।", ["उसने कहा, “मैं आऊंगा।”", "फिर गया।"]),
    ('उसने कहा."वह आया".', ["उसने कहा.", '"वह आया".']),
    ("क्या हुआ?! कोई नहीं जानता।", ["क्या हुआ?!", "कोई नहीं जानता।"]),
    ("वह आया| वह गया|", ["वह आया|", "वह गया|"]),
    ("खबर | शहर", ["खबर | शहर"]),
    ("शीर्षक\nवह आया।", ["शीर्षक", "वह आया।"]),
    ("पता नहीं… फिर मिलेंगे।", ["पता नहीं…", "फिर मिलेंगे।"]),
    ("10 कि.मी. दूर गांव है।", ["10 कि.मी. दूर गांव है।"]),
    ("", []),
    (" \n ", []),
]


@each_row(("text", "sentences"), CASES)
def test_cases(text: str, sentences: list[str]) -> None:
    assert split(text) == sentences


@given(texts())
def test_sentences_are_the_text_in_order(text: str) -> None:
    at = 0
    for piece in split(text):
        assert piece == piece.strip() != ""
        assert "\n" not in piece
        at = text.index(piece, at) + len(piece)
    assert "".join("".join(split(text)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("full_stop", "joint", "floor"),
    [(False, " ", 0.99), (True, " ", 0.99), (True, "", 0.98)],
    ids=["danda", "full stop", "full stop, no space"],
)
def test_gold_sentences(full_stop: bool, joint: str, floor: float) -> None:
    path = SHARED_DATA / "articles/ud-hindi-pud/ud_hindi_pud_sentences.jsonl"
    if not path.exists():
        pytest.skip("the gold sentences (UD Hindi PUD) are not available")
    gold = [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    if full_stop:
        gold = [sentence.replace("।", ".") for sentence in gold]
    assert f1(gold, joint, split) >= floor
