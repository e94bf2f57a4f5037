"""Refuse a clause that combines different sentences of the articles, or changes the meaning of its sentence.

The words of `X पकड़ा गया` are all in `X का भाई पकड़ा गया`. A model retells one sentence in fewer words, so the supporting
sentence must contain each part of the clause: agent, owner, number and time. The rules compare positions, not meanings,
so they need few word lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise, product, takewhile

from digest.curate.summary.support.articles import ClausePair
from digest.curate.summary.support.clauses import Clause, Sentence
from digest.curate.summary.support.roles import is_general, is_joined, is_name_like, is_plain_word, only_retells, same
from digest.curate.summary.support.vocabulary import GRAMMAR, NAMED, OPPOSITES, ordinal
from digest.curate.summary.support.words import PRONOUNS, Word, is_infinitive

# The distance in words from an owner to the owned noun, and from a noun back to its owner.
_OWNED_WITHIN, _OWNER_WITHIN = 11, 8
# The distance in words from a number to a word for dead or injured.
_TOLL_WITHIN = 7
# The distance in words from an office to `पूर्व`.
_FORMER_BEFORE, _FORMER_AFTER = 4, 6
# Tokens between an action and the word for before or after it.
_RELATION_WITHIN = 3
_BACK = GRAMMAR["reference"]
_SCOPES = GRAMMAR["stands for a name"]
_FORMER = GRAMMAR["former"]
_APART = GRAMMAR["contrast"] | GRAMMAR["end of speech"]
_EXCEPTS = GRAMMAR["except"]
# The excepted noun is among this many tokens before a word of exception.
_EXCEPTED_WITHIN = 5
_ALLEGED = GRAMMAR["alleged"]
_OBLIQUE = frozenset({"से", "में", "पर", "तक"})
# Nouns that may govern another noun without changing the thing: `धरने का ऐलान`.
_TELLS = frozenset({"said", "claim", "doubt", "wish", "plan", "deny"})
# Words in the name of somebody's relative or property: `भाई मोहन`.
_HEAD_WORDS = 2
_FATES = {name: GRAMMAR[name] for name in ("dead", "injured", "missing")}
_SUPERLATIVES = tuple(GRAMMAR[name] for name in ("first", "most of all", "only one", "last"))
_SUPERLATIVE_SCOPES = GRAMMAR["scope"]
_WORLD = frozenset({"दुनिया", "विश्व"})
_DOUBTFUL = frozenset({"claim", "doubt", "deny"})
_TIME_UNITS = GRAMMAR["period"] | GRAMMAR["part of hour"]
_DAYS, _MONTHS = GRAMMAR["weekday"], GRAMMAR["month"]
_AFTER, _BEFORE = "बाद", "पहले"
_PLACES = frozenset({"में", "पर"})
_DIRECTED = frozenset({"से", "को", "for", "against"})
# With fewer words, another order means nothing.
_FEW = 4
_CORE = frozenset({"", "ने", "को"})
_PATIENTS = frozenset({"ने", "को"})


def misaligned(pair: ClausePair) -> tuple[str | None, list[str]]:
    """Return how the clause differs from the article's sentence, if it does, and its doubts."""
    found = _Alignment(pair.articles, pair.clause, pair.place)
    problem = next((problem for rule in _RULES if (problem := rule(found))), None)
    return problem, [doubt for rule in _DOUBTS if not problem and (doubt := rule(found))]


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

    @cached_property
    def beside(self) -> list[Word]:
        """The words of the sentences before and after."""
        sentences = self.articles.sentences(self.place.source)
        at = self.place.sentence
        return [word for each in sentences[max(0, at - 1) : at + 2] for part in each.clauses for word in part.words]

    def actor(self) -> str | None:
        """Return a problem if a number, or who acts or suffers, comes from another sentence, and is not the topic."""
        return self._stray(is_core=True)

    def stray(self) -> str | None:
        """Return a problem if another name or office comes from another sentence, and is not the topic."""
        return self._stray(is_core=False)

    def _stray(self, *, is_core: bool) -> str | None:
        for phrase in self._phrases():
            known = [word for word in phrase if is_name_like(word) and self._is_at_hand(word)]
            for word in phrase:
                if (word.marker in _PATIENTS or bool(word.number)) is not is_core:
                    continue
                if word in known or (is_general(word) and word.marker != "ने"):
                    continue
                if not (is_name_like(word) or word.number or {"office", "body"} & word.concepts):
                    continue
                if not self.articles.is_anywhere(word) or self._is_at_hand(word):
                    continue
                if not any(self.articles.is_called(name, word) or self.articles.is_near(name, word) for name in known):
                    return f"“{word.text}” is in another sentence of the articles"
        return None

    def owner(self) -> str | None:
        """Return a problem if an owner owns another thing in the article: `मल्होत्रा के बेटे की गिरफ़्तारी`."""
        for word in self.mine:
            if word.marker != "gen" or {"time", "measure"} & word.concepts or word.text in _TIME_UNITS:
                continue
            if is_infinitive(word.text):
                continue
            if word is not [each for each in self.mine if each.phrase == word.phrase][-1]:
                continue
            owned = [each for each in self.mine if each.phrase == word.phrase + 1 and _in(each, self.near)]
            at = [n for n, each in enumerate(self.near) if same(word, each)]
            if not owned:
                continue
            if not at and (not is_name_like(word) or not self._has_other_owner(owned[0], names=True)):
                continue
            if not any(self._owns(n, owned) for n in at) and self._has_other_owner(owned[-1] if at else owned[0]):
                return f"“{owned[-1].text}” does not belong to “{word.text}” in the articles"
        return None

    def thing(self) -> str | None:
        """Return a problem if the article has the word only as the owner of something that the summary omits."""
        if any(each.pronouns for each in self.other.pair[:1] or (self.other,)):
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

    def former(self) -> str | None:
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
                    return f"“{before.text}” is before “{word.text}” in the summary or in the articles, but not in both"
        return None

    def relative(self) -> str | None:
        """Return a problem if it says of a person what the article says of their relative or property: `X का भाई`."""
        if self.other.pronouns:
            # `छात्रों की मेहनत पर प्रधान ने उन्हें इनाम दिया`
            return None
        found = next((word for word in self.matched if self._only_owns(word)), None)
        return _of_another(found) if found else None

    def fate(self) -> str | None:
        """Return a problem if the dead of the summary are the injured of the article, or the reverse."""
        for at, word in enumerate(self.mine):
            is_person = ("office" in word.concepts or is_name_like(word)) and word.marker not in _PLACES
            mine = _next_fate(self.mine, at) if (word.number or is_person) and not _fate(word) else None
            places = [n for n, each in enumerate(self.near) if same(word, each)]
            if not mine or not places:
                continue
            if word.number:
                around = [self.near[max(0, n - _TOLL_WITHIN) : n + _TOLL_WITHIN + 1] for n in places]
                if not any(mine == _fate(each) for words in around for each in words):
                    return f"something else happened to “{word.text}” in the articles"
            theirs = [_next_fate(self.near, n) for n in places]
            if any(theirs) and mine not in theirs:
                return f"something else happened to “{word.text}” in the articles"
        return None

    def superlative(self) -> str | None:
        """Return a problem if the clause adds that something is the first, last, only or most."""
        for before, word, after in zip(
            [None, *self.clause.words], self.clause.words, self.clause.words[1:], strict=False
        ):
            kind = next((kind for kind in _SUPERLATIVES if word.text in kind), None)
            if kind is None or kind & set(self.tokens) or after.number or not after.is_content:
                continue
            if word.text == _BEFORE and before is not None and before.marker == "से":
                # `रैलियों से पहले`
                continue
            if before is None or not (before.number or "time" in before.concepts or before.text in _TIME_UNITS):
                return f"“{word.text}” is not said about this in the articles"
        return None

    def scope(self) -> str | None:
        """Return a problem if a superlative is true of more: `किसी भी टीम का न्यूनतम` for `भारत का`."""
        mine = set(self.clause.tokens) - {_BEFORE}
        if not any(kind & mine for kind in _SUPERLATIVES):
            return None
        theirs = set(self.tokens)
        added = _SUPERLATIVE_SCOPES & mine - theirs - (_WORLD if _WORLD & theirs else set())
        wide = [word for word in self.clause.words if word.text.split()[0] in added and not _in(word, self.near)]
        return f"it adds “{wide[0].text}” to a superlative: more than the articles claim" if wide else None

    def opposite(self) -> str | None:
        mine, theirs = set(self.clause.tokens), set(self.tokens)
        for pair in OPPOSITES:
            for one, two in (pair, pair[::-1]):
                if one & mine and not one & theirs and two & theirs and not two & mine:
                    return f"the articles say the opposite of “{min(one & mine)}”"
        return None

    def time(self) -> str | None:
        """Return a problem if another day is between the day and the action: `मंगलवार को कहा था, बुधवार को शुरुआत की`."""
        deed = self.mine[-1] if self.mine else None
        for word in self.mine:
            kind = next((kind for kind in (_DAYS, _MONTHS) if word.text in kind), None)
            places = [n for n, each in enumerate(self.line) if each.text == word.text]
            if kind is None or not places or deed is None:
                continue
            ends = [n for n, each in enumerate(self.line) if same(deed, each) and n > places[0]]
            if ends and all(
                any(each.text in kind and not _in(each, self.mine) for each in self.line[at + 1 : end])
                for at in places
                for end in ends
                if end > at
            ):
                return f"“{word.text}” is the time of something else in the articles"
        return None

    def swapped(self) -> str | None:
        """Return a problem if two names exchange their markers (`आगरा से झांसी` for `झांसी से आगरा`), or two names or
        numbers their places: `आगरा के मोहन और झांसी के सोहन`.
        """
        exchanged = self._exchanged_markers() or self._exchanged_places()
        return f"“{exchanged[0].text}” and “{exchanged[1].text}” are in each other's place" if exchanged else None

    def _exchanged_markers(self) -> tuple[Word, Word] | None:
        names = [word for word in self.mine if is_name_like(word) and word.phrase >= 0]
        theirs = {id(word): {each.marker for each in self.other.words if same(word, each)} for word in names}
        for one, two in product(names, names):
            markers = theirs[id(one)], theirs[id(two)]
            is_directed = one.marker != two.marker and one.marker in _DIRECTED
            if is_directed and all(markers) and one.marker in markers[1] - markers[0]:
                return one, two
        return None

    def _exchanged_places(self) -> tuple[Word, Word] | None:
        """Return two alike words whose exchange gives the order of the article."""
        places = [(word, [n for n, each in enumerate(self.line) if same(word, each)]) for word in self.mine]
        known = [(word, at[0]) for word, at in places if len(at) == 1]
        order = [at for _, at in known]
        if len(order) < _FEW or order == sorted(order):
            return None
        for (m, (one, _)), (n, (two, _)) in combinations(enumerate(known), 2):
            turned = [*order]
            turned[m], turned[n] = order[n], order[m]
            if one.marker == two.marker and turned == sorted(order) and _are_alike(one, two):
                return one, two
        return None

    def title(self) -> str | None:
        """Return a problem if the articles give the person another title: `X के मंत्री Y` for `Z के मंत्री Y`."""
        words = [*self.clause.words, *self.clause.speaker]
        for at, word in enumerate(words):
            if not (is_name_like(word) and word.is_content) or word.phrase < 0:
                continue
            phrase = [each for each in words[:at] if each.phrase == word.phrase and each.is_content]
            offices = [each for each in phrase if "office" in each.concepts]
            if not offices or any(is_name_like(each) for each in phrase):
                continue
            theirs = list(self.articles.titles(word))
            their_owners, their_offices = ([each for each, owns in theirs if owns is kind] for kind in (True, False))
            wrong = self._wrong_title(word, _owners_before(words, at), their_owners)
            wrong = wrong or self._wrong_title(word, offices, their_offices)
            if wrong is not None:
                return f"“{wrong.text}” is not in the title of “{word.text}” in the articles"
        return None

    def _wrong_title(self, name: Word, mine: Sequence[Word], theirs: Sequence[Word]) -> Word | None:
        """Return the first word of a title if the articles have only others for the name."""
        if not mine or not theirs or any(self.articles.are_together(name, each) for each in mine):
            return None
        is_vague = any(is_general(each) or each.text in PRONOUNS for each in (*mine, *theirs))
        return None if is_vague else mine[0]

    def counted_beside(self) -> str | None:
        """Return a problem if a word comes from a clause of the sentence with another number: `2 लाख शिविरों में हैं` for
        `2 लाख बचाए गए, जबकि एक लाख शिविरों में हैं`.
        """
        if self.other.pair or not any(word.number and _in(word, self.other.words) for word in self.mine):
            return None
        # The words of earlier clauses may hold for later ones too.
        at = next((n for n, each in enumerate(self.clauses) if each is self.other), len(self.clauses))
        for each in self.clauses[at + 1 :]:
            numbers = [word for word in each.words if word.number and not word.is_year]
            if not numbers or any(_in(word, self.mine) for word in numbers):
                continue
            own = [word for word in self.mine if _in(word, each.words) and not _in(word, self.other.words)]
            if any(word.marker and not word.number and not _in(word, self.articles.lead_words) for word in own):
                return f"the articles give another number with “{own[0].text}”: “{numbers[0].text}”"
        return None

    def counted_there(self) -> str | None:
        """Return a problem if a number is given for a place that the sentence does not name: `पंजाब में चार मौतें` for
        those of all India.
        """
        if not any(word.number and not word.is_year for word in self.mine):
            return None
        for word in self.mine:
            if word.marker not in _PLACES or not is_name_like(word) or not self.articles.is_anywhere(word):
                continue
            phrase = [each for each in self.mine if each.phrase == word.phrase and is_name_like(each)]
            stands_for = any(each.text in _BACK and each.marker == word.marker for each in self.line)
            elsewhere = [
                each
                for each in self.line
                if (is_name_like(each) or each.text in _SCOPES)
                and each.marker in _PLACES
                and not (each.marker == word.marker and _in(each, self.mine))
            ]
            if not elsewhere and any(
                _in(each, self.articles.lead_words) or self.articles.is_place_before(self.place, each)
                for each in phrase
            ):
                # What the article is about needs no mention.
                continue
            if not stands_for and not any(_in(each, self.near) for each in phrase):
                return f"the articles do not give this number for “{word.text}”"
        return None

    def elsewhere(self) -> str | None:
        """Return a problem if a name comes from another clause of the sentence: `X की मौत हो गई, जबकि Y घायल है`."""
        if self.other.pronouns:
            return None
        pool = [*self.other.words, *self.other.speaker]
        missing = [
            word
            for word in self.other.words
            if is_name_like(word) and word.is_content and word.marker != "inherited" and not _in(word, self.mine)
        ]
        apart = [
            word
            for each in self.clauses
            if each is not self.other and each not in self.other.pair and _APART & set(each.opener.split())
            for word in each.words
        ]
        for name in self._first_names():
            if not _in(name, pool) and ((missing and _in(name, self.near)) or _in(name, apart)):
                return f"“{name.text}” is in another part of the article's sentence"
        return None

    def exception(self) -> str | None:
        """Return a problem if it includes what the article excepts, or the reverse: `समेत` for `छोड़कर`."""
        mine, theirs = _EXCEPTS & set(self.clause.tokens), _EXCEPTS & set(self.other.tokens)
        turned = bool(mine) and not any(_EXCEPTS & set(each.tokens) for each in self.clauses)
        if theirs and not mine:
            at = min(n for n, each in enumerate(self.other.tokens) if each in theirs)
            before = set(self.other.tokens[max(0, at - _EXCEPTED_WITHIN) : at])
            turned = any(word.text in before and word.is_content for word in self.clause.words)
        return "it includes what the articles exclude, or the reverse" if turned else None

    def department(self) -> str | None:
        return self._modifier(of_office=True)

    def modifier(self) -> str | None:
        return self._modifier(of_office=False)

    def _modifier(self, *, of_office: bool) -> str | None:
        """Return a problem if a noun has another word before it: `खेल मंत्रालय` for `गृह मंत्रालय`."""
        colours = frozenset({"soft", "status"})
        for before, noun in _in_phrases(self.clause.words):
            if (
                before in self.clause.speaker
                or "time" in before.concepts
                or colours & before.concepts
                or is_infinitive(before.text)
            ):
                continue
            is_office = bool({"office", "body"} & noun.concepts)
            if is_office is not of_office or (is_plain_word(before) and not is_office):
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
                return f"the articles have “{theirs[0].text}”, not “{before.text}”, before “{noun.text}”"
        return None

    def alleged(self) -> str | None:
        """Return a problem if it omits that something is only alleged: `कथित`."""
        if not (self.clause.is_said or self.clause.kinds & _DOUBTFUL or self.clause.frame_kinds & _DOUBTFUL):
            claimed = [word for word in self.unmatched if not _in(word, self.line) and self._is_only_claimed(word)]
            if len(claimed) > 1 or any(not only_retells(word) for word in claimed):
                return f"“{claimed[0].text}” is only a claim in the articles"
        theirs = {each for clause in self.clauses for each in clause.tokens}
        is_left_out = _ALLEGED & theirs and not _ALLEGED & set(self.clause.tokens) and "claim" not in self.clause.kinds
        return "this is only alleged in the articles" if is_left_out else None

    def _is_only_claimed(self, word: Word) -> bool:
        """Whether the articles have the word only where somebody accuses, doubts or denies."""
        found = [clause for clause in self.articles.clauses() if any(same(word, each) for each in clause.words)]
        return bool(found) and all(
            clause.is_said and (clause.frame_kinds | clause.kinds) & _DOUBTFUL for clause in found
        )

    def _first_names(self) -> Iterator[Word]:
        """Yield the first name of each agent and patient, also after `और`."""
        before: Word | None = None
        for word in self.clause.words:
            is_name = word.is_content and is_name_like(word) and word.phrase >= 0
            if not (is_name and word.marker in ("ने", "को", "", "gen")):
                before = None
                continue
            if before is None or before.phrase != word.phrase:
                yield word
            before = word

    def _phrases(self) -> Iterator[list[Word]]:
        """Yield the content words of each phrase except the speaker."""
        by_phrase: dict[int, list[Word]] = {}
        for word in self.mine:
            if word.phrase >= 0 and word.marker not in ("inherited", "said") and word not in self.clause.speaker:
                by_phrase.setdefault(word.phrase, []).append(word)
        yield from by_phrase.values()

    def _is_at_hand(self, word: Word) -> bool:
        if _in(word, self.near) or _in(word, self.meant) or self._specifies(word):
            return True
        if word.number:
            return self.is_counted_around(word)
        if "time" in word.concepts:
            return False
        return _in(word, self.articles.lead_words) or (word.marker not in _CORE and _in(word, self.beside))

    def _only_owns(self, word: Word) -> bool:
        if word.number or ordinal(word.text) or "time" in word.concepts or not self._may_be_core(word):
            return False
        if not ("office" in word.concepts or (is_name_like(word) and not is_plain_word(word))):
            return False
        if self.articles.is_place(word):
            # `देहरादून पहुंचाया` for `देहरादून के अस्पताल भेजा`
            return False
        words = self.other.words
        at = [n for n, each in enumerate(words) if same(word, each)]
        if any(self._goes_on(word, n) for n in at):
            # `शतरंज प्रतियोगिता`
            return False
        if not at or any(words[n].marker != "gen" or is_infinitive(words[n].text) or is_joined(words, n) for n in at):
            return False
        return all(self._is_other_head(word, n) for n in at)

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

    def _specifies(self, word: Word) -> bool:
        """Whether another sentence has the word as the owner of the same noun: `हेरोइन की खेप` for `खेप`."""
        if word.marker != "gen":
            return False
        heads = [each for each in self.mine if each.phrase == word.phrase + 1 and _in(each, self.other.words)]
        owned = {each.phrase - 1 for each in self.other.words if _in(each, heads)}
        if not heads or any(
            each.marker == "gen" and each.phrase in owned and each.is_content and not each.number
            for each in self.other.words
        ):
            return False
        return any(
            same(word, each) and any(_in(one, heads) for one in clause.words[n + 1 : n + 4])
            for clause in self.articles.clauses()
            for n, each in enumerate(clause.words)
        )

    def _owns(self, at: int, owned: Sequence[Word]) -> bool:
        """Whether the article's word at `at` owns one of the nouns, or is in the same phrase."""
        word, following = self.near[at], self.near[at + 1 : at + 1 + _OWNED_WITHIN]
        if word.marker != "gen":
            # `X को गिरफ़्तार किया`: `X की गिरफ़्तारी`
            return any(_in(each, owned) for each in following) and not self._has_other_owner(owned[-1], names=True)
        reach = word.phrase + 1
        for each in following:
            if each.phrase > reach:
                return False
            if _in(each, owned):
                return True
            if each.marker == "gen" and each.phrase == reach and not (is_name_like(each) or "office" in each.concepts):
                reach += 1
        return False

    def _has_other_owner(self, owned: Word, *, names: bool = False) -> bool:
        """Whether the article's clause gives the thing only owners that the summary does not mention.

        `names`: only owners that may be names.
        """
        words = self.other.words
        places = [n for n, each in enumerate(words) if same(owned, each)]
        owners = [
            [
                each
                for each in words[max(0, n - _OWNER_WITHIN) : n]
                if each.marker == "gen" and each.phrase == words[n].phrase - 1 and each.is_content and not each.number
                if each.text not in _SCOPES and (not names or is_name_like(each))
            ]
            for n in places
        ]
        mine = [each for each in self.mine if each.phrase == owned.phrase - 1]
        return bool(places) and all(found and not any(_in(each, mine) for each in found) for found in owners)


