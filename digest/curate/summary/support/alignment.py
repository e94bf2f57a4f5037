"""Refuse a clause that combines different sentences of the articles, or changes the meaning of its sentence.

The words of `X पकड़ा गया` are all in `X का भाई पकड़ा गया`. A model retells one sentence in fewer words, so the supporting
sentence must contain each part of the clause: agent, owner, number and time. The rules compare positions, not meanings,
so they need few word lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise, product

from digest.curate.summary.support.articles import ClausePair
from digest.curate.summary.support.clauses import Clause
from digest.curate.summary.support.roles import is_general, is_joined, is_name_like, is_plain_word, only_retells, same
from digest.curate.summary.support.vocabulary import ALL_CLASSES, GRAMMAR, NAMED, OPPOSITES, ordinal
from digest.curate.summary.support.words import JOINS, Word, is_infinitive
from digest.hindi.text import fold
from digest.messages import Message

# The distance in words from an office to `पूर्व`.
_FORMER_BEFORE, _FORMER_AFTER = 4, 6
_BACK = GRAMMAR["reference"]
_SCOPES = GRAMMAR["stands for a name"]
_FORMER = GRAMMAR["former"]
_ALLEGED = GRAMMAR["alleged"]
_OBLIQUE = frozenset({"से", "में", "पर", "तक"})
# Nouns that may govern another noun without changing the thing: `धरने का ऐलान`.
_TELLS = frozenset({"said", "claim", "doubt", "wish", "plan", "deny"})
# Words in the name of somebody's relative or property: `भाई मोहन`.
_HEAD_WORDS = 2
# The most phrases from a word to one that belongs to it.
_NEIGHBOURS = 2
_DOUBTFUL = frozenset({"claim", "doubt", "deny"})
_CORE = frozenset({"", "ने", "को"})
_SUBJECT = frozenset({"", "ने", "inherited", "द्वारा"})
_PATIENTS = frozenset({"ने", "को"})
_AMOUNTS = frozenset({"all", "some", "most"})
_MONEY = frozenset(map(fold, ["रुपये", "रुपए", "डॉलर"]))
_QUANTITIES = _AMOUNTS | {"half", "only", "more", "less", "both"}
# An article may be about a part of these only.
_WHOLES = frozenset(map(fold, ["देश", "देशभर", "दुनिया", "दुनियाभर", "विश्व"]))
_NEGATIVE = ALL_CLASSES["negative"]
# Openers of a clause that contrasts with the one before it.
_CONTRASTS = frozenset(map(fold, ["लेकिन", "मगर", "परंतु", "किंतु", "जबकि", "वहीं"]))


def misaligned(pair: ClausePair) -> Message | None:
    """Return how the clause differs from the article's sentence, if it does."""
    found = _Alignment(pair.articles, pair.clause, pair.place)
    return next((problem for rule in _RULES if (problem := rule(found))), None)


