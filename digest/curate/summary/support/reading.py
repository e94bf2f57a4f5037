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

from digest.curate.summary.support.clauses import MODIFIERS, Clause, Mode, Sentence, ends_in_verb, outside, pieces
from digest.curate.summary.support.roles import is_name_like
from digest.curate.summary.support.speakers import goes_on_speaking, leaves_open, speakers
from digest.curate.summary.support.vocabulary import ALL_CLASSES, GRAMMAR, NAMED, key_of
from digest.curate.summary.support.words import (
    ACTING_PRONOUNS,
    AUXILIARIES,
    CASES,
    FUTURE,
    GENITIVES,
    JOINS,
    NOT_INFINITIVE,
    PAST,
    PRONOUNS,
    PUNCTUATION,
    Word,
    is_infinitive,
    tokens_of,
    words_of,
)
from digest.hindi.sentences import split
from digest.hindi.text import fold

# `नहीं कर सका` tells what happened.
_CAN = re.compile("सक(?:ता|ती|ते|तीं|े|ेगा|ेगी|ेंगे)$")
_WITHOUT_OBJECT = "|".join(sorted(GRAMMAR["intransitive root"] | GRAMMAR["intransitive"]))
_INTRANSITIVE = re.compile(f"(?:{_WITHOUT_OBJECT})(?:ा|ी|े|या|ई|ए|एगा|एगी|एंगे|ेगा|ेगी|ेंगे|ेंगी)?")
# After these words, a clause shares the earlier agent only if its verb needs one.
_RELATIVES = {
    fold(word): marker
    for word, marker in (("जिसे", "को"), ("जिन्हें", "को"), ("जिसने", "inherited"), ("जिन्होंने", "inherited"))
}
_DYING = frozenset({"दम"})
_IS = GRAMMAR["is"]
_WAS = GRAMMAR["was"]
_TO = re.compile("न[ाीे]$")
_ONGOING = GRAMMAR["ongoing"]
_WISHES = GRAMMAR["wish ending"]
_MUST = GRAMMAR["must"]
_CONTRASTS = GRAMMAR["contrast"]
_TRANSITIVE = GRAMMAR["transitive"]
_PASSIVE = GRAMMAR["passive"]
_CAUSES = GRAMMAR["causal opener"]
_REASONS = GRAMMAR["reason"]
_WENT = GRAMMAR["before went"]
_PERIODS = frozenset(map(key_of, GRAMMAR["period"]))
_PAST_TIMES = GRAMMAR["past time"]
_DAYS = fold("दिनों")
# A newspaper does not call itself that: the speaker of the sentence before continues.
_FIRST_PERSON = GRAMMAR["first person"]
_PAIR = 2
# `बसें टकराईं, जिसमें दो लोग घायल हुए`: one event.
_RESULTS = frozenset({"जिसमें", "जिससे", "जिनमें"})


@lru_cache(maxsize=512)
def read(text: str) -> tuple[Sentence, ...]:
    """Read a text of some sentences. The result must not be changed."""
    sentences = [_read_sentence(piece, at) for at, piece in enumerate(split(text))]
    is_open = False
    for before, sentence in itertools.pairwise(sentences):
        is_open = leaves_open(before.text, is_open=is_open)
        if is_open or _FIRST_PERSON & {token for clause in sentence.clauses for token in clause.tokens}:
            goes_on_speaking(before.clauses, sentence.clauses)
        _resolve_pronouns(sentence, _subject(before))
    _complete_speakers(sentences)
    for sentence in sentences:
        sentence.units = _units(sentence.clauses)
    return tuple(sentences)


def _subject(sentence: Sentence) -> list[Word]:
    """Return the words for the person that a pronoun in the next sentence most likely means."""
    for clause in sentence.clauses:
        if named := _speaker_or_agent(clause):
            return named
    return _first_person_or_thing(sentence.clauses[0]) if sentence.clauses else []


def _speaker_or_agent(clause: Clause) -> list[Word]:
    """Return the words for who speaks, acts, doubts or hopes in a clause; empty if no marker shows it."""
    if names := [word for word in clause.speaker if word.is_content]:
        return names
    if names := [word for word in clause.words if word.marker == "ने" and word.is_content]:
        return names
    if clause.is_passive and (names := [word for word in clause.words if word.marker == "को" and is_name_like(word)]):
        # `मोहन को अदालत लाया गया`
        return [word for word in names if word.phrase == names[0].phrase]
    if clause.act & {"doubt", "wish"}:
        # `X को उम्मीद है`
        names = [word for word in clause.words if word.marker == "को" and word.is_content]
        return [word for word in names if word.phrase == names[0].phrase]
    return []


