"""Read Hindi news sentences as clauses: words with case markers and numbers, who says it, and whether it happened.

There is no parser. Tables of words and endings give a reading that is right for most news sentences; the support
check compares two such readings and refuses what it cannot match.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

from digest.curate.summary.support.vocabulary import (
    ALL_CLASSES,
    LONGEST_PHRASE,
    NAMED,
    PHRASES,
    concepts_of,
    key_of,
    number_words,
)
from digest.hindi.sentences import split
from digest.hindi.text import fold

_TOKEN = re.compile(
    "[0-9]+(?:[.,][0-9]+)*(?:-[0-9]+(?:[.,][0-9]+)*)?"
    "|[\u0900-\u0963\u0971-\u097f]+(?:-[\u0900-\u0963\u0971-\u097f]+)?|[A-Za-z\u00c0-\u024f]+|%"
    "|[,;:–—\"“”‘’'()।?!]"
)
_PUNCTUATION = frozenset(",;:–—\"“”‘’'()।?!")
_QUOTES = frozenset('"“”')
_SCALES = {"सौ": 100, "हजार": 1_000, "लाख": 100_000, "करोड": 10_000_000, "अरब": 1_000_000_000}
_FRACTIONS = {"डेढ": 1.5, "ढाई": 2.5}
# A year is a date, not a count.
_FIRST_YEAR, _LAST_YEAR = 1900, 2099

_CASES = frozenset(["ने", "को", "से", "में", "पर", "तक", "द्वारा"])
_GENITIVES = frozenset(["का", "की", "के"])
# What may follow का, की or के and makes another marker of it.
_AFTER_GENITIVE = {
    fold(word): marker
    for marker, words in {
        "said": "मुताबिक अनुसार",
        "against": "खिलाफ विरुद्ध",
        "for": "लिए लिये वास्ते हक",
        "after": "बाद",
        "cause": "कारण वजह चलते बदौलत",
        "with": "साथ संग",
        "at": "पास यहां नजदीक",
        "between": "बीच",
        "during": "दौरान",
        "exchange": "बदले",
        "under": "तहत",
        "side": "ओर तरफ",
        "means": "मदद सहारे जरिए जरिये माध्यम",
    }.items()
    for word in words.split()
}
_JOINS = frozenset(map(fold, ["और", "तथा", "एवं", "व", "या"]))
_OPENERS = frozenset(
    map(
        fold,
        ["कि", "लेकिन", "मगर", "किंतु", "परंतु", "बल्कि", "जबकि", "क्योंकि", "हालांकि", "वहीं", "तो", "ताकि", "इसलिए", "चूंकि", "अगर", "यदि", "जो", "जिसमें", "जिससे", "जिसके", "जिसे", "जिसकी", "जिसका", "जिसने", "जिन्होंने", "जिन्हें", "जिनकी", "जिनके", "जिनका", "जिनमें", "जिनसे", "जिन", "जिस", "जहां", "जब"],
    )
)
_ENDS_OF_SPEECH = frozenset(map(fold, ["जबकि", "वहीं"]))
_AUXILIARIES = frozenset(
    map(
        fold,
        ["है", "हैं", "था", "थे", "थी", "थीं", "हूं", "हो", "गया", "गई", "गए", "गयी", "गये", "गईं", "दिया", "दी", "दिए", "दीं", "लिया", "ली", "लीं", "किया", "किए", "हुआ", "हुई", "हुए", "हुईं", "रहा", "रही", "रहे", "चुका", "चुकी", "चुके", "सका", "सकी", "सके", "सकता", "सकती", "सकते", "पाया", "पाई", "पाए", "होगा", "होगी", "होंगे", "चाहिए", "पड़ा", "पड़ी", "बताया", "कहा"],
    )
)
_ROOTS = (
    "बन|बना|गिर|आ|लग|लगा|मार|मर|खेल|लूट|जीत|हार|हरा|बेच|खरीद|पकड़|छोड़|सुना|कर|देख|मिल|चल|चला|निकल|निकाल|पहुंच|पहुंचा|रख|बैठ|उठ|उठा|"
    "उतर|उतार|बढ़|बढ़ा|घट|घटा|टूट|तोड़|फट|फूट|जता|दाग|ठोक|जोड़|झटक|मांग|मान|बोल|कह|बता|लिख|पढ़|भेज|सौंप|टकरा|ठहरा|गंवा|खो|डूब|झुलस|जल|"
    "जला|हट|हटा|बच|बचा|चढ़|ढह|भर|डाल|रह|फैल|खुल|खोल|दबोच|रोक|टाल|बरस|उड़|भिड़|पलट|सिमट|अपना|ठुकरा|नकार|दोहरा|दिखा|चुन|चुका|सका|छीन|घेर|"
    "झोंक|ले|दे|करा|दिला|छूट|बंट|लौट|ठहर|झुक|रुक|मुड़|जुड़|जुट|उमड़|भाग|दौड़|पूछ|सोच|समझ|सीख|चाह|खा|जाग|डर|लड़|बिछ|खिल|दिख|निपट|बिक|खींच|"
    "फेंक|काट|बांट|ढूंढ|खोज|चुरा|बह|थमा|लुढ़क|उछल|टिक|भड़क|संभाल|निभा|गुजर|गुजार|बिता|बीत|झेल|झटक|चटका|जड़|रच|सौंप|दर्शा|लौटा|घुस|चीख"
)
_PAST = re.compile(fold("(?:" + _ROOTS + ")(?:ा|ी|े|या|यी|ये|ई|ए|ीं|ईं)"))
_HABITUAL = re.compile(fold("(?:" + _ROOTS + ")(?:ता|ती|ते)"))
_FUTURE = re.compile(fold("(?:[ेोूऊए]|एं|[ेोू]ं|ऊं)(?:गा|गी|गे)") + "$")
# `नहीं कर सका` tells what happened.
_CAN = re.compile("सक(?:ता|ती|ते|तीं|े|ेगा|ेगी|ेंगे)$")
_OBLIQUE = re.compile("..*ने$")
_NOT_INFINITIVE = frozenset(
    map(
        fold,
        ["सामने", "अपने", "पुराने", "कारखाने", "ज़माने", "महीने", "थाने", "ख़ज़ाने", "दाने", "पैमाने", "निशाने", "घराने", "किराने", "जुर्माने", "उन्होंने", "जिन्होंने", "इन्होंने", "किन्होंने", "धरने", "गहने", "गन्ने", "सपने", "नमूने", "ठिकाने", "कोने", "घुटने", "सीने", "पसीने", "बहाने", "मायने", "चने", "झरने", "दीवाने", "ताने", "गाने", "खजाने"],
    )
)
_WISHES = frozenset(map(fold, ["दे", "दें", "करे", "करें", "हो", "हों", "जाए", "जाएं", "ले", "लें"]))
_MUST = frozenset(map(fold, ["होगा", "होगी", "होंगे", "पड़ेगा", "पड़ेगी", "पड़ेंगे", "पड़ा", "पड़ी", "पड़े"]))
_PRONOUNS = frozenset(map(fold, ["उन्होंने", "उसने", "इन्होंने", "इसने", "वह", "वे", "वो", "उसे", "उन्हें", "उनके", "उनकी", "उनका", "उसके", "उसकी", "उसका", "उनसे", "उससे", "उन", "उस"]))
# After `करने से` these tell what did not happen, not what it led to.
_NOT_CAUSED = frozenset(map(fold, ["इनकार", "इंकार", "मना", "रोक", "रोका", "रोकने", "पहले", "बच", "बचने", "बचे", "साफ", "परहेज"]))
_SPEECH = frozenset({"said", "claim", "doubt", "wish", "plan"})
_INTRANSITIVE = re.compile(
    fold(
        "(?:हो|आ|जा|गिर|मर|मारे|झुलस|घायल|ज़ख़्मी|मिल|चल|रह|बैठ|पहुंच|निकल|बढ़|घट|टूट|फट|डूब|जल|उतर|लग|मौत|फंस|छूट|बच)(?:ा|ी|े|या|ई|ए|एगा|एगी|एंगे|ेगा|ेगी|ेंगे|ेंगी)?"
    )
)
_OBJECT_OF = frozenset(
    map(fold, ["विचार", "सहमति", "सहमत", "रोक", "ज़ोर", "मजबूर", "आमादा", "अड़े", "अड़ा", "अड़ी", "फ़ैसला", "निर्णय", "राज़ी", "प्रतिबंध", "पाबंदी", "आपत्ति", "चर्चा", "बात"])
)
# A clause after these has the agent before it only if its verb needs one.
_RELATIVES = {
    fold(word): marker
    for word, marker in (("जिसे", "को"), ("जिन्हें", "को"), ("जिसने", "inherited"), ("जिन्होंने", "inherited"))
}
_CONTRASTS = frozenset(map(fold, ["जबकि", "लेकिन", "मगर", "पर", "हालांकि"]))
_TRANSITIVE = frozenset(map(fold, ["रखी", "रखा", "रखे", "दी", "दिया", "दिए", "की", "किया", "किए", "ली", "लिया", "लिए"]))
_DYING = frozenset({"दम"})
_QUANTIFIERS = ALL_CLASSES["all"] | ALL_CLASSES["some"] | ALL_CLASSES["most"]
_MODIFIERS = frozenset(map(fold, ["वाला", "वाले", "वाली", "रहा", "रहे", "रही"]))
_PRONOUNS_ALONE = frozenset(map(fold, ["वह", "वे", "वो", "यह", "ये", "उन्होंने", "उसने"]))
# A participle ends a noun phrase: what follows is another one.
_PARTICIPLE = re.compile(fold("^(?:हुए|हुई|हुआ|गए|गई|वाले|वाली|वाला)$|^(?:" + _ROOTS + "|लौट|हो)(?:कर|ते|ती|ता)$"))
_ACTING_PRONOUNS = frozenset(map(fold, ["उन्होंने", "उसने", "इन्होंने"]))
_RESTRICTED = frozenset(map(fold, ["उन", "उस", "ऐसे", "उन्हीं", "वही", "वे"]))
_PASSIVE = frozenset(map(fold, ["गया", "गई", "गए", "गयी", "जाएगा", "जाएगी", "जाएंगे", "जाता", "जाती", "जाते", "जाए"]))
_CAUSES = frozenset(map(fold, ["क्योंकि", "इसलिए", "चूंकि", "जिससे", "जिसकी_वजह"]))
_PAST_TIMES = frozenset(map(fold, ["पिछले", "पिछली", "बीते", "गत"]))
_IS = frozenset({"है", "हैं"})
_ONGOING = frozenset(map(fold, ["रहा", "रही", "रहे"]))


class Mode(StrEnum):
    """Whether a clause tells what happened, or what will, can, must or shall happen."""

    FACT = "fact"
    FUTURE = "future"
    CAN = "can"
    MUST = "must"
    WISH = "wish"


@dataclass(slots=True)
class Word:
    """A word, number or known phrase, with the case marker of its noun phrase ('' if none)."""

    text: str
    key: str
    concepts: frozenset[str]
    marker: str = ""
    # The value of a number; words for it count too.
    number: str = ""
    is_year: bool = False
    # The words of a known phrase, which may also be matched one by one.
    parts: tuple[Word, ...] = ()
    # Identifies the noun phrase within its sentence.
    phrase: int = 0
    quoted: bool = False

    @property
    def is_content(self) -> bool:
        """Whether the word names something."""
        if self.parts:
            return any(part.is_content for part in self.parts)
        return bool(self.number or "light" not in self.concepts)


@dataclass(slots=True)
class Clause:
    """A clause of a sentence. `speaker` are the words that name who says it."""

    words: list[Word]
    opener: str
    sentence: int
    mode: Mode = Mode.FACT
    negations: int = 0
    is_condition: bool = False
    has_condition: bool = False
    is_frame: bool = False
    # Whether it is only a phrase that opens the next clause: `चलाने पर`.
    is_adverbial: bool = False
    speaker: list[Word] = field(default_factory=list)
    # Who may still say it: after जबकि a speech may go on.
    maybe_speaker: list[Word] = field(default_factory=list)
    # Whether a verb of saying governs it.
    is_said: bool = False
    kinds: frozenset[str] = frozenset()
    # The kinds of the words that introduce it: `आरोप लगाया कि`.
    frame_kinds: frozenset[str] = frozenset()
    has_cause: bool = False
    # Its year or `पिछले`, as written.
    past: str = ""
    restricted: bool = False
    is_passive: bool = False
    # Whether its speaker gives information: `बताया`, not `कहा`.
    informs: bool = False
    # Negations of the verb that introduces it: `इस बात से इनकार नहीं किया कि`.
    frame_negations: int = 0
    # The kinds of its last words: what the clause itself does.
    act: frozenset[str] = frozenset()
    # Whether what introduces it is a denial.
    frame_denies: bool = False
    # Whether it is still going on: `बन रहा है`.
    is_ongoing: bool = False
    pronouns: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()


@dataclass(slots=True)
class Sentence:
    """A sentence as written and as read. `units` are its clauses, also together with a phrase that opens them."""

    text: str
    clauses: list[Clause]
    units: list[Clause] = field(default_factory=list)


@lru_cache(maxsize=512)
def read(text: str) -> tuple[Sentence, ...]:
    """Read a text of some sentences. The result must not be changed."""
    sentences = [_read_sentence(piece, at) for at, piece in enumerate(split(text))]
    for before, sentence in itertools.pairwise(sentences):
        _resolve_pronouns(sentence, _subject(before))
    for sentence in sentences:
        sentence.units = _units(sentence.clauses)
    return tuple(sentences)


def _subject(sentence: Sentence) -> list[Word]:
    """Return the words for the person who a pronoun of the next sentence most likely means."""
    for clause in sentence.clauses:
        if names := [word for word in clause.speaker if word.is_content]:
            return names
        if names := [word for word in clause.words if word.marker == "ने" and word.is_content]:
            return names
    return (
        [word for word in sentence.clauses[0].words if word.is_content and word.marker in ("", "gen", "को")]
        if sentence.clauses
        else []
    )


def _resolve_pronouns(sentence: Sentence, subject: Sequence[Word]) -> None:
    """Replace a pronoun that speaks or acts by the subject of the sentence before."""
    for clause in sentence.clauses:
        if clause.speaker and not any(word.is_content for word in clause.speaker):
            clause.speaker = [replace(word, marker="said") for word in subject]
        if any(word.text in _ACTING_PRONOUNS for word in clause.words):
            own = [word for word in clause.speaker if word.is_content] if clause.is_said and not clause.is_frame else []
            clause.words = [*(_as_inherited(word) for word in own or subject), *clause.words]


def _read_sentence(text: str, at: int) -> Sentence:
    tokens = _tokens(text)
    clauses: list[Clause] = []
    phrase = 0
    quoted = False
    for opener, piece in _pieces(tokens):
        words, phrase, quoted = _words(piece, phrase, quoted)
        clause = Clause(words, opener, at, tokens=tuple(piece))
        _describe(clause)
        clauses.append(clause)
    _conditions(clauses)
    _past_times(clauses)
    _resolve_relatives(clauses)
    _give_nouns(clauses)
    _move_agents(clauses)
    _inherit_agents(clauses)
    _share_predicates(clauses)
    _speakers(clauses)
    _attribute_openings(clauses)
    return Sentence(text, clauses)


def opens(clause: Clause) -> bool:
    """Whether the clause only opens or describes the next one."""
    return clause.is_adverbial or clause.tokens[-1] in _MODIFIERS


def merge(before: Clause, clause: Clause) -> Clause:
    """Return the clause together with what opens it."""
    return replace(
        clause,
        words=[*(word for word in before.words if word.marker != "inherited"), *clause.words],
        opener=before.opener,
        tokens=(*before.tokens, *clause.tokens),
        kinds=before.kinds | clause.kinds,
        negations=before.negations + clause.negations,
        has_cause=before.has_cause or clause.has_cause,
        pronouns=(*before.pronouns, *clause.pronouns),
        restricted=before.restricted or clause.restricted,
    )


def _units(clauses: Sequence[Clause]) -> list[Clause]:
    """Return the clauses, and each with the phrase before it: `चलाने पर` + `जुर्माना लगा`."""
    found = list(clauses)
    for before, clause in itertools.pairwise(clauses):
        if not before.is_frame and before.is_adverbial:
            found.append(merge(before, clause))
    return found


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    for token in _TOKEN.findall(fold(text)):
        if token == "हाईकोर्ट":
            found += ["हाई", "कोर्ट"]
        elif "-" in token and not token[0].isdigit() and not _same_number(token):
            found += [token] if key_of(token) in PHRASES else token.split("-")
        elif "-" in token and _same_number(token):
            # `एक-एक गोल` counts, `एक गोल` need not.
            found.append("1" if token == "एक-एक" else token.split("-")[0])
        else:
            found.append(token)
    return found


def _same_number(token: str) -> bool:
    first, _, second = token.partition("-")
    return first == second


def _pieces(tokens: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Cut a sentence into clauses, each with the word that opens it."""
    start, opener = 0, ""
    for at, token in enumerate(tokens):
        if at < start:
            continue
        before = tokens[start:at]
        cut = keep = False
        if token in _QUOTES or token in ";:–—":
            cut = keep = True
        elif token in _OPENERS:
            cut = not (token == "तो" and not _ends_in_verb(before) and "अगर" not in before and "यदि" not in before)
            keep = True
        elif token == "पर" and before and before[-1] == ",":
            cut = keep = True
        elif token == "पर" and before and _is_infinitive(before[-1]):
            # `जाने पर विचार`: it is the object of the next word.
            cut = not (tokens[at + 1 : at + 2] and tokens[at + 1] in _OBJECT_OF)
        elif token == "से" and before and _is_infinitive(before[-1]) and tokens[at + 1 : at + 2]:
            cut = tokens[at + 1] not in _NOT_CAUSED
        elif (token in ("बाद", "कारण") and len(before) > 1 and before[-1] == "के" and _is_infinitive(before[-2])) or (token in _MODIFIERS and _is_modifier(tokens, at)):
            cut = True
        elif token in _JOINS and before:
            cut = keep = _ends_in_verb(before) or _numbers_on_both_sides(tokens, start, at)
        elif token == "," and before and tokens[at + 1 : at + 2] and tokens[at + 1] not in _QUOTES:
            cut = _ends_in_verb(before) or _numbers_on_both_sides(tokens, start, at)
        if not cut:
            continue
        includes = token in ("पर", "से", "बाद", "कारण", *_MODIFIERS) and not keep
        piece = [*before, token] if includes else before
        if any(each not in _PUNCTUATION for each in piece):
            yield opener, piece
            opener = token
        elif keep:
            opener = f"{opener} {token}".strip() if token in _OPENERS else token
        start = at + 1
    rest = list(tokens[start:])
    if any(each not in _PUNCTUATION for each in rest):
        yield opener, rest


