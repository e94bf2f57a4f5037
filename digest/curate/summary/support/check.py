"""Match each clause of a summary with one clause of one article: its words, roles, numbers, negations and speaker."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from digest.curate.summary.support.clauses import Clause, Mode, Sentence
from digest.curate.summary.support.reading import SPEECH, read
from digest.curate.summary.support.roles import (
    AGENT,
    find,
    find_any,
    find_cause,
    fits,
    has_kind,
    has_speech,
    is_force,
    is_free,
    is_general,
    is_name_like,
    is_plain_word,
    leaves_out_a_name,
    may_be_plain,
    named,
    same,
    weight,
)
from digest.curate.summary.support.statement import infinitive, informs_only, statement
from digest.curate.summary.support.words import Word
from digest.hindi.tokens import STOP_WORDS

# Markers of a setting: a summary may take them from the start of the article.
_SETTING = frozenset({"में", "पर", "gen", "after", "during", "under", "", "at", "for", "with"})
# Weighted share of matched words from which a clause may have words of its own.
_ENOUGH = 0.5
# What a match by a synonym counts, compared with the same word.
_SYNONYM = 0.9
# Endings that verbs and plurals have, and names hardly ever.
_VERB_ENDING = re.compile("(?:(?<!शं)(?<!दिन)(?<!सिं)कर|ते|[^ ]{2}ने|ाए|ेगा|ेंगे|ेगी|ों|ें|ीं)$")
_PLACES = frozenset({"में", "पर", "at", "during", "after"})
_NOUN_MARKERS = frozenset({"gen", "में", "पर", "after", "during", "for", "under", "से"})
_MOST_SETTING_WORDS = 4


@dataclass(frozen=True, slots=True)
class Source:
    """An article as the check needs it."""

    name: str
    title: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clause of an article that may support a clause of the summary; `problem` is '' if it does."""

    source: int
    sentence: int
    clause: int
    share: float
    problem: str = ""


