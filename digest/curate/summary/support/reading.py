"""Read Hindi news sentences as clauses: words with case markers and numbers, who says it, and whether it happened.

There is no parser. Tables of words and endings give a reading that is right for most news sentences; the support
check compares two such readings and refuses what it cannot match.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from digest.curate.summary.support.clauses import MODIFIERS, Clause, Mode, Sentence, ends_in_verb, pieces
from digest.curate.summary.support.vocabulary import ALL_CLASSES, GRAMMAR, NAMED
from digest.curate.summary.support.words import (
    ACTING_PRONOUNS,
    AUXILIARIES,
    FUTURE,
    JOINS,
    NOT_INFINITIVE,
    PRONOUNS,
    PUNCTUATION,
    QUOTES,
    Word,
    is_infinitive,
    tokens_of,
    words_of,
)
from digest.hindi.sentences import split
from digest.hindi.text import fold

# `नहीं कर सका` tells what happened.
_CAN = re.compile("सक(?:ता|ती|ते|तीं|े|ेगा|ेगी|ेंगे)$")
SPEECH = frozenset({"said", "claim", "doubt", "wish", "plan"})
_INTRANSITIVE = re.compile(
    fold(
        "(?:हो|आ|जा|गिर|मर|मारे|झुलस|घायल|ज़ख़्मी|मिल|चल|रह|बैठ|पहुंच|निकल|बढ़|घट|टूट|फट|डूब|जल|उतर|लग|मौत|फंस|छूट|बच)(?:ा|ी|े|या|ई|ए|एगा|एगी|एंगे|ेगा|ेगी|ेंगे|ेंगी)?"
    )
)
# A clause after these has the agent before it only if its verb needs one.
_RELATIVES = {
    fold(word): marker
    for word, marker in (("जिसे", "को"), ("जिन्हें", "को"), ("जिसने", "inherited"), ("जिन्होंने", "inherited"))
}
_DYING = frozenset({"दम"})
_IS = frozenset({"है", "हैं"})
_ONGOING = frozenset(map(fold, ["रहा", "रही", "रहे"]))
_ENDS_OF_SPEECH = GRAMMAR["end of speech"]
_WISHES = GRAMMAR["wish ending"]
_MUST = GRAMMAR["must"]
_CONTRASTS = GRAMMAR["contrast"]
_TRANSITIVE = GRAMMAR["transitive"]
_RESTRICTED = GRAMMAR["restricted"]
_PASSIVE = GRAMMAR["passive"]
_CAUSES = GRAMMAR["causal opener"]
_PAST_TIMES = GRAMMAR["past time"]


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
        if any(word.text in ACTING_PRONOUNS for word in clause.words):
            own = [word for word in clause.speaker if word.is_content] if clause.is_said and not clause.is_frame else []
            clause.words = [*(_as_inherited(word) for word in own or subject), *clause.words]


def _read_sentence(text: str, at: int) -> Sentence:
    tokens = tokens_of(text)
    clauses: list[Clause] = []
    phrase = 0
    quoted = False
    for opener, piece in pieces(tokens):
        words, phrase, quoted = words_of(piece, phrase, quoted)
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
    return clause.is_adverbial or clause.tokens[-1] in MODIFIERS


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


def _describe(clause: Clause) -> None:
    """Note negations, mode, kinds of words and other marks of the clause."""
    tokens = [each for each in clause.tokens if each not in PUNCTUATION]
    counted = {
        part.text for word in clause.words for part in word.parts if len(word.parts) > 2 and "less" in part.concepts
    }
    in_phrases = {part.text for word in clause.words for part in word.parts if "negative" in part.concepts}
    clause.is_adverbial = tokens[-1:] != [] and (
        tokens[-1] in ("पर", "से", "बाद", "कारण") and any(map(is_infinitive, tokens[-3:-1]))
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
    clause.pronouns = tuple(each for each in tokens if each in PRONOUNS)
    last = tokens[-3:]
    if any(word.parts and word.parts[0].text in _DYING for word in clause.words):
        # `छात्रा ने दम तोड़ दिया`: the agent is the one who dies.
        for word in clause.words:
            if word.marker == "ने":
                word.marker = ""
    if any(re.search("न[ाीे]$", a) and (b in _MUST or b in _IS) for a, b in itertools.pairwise(tokens)):
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
    elif len(last) > 1 and last[-1] in _IS and re.search("न[ाीे]$", last[-2]) and last[-2] not in NOT_INFINITIVE:
        # `बैठक होनी है`.
        clause.mode = Mode.FUTURE
    elif any(FUTURE.search(each) for each in last):
        clause.mode = Mode.FUTURE
    elif last and last[-1] in _WISHES:
        clause.mode = Mode.WISH


def _past_times(clauses: Sequence[Clause]) -> None:
    """A clause that continues another has its year: `2019 में टैक्सी गिरी थी, जिसमें 6 लोगों की जान गई`."""
    for before, clause in itertools.pairwise(clauses):
        openers = set(clause.opener.split())
        if (
            any(each.startswith(("जिस", "जिन", "जह")) for each in openers)
            or openers & {*JOINS, "जो", "कि"}
            or before.is_adverbial
        ):
            clause.past = clause.past or before.past


def _conditions(clauses: Sequence[Clause]) -> None:
    for at, clause in enumerate(clauses):
        starts = {*clause.tokens[:2], *clause.opener.split()}
        ends_in_par = len(clause.tokens) > 1 and clause.tokens[-1] == "पर" and is_infinitive(clause.tokens[-2])
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
            and clause.kinds & SPEECH
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
        quotes = following is not None and bool(QUOTES & set(following.opener.split()))
        introduces = following is not None and bool({"कि", ":", *QUOTES} & set(following.opener.split()))
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
            and after.act & SPEECH
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
            (clause.opener in (*JOINS, ",") or contrast)
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
        if clause.tokens[-1] in MODIFIERS and after.words and after.opener in MODIFIERS:
            noun = [
                word
                for word in after.words
                if word.phrase == after.words[0].phrase and word.is_content and not word.number
            ]
            clause.words = [*(_as_inherited(word) for word in noun), *clause.words]


def _share_predicates(clauses: Sequence[Clause]) -> None:
    """In `A को 5 और B को 1 लाख देने की घोषणा की` the first part has the predicate of the second too."""
    for clause, after in itertools.pairwise(clauses):
        if after.opener not in (*JOINS, ",") or ends_in_verb(clause.tokens):
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
            if each not in PUNCTUATION and (each not in AUXILIARIES or each == "हो")
        ),
        "",
    )
    return bool(_INTRANSITIVE.fullmatch(verb))


def _as_inherited(word: Word) -> Word:
    return Word(word.text, word.key, word.concepts, "inherited", word.number, parts=word.parts, phrase=-1)
