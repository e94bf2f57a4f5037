"""Refuse a clause whose words are all in the article's clause, but with other relations.

The words of `X पकड़ा गया` are all in `X का भाई पकड़ा गया`. These rules compare the relations of words: whose relative
or property it is, who acts, what is done or only ordered, what a rough number counts, what is excepted, and which cause
or time an event has. They also refuse some true clauses, because a wrong one that passes is worse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from digest.curate.summary.support.alignment import reverses_order
from digest.curate.summary.support.articles import Articles
from digest.curate.summary.support.clauses import Clause, Mode, Sentence
from digest.curate.summary.support.roles import (
    COMMON_VERBS,
    find_any,
    is_force,
    is_joined,
    is_name_like,
    is_plain_word,
    leaves_out_a_name,
    only_retells,
    same,
)
from digest.curate.summary.support.statement import HAPPENED
from digest.curate.summary.support.vocabulary import GRAMMAR, NAMED, ordinal
from digest.curate.summary.support.words import ROOT, VERB, Word, is_infinitive

_CORE = frozenset({"", "ने", "को", "inherited"})
_OBLIQUE = frozenset({"से", "में", "पर", "तक"})
# An infinitive before one of these is not done: `करने का निर्देश`, `करने को कहा`.
_NOT_DONE = frozenset({"gen", "for", "को"})
_CAUSES = frozenset({"से", "cause"})
_EXCEPTS = GRAMMAR["except"]
_MANY = GRAMMAR["rough number"]
_FOR_NAMES = GRAMMAR["stands for a name"]
_DIRECTIONS = GRAMMAR["direction"]
_TOLLS = (GRAMMAR["dead"], GRAMMAR["injured"])
_COUNTS = GRAMMAR["count"]
_SAVED = GRAMMAR["saved"]
_ALLEGED = GRAMMAR["alleged"]
# The excepted noun is among this many tokens before a word of exception.
_EXCEPTED_WITHIN = 5
# Windows in words: nouns after a rough number of which one is counted; words after a toll that contain its count; words
# after a predicate that contain its infinitive.
_COUNTED_WITHIN, _COUNT_WITHIN, _VERB_WITHIN = 2, 2, 3
# Words in the name of somebody's relative or property: `भाई मोहन`.
_HEAD_WORDS = 2
# Share of the other words that the article's clause must have if it lacks an everyday predicate.
_MOST = 0.7
# Nouns that may govern another noun without changing the thing: `धरने का ऐलान`.
_TELLS = frozenset({"said", "claim", "doubt", "wish", "plan", "deny"})
_DOUBTFUL = frozenset({"claim", "doubt", "deny"})
_NO_FACT = frozenset({"soft", "status", "more", "less", "court"})
_KAR = "कर"


def other_part(
    articles: Articles,
    clause: Clause,
    inside: Sequence[Word],
    unmatched: Sequence[Word],
    other: Clause,
    sentence: Sentence,
) -> str:
    """Return the problem with the clause compared with the article's `other`; '' if there is none.

    `inside` are its words that `other` has, `unmatched` the others.
    """
    vetoes = _Vetoes(articles, clause, inside, unmatched, other, sentence)
    return next((problem for veto in _VETOES if (problem := veto(vetoes))), "")


def other_link(link: Clause, sentence: Sentence) -> bool:
    """Whether the article's sentence gives another cause or time than `link`, a phrase that opens the summary's clause.

    `बिजली गिरने से मौत हुई` for `छत गिरने से मौत हुई`.
    """
    theirs = [
        word
        for each in sentence.clauses
        for word in each.words
        if word.is_content
        and "time" not in word.concepts
        and (word.marker in ("after", "cause") or (each.is_adverbial and word.marker != "inherited"))
    ]
    if reverses_order(link.tokens, [token for each in sentence.clauses for token in each.tokens]):
        return True
    mine = [word for word in link.words if word.is_content and word.marker != "inherited"]
    nouns = [word for word in mine if not is_infinitive(word.text)] or mine
    return bool(theirs) and not any(same(word, each) for word in nouns for each in theirs)


@dataclass
class _Vetoes:
    """The vetoes for one clause of a summary compared with one clause of an article.

    Each method returns the problem that it finds; '' if it finds none.
    """

    articles: Articles
    clause: Clause
    inside: Sequence[Word]
    unmatched: Sequence[Word]
    other: Clause
    sentence: Sentence

    @cached_property
    def rest(self) -> list[tuple[Word, Clause]]:
        """The words of the article's whole sentence."""
        return [(word, each) for each in self.sentence.clauses for word in each.words]

    @cached_property
    def predicate(self) -> Word | None:
        return next((word for word in reversed(self.clause.words) if word.is_content), None)

    def owner(self) -> str:
        """Whether the summary says of a person what the article says of their relative or property: `X का भाई`."""
        if self.other.pronouns:
            # `छात्रों की मेहनत पर प्रधान ने उन्हें इनाम दिया`
            return ""
        found = next((word for word in self.inside if self._only_owns(word)), None)
        return f"the articles say it of something of “{found.text}”" if found else ""

    def act(self) -> str:
        """Whether it adds an earlier act: `छोड़कर` for `निकाले जाने के बाद`."""
        for word in self.unmatched:
            is_participle = word.text.endswith(_KAR) and ROOT.fullmatch(word.text.removesuffix(_KAR))
            if is_participle and "way" not in word.concepts and not find_any(word, self.rest):
                return f"the articles have no “{word.text}” with it"
        return ""

    def counted(self) -> str:
        """Whether it has a number of another place or team, or of the dead where the article counts the sick."""
        if not any(word.number and not word.is_year for word in self.clause.words):
            return ""
        said = [*self.clause.words, *self.clause.speaker]
        mine = [word for word in self.unmatched if _is_name(word) and not find_any(word, self.rest)]
        known = {each.phrase for each, _ in self.rest if _is_name(each) and any(same(each, one) for one in said)}
        theirs = [
            word
            for word, where in self.rest
            if _is_name(word) and not (where.is_frame or word.phrase in known or any(same(word, each) for each in said))
        ]
        places = {"gen", *_OBLIQUE}
        theirs = [word for word in theirs if any((word.marker in places) == (each.marker in places) for each in mine)]
        # `ज़िले में 40 लोग बेलघाट में डूबे`
        is_part = any(
            word.marker in places and _is_name(word) and find_any(word, self.rest) for word in self.clause.words
        )
        if mine and theirs and not is_part:
            return f"the number is of “{theirs[0].text}”, not of “{mine[0].text}”"
        toll = next(self._other_tolls(), None)
        return f"the articles count no “{toll.text}” there" if toll else ""

    def exception(self) -> str:
        mine, theirs = _EXCEPTS & set(self.clause.tokens), _EXCEPTS & set(self.other.tokens)
        turned = bool(mine) and not any(_EXCEPTS & set(each.tokens) for each in self.sentence.clauses)
        if theirs and not mine:
            at = min(n for n, each in enumerate(self.other.tokens) if each in theirs)
            before = set(self.other.tokens[max(0, at - _EXCEPTED_WITHIN) : at])
            turned = any(word.text in before and word.is_content for word in self.clause.words)
        return "the articles except what it includes" if turned else ""

    def actor(self) -> str:
        """Whether an agent or affected person is missing in the article's sentence."""
        for word in self.unmatched:
            is_replaced = word.marker == "gen" or leaves_out_a_name(self.clause, self.other)
            is_partly_known = any(
                each.phrase == word.phrase
                and (is_name_like(each) or ("office" in each.concepts and self.articles.is_called(each, word)))
                for each in self.inside
            )
            if is_replaced and not is_partly_known and _is_actor(word, self.clause) and not find_any(word, self.rest):
                return f"the articles say it of somebody else than “{word.text}”"
        return ""

    def modifier(self) -> str:
        """Whether a noun has another word before it: `खेल मंत्रालय` for `गृह मंत्रालय`."""
        colours = frozenset({"soft", "status"})
        for before, noun in _in_phrases(self.clause.words):
            if (
                before in self.clause.speaker
                or "time" in before.concepts
                or colours & before.concepts
                or is_infinitive(before.text)
            ):
                continue
            if is_plain_word(before) and not {"office", "body"} & noun.concepts:
                continue
            if any(same(before, each) for each in self.other.words):
                continue
            theirs = [one for one, each in _in_phrases(self.other.words, numbers=True) if same(noun, each)]
            if theirs and not any(
                not one.is_content
                or one.number
                or is_infinitive(one.text)
                or colours & one.concepts
                or any(same(one, each) for each in self.clause.words)
                for one in theirs
            ):
                return f"the articles have “{theirs[0].text}” before “{noun.text}”"
        return ""

    def done(self) -> str:
        """Whether it reports as done what the article has in the infinitive: `दुरुस्त करने का निर्देश`."""
        clause, predicate = self.clause, self.predicate
        if clause.mode is not Mode.FACT or (clause.act | clause.kinds) & {"plan", "wish", "said"}:
            return ""
        if (
            predicate is None
            or predicate.marker in _OBLIQUE
            or is_infinitive(predicate.text)
            or any(predicate.text in kind for kind in _TOLLS)
        ):
            return ""
        at = [n for n, each in enumerate(self.other.words) if same(predicate, each)]
        verbs = [[each for each in self.other.words[n : n + _VERB_WITHIN] if is_infinitive(each.text)][:1] for n in at]
        if at and not HAPPENED & set(self.other.tokens) and all(verb and verb[0].marker in _NOT_DONE for verb in verbs):
            return f"the articles do not tell “{predicate.text}” as done"
        return ""

    def office(self) -> str:
        """Whether a person's office differs from the article: `कप्तान रहे` for `निदेशक रहे`."""
        for word in self.unmatched:
            if "office" in word.concepts and any(
                "office" in each.concepts
                and each.is_content
                and each.marker == word.marker
                and not any(same(each, mine) for mine in self.clause.words)
                for each in self.other.words
            ):
                return f"the articles have another office than “{word.text}” there"
        return ""

    def verb(self) -> str:
        """Whether the article's clause lacks the predicate, and it is more than an everyday word."""
        word = self.predicate
        if word is None or word not in self.unmatched or _NO_FACT & word.concepts:
            return ""
        parts = word.parts or (word,)
        if any(_TELLS & set(NAMED.get(part.text, ())) or "negative" in part.concepts for part in parts):
            return ""
        if word.marker:
            # The verb only carries it: `पेनल्टी कॉर्नर से किया`.
            return ""
        others = [
            each
            for each in self.unmatched
            if each is not word and not only_retells(each) and each.text not in _FOR_NAMES
        ]
        is_verb = bool(VERB.search(word.text)) and not self.articles.is_anywhere(word)
        is_retold = (
            is_plain_word(word) or word.key in COMMON_VERBS or (is_verb and "strict" not in word.concepts)
        ) and len(self.inside) >= _MOST * (len(self.inside) + len(others))
        return "" if is_retold else f"the clause with its other words has no “{word.text}” there"

    def direction(self) -> str:
        mine = _DIRECTIONS & set(self.clause.tokens)
        theirs = {each for clause in self.sentence.clauses for each in clause.tokens} & _DIRECTIONS
        return "the articles have another part of the country" if mine - theirs and theirs - mine else ""

    def force(self) -> str:
        """Whether the article names another force as the cause: `बारिश से नुकसान` for `आग से नुकसान`."""
        for word in self.clause.words:
            if word.marker in _CAUSES and is_force(word):
                causes = [
                    each
                    for each, _ in self.rest
                    if each.is_content and (each.marker == "cause" or (each.marker == "से" and is_force(each)))
                ]
                if causes and not any(same(word, each) for each in causes):
                    return f"the article gives another cause than “{word.text}”"
        return ""

    def many(self) -> str:
        """Whether a rough number, like दर्जनों, counts something else in the article."""
        for at, word in enumerate(self.clause.words):
            counted = next((each for each in self.clause.words[at + 1 :] if each.is_content), None)
            if word.text not in _MANY or counted is None:
                continue
            places = [n for n, each in enumerate(self.other.words) if each.text == word.text]
            following = [[noun for noun in self.other.words[n + 1 :] if noun.is_content] for n in places]
            if not any(same(counted, each) for nouns in following for each in nouns[:_COUNTED_WITHIN]):
                return f"the articles do not have “{word.text}” of “{counted.text}”"
        return ""

    def alleged(self) -> str:
        """Whether it omits that something is only alleged: `कथित`."""
        if not (self.clause.is_said or self.clause.kinds & _DOUBTFUL or self.clause.frame_kinds & _DOUBTFUL):
            claimed = [word for word in self.unmatched if not find_any(word, self.rest) and self._is_only_claimed(word)]
            if len(claimed) > 1 or any(not only_retells(word) for word in claimed):
                return f"the articles only claim “{claimed[0].text}”"
        theirs = {each for clause in self.sentence.clauses for each in clause.tokens}
        is_left_out = _ALLEGED & theirs and not _ALLEGED & set(self.clause.tokens) and "claim" not in self.clause.kinds
        return "the articles only allege it" if is_left_out else ""

    def _is_only_claimed(self, word: Word) -> bool:
        """Whether the articles have the word only where somebody accuses, doubts or denies."""
        found = [clause for clause in self.articles.clauses() if any(same(word, each) for each in clause.words)]
        return bool(found) and all(
            clause.is_said and (clause.frame_kinds | clause.kinds) & _DOUBTFUL for clause in found
        )

    def denial(self) -> str:
        """Whether the articles have the predicate only in other clauses, and only with the opposite negation."""
        content = [word for word in self.clause.words if word.is_content]
        if len(content) < 2 or any(same(content[-1], each) for each in self.other.words):
            return ""
        found = [
            each
            for each in self.articles.clauses()
            if not each.is_frame
            and any(same(content[-1], word) for word in each.words)
            and any(same(word, one) for word in content[:-1] for one in each.words)
        ]
        turned = found and all(each.negations % 2 != self.clause.negations % 2 for each in found)
        return "the articles have its predicate only with the opposite negation" if turned else ""

    def _only_owns(self, word: Word) -> bool:
        if word.number or ordinal(word.text) or "time" in word.concepts or not self._may_be_core(word):
            return False
        if not ("office" in word.concepts or (is_name_like(word) and not is_plain_word(word))):
            return False
        words = self.other.words
        at = [n for n, each in enumerate(words) if same(word, each)]
        if any(self._goes_on(word, n) for n in at):
            # `शतरंज प्रतियोगिता`
            return False
        if not at or any(words[n].marker != "gen" or is_infinitive(words[n].text) or is_joined(words, n) for n in at):
            return False
        return all(self._is_other_head(n) for n in at)

    def _goes_on(self, word: Word, at: int) -> bool:
        """Whether both have the same noun right after the word."""
        mine = self.clause.words[self.clause.words.index(word) + 1 :][:1]
        theirs = self.other.words[at + 1 : at + 2]
        is_phrase = (
            mine and theirs and mine[0].phrase == word.phrase and theirs[0].phrase == self.other.words[at].phrase
        )
        return bool(is_phrase) and mine[0].is_content and same(mine[0], theirs[0])

    def _may_be_core(self, word: Word) -> bool:
        """Whether the word may be subject or object: it has such a marker, or stands before another noun with one.

        In `पत्रकार लंदन से लौटा` the reading gives both nouns the marker से.
        """
        if word.marker in _CORE:
            return True
        last = [each for each in self.clause.words if each.phrase == word.phrase and each.is_content][-1:]
        if word.marker not in _OBLIQUE | {"gen"} or not last or last == [word]:
            return False
        theirs = {each.phrase for each in self.other.words if same(word, each)}
        return not any(each.phrase in theirs and same(last[0], each) for each in self.other.words)

    def _is_other_head(self, at: int) -> bool:
        """Whether the article's word is the owner of somebody who is not in the summary."""
        words = self.other.words
        head = next(
            (
                each
                for each in words[at + 1 :]
                if each.phrase > words[at].phrase
                and each.is_content
                and not each.number
                and not {"time", "measure"} & each.concepts
            ),
            None,
        )
        if head is None or head.text in _FOR_NAMES or _TELLS & set(NAMED.get(head.text, ())):
            return False
        if not ("office" in head.concepts or is_name_like(head)):
            # `चालक का नियंत्रण` for `चालक`
            return False
        # An unmarked noun is in one phrase with the verb, and a subject in one with the noun after it.
        last = next(each for each in reversed(words) if each.is_content)
        phrase = [each for each in words if each.phrase == head.phrase and each.is_content and each is not last]
        # `साला` and `साल` have one stem, so light words don't count.
        mine = [each for each in self.clause.words if each.is_content and each.marker not in _OBLIQUE]
        return not any(same(one, each) for one in mine for each in phrase[:_HEAD_WORDS])

    def _other_tolls(self) -> Iterator[Word]:
        """Yield the summary's words for dead or injured that have no counterpart in the article's sentence."""
        words = self.clause.words
        if _SAVED & set(self.clause.tokens):
            return
        for kind in _TOLLS:
            for at, word in enumerate(words):
                if not any(part.text in kind for part in (word.parts or (word,))) or find_any(word, self.rest):
                    continue
                counted = any(each.text in _COUNTS for each in words[at + 1 : at + 1 + _COUNT_WITHIN])
                # `मौत की जांच` counts nobody.
                if word.marker == "gen" and not counted:
                    continue
                if not any(kind & set(each.tokens) for each in self.sentence.clauses):
                    yield word


