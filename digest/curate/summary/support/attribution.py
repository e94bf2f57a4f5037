"""Compare the speakers in a summary and an article, and the people that pronouns refer to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from digest.curate.summary.support.articles import Articles
from digest.curate.summary.support.clauses import Clause, Mode, Sentence
from digest.curate.summary.support.reading import read
from digest.curate.summary.support.roles import (
    is_name_like,
    same,
)
from digest.curate.summary.support.speakers import SPEECH
from digest.curate.summary.support.statement import informs_only
from digest.curate.summary.support.vocabulary import GRAMMAR
from digest.curate.summary.support.words import Word
from digest.messages import Message

# Markers of who says, thinks or expects: `X को उम्मीद है`, `X का वादा है`, `X मानते हैं`.
_SPEAKERS = frozenset({"ने", "inherited", "को", "gen", ""})
_FOR_NAMES = GRAMMAR["stands for a name"]
_WE = frozenset({"वे", "हम", "वह"})
# Pronouns for a person who acts.
_PERSONS = frozenset({"वह", "वे", "वो", "उन्होंने", "उसने"})
_GENDERS = {"he": re.compile("(?:ता|ते|रहा|रहे|[ूेै]गा|गे)$"), "she": re.compile("(?:ती|तीं|रही|रहीं|गी)$")}


class Attribution:
    """Checks who says what in one summary."""

    def __init__(self, articles: Articles, summary: Sequence[Sentence]) -> None:
        self._articles, self._summary = articles, summary

    def speaker(
        self,
        at: int,
        clause: Clause,
        other: Clause,
        before: Sequence[Clause],
        after: Sequence[Clause],
        *,
        by_paper: bool,
        speech: bool,
    ) -> Message | None:
        """Return the problem with the clause's speaker. `before` and `after` are the sentences around the sentence of
        `other`.

        `by_paper`: the newspaper of `other` itself speaks. `speech`: the clause reports that somebody says something.
        """
        mine = [word for word in clause.speaker if word.is_content]
        has_record = clause.is_said and _names_record(clause.speaker) and self._has_record(mine)
        if by_paper or has_record:
            return None if _is_papers_own(other) else Message("in the article, somebody is quoted with this")
        if clause.is_adverbial and not other.is_said:
            return None
        if clause.is_said:
            if not other.is_said and (told := _informants([*before, *after])) and self.is_speaker(mine, told):
                return None
            return self._invented_speaker(clause, other, mine, before)
        return self._lost_speaker(at, clause, other, speech=speech)

    def _lost_speaker(self, at: int, clause: Clause, other: Clause, *, speech: bool) -> Message | None:
        """Refuse a statement that is told as a fact: `बांध टूटेगा` for `मोहन ने कहा कि बांध टूटेगा`."""
        theirs = [word for word in other.speaker if word.is_content]
        is_fine = (
            _is_papers_own(other)
            or informs_only(clause, other)
            or self._is_own_plan(clause, other, theirs)
            or self._continues_speech(at, clause, other, theirs)
            or (speech and _has_speaker(clause, theirs))
            or _acts_as_told(clause, other, theirs)
        )
        return None if is_fine else Message("it leaves out that “%(name)s” says this", name=text_of(theirs))

    def _invented_speaker(
        self, clause: Clause, other: Clause, mine: Sequence[Word], before: Sequence[Clause]
    ) -> Message | None:
        """Refuse a speaker if the article has another one or none: `मोहन के मुताबिक` for `सोहन ने कहा कि`."""
        theirs = [word for word in other.speaker if word.is_content]
        if not other.is_said:
            agents = [word for word in other.words if word.marker in ("ने", "gen", "inherited")]
            if self._still_speaks(mine, agents, other, before):
                return None
            if not (other.kinds & SPEECH and agents):
                return Message("“%(name)s” does not say this in the articles", name=text_of(mine))
            theirs = agents
        # `उनके मुताबिक` on both sides.
        # `बताया जाता है कि` names nobody on both sides either.
        are_pronouns = not mine and not theirs and bool(clause.speaker) == bool(other.speaker)
        maybe = [word for word in other.maybe_speaker if word.is_content] if other.is_said else []
        if are_pronouns or self.is_speaker(mine, theirs) or self.is_speaker(mine, maybe):
            return None
        return Message("“%(name)s” does not say this in the articles", name=text_of(mine))

    def _is_own_plan(self, clause: Clause, other: Clause, speaker: Sequence[Word]) -> bool:
        """Whether the speaker announces a plan of their own organisation: `वे 12 दिसंबर को प्रदर्शन करेंगे`."""
        if not (clause.mode is other.mode is Mode.FUTURE and set(other.tokens[:1]) & _WE):
            return False
        first = next((word for word in clause.words if word.is_content), None)
        return first is not None and any(same(first, each) or self._articles.heads(each, first) for each in speaker)

    def _continues_speech(self, at: int, clause: Clause, other: Clause, speaker: Sequence[Word]) -> bool:
        """Whether the summary's sentence before `at` already names the speaker. For blame, each sentence must."""
        is_blame = (clause.kinds | other.kinds | other.frame_kinds) & {"blame", "claim", "doubt"}
        return not is_blame and self._goes_on(at, speaker)

    def _still_speaks(
        self, mine: Sequence[Word], agents: Sequence[Word], other: Clause, before: Sequence[Clause]
    ) -> bool:
        """Whether the same person still speaks in the article."""
        # `सचिव ने आवक को कारण बताया`
        tells = bool(other.kinds & SPEECH) and any(word.marker == "ने" for word in agents)
        maybe = [word for word in other.maybe_speaker if word.is_content]
        return (not tells and self._is_told_before(mine, before)) or self.is_speaker(mine, maybe)

    def _goes_on(self, at: int, speaker: Sequence[Word]) -> bool:
        """Whether the summary's sentence before `at` has the same speaker."""
        told = _last_said(self._summary[at - 1].clauses if at else [])
        return told is not None and self.is_speaker([word for word in told.speaker if word.is_content], speaker)

    def _is_told_before(self, speaker: Sequence[Word], before: Sequence[Clause]) -> bool:
        """Whether the article's previous sentence has the speaker's words."""
        told = _last_said(before)
        return told is not None and self.is_speaker(speaker, [word for word in told.speaker if word.is_content])

    def is_speaker(self, mine: Sequence[Word], theirs: Sequence[Word]) -> bool:
        """Whether the summary's speaker is the article's: it has a name or office of that speaker, and no other's."""
        known = [word for word in mine if any(same(word, each) for each in theirs)]
        missing = [word for word in mine if word not in known and not self._stands_for(word, theirs)]
        itself = [word for word in mine if word.marker != "gen"]
        if not known or (itself and not any(word in known for word in itself)):
            return self._is_described(mine, theirs)
        if _has_other_name(mine, theirs) or _has_other_owner(mine, theirs):
            return False
        if names := [word for word in known if is_name_like(word)]:
            return all(self._may_describe_person(word, names) for word in missing)
        if any(is_name_like(word) for word in mine) and any(is_name_like(word) for word in theirs):
            return False
        return all(self._may_describe_office(word, known) for word in missing)

    def _stands_for(self, word: Word, theirs: Sequence[Word]) -> bool:
        """Whether one side has a general word for the other's name: `पार्टी प्रवक्ता` for `दल के प्रवक्ता`."""
        if word.text in _FOR_NAMES:
            return any(is_name_like(each) for each in theirs)
        return self._articles.is_topic(word) and any(each.text in _FOR_NAMES for each in theirs)

    def _is_described(self, mine: Sequence[Word], theirs: Sequence[Word]) -> bool:
        """Whether the article names the summary's speaker by an office alone: `मोहन` for `महासचिव`."""
        offices = [word for word in theirs if "office" in word.concepts]
        names = [word for word in mine if is_name_like(word)]
        return any(
            all(self._articles.is_near(name, word) for word in theirs) and self._articles.is_called(office, name)
            for office in offices
            for name in names
        )

    def _may_describe_person(self, word: Word, names: Sequence[Word]) -> bool:
        """Whether the articles have the word near the person's name, or it tells nothing of its own."""
        return any(self._articles.is_near(name, word) for name in names)

    def _may_describe_office(self, word: Word, known: Sequence[Word]) -> bool:
        """Whether an article gives a nameless speaker a title with this word."""
        if any(self._articles.is_called(head, word) for head in known):
            return True
        if not is_name_like(word) and any(self._articles.is_near(head, word) for head in known):
            return True
        return "gen" in word.marker and self._articles.is_anywhere(word)

    def _has_record(self, speaker: Sequence[Word]) -> bool:
        """Whether one sentence has everything that the summary says of its figures' origin: who gave them and when."""
        return any(
            all(
                word.key == "सरकार" or any(same(word, each) for clause in sentence.clauses for each in clause.words)
                for word in speaker
            )
            for source in self._articles.sources
            for sentence in source.sentences
        )

    def another_person(self, clause: Clause, s: int, i: int, other: Clause) -> Message | None:
        """Refuse a name in place of a pronoun that means another person in the article: `वह पांचवें स्थान पर रहीं`."""
        # `वह साइकिल से पहुंचा`: a pronoun in this form acts, whatever marker follows.
        acting = [word for word in other.words if word.text in _PERSONS]
        names = _acting_names(clause)
        if not acting or not names or any(same(word, each) for word in names for each in other.words):
            return None
        if other.is_said and any(same(word, each) for word in names for each in other.speaker):
            mine, theirs = _genders(clause.tokens[-4:]), _genders(other.tokens[-4:])
            is_another = bool(mine and theirs) and mine != theirs
        else:
            # The name may be two sentences back, if no other name follows it.
            sentences = self._articles.sources[s].sentences[max(0, i - 1) : i + 1]
            words = (word for each in sentences for part in each.clauses for word in part.words)
            acting_before = [word for word in words if is_name_like(word) and word.marker in ("ने", "")]
            is_another = bool(acting_before) and not any(same(word, each) for word in names for each in acting_before)
        return Message("“%(name)s” means somebody else in the articles", name=acting[0].text) if is_another else None