_RULES: tuple[Callable[[_Alignment], str | None], ...] = (
    _Alignment.exception,
    _Alignment.department,
    _Alignment.alleged,
    _Alignment.elsewhere,
    _Alignment.former,
    _Alignment.counted_beside,
    _Alignment.title,
    _Alignment.superlative,
    _Alignment.scope,
    _Alignment.fate,
    _Alignment.relative,
    _Alignment.swapped,
    _Alignment.opposite,
    _Alignment.time,
    _Alignment.owner,
    _Alignment.actor,
    _Alignment.thing,
)
# Rules that refuse true clauses as often as wrong ones. One of them alone proves nothing.
_DOUBTS: tuple[Callable[[_Alignment], str | None], ...] = (
    _Alignment.modifier,
    _Alignment.counted_there,
    _Alignment.stray,
)


def _in(word: Word, pool: Sequence[Word]) -> bool:
    if any(same(word, each) for each in pool):
        return True
    return any(same(part, each) for part in word.parts if part.is_content for each in pool)


def _are_alike(one: Word, two: Word) -> bool:
    """Whether both words are numbers, or owners, or names."""
    if one.number or two.number:
        return bool(one.number and two.number)
    if one.marker == "gen" and not {"time", "measure"} & (one.concepts | two.concepts):
        return True
    return is_name_like(one) and is_name_like(two)