@dataclass
class _Alignment(ClausePair):
    """The positions of a summary's clause in the sentence of an article that supports it."""

    @cached_property
    def mine(self) -> list[Word]:
        return [word for word in self.clause.words if word.is_content]

    @cached_property
    def matched(self) -> list[Word]:
        return [word for word in self.mine if _in(word, self.other.words)]

    @cached_property
    def unmatched(self) -> list[Word]:
        return [word for word in self.mine if not _in(word, self.other.words)]

    @cached_property
    def clauses(self) -> Sequence[Clause]:
        return self.sentence.clauses

    @cached_property
    def line(self) -> list[Word]:
        """The words of the article's sentence, in order."""
        return [word for each in self.clauses for word in each.words]

    @cached_property
    def tokens(self) -> list[str]:
        return [token for each in self.clauses for token in each.tokens]

    @cached_property
    def near(self) -> list[Word]:
        """The words of the sentence, of its speaker, and of the referents of its pronouns."""
        return [word for each in (*self.clauses, self.other) for word in (*each.words, *each.speaker)]

    @cached_property
    def meant(self) -> list[Word]:
        """The words of the sentence before, if the sentence refers to it."""
        if not self.place.sentence or not _BACK & set(self.tokens):
            return []
        before = self.articles.sentences(self.place.source)[self.place.sentence - 1]
        return [
            word for each in before.clauses for word in each.words if not word.number and "time" not in word.concepts
        ]

    def actor(self) -> Message | None:
        """Return a problem if a number, or who acts or suffers, comes from another sentence."""
        for phrase in self._phrases():
            known = [word for word in phrase if is_name_like(word) and self._is_at_hand(word)]
            for word in phrase:
                if word in known or not (word.marker in _PATIENTS or word.number):
                    continue
                if is_general(word) and word.marker != "ने":
                    continue
                if not (is_name_like(word) or word.number or {"office", "body"} & word.concepts):
                    continue
                if not self.articles.is_anywhere(word) or self._is_at_hand(word):
                    continue
                if not any(self.articles.is_called(name, word) or self.articles.is_near(name, word) for name in known):
                    return Message("“%(name)s” is in another sentence of the articles", name=word.text)
        return None

    def _is_at_hand(self, word: Word) -> bool:
        return _in(word, self.near) or _in(word, self.meant)

    def owner(self) -> Message | None:
        """Return a problem if an owner owns another thing in the article: `मोहन का घर` for `मोहन के पिता का घर`."""
        theirs = {phrase[0].phrase: phrase for phrase in _by_phrase(self.other.words)}
        for owner, owned in pairwise(_by_phrase(self.mine)):
            is_owner = owner[-1].marker == "gen" and not is_infinitive(owner[-1].text)
            if not is_owner or any(word.number or {"time", "measure"} & word.concepts for word in owner):
                continue
            heads = [n for n, phrase in theirs.items() if any(_in(word, phrase) for word in owned)]
            if heads and all(self._is_of_another(owner, theirs, n - 1) for n in heads):
                return Message(
                    "“%(name)s” does not belong to “%(other)s” in the articles",
                    name=owned[-1].text,
                    other=owner[-1].text,
                )
        return None

    def _is_of_another(self, owner: Sequence[Word], theirs: Mapping[int, list[Word]], at: int) -> bool:
        """Whether the article's genitives that end with phrase `at` name another person before the owner."""
        while at in theirs and theirs[at][-1].marker == "gen":
            others = [word for word in theirs[at] if _names([word]) and not _in(word, owner)]
            known = [word for word in owner if _in(word, theirs[at])]
            if len(known) == len(owner) or (known and not others):
                return False
            if others and (known or not any(_in(word, self.mine) for word in others)):
                return True
            at -= 1
        return False

    def thing(self) -> Message | None:
        """Return a problem if the article has the word only as the owner of something that the summary omits."""
        if self.other.pronouns:
            return None
        for word in self.mine:
            phrase = [each for each in self.mine if each.phrase == word.phrase]
            if word is not phrase[-1] or word.marker not in _CORE or word is self.mine[-1]:
                # `लखनऊ में` may be `लखनऊ के गोमती नगर में`.
                continue
            at = [n for n, each in enumerate(self.other.words) if same(word, each)]
            if (
                not word.number
                and "time" not in word.concepts
                and at
                and all(
                    self.other.words[n].marker == "gen" and not is_joined(self.other.words, n) and self._loses_owned(n)
                    for n in at
                )
            ):
                return _of_another(word)
        return None

    def former(self) -> Message | None:
        """Return a problem if `पूर्व` is added to or missing before an office: `अध्यक्ष` for `पूर्व अध्यक्ष`."""
        mine = [*self.clause.words, *self.clause.speaker]
        for one, two in ((mine, self.near), (self.near, mine)):
            for at, (before, word) in enumerate(pairwise(one)):
                if before.text not in _FORMER or before.phrase != word.phrase or word.number or not word.is_content:
                    continue
                mates = [each for each in one[at + 2 :] if each.phrase == word.phrase and each.is_content]
                same_person = [n for n, each in enumerate(two) if same(word, each) and _may_be_same(mates, two, n)]
                if same_person and not any(
                    _FORMER & {each.text for each in two[max(0, n - _FORMER_BEFORE) : n + _FORMER_AFTER]}
                    for n in same_person
                ):
                    return Message(
                        "“%(name)s” is before “%(other)s” in the summary or in the articles, but not in both",
                        name=before.text,
                        other=word.text,
                    )
        return None

    def relative(self) -> Message | None:
        """Return a problem if the summary takes a person for their relative or property in the article: `X का भाई`."""
        if self.other.pronouns:
            # `छात्रों की मेहनत पर प्रधान ने उन्हें इनाम दिया`
            return None
        found = next((word for word in self.matched if self._only_owns(word)), None)
        return _of_another(found) if found else None

    def opposite(self) -> Message | None:
        mine, theirs = set(self.clause.tokens), set(self.tokens)
        for pair in OPPOSITES:
            for one, two in (pair, pair[::-1]):
                if one & mine and not one & theirs and two & theirs and not two & mine:
                    return Message("the articles say the opposite of “%(name)s”", name=min(one & mine))
        return None

    def replaced(self) -> Message | None:
        """Return a problem if a word replaces a name: `सोनू और रईस` for `मोहन और रईस`."""
        theirs = _by_phrase([*self.other.words, *self.other.speaker])
        for phrase in _by_phrase(self.mine):
            new = [word for word in phrase if not any(_in(word, each) for each in theirs)]
            new = [word for word in new if is_name_like(word) or self.articles.is_anywhere(word)]
            for other in theirs if new else ():
                is_other = any(is_name_like(each) and not _in(each, self.mine) for each in other)
                if is_other and any(_in(word, other) for word in phrase if word not in new):
                    return Message("“%(name)s” is in another part of the article's sentence", name=new[0].text)
        return None

    def displaced(self) -> Message | None:
        """Return a problem if a phrase has the marker of another one: `मोहन के ख़िलाफ़` for `मोहन की शिकायत पर`."""
        theirs = _by_phrase(self.other.words)
        for phrase in _by_phrase(self.mine):
            marker = phrase[-1].marker
            found = [each for each in theirs if any(_in(word, each) for word in phrase)]
            if marker in _SUBJECT or not _names(phrase) or not found:
                continue
            alike = [word for word in self.mine if word.marker == marker]
            there = [each for each in theirs if each[-1].marker == marker and _names(each)]
            if all(self.articles.is_place(word) for word in phrase):
                # `आगरा में` may be `आगरा के थाने में`, but not `आगरा के मोहन ने पुणे में`.
                there = [
                    each for each in there if any(is_name_like(one) and self.articles.is_place(one) for one in each)
                ]
            if any(each[-1].marker == marker for each in found):
                continue
            if any(not any(_in(word, alike) for word in each) for each in there):
                return Message("“%(name)s” has another role in the articles", name=phrase[-1].text)
        return None

    def turned(self) -> Message | None:
        """Return a problem if the subject and another noun swap: `ट्रक कार से टकराया` for `कार ट्रक से टकराई`."""
        mine = {id(word): self._parts(word) for word in self.mine if not word.number and "time" not in word.concepts}
        known = [
            word
            for word in self.mine
            if mine.get(id(word)) and word.text not in _MONEY and not _QUANTITIES & word.concepts
        ]
        for one, two in product(known, known):
            if (one is self.predicate and not is_name_like(one)) or self._only_describes(two):
                continue
            if one.phrase == two.phrase or one.marker not in _SUBJECT or two.marker in _SUBJECT or two.marker == "gen":
                continue
            if not (mine[id(one)] & _SUBJECT) and "gen" not in mine[id(one)] and mine[id(two)] <= _SUBJECT:
                return Message("“%(name)s” and “%(other)s” have changed places", name=one.text, other=two.text)
        return None

    def _only_describes(self, word: Word) -> bool:
        """Whether the word is a place that only describes the article's agent: `पटना में` for `पटना पुलिस ने`."""
        theirs = [n for n, each in enumerate(self.other.words) if same(word, each)]
        after = [self.other.words[n + 1 : n + 2] for n in theirs]
        is_part = all(
            found and found[0].phrase == self.other.words[n].phrase and found[0].is_content
            for n, found in zip(theirs, after, strict=True)
        )
        return word.marker == "में" and is_part and self.articles.is_place(word)

    def swapped(self) -> Message | None:
        """Return a problem if two nouns, one with a marker, change places: `बस टैंकर में घुसी` for `टैंकर बस में घुसा`."""
        if _joins(self.clause.words):
            # `लू और गर्मी से` for `गर्मी और लू से`
            return None
        heads = [phrase[-1] for phrase in _by_phrase(self.other.words)]
        before: list[Word] = []
        for phrase in _by_phrase(self.mine):
            head = phrase[-1]
            before += [word for word in phrase[:-1] if not word.number and not _AMOUNTS & word.concepts]
            is_marked = head.marker not in _SUBJECT and head.marker != "gen" and not head.number
            if not is_marked or any(same(head, each) for each in heads) or not _in(head, self.other.words):
                continue
            theirs = [each for each in heads if each.marker == head.marker]
            other = next((word for word in before if any(same(word, each) for each in theirs)), None)
            if other:
                return Message("“%(name)s” and “%(other)s” have changed places", name=other.text, other=head.text)
        return None

    def denied(self) -> Message | None:
        """Return a problem if the articles have its predicate only with a negation: `तैयार हुए` for `तैयार नहीं`."""
        word = self.predicate
        if word is None or word.number or self.clause.negations or _NEGATIVE & {*self.clause.tokens}:
            return None
        if _in(word, self.other.words):
            return None
        theirs = [
            clause
            for clause in self.articles.clauses()
            if _in(word, [part for each in clause.words for part in (each, *each.parts)])
        ]
        if theirs and all(_NEGATIVE & {*clause.tokens} for clause in theirs):
            return Message("it has more or fewer negations than the article")
        return None

    def widened(self) -> Message | None:
        """Return a problem if it is about a whole that no article names: `देश में पहली बार` for `बिहार में पहली बार`."""
        wholes = (word for word in self.unmatched if word.text in _WHOLES and word.marker in _OBLIQUE)
        found = next((word for word in wholes if not self.articles.is_anywhere(word)), None)
        return Message("no article has “%(name)s”", name=found.text) if found else None

    def contrasted(self) -> Message | None:
        """Return a problem if the article has a phrase only after the next `लेकिन`. Words before it may hold for both
        parts.
        """
        parts: list[list[Clause]] = [[]]
        for clause in self.clauses:
            if _CONTRASTS & {*clause.opener.split()}:
                parts.append([])
            parts[-1].append(clause)
        own = next((n for n, part in enumerate(parts) if any(each is self.other for each in part)), None)
        if own is None:
            return None
        here = [word for part in parts[: own + 1] for each in part for word in (*each.words, *each.speaker)]
        there = [word for part in parts[own + 1 :] for each in part for word in each.words]
        for phrase in _by_phrase(self.mine):
            if phrase[-1].marker not in _OBLIQUE or any("time" in word.concepts for word in phrase):
                continue
            if not _in(phrase[0], here) and all(_in(word, there) for word in phrase):
                return Message("“%(name)s” is in another part of the article's sentence", name=phrase[0].text)
        return None

    def exchanged(self) -> Message | None:
        """Return a problem if words cross an `और`: `राम की बस और श्याम की कार` for `श्याम की बस और राम की कार`.

        The article may tell both in clauses of their own: `राम की कार जली, जबकि श्याम की बस बच गई`.
        """
        ends = [*accumulate(len(each.words) for each in self.clauses)]
        return self._cross(self.other.words, _joins(self.other.words)) or self._cross(self.line, ends[:-1])

    def _cross(self, others: Sequence[Word], other_joins: Sequence[int]) -> Message | None:
        words = self.clause.words
        found = {n: [m for m, each in enumerate(others) if same(word, each)] for n, word in enumerate(words)}
        places = {n: at[0] for n, at in found.items() if words[n].is_content and len(at) == 1}
        for join, other_join in product(_joins(words), other_joins):
            crosses = {n: (n < join) != (at < other_join) for n, at in places.items()}
            # The words whose neighbour on the same side comes from the other side.
            parted = [
                n
                for n, m in pairwise(crosses)
                if crosses[n] != crosses[m]
                and (n < join) == (m < join)
                and words[m].phrase - words[n].phrase <= _NEIGHBOURS
            ]
            for n, m in product(parted, parted):
                if n < join < m and crosses[n] == crosses[m]:
                    return Message(
                        "“%(name)s” and “%(other)s” have changed places", name=words[n].text, other=words[m].text
                    )
        return None

    def _parts(self, word: Word) -> set[str]:
        """Return the markers of the word in the article's clause."""
        return {each.marker for each in self.other.words if same(word, each)}

    def department(self) -> Message | None:
        """Return a problem if an office has another word before it: `खेल मंत्रालय` for `गृह मंत्रालय`."""
        colours = frozenset({"soft", "status"})
        for before, noun in _in_phrases(self.clause.words):
            if before in self.clause.speaker or ({"time"} | colours) & before.concepts or is_infinitive(before.text):
                continue
            if not {"office", "body"} & noun.concepts or any(same(before, each) for each in self.other.words):
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
                return Message(
                    "the articles have “%(name)s”, not “%(again)s”, before “%(other)s”",
                    name=theirs[0].text,
                    again=before.text,
                    other=noun.text,
                )
        return None

    def title(self) -> Message | None:
        """Return a problem if the articles have only other offices before a name: `सचिव मोहन` for `अध्यक्ष मोहन`."""
        words = [*self.clause.words, *self.clause.speaker]
        for office, name in pairwise(words):
            if "office" not in office.concepts or not is_name_like(name) or office.phrase != name.phrase:
                continue
            theirs = [
                one
                for each in self.articles.clauses()
                for one, two in pairwise(each.words)
                if same(name, two) and one.phrase == two.phrase and "office" in one.concepts
            ]
            if theirs and not any(same(office, each) or same(each, office) for each in theirs):
                return Message(
                    "“%(name)s” is not in the title of “%(other)s” in the articles", name=office.text, other=name.text
                )
        return None

    def alleged(self) -> Message | None:
        """Return a problem if it omits that something is only alleged: `कथित`."""
        if not (self.clause.is_said or self.clause.kinds & _DOUBTFUL or self.clause.frame_kinds & _DOUBTFUL):
            claimed = [word for word in self.unmatched if not _in(word, self.line) and self._is_only_claimed(word)]
            if len(claimed) > 1 or any(not only_retells(word) for word in claimed):
                return Message("“%(name)s” is only a claim in the articles", name=claimed[0].text)
        theirs = {each for clause in self.clauses for each in clause.tokens}
        is_left_out = _ALLEGED & theirs and not _ALLEGED & set(self.clause.tokens) and "claim" not in self.clause.kinds
        return Message("this is only alleged in the articles") if is_left_out else None

    def _is_only_claimed(self, word: Word) -> bool:
        """Whether the articles have the word only where somebody accuses, doubts or denies."""
        found = [clause for clause in self.articles.clauses() if any(same(word, each) for each in clause.words)]
        return bool(found) and all(
            clause.is_said and (clause.frame_kinds | clause.kinds) & _DOUBTFUL for clause in found
        )

    def _phrases(self) -> Iterator[list[Word]]:
        """Yield the content words of each phrase except the speaker."""
        by_phrase: dict[int, list[Word]] = {}
        for word in self.mine:
            if word.phrase >= 0 and word.marker not in ("inherited", "said") and word not in self.clause.speaker:
                by_phrase.setdefault(word.phrase, []).append(word)
        yield from by_phrase.values()

    def _only_owns(self, word: Word) -> bool:
        is_first = word is self.mine[0] and any(each.phrase == word.phrase for each in self.mine[1:])
        if word.number or ordinal(word.text) or "time" in word.concepts or not (word.marker in _CORE or is_first):
            # In `पत्रकार लंदन से लौटा` the reading gives both nouns the marker से.
            return False
        if not ("office" in word.concepts or (is_name_like(word) and not is_plain_word(word))):
            return False
        if self.articles.is_place(word):
            # `देहरादून पहुंचाया` for `देहरादून के अस्पताल भेजा`
            return False
        words = self.other.words
        at = [n for n, each in enumerate(words) if same(word, each)]
        if not at or any(words[n].marker != "gen" or is_infinitive(words[n].text) or is_joined(words, n) for n in at):
            return False
        return all(self._is_other_head(word, n) for n in at)

    def _is_other_head(self, word: Word, at: int) -> bool:
        """Whether the article's word names the owner of a person or thing that the summary leaves out."""
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
        if head is None or head.text in _SCOPES or _TELLS & set(NAMED.get(head.text, ())):
            return False
        if not ("office" in head.concepts or is_name_like(head)):
            # `चालक का नियंत्रण` for `चालक`
            return False
        if any(each.phrase == word.phrase and each is not word and same(each, head) for each in self.mine):
            # `रेलवे कर्मचारी` is `रेलवे के एक कर्मचारी`.
            return False
        # An unmarked noun is in one phrase with the verb, and a subject in one with the noun after it.
        last = next(each for each in reversed(words) if each.is_content)
        phrase = [each for each in words if each.phrase == head.phrase and each.is_content and each is not last]
        # `साला` and `साल` have one stem, so light words don't count.
        mine = [each for each in self.clause.words if each.is_content and each.marker not in _OBLIQUE]
        return not any(same(one, each) for one in mine for each in phrase[:_HEAD_WORDS])

    def _loses_owned(self, at: int) -> bool:
        """Whether the summary omits the thing that the article's word at `at` owns."""
        words = self.other.words
        owned = [each for each in words[at + 1 :] if each.phrase == words[at].phrase + 1 and each.is_content]
        if all(is_plain_word(each) or each.number or each.concepts & {"soft", "measure", "time"} for each in owned):
            return False
        return not any(_in(each, owned) for each in self.mine if each.marker != "gen" or each in self.mine[-2:])