def _is_modifier(tokens: Sequence[str], at: int) -> bool:
    """Whether a participle with a clause of its own describes the noun that follows: `घनसाली जा रही बस`."""
    following = tokens[at + 1] if at + 1 < len(tokens) else "।"
    if following in _AUXILIARIES or following in _PUNCTUATION or following in _CASES or following in _GENITIVES:
        return False
    before = tokens[at - 1] if at else ""
    return _is_infinitive(before) if tokens[at].startswith("वाल") else before in ("जा", "कर", "चल", "हो", "दे", "ले")


def _ends_in_verb(before: Sequence[str]) -> bool:
    rest = [each for each in before if each not in _PUNCTUATION]
    if not rest:
        return False
    last = rest[-1]
    if last == "की":
        return len(rest) > 2
    return (
        last in _AUXILIARIES
        or bool(_PAST.fullmatch(last))
        or bool(_HABITUAL.fullmatch(last))
        or bool(_FUTURE.search(last))
    )


def _numbers_on_both_sides(tokens: Sequence[str], start: int, at: int) -> bool:
    def has_number(piece: Sequence[str]) -> bool:
        return any(each[0].isdigit() or each in number_words() for each in piece)

    end = next((to for to in range(at + 1, len(tokens)) if tokens[to] in _JOINS or tokens[to] in ",;:–—"), len(tokens))
    return has_number(tokens[start:at]) and has_number(tokens[at + 1 : end])