def _is_papers_own(other: Clause) -> bool:
    """Whether the paper itself tells it, or quotes only a record."""
    return not other.is_said or _names_record(other.speaker)


def _has_speaker(clause: Clause, speaker: Sequence[Word]) -> bool:
    """Whether the clause has one of the speaker's words as the one who says, thinks or expects."""
    agents = [word for word in clause.words if word.marker in _SPEAKERS and word.is_content]
    return any(same(word, each) for word in agents for each in speaker)


def _acts_as_told(clause: Clause, other: Clause, speaker: Sequence[Word]) -> bool:
    """Whether an agency tells what it did itself: `पुलिस ने पकड़ा` for `पुलिस के मुताबिक उसे पकड़ा गया`."""
    agents = [word for word in clause.words if word.marker == "ने" and word.is_content]
    is_nobodys = other.is_passive and not any(word.marker in ("ने", "द्वारा") for word in other.words)
    return is_nobodys and bool(agents) and all(any(same(word, each) for each in speaker) for word in agents)


def _has_other_owner(mine: Sequence[Word], theirs: Sequence[Word]) -> bool:
    """Whether both speakers have owners, and none in common: `सीबीआई के वकील` for `आरोपियों के वकील`."""
    one, two = ([word for word in words if word.marker == "gen"] for words in (mine, theirs))
    heads = [word for word in mine if word.marker != "gen"]
    is_unnamed = bool(heads) and all("office" in word.concepts and not is_name_like(word) for word in heads)
    return is_unnamed and bool(one) and bool(two) and not any(same(word, each) for word in one for each in two)


