"""Compare the role of a word in a clause of a summary and of an article: subject, object, owner or place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from digest.curate.summary.support.articles import ClausePair
from digest.curate.summary.support.clauses import Clause
from digest.curate.summary.support.roles import AGENT, find_any, is_general, is_name_like, same
from digest.curate.summary.support.speakers import SPEECH
from digest.curate.summary.support.vocabulary import GRAMMAR
from digest.curate.summary.support.words import JOINS, Word

_ROLES = {**dict.fromkeys((*AGENT, ""), "acts"), **dict.fromkeys(("को", "against", "से", "for"), "suffers")}
_FOR_NAMES = GRAMMAR["stands for a name"]
_SIDES = frozenset({"for", "against"})

# Markers of phrases in which each noun counts by itself.
_COUNTED = frozenset({"gen", "को", "ने", "पर", ""})


class Parts:
    """One clause of a summary compared with one clause of an article. `inside` are the words that both have."""

    def __init__(self, pair: ClausePair, inside: Sequence[Word]) -> None:
        self._pair = pair
        self._articles, self._clause, self._inside, self._place = pair.articles, pair.clause, inside, pair.place
        self._other, self._predicate = pair.other, pair.predicate
        clauses = enumerate(pair.sentence.clauses)
        self._rest = [(word, each) for n, each in clauses if n != pair.place.clause for word in each.words]

    def _is_elsewhere(self, word: Word) -> bool:
        """Whether the word is the agent in the article's clause, and the object in the summary."""
        after = self._clause.words[self._clause.words.index(word) + 1 :][:1]
        if after and after[0].phrase == word.phrase and after[0].is_content and not is_name_like(after[0]):
            # The marker is that of the next noun: `कंपनी सड़क के लिए`.
            return False
        mine = _role(word, self._clause)
        theirs = [_role(each, self._other) for each in self._other.words if same(word, each)]
        if word.marker in _SIDES:
            others = {each.marker for each in self._other.words if same(word, each)}
            if others and others <= _SIDES - {word.marker}:
                return True
        return bool(theirs) and all({mine, each} == {"acts", "suffers"} for each in theirs)

    def _agents(self) -> list[Word]:
        """Return the agents of the article's clause, and its speaker if the summary reports that somebody speaks."""
        words = [*self._other.words, *(self._other.speaker if self._clause.kinds & SPEECH else ())]
        return [each for each in words if each.marker in (*AGENT, "said") and each.is_content]

    def _has_another_agent(self) -> bool:
        """Whether no agent in the summary is an agent in the article."""
        mine = [word for word in self._clause.words if word.marker == "ने" and word.is_content and not word.number]
        theirs = self._agents()
        if not mine or not theirs:
            return False
        names = [word for word in mine if is_name_like(word)], [word for word in theirs if is_name_like(word)]
        is_other = all(names) and not any(same(one, each) for one in names[0] for each in names[1])
        if not is_other and any(word in self._inside for word in mine):
            return False
        return not any(
            is_general(word) or self._articles.is_called(each, word) or self._articles.heads(each, word)
            for word in mine
            for each in theirs
        )

    @cached_property
    def _topic(self) -> list[Word]:
        return list(self._articles.topic(self._place))

    def _is_added(self, word: Word) -> bool:
        """Whether `और` adds the word to one that the article's clause has: `पूनम और उनके बेटे की मौत`."""
        words = self._clause.words
        joins = [each.phrase for each in words if each.text in JOINS and each.phrase in (word.phrase, word.phrase - 1)]
        if not joins or word.marker not in _COUNTED or not (is_name_like(word) or "office" in word.concepts):
            return False
        listed = [each for each in words if joins[0] <= each.phrase <= word.phrase and each.is_content]
        known = [each for each in listed if any(each is one for one in self._inside)]
        return any(each.marker == word.marker for each in known) and self._articles.is_anywhere(word)

    def _is_other_thing(self, word: Word) -> bool:
        """Whether another clause of the articles is about the thing, and this clause is about a different thing."""
        if word.marker or word is self._predicate or word.number or word.parts or {"time", "way"} & word.concepts:
            return False
        mine = self._clause.words
        at = mine.index(word)
        if any(each.is_content and not each.marker for each in mine[:at]):
            # Only the subject of the clause.
            return False
        theirs = _subject_of(self._other)
        if theirs is None or any(same(own, theirs) for own in mine):
            return False
        subjects = (_subject_of(clause) for clause in self._articles.clauses() if clause is not self._other)
        return any(each is not None and same(word, each) for each in subjects)

    def _is_other_owner(self, word: Word) -> bool:
        """Whether the thing has another owner in the article's clause: `गेहूं का मूल्य` for `सरसों का मूल्य`."""
        if word.marker != "gen" or word.number or "time" in word.concepts or not self._articles.is_anywhere(word):
            return False
        heads = [each for each in self._clause.words if each.phrase == word.phrase + 1 and each.is_content]
        mates = [each for each in self._clause.words if each.phrase == word.phrase and each.is_content]
        if any(each in self._inside for each in mates):
            return False
        words = self._other.words
        owners = [
            owner
            for n, each in enumerate(words)
            if any(same(head, each) for head in heads)
            for owner in words[:n]
            if owner.phrase == each.phrase - 1 and owner.marker == "gen" and owner.is_content and not owner.number
        ]
        return bool(owners) and any(
            any(same(word, each) and each.marker == "gen" for each in clause.words)
            and any(same(head, each) for head in heads for each in clause.words)
            for clause in self._articles.clauses()
        )

    def _is_replaced(self, word: Word, *, also_common: bool = False) -> bool:
        """Whether the article's clause has another name there. `also_common`: or another noun."""
        if word.marker == "" and not self._is_subject(word):
            return False
        if word.marker == "gen":
            return self._has_another_owner(word)
        theirs = self._in_its_place(word, also_common=also_common)
        missing = [
            each
            for each in theirs
            if not any(same(each, own) and (word.marker != "को" or own.marker == "को") for own in self._mine)
        ]
        return bool(missing) and (len(missing) == len(theirs) or any(is_name_like(each) for each in missing))

    @cached_property
    def _mine(self) -> list[Word]:
        return [each for each in self._clause.words if each.is_content]

    def _is_subject(self, word: Word) -> bool:
        """Whether no agent or noun precedes the unmarked word."""
        at = next((n for n, each in enumerate(self._mine) if each is word), 0)
        return not any(
            each.marker in ("ने", "") and not each.number for each in self._mine[:at] if each.phrase != word.phrase
        )

    def _has_another_owner(self, word: Word) -> bool:
        """Whether what the word owns has another owner in the article: `दिल्ली की बस` for `आगरा की बस`."""
        words = self._other.words
        heads = [each for each in self._clause.words if each.phrase == word.phrase + 1]
        in_rest = find_any(word, self._rest)
        owners = [
            owner
            for n, each in enumerate(words)
            if any(same(head, each) for head in heads)
            for owner in words[:n]
            if owner.phrase == each.phrase - 1
            and owner.marker == "gen"
            and owner.is_content
            and (in_rest or is_name_like(owner))
            # `निगम की बस गोदावरी ज़िले में`: the bus is owned, and not the district.
            and (each.marker not in ("में", "पर") or each.phrase != words[n - 1].phrase)
        ]
        if is_name_like(word):
            owners = [each for each in owners if is_name_like(each)]
        own = [each for each in self._mine if each.marker == "gen"]
        return bool(owners) and not any(same(each, owner) for each in own for owner in owners)

    def _in_its_place(self, word: Word, *, also_common: bool) -> list[Word]:
        """Return the article's words with the marker of the word that may be in its place."""
        in_rest = find_any(word, self._rest)
        return [
            each
            for each in self._other.words
            if each.marker == word.marker
            and each.is_content
            and "time" not in each.concepts
            and not each.number
            and each.text not in _FOR_NAMES
            and (also_common or is_name_like(each) or "office" in each.concepts or (in_rest and word.marker == "को"))
        ]


def _role(word: Word, clause: Clause) -> str:
    if word.marker == "" and clause.is_intransitive:
        return ""
    return "suffers" if clause.is_passive and word.marker == "" else _ROLES.get(word.marker, "")


def _subject_of(clause: Clause) -> Word | None:
    """Return the first unmarked noun of a clause that has another word after it."""
    words = [each for each in clause.words if each.is_content and not (each.marker or each.number)]
    words = [each for each in words if "time" not in each.concepts]
    return words[0] if len(words) > 1 else None