def _is_infinitive(token: str) -> bool:
    return bool(_OBLIQUE.match(token)) and token not in _NOT_INFINITIVE


def _words(piece: Sequence[str], phrase: int, quoted: bool) -> tuple[list[Word], int, bool]:
    """Turn tokens into words with numbers, phrases and case markers."""
    words: list[Word] = []
    open_from = 0
    at = 0
    while at < len(piece):
        token = piece[at]
        if token in _PUNCTUATION:
            quoted ^= token in _QUOTES
            if token == ",":
                phrase, open_from = phrase + 1, len(words)
            at += 1
            continue
        if (
            token in _PRONOUNS_ALONE
            or (at and (_PARTICIPLE.search(piece[at - 1]) or _PAST.fullmatch(piece[at - 1])))
            or token in _QUANTIFIERS
        ):
            phrase, open_from = phrase + 1, len(words)
        following = piece[at + 1] if at + 1 < len(piece) else "।"
        if token in _CASES or (
            token in _GENITIVES
            and not (token == "की" and (following in _AUXILIARIES or following in _PUNCTUATION or following in _JOINS))
        ):
            marker, used = _marker(piece, at)
            if token in _CASES or words[open_from:]:
                _mark(words, open_from, marker)
                phrase, open_from = phrase + 1, len(words)
                at += used
                continue
        if token in ("मुताबिक", "अनुसार") and words and words[-1].text in _PRONOUNS:
            words[-1].marker = "said"
            phrase, open_from = phrase + 1, len(words)
            at += 1
            continue
        number, used = _number(piece, at)
        if number:
            if open_from < len(words) and not words[-1].number and words[-1].text not in _JOINS:
                phrase, open_from = phrase + 1, len(words)
            year = number.isdigit() and used == 1 and len(token) == 4 and _FIRST_YEAR <= int(number) <= _LAST_YEAR
            words.append(
                Word(" ".join(piece[at : at + used]), number, frozenset({f"#{number}"}), number=number, is_year=year)
            )
        else:
            found = _phrase(piece, at)
            if found:
                concepts, used = found
                parts = tuple(_word(each) for each in piece[at : at + used])
                words.append(Word(" ".join(piece[at : at + used]), parts[0].key, concepts, parts=parts))
            else:
                used = 1
                words.append(_word(token))
                if token in _ACTING_PRONOUNS:
                    words[-1].marker, words[-1].phrase = "ने", phrase
                    phrase, open_from = phrase + 1, len(words)
                    at += 1
                    continue
        if (
            len(words) - 1 > open_from
            and ("time" in words[-1].concepts) != ("time" in words[-2].concepts)
            and not words[-2].number
        ):
            # A time stands beside a noun, not in its phrase.
            phrase, open_from = phrase + 1, len(words) - 1
        words[-1].phrase, words[-1].quoted = phrase, quoted
        at += used
    return words, phrase + 1, quoted


