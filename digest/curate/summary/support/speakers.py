"""Find who says each clause of a sentence."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from digest.curate.summary.support.clauses import Clause
from digest.curate.summary.support.vocabulary import GRAMMAR, NAMED
from digest.curate.summary.support.words import PRONOUNS, QUOTES, Word
from digest.hindi.text import fold

SPEECH = frozenset({"said", "claim", "doubt", "wish", "plan"})
_SAID = frozenset({"कहा", "बताया"})
_IS = frozenset({"है", "हैं"})
_MARKS = re.compile("(?P<opening>[“‘]|(?<![^ ,:])''?(?=[^ ']))|[\"”’]|''?(?=$|[ ।,.!?])")
# `…, यह जानकारी X ने दी`
_THIS_NEWS = frozenset({"यह", "जानकारी"})
_ARGUMENTS = frozenset(map(fold, ["तर्क", "दलील", "दावे", "आरोप", "आरोपों", "बयान", "शिकायत"]))
_ENDS_OF_SPEECH = GRAMMAR["end of speech"]


def speakers(clauses: Sequence[Clause]) -> None:
    """Set the speaker of each clause of a sentence."""
    _introduced(clauses)
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


def _introduced(clauses: Sequence[Clause]) -> None:
    """Find speakers that introduce clauses: `X ने कहा कि`, `X के मुताबिक`, `X का कहना है कि`, and quotes."""
    speaker: list[Word] = []
    kinds: frozenset[str] = frozenset()
    is_said = informs = False
    frame_negations, denies = 0, False
    for at, clause in enumerate(clauses):
        openers = set(clause.opener.split())
        if openers & _ENDS_OF_SPEECH or (
            "तो" in openers and any(each.is_condition and not each.is_said for each in clauses[:at])
        ):
            clause.maybe_speaker = list(speaker)
            speaker, is_said, kinds = [], False, frozenset()
        following = clauses[at + 1] if at + 1 < len(clauses) else None
        own = [word for word in clause.words if word.marker == "ने"]
        if (
            own
            and at
            and is_said
            and not clauses[at - 1].is_frame
            and clause.act & (SPEECH | {"deny"})
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
            informs = _is_official(by)
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
        if following is not None and following.opener == "," and own and clause.tokens[-1] in _SAID:
            # `उन्होंने कहा, बारिश होगी`
            introduces = True
        # `X ने ज़ोर दिया कि` is not in the table of verbs, but what follows is somebody's word.
        says = says or (introduces and bool(own or quotes) and not clause.has_cause)
        if introduces and says and not (is_said and by):
            genitives = [word for word in clause.words if word.marker == "gen"]
            inherited = [word for word in clause.words if word.marker == "inherited"]
            # `और सूत्रों का कहना है कि`: who acts in the clause before says nothing.
            feels = [word for word in clause.words if word.marker == "को"] if clause.act & {"doubt", "wish"} else []
            names = (
                _arguing(clause)
                or own
                or feels
                or ((genitives or inherited) if tail and clause.tokens[-1] in _IS else (inherited or genitives))
            )
            names = (
                names
                or [word for word in clause.words if word.text in PRONOUNS]
                or [word for word in clause.words if word.marker == "को"]
                or [
                    word for word in clause.words[:4] if word.is_content and not word.marker and not _is_of_speech(word)
                ]
            )
            clause.is_frame = True
            # `X ने कहा कि उन्होंने सोचा था कि`: X still says it.
            goes_on = clause.is_said and speaker and not any(word.is_content for word in names)
            speaker, is_said = (list(speaker) if goes_on else _with_genitives(clause, names)), True
            frame_negations = clause.negations
            # `यह कहते हुए याचिका ख़ारिज कर दी कि`
            denies = "deny" in clause.act and "said" not in clause.kinds
            clause.speaker, kinds = list(speaker), clause.kinds
            informs = "बताया" in clause.tokens or _is_official(speaker)


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


def _is_of_speech(word: Word) -> bool:
    return any(SPEECH & set(NAMED.get(part.text, ())) for part in (word.parts or (word,)))


def _with_genitives(clause: Clause, names: Sequence[Word]) -> list[Word]:
    marker = names[0].marker if names else ""
    return [each for each in clause.words if each in names or (marker and _is_genitive_of(clause, each, marker))]
