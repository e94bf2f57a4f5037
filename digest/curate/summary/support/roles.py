"""Compare single words of two clauses: their meaning, and the role that their case markers give them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from digest.curate.summary.support.clauses import Clause, Mode
from digest.curate.summary.support.speakers import SPEECH
from digest.curate.summary.support.vocabulary import GENERAL, GRAMMAR, NAMED, key_of
from digest.curate.summary.support.words import JOINS, Word

AGENT = frozenset({"ने", "inherited", "द्वारा", "side"})
_HITS = key_of("मार")
COMMON_VERBS = frozenset(map(key_of, GRAMMAR["common verb"]))
"""Keys of verbs that only say that something happened."""
_NAME_ENDING = re.compile(
    "(?:पुर|पुरा|गढ|नगर|बाद|गंज|सिंह|कुमार|लाल|राम|देवी|शंकर|नाथ|दास|पाल|वाल|वाला|ेश|ेंद्र|िंदर|प्रसाद|चंद|बाई|खेडा|कोट|वाडा|स्तान|लैंड)$"
)


def same(mine: Word, theirs: Word) -> bool:
    """Whether the words have a meaning in common, or the first is a general word for the second."""
    if not mine.meanings.isdisjoint(theirs.meanings):
        return True
    if not mine.number and theirs.key in GENERAL.get(mine.key, ()):
        return True
    if theirs.parts and not any("negative" in part.concepts for part in theirs.parts):
        # `गोली मारी`: whoever is shot need not be dead.
        return any(same(mine, part) for part in theirs.parts if part.key != _HITS)
    return False


def fits(mine: Word, theirs: Word, clause: Clause, their_clause: Clause, speech: bool) -> bool:
    """Whether the two words may have the same role.

    `speech`: the summary's clause reports that somebody says something.
    """
    a, b = mine.marker, theirs.marker
    if mine.number and (a == "of") != (b == "of"):
        # `22 गवाहों में से छह` says nothing of 22.
        return False
    if a == b or "time" in mine.concepts or mine.number:
        if {a, b} == {"तक", "को"}:
            # `चार जनवरी तक` for `चार जनवरी को`
            return False
        # `1.9 से बढ़कर 2.7`: what it was is not what it is.
        changes = any("way" in word.concepts for each in (clause, their_clause) for word in each.words)
        return not (changes and mine.number and theirs.number and (a == "से") != (b == "से"))
    if _is_other_wording({a, b}, clause, their_clause, speech):
        return True
    if a == "से" and any(word.key == "मिल" for word in clause.words):
        # `अदालत से ज़मानत मिली` is `अदालत ने ज़मानत दी`.
        a = "ने"
    if a == "को" and b in AGENT and _gets(clause):
        return True
    if a in AGENT and b in AGENT:
        return True
    if a in AGENT or b in AGENT:
        return _may_be_agent(mine, theirs, a, clause, their_clause, speech)
    if mine.concepts & {"claim", "doubt", "plan", "wish"}:
        return True
    if {a, b} in ({"को", "से"}, {"को", "against"}, {"for", "against"}):
        return False
    if {a, b} in ({"से", "for"}, {"पर", "से"}):
        return not (is_name_like(mine) or "office" in mine.concepts)
    if {a, b} == {"", "को"}:
        return not _is_subject(*((mine, clause) if a == "" else (theirs, their_clause)))
    return True


def _is_other_wording(markers: set[str], clause: Clause, their_clause: Clause, speech: bool) -> bool:
    """Whether two constructions give the same role different markers."""
    if markers == {"ने", "को"}:
        # `छात्रों को लेना होगा`
        return Mode.MUST in (clause.mode, their_clause.mode)
    # `X को नाकाम बताया` is `कहा कि X नाकाम है`.
    is_told = speech and their_clause.is_said and markers == {"को", ""}
    return markers == {"for", "side"} or is_told


def _may_be_agent(mine: Word, theirs: Word, marker: str, clause: Clause, their_clause: Clause, speech: bool) -> bool:
    """Whether one word is an agent, and the other may be one. `marker` is the marker of the summary's word."""
    if marker == "" or theirs.marker == "":
        return _may_act(*((mine, clause) if marker == "" else (theirs, their_clause)))
    if marker in AGENT:
        # `सरकार ने` is `सरकार के मंत्री ने`.
        is_body = theirs.marker == "gen" and _is_body_of_agent(theirs, their_clause)
        return is_body or (speech and theirs.marker == "said")
    return speech and "claim" in clause.kinds and marker in ("पर", "against")


