"""Match each clause of a summary with one clause of one article: its words, roles, numbers, negations and speaker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from digest.curate.summary.support.alignment import misaligned
from digest.curate.summary.support.articles import Articles, Place, Source
from digest.curate.summary.support.attribution import Attribution, names_paper, text_of
from digest.curate.summary.support.causes import cause, invented
from digest.curate.summary.support.clauses import Clause, Sentence
from digest.curate.summary.support.contest import same_result, turns_result
from digest.curate.summary.support.counts import counts, splits_count
from digest.curate.summary.support.people import misassigned
from digest.curate.summary.support.roles import (
    find,
    find_any,
    has_speech,
    is_plain_word,
    only_retells,
    same,
    weight,
)
from digest.curate.summary.support.speakers import SPEECH
from digest.curate.summary.support.statement import infinitive, statement
from digest.curate.summary.support.wording import problem_of_words
from digest.curate.summary.support.words import Word
from digest.hindi.tokens import STOP_WORDS

# The weight of a match by a synonym, compared with the same word.
_SYNONYM = 0.9
# The weight of an everyday word that the article's clause lacks.
_RETOLD, _TOLD = 0.3, 0.7
# The weight of a word that another clause of the sentence has.
_BESIDE = 0.5
_CORE = frozenset({"", "ने", "को", "inherited"})
# One doubt alone refuses nothing: it is as often about a true clause.
_MOST_DOUBTS = 1
# A clause of an article may be the support from this weighted share of matched words on.
_LEAST = 0.3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clause of an article that may support a clause of the summary; `problem` is '' if it does."""

    source: int
    sentence: int
    clause: int
    share: float
    problem: str = ""
    # Whether the article's clause has the predicate.
    has_predicate: bool = True
    # A difference that alone refuses nothing.
    doubt: str = ""


class Checker:
    """Checks the clauses of one summary against the articles."""

    def __init__(self, sources: Sequence[Source], summary: Sequence[Sentence]) -> None:
        self.articles = Articles(sources)
        self.attribution = Attribution(self.articles, summary)

    def candidates(self, at: int, clause: Clause) -> list[Candidate]:
        """Return a candidate for each clause of each article.

        Those without problems come first, then those with the most matched words. `clause` is from the summary's
        sentence `at`.
        """
        found = [
            self._try(at, clause, s, i, k, other)
            for s, source in enumerate(self.articles.sources)
            for i, sentence in enumerate(source.sentences)
            for k, other in enumerate(sentence.units)
            if not other.is_frame or (clause.kinds & SPEECH and not clause.is_said)
        ]
        return sorted(found, key=lambda each: (bool(each.problem), -each.share))

    def joined(self, at: int, clause: Clause) -> list[Candidate]:
        """Return the candidates made of two joined clauses of an article that support the clause."""
        found = [
            self._try(at, clause, s, i, _index(sentence.clauses, other.pair), other)
            for s, source in enumerate(self.articles.sources)
            for i, sentence in enumerate(source.sentences)
            for other in sentence.pairs
            if not splits_count(clause, other) and _has_main(clause, other)
        ]
        return sorted((each for each in found if not each.problem), key=lambda each: -each.share)

    def _try(self, at: int, clause: Clause, s: int, i: int, k: int, other: Clause) -> Candidate:
        source = self.articles.sources[s]
        sentence = source.sentences[i]
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
        if clause.is_said and other.is_said and not speech:
            # `उन्होंने` is who says it.
            inherited = [word for word in content if word.marker == "inherited"]
            if all(any(same(word, each) for each in clause.speaker) for word in inherited) and len(inherited) < len(
                content
            ):
                content = [word for word in content if word not in inherited]
        agents = [word for word in clause.words if word.marker == "ने" and word.is_content]
        if "said" in clause.kinds and not clause.speaker and names_paper(agents, source.name):
            by_paper = True
            content = [word for word in content if word not in agents]
        as_result = same_result(clause, other)
        inside: list[Word] = []
        unmatched: list[Word] = []
        for word in content:
            hit = find(word, pool, clause, speech) or (as_result and any(same(word, each) for each in other.words))
            (inside if hit else unmatched).append(word)
        predicate = next((word for word in reversed(clause.words) if word.is_content), None)
        weights = {id(word): weight(word, predicate) for word in content}
        for word in unmatched:
            if word.marker not in _CORE and not word.number and self.articles.is_topic(word):
                # What the articles are about needs no mention.
                weights[id(word)] *= _RETOLD
            elif only_retells(word):
                weights[id(word)] *= _TOLD if self.articles.is_anywhere(word) else _RETOLD
        keys = {part.key for word, _ in pool for part in (word, *word.parts)}
        matched = sum(weights[id(word)] * (1.0 if word.key in keys else _SYNONYM) for word in inside)
        total = sum(weights.values())
        share = matched / total
        neighbours = [(word, each) for each in sentence.clauses if each is not other for word in each.words]
        near = share + _BESIDE * sum(weights[id(word)] for word in unmatched if find_any(word, neighbours)) / total
        free = all(is_plain_word(word) for word in content) and len(content) <= 3
        if (share < _LEAST or not inside) and not free:
            return Candidate(
                s, i, k, share, f"no sentence of an article has “{unmatched[0].text}” with the rest of it", False
            )
        if speech and other.is_said:
            # The content of a statement needs support too, not only its speaker.
            told = [
                word for word in content if not has_speech(word) and not any(same(word, each) for each in other.speaker)
            ]
            if told and 3 * sum(word in inside for word in told) < len(told):
                return Candidate(s, i, k, share, f"{text_of(told)} is not what is said", False)
        place = Place(s, i, k, other)
        problem, doubts = problem_of_words(self.articles, clause, unmatched, inside, share, place)
        problem = (
            problem
            or counts(self.articles, clause, content, inside, other)
            or statement(clause, other)
            or infinitive(clause, other)
            or ("the articles tell the opposite result" if turns_result(clause, self.articles.clauses()) else "")
            or self.attribution.speaker(
                at, clause, other, source.sentences[i - 1].clauses if i else [], by_paper=by_paper, speech=speech
            )
        )
        doubt = ""
        if not problem:
            problem, more = misaligned(self.articles, clause, place)
            problem = problem or invented(clause, other, has_effect=predicate not in unmatched)
            problem = problem or misassigned(self.articles, clause, place)
            doubts += [*more, cause(clause, other, sentence), self.attribution.pronouns(at, clause, s, i, other)]
            # One rule may find the same twice.
            found = {doubt.partition("”")[0]: doubt for doubt in doubts if doubt}
            doubt = ", and ".join(found.values())
            if not problem and len(found) > _MOST_DOUBTS:
                problem = doubt
        return Candidate(s, i, k, near, problem, predicate not in unmatched, doubt)


def _index(clauses: Sequence[Clause], pair: Sequence[Clause]) -> int:
    return next(n for n, each in enumerate(clauses) if any(each is one for one in pair))


def _has_main(clause: Clause, joined: Clause) -> bool:
    """Whether the clause's predicate is in the part that gives the mode, or both parts have the same mode."""
    predicate = next((word for word in reversed(clause.words) if word.is_content), None)
    main, *sides = joined.pair
    if predicate is None or all(main.mode is side.mode for side in sides):
        return True
    return any(same(predicate, each) for each in main.words)