def _word(token: str) -> Word:
    return Word(token, key_of(token), concepts_of(token))


def _marker(piece: Sequence[str], at: int) -> tuple[str, int]:
    token = piece[at]
    if token in _CASES:
        return token, 1
    after = [each for each in piece[at + 1 : at + 3] if each not in _PUNCTUATION]
    with_se = len(after) > 1 and after[1] == "से"
    if after and (marker := _AFTER_GENITIVE.get(after[0])) and (with_se or marker != "means"):
        with_se = with_se and marker in ("cause", "side", "means")
        return ("से" if marker == "means" else marker), 3 if with_se else 2
    return "gen", 1


def _mark(words: list[Word], start: int, marker: str) -> None:
    """Give the marker to the noun phrase that ends here: the words since the last marker."""
    phrase = words[start:]
    if phrase and _is_infinitive(phrase[-1].text):
        # `पैसा लौटाने को`: the noun belongs to the verb, not to the marker.
        phrase = phrase[-1:]
    for word in phrase:
        word.marker = marker


def _phrase(piece: Sequence[str], at: int) -> tuple[frozenset[str], int] | None:
    keys = [key_of(each) for each in piece[at : at + LONGEST_PHRASE] if each not in _PUNCTUATION]
    for length in range(len(keys), 1, -1):
        if concepts := PHRASES.get(" ".join(keys[:length])):
            return concepts, length
    return None