class Checker:
    """Checks the clauses of one summary against the articles."""

    def __init__(self, sources: Sequence[Source], summary: Sequence[Sentence]) -> None:
        self.sources = sources
        self.summary = summary

    def candidates(self, at: int, clause: Clause) -> list[Candidate]:
        """Return a candidate for each clause of each article, the fitting and fullest ones first.

        `clause` is of the summary's sentence `at`.
        """
        found = [
            self._try(at, clause, s, i, k)
            for s, source in enumerate(self.sources)
            for i, sentence in enumerate(source.sentences)
            for k, other in enumerate(sentence.units)
            if not other.is_frame
        ]
        return sorted(found, key=lambda each: (bool(each.problem), -each.share))

    def _try(self, at: int, clause: Clause, s: int, i: int, k: int) -> Candidate:
        source = self.sources[s]
        sentence = source.sentences[i]
        other = sentence.units[k]
        content = [word for word in clause.words if word.is_content]
        speech = bool(clause.kinds & SPEECH) and not clause.is_frame
        frame = next((each for each in sentence.clauses if each.is_frame), None) if other.is_said else None
        pool = [(word, other) for word in other.words]
        if speech and frame:
            pool += [(word, frame) for word in frame.words]
        if speech and other.is_said:
            pool += [(replace(word, marker="said"), other) for word in other.speaker]
        by_paper = bool(clause.speaker) and names_paper(clause.speaker, source.name)
        ignored = {id(word) for word in clause.speaker}
        content = [word for word in content if id(word) not in ignored]
        if not content:
            content = [word for word in clause.words if word.text not in STOP_WORDS and id(word) not in ignored]
        if not content:
            return Candidate(s, i, k, 0.0, "" if not clause.negations else "it says nothing")
        agents = [word for word in clause.words if word.marker == "ने" and word.is_content]
        if "said" in clause.kinds and not clause.speaker and names_paper(agents, source.name):
            by_paper = True
            content = [word for word in content if word not in agents]
        inside: list[Word] = []
        unmatched: list[Word] = []
        for word in content:
            hit = find(word, pool, clause, speech)
            (inside if hit else unmatched).append(word)
        predicate = next((word for word in reversed(clause.words) if word.is_content), None)
        weights = {id(word): weight(word, predicate) for word in content}
        keys = {part.key for word, _ in pool for part in (word, *word.parts)}
        matched = sum(weights[id(word)] * (1.0 if word.key in keys else _SYNONYM) for word in inside)
        share = matched / sum(weights.values())
        free = all(is_plain_word(word) for word in content) and len(content) <= 3
        if (share < 0.3 or not inside) and not free:
            return Candidate(s, i, k, share, f"no sentence of an article has “{unmatched[0].text}” with the rest of it")
        problem = (
            self._words(clause, unmatched, inside, share, s, i, k, other)
            or self._numbers(clause, content, other)
            or statement(clause, other)
            or self._cause(clause, other, sentence)
            or infinitive(clause, other)
            or self._speaker(clause, other, by_paper, speech)
            or self._pronouns(at, clause, s, i, other)
        )
        return Candidate(s, i, k, share, problem)

    def _words(
        self,
        clause: Clause,
        unmatched: Sequence[Word],
        inside: Sequence[Word],
        share: float,
        s: int,
        i: int,
        k: int,
        other: Clause,
    ) -> str:
        sentence = self.sources[s].sentences[i]
        rest = [(word, each) for n, each in enumerate(sentence.clauses) if n != k for word in each.words]
        predicate = next((word for word in reversed(clause.words) if word.is_content), None)
        settings = own_words = 0
        conflict = self._conflicts(clause, other)
        for word in unmatched:
            if "status" in word.concepts and (
                self._is_anywhere(word)
                or (_is_arrest(other) and not named(word, clause))
                or self._is_accused(word, clause)
            ):
                continue
            if (
                word.key == "पुलिस"
                and _is_arrest(clause)
                and _is_arrest(other)
                and not any(each.marker in AGENT for each in other.words)
            ):
                continue
            if word.marker == "cause" and not (find_cause(word, rest)):
                return f"the article gives another cause than “{word.text}”"
            if word.number and self._is_measure(word, clause, rest, other):
                continue
            if word is not predicate and "soft" in word.concepts:
                continue
            if is_force(word) and find_any(word, [*rest, *((each, other) for each in other.words)]):
                continue
            if (
                word is predicate
                and "doubt" in clause.kinds
                and has_kind(word, "doubt")
                and (other.mode is Mode.CAN or "doubt" in other.frame_kinds)
            ):
                continue
            if (
                word is predicate
                and (has_kind(word, "wish") or has_kind(word, "plan"))
                and other.is_said
                and other.mode is Mode.FUTURE
            ):
                continue
            if (
                word is predicate
                and has_kind(word, "claim")
                and other.is_said
                and not other.frame_kinds & {"wish", "plan", "doubt"}
            ):
                continue
            if word.number:
                return f"the number {word.text} is in another place"
            if self._completes(word, inside):
                continue
            if word.marker in ("ने", "inherited", "द्वारा") or (
                word is predicate
                and (
                    not self._may_retell(word, clause, other, share)
                    # A count stays with the deed that the articles tell.
                    or (all(each.number for each in inside) and self._is_anywhere(word))
                )
            ):
                return f"the clause with its other words has no “{word.text}” there"
            if set(word.concepts) & {"all", "some", "most", "half", "only", "more", "less", "both"}:
                return f"“{word.text}” is not said of it"
            strict = any("strict" in part.concepts for part in (word.parts or (word,)))
            if strict and (word.marker not in _NOUN_MARKERS or word is predicate):
                return f"“{word.text}” is not said of it"
            before = clause.words[clause.words.index(word) - 1]
            if "measure" in word.concepts and before.number:
                continue
            where = [each for each in rest if find(word, [each], clause, False)]
            if where:
                if "time" in word.concepts and any("time" in each.concepts for each in other.words):
                    return f"“{word.text}” is the time of something else"
                counts = any(each.number for each in clause.words)
                if word.marker in conflict or (
                    counts and word.marker not in _PLACES and not any(is_free(each, other) for _, each in where)
                ):
                    return f"“{word.text}” belongs to something else"
                continue
            if "time" in word.concepts:
                return f"“{word.text}” is not the time of it"
            if word.marker not in ("cause", "द्वारा") and share >= _ENOUGH:
                own_words += 1
                if own_words <= len(inside) + 1 and self._may_retell(word, clause, other, share):
                    continue
            if (
                word.marker in _SETTING
                and word.marker not in conflict
                and not self._in_another_place(word, clause, other)
                and self._in_setting(word, s, i)
            ):
                settings += 1
                if settings <= _MOST_SETTING_WORDS:
                    continue
            return f"its source has no “{word.text}”"
        return ""

    def _may_retell(self, word: Word, clause: Clause, other: Clause, share: float) -> bool:
        """Whether the word may be the summary's own: an everyday word, or a rare one that is no name."""
        if share < _ENOUGH or any("strict" in part.concepts for part in (word.parts or (word,))):
            return False
        if is_plain_word(word) or _VERB_ENDING.search(word.text):
            return True
        return may_be_plain(word) and not self._is_anywhere(word) and not leaves_out_a_name(clause, other)

    def _is_measure(self, word: Word, clause: Clause, rest: Sequence[tuple[Word, Clause]], other: Clause) -> bool:
        """Whether the number only describes a noun, also in the article's sentence: `6.4 तीव्रता का भूकंप`."""
        at = clause.words.index(word)
        unit = next(iter(clause.words[at + 1 : at + 2]), None)
        if unit is None or "measure" not in unit.concepts or any("measure" in each.concepts for each in other.words):
            return False
        return any(
            each.number == word.number and same(unit, where.words[n + 1])
            for _, where in rest
            for n, each in enumerate(where.words[:-1])
        )

    def _cause(self, clause: Clause, other: Clause, sentence: Sentence) -> str:
        if (
            clause.has_cause
            and not any(each.has_cause or each.is_adverbial for each in (other, *sentence.clauses))
            and not any(word.marker == "से" for word in other.words)
            and not any("जिससे" in each.opener.split() for each in sentence.clauses)
        ):
            return "the article gives no cause"
        return ""

    def _conflicts(self, clause: Clause, other: Clause) -> set[str]:
        """Return the markers of the article's phrases that the clause leaves out, or whose names it changes."""
        found = set()
        mine = [word for word in clause.words if word.is_content]
        for marker in ("में", "पर", "को", "से", "ने"):
            theirs = [
                word
                for word in other.words
                if word.marker == marker and word.is_content and "time" not in word.concepts and not word.number
            ]
            missing = [each for each in theirs if not any(same(word, each) for word in mine)]
            if missing and (len(missing) == len(theirs) or any(is_name_like(each) for each in missing)):
                found.add(marker)
        return found

    def _in_another_place(self, word: Word, clause: Clause, other: Clause) -> bool:
        """Whether the article's clause has another name in the genitive before the same noun: `पटना के अस्पताल`."""
        if word.marker != "gen":
            return False
        heads = [each for each in clause.words if each.phrase == word.phrase + 1]
        for n, each in enumerate(other.words):
            if any(same(head, each) for head in heads):
                owners = [
                    owner for owner in other.words[:n] if owner.phrase == each.phrase - 1 and owner.marker == "gen"
                ]
                if owners and not any(same(mine, owner) for mine in clause.words for owner in owners):
                    return True
        return False

    def _in_setting(self, word: Word, s: int, i: int) -> bool:
        source = self.sources[s]
        places = [*source.sentences[max(0, i - 1) : i]]
        for each in self.sources:
            places += [*read(each.title), *each.sentences[:1]]
        return any(same(word, each) for place in places for clause in place.clauses for each in clause.words)

    def _is_accused(self, word: Word, clause: Clause) -> bool:
        """Whether the articles blame or arrest the person whom the summary calls accused."""
        names = [each for each in clause.words if each.phrase == word.phrase and is_name_like(each)]
        return any(
            (other.is_said or other.kinds & {"blame", "arrest", "claim"})
            and not other.is_frame
            and any(same(name, each) for each in other.words)
            for source in self.sources
            for sentence in source.sentences
            for other in sentence.clauses
            for name in names
        )

    def _is_anywhere(self, word: Word) -> bool:
        return any(
            word.text in clause.tokens or same(word, each)
            for source in self.sources
            for sentence in source.sentences
            for clause in sentence.clauses
            for each in clause.words
        )

    def _completes(self, word: Word, inside: Sequence[Word]) -> bool:
        """Whether the word is the rest of a name or title of which the article's clause has another part."""
        beside = [each for each in inside if each.phrase == word.phrase and each.phrase >= 0]
        return any(self._is_called(head, word) for head in beside)

    def _is_called(self, head: Word, word: Word) -> bool:
        found = False
        for source in self.sources:
            for sentence in source.sentences:
                for phrase in _phrases(sentence):
                    if not any(same(head, each) for each in phrase):
                        continue
                    others = [each for each in phrase if not same(head, each)]
                    if any(same(word, each) for each in others):
                        found = True
                    elif others:
                        court = head.key == "न्यायालय" and not set(word.concepts) & {"light"}
                        mates = [each for each in others if is_name_like(each) or court]
                        if mates and not self._together(mates, word):
                            return False
        return found

    def _together(self, mates: Sequence[Word], word: Word) -> bool:
        """Whether one of the words stands in a phrase with `word` somewhere."""
        return any(
            any(same(mate, each) for mate in mates for each in phrase) and any(same(word, each) for each in phrase)
            for source in self.sources
            for sentence in source.sentences
            for phrase in _phrases(sentence)
        )

    def _numbers(self, clause: Clause, content: Sequence[Word], other: Clause) -> str:
        predicate = next((word for word in reversed(clause.words) if word.is_content), None)
        for word in content:
            if not word.number:
                continue
            if word.number == "2" and any(each.text == "दोनों" for each in other.words):
                continue
            at = clause.words.index(word)
            days = clause.words[at + 1 : at + 2]
            if days and days[0].key == "दिन" and any(f"#{word.number}" in each.concepts for each in other.words):
                # `तीन दिन से` is `तीसरे दिन`.
                continue
            theirs = [
                n
                for n, each in enumerate(other.words)
                if each.number == word.number and fits(word, each, other, other, False)
            ]
            if not theirs:
                if "measure" in next((each.concepts for each in clause.words[at + 1 : at + 2]), ()):
                    continue
                return f"the number {word.text} has another part in it"
            mine = content.index(word)
            head = next(
                (each for each in content[mine + 1 : mine + 2] if not each.number and each.phrase == word.phrase), None
            )
            if head is None or is_general(head) or "status" in head.concepts:
                continue
            if head is predicate and is_plain_word(head):
                # `संख्या 51 पहुंच गई`: the verb is not what is counted.
                continue
            if not self._is_anywhere(head) and "strict" not in head.concepts and not head.parts:
                continue
            if (
                any(each.key == "लोग" for n in theirs for each in other.words[n + 1 : n + 2])
                and "strict" not in head.concepts
            ):
                continue
            if not any(
                same(head, each) for n in theirs for each in other.words[n + 1 : n + 6] if not each.number
            ) and not any(same(head, each) for n in theirs for each in other.words[max(0, n - 3) : n]):
                return f"the articles count nothing as “{word.text} {head.text}”"
            nearest = [next((each for each in other.words[n + 1 :] if each.is_content), None) for n in theirs]
            if all(each is not None and each.number for each in nearest):
                continue
            rival = [
                each
                for n, each in enumerate(other.words)
                if each.number
                and each.number != word.number
                and n + 1 < len(other.words)
                and same(head, other.words[n + 1])
            ]
            if rival and not any(each is not None and same(head, each) for each in nearest):
                return f"“{head.text}” is counted as {rival[0].text}"
        return ""

    def _speaker(self, clause: Clause, other: Clause, by_paper: bool, speech: bool) -> str:
        mine = [word for word in clause.speaker if word.is_content]
        if by_paper:
            return "" if not other.is_said or _names_record(other.speaker) else "somebody says it in the article"
        if clause.is_said and _names_record(clause.speaker) and self._has_record(mine):
            return "" if not other.is_said or _names_record(other.speaker) else "somebody says it in the article"
        theirs = [word for word in other.speaker if word.is_content]
        if not clause.is_said:
            if not other.is_said or _names_record(other.speaker):
                return ""
            if _is_arrest(clause) and _is_arrest(other) and all(word.key == "पुलिस" for word in theirs):
                return ""
            if informs_only(clause, other):
                return ""
            if theirs and any(same(word, each) for word in clause.maybe_speaker for each in theirs if word.is_content):
                return ""
            agents = [word for word in clause.words if word.marker in ("ने", "inherited") and word.is_content]
            if speech and agents and any(same(word, each) for word in agents for each in theirs):
                return ""
            if {"said"} <= clause.act and clause.act & {"claim", "doubt"} and not agents:
                return ""
            return f"it leaves out that {_text(theirs)} says it"
        if not other.is_said:
            agents = [word for word in other.words if word.marker in ("ने", "gen", "inherited")]
            if not (other.kinds & SPEECH and agents):
                return f"{_text(mine)} doesn't say it in the articles"
            theirs = agents
        missing = [word for word in mine if not any(same(word, each) for each in theirs)]
        known = [word for word in mine if word not in missing]
        if not known or any(not any(self._is_called(head, word) for head in known) for word in missing):
            return f"{_text(mine)} doesn't say it in the articles"
        return ""

    def _has_record(self, speaker: Sequence[Word]) -> bool:
        """Whether one sentence has all that the summary says of its figures: who gave them and when."""
        return any(
            all(
                word.key == "सरकार" or any(same(word, each) for clause in sentence.clauses for each in clause.words)
                for word in speaker
            )
            for source in self.sources
            for sentence in source.sentences
        )

    def frame_problem(self, frame: Clause, candidate: Candidate) -> str:
        """Return what the introduction of somebody's words says that the article's does not: its day, place or verb."""
        clauses = self.sources[candidate.source].sentences[candidate.sentence].clauses
        pool = [(word, each) for each in clauses if each.is_frame for word in each.words]
        rest = [(word, each) for each in clauses for word in each.words]
        for word in frame.words:
            if not word.is_content or word in frame.speaker or has_speech(word) or find(word, pool, frame, True):
                continue
            if (
                "time" in word.concepts
                and not any("time" in each.concepts for each, _ in pool)
                and find(word, rest, frame, True)
            ):
                continue
            if "strict" in word.concepts and find(word, rest, frame, True):
                continue
            if "time" in word.concepts or word.number or "strict" in word.concepts:
                return f"“{word.text}” is not in the article's introduction of it"
            if (
                is_plain_word(word)
                or find(word, rest, frame, True)
                or self._in_setting(word, candidate.source, candidate.sentence)
            ):
                continue
            return f"“{word.text}” is not in the article's introduction of it"
        return ""

    def _pronouns(self, at: int, clause: Clause, s: int, i: int, other: Clause) -> str:
        if not clause.pronouns:
            return ""
        mine = _antecedents(self.summary, at, clause)
        if not mine:
            return ""
        sentences = self.sources[s].sentences
        theirs = [word for each in sentences[i].clauses for word in each.words] + _antecedents(sentences, i, other)
        if any(same(word, each) for word in mine for each in theirs if word.is_content):
            return ""
        return f"“{clause.pronouns[0]}” means somebody else"