def _gets(clause: Clause) -> bool:
    """Whether somebody gets something: `मोहन को ज़मानत मिली`."""
    return any(each.text.startswith("मिल") for word in clause.words for each in (word.parts or (word,)))


def _is_subject(word: Word, clause: Clause) -> bool:
    """Whether an unmarked word opens its clause and may act."""
    first = next((each for each in clause.words if each.is_content), None)
    return first is not None and first.phrase == word.phrase and _may_act(word, clause)


def _may_act(word: Word, clause: Clause) -> bool:
    """Whether an unmarked word may be the agent of its clause: the verb is active and has no other agent."""
    return not (clause.is_passive or clause.is_intransitive) and not any(
        each.marker in AGENT and each is not word for each in clause.words
    )


def _is_body_of_agent(word: Word, clause: Clause) -> bool:
    phrase = [each for each in clause.words if each.phrase == word.phrase]
    after = [each for each in clause.words if each.phrase == word.phrase + 1]
    return any("body" in each.concepts for each in phrase) and any(each.marker in AGENT for each in after)


def is_name_like(word: Word) -> bool:
    """Whether the word may be a name, because no table has it and it is not a known phrase."""
    return not word.number and not word.parts and (len(word.concepts) == 1 or "name" in word.concepts)


def is_plain_word(word: Word) -> bool:
    return all("plain" in part.concepts or "light" in part.concepts for part in (word.parts or (word,)))


def find(word: Word, pool: Sequence[tuple[Word, Clause]], clause: Clause, speech: bool) -> bool:
    if any(same(word, each) and fits(word, each, clause, theirs, speech) for each, theirs in pool):
        return True
    if word.parts and not any("negative" in part.concepts for part in word.parts):
        content = [part for part in word.parts if part.is_content]
        parts = [part for part in content if "plain" not in part.concepts] or content
        return bool(parts) and all(any(same(part, each) for each, _ in pool) for part in parts)
    return False


def find_any(word: Word, pool: Sequence[tuple[Word, Clause]]) -> bool:
    parts = [part for part in (word.parts or (word,)) if part.is_content]
    return any(same(part, each) for part in parts for each, _ in pool)


def find_cause(word: Word, pool: Sequence[tuple[Word, Clause]]) -> bool:
    """Whether the article has the word in a cause."""
    return any(
        same(word, each)
        and (
            each.marker in ("cause", "से")
            or where.is_adverbial
            or (where.has_cause and not any(one.marker == "cause" for one in where.words))
            or "जिससे" in where.tokens
        )
        for each, where in pool
    )


def has_kind(word: Word, kind: str) -> bool:
    return any(kind in NAMED.get(part.text, ()) for part in (word.parts or (word,)))


def has_speech(word: Word) -> bool:
    return any(has_kind(word, kind) for kind in SPEECH)


def is_general(word: Word) -> bool:
    return word.key in GENERAL and not word.parts


def is_joined(words: Sequence[Word], at: int) -> bool:
    """Whether `और` follows the word: the marker after it is that of the second noun."""
    return any(each.text in JOINS and each.phrase == words[at].phrase for each in words[at + 1 : at + 3])


def named(word: Word, clause: Clause) -> bool:
    """Whether the word's phrase contains a name."""
    return any(each.phrase == word.phrase and each is not word and is_name_like(each) for each in clause.words)


def may_be_plain(word: Word) -> bool:
    """Whether the word cannot be a name that a model invented."""
    return (
        "name" not in word.concepts
        and not word.number
        and word.text[0] > "\u08ff"
        and word.marker not in ("ने", "को", "said", "में", "पर", "inherited")
        and not _NAME_ENDING.search(word.text)
        and not {"office", "strict", "time"} & word.concepts
    )


def leaves_out_a_name(clause: Clause, other: Clause) -> bool:
    """Whether the article's clause has a name that the summary's lacks. An unknown word may then replace it."""
    return any(
        is_name_like(word)
        and word.is_content
        and word.marker not in ("gen", "inherited")
        and not any(same(mine, word) for mine in clause.words)
        for word in other.words
    )


def weight(word: Word, predicate: Word | None) -> float:
    """Return how strongly a word identifies a clause of an article."""
    strict = any("strict" in part.concepts for part in (word.parts or (word,)))
    named = is_name_like(word) or "time" in word.concepts
    return 1 + (bool(word.number) or strict or named) + (word is predicate) + (word.marker in ("ने", "को"))


def only_retells(word: Word) -> bool:
    """Whether the word adds no fact of its own."""
    return is_plain_word(word) or bool(word.concepts & {"soft", "status"})
