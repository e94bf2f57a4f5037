"""Adding an attributed sentence of another source to a summary."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from digest.curate.summary.sentence_rules import HANGING, MOST_WORDS, balanced, opening
from digest.curate.summary.sentences import summarise, with_another_source
from digest.hindi.misspellings import corrected
from digest.hindi.sentences import split
from digest.hindi.text import repair
from digest.models import Article, TextBlock
from tests.curate.sample import BRIDGE, NOW, article
from tests.curate.test_summarise import in_order
from tests.paths import SHARED_DATA
from tests.support.profiles import only_thorough
from tests.support.tables import each_row

FIRST = BRIDGE[0]
SHORT = article(FIRST.id, FIRST.source, FIRST.title, split(FIRST.text)[0])


def added(other: Article, language: str = "hi") -> str:
    summary = summarise(SHORT)
    extended = with_another_source(summary, [other], title=SHORT.title, language=language)
    assert extended.startswith(split(summary)[0])
    return extended.removeprefix(summary).strip()


def test_a_number_that_the_summary_lacks_is_added_with_its_source() -> None:
    sentence = "भारी ट्रकों पर 15 जनवरी तक रोक रहेगी।"
    other = article("o", "लोक दर्पण", "ट्रकों पर रोक", sentence)
    assert added(other) == f"{sentence} (स्रोत: लोक दर्पण)"
    assert added(other, "en") == f"{sentence} (Source: लोक दर्पण)"


@each_row(
    "sentence",
    [
        "उन्होंने 15 जनवरी तक भारी ट्रकों पर रोक लगा दी है।",
        "नाव चलाने वालों ने पुराने घाट पर पूजा की और फूल चढ़ाए।",
        "नई सूची में अब 55 गांवों के नाम दर्ज बताए जाते हैं।",
        "क्या 15 जनवरी के बाद भारी ट्रक चल सकेंगे या नहीं?",
        "सोनपुरा में कमला नदी पर बना नया पुल रविवार को आम लोगों के लिए 9 बजे खोला गया।",
    ],
)
def test_what_adds_nothing_or_breaks_a_rule_is_left_out(sentence: str) -> None:
    assert added(article("o", "लोक दर्पण", "और खबर", sentence)) == ""


# The tests above have an example of each rule, and test_summarise.py has real articles.
@only_thorough
@pytest.mark.slow
def test_every_rule_on_real_pairs() -> None:
    path = SHARED_DATA / "articles/ednil-events-hi/ednil_hi.jsonl"
    if not path.exists():
        pytest.skip("the real articles are not beside the repository")
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    articles = [
        Article(
            str(n),
            f"s{n}",
            e["title"],
            NOW,
            # So `आज` stays, as the article has it.
            dated=False,
            body=tuple(TextBlock("p", repair(t)) for t in e["paragraphs"] if t.strip()),
        )
        for n, e in enumerate(entries)
    ]
    count = 0
    for one, other in pairwise(articles):
        plain = summarise(one, words=60)
        if not plain:
            continue
        longer = with_another_source(plain, [other], title=one.title, words=60)
        if longer == plain:
            continue
        count += 1
        text, _, rest = longer.rpartition(" (स्रोत: ")
        assert rest == f"{other.source})"
        assert len(longer.split()) <= MOST_WORDS
        pieces = split(text)
        assert 2 <= len(pieces) <= 3
        # Both without typing errors.
        assert in_order(pieces[-1], corrected(other.text))
        assert all(in_order(piece, corrected(one.text)) for piece in pieces[:-1])
        assert balanced(text)
        assert opening(pieces[-1]) not in HANGING
    assert count > 20


def test_no_addition_refers_to_text_outside_the_summary() -> None:
    from digest.curate.summary.sentences import POINTING
    from digest.hindi.tokens import tokens

    assert POINTING & set(tokens("आयोजन समिति ने यह घोषणा रविवार रात समारोह में की।"))
    assert POINTING & set(tokens("उन्होंने 14 गाँवों का दौरा किया।"))
    assert not POINTING & set(tokens("आयोजन समिति ने 14 गाँवों का दौरा किया।"))