def _is_arrest(clause: Clause) -> bool:
    return "arrest" in clause.kinds


def _text(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words) or "somebody"


def names_paper(speaker: Sequence[Word], name: str) -> bool:
    """Whether the speaker is the paper of this name."""
    keys = {word.key for each in read(name) for clause in each.clauses for word in clause.words}
    mine = {word.key for word in speaker if word.is_content}
    return bool(mine) and mine <= keys


def _names_record(speaker: Sequence[Word]) -> bool:
    return any(set(word.concepts) & {"record"} for word in speaker)


def _phrases(sentence: Sentence) -> Iterator[list[Word]]:
    for clause in sentence.clauses:
        by_phrase: dict[int, list[Word]] = {}
        for word in clause.words:
            if word.is_content and word.phrase >= 0 and word.marker and not word.number:
                by_phrase.setdefault(word.phrase, []).append(word)
        yield from by_phrase.values()


def _antecedents(sentences: Sequence[Sentence], at: int, clause: Clause) -> list[Word]:
    """Return the words that a pronoun of the clause may stand for."""
    if clause.is_said and not clause.is_frame and clause.speaker:
        return [word for word in clause.speaker if word.is_content]
    if at == 0:
        return []
    before = sentences[at - 1].clauses
    return [
        word
        for each in before
        for word in (*each.speaker, *each.words)
        if word.is_content and (word.marker or each is before[0])
    ]
