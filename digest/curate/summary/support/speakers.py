"""Find who says each clause of a sentence."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from digest.curate.summary.support.clauses import Clause
from digest.curate.summary.support.vocabulary import GRAMMAR, NAMED
from digest.curate.summary.support.words import PRONOUNS, QUOTES, Word
from digest.hindi.text import fold

SPEECH = frozenset({"said", "claim", "doubt", "wish", "plan"})
_SAID = frozenset({"कहा", "बताया", "लिखा", "बोले", "बोलीं"})
_IS = frozenset({"है", "हैं"})
_MARKS = re.compile("(?P<opening>[“‘]|(?<![^ ,:])''?(?=[^ ']))|[\"”’]|''?(?=$|[ ।,.!?])")
# `…, यह जानकारी X ने दी`
_THIS_NEWS = frozenset({"यह", "जानकारी"})
_NEWS = frozenset({"सूचना", "जानकारी"})
# `आयोग ने रिपोर्ट दी। इसमें कहा गया है कि`
_IN_THIS = frozenset({"इसमें", "उसमें"})
_ARGUMENTS = frozenset(map(fold, ["तर्क", "दलील", "दावे", "आरोप", "आरोपों", "बयान", "शिकायत"]))
_ENDS_OF_SPEECH = GRAMMAR["end of speech"]


def speakers(clauses: Sequence[Clause]) -> None:
    """Set the speaker of each clause of a sentence."""
    _find_introductions(clauses)
    _openings(clauses)
    if clauses:
        _trailing(clauses)


def leaves_open(text: str, *, is_open: bool) -> bool:
    """Whether a quotation is open at the end of the sentence. `is_open`: at its start."""
    for mark in _MARKS.finditer(text):
        is_open = bool(mark["opening"]) or (mark[0] == '"' and not is_open)
    return is_open


def goes_on_speaking(before: Sequence[Clause], clauses: Sequence[Clause]) -> None:
    """Give the speaker of an open quotation to the next sentence."""
    last = next((each for each in reversed(before) if each.is_said or each.is_frame), None)
    for clause in clauses:
        names = bool(clause.speaker)
        if last is None or set(clause.opener.split()) & QUOTES or (clause.is_frame and names):
            return
        if not names:
            clause.is_said, clause.speaker = True, list(last.speaker)
            clause.frame_kinds |= last.kinds if last.is_frame else last.frame_kinds
        if QUOTES & set(clause.tokens):
            return


@dataclass(frozen=True)
class _Introduction:
    """Who says the clauses that follow, and how. `speaker` is empty if nobody does, or nobody with a name."""

    speaker: tuple[Word, ...] = ()
    is_said: bool = False
    kinds: frozenset[str] = frozenset()
    informs: bool = False
    negations: int = 0
    denies: bool = False


def _find_introductions(clauses: Sequence[Clause]) -> None:
    """Find speakers that introduce clauses: `X ने कहा कि`, `X के मुताबिक`, `X का कहना है कि`, and quotes."""
    now = _Introduction()
    for at, clause in enumerate(clauses):
        if _ends_speech(clauses, at):
            clause.maybe_speaker = list(now.speaker)
            now = replace(now, speaker=(), is_said=False, kinds=frozenset())
        if now.is_said and _another_speaks(clauses, at):
            now = replace(now, speaker=(), is_said=False, kinds=frozenset(), informs=False)
        by = _according_to(clause)
        if by:
            now = replace(now, speaker=tuple(by), is_said=True, informs=_is_official(by))
        _tell(clause, now)
        if not now.is_said and any(word.quoted for word in clause.words):
            clause.is_said = True
        following = clauses[at + 1] if at + 1 < len(clauses) else None
        if following is not None and not by and _introduces(clause, following):
            now = _introduction(clause, now)
            clause.is_frame, clause.speaker = True, list(now.speaker)


def _tell(clause: Clause, by: _Introduction) -> None:
    """Set who says the clause."""
    clause.speaker, clause.is_said, clause.frame_kinds = list(by.speaker), by.is_said, by.kinds
    clause.informs = by.informs
    clause.frame_negations, clause.frame_denies = (by.negations, by.denies) if by.is_said else (0, False)


def _ends_speech(clauses: Sequence[Clause], at: int) -> bool:
    """Whether the clause is the paper's own again: `…, जबकि बाज़ार खुले रहे`."""
    openers = set(clauses[at].opener.split())
    is_result = "तो" in openers and any(each.is_condition and not each.is_said for each in clauses[:at])
    return bool(openers & _ENDS_OF_SPEECH) or is_result


def _another_speaks(clauses: Sequence[Clause], at: int) -> bool:
    """Whether another speaker begins with this clause: `… और Y ने कहा`."""
    clause = clauses[at]
    return (
        at > 0
        and any(word.marker == "ने" for word in clause.words)
        and not clauses[at - 1].is_frame
        and bool(clause.act & (SPEECH | {"deny"}))
        and "कि" not in clause.opener.split()
    )


def _according_to(clause: Clause) -> list[Word]:
    """Return the speaker that the clause itself names: `पुलिस के मुताबिक`. A record has all words before it."""
    before = _phrases_before(clause, "said")
    by = [word for word in clause.words if word.marker == "said" or (word.marker == "gen" and word.phrase in before)]
    if any("record" in word.concepts for word in by):
        last = max(at for at, word in enumerate(clause.words) if word.marker == "said")
        return clause.words[: last + 1]
    return by


