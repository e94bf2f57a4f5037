"""Match each clause of a summary with one clause of one article: its words, roles, numbers, negations and speaker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from digest.curate.summary.support.alignment import misaligned
from digest.curate.summary.support.articles import Articles, ClausePair, Place, SourceText
from digest.curate.summary.support.attribution import Attribution, names_paper, text_of
from digest.curate.summary.support.clauses import Clause, Sentence
from digest.curate.summary.support.contest import same_result, turns_result
from digest.curate.summary.support.counts import counts
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
from digest.messages import Message

# The weight of a match by a synonym, compared with the same word.
_SYNONYM = 0.9
# The weight of an everyday word that the article's clause lacks.
_RETOLD, _TOLD = 0.3, 0.7
# The weight of a word that another clause of the sentence has.
_BESIDE = 0.5
# `पुष्टि करते हुए कहा कि`
_CONFIRMS = "पुष्टि"
_CORE = frozenset({"", "ने", "को", "inherited"})
# A clause of an article may be the support from this weighted share of matched words on.
_LEAST = 0.5
# With more words, a clause of everyday words must be similar to the article's too.
_SHORT = 3


@dataclass(frozen=True, slots=True)
class SupportCandidate:
    """A clause of an article that may support a clause of the summary; `problem` is None if it does."""

    source: int
    sentence: int
    clause: int
    share: float
    problem: Message | None = None
    # Whether the article's clause has the predicate.
    has_predicate: bool = True


class Checker:
    """Checks the clauses of one summary against the articles."""

    def __init__(self, sources: Sequence[SourceText], summary: Sequence[Sentence]) -> None:
        self.articles = Articles(sources)
        self.attribution = Attribution(self.articles, summary)

    def candidates(self, at: int, clause: Clause) -> list[SupportCandidate]:
        """Return a candidate for each clause of each article.

        Those without problems come first, then those with the most matched words. `clause` is from the summary's
        sentence `at`.
        """
        found = [
            self._try(at, clause, s, i, k, other)
            for s, source in enumerate(self.articles.sources)
            for i, sentence in enumerate(source.sentences)
            for k, other in enumerate(sentence.units)
            if not other.is_frame or ((clause.kinds & SPEECH or _CONFIRMS in clause.tokens) and not clause.is_said)
        ]
        return sorted(found, key=lambda each: (bool(each.problem), -each.share))

    def _try(self, at: int, clause: Clause, s: int, i: int, k: int, other: Clause) -> SupportCandidate:
        """Compare the clause with one clause of an article: first how similar they are, then rule by rule."""
        pair = _WordMatch(self.articles, clause, Place(s, i, k, other), self.attribution, at)
        if not pair.content:
            return SupportCandidate(
                s, i, k, 0.0, Message("it has no words that an article could support") if clause.negations else None
            )
        if problem := _unlike(pair) or _only_its_speaker(pair):
            return SupportCandidate(s, i, k, pair.share, problem, has_predicate=False)
        return SupportCandidate(s, i, k, pair.nearness, _refusal(pair), pair.has_predicate)


@dataclass
class _WordMatch(ClausePair):
    """Which words of a summary's clause the article's clause has."""

    attribution: Attribution
    # The summary's sentence.
    at: int

    @cached_property
    def speech(self) -> bool:
        """Whether the clause reports that somebody says something."""
        return bool(self.clause.kinds & SPEECH) and not self.clause.is_frame

    @cached_property
    def has_predicate(self) -> bool:
        return self.predicate not in self.unmatched

    @cached_property
    def _paper_acts(self) -> bool:
        """Whether the paper reports in its own name: `जनवाणी ने बताया`."""
        agents = [word for word in self.clause.words if word.marker == "ने" and word.is_content]
        return "said" in self.clause.kinds and not self.clause.speaker and names_paper(agents, self._paper)

    @property
    def _paper(self) -> str:
        return self.articles.sources[self.place.source].name

    @cached_property
    def by_paper(self) -> bool:
        """Whether the summary names the paper itself as the one who says it."""
        return self._paper_acts or (bool(self.clause.speaker) and names_paper(self.clause.speaker, self._paper))

    @cached_property
    def content(self) -> list[Word]:
        """The words of the clause that the article must have: all content words but those that say who speaks."""
        speaker = {id(word) for word in self.clause.speaker}
        words = [word for word in self.clause.words if id(word) not in speaker]
        content = [word for word in words if word.is_content] or [word for word in words if word.text not in STOP_WORDS]
        if self.clause.is_said and self.other.is_said and not self.speech:
            content = self._without_pronouns(content)
        if content and self._paper_acts:
            content = [word for word in content if word.marker != "ने"]
        return content

    def _without_pronouns(self, content: list[Word]) -> list[Word]:
        """Leave out pronouns that mean the speaker: `उन्होंने`."""
        inherited = [word for word in content if word.marker == "inherited"]
        are_speaker = all(any(same(word, each) for each in self.clause.speaker) for word in inherited)
        if not are_speaker or len(inherited) == len(content):
            return content
        return [word for word in content if word not in inherited]

    @cached_property
    def pool(self) -> list[tuple[Word, Clause]]:
        """The words of the article that may match, each with its clause: also who speaks, if the summary tells that."""
        other = self.other
        pool = [(word, other) for word in other.words]
        if self.speech and other.is_said:
            frame = next((each for each in self.sentence.clauses if each.is_frame), None)
            pool += [(word, frame) for word in frame.words] if frame else []
            pool += [(replace(word, marker="said"), other) for word in other.speaker]
        return pool

    @cached_property
    def inside(self) -> list[Word]:
        """The content words that the article's clause has."""
        as_result = same_result(self.clause, self.other)
        return [
            word
            for word in self.content
            if find(word, self.pool, self.clause, self.speech)
            or (as_result and any(same(word, each) for each in self.other.words))
        ]

    @cached_property
    def unmatched(self) -> list[Word]:
        inside = {id(word) for word in self.inside}
        return [word for word in self.content if id(word) not in inside]

    @cached_property
    def _weights(self) -> dict[int, float]:
        weights = {id(word): weight(word, self.predicate) for word in self.content}
        for word in self.unmatched:
            if word.marker not in _CORE and not word.number and self.articles.is_topic(word):
                # The subject of the articles need not be mentioned.
                weights[id(word)] *= _RETOLD
            elif only_retells(word):
                weights[id(word)] *= _TOLD if self.articles.is_anywhere(word) else _RETOLD
        return weights

    @cached_property
    def share(self) -> float:
        """The weighted share of the words that the article's clause has."""
        keys = {part.key for word, _ in self.pool for part in (word, *word.parts)}
        matched = sum(self._weights[id(word)] * (1.0 if word.key in keys else _SYNONYM) for word in self.inside)
        return matched / sum(self._weights.values())

    @cached_property
    def nearness(self) -> float:
        """The share, with half the weight of the words that only another clause of the sentence has."""
        neighbours = [(word, each) for each in self.sentence.clauses if each is not self.other for word in each.words]
        beside = sum(self._weights[id(word)] for word in self.unmatched if find_any(word, neighbours))
        return self.share + _BESIDE * beside / sum(self._weights.values())


