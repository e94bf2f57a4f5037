"""Compare the numbers of two clauses: what each counts, and whether it rises or falls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from digest.curate.summary.support.articles import Articles, Ruling
from digest.curate.summary.support.clauses import Clause
from digest.curate.summary.support.roles import fits, is_general, is_plain_word, same
from digest.curate.summary.support.vocabulary import GRAMMAR, key_of, ordinal
from digest.curate.summary.support.words import Word
from digest.hindi.text import fold
from digest.messages import Message

# The most words between `बढ़ाकर` and its number.
_RESULT_NEAR = 2
_RAISED = frozenset(map(fold, ["बढ़ाकर", "घटाकर"]))
# The most words from a number to the thing that it counts.
_NOUN_WITHIN = 3
_HOURS = frozenset({"बजे"})
_UNITS = frozenset(map(key_of, GRAMMAR["period"] | GRAMMAR["part of hour"] | GRAMMAR["unit"]))


def counts(
    articles: Articles, clause: Clause, content: Sequence[Word], inside: Sequence[Word], other: Clause
) -> Message | None:
    """Return the problem with a number in the clause; None if each counts the same thing as in the article."""
    if subject := _other_subject(articles, clause, other):
        return Message("the articles give this number for something else than “%(name)s”", name=subject.text)
    for word in inside:
        if word.number:
            number = _Number(articles, clause, content, other, word)
            found = next((found for rule in _RULES if (found := rule(number)) is not None), Ruling.FINE)
            if found is not Ruling.FINE:
                return found
    return _direction(clause, other)


@dataclass
class _Number:
    """A number of a summary's clause that the article's clause `other` has too."""

    articles: Articles
    clause: Clause
    # The content words of the clause.
    content: Sequence[Word]
    other: Clause
    word: Word

    @cached_property
    def following(self) -> Sequence[Word]:
        """The word after the number, if any."""
        at = self.clause.words.index(self.word)
        return self.clause.words[at + 1 : at + 2]

    @cached_property
    def theirs(self) -> list[int]:
        """Where the article's clause has the number in the same role."""
        return [
            n
            for n, each in enumerate(self.other.words)
            if each.number == self.word.number and fits(self.word, each, self.other, self.other, False)
        ]

    @property
    def counted(self) -> list[Word]:
        """The words right after the number in the article's clause."""
        words = self.other.words
        return [each for n in self.theirs for each in words[n + 1 : n + 2]]

    def nouns(self, most: int) -> list[Word]:
        """Return the nouns among the next `most` words that the number may count."""
        at = self.content.index(self.word)
        after = self.content[at + 1 : at + 1 + most]
        return [each for each in after if not each.number and each.phrase == self.word.phrase]

    @cached_property
    def head(self) -> Word | None:
        """The noun right after the number."""
        return next(iter(self.nouns(1)), None)


def _is_nth_day(number: _Number) -> Message | Ruling | None:
    """Accept `तीन दिन से` for `तीसरे दिन`."""
    is_days = number.following and number.following[0].key == "दिन"
    is_nth = is_days and any(str(ordinal(each.text)) == number.word.number for each in number.other.words)
    return Ruling.FINE if is_nth else None


def _has_another_role(number: _Number) -> Message | Ruling | None:
    """Refuse `22 गवाह पलटे` for `22 गवाहों में से छह पलटे`."""
    return (
        None
        if number.theirs
        else Message("the number %(name)s has another role in the articles", name=number.word.text)
    )


def _is_exchanged(number: _Number) -> Message | Ruling | None:
    """Refuse `3 दिनों में 15 नृत्य` for `15 दिनों में 3 नृत्य`."""
    value, mine, theirs = number.word.number, _numbers_with_nouns(number.clause), _numbers_with_nouns(number.other)
    for noun in (two for one, two in mine if one == value):
        for other in (one for one, two in theirs if one != value and same(noun, two)):
            thing = next((two for one, two in mine if one == other and not same(noun, two)), None)
            if thing is not None and any(one == value and same(thing, two) for one, two in theirs):
                return Message("the article counts %(name)s “%(other)s”", name=other, other=noun.text)
    return None


def _is_crossed(number: _Number) -> Message | Ruling | None:
    """Refuse `25 मीटर लंबी और 10 मीटर चौड़ी` for `10 मीटर लंबी और 25 मीटर चौड़ी`."""
    (mine, theirs), word = (_numbers_with_units(each) for each in (number.clause, number.other)), number.word
    for one, two in pairwise(mine):
        is_alike = one[0] == word.number and one[0] != two[0] and one[1] == two[1] != ""
        if is_alike and (two, one) in pairwise(theirs) and (one, two) not in pairwise(theirs):
            return Message("the article has %(name)s before %(other)s", name=two[0], other=one[0])
    return None


def _numbers_with_units(clause: Clause) -> list[tuple[str, str]]:
    """Return each number with the key of its unit, '' for none."""
    words = [*clause.words, None]
    return [
        (one.number, two.key if two and two.key in _UNITS else "")
        for one, two in pairwise(words)
        if one and one.number and not one.is_year
    ]


def _numbers_with_nouns(clause: Clause) -> list[tuple[str, Word]]:
    """Return each number with the word right after it."""
    return [(one.number, two) for one, two in pairwise(clause.words) if one.number and not two.number]