def _first_person_or_thing(clause: Clause) -> list[Word]:
    """Return the phrase of the first person in a clause. Without a person, return the first thing with its owners."""
    words = [word for word in clause.words if word.is_content]
    bare = [word for word in words if word.marker == "" and "time" not in word.concepts and not word.number]
    owners = [word for word in words if word.marker == "gen" and word.phrase < (bare[0].phrase if bare else 0)]
    people = [word for word in (*bare, *owners) if len(word.concepts) == 1 or {"name", "office"} & word.concepts]
    if people:
        return [word for word in people if word.phrase == people[0].phrase]
    if not bare:
        return [word for word in words if word.marker in ("gen", "को")]
    thing = bare[0].phrase
    return [word for word in words if word.phrase == thing or (word.marker == "gen" and word.phrase < thing)]


def _resolve_pronouns(sentence: Sentence, subject: Sequence[Word]) -> None:
    """Replace a pronoun that speaks or acts by the subject of the sentence before."""
    for clause in sentence.clauses:
        is_record = any("record" in word.concepts for word in clause.speaker)
        if clause.speaker and not is_record and not any(word.is_content for word in clause.speaker):
            clause.speaker = [replace(word, marker="said") for word in subject]
        if any(word.text in ACTING_PRONOUNS for word in clause.words):
            own = [word for word in clause.speaker if word.is_content] if clause.is_said and not clause.is_frame else []
            if not any(len(word.concepts) == 1 or {"name", "office"} & word.concepts for word in own):
                # `शिकायत के मुताबिक उसने`
                own = []
            clause.words = [*(_as_inherited(word) for word in own or subject), *clause.words]
        elif not clause.is_said and (names := _first_names(clause)):
            subject = names


def _complete_speakers(sentences: Sequence[Sentence]) -> None:
    """Add the first name to a speaker's bare surname, from the last person before with it: `कुमार` for `प्रशांत कुमार`."""
    first_names: dict[str, Word] = {}
    for clause in (clause for sentence in sentences for clause in sentence.clauses):
        names = [word for word in clause.speaker if is_name_like(word)]
        if len(names) == 1 and (first := first_names.get(names[0].text)):
            at = clause.speaker.index(names[0])
            full = replace(first, marker=names[0].marker, phrase=names[0].phrase)
            clause.speaker = [*clause.speaker[:at], full, *clause.speaker[at:]]
        for one, two in itertools.pairwise(clause.words):
            if one.phrase == two.phrase and is_name_like(one) and is_name_like(two):
                first_names[two.text] = one


def _first_names(clause: Clause) -> list[Word]:
    """Return the names of the phrase without a marker that opens the clause."""
    first = next((word for word in clause.words if word.is_content), None)
    if first is None or first.number or first.marker not in ("", "ने", "को" if clause.is_passive else ""):
        return []
    phrase = [word for word in clause.words if word.phrase == first.phrase and word.is_content and not word.number]
    return phrase if any("name" in word.concepts or len(word.concepts) == 1 for word in phrase) else []


def _read_sentence(text: str, at: int) -> Sentence:
    tokens, aside = _take_aside(tokens_of(text))
    clauses: list[Clause] = []
    phrase = 0
    quoted = False
    for opener, piece in (*pieces(tokens), *pieces(aside)):
        words, phrase, quoted = words_of(piece, phrase, quoted)
        clause = Clause(words, opener, at, tokens=tuple(piece))
        _describe(clause)
        clauses.append(clause)
    _conditions(clauses)
    _past_times(clauses)
    _resolve_relatives(clauses)
    _move_agents(clauses)
    _inherit_agents(clauses)
    _share_predicates(clauses)
    speakers(clauses)
    return Sentence(text, clauses)


