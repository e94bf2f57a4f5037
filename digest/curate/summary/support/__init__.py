"""Decide whether a summary is supported by the articles, clause by clause.

A false refusal only costs style, because the articles' own sentences are used instead. A wrong sentence that passes can
libel somebody, so doubtful clauses are refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from digest.curate.summary.support.articles import Place, SourceText
from digest.curate.summary.support.attribution import names_paper, text_of
from digest.curate.summary.support.check import Checker, SupportCandidate
from digest.curate.summary.support.clauses import Clause, Sentence
from digest.curate.summary.support.reading import merge, opens, read
from digest.curate.summary.support.roles import same
from digest.curate.summary.support.spelling import respell, unified
from digest.curate.summary.support.vocabulary import ALL_CLASSES, GRAMMAR, key_of
from digest.curate.summary.support.words import PUNCTUATION, Word
from digest.hindi.sentences import split
from digest.hindi.text import fold
from digest.messages import Message
from digest.models import Article, Support

# `यह जानकारी X ने दी`
_THIS = frozenset({"यह", "ये", "इसकी"})
_NEWS = frozenset(map(fold, ["जानकारी", "ब्योरा", "बात", "सूचना", "आंकड़े", "बयान", "विवरण"]))
_INFORMANT = re.compile("(?:यह|ये|इसकी) (?:जानकारी|बात|सूचना) (.{1,100} ने(?: .{1,60})?) (?:दी|कही|बताई)(?: है)? ?[।.]?")
# A clause with one of these words is about the clause before it.
_BOUND = frozenset(["क्योंकि", "इसलिए", "चूंकि", "ताकि", "तो", "कि"])


_TOLL = GRAMMAR["dead"] | GRAMMAR["injured"] | GRAMMAR["missing"]
# An opening phrase that ends with one of these gives a cause.
_CAUSING = frozenset({"से", "कारण"})
_NEGATIVE = ALL_CLASSES["negative"]
# A number with one of these words is a time, not a count.
_TIME_UNITS = frozenset(map(key_of, GRAMMAR["period"] | GRAMMAR["part of hour"]))


@dataclass(frozen=True, slots=True)
class Verdict:
    """The support of each sentence, or why a sentence has none, as an English clause."""

    support: tuple[Support, ...] = ()
    problem: Message | None = None


def find_support(text: str, articles: Sequence[Article], *, is_strict: bool = False) -> Verdict:
    """Find the clause of an article that supports each clause of the text.

    With `is_strict`, as for headlines, the text may not paraphrase in everyday words: the articles must have each of
    its content words or a synonym, and the supporting clause must have the predicate.
    """
    verdict = _find_support(text, articles, is_strict=is_strict)
    if verdict.problem and (told := _with_informants_first(text)):
        sentences, positions = told
        other = _find_support(" ".join(sentences), articles, is_strict=is_strict)
        if not other.problem and len(other.support) == len(sentences):
            own = zip(positions, split(text), strict=True)
            return Verdict(tuple(replace(other.support[n], sentence=written) for n, written in own))
    return verdict


def _with_informants_first(text: str) -> tuple[list[str], list[int]] | None:
    """Rewrite `पुल टूटा। यह जानकारी मोहन ने दी।` as `मोहन ने बताया कि पुल टूटा।`

    Returns the new sentences, and for each sentence of the text the position of the one that has it. None if no
    sentence is like that. The articles may have either wording.
    """
    sentences: list[str] = []
    positions: list[int] = []
    found = False
    for written in split(text):
        match = _INFORMANT.fullmatch(written.strip())
        if match and sentences and " कि " not in sentences[-1]:
            found = True
            sentences[-1] = f"{match[1]} बताया कि {sentences[-1]}"
        else:
            sentences.append(written)
        positions.append(len(sentences) - 1)
    return (sentences, positions) if found else None


def _find_support(text: str, articles: Sequence[Article], *, is_strict: bool) -> Verdict:
    spelled = unified([each for article in articles for each in (article.title, _with_place(article))])
    sources = [
        _source(article, title, told)
        for article, title, told in zip(articles, spelled[::2], spelled[1::2], strict=True)
    ]
    summary = read(respell(text, spelled))
    judge = _Judge(sources, Checker(sources, summary), is_strict=is_strict)
    found: list[Support] = []
    before: SupportCandidate | None = None
    written = split(text)
    for at, sentence in enumerate(summary):
        first = judge.first_support(at, sentence)
        if isinstance(first, Message):
            return Verdict(problem=first)
        if problem := judge.informant(sentence, summary[at - 1] if at else None, before):
            return Verdict(problem=problem)
        before = first
        source = sources[first.source]
        own = written[at] if len(written) == len(summary) else sentence.text
        found.append(Support(own, source.name, source.sentences[first.sentence].text))
    return Verdict(tuple(found))


class _Judge:
    """Checks the sentences of one summary in order. All their counts must come from one paper."""

    def __init__(self, sources: Sequence[SourceText], checker: Checker, *, is_strict: bool) -> None:
        self._sources, self._checker, self._is_strict = sources, checker, is_strict
        self._papers: set[int] | None = None

    def first_support(self, at: int, sentence: Sentence) -> SupportCandidate | Message:
        """Return the support of the sentence's first clause, or the sentence's problem."""
        chosen: list[SupportCandidate] = []
        clauses = sentence.clauses
        number = 0
        frame: Clause | None = None
        while number < len(clauses):
            clause = clauses[number]
            if clause.is_frame:
                frame = clause
                number += 1
                continue
            together = self._together(at, clauses, number, chosen)
            best = together or self._support(at, clauses, number, clause, chosen)
            number += together is not None
            if isinstance(best, Message):
                return best
            if frame and (time := self._other_time(frame, best)):
                return Message("“%(name)s” is not the time of this in the articles", name=time.text)
            chosen.append(best)
            number += 1
        return (
            chosen[0]
            if chosen
            else Message("“%(words)s” has no words that an article could support", words=sentence.text)
        )

    def _other_time(self, frame: Clause, support: SupportCandidate) -> Word | None:
        """Return a time in the introduction of a clause that no statement of the article has: `सोमवार को कहा कि`."""
        spoken = [
            word
            for at, sentence in enumerate(self._sources[support.source].sentences)
            if at == support.sentence or any(each.is_said or each.is_frame for each in sentence.clauses)
            for each in sentence.clauses
            for word in each.words
        ]
        times = (word for word in frame.words if "time" in word.concepts and not word.number)
        return next((word for word in times if not any(same(word, each) for each in spoken)), None)

    def informant(self, sentence: Sentence, told: Sentence | None, support: SupportCandidate | None) -> Message | None:
        """Return a problem if the article has another informant: `यह जानकारी X ने दी`."""
        clause = sentence.clauses[0]
        if told is None or support is None or not (_THIS & set(clause.tokens) and _NEWS & set(clause.tokens)):
            return None
        mine = [word for word in clause.words if word.marker == "ने" and word.is_content and word.text not in _NEWS]
        theirs = [word for word in self._place(support).other.speaker if word.is_content]
        if not mine or not theirs or self._checker.attribution.is_speaker(mine, theirs):
            return None
        return Message("in the articles, this does not come from “%(name)s”", name=text_of(mine))

    def _together(
        self, at: int, clauses: Sequence[Clause], number: int, chosen: Sequence[SupportCandidate]
    ) -> SupportCandidate | None:
        """Return the support of the clause together with the next one that it opens, or None."""
        clause = clauses[number]
        if not opens(clause) or number + 1 == len(clauses) or clauses[number + 1].is_frame:
            return None
        found = self._support(at, clauses, number, merge(clause, clauses[number + 1]), chosen)
        return None if isinstance(found, Message) else found

    def _support(
        self, at: int, clauses: Sequence[Clause], number: int, clause: Clause, chosen: Sequence[SupportCandidate]
    ) -> SupportCandidate | Message:
        """Return the article's clause that supports the clause best, or why none does."""
        options = self._most_similar(at, clause)
        before = clauses[number - 1] if number and not clauses[number - 1].is_frame else None
        fitting = [
            each
            for each in options
            if not each.problem and (before is None or self._belongs(clause, before, each, chosen))
        ]
        words = " ".join(clause.tokens)
        if not fitting:
            why = (
                options[0].problem or Message("its parts are from different places in the articles")
                if options
                else Message("no article has a text")
            )
            return Message("“%(words)s” has no support: %(why)s", words=words, why=why)
        if self._is_strict:
            if foreign := self._foreign_word(clause):
                return Message("“%(words)s” has no support: no article has “%(name)s”", words=words, name=foreign)
            fitting = [each for each in fitting if each.has_predicate]
            if not fitting:
                why = Message("the clause of an article with these words says something else")
                return Message("“%(words)s” has no support: %(why)s", words=words, why=why)
        if self._must_have_one_paper(clause):
            fitting = self._of_one_paper(fitting)
            if not fitting:
                return Message("it mixes numbers of different papers: “%(words)s”", words=words)
        last = (chosen[-1].source, chosen[-1].sentence) if chosen else None
        return max(fitting, key=lambda each: ((each.source, each.sentence) == last, each.share))

    def _most_similar(self, at: int, clause: Clause) -> list[SupportCandidate]:
        """Return the candidates as similar as the best one. Another one without its negation proves nothing."""
        found = self._checker.candidates(at, clause)
        told = [each for each in found if each.has_predicate] or found
        closest = max((each.share for each in told), default=0.0)
        best = [each for each in told if each.share >= closest]
        if not self._is_denied_somewhere(clause, found):
            return best
        mine = set(clause.tokens) - PUNCTUATION
        denied = Message("it has more or fewer negations than the article")
        return [
            each if each.problem or mine.issubset(self._place(each).other.tokens) else replace(each, problem=denied)
            for each in best
        ]

    def _is_denied_somewhere(self, clause: Clause, found: Sequence[SupportCandidate]) -> bool:
        """Whether it has all its words in a clause of the articles with a negation: `पहचान हुई` in `पहचान नहीं हुई`."""
        mine = set(clause.tokens) - PUNCTUATION
        if _NEGATIVE & mine:
            return False
        others = (self._place(each).other.tokens for each in found)
        return any(mine.issubset(other) and _NEGATIVE & {*other} for other in others)

    def _foreign_word(self, clause: Clause) -> str | None:
        """Return a word of the clause that no article has; None if there is none."""
        own = (word for word in clause.words if word.is_content and word.marker != "inherited")
        return next((word.text for word in own if not self._checker.articles.is_anywhere(word)), None)

    def _must_have_one_paper(self, clause: Clause) -> bool:
        """Whether the clause counts dead or injured, and does not say which paper does."""
        is_count = _counts(clause) and _toll(clause)
        return is_count and not any(names_paper(clause.speaker, each.name) for each in self._sources)

    def _of_one_paper(self, fitting: Sequence[SupportCandidate]) -> list[SupportCandidate]:
        """Keep the candidates of papers that have all tolls of the summary so far."""
        if self._papers is None:
            self._papers = {*range(len(self._sources))}
        found = [each for each in fitting if each.source in self._papers]
        if found:
            self._papers = {each.source for each in found}
        return found

    def _place(self, candidate: SupportCandidate) -> Place:
        other = self._sources[candidate.source].sentences[candidate.sentence].units[candidate.clause]
        return Place(candidate.source, candidate.sentence, candidate.clause, other)

    def _belongs(
        self, clause: Clause, before: Clause, candidate: SupportCandidate, chosen: Sequence[SupportCandidate]
    ) -> bool:
        """Whether the article connects the clause with the one before in one place, by a cause or purpose."""
        last = chosen[-1] if chosen else candidate
        source = self._sources[candidate.source]
        distance = abs(source.line(candidate.sentence) - source.line(last.sentence))
        if _BOUND & {*clause.opener.split()}:
            return last.source == candidate.source and distance == 0
        is_caused = before.is_adverbial and before.tokens[-1] in _CAUSING
        return not is_caused or (last.source == candidate.source and distance <= 1)