def _number(piece: Sequence[str], at: int) -> tuple[str, int]:
    """Return the number that starts here, with its scale, and how many tokens it takes; '' if there is none."""
    token = piece[at].removesuffix("-एक")
    if token[0].isdigit():
        if "-" in token and not _same_number(token):
            return token.replace(",", ""), 1
        value = float(token.split("-")[0].replace(",", ""))
    elif token in _FRACTIONS:
        value = _FRACTIONS[token]
    elif token in number_words():
        value = number_words()[token]
        scaled = piece[at + 1 : at + 2] and piece[at + 1] in _SCALES
        if value == 1 and not scaled:
            return "", 1
    else:
        return "", 1
    used = 1
    while at + used < len(piece) and piece[at + used] in _SCALES:
        value *= _SCALES[piece[at + used]]
        used += 1
    return f"{value:.6g}" if value < 1e6 and value != int(value) else str(round(value)), used


def _describe(clause: Clause) -> None:
    """Note negations, mode, kinds of words and other marks of the clause."""
    tokens = [each for each in clause.tokens if each not in _PUNCTUATION]
    counted = {
        part.text for word in clause.words for part in word.parts if len(word.parts) > 2 and "less" in part.concepts
    }
    in_phrases = {part.text for word in clause.words for part in word.parts if "negative" in part.concepts}
    clause.is_adverbial = tokens[-1:] != [] and (
        tokens[-1] in ("पर", "से", "बाद", "कारण") and any(map(_is_infinitive, tokens[-3:-1]))
    )
    clause.negations = sum(each in ALL_CLASSES["negative"] and each not in in_phrases for each in tokens)
    clause.kinds = frozenset(kind for each in tokens if each not in counted for kind in NAMED.get(each, ()))
    if "बात" in tokens and "कही" in tokens:
        # `जांच की बात कही`: it is still to come.
        clause.kinds |= {"plan"}
    clause.act = frozenset(kind for each in tokens[-4:] for kind in NAMED.get(each, ()))
    if "बात" in tokens and "कही" in tokens:
        clause.act |= {"plan"}
    clause.past = next(
        (
            word.number if word.is_year else word.text
            for word in clause.words
            if word.is_year or word.text in _PAST_TIMES
        ),
        "",
    )
    clause.is_ongoing = bool(_ONGOING & set(tokens[-2:])) and bool(set(tokens[-3:]) & {"है", "हैं", "था", "थे", "थी"})
    clause.has_cause = (
        clause.has_cause
        or any(word.marker == "cause" for word in clause.words)
        or bool(set(clause.opener.split()) & _CAUSES)
    )
    if "ऐसे में" in " ".join(tokens):
        clause.has_cause = True
    clause.restricted = bool(_RESTRICTED & set(tokens))
    clause.is_passive = bool(tokens) and bool(_PASSIVE & set(tokens[-2:]))
    clause.pronouns = tuple(each for each in tokens if each in _PRONOUNS)
    last = tokens[-3:]
    if any(word.parts and word.parts[0].text in _DYING for word in clause.words):
        # `छात्रा ने दम तोड़ दिया`: the agent is the one who dies.
        for word in clause.words:
            if word.marker == "ने":
                word.marker = ""
    if any(re.search("न[ाीे]$", a) and b in _MUST for a, b in itertools.pairwise(tokens)):
        # `अध्यक्ष को बैठक टालनी पड़ी`: the dative is the agent.
        for word in clause.words:
            if word.marker == "को" and "time" not in word.concepts:
                word.marker = "ने"
    if any(_CAN.match(each) for each in last):
        clause.mode = Mode.CAN
    elif "चाहिए" in last or (
        len(last) > 1
        and last[-1] in _MUST
        and not last[-1].startswith("पडा")
        and last[-1] not in ("पडी", "पडे")
        and re.search("न[ाीे]$", last[-2])
    ):
        clause.mode = Mode.MUST
    elif len(last) > 1 and last[-1] in _IS and re.search("न[ाीे]$", last[-2]) and last[-2] not in _NOT_INFINITIVE:
        # `बैठक होनी है`.
        clause.mode = Mode.FUTURE
    elif any(_FUTURE.search(each) for each in last):
        clause.mode = Mode.FUTURE
    elif last and last[-1] in _WISHES:
        clause.mode = Mode.WISH