def _owners_before(words: Sequence[Word], at: int) -> list[Word]:
    """Return the owners in the phrase before the name at `at`: `लखनऊ के` before `डीएम अवस्थी`."""
    phrase = words[at].phrase - 1
    return [
        each
        for each in words[:at]
        if each.phrase == phrase
        and each.marker == "gen"
        and not (is_plain_word(each) or each.number or each.concepts & {"some", "all"})
        and not is_joined(words, words.index(each))
    ]


def _of_another(word: Word) -> str:
    return f"the articles say this only of a relative or thing of “{word.text}”"


def _fate(word: Word) -> str:
    parts = word.parts or (word,)
    return next((name for name, words in _FATES.items() if any(part.text in words for part in parts)), "")


def _next_fate(words: Sequence[Word], at: int) -> str:
    """Return the first fate after the word at `at`, unless it is that of another number."""
    following = takewhile(lambda each: not each.number, words[at + 1 : at + 1 + _TOLL_WITHIN])
    return next((found for each in following if (found := _fate(each))), "")


def _may_be_same(mates: Sequence[Word], words: Sequence[Word], at: int) -> bool:
    """Whether the office at `at` belongs to one of `mates`, or to nobody named."""
    beside = [each for each in words if each.phrase == words[at].phrase and each.is_content and each is not words[at]]
    return not mates or not beside or any(_in(each, beside) for each in mates)