def _take_aside(tokens: list[str]) -> tuple[list[str], list[str]]:
    """Remove an insertion such as `, जो इस शोध से नहीं जुड़े हैं,` between a noun and its marker."""
    for start in range(1, len(tokens) - 1):
        if tokens[start] == "," and tokens[start + 1].startswith(("जो", "जिन", "जिस")):
            for end in range(start + 2, len(tokens) - 1):
                if tokens[end] == "," and tokens[end + 1] in CASES | GENITIVES:
                    return tokens[:start] + tokens[end + 1 :], tokens[start + 1 : end]
    return tokens, []


def opens(clause: Clause) -> bool:
    """Whether the clause only opens or describes the next one."""
    return clause.is_adverbial or clause.tokens[-1] in MODIFIERS


def merge(before: Clause, clause: Clause) -> Clause:
    """Return the clause together with its introduction."""
    return replace(
        clause,
        words=[*(word for word in before.words if word.marker != "inherited"), *clause.words],
        opener=before.opener,
        tokens=(*before.tokens, *clause.tokens),
        kinds=before.kinds | clause.kinds,
        negations=before.negations + clause.negations,
        has_cause=before.has_cause or clause.has_cause,
        pronouns=(*before.pronouns, *clause.pronouns),
    )


def _units(clauses: Sequence[Clause]) -> list[Clause]:
    """Return the clauses, and each with the phrase before it: `चलाने पर` + `जुर्माना लगा`."""
    found = list(clauses)
    for before, clause in itertools.pairwise(clauses):
        is_result = not clause.is_frame and bool(_RESULTS & {*clause.opener.split()})
        if not before.is_frame and (before.is_adverbial or is_result):
            found.append(merge(before, clause))
    return found


def _describe(clause: Clause) -> None:
    """Set the clause's negations, mode, kinds of words and other marks."""
    tokens = [each for each in clause.tokens if each not in PUNCTUATION]
    clause.is_adverbial = tokens[-1:] != [] and (
        tokens[-1] in ("पर", "से", "बाद", "कारण") and any(map(is_infinitive, tokens[-3:-1]))
    )
    clause.negations = _count_negations(clause, tokens)
    clause.kinds = _kinds(clause, tokens)
    clause.act = frozenset(kind for each in tokens[-4:] for kind in NAMED.get(each, ())) | _announcement_kinds(tokens)
    clause.past = _year_or_past(clause) or _ago(clause)
    clause.is_ongoing = bool(_ONGOING & set(tokens[-2:])) and bool(set(tokens[-3:]) & (_IS | _WAS))
    clause.has_cause = clause.has_cause or _names_cause(clause, tokens)
    clause.is_passive = _is_passive(tokens)
    clause.is_intransitive = _is_intransitive(clause)
    clause.pronouns = tuple(each for each in tokens if each in PRONOUNS)
    _correct_markers(clause, tokens)
    clause.mode = _mode(tokens[-3:], clause.negations)


def _count_negations(clause: Clause, tokens: Sequence[str]) -> int:
    if tokens[:1] == ["तक"] and "जब" in clause.opener.split():
        # `जब तक भुगतान नहीं होता` is `भुगतान होने तक`.
        return 0
    in_phrases = {part.text for word in clause.words for part in word.parts if "negative" in part.concepts}
    plain = [each for each in outside(clause.tokens) if each not in PUNCTUATION]
    found = sum(each in ALL_CLASSES["negative"] and each not in in_phrases for each in plain)
    # `लड़ना है या नहीं` denies nothing.
    return found - sum(pair == ("या", "नहीं") for pair in itertools.pairwise(tokens))


def _kinds(clause: Clause, tokens: Sequence[str]) -> frozenset[str]:
    """Return the kinds of the clause's words. `कम` in a compound number is no word for less."""
    counted = {
        part.text for word in clause.words for part in word.parts if len(word.parts) > _PAIR and "less" in part.concepts
    }
    kinds = frozenset(kind for each in tokens if each not in counted for kind in NAMED.get(each, ()))
    return kinds | _announcement_kinds(tokens)


def _announcement_kinds(tokens: Sequence[str]) -> frozenset[str]:
    """Return the kinds of a phrase for what is still to come: `जांच की बात कही`, or the order `बढ़ाने को कहा`."""
    three = zip(tokens, tokens[1:], tokens[2:], strict=False)
    if any(is_infinitive(one) and (two, last) == ("को", "कहा") for one, two, last in three):
        return frozenset({"plan", "wish"})
    return frozenset({"plan"} if "बात" in tokens and "कही" in tokens else ())