_RULES: tuple[Callable[[_Alignment], Message | None], ...] = (
    _Alignment.owner,
    _Alignment.title,
    _Alignment.department,
    _Alignment.alleged,
    _Alignment.former,
    _Alignment.relative,
    _Alignment.replaced,
    _Alignment.displaced,
    _Alignment.turned,
    _Alignment.swapped,
    _Alignment.denied,
    _Alignment.widened,
    _Alignment.contrasted,
    _Alignment.exchanged,
    _Alignment.opposite,
    _Alignment.actor,
    _Alignment.thing,
)


def _in(word: Word, pool: Sequence[Word]) -> bool:
    if any(same(word, each) for each in pool):
        return True
    return any(same(part, each) for part in word.parts if part.is_content for each in pool)


def _joins(words: Sequence[Word]) -> list[int]:
    """Return the positions of `और` and words like it."""
    return [n for n, word in enumerate(words) if word.text in JOINS]


def _by_phrase(words: Sequence[Word]) -> list[list[Word]]:
    """Return the content words of each phrase."""
    found: dict[int, list[Word]] = {}
    for word in words:
        if word.is_content and word.phrase >= 0:
            found.setdefault(word.phrase, []).append(word)
    return [*found.values()]


def _names(phrase: Sequence[Word]) -> bool:
    return any(is_name_like(word) or "office" in word.concepts for word in phrase)


def _of_another(word: Word) -> Message:
    return Message("the articles say this only of a relative or thing of “%(name)s”", name=word.text)


def _may_be_same(mates: Sequence[Word], words: Sequence[Word], at: int) -> bool:
    """Whether the office at `at` belongs to one of `mates`, or to nobody named."""
    beside = [each for each in words if each.phrase == words[at].phrase and each.is_content and each is not words[at]]
    return not mates or not beside or any(_in(each, beside) for each in mates)


def _in_phrases(words: Sequence[Word], *, numbers: bool = False) -> Iterator[tuple[Word, Word]]:
    """Yield each pair of neighbours in one phrase that name something.

    `numbers`: also those that count or are light.
    """
    for before, noun in pairwise(words):
        if before.phrase == noun.phrase and (
            numbers or (before.is_content and noun.is_content and not before.number and not noun.number)
        ):
            yield before, noun
