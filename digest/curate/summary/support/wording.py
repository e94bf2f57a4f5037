"""Check the words of a summary's clause that its supporting clause in the article lacks.

A word that names, counts, dates or blames must be in the same sentence, or in the article's topic: its title, its first
sentence and the sentence before. A word that only paraphrases is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from digest.curate.summary.support.articles import ClausePair, Ruling
from digest.curate.summary.support.clauses import Mode
from digest.curate.summary.support.contest import BEATS, tells_other_side, tells_result
from digest.curate.summary.support.parts import Parts
from digest.curate.summary.support.roles import (
    AGENT,
    COMMON_VERBS,
    find,
    find_any,
    find_cause,
    has_kind,
    is_general,
    is_name_like,
    is_plain_word,
    leaves_out_a_name,
    may_be_plain,
    named,
    same,
)
from digest.curate.summary.support.vocabulary import GRAMMAR, key_of, ordinal
from digest.curate.summary.support.words import (
    PRONOUNS,
    VERB,
    VERB_ENDING,
    Word,
)
from digest.hindi.text import fold
from digest.messages import Message

# From this weighted share of matched words on, a clause may have words of its own.
ENOUGH = 0.5
# From here on, any verb is allowed that only says that something happened.
_SURE = 0.5
# From here on everything else matches, so any word without weight is allowed.
_NEARLY_ALL = 0.7
# Markers of a phrase that says what a clause is about or where it happens.
_TOPIC = frozenset(
    {
        "gen",
        "में",
        "पर",
        "after",
        "during",
        "for",
        "under",
        "से",
        "at",
        "with",
        "against",
        "cause",
        "between",
        "despite",
        "about",
    }
)
_TOLLS = frozenset(map(key_of, map(fold, ["मृतकों", "मौत", "घायलों", "मरने", "संख्या"])))
_GUILTY = key_of(fold("दोषी"))
_SENTENCES = frozenset(map(key_of, map(fold, ["सज़ा", "क़ैद", "उम्रकैद", "कारावास"])))
_PARTS = GRAMMAR["part of day"]
_WAS = frozenset(["था", "थी", "थे", "थीं"])
_FOR_NAMES = GRAMMAR["stands for a name"]
_QUANTITIES = frozenset({"all", "some", "most", "half", "only", "more", "less", "both"})
_ACTS = frozenset({"ने", "inherited", "द्वारा"})
_CORE = frozenset({"", "ने", "को"})
# Classes of words for a fact of its own, even in a phrase that only describes.
_FACTS = frozenset({"way", "blame", "arrest", "deny"})
_PENALTIES = GRAMMAR["penalty"]
_FATES = GRAMMAR["dead"] | GRAMMAR["injured"] | GRAMMAR["missing"] | GRAMMAR["wins"] | GRAMMAR["beats"] | _PENALTIES


def problem_of_words(
    pair: ClausePair, unmatched: Sequence[Word], inside: Sequence[Word], share: float
) -> Message | None:
    """Return the problem with a word of `unmatched`, if there is one.

    `inside` are the matched words, and `share` is their weighted share of all words.
    """
    return _Reading(pair, inside, share).problem(unmatched)


class _Reading(Parts):
    """One clause of a summary compared with one clause of an article."""

    def __init__(self, pair: ClausePair, inside: Sequence[Word], share: float) -> None:
        super().__init__(pair, inside)
        self._share = share
        # The last words of the clause: its act.
        self._acts = [each for each in pair.clause.words if each.is_content and each.marker in ("", "gen")][-3:]

    def problem(self, unmatched: Sequence[Word]) -> Message | None:
        for word in unmatched:
            if problem := self._word(word):
                return problem
        if self._has_another_agent():
            return Message("somebody else does this in the articles")
        for marker in ("ने", "को"):
            mine = [word for word in self._clause.words if word.marker == marker]
            theirs = [word for word in self._other.words if word.marker == marker and is_name_like(word)]
            # A name that is spelled like a small word: `ली को`.
            is_hidden = bool(mine) and not any(word.is_content or word.text in PRONOUNS for word in mine)
            if is_hidden and theirs and not any(same(word, each) for word in mine for each in theirs):
                return Message("“%(name)s” has another role in the articles", name=mine[0].text)
        return None

    def _word(self, word: Word) -> Message | None:
        """Return the problem with a word that the article's clause lacks; None if it is fine."""
        rules: tuple[Callable[[Word], Message | Ruling | None], ...] = (
            self._names_another_cause,
            self._may_be_added,
            self._is_another_number,
            self._is_another_quantity,
            self._is_another_act,
            self._is_another_actor,
            self._is_another_ordinal,
            self._belongs_to_a_known_word,
            self._is_another_time,
            self._is_another_fact,
            self._is_in_the_place_of_another,
            self._is_of_another_event,
            self._is_another_level,
            self._is_plain,
            self._is_another_court,
            self._is_unknown_name,
            self._is_another_agent,
            self._is_another_name,
        )
        found = next((found for rule in rules if (found := rule(word)) is not None), None)
        if found is None and not self._articles.is_anywhere(word):
            found = self._own(word)
        return None if found is Ruling.FINE else found

    # Each rule of a word returns a problem, or `Ruling.FINE`, or None if the next rule decides.

    def _names_another_cause(self, word: Word) -> Message | Ruling | None:
        """Refuse `बारिश के कारण पुल बंद` for `मरम्मत के कारण पुल बंद`, `देरी से मौत हुई` for `मौत हुई`."""
        phrase = [each for each in self._clause.words if each.phrase == word.phrase and each.is_content]
        kills = word.marker == "से" and GRAMMAR["dead"] & {*self._clause.tokens}
        is_new = kills and not any(each in self._inside or find_any(each, self._rest) for each in phrase)
        is_thing = phrase[-1:] == [word] and not (
            is_name_like(word) or word.number or {"time", "light"} & word.concepts
        )
        is_other = (word.marker == "cause" or (is_new and is_thing)) and not self._is_cause(word)
        return Message("the article gives another cause than “%(name)s”", name=word.text) if is_other else None

    def _may_be_added(self, word: Word) -> Message | Ruling | None:
        """Accept `आरोपी मोहन` if Mohan is arrested."""
        return Ruling.FINE if self._is_implied(word) else None

    def _is_another_number(self, word: Word) -> Message | Ruling | None:
        """Refuse `12 छात्र` for `छात्र`."""
        if not word.number:
            return None
        if self._is_turned_score(word) or self._was_before(word):
            return Ruling.FINE
        return Message("the number %(name)s is not with the other words in the articles", name=word.text)

    def _is_turned_score(self, word: Word) -> bool:
        """Whether the winner's score is the loser's in the article, or the reverse: `2-0 से हराया`, `0-2 से हारे`."""
        turned = "-".join(reversed(word.number.split("-")))
        has_score = turned != word.number and any(each.number == turned for each in self._other.words)
        return has_score and tells_other_side(self._clause, self._other)

    def _was_before(self, word: Word) -> bool:
        """Whether the article gives it as the earlier amount: `408 से घटकर 318` for `घटकर 318 हुआ, जो पहले 408 था`."""
        if word.marker != "से" or not all(any(map(_changes, each.words)) for each in (self._clause, self._other)):
            return False
        return any(
            "जो" in clause.opener.split()
            and _WAS & {*clause.tokens[-2:]}
            and [each.number for each in clause.words if each.number][-1:] == [word.number]
            for clause in self._pair.sentence.clauses
        )

    def _is_another_quantity(self, word: Word) -> Message | Ruling | None:
        """Refuse `पूरी परीक्षा रद्द` for `परीक्षा रद्द`."""
        if not word.concepts & _QUANTITIES:
            return None
        if "both" in word.concepts and "और" in self._clause.tokens and "और" in self._other.tokens:
            # `उपग्रह और रॉकेट दोनों`
            return Ruling.FINE
        return Message("“%(name)s” is not said about this in the articles", name=word.text)

    def _is_another_act(self, word: Word) -> Message | Ruling | None:
        """Refuse `पुल टूटा` for `पुल बंद हुआ`."""
        if word is not self._predicate or word.marker:
            return None
        has_same_result = word.key in BEATS and tells_other_side(self._clause, self._other)
        return (
            Ruling.FINE
            if has_same_result or self._retells(word)
            else Message("the article's clause with the other words does not say “%(name)s”", name=word.text)
        )

    def _is_another_actor(self, word: Word) -> Message | Ruling | None:
        """Refuse `मोहन ने शिकायत की` for `सोहन ने शिकायत की`."""
        may_be_name = is_name_like(word) or (self._articles.is_anywhere(word) and not is_general(word))
        is_other = word.marker in ("को", "ने") and may_be_name and self._is_replaced(word)
        return Message("“%(name)s” belongs to something else in the articles", name=word.text) if is_other else None

    def _is_another_ordinal(self, word: Word) -> Message | Ruling | None:
        """Refuse `आठवीं तक` for `बारहवीं तक`, `तीसरे चरण` for `दूसरे चरण`."""
        is_other = ordinal(word.text) and any(ordinal(each.text) for each in self._other.words)
        return Message("“%(name)s” is not said about this in the articles", name=word.text) if is_other else None

    def _belongs_to_a_known_word(self, word: Word) -> Message | Ruling | None:
        """Accept the first name of a person that the article names in full."""
        return Ruling.FINE if self._completes(word) else None

    def _is_another_time(self, word: Word) -> Message | Ruling | None:
        """Refuse `मंगलवार को` for `बुधवार को`."""
        return self._time(word) if "time" in word.concepts else None

    def _is_another_fact(self, word: Word) -> Message | Ruling | None:
        """Refuse `हत्या का मामला` for `चोरी का मामला`: a word with the weight of a fact."""
        is_fact = any("strict" in part.concepts for part in (word.parts or (word,)))
        return self._strict(word) if is_fact else None

    def _is_in_the_place_of_another(self, word: Word) -> Message | Ruling | None:
        """Refuse `12 लोग अस्पताल में` for `12 लोग शिविर में`, where the sentence has the hospital too."""
        counts = any(each.number for each in self._clause.words) and word.marker not in ("", "gen")
        may_be = (counts or word.marker in ("gen", "को")) and find_any(word, self._rest)
        is_other = may_be and self._is_replaced(word, also_common=counts)
        return Message("“%(name)s” belongs to something else in the articles", name=word.text) if is_other else None

    def _is_of_another_event(self, word: Word) -> Message | Ruling | None:
        """Refuse `गेहूं का मूल्य बढ़ा` for `सरसों का मूल्य बढ़ा`, where another sentence has the wheat."""
        is_other = self._is_added(word) or (
            not find_any(word, self._rest) and (self._is_other_thing(word) or self._is_other_owner(word))
        )
        return Message("“%(name)s” is not said about this in the articles", name=word.text) if is_other else None

    def _is_another_level(self, word: Word) -> Message | Ruling | None:
        """Refuse `हाई कोर्ट का आदेश` for `निचली अदालत का आदेश`."""
        is_other = word.marker == "gen" and _names_court(word) and any(map(_names_court, self._other.words))
        return _another_court(word) if is_other else None

    def _is_plain(self, word: Word) -> Message | Ruling | None:
        """Accept an everyday word."""
        return Ruling.FINE if is_plain_word(word) else None

    def _is_another_court(self, word: Word) -> Message | Ruling | None:
        """Refuse `हाई कोर्ट ने कहा` for `ज़िला अदालत ने कहा`."""
        return self._court(word) if "court" in word.concepts and word.marker in (*AGENT, "") else None

    def _is_unknown_name(self, word: Word) -> Message | Ruling | None:
        """Refuse `मोहन` if no article names him."""
        return self._own(word) if is_name_like(word) and not self._articles.is_anywhere(word) else None

    def _is_another_agent(self, word: Word) -> Message | Ruling | None:
        """Refuse `निगम ने बांटा` for `संघ ने बांटा`."""
        return self._agent(word) if word.marker in _ACTS else None

    def _is_another_name(self, word: Word) -> Message | Ruling | None:
        """Refuse `रामपुर में` for `सोनपुर में`."""
        return self._name(word) if is_name_like(word) or "office" in word.concepts else None

    def _is_cause(self, word: Word) -> bool:
        """Whether the article gives a word of the same phrase as a cause."""
        pool = [*self._rest, *((each, self._other) for each in self._other.words)]
        head = [each for each in self._clause.words if each.is_content and each.phrase == word.phrase][-1:]
        if any(each.marker == "cause" and each.is_content for each in self._other.words):
            # The article's clause gives its own cause.
            return any(find_cause(each, pool) for each in head)
        topic = [(each, clause) for clause in self._articles.topic_clauses(self._place) for each in clause.words]
        return any(find_cause(each, pool) or find_cause(each, topic) for each in head)

    def _is_implied(self, word: Word) -> bool:
        clause, other = self._clause, self._other
        arrest = "arrest" in other.kinds
        if "status" in word.concepts and (self._articles.is_anywhere(word) or (arrest and not named(word, clause))):
            return True
        if word.key == "पुलिस" and arrest and "arrest" in clause.kinds:
            return not any(each.marker in AGENT for each in other.words)
        if word.key == _GUILTY and any(each.key in _SENTENCES for each in other.words):
            # Who is sentenced is guilty.
            return True
        if word not in self._acts:
            return "soft" in word.concepts
        if "doubt" in clause.kinds and has_kind(word, "doubt"):
            return other.mode is Mode.CAN or "doubt" in other.frame_kinds
        return bool(has_kind(word, "claim") and other.is_said and not other.frame_kinds & {"wish", "plan", "doubt"})

    def _completes(self, word: Word) -> bool:
        """Whether the word is the rest of a name or title of which the article's clause has another part."""
        beside = [each for each in self._inside if each.phrase == word.phrase and each.phrase >= 0]
        return any(self._articles.is_called(head, word) for head in beside) or self._is_title_of_name(word, beside)

    def _is_title_of_name(self, word: Word, beside: Sequence[Word]) -> bool:
        """Whether an article has the words from this one to a known name in one piece: `पूर्व मुख्यमंत्री मोहन`."""
        words = self._clause.words
        at = words.index(word)
        for name in beside:
            end = next((n for n, each in enumerate(words) if each is name), 0)
            run = words[at : end + 1]
            if is_name_like(name) and run and all(each.phrase == word.phrase for each in run):
                return self._articles.has_run(run)
        return False

    def _time(self, word: Word) -> Message | Ruling:
        """Check a time: it must be in the same sentence, or in the article's topic."""
        other = self._other
        times = [each for each in other.words if "time" in each.concepts]
        if any((each.text in _PARTS) == (word.text in _PARTS) for each in times):
            return Message("“%(name)s” is the time of something else in the articles", name=word.text)
        if find(word, self._rest, self._clause, False):
            return Ruling.FINE
        if other.mode is Mode.FACT and not other.past and any(same(word, each) for each in self._topic):
            return Ruling.FINE
        return Message("“%(name)s” is not the time of this in the articles", name=word.text)

    def _strict(self, word: Word) -> Message | Ruling:
        """Check an act that the clause only mentions: it must be in the same sentence, or in the article's topic."""
        if self._is_elsewhere(word):
            return Message("“%(name)s” has another role in the articles", name=word.text)
        if self._share >= ENOUGH and not (_FACTS & word.concepts or _is_fate(word) or self._articles.is_anywhere(word)):
            # Its own word for a circumstance: `बढ़ते मामलों को देखते हुए`.
            return Ruling.FINE
        if word.marker == "को" and self._is_replaced(word):
            return Message("“%(name)s” belongs to something else in the articles", name=word.text)
        if self._toll_rises(word) or tells_result(word, self._clause, self._articles.clauses()):
            return Ruling.FINE
        # The sentence about an arrest must name the arrested person.
        is_done = "arrest" in word.concepts or any(part.text in _PENALTIES for part in (word.parts or (word,)))
        is_topic = not is_done and any(same(word, each) for each in self._topic)
        beside = find_any(word, self._rest) or is_topic
        if beside and word.marker in _TOPIC:
            return Ruling.FINE
        if self._happened_to_noun(word):
            return Ruling.FINE
        problem = Message("“%(name)s” is not said about this in the articles", name=word.text)
        return problem if _FACTS & word.concepts or _is_fate(word) else Ruling.FINE

    def _happened_to_noun(self, word: Word) -> bool:
        """Whether the word describes what happened to a noun, as an article reports: `रद्द हुई परीक्षा`."""
        if word in self._acts or word.marker:
            return False
        after = self._clause.words[self._clause.words.index(word) + 1 :]
        noun = next((each for each in after if each.is_content and not each.number), None)
        if noun is None or is_name_like(noun) or noun.phrase > word.phrase + 1:
            return False
        return any(
            any(same(word, each) for each in clause.words)
            and any(same(noun, each) and each.marker in ("", "को") for each in clause.words)
            for clause in self._articles.clauses()
            if not (clause.is_said or clause.negations or clause.kinds & {"claim", "doubt"})
            and clause.mode is Mode.FACT
        )

    def _court(self, word: Word) -> Message | Ruling:
        """Check a court: its level must be that in the article's clause, or that of the last named court."""
        theirs = [each for each in self._other.words if each.marker in AGENT]
        group = [each for each in self._clause.words if each.marker == word.marker and each.is_content]
        if any(each.key == "न्यायालय" for each in theirs):
            named = [each for each in theirs if each.key != "न्यायालय" and "soft" not in each.concepts]
            own = [each for each in group if each.key != "न्यायालय"]
            if named and own and not any(same(each, one) for each in named for one in own):
                return _another_court(word)
        article = self._articles.sentences(self._place.source)
        for sentence in (self._articles.sentence(self._place), *reversed(article[: self._place.sentence])):
            courts = [
                each
                for clause in sentence.clauses
                for each in clause.words
                if "court" in each.concepts and not (word.marker in AGENT and each.marker == "gen")
            ]
            if courts:
                return Ruling.FINE if any(same(word, each) for each in courts) else _another_court(word)
        return Message("no article has “%(name)s”", name=word.text)

    def _toll_rises(self, word: Word) -> bool:
        """Whether `बढ़कर` belongs to a number of dead or injured, which can only rise."""
        return word.key == "बढ" and any(each.key in _TOLLS for each in self._other.words)

    def _agent(self, word: Word) -> Message | Ruling:
        """Check an agent: it must be in the same sentence or the one before, and must not replace another agent."""
        theirs = self._agents()
        if theirs:
            group = [each for each in self._clause.words if each.marker == word.marker and each.is_content]
            known = [each for each in self._inside if each in group and any(same(each, one) for one in theirs)]
            names = any(is_name_like(each) for each in group) and any(is_name_like(each) for each in theirs)
            if (
                known
                and (not names or any(is_name_like(each) for each in known))
                and (
                    any(self._articles.is_near(each, word) for each in known)
                    or (is_general(word) and not is_name_like(word))
                )
            ):
                return Ruling.FINE
            if any(self._articles.is_called(each, word) or self._articles.heads(each, word) for each in theirs):
                # `विपक्ष ने` for `वर्मा ने`, who the articles call the leader of the opposition.
                return Ruling.FINE
            return _other_agent(word)
        if self._is_elsewhere(word):
            return Message("“%(name)s” has another role in the articles", name=word.text)
        if word.marker == "inherited" or find_any(word, self._rest) or any(same(word, each) for each in self._topic):
            return Ruling.FINE
        return _other_agent(word)

    def _name(self, word: Word) -> Message | Ruling:
        """Check a name: it must be in the same sentence or the article's topic, and must not replace another name."""
        if self._is_elsewhere(word):
            return Message("“%(name)s” has another role in the articles", name=word.text)
        if word.text in _FOR_NAMES and any(is_name_like(each) for each in self._other.words):
            return Ruling.FINE
        if self._is_replaced(word):
            return Message("“%(name)s” belongs to something else in the articles", name=word.text)
        if find_any(word, self._rest) or any(same(word, each) for each in self._topic):
            return Ruling.FINE
        problem = Message("the article that supports the other words has no “%(name)s”", name=word.text)
        return problem if word.marker in _CORE else Ruling.FINE

    def _retells(self, word: Word) -> bool:
        """Whether the predicate may be the summary's own word for what the article reports."""
        if self._share < ENOUGH or any("strict" in part.concepts for part in (word.parts or (word,))):
            return False
        return self._tells(word)

    def _tells(self, word: Word) -> bool:
        # A count must stay with the act that the articles report.
        if all(each.number for each in self._inside) and self._articles.is_anywhere(word):
            return False
        # Another clause tells it.
        if self._share >= _SURE and (
            word.key in COMMON_VERBS or (self._share >= _NEARLY_ALL and not is_name_like(word))
        ):
            return True
        if find_any(word, self._rest) or (self._articles.is_anywhere(word) and not VERB.search(word.text)):
            return False
        if is_plain_word(word) or VERB_ENDING.search(word.text):
            return True
        return (
            may_be_plain(word)
            and not self._articles.is_anywhere(word)
            and not leaves_out_a_name(self._clause, self._other)
        )

    def _own(self, word: Word) -> Message | Ruling:
        """Check a word that no article has: the summary may use a few such words if they cannot be names."""
        problem = Message("the article that supports the other words has no “%(name)s”", name=word.text)
        may_be_name = not may_be_plain(word) and not VERB.search(word.text)
        return problem if may_be_name or self._articles.has_opposite(word) else Ruling.FINE


def _changes(word: Word) -> bool:
    return any({"way", "less", "more"} & part.concepts for part in (word.parts or (word,)))


def _other_agent(word: Word) -> Message:
    return Message("“%(name)s” does not do this in the article's clause with the other words", name=word.text)


def _another_court(word: Word) -> Message:
    return Message("the articles name another court than “%(name)s”", name=word.text)


def _names_court(word: Word) -> bool:
    """Whether the word gives the level of a court: `सुप्रीम कोर्ट`, `निचली`."""
    return any("court" in part.concepts for part in (word.parts or (word,)))


def _is_fate(word: Word) -> bool:
    return any(part.text in _FATES for part in (word.parts or (word,)))