def _has_other_name(mine: Sequence[Word], theirs: Sequence[Word]) -> bool:
    """Whether each speaker has a name that the other lacks: `मनोज कुमार` for `प्रशांत कुमार`."""
    return all(
        any(is_name_like(word) and word.marker != "gen" and not any(same(word, each) for each in two) for word in one)
        for one, two in ((mine, theirs), (theirs, mine))
    )


def _last_said(clauses: Sequence[Clause]) -> Clause | None:
    return next((each for each in reversed(clauses) if each.is_said or each.is_frame), None)


def _informants(clauses: Sequence[Clause]) -> list[Word]:
    """Return the informants of the words around a sentence: `पुलिस ने यह जानकारी दी`."""
    return [
        word
        for clause in clauses
        if "जानकारी" in clause.tokens and {"यह", "ये", "इसकी"} & set(clause.tokens) and not clause.negations
        for word in clause.words
        if word.marker in ("ने", "side") and word.is_content
    ]


def _acting_names(clause: Clause) -> list[Word]:
    """Return the names in the phrase that acts in a clause."""
    words = [word for word in clause.words if word.is_content]
    first = next((word.phrase for word in words if word.marker in ("", "ने")), None)
    return [word for word in words if word.phrase == first and is_name_like(word)]


def _genders(tokens: Sequence[str]) -> set[str]:
    """Return the genders of verbs that agree with their subject: `करती हैं`, `रहेगा`."""
    return {gender for token in tokens for gender, ending in _GENDERS.items() if ending.search(token)}


def _keys(word: Word) -> set[str]:
    return {part.key for part in (word.parts or (word,))}


def names_paper(speaker: Sequence[Word], name: str) -> bool:
    """Whether the speaker is the paper of this name."""
    keys = {key for each in read(name) for clause in each.clauses for word in clause.words for key in _keys(word)}
    mine = {key for word in speaker if word.is_content for key in _keys(word)}
    return bool(mine) and mine <= keys


def text_of(words: Sequence[Word]) -> str:
    """Return the words as written; `somebody` if there are none."""
    return " ".join(word.text for word in words) or "somebody"


def _names_record(speaker: Sequence[Word]) -> bool:
    return any(set(word.concepts) & {"record"} for word in speaker)