def _unlike(pair: _WordMatch) -> Message | None:
    """Refuse a clause about another event: `पुल बह गया` for `मेला शुरू हुआ`."""
    is_like = pair.inside and pair.share >= _LEAST
    # A short clause of everyday words matches anything.
    is_free = len(pair.content) <= _SHORT and all(is_plain_word(word) for word in pair.content)
    if is_like or is_free:
        return None
    return Message(
        "no sentence of the articles has “%(name)s” together with the other words", name=pair.unmatched[0].text
    )


def _only_its_speaker(pair: _WordMatch) -> Message | None:
    """Refuse the article's speaker with other words: `मेयर ने बांध की मांग की` for `मेयर ने कहा कि नल सूखे हैं`."""
    if not (pair.speech and pair.other.is_said):
        return None
    speaker = pair.other.speaker
    told = [word for word in pair.content if not has_speech(word) and not any(same(word, each) for each in speaker)]
    is_told = not told or 3 * sum(word in pair.inside for word in told) >= len(told)
    return None if is_told else Message("in the articles, the speaker does not say “%(name)s”", name=text_of(told))


def _refusal(pair: _WordMatch) -> Message | None:
    """Return the first problem of the pair."""
    return problem_of_words(pair, pair.unmatched, pair.inside, pair.share) or next(
        (why for rule in _RULES if (why := rule(pair))), None
    )


def _miscounts(pair: _WordMatch) -> Message | None:
    """Refuse `18 लोग मारे गए` for `18 लोग घायल हुए`."""
    return counts(pair.articles, pair.clause, pair.content, pair.inside, pair.other)


def _asserts_more(pair: _WordMatch) -> Message | None:
    """Refuse `पुल खुला` for `पुल खुलेगा`: the table of rules is in `statement`."""
    return statement(pair.clause, pair.other)


def _does_what_is_to_be_done(pair: _WordMatch) -> Message | None:
    """Refuse `बसें ख़रीदीं` for `बसें ख़रीदने का फ़ैसला किया`."""
    return infinitive(pair.clause, pair.other)


def _turns_result(pair: _WordMatch) -> Message | None:
    """Refuse `केरल हारा` for `केरल ने गोवा को हराया`."""
    turns = turns_result(pair.clause, pair.articles.clauses())
    return Message("the articles report the opposite result") if turns else None


def _speaks_for_another(pair: _WordMatch) -> Message | None:
    """Refuse `मोहन के मुताबिक` if the article has it from Sohan, or in its own name."""
    sentences, at = pair.articles.sentences(pair.place.source), pair.place.sentence
    before = sentences[at - 1].clauses if at else []
    after = sentences[at + 1].clauses if at + 1 < len(sentences) else []
    return pair.attribution.speaker(
        pair.at, pair.clause, pair.other, before, after, by_paper=pair.by_paper, speech=pair.speech
    )


def _is_misaligned(pair: _WordMatch) -> Message | None:
    """Refuse `मोहन के भाई ने` for `मोहन ने`: the table of rules is in `alignment`."""
    return misaligned(pair)


def _gives_another_title(pair: _WordMatch) -> Message | None:
    """Refuse `सचिव मोहन` for `अध्यक्ष मोहन`."""
    return misassigned(pair)


def _names_another_person(pair: _WordMatch) -> Message | None:
    """Refuse `मोहन पांचवें रहे` for `वह पांचवें रहे`, which means Sohan."""
    place = pair.place
    return pair.attribution.another_person(pair.clause, place.source, place.sentence, pair.other)


_RULES: tuple[Callable[[_WordMatch], Message | None], ...] = (
    _miscounts,
    _asserts_more,
    _does_what_is_to_be_done,
    _turns_result,
    _speaks_for_another,
    _is_misaligned,
    _gives_another_title,
    _names_another_person,
)
