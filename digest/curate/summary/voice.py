"""Recognise sentences that quote somebody. Without its speaker, a quotation reads as the newspaper's own words."""

from __future__ import annotations

import re
from itertools import pairwise

from digest.curate.summary.word_lists import any_of, word_set
from digest.hindi.text import fold, folded_words
from digest.hindi.tokens import tokens

_END = r"(?=$|[ ,।.:;“”‘’?!-])"
_SAYING = re.compile(rf"(?:^|[ ,“‘]){any_of('saying')}{_END}")
# `कहा जा रहा है` quotes nobody.
_QUOTES_ON = re.compile(rf"{any_of('quoting')}{_END}(?! जा)")
_FIRST_PERSON = word_set("first_person")
_SECOND_PERSON = word_set("second_person")
_IF, _AFTER_PARTY = folded_words("अगर यदि"), folded_words("के की का को ने से में पर नेता विधायक सांसद पार्टी")
# `तस्वीर देखकर आप अंदाजा लगा सकते हैं`
_YOU_CAN = re.compile("(?:^| )आप (?:[^ ,]+ ){1,4}सक(?:ते|ेंगे)(?: हैं)?(?:[।.]?$| कि )")
_JUDGES = re.compile(rf"(?:^|[ ,]){any_of('judgement')}(?=$|[ ,।.?!])|!$")
# An order or a wish: कर लें, बनाई जाएं. What is done नियम के अनुसार is still an order.
_WISH = re.compile("(?:ें|एं|ाए|ाये|ायें)[।.]?$")
_ACCORDING = re.compile("मुताबिक|अनुसार")
_STATEMENT = re.compile(rf"{any_of('statement')}[।.!]?$")
_HAPPENED = re.compile(rf"{any_of('happened')} (?:है|हैं)[।.!]?$")
_WHOLE_QUOTE = re.compile("^[\"“‘'].*[\"”’'][।.]?$")
# दिखाई दिया and चल दिया need no agent.
_ACT = re.compile(
    rf"(?<!दिखाई)(?<!सुनाई)(?<!चल)(?<!हो)(?:^| ){any_of('act')}(?: (?:है|हैं|था|थे))?[।.]?$|(?:^| )(?:कहा|बताया) कि "
)
# `कुल मामलों की संख्या` is that of a place before, and `सूचना मिलते ही` needs what was told.
_DEFINITE = re.compile(
    rf"^(?:{any_of('describing')} )?({any_of('definite')}) (?:ने|को|का|के|की|में|से|पर|भी|अब|इस|इन[^ ]*|अपने|अपनी) "
    "|^(कुल|सूचना|खबर|जानकारी) (?:मिल|पाकर|पाते|मामल|संख्या|मरीज|मृतक|मौत|संक्रमित)"
)
_AGENT = re.compile(rf"(?:^|[ ’”]){any_of('agent')}[ ,]")


def names_speech(text: str) -> bool:
    """Whether the sentence says that somebody says something."""
    return bool(_SAYING.search(fold(text)))


def opens_speech(text: str) -> bool:
    """Whether the sentences after this one may still be the speaker's words."""
    return bool(_QUOTES_ON.search(fold(text)))


def lacks_speaker(text: str) -> bool:
    """Whether the sentence quotes somebody unnamed: with मैं, हम, a judgement or only a quotation."""
    found = set(tokens(text))
    if _WHOLE_QUOTE.match(text) and not names_speech(re.sub("[“\"‘'].*?[”\"’']", "", text)):
        return True
    if _FIRST_PERSON & found:
        return not opens_speech(text)
    folded = fold(text)
    if _WISH.search(folded):
        return not names_speech(_ACCORDING.sub("", folded))
    return bool(_JUDGES.search(folded)) and not names_speech(text)


def states(text: str) -> bool:
    """Whether the sentence is a statement or prediction, as speakers make, and not the report of an event."""
    # A reason is no event.
    folded = fold(text).partition(" क्योंकि ")[0]
    return bool(_STATEMENT.search(folded)) and " ने " not in folded and not _HAPPENED.search(folded)


def lacks_agent(text: str) -> bool:
    """Whether the sentence does not say who did it: `कर्फ्यू का पालन कराया।`"""
    folded = fold(text)
    found = _ACT.search(folded)
    return found is not None and not _AGENT.search(folded[: found.start() + 1])


def known_opening(text: str) -> str:
    """Return the folded word for a person, body, event or place that a sentence opens with as known; '' for none."""
    found = _DEFINITE.match(fold(text))
    return (found[1] or found[2]) if found else ""


def addresses_reader(text: str) -> bool:
    """Whether the sentence speaks to the reader (आपको, कीजिए, अगर आप), as advice does."""
    found = tokens(text)
    # `आप ने`, `आप के नेता` are the party.
    is_you = any(a in _IF and b == "आप" for a, b in pairwise(found))
    is_you = is_you or (found[:1] == ["आप"] and not _AFTER_PARTY & set(found[1:2])) or bool(_YOU_CAN.search(text))
    return (is_you or bool(_SECOND_PERSON & set(found))) and not names_speech(text)