def _year_or_past(clause: Clause) -> str:
    """Return the clause's year, or its word for a past time: `पिछले`."""
    return next(
        (
            word.number if word.is_year else word.text
            for word in clause.words
            if word.is_year or (word.text in _PAST_TIMES and _dates(clause, word))
        ),
        "",
    )


def _ago(clause: Clause) -> str:
    """Return पहले if the clause has a time like `दो साल पहले`, or ''."""
    for word, period, after in zip(clause.words, clause.words[1:], clause.words[2:], strict=False):
        if (word.number or word.text == "कुछ") and period.key in _PERIODS and after.text == "पहले":
            return "पहले"
    return ""


def _names_cause(clause: Clause, tokens: Sequence[str]) -> bool:
    return (
        any(word.marker == "cause" for word in clause.words)
        or bool(_REASONS & set(tokens))
        or bool(set(clause.opener.split()) & _CAUSES)
        or "ऐसे में" in " ".join(tokens)
    )


def _is_passive(tokens: Sequence[str]) -> bool:
    """Whether the verb is passive: `भेजे गए`, but not `ले गए`."""
    end = [each for each in tokens if each not in ALL_CLASSES["negative"]][-3:]
    return any(
        each in _PASSIVE and bool(re.search("[ािीेएई]$", before)) and before not in _WENT
        for before, each in itertools.pairwise(end)
    )


def _correct_markers(clause: Clause, tokens: Sequence[str]) -> None:
    """Give the words around two kinds of verbs the markers that other verbs would have."""
    if any(word.parts and word.parts[0].text in _DYING for word in clause.words):
        # `छात्रा ने दम तोड़ दिया`: the agent is the one who dies.
        for word in clause.words:
            if word.marker == "ने":
                word.marker = ""
    if any(_is_to(one) and (two in _MUST | _IS or two == "चाहिए") for one, two in itertools.pairwise(tokens)):
        # `अध्यक्ष को बैठक टालनी पड़ी`: the dative is the agent.
        for word in clause.words:
            if word.marker == "को" and "time" not in word.concepts:
                word.marker = "ने"


def _mode(last: Sequence[str], negations: int) -> Mode:
    """Return the mode that the last tokens of a clause give it."""
    if any(_CAN.match(each) for each in last) and not _could(last, negations):
        return Mode.CAN
    if "चाहिए" in last or _has_to(last):
        return Mode.MUST
    if _is_to_come(last) or any(FUTURE.search(each) for each in last) or _is_about_to(last):
        return Mode.FUTURE
    return Mode.WISH if last and last[-1] in _WISHES else Mode.FACT


def _has_to(last: Sequence[str]) -> bool:
    """Whether something must be done: `ख़र्च करना पड़ेगा`. `करना पड़ा` tells what happened."""
    if len(last) < _PAIR or last[-1] not in _MUST or not _is_to(last[-2]):
        return False
    return not last[-1].startswith("पडा") and last[-1] not in ("पडी", "पडे")


def _is_to_come(last: Sequence[str]) -> bool:
    """Whether the last tokens are like `बैठक होनी है` or `पुल मार्च में खुलना था`."""
    return len(last) >= _PAIR and last[-1] in _IS | _WAS and _is_to(last[-2]) and last[-2] not in NOT_INFINITIVE


def _is_about_to(last: Sequence[str]) -> bool:
    """Whether the last tokens tell what is still to come: `होने वाली है`."""
    return len(last) > _PAIR and last[-1] in _IS and last[-2].startswith("वाल") and is_infinitive(last[0])


def _could(last: Sequence[str], negations: int) -> bool:
    """Whether `सके` tells what happened: `नहीं बना सके`."""
    return "सके" in last and (bool(negations) or last[-1] in _IS | _WAS)


def _is_to(token: str) -> bool:
    """Whether the token has the ending of an infinitive: होनी. बनी and सुना are participles."""
    return bool(_TO.search(token)) and not PAST.fullmatch(token)