_VETOES: tuple[Callable[[_Vetoes], str], ...] = (
    _Vetoes.owner,
    _Vetoes.act,
    _Vetoes.counted,
    _Vetoes.exception,
    _Vetoes.actor,
    _Vetoes.modifier,
    _Vetoes.done,
    _Vetoes.office,
    _Vetoes.verb,
    _Vetoes.direction,
    _Vetoes.force,
    _Vetoes.many,
    _Vetoes.alleged,
    _Vetoes.denial,
)


def _is_name(word: Word) -> bool:
    return "name" in word.concepts and word.is_content and is_name_like(word)


def _is_actor(word: Word, clause: Clause) -> bool:
    """Whether a name acts or is acted on; also before the only noun after it: `X की मौत`."""
    if not (is_name_like(word) and word.is_content) or word.marker not in ("", "ने", "को", "gen"):
        return False
    if word.marker != "gen":
        return True
    after = [each for each in clause.words if each.phrase > word.phrase and each.is_content]
    return bool(after) and len({each.phrase for each in after}) == 1 and "strict" in after[0].concepts


def _in_phrases(words: Sequence[Word], *, numbers: bool = False) -> Iterator[tuple[Word, Word]]:
    """Yield each pair of neighbours in one phrase that name something.

    `numbers`: also those that count or are light.
    """
    for before, noun in pairwise(words):
        if before.phrase == noun.phrase and (
            numbers or (before.is_content and noun.is_content and not before.number and not noun.number)
        ):
            yield before, noun
