"""Compare the numbers of two clauses: what each counts, and whether it rises or falls."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from digest.curate.summary.support.articles import Articles
from digest.curate.summary.support.clauses import Clause
from digest.curate.summary.support.roles import fits, is_general, is_plain_word, same
from digest.curate.summary.support.vocabulary import GRAMMAR, key_of, ordinal
from digest.curate.summary.support.words import Word
from digest.hindi.text import fold

# The most words between `बढ़ाकर` and its number.
_RESULT_NEAR = 2
_RAISED = frozenset(map(fold, ["बढ़ाकर", "घटाकर"]))
_HOURS = frozenset({"बजे"})
_PERIODS = frozenset(map(key_of, GRAMMAR["period"]))


def counts(articles: Articles, clause: Clause, content: Sequence[Word], inside: Sequence[Word], other: Clause) -> str:
    """Return the problem with a number in the clause; '' if each counts the same thing as in the article."""
    predicate = next((word for word in reversed(clause.words) if word.is_content), None)
    if subject := _other_subject(articles, clause, other):
        return f"the articles have the number of something else than “{subject.text}”"
    for word in inside:
        if not word.number:
            continue
        if word.number == "2" and any(each.text == "दोनों" for each in other.words):
            continue
        at = clause.words.index(word)
        days = clause.words[at + 1 : at + 2]
        if days and days[0].key == "दिन" and any(str(ordinal(each.text)) == word.number for each in other.words):
            # `तीन दिन से` is `तीसरे दिन`.
            continue
        if problem := _other_unit(word, days, other):
            return problem
        theirs = [
            n
            for n, each in enumerate(other.words)
            if each.number == word.number and fits(word, each, other, other, False)
        ]
        if not theirs:
            return f"the number {word.text} has another part in it"
        mine = content.index(word)
        head = next(
            (each for each in content[mine + 1 : mine + 2] if not each.number and each.phrase == word.phrase), None
        )
        if head is None or is_general(head) or "status" in head.concepts or head.text in _HOURS:
            continue
        if head is predicate and is_plain_word(head):
            # `संख्या 51 पहुंच गई`: the verb is not what is counted.
            continue
        if not articles.is_anywhere(head) and "strict" not in head.concepts and not head.parts:
            continue
        if one := next(
            (b for a, b in pairwise(other.words) if a.text == "एक" and same(head, b) and b.key != "लोग"), None
        ):
            # `एक नाविक समेत 9 लोग`
            return f"the article counts one “{one.text}”"
        nearest = [next((each for each in other.words[n + 1 :] if each.is_content), None) for n in theirs]
        rival = [
            each
            for n, each in enumerate(other.words)
            if each.number
            and each.number != word.number
            and n + 1 < len(other.words)
            and same(head, other.words[n + 1])
        ]
        if (
            rival
            and not all(each is not None and each.number for each in nearest)
            and not any(each is not None and same(head, each) for each in nearest)
        ):
            return f"“{head.text}” is counted as {rival[0].text}"
        if all(_stands_alone(other.words, n) for n in theirs):
            # `दो की तलाश जारी है`: of the same as before.
            continue
        # `दो नशा तस्कर`: what is counted may have a word before it.
        heads = [each for each in content[mine + 1 : mine + 4] if not each.number and each.phrase == word.phrase]
        # `98 रन बनाकर आउट` is `98 रन पर आउट`.
        heads += [part for each in heads for part in each.parts if "plain" not in part.concepts]
        near = [each for n in theirs for each in (*other.words[max(0, n - 3) : n], *other.words[n + 1 : n + 6])]
        if not any(same(one, each) for one in heads for each in near if not each.number):
            return f"the articles count nothing as “{word.text} {head.text}”"
    return _direction(clause, other)


def _other_unit(number: Word, following: Sequence[Word], other: Clause) -> str:
    """Return a problem if the article has the number of another period: `40 दिन` for `40 घंटे`."""
    units = [two for one, two in pairwise(other.words) if one.number == number.number and two.key in _PERIODS]
    mine = [each for each in following if each.key in _PERIODS]
    is_other = bool(mine and units) and not any(same(mine[0], each) for each in units)
    return f"the article has {number.text} “{units[0].text}”" if is_other else ""


def _other_subject(articles: Articles, clause: Clause, other: Clause) -> Word | None:
    """Return the thing that the summary counts with a number, if the articles count something else with it.

    `आय 18 प्रतिशत घटी` for `मुनाफ़ा 18 प्रतिशत घटा`: both are counted in the articles, each with its own number.
    """
    for number, mine in _counted(clause):
        if any(same(mine, each) for each in other.words):
            continue
        theirs = [each for value, each in _counted(other) if value == number]
        if theirs and any(same(mine, each) for part in articles.clauses() for _, each in _counted(part)):
            return mine
    return None


def _counted(clause: Clause) -> list[tuple[str, Word]]:
    """Return the numbers that follow an unmarked noun, with the noun: `आय 18 प्रतिशत`."""
    return [
        (word.number, before)
        for before, word in pairwise(clause.words)
        if word.number
        and before.is_content
        and before.marker == ""
        and not before.number
        and not {"time", "way"} & before.concepts
    ]


def _stands_alone(words: Sequence[Word], at: int) -> bool:
    """Whether the number has no noun after it: `दो की तलाश`."""
    return words[at].marker == "gen" and (at + 1 == len(words) or words[at + 1].phrase != words[at].phrase)


def splits_count(clause: Clause, joined: Clause) -> bool:
    """Whether a number and what it counts are in different clauses of the two that are joined."""
    predicate = next((word for word in reversed(clause.words) if word.is_content), None)
    for n, word in enumerate(clause.words):
        if not word.number or word.is_year:
            continue
        before = next((each for each in reversed(clause.words[:n]) if each.is_content and not each.number), None)
        if before is not None and before.marker == "" and "time" not in before.concepts:
            holders = [part for part in joined.pair if any(each.number == word.number for each in part.words)]
            owners = [part for part in joined.pair if any(same(before, each) for each in part.words)]
            if owners and not any(part in owners for part in holders):
                return True
        head = next((each for each in clause.words[n + 1 :] if each.is_content and not each.number), None)
        homes = [
            (part, next((each for each in part.words[m + 1 :] if each.is_content and not each.number), None))
            for part in joined.pair
            for m, each in enumerate(part.words)
            if each.number == word.number
        ]
        if head is None or head is predicate or is_general(head) or "status" in head.concepts:
            if not any(predicate and any(same(predicate, each) for each in part.words) for part, _ in homes):
                return True
        elif not any(theirs is not None and same(head, theirs) for _, theirs in homes):
            return True
    return False


def _direction(clause: Clause, other: Clause) -> str:
    """Return the problem if a number rises in the article and falls in the summary, or the reverse."""
    for n, word in enumerate(clause.words):
        mine = _way(clause.words, n) if word.number else None
        if mine is None:
            continue
        ways = [_way(other.words, m) for m, each in enumerate(other.words) if each.number == word.number]
        if word.marker == "" and _is_result(other.words, word.number) and not _is_result(clause.words, word.number):
            return f"{word.text} is what it rose or fell to"
        known = [each for each in ways if each is not None]
        if known and not any(same(mine, each) for each in known):
            return f"the article has “{known[0].text}” for {word.text}, not “{mine.text}”"
    return ""


def _is_result(words: Sequence[Word], number: str) -> bool:
    """Whether the number is a final value, right after a word for rise or fall: `150 रुपये बढ़ाकर 2,575 रुपये`."""
    at = next((n for n, word in enumerate(words) if word.number == number), 0)
    before = words[max(0, at - _RESULT_NEAR) : at]
    return any(each.text in _RAISED or ("way" in each.concepts and each.text.endswith("कर")) for each in before)


def _way(words: Sequence[Word], at: int) -> Word | None:
    """Return the word that tells whether the number rises or falls."""
    return next((each for each in words[at + 1 : at + 5] if "way" in each.concepts), None)