def _dates(clause: Clause, word: Word) -> bool:
    """Whether `पिछले` dates the clause. `पिछले तीन दिनों में` is now, and `पिछले साल के 210 से` only compares."""
    at = clause.words.index(word)
    phrase = [each for each in clause.words[at + 1 :] if each.phrase == word.phrase]
    following = clause.words[at + 1 : at + 2]
    compares = any(each.number and each.marker == "से" for each in clause.words[at + 1 :])
    # `बीते दिनों`: not long ago.
    if word.marker == "से" or (word.marker == "gen" and compares) or [each.text for each in following] == [_DAYS]:
        return False
    return not any(each.number for each in (*phrase, *following))


def _past_times(clauses: Sequence[Clause]) -> None:
    """Give a clause the year of the clause that it continues: `2019 में टैक्सी गिरी थी, जिसमें 6 लोगों की जान गई`."""
    for before, clause in itertools.pairwise(clauses):
        openers = set(clause.opener.split())
        if (
            any(each.startswith(("जिस", "जिन", "जह")) for each in openers)
            or openers & {*JOINS, "जो", "कि"}
            or before.is_adverbial
        ):
            # `पिछले हफ़्ते कहा कि`: what is said need not be of last week.
            is_frame_only = "कि" in openers and not before.past.isdigit()
            clause.past = clause.past or ("" if is_frame_only else before.past)


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
        if following is not None and "तो" in following.opener.split() and "जब" not in starts:
            # `जब नींद खुली तो कोहरा था` is a time.
            clause.is_condition = True
        if at and clauses[at - 1].is_condition:
            clause.has_condition = True


def _inherit_agents(clauses: Sequence[Clause]) -> None:
    """Give a clause after और without an agent the agent of the clause before it."""
    for before, clause in itertools.pairwise(clauses):
        openers = set(clause.opener.split())
        has_agent = bool(set(clause.tokens[-3:]) & _TRANSITIVE) or "कहा" in clause.tokens[-3:]
        contrast = bool(openers & _CONTRASTS) and has_agent and not clause.is_passive
        if (
            (clause.opener in (*JOINS, ",") or contrast)
            and not before.is_condition
            and not _is_intransitive(clause)
            and not clause.is_passive
            and not any(word.marker == "ने" for word in clause.words)
        ):
            agents = [word for word in before.words if word.marker == "ने" and not word.number]
            if agents:
                clause.words = [*(_as_inherited(word) for word in agents), *clause.words]


def _move_agents(clauses: Sequence[Clause]) -> None:
    """Move agents to their verb: in `मंत्री ने बारिश होने पर स्कूल बंद किए` the agent belongs to the second verb.

    In `कंपनी ने विदेश में काम कर रहे इंजीनियर को बुलाया` too: such a participle has no agent.
    """
    for clause, after in itertools.pairwise(clauses):
        opens_next = clause.is_adverbial or (clause.tokens[-1] in MODIFIERS and after.opener in MODIFIERS)
        if opens_next and not any(word.marker == "ने" for word in after.words):
            agents = [word for word in clause.words if word.marker == "ने"]
            clause.words = [word for word in clause.words if word not in agents]
            after.words = [*(replace(word, phrase=-1) for word in agents), *after.words]


def _resolve_relatives(clauses: Sequence[Clause]) -> None:
    """Resolve relative pronouns to the noun before them: `सरगना यादव है, जिसे प्रसाद ने पेपर बेचा`."""
    for before, clause in itertools.pairwise(clauses):
        marker = next((case for each in clause.opener.split() if (case := _RELATIVES.get(each))), "")
        nouns = [word for word in before.words if word.is_content and not word.number and "time" not in word.concepts]
        if marker and nouns:
            # The last noun phrase before the verb.
            last = nouns[-1].phrase
            if clause.tokens[0] in ("देखते", "लेकर"):
                # `जिसे देखते हुए`: it was told just before.
                continue
            clause.words = [
                *(replace(word, marker=marker, phrase=-1) for word in nouns if word.phrase == last),
                *clause.words,
            ]


def _share_predicates(clauses: Sequence[Clause]) -> None:
    """Share predicates: in `A को 5 और B को 1 लाख देने की घोषणा की` all parts have the last one's predicate."""
    for clause, after in reversed([*itertools.pairwise(clauses)]):
        if after.opener not in (*JOINS, ",") or ends_in_verb(clause.tokens):
            continue
        numbers = [at for at, word in enumerate(after.words) if word.number or word.text == "एक"]
        if numbers and any(word.number for word in clause.words):
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