def _past_times(clauses: Sequence[Clause]) -> None:
    """A clause that continues another has its year: `2019 में टैक्सी गिरी थी, जिसमें 6 लोगों की जान गई`."""
    for before, clause in itertools.pairwise(clauses):
        openers = set(clause.opener.split())
        if (
            any(each.startswith(("जिस", "जिन", "जह")) for each in openers)
            or openers & {*_JOINS, "जो", "कि"}
            or before.is_adverbial
        ):
            clause.past = clause.past or before.past


def _conditions(clauses: Sequence[Clause]) -> None:
    for at, clause in enumerate(clauses):
        starts = {*clause.tokens[:2], *clause.opener.split()}
        ends_in_par = len(clause.tokens) > 1 and clause.tokens[-1] == "पर" and _is_infinitive(clause.tokens[-2])
        following = clauses[at + 1] if at + 1 < len(clauses) else None
        # `करने पर जुर्माना लगा` tells what happened, `करने पर जुर्माना लगेगा` what may.
        if (
            ends_in_par
            and following is not None
            and following.mode is Mode.FACT
            and not following.act & {"wish", "plan"}
        ):
            ends_in_par = False
        clause.is_condition = bool(starts & {"अगर", "यदि"}) or ends_in_par
        if following is not None and "तो" in following.opener.split():
            clause.is_condition = True
        if at and clauses[at - 1].is_condition:
            clause.has_condition = True


