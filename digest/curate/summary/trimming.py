"""Shorten a sentence where nothing is lost but length: an opening phrase, a bracket of Latin words, a last clause."""

from __future__ import annotations

import re

from digest.curate.summary.voice import names_speech
from digest.hindi.text import fold, words
from digest.hindi.tokens import stems, tokens

# Phrases that only introduce a sentence.
_OPENING = re.compile(
    "^(?:आप ?को |ज्ञात |आपको )?(?:बता दें|बता दे|बताते चलें|बताते चले|गौरतलब है|गौरतलब हो|गौरतलब|उल्लेखनीय है|उल्लेखनीय|मालूम हो|ज्ञात हो|"
    "विदित हो|ध्यान रहे|याद रहे|ख्याल रहे|हो),? कि,? |^(?:दरअसल|असल में|खबर है कि|ख़बर है कि),? "
)
# A place or an office with an agency's mark before a colon: `नगर न्यायालय (सं): `.
_CREDIT = re.compile("^[^।.:()]{2,40} \\([^()]{1,12}\\) ?[:–-] ")
# Phrases of contrast, which a summary's first sentence does not need.
_CONTRAST = re.compile(
    "^(?:वहीं|इधर|उधर|इस बीच|इसी बीच|इसी के साथ|साथ ही|इस दौरान|इसी दौरान|इसके साथ ही|इसके अलावा),? (?!पर |से |के |की |का |हु[एईआ])|^जिसमें (?=कम से कम|करीब|लगभग|[0-9०-९])"
)
# `यहां` is the place of a dateline, which is not shown. A place of more words is a list.
_HERE = re.compile("^यहा[ंँ] (?:(?=(?:के|की|का|से|स्थित) )|(?:पर )?)")
_PLACE_WORDS = 2
# Latin words in brackets, for search engines. A short acronym after its name is news: `केंद्रीय जांच ब्यूरो (CBI)`.
_LATIN_BRACKET = re.compile(
    r" ?[(\[](?! ?[A-Z0-9&.-]{2,8} ?[)\]])[^()\[\]\u0900-\u097f]*[A-Za-z]{2}[^()\[\]\u0900-\u097f]*[)\]]"
)
_WORDS_OF_CLAUSE = "जबकि|जिससे|जिसमें|जिसके|जिसकी|जिसका|जिसे|जिनमें|जिनके|जिनकी|जिन्हें|जिसने|जिन्होंने|जहां|जहाँ|ताकि|क्योंकि|और|तथा|एवं|वहीं|जो|इसके|साथ ही"
_BOUNDARY = re.compile(f"(?:,|;| -| –) ?(?=(?:{_WORDS_OF_CLAUSE}) )|(?<=[^,;]) (?=(?:और|तथा|जबकि|जिससे|जिसमें) )|; ?")
_FINITE = frozenset(
    fold(word)
    for word in words(
        "है हैं था थे थी थीं गया गई गए गयी गये गईं हुआ हुई हुए हुईं दिया दी दिए दिये दीं लिया ली किया की कीं रहा रही रहे "
        "पहुंचा पहुंची पहुंचे मारा मारी बनाया बनाई कहा बताया सुनाया सुनाई लगाया लगाई उठाया उठाई मांगा मांगी निकाला निकाली डाला डाली "
        "पाया पाई आया आई आए चला चली चले मिला मिली मिले छोड़ा जीता हराया घोषित जाएगा जाएगी जाएंगे जायेगा होगा होगी होंगे करेगा करेगी "
        "करेंगे देगा देगी देंगे रहेगा रहेगी रहेंगे मिलेगा मिलेगी मिलेंगे आएगा आएगी आएंगे लेगा लेगी लेंगे"
    )
)
# Before और without a comma, only a verb that no noun can be.
_SURE = frozenset(fold(word) for word in words("है हैं था थे थी थीं गया गई गए गयी गये गईं दिया लिया किया"))
# A clause that denies, doubts or attributes changes what the sentence before it means.
_WEIGHTY = frozenset(
    fold(word)
    for word in words(
        "नहीं न ना मत इनकार इन्कार खारिज गलत झूठ झूठी झूठा अफवाह फर्जी दावा दावे आरोप कथित संदेह आशंका पुष्टि बेबुनियाद लेकिन मगर हालांकि "
        "परंतु किंतु बावजूद अगर यदि तो शर्त जमानत बरी मौत मृत्यु मारे मरे मृत जान शव गिरफ्तार हिरासत"
    )
)


def without_opening(text: str) -> str:
    """Return the sentence without a phrase that only introduces it."""
    return _OPENING.sub("", _CREDIT.sub("", text, count=1), count=1)


def with_place(text: str, place: str) -> str:
    """Return the sentence with the place of its dateline for `यहां` at its start."""
    found = _HERE.match(text)
    if not found or not 0 < len(place.split()) <= _PLACE_WORDS:
        return text
    rest = text[found.end() :]
    return f"{place} {rest}" if re.match("(?:के|की|का|से|स्थित) ", rest) else f"{place} में {rest}"


def without_contrast(text: str) -> str:
    """Return the sentence without a phrase that sets it against the one before it."""
    return _CONTRAST.sub("", text, count=1)


def without_latin_brackets(text: str) -> str:
    """Return the sentence without brackets of Latin words for search engines."""
    return _LATIN_BRACKET.sub("", text)


def shortened(text: str, room: int, title: str) -> str:
    """Return the sentence cut after a whole clause to at most `room` words, or unchanged.

    What goes may deny, doubt or attribute nothing, and may hold no word of the title that the rest lacks.
    """
    if len(text.split()) <= room:
        return text
    end = text[-1] if text[-1] in "।." else "।"
    wanted = set(stems(title))
    for found in sorted(_BOUNDARY.finditer(text), key=lambda match: -match.start()):
        head, tail = text[: found.start()], text[found.end() :]
        count = len(head.split())
        if count > room or count < 8 or not _is_whole(head, is_marked=found.group().strip() != ""):
            continue
        dropped = set(tokens(tail))
        if _WEIGHTY & dropped or (wanted & set(stems(tail))) - set(stems(head)):
            continue
        if names_speech(tail) and not names_speech(head):
            continue
        return head.rstrip(" ,;:-–") + end
    return text


def _is_whole(head: str, *, is_marked: bool) -> bool:
    """Return whether the head ends with a finite verb. At a comma की and लिया are verbs too, but not के लिए."""
    found = tokens(head)[-2:]
    if len(found) < 2:
        return False
    return found[-1] in (_FINITE if is_marked else _SURE)
