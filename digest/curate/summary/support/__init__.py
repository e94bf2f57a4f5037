"""Decide whether a summary is supported by the articles, clause by clause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from digest.curate.summary.support.check import Candidate, Checker, Source
from digest.curate.summary.support.reading import Clause, Sentence, read
from digest.models import Article, Support


@dataclass(frozen=True, slots=True)
class Verdict:
    """The support of each sentence, or why a sentence has none, as an English clause."""

    support: tuple[Support, ...] = ()
    problem: str = ""


# Shares of matched words that count as alike.
_MARGIN = 0.12


def find_support(text: str, articles: Sequence[Article]) -> Verdict:
    """Find the clause of an article that supports each clause of the text."""
    sources = [Source(each.source, each.title, (*read(each.text), *_plain_title(each.title))) for each in articles]
    summary = read(text)
    checker = Checker(sources, summary)
    found: list[Support] = []
    papers: set[int] | None = None
    for at, sentence in enumerate(summary):
        chosen: list[Candidate] = []
        for number, clause in enumerate(sentence.clauses):
            if clause.is_frame:
                continue
            options = checker.candidates(at, number)
            most = max((each.share for each in options), default=0.0)
            # The clause that is most like it decides. Another one that lacks its negation proves nothing.
            options = [each for each in options if each.share >= most - _MARGIN]
            introduced = number and sentence.clauses[number - 1].is_frame
            fitting = [each for each in options if not each.problem and (introduced or _belongs(clause, each, chosen))]
            if not fitting:
                why = options[0].problem or "its clauses are from different places" if options else "there is no article text"
                return Verdict(problem=f"“{' '.join(clause.tokens)}” has no support: {why}")
            if _counts(clause) and not _by_paper(clause, sources):
                of = {each.source for each in fitting}
                papers = of if papers is None else papers & of
                if not papers:
                    return Verdict(problem=f"it mixes numbers of different papers: “{' '.join(clause.tokens)}”")
                fitting = [each for each in fitting if each.source in papers]
            frame = next((each for each in reversed(sentence.clauses[:number]) if each.is_frame), None)
            if frame is not None and clause.is_said:
                checked = [(each, checker.frame_problem(frame, each)) for each in fitting]
                fitting = [each for each, problem in checked if not problem]
                if not fitting:
                    return Verdict(problem=f"“{' '.join(frame.tokens)}” has no support: {checked[0][1]}")
            last = chosen[-1] if chosen else None
            best = max(fitting, key=lambda each: (last is not None and (each.source, each.sentence) == (last.source, last.sentence), each.share))
            chosen.append(best)
        if not chosen:
            return Verdict(problem=f"“{sentence.text}” says nothing")
        first = chosen[0]
        found.append(Support(sentence.text, sources[first.source].name, sources[first.source].sentences[first.sentence].text))
    return Verdict(tuple(found))


def _plain_title(title: str) -> tuple[Sentence, ...]:
    """Return the parts of the title that nobody says, as sentences."""
    if set(":\"“‘'") & set(title):
        return ()
    parts = [sentence for part in title.split(",") for sentence in read(part)]
    spoken = {"said", "claim", "doubt", "wish"}
    return tuple(each for each in parts if not any(spoken & clause.kinds for clause in each.clauses))


def _belongs(clause: Clause, candidate: Candidate, chosen: Sequence[Candidate]) -> bool:
    if not chosen:
        return True
    last = chosen[-1]
    if set(clause.opener.split()) & {"क्योंकि", "इसलिए", "चूंकि", "ताकि", "तो", "कि"}:
        return (candidate.source, candidate.sentence) == (last.source, last.sentence)
    if clause.opener.startswith("जिस") or clause.opener.startswith("जिन"):
        return candidate.source == last.source and abs(candidate.sentence - last.sentence) <= 1
    return True


def _counts(clause: Clause) -> bool:
    return any(word.number and not word.is_year and word.marker != "को" for word in clause.words)


def _by_paper(clause: Clause, sources: Sequence[Source]) -> bool:
    from digest.curate.summary.support.check import _names_paper

    return bool(clause.speaker) and any(_names_paper(clause.speaker, each.name) for each in sources)
