"""Sentence ends in a summary are unified; nothing else changes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digest.render.texts import unify_sentence_ends
from tests.support.tables import each_row


@each_row(
    ("text", "expected"),
    [
        (
            "तीन दिन चला। दर्शक झूमते रहे. (स्रोत: लोक दर्पण)",
            "तीन दिन चला। दर्शक झूमते रहे। (स्रोत: लोक दर्पण)",
        ),
        ("बाज़ी मारी. धावक उतरे. (स्रोत: खेल)", "बाज़ी मारी। धावक उतरे। (स्रोत: खेल)"),
        ("क्या होगा? दाम बढ़े. माँग घटी।", "क्या होगा? दाम बढ़े। माँग घटी।"),
        ("पुल खुला। दूरी 5 कि.मी. डॉ. वर्मा आए.", "पुल खुला। दूरी 5 कि.मी. डॉ. वर्मा आए।"),
        ("पुल खुला। लंबाई 2.5 किमी है। Visit example.com.", "पुल खुला। लंबाई 2.5 किमी है। Visit example.com."),
        ("Rain fell. Roads closed.", "Rain fell. Roads closed."),
        ("", ""),
    ],
)
def test_hindi_sentences_end_with_a_danda(text: str, expected: str) -> None:
    assert unify_sentence_ends(text) == expected


def test_in_other_languages_the_first_sentence_decides() -> None:
    assert unify_sentence_ends("पाऊस पडला. रस्ते बंद झाले। शाळा सुरू.", "mr") == "पाऊस पडला. रस्ते बंद झाले. शाळा सुरू."


@given(st.text(alphabet='कखिां। .?!…"“”()5aA:\n', max_size=120))
def test_only_terminators_change_and_it_is_idempotent(text: str) -> None:
    made = unify_sentence_ends(text)
    assert len(made) == len(text)
    assert made.replace("।", ".") == text.replace("।", ".")
    assert unify_sentence_ends(made) == made