def _speakers(clauses: Sequence[Clause]) -> None:
    """Find who says each clause: `X ने कहा कि`, `X के मुताबिक`, `X का कहना है कि`, and quotes."""
    speaker: list[Word] = []
    kinds: frozenset[str] = frozenset()
    is_said = informs = False
    frame_negations, denies = 0, False
    for at, clause in enumerate(clauses):
        if set(clause.opener.split()) & _ENDS_OF_SPEECH:
            clause.maybe_speaker = list(speaker)
            speaker, is_said, kinds = [], False, frozenset()
        following = clauses[at + 1] if at + 1 < len(clauses) else None
        own = [word for word in clause.words if word.marker == "ने"]
        if (
            own
            and at
            and is_said
            and not clauses[at - 1].is_frame
            and clause.kinds & _SPEECH
            and not {"कि"} & set(clause.opener.split())
        ):
            # Somebody else speaks now: `… और Y ने कहा`.
            speaker, is_said, kinds, informs = [], False, frozenset(), False
        by = [word for word in clause.words if word.marker == "said" or _is_genitive_of(clause, word, "said")]
        if any("record" in word.concepts for word in by):
            last = max(at for at, word in enumerate(clause.words) if word.marker == "said")
            by = clause.words[: last + 1]
        if by:
            speaker, is_said = by, True
            informs = any("official" in word.concepts for word in by)
        clause.speaker, clause.is_said, clause.frame_kinds = list(speaker), is_said, kinds
        clause.informs = informs
        clause.frame_negations, clause.frame_denies = (frame_negations, denies) if is_said else (0, False)
        if not is_said and any(word.quoted for word in clause.words):
            clause.is_said = True
        tail = clause.words[-4:]
        says = any(
            kind in NAMED.get(part.text, ())
            for word in tail
            for part in (word.parts or (word,))
            for kind in ("said", "claim", "doubt", "wish")
        )
        quotes = following is not None and bool(_QUOTES & set(following.opener.split()))
        introduces = following is not None and bool({"कि", ":", *_QUOTES} & set(following.opener.split()))
        # `X ने ज़ोर दिया कि` is not in the table of verbs, but what follows is somebody's word.
        says = says or (introduces and bool(own or quotes) and not clause.has_cause)
        if introduces and says and not (is_said and by):
            names = [word for word in clause.words if word.marker in ("ने", "inherited")]
            names += [word for word in clause.words if word.marker == "gen" and word not in names and not names]
            names = (
                names
                or [word for word in clause.words if word.marker == "को"]
                or [word for word in clause.words[:4] if word.is_content and not word.marker]
            )
            clause.is_frame = True
            speaker, is_said = _with_genitives(clause, names), True
            frame_negations = clause.negations
            denies = "deny" in clause.act and "said" not in clause.act
            clause.speaker, kinds = list(speaker), clause.kinds
            informs = "बताया" in clause.tokens or any("official" in word.concepts for word in speaker)


