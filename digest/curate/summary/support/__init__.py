"""Decide whether a summary is supported by the articles, clause by clause.

A false refusal only costs style, because the articles' own sentences are used instead. A wrong sentence that passes can
libel somebody, so doubtful clauses are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from digest.curate.summary.support.alignment import other_link
from digest.curate.summary.support.articles import Place, SourceText
from digest.curate.summary.support.attribution import names_paper, text_of
from digest.curate.summary.support.check import Checker, SupportCandidate
from digest.curate.summary.support.clauses import Clause, Sentence
from digest.curate.summary.support.reading import merge, opens, read
from digest.curate.summary.support.roles import same
from digest.curate.summary.support.spelling import respell, unified
from digest.curate.summary.support.vocabulary import GRAMMAR, key_of
from digest.hindi.sentences import split
from digest.hindi.text import fold
from digest.models import Article, Support

# Clauses whose weighted shares of matched words differ by no more than this count as equally similar.
_MARGIN = 0.15
# A clause may support another one in spite of a doubt from this share on, if hardly another clause is more similar.
_SIMILAR, _BEST = 0.5, 0.05
# With this share or more, the summary uses the article's words, and only clauses that are nearly as similar count.
_VERBATIM, _SLIGHT = 0.95, 0.03
# `यह जानकारी X ने दी`
_THIS = frozenset({"यह", "ये", "इसकी"})
_NEWS = frozenset(map(fold, ["जानकारी", "ब्योरा", "बात", "सूचना", "आंकड़े", "बयान", "विवरण"]))
# With fewer words, matches may be chance.
_LONG = 4
# A clause with one of these words is about the clause before it.
_BOUND = frozenset(["क्योंकि", "इसलिए", "चूंकि", "ताकि", "तो", "कि"])


_TOLL = GRAMMAR["dead"] | GRAMMAR["injured"] | GRAMMAR["missing"]
# An opening phrase that ends with one of these gives a cause.
_CAUSING = frozenset({"से", "कारण"})
# The most sentences from what a relative clause goes on about to that clause.
_FAR = 2
# A number with one of these words is a time, not a count.
_TIME_UNITS = frozenset(map(key_of, GRAMMAR["period"] | GRAMMAR["part of hour"]))


@dataclass(frozen=True, slots=True)
class Verdict:
    """The support of each sentence, or why a sentence has none, as an English clause.

    `doubts` are differences from the articles that an editor should look at.
    """

    support: tuple[Support, ...] = ()
    problem: str | None = None
    doubts: tuple[str, ...] = ()


def find_support(text: str, articles: Sequence[Article], *, is_strict: bool = False) -> Verdict:
    """Find the clause of an article that supports each clause of the text.

    With `is_strict`, as for headlines, the text may not paraphrase in everyday words: the articles must have each of
    its content words or a synonym, and the supporting clause must have the predicate.
    """
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
        if isinstance(first, str):
            return Verdict(problem=first)
        if problem := judge.informant(sentence, summary[at - 1] if at else None, before):
            return Verdict(problem=problem)
        before = first
        source = sources[first.source]
        own = written[at] if len(written) == len(summary) else sentence.text
        found.append(Support(own, source.name, source.sentences[first.sentence].text))
    return Verdict(tuple(found), doubts=tuple(judge.doubts))


class _Judge:
    """Checks the sentences of one summary in order. All their counts must come from one paper."""

    def __init__(self, sources: Sequence[SourceText], checker: Checker, *, is_strict: bool) -> None:
        self._sources, self._checker, self._is_strict = sources, checker, is_strict
        self._papers: set[int] | None = None
        self.doubts: list[str] = []

    def first_support(self, at: int, sentence: Sentence) -> SupportCandidate | str:
        """Return the support of the sentence's first clause, or the sentence's problem."""
        chosen: list[SupportCandidate] = []
        clauses = sentence.clauses
        number = 0
        while number < len(clauses):
            clause = clauses[number]
            if clause.is_frame:
                number += 1
                continue
            together = self._together(at, clauses, number, chosen)
            best = together or self._support(at, clauses, number, clause, chosen)
            number += together is not None
            if isinstance(best, str):
                return best
            chosen.append(best)
            self.doubts += [best.doubt] if best.doubt else []
            number += 1
        return chosen[0] if chosen else f"“{sentence.text}” has no words that an article could support"

    def informant(self, sentence: Sentence, told: Sentence | None, support: SupportCandidate | None) -> str | None:
        """Return a problem if somebody else tells in the article what was told before: `यह जानकारी X ने दी`."""
        clause = sentence.clauses[0]
        if told is None or support is None or not (_THIS & set(clause.tokens) and _NEWS & set(clause.tokens)):
            return None
        mine = [word for word in clause.words if word.marker == "ने" and word.is_content and word.text not in _NEWS]
        theirs = [word for word in self._place(support).other.speaker if word.is_content]
        if not mine or not theirs or self._checker.attribution.is_speaker(mine, theirs):
            return None
        return f"in the articles, this does not come from “{text_of(mine)}”"

    def _together(
        self, at: int, clauses: Sequence[Clause], number: int, chosen: Sequence[SupportCandidate]
    ) -> SupportCandidate | None:
        """Return the support of the clause together with the next one that it opens, or None."""
        clause = clauses[number]
        if not opens(clause) or number + 1 == len(clauses) or clauses[number + 1].is_frame:
            return None
        found = self._support(at, clauses, number, merge(clause, clauses[number + 1]), chosen)
        if isinstance(found, str):
            return None
        sentence = self._sources[found.source].sentences[found.sentence]
        return None if clause.is_adverbial and other_link(clause, sentence) else found

    def _support(
        self, at: int, clauses: Sequence[Clause], number: int, clause: Clause, chosen: Sequence[SupportCandidate]
    ) -> SupportCandidate | str:
        """Return the article's clause that supports the clause best, or why none does."""
        options, most, margin = self._most_similar(at, clause)
        before = None if number > 0 and clauses[number - 1].is_frame else clauses[number - 1]

        def fitting_of(candidates: Sequence[SupportCandidate]) -> list[SupportCandidate]:
            return [
                each
                for each in candidates
                if not each.problem
                and self._may_support(each, most, margin)
                and (before is None or self._belongs(clause, before, each, chosen))
            ]

        fitting = fitting_of(options) or fitting_of(self._checker.joined(at, clause))
        words = " ".join(clause.tokens)
        if not fitting:
            why = (
                options[0].problem or "its parts are from different places in the articles"
                if options
                else "no article has a text"
            )
            return f"“{words}” has no support: {why}"
        if self._is_strict:
            if problem := self._foreign_word(clause):
                return f"“{words}” has no support: {problem}"
            fitting = [each for each in fitting if each.has_predicate]
            if not fitting:
                return f"“{words}” has no support: the clause of an article with these words says something else"
        if self._must_have_one_paper(clause):
            fitting = self._of_one_paper(fitting)
            if not fitting:
                return f"it mixes numbers of different papers: “{words}”"
        frame = next((each for each in reversed(clauses[:number]) if each.is_frame), None)
        if frame is not None and clause.is_said:
            problems = [self._checker.attribution.frame(frame, self._place(each)) for each in fitting]
            fitting = [each for each, problem in zip(fitting, problems, strict=True) if not problem]
            if not fitting:
                return f"“{' '.join(frame.tokens)}” has no support: {problems[0]}"
        last = (chosen[-1].source, chosen[-1].sentence) if chosen else None
        return max(fitting, key=lambda each: ((each.source, each.sentence) == last, each.share))

    def _most_similar(self, at: int, clause: Clause) -> tuple[list[SupportCandidate], float, float]:
        """Return the candidates that are about as similar as the best one, the share of that one, and the margin.

        The most similar clause decides. Another one without its negation proves nothing.
        """
        options = self._checker.candidates(at, clause)
        decisive = [each.share for each in options if each.has_predicate] or [each.share for each in options]
        most = max(decisive, default=0.0)
        is_long = sum(word.is_content for word in clause.words) >= _LONG
        margin = _SLIGHT if is_long and most >= _VERBATIM else _MARGIN
        return [each for each in options if each.share >= most - margin], most, margin

    def _foreign_word(self, clause: Clause) -> str | None:
        """Return a problem if no article has a word of the clause."""
        own = (word for word in clause.words if word.is_content and word.marker != "inherited")
        foreign = next((word.text for word in own if not self._checker.articles.is_anywhere(word)), None)
        return f"no article has “{foreign}”" if foreign else None

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

    def _may_support(self, candidate: SupportCandidate, most: float, margin: float) -> bool:
        """Whether the candidate is similar enough; with a doubt, hardly another one may be more similar."""
        if candidate.doubt:
            return not self._is_strict and candidate.share >= max(_SIMILAR, most - _BEST)
        return candidate.share >= most - margin

    def _place(self, candidate: SupportCandidate) -> Place:
        other = self._sources[candidate.source].sentences[candidate.sentence].units[candidate.clause]
        return Place(candidate.source, candidate.sentence, candidate.clause, other)

    def _belongs(
        self, clause: Clause, before: Clause, candidate: SupportCandidate, chosen: Sequence[SupportCandidate]
    ) -> bool:
        """Whether the article makes the same connection as the summary: a cause, a result or a relative clause."""
        if not chosen:
            return True
        last = chosen[-1]
        openers = clause.opener.split()
        source = self._sources[candidate.source]
        sentence = source.sentences[candidate.sentence]
        found = sentence.units[candidate.clause]
        is_same_source = candidate.source == last.source
        distance = source.line(candidate.sentence) - source.line(last.sentence) if is_same_source else 0
        if before.is_adverbial and other_link(before, sentence):
            return False
        if before.is_adverbial and before.tokens[-1] in _CAUSING:
            # `पुल टूटने से गांव कट गए`: one right after the other.
            return is_same_source and abs(distance) <= 1
        if "जिससे" in openers and is_same_source and 1 <= abs(distance) <= _FAR:
            # `सौदे के बाद …` goes on about the sentence before.
            return found.tokens[0] in ("इससे", "इसके") or any(word.marker == "after" for word in found.words)
        if "जिससे" in openers:
            # A result: the article connects both, or names the cause itself.
            return is_same_source and distance == 0
        if _BOUND & set(openers):
            return is_same_source and distance == 0
        if {"जिनमें", "जिसमें"} & set(openers):
            # A relative clause: the article says it of the same people.
            whole = [word for word in found.words if word.marker in ("में", "of")]
            if is_same_source and any(same(word, each) for word in whole for each in before.words):
                return True
        if any(each.startswith(("जिस", "जिन")) for each in openers):
            return is_same_source and -1 <= distance <= _FAR
        return True


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