def reverses_order(tokens: Sequence[str], theirs: Sequence[str]) -> str | None:
    """Return the action before which the tokens have something and `theirs` after it, or the reverse."""
    found = _relations(theirs)
    for deed, relation in _relations(tokens):
        if (deed, relation) not in found and (deed, _BEFORE if relation == _AFTER else _AFTER) in found:
            return deed
    return None


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
    things, others = (
        [w for w in words if w.marker == "पर" and not is_infinitive(w.text)] for words in (mine, _causes(sentence))
    )
    if things and others and not any(same(word, each) for word in things for each in others):
        # `कार पर पेड़ गिरने से` for `घर पर पेड़ गिरने से`
        return True
    deeds = [word for word in mine if is_infinitive(word.text)]
    nouns = [word for word in mine if word not in deeds] or mine
    return bool(theirs) and not any(same(word, each) for word in nouns for each in theirs)


def _causes(sentence: Sentence) -> list[Word]:
    """Return the words of the phrases of a sentence that tell why something happens."""
    return [word for each in sentence.clauses if each.is_adverbial for word in each.words if word.is_content]


def _relations(tokens: Sequence[str]) -> set[tuple[str, str]]:
    """Return each infinitive before or after which something happens."""
    return {
        (deed, each)
        for n, deed in enumerate(tokens)
        if is_infinitive(deed)
        for each in tokens[n + 1 : n + 1 + _RELATION_WITHIN]
        if each in (_AFTER, _BEFORE)
    }


def _in_phrases(words: Sequence[Word], *, numbers: bool = False) -> Iterator[tuple[Word, Word]]:
    """Yield each pair of neighbours in one phrase that name something.

    `numbers`: also those that count or are light.
    """
    for before, noun in pairwise(words):
        if before.phrase == noun.phrase and (
            numbers or (before.is_content and noun.is_content and not before.number and not noun.number)
        ):
            yield before, noun