def _attribute_openings(clauses: Sequence[Clause]) -> None:
    """In `मांग न मानने पर संघ ने घेराव की चेतावनी दी` the opening phrase is part of what is said."""
    for clause, after in itertools.pairwise(clauses):
        agents = [word for word in after.words if word.marker == "ने" and word.is_content]
        if (
            clause.is_adverbial
            and not clause.is_said
            and agents
            and after.act & _SPEECH
            and after.kinds & {"claim", "doubt", "wish"}
        ):
            clause.speaker, clause.is_said = agents, True


def _is_genitive_of(clause: Clause, word: Word, marker: str) -> bool:
    """Whether the word stands in a genitive right before a phrase with the marker."""
    if word.marker != "gen":
        return False
    later = [each for each in clause.words if each.phrase > word.phrase]
    return (
        bool(later)
        and later[0].phrase == word.phrase + 1
        and (later[0].marker == marker or _is_genitive_of(clause, later[0], marker))
    )


def _with_genitives(clause: Clause, names: Sequence[Word]) -> list[Word]:
    marker = names[0].marker if names else ""
    return [each for each in clause.words if each in names or (marker and _is_genitive_of(clause, each, marker))]


def _inherit_agents(clauses: Sequence[Clause]) -> None:
    """A clause after और without an agent of its own has that of the clause before it."""
    for before, clause in itertools.pairwise(clauses):
        openers = set(clause.opener.split())
        contrast = bool(openers & _CONTRASTS) and bool(set(clause.tokens[-3:]) & _TRANSITIVE) and not clause.is_passive
        if (
            (clause.opener in (*_JOINS, ",") or contrast)
            and not before.is_condition
            and not _is_intransitive(clause)
            and not any(word.marker == "ने" for word in clause.words)
        ):
            agents = [word for word in before.words if word.marker == "ने"]
            if agents:
                clause.words = [*(_as_inherited(word) for word in agents), *clause.words]


def _move_agents(clauses: Sequence[Clause]) -> None:
    """In `मंत्री ने बारिश होने पर स्कूल बंद किए` the agent is that of the second verb."""
    for clause, after in itertools.pairwise(clauses):
        if clause.is_adverbial and not any(word.marker == "ने" for word in after.words):
            agents = [word for word in clause.words if word.marker == "ने"]
            clause.words = [word for word in clause.words if word not in agents]
            after.words = [*(replace(word, phrase=-1) for word in agents), *after.words]


def _resolve_relatives(clauses: Sequence[Clause]) -> None:
    """`सरगना यादव है, जिसे प्रसाद ने पेपर बेचा`: the pronoun stands for the noun before it."""
    for before, clause in itertools.pairwise(clauses):
        marker = next((case for each in clause.opener.split() if (case := _RELATIVES.get(each))), "")
        nouns = [word for word in before.words if word.is_content and not word.number and "time" not in word.concepts]
        if marker and nouns:
            # The last noun phrase before the verb.
            last = nouns[-1].phrase
            clause.words = [
                *(replace(word, marker=marker, phrase=-1) for word in nouns if word.phrase == last),
                *clause.words,
            ]


def _give_nouns(clauses: Sequence[Clause]) -> None:
    """Give a clause that describes a noun this noun as its agent."""
    for clause, after in itertools.pairwise(clauses):
        if clause.tokens[-1] in _MODIFIERS and after.words and after.opener in _MODIFIERS:
            noun = [
                word
                for word in after.words
                if word.phrase == after.words[0].phrase and word.is_content and not word.number
            ]
            clause.words = [*(_as_inherited(word) for word in noun), *clause.words]


def _share_predicates(clauses: Sequence[Clause]) -> None:
    """In `A को 5 और B को 1 लाख देने की घोषणा की` the first part has the predicate of the second too."""
    for clause, after in itertools.pairwise(clauses):
        if after.opener not in (*_JOINS, ",") or _ends_in_verb(clause.tokens):
            continue
        numbers = [at for at, word in enumerate(after.words) if word.number]
        if numbers:
            shared = [word for word in after.words[numbers[-1] + 1 :] if word.marker in ("", "gen")]
            clause.words = [*clause.words, *(replace(word, phrase=-1) for word in shared)]
            clause.kinds |= after.kinds & {"plan", "claim", "doubt", "wish", "deny", "arrest"}
            clause.mode, clause.negations = after.mode, after.negations


def _is_intransitive(clause: Clause) -> bool:
    verb = next(
        (
            each
            for each in reversed(clause.tokens)
            if each not in _PUNCTUATION and (each not in _AUXILIARIES or each == "हो")
        ),
        "",
    )
    return bool(_INTRANSITIVE.fullmatch(verb))


def _as_inherited(word: Word) -> Word:
    return Word(word.text, word.key, word.concepts, "inherited", word.number, parts=word.parts, phrase=-1)