def _source(article: Article, title: str, text: str) -> SourceText:
    """Read an article from its title and text with unified spelling. Its sentences stay as the article has them."""
    sentences, written = read(text), split(_with_place(article))
    if len(sentences) == len(written):
        sentences = tuple(replace(each, text=own) for each, own in zip(sentences, written, strict=True))
    parts = _plain_title(title)
    return SourceText(article.source, title, (*sentences, *parts), len(parts))


def _with_place(article: Article) -> str:
    """Return the text with the dateline as a sentence of its own."""
    return f"{article.place}।\n{article.text}" if article.place else article.text


def _plain_title(title: str) -> tuple[Sentence, ...]:
    """Return the parts of the title that are not quotations, as sentences. A title with `!` or `?` may be a guess."""
    if set(":\"“‘'!?") & set(title):
        return ()
    parts = [sentence for part in title.split(",") for sentence in read(part)]
    spoken = {"said", "claim", "doubt", "wish"}
    return tuple(each for each in parts if not any(spoken & clause.kinds for clause in each.clauses))


def _toll(clause: Clause) -> bool:
    """Whether the clause counts dead or injured."""
    return any(word.number for word in clause.words) and bool(_TOLL & set(clause.tokens))


def _counts(clause: Clause) -> bool:
    return any(
        word.number and not word.is_year and word.marker != "को" and not (after and after.key in _TIME_UNITS)
        for word, after in zip(clause.words, [*clause.words[1:], None], strict=False)
    )