def _introduces(clause: Clause, following: Clause) -> bool:
    """Whether the clause introduces somebody's words in the next one."""
    openers = set(following.opener.split())
    own = any(word.marker == "ने" for word in clause.words)
    # `उन्होंने कहा, बारिश होगी`
    is_after_comma = following.opener == "," and own and clause.tokens[-1] in _SAID
    if not (openers & {"कि", ":", *QUOTES} or is_after_comma):
        return False
    # `X ने ज़ोर दिया कि` is not in the table of verbs, but what follows is somebody's word.
    is_heard = "कि" in openers and bool(_NEWS & set(clause.tokens))
    is_anybodys = (own or is_heard or bool(openers & QUOTES)) and not clause.has_cause
    return is_anybodys or any(
        kind in NAMED.get(part.text, ())
        for word in clause.words[-4:]
        for part in (word.parts or (word,))
        for kind in ("said", "claim", "doubt", "wish")
    )


def _introduction(clause: Clause, now: _Introduction) -> _Introduction:
    """Return the speaker of the words that follow the clause."""
    names = _names(clause)
    # `X ने कहा कि उन्होंने सोचा था कि`: X still says it.
    goes_on = clause.is_said and now.speaker and not any(word.is_content for word in names)
    speaker = now.speaker if goes_on else tuple(_with_genitives(clause, names))
    return _Introduction(
        speaker=speaker,
        is_said=True,
        kinds=clause.kinds,
        informs="बताया" in clause.tokens or _is_official(speaker),
        negations=clause.negations,
        # `यह कहते हुए याचिका ख़ारिज कर दी कि`
        denies="deny" in clause.act and "said" not in clause.kinds,
    )


def _names(clause: Clause) -> list[Word]:
    """Return the words for the speaker in a clause that introduces another one, by the first kind that it has."""

    def marked(marker: str) -> list[Word]:
        return [word for word in clause.words if word.marker == marker]

    feels = marked("को") if clause.act & {"doubt", "wish"} else []
    # `और सूत्रों का कहना है कि`: who acts in the clause before says nothing.
    is_noun = clause.words and clause.tokens[-1] in _IS
    first, second = ("gen", "inherited") if is_noun else ("inherited", "gen")
    is_heard = bool(_NEWS & set(clause.tokens)) and any(each.startswith("मिल") for each in clause.tokens[-3:])
    return (
        _arguing(clause)
        or marked("ने")
        # `मोहन की ओर से कहा गया कि`
        or marked("side")
        # `मुखबिर से सूचना मिली कि`
        or (marked("से") if is_heard else [])
        or feels
        or marked(first)
        or marked(second)
        or [word for word in clause.words if word.text in PRONOUNS | _IN_THIS]
        or marked("को")
        or [word for word in clause.words[:4] if word.is_content and not word.marker and not _is_of_speech(word)]
    )


def _arguing(clause: Clause) -> list[Word]:
    """Return whose argument it is: `अदालत ने वकील के इस तर्क को माना कि`."""
    argued = [word for word in clause.words if word.marker in ("को", "पर", "से") and word.text in _ARGUMENTS]
    return [
        word
        for word in clause.words
        if word.is_content and word.marker == "gen" and any(word.phrase == each.phrase - 1 for each in argued)
    ]


def _openings(clauses: Sequence[Clause]) -> None:
    """Include opening phrases in a statement, as in `मांग न मानने पर संघ ने घेराव की चेतावनी दी`."""
    for clause, after in itertools.pairwise(clauses):
        agents = [word for word in after.words if word.marker == "ने" and word.is_content]
        if (
            clause.is_adverbial
            and clause.tokens[-1] != "बाद"
            and not clause.is_said
            and agents
            and after.act & SPEECH
            and after.kinds & {"claim", "doubt", "wish"}
        ):
            clause.speaker, clause.is_said = agents, True


def _trailing(clauses: Sequence[Clause]) -> None:
    """Find a speaker named in the last clause, as in `दाम घटेंगे, ऐसा बैंकरों का मानना है`."""
    last = clauses[-1]
    told = last.tokens[:1] == ("ऐसा",) and last.act & SPEECH
    if len(clauses) > 1 and (told or _THIS_NEWS.issubset(last.tokens)):
        names = [word for word in last.words if word.marker in ("gen", "ने") and word.is_content]
        last.is_frame, last.speaker = True, names
        for clause in clauses[:-1]:
            if not clause.is_said:
                clause.is_said, clause.speaker, clause.frame_kinds = True, names, last.kinds


def _is_official(speaker: Sequence[Word]) -> bool:
    return any("official" in part.concepts for word in speaker for part in (word.parts or (word,)))


def _phrases_before(clause: Clause, marker: str) -> set[int]:
    """Return the phrases from which genitives lead to a phrase with the marker: `दिल्ली की पुलिस के मुताबिक`."""
    # Phrase to the first word after it, if that is of the next phrase.
    heads: dict[int, Word] = {}
    last: int | None = None
    for word in clause.words:
        if last is None or word.phrase > last:
            heads[word.phrase - 1] = word
            last = word.phrase
    found: set[int] = set()
    # From the end on, so that each phrase is looked at once, however long a hostile clause is.
    for phrase, head in reversed(heads.items()):
        if head.marker == marker or (head.marker == "gen" and head.phrase in found):
            found.add(phrase)
    return found


def _is_of_speech(word: Word) -> bool:
    return any(SPEECH & set(NAMED.get(part.text, ())) for part in (word.parts or (word,)))


def _with_genitives(clause: Clause, names: Sequence[Word]) -> list[Word]:
    before = _phrases_before(clause, names[0].marker) if names and names[0].marker else set()
    return [each for each in clause.words if each in names or (each.marker == "gen" and each.phrase in before)]