def _is_of_another_unit(number: _Number) -> Message | Ruling | None:
    """Refuse `40 दिन` for `40 घंटे`, `5 मीटर` for `5 किलोमीटर`."""
    word = number.word
    units = [two for one, two in pairwise(number.other.words) if one.number == word.number and two.key in _UNITS]
    mine = [each for each in number.following if each.key in _UNITS]
    is_other = bool(mine and units) and not any(same(mine[0], each) for each in units)
    return (
        Message("the article has %(name)s “%(other)s”, not another unit", name=word.text, other=units[0].text)
        if is_other
        else None
    )


def _other_subject(articles: Articles, clause: Clause, other: Clause) -> Word | None:
    """Return the thing that the summary counts with a number, if the articles count something else with it.

    `आय 18 प्रतिशत घटी` for `मुनाफ़ा 18 प्रतिशत घटा`: both are counted in the articles, each with its own number.
    """
    for number, mine in _numbers_after_nouns(clause):
        if any(same(mine, each) for each in other.words):
            continue
        theirs = [each for value, each in _numbers_after_nouns(other) if value == number]
        if theirs and any(same(mine, each) for part in articles.clauses() for _, each in _numbers_after_nouns(part)):
            return mine
    return None


def _numbers_after_nouns(clause: Clause) -> list[tuple[str, Word]]:
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


def _counts_no_thing(number: _Number) -> Message | Ruling | None:
    """Accept `51 पर पहुंची` and `7 बजे`, which count no thing."""
    head = number.head
    if head is None or is_general(head) or "status" in head.concepts or head.text in _HOURS:
        return Ruling.FINE
    predicate = next((word for word in reversed(number.clause.words) if word.is_content), None)
    if head is predicate and is_plain_word(head):
        # `संख्या 51 पहुंच गई`: the verb is not what is counted.
        return Ruling.FINE
    is_own_word = not number.articles.is_anywhere(head) and "strict" not in head.concepts and not head.parts
    return Ruling.FINE if is_own_word else None


def _is_of_the_same(number: _Number) -> Message | Ruling | None:
    """Accept `दो की तलाश जारी है`, which counts the same as before."""
    return Ruling.FINE if all(_stands_alone(number.other.words, n) for n in number.theirs) else None


def _counts_another_thing(number: _Number) -> Message | Ruling | None:
    """Refuse `12 छात्र` for `12 शिक्षक`."""
    # `दो नशा तस्कर`: what is counted may have a word before it.
    nouns = number.nouns(_NOUN_WITHIN)
    # `98 रन बनाकर आउट` is `98 रन पर आउट`.
    nouns += [part for each in nouns for part in each.parts if "plain" not in part.concepts]
    words = number.other.words
    near = [each for n in number.theirs for each in (*words[max(0, n - 3) : n], *words[n + 1 : n + 6])]
    if number.head is None or any(same(one, each) for one in nouns for each in near if not each.number):
        return None
    counted = f"{number.word.text} {number.head.text}"
    return Message("the articles do not count “%(name)s”", name=counted)


# Each rule returns a problem, or `Ruling.FINE`, or None if the next rule decides.
_RULES: tuple[Callable[[_Number], Message | Ruling | None], ...] = (
    _is_nth_day,
    _has_another_role,
    _is_of_another_unit,
    _is_exchanged,
    _is_crossed,
    _counts_no_thing,
    _is_of_the_same,
    _counts_another_thing,
)


def _stands_alone(words: Sequence[Word], at: int) -> bool:
    """Whether the number has no noun after it: `दो की तलाश`."""
    return words[at].marker == "gen" and (at + 1 == len(words) or words[at + 1].phrase != words[at].phrase)


def _direction(clause: Clause, other: Clause) -> Message | None:
    """Return the problem if a number rises in the article and falls in the summary, or the reverse."""
    for n, word in enumerate(clause.words):
        mine = _way(clause.words, n) if word.number else None
        if mine is None:
            continue
        ways = [_way(other.words, m) for m, each in enumerate(other.words) if each.number == word.number]
        if word.marker == "" and _is_result(other.words, word.number) and not _is_result(clause.words, word.number):
            return Message("%(name)s is the number after the change, not the change", name=word.text)
        known = [each for each in ways if each is not None]
        if known and not any(same(mine, each) for each in known):
            return Message(
                "the article has “%(name)s” for %(again)s, not “%(other)s”",
                name=known[0].text,
                again=word.text,
                other=mine.text,
            )
    return None


def _is_result(words: Sequence[Word], number: str) -> bool:
    """Whether the number is a final value, right after a word for rise or fall: `150 रुपये बढ़ाकर 2,575 रुपये`."""
    at = next((n for n, word in enumerate(words) if word.number == number), 0)
    before = words[max(0, at - _RESULT_NEAR) : at]
    return any(each.text in _RAISED or ("way" in each.concepts and each.text.endswith("कर")) for each in before)


def _way(words: Sequence[Word], at: int) -> Word | None:
    """Return the word that tells whether the number rises or falls."""
    return next((each for each in words[at + 1 : at + 5] if "way" in each.concepts), None)
