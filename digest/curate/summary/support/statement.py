"""Compare the assertions of two clauses: negation, mode, condition, claims, quantities, tense and act."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from digest.curate.summary.support.clauses import Clause, Mode
from digest.curate.summary.support.roles import has_kind, same
from digest.curate.summary.support.vocabulary import GRAMMAR, NAMED, key_of
from digest.curate.summary.support.words import PAST, ROOT, Word
from digest.hindi.text import fold
from digest.messages import Message

_INFINITIVE = re.compile(
    "^(?!धरन|थान|खान|सेना|सूचना|घटना|योजना|रचना|सपन|जुर्मान|कारखान|पटना|सोना|गन्न|महीन|सामन|निशान|जमान|खजान|लेनादेन|रवान|दुश्मन|परेशान|निगरान|कहान|राजधान|मनमान|हैरान|सावधान|पत्न|कंपन)..*न[ाेी]$"
)
_TITLE = re.compile("' ((?:[^ ']+ ){1,5})'|‘ ((?:[^ ’]+ ){1,5})’")
_LIGHT_INFINITIVES = frozenset({"करने", "होने", "देने", "लेने", "कराने"})
_DECLARED = fold("घोषित")
_UNDONE = GRAMMAR["undone"]
_DONE = GRAMMAR["done"]
_REFUSALS = frozenset(map(key_of, GRAMMAR["refusal"]))
_THIS = frozenset({"इसे", "इन्हें", "इन", "इस"})
_DECISIONS = frozenset(map(fold, ["फ़ैसला", "निर्णय", "तय", "निर्देश", "आदेश"]))
_GIVEN = {
    **dict.fromkeys(map(fold, ["दिया", "दी", "दिए", "देगा", "देगी", "देंगे"]), "देना"),
    **dict.fromkeys(map(fold, ["लिया", "ली", "लिए", "लेगा", "लेगी", "लेंगे"]), "लेना"),
}
# `टालना पड़ा` tells what happened.
_COMPELLED = frozenset(map(fold, ["पड़ा", "पड़ी", "पड़े", "पड़ीं"]))
_REMAINS = frozenset(map(fold, ["बाक़ी", "शेष"]))
_APPEAL = fold("अपील")
_ABOVE = fold("ऊपर")
_BEYOND = fold("पार")
_WITHOUT = fold("बिना")
_LACKS = frozenset(map(key_of, map(fold, ["अभाव", "कमी", "बिना", "गुल", "ठप", "असंतुष्ट", "असफल", "विफल", "नाकाम"])))
# The most words of a clause's act.
_ACT = 4
# The most words between a number and its qualifier.
_NEAR = 3
_PAST = GRAMMAR["past time"]
_MODES = {
    Mode.FACT: Message("a fact"),
    Mode.FUTURE: Message("a future event"),
    Mode.CAN: Message("a possibility"),
    Mode.MUST: Message("a duty"),
    Mode.WISH: Message("a wish"),
}
_PERIODS = frozenset(map(key_of, GRAMMAR["period"]))


@dataclass(frozen=True)
class Pair:
    """A clause of a summary, and the clause of an article that may support it."""

    clause: Clause
    other: Clause

    @cached_property
    def refusals(self) -> int:
        """How many words of the article refuse something: `ख़ारिज`."""
        return sum(any(part.key in _REFUSALS for part in (word.parts or (word,))) for word in self.other.words)

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of the summary's words and of what introduces them. `ज़मानत न मिली` denies, as `ख़ारिज` does."""
        kinds = self.clause.kinds | self.clause.frame_kinds
        denies = self.clause.negations and (self.refusals or _lacks(self.other))
        return kinds | {"deny"} if denies else kinds


def statement(clause: Clause, other: Clause) -> Message | None:
    """Return the first difference in negation, mode, condition, claims, quantities or tense; None if there is none."""
    pair = Pair(clause, other)
    return next((problem for rule in RULES if (problem := rule(pair))), None)


def _changes_negation(pair: Pair) -> Message | None:
    """Refuse `पुल खुला` for `पुल नहीं खुला`."""
    clause, other = pair.clause, pair.other
    mine, theirs = _negations(clause, other), _negations(other, clause)
    if (
        mine
        and pair.refusals
        and not any(same(word, each) for word in clause.words for each in other.words if each.key in _REFUSALS)
    ):
        # `ज़मानत न मिली` is `ज़मानत याचिका ख़ारिज`.
        theirs += pair.refusals
    elif theirs and not mine and _lacks(clause):
        # `सबूतों की कमी` is `सबूत नहीं मिले`.
        return None
    elif mine == 1 and not theirs and _lacks(other) and not _lacks(clause):
        # `कुलपति नहीं हैं` is `बिना कुलपति के`.
        return None
    return Message("it has more or fewer negations than the article") if mine != theirs else None


def _leaves_out_without(pair: Pair) -> Message | None:
    """Refuse `लाइसेंस के बस चलाई` for `बिना लाइसेंस के बस चलाई`."""
    clause, other = pair.clause, pair.other
    if _negations(clause, other) or _negations(other, clause) or _WITHOUT in clause.tokens:
        return None
    at = next((n for n, each in enumerate(other.words) if each.text == _WITHOUT), len(other.words))
    lacking = other.words[at + 1 : at + 2]
    return (
        Message("it leaves out “%(name)s”", name="बिना")
        if any(same(word, each) for word in clause.words for each in lacking)
        else None
    )


def _adds_without(pair: Pair) -> Message | None:
    """Refuse `बिना परमिट के बस चलाई` for `बस चलाई`."""
    tokens = set(pair.other.tokens)
    adds = _WITHOUT in pair.clause.tokens and not ({_WITHOUT, "नहीं", "न"} & tokens or _lacks(pair.other))
    return Message("it adds “%(name)s”", name="बिना") if adds else None


def _finishes_what_remains(pair: Pair) -> Message | None:
    """Refuse `जांच पूरी हुई` for `जांच पूरी होना बाक़ी है`."""
    clause = pair.clause
    remains = _REMAINS & set(pair.other.tokens[-4:]) and not _REMAINS & set(clause.tokens)
    return Message("this is still to be done in the article") if remains and clause.mode is Mode.FACT else None


def _adds_the_same(pair: Pair) -> Message | None:
    """Refuse `एक ही गांव के 12 लोग` for `12 लोग`."""
    tokens = pair.clause.tokens
    # `एक ही दिन में` is `24 घंटे में`.
    adds = any(
        two == ("एक", "ही") and key_of(after) not in _PERIODS
        for two, after in zip(itertools.pairwise(tokens), tokens[2:], strict=False)
    ) and not {"एक", "1"} & set(pair.other.tokens)
    return Message("it adds “%(name)s”", name="एक ही") if adds else None


def _leaves_undone(pair: Pair) -> Message | None:
    """Refuse `सम्मेलन हुआ` for `सम्मेलन रद्द हुआ`."""
    ends = [word for word in pair.other.words if word.is_content][-2:]
    found = [word for word in ends if any(part.text in _UNDONE for part in (word.parts or (word,)))]
    lost = next((word.text for word in found if not any(same(mine, word) for mine in pair.clause.words)), None)
    return Message("it leaves out “%(name)s”", name=lost) if lost and not pair.clause.negations else None


def _quotes_another(pair: Pair) -> Message | None:
    """Refuse `'नीली नदी' का विमोचन` for `'लाल पहाड़' का विमोचन`."""
    mine, theirs = _quoted_phrases(pair.clause), _quoted_phrases(pair.other)
    is_other = mine and theirs and not any(one in two or two in one for one in mine for two in theirs)
    return Message("it has other words in quotation marks than the article") if is_other else None


def _takes_for_gives(pair: Pair) -> Message | None:
    """Refuse `किसानों ने 5 लाख लिए` for `किसानों ने 5 लाख दिए`."""
    mine, theirs = _gives(pair.clause), _gives(pair.other)
    return (
        Message("the article has “%(name)s”, not “%(other)s”", name=theirs, other=mine)
        if mine and theirs and mine != theirs
        else None
    )


def _changes_mode(pair: Pair) -> Message | None:
    """Refuse `पुल बना` for `पुल बनेगा`."""
    clause, other = pair.clause, pair.other
    if _same_mode(clause, other):
        return None
    return Message(
        "it reports as %(value)s what the article reports as %(measures)s",
        value=_MODES[clause.mode],
        measures=_MODES[other.mode],
    )


def _settles_what_is_open(pair: Pair) -> Message | None:
    """Refuse `मोहन चुनाव लड़ेंगे` for `मोहन चुनाव लड़ेंगे या नहीं`."""
    settles = _asks_whether(pair.other) and not _asks_whether(pair.clause)
    return Message("the article leaves open whether this is so") if settles else None


def _leaves_out_condition(pair: Pair) -> Message | None:
    """Refuse `स्कूल बंद होंगे` for `बारिश हुई तो स्कूल बंद होंगे`."""
    clause, other = pair.clause, pair.other
    has_it = clause.has_condition or (clause.is_condition and other.is_condition) or clause.mode is Mode.CAN
    return Message("it leaves out the condition") if other.has_condition and not has_it else None


def _asserts_condition(pair: Pair) -> Message | None:
    """Refuse `बारिश हुई` for `अगर बारिश हुई`."""
    is_fact = not pair.clause.is_condition and pair.clause.tokens[-1] != "पर"
    return Message("it reports a condition as a fact") if pair.other.is_condition and is_fact else None


def _leaves_out_claim(pair: Pair) -> Message | None:
    """Refuse `मोहन ने पैसे लिए` for `मोहन पर पैसे लेने का आरोप है`."""
    if "claim" not in pair.other.kinds or _is_aside(pair.clause, pair.other, "claim"):
        return None
    return _left_out(pair, "claim")


def _leaves_out_doubt(pair: Pair) -> Message | None:
    """Refuse `12 लोग दबे` for `12 लोगों के दबे होने की आशंका`."""
    if "doubt" not in pair.other.kinds or _is_aside(pair.clause, pair.other, "doubt"):
        return None
    return None if pair.clause.mode is Mode.CAN else _left_out(pair, "doubt")


def _leaves_out_wish(pair: Pair) -> Message | None:
    """Refuse `वेतन बढ़ा` for `वेतन बढ़ाने की मांग की`."""
    return _left_out(pair, "wish") if "wish" in pair.other.act else None


def _leaves_out_plan(pair: Pair) -> Message | None:
    """Refuse `अस्पताल बना` for `अस्पताल बनाने का ऐलान किया`."""
    is_open = pair.clause.mode is not Mode.FACT or "wish" in pair.clause.kinds
    # `अमान्य घोषित हुआ` plans nothing.
    if "plan" not in pair.other.act or is_open or _word_of(pair.other, "plan") == _DECLARED:
        return None
    return _left_out(pair, "plan")


def _leaves_out_denial(pair: Pair) -> Message | None:
    """Refuse `मोहन ने पैसे लिए` for `मोहन ने पैसे लेने से इनकार किया`."""
    if "deny" not in pair.other.kinds or not _denies_known(pair.clause, pair.other):
        return None
    return _left_out(pair, "deny")


def _left_out(pair: Pair, kind: str) -> Message | None:
    """Return the problem if the summary has no word of this kind, nor a counterpart of the article's."""
    if kind in pair.kinds or not _dropped(pair.clause, pair.other, kind):
        return None
    return Message("it leaves out “%(name)s”", name=_word_of(pair.other, kind))


def _leaves_out_share(pair: Pair) -> Message | None:
    """Refuse `दुकानें बंद रहीं` for `ज़्यादातर दुकानें बंद रहीं`."""
    for kind in ("some", "most", "half"):
        if kind in pair.other.kinds - pair.clause.kinds and _quantifies(pair.clause, pair.other, kind):
            return Message("it leaves out “%(name)s”", name=_word_of(pair.other, kind))
    return None


def _leaves_out_bound(pair: Pair) -> Message | None:
    """Refuse `60 घर जले` for `60 से ज़्यादा घर जले`."""
    clause, other = pair.clause, pair.other
    if not any(word.number for word in clause.words):
        return None
    for kind in ("more", "less"):
        if (
            kind in other.kinds - clause.kinds
            and _qualifies_number(other, kind)
            and not _goes(clause, kind)
            and _dropped(clause, other, kind)
        ):
            return Message("it leaves out “%(name)s”", name=_word_of(other, kind))
    return None


def _compares_with_another_time(pair: Pair) -> Message | None:
    """Refuse `पिछले महीने से कम` for `पिछले साल से कम`."""
    mine, theirs = _past_nouns(pair.clause), _past_nouns(pair.other)
    is_other = mine and theirs and not any(same(one, each) for one in mine for each in theirs)
    return Message("the article compares with another time: “%(name)s”", name=theirs[0].text) if is_other else None


def _leaves_out_past(pair: Pair) -> Message | None:
    """Refuse `पुल टूटा` for `2018 में पुल टूटा`."""
    mine, theirs = pair.clause.past, pair.other.past
    if not theirs or mine == theirs or theirs in pair.clause.tokens or (theirs in _PAST and mine in _PAST):
        return None
    if mine in pair.other.tokens:
        # `पिछली बार 2016 में जीता` tells the year too.
        return None
    return Message("it leaves out the earlier time: “%(name)s”", name=theirs)


def _finishes_what_goes_on(pair: Pair) -> Message | None:
    """Refuse `मतगणना पूरी हुई` for `मतगणना चल रही है`."""
    is_done = not pair.clause.is_ongoing and _DONE & set(pair.clause.tokens[-4:])
    return Message("it reports as finished what is still going on") if pair.other.is_ongoing and is_done else None


def _turns_introduction(pair: Pair) -> Message | None:
    """Refuse `मोहन ने माना कि पुल टूटा` for `मोहन ने नहीं माना कि पुल टूटा`."""
    clause, other = pair.clause, pair.other
    mine, theirs = (clause.frame_negations, clause.frame_denies), (other.frame_negations, other.frame_denies)
    is_other = clause.is_said and other.is_said and mine != theirs
    return Message("the words that introduce it have more or fewer negations than in the article") if is_other else None


# The first problem is the reason that an editor sees.
RULES: tuple[Callable[[Pair], Message | None], ...] = (
    _changes_negation,
    _leaves_out_without,
    _adds_without,
    _finishes_what_remains,
    _adds_the_same,
    _leaves_undone,
    _quotes_another,
    _takes_for_gives,
    _changes_mode,
    _settles_what_is_open,
    _leaves_out_condition,
    _asserts_condition,
    _leaves_out_claim,
    _leaves_out_doubt,
    _leaves_out_wish,
    _leaves_out_plan,
    _leaves_out_denial,
    _leaves_out_share,
    _leaves_out_bound,
    _compares_with_another_time,
    _leaves_out_past,
    _finishes_what_goes_on,
    _turns_introduction,
)


def _negations(clause: Clause, other: Clause) -> int:
    """Count the negations. That of a phrase like `पता नहीं` is none if the other clause has a word for it: `लापता`."""
    return clause.negations + sum(
        any("negative" in part.concepts for part in word.parts)
        and not any("less" in part.concepts for part in word.parts)
        and not any(same(word, each) or same(each, word) for each in other.words)
        for word in clause.words
    )


def _gives(clause: Clause) -> str:
    """Return देना or लेना if it is the verb itself, '' if it only carries another: `छोड़ दिया`, `ज़मानत दी`."""
    tokens = [each for each in clause.tokens if each[0] > "\u0900" and each not in ("भी", "ही")]
    for at in range(len(tokens) - 1, max(0, len(tokens) - 4), -1):
        verb = _GIVEN.get(tokens[at])
        if verb:
            before = tokens[at - 1]
            if before in ("दे", "ले"):
                return "देना" if before == "दे" else "लेना"
            return "" if ROOT.fullmatch(before) or before in ("कर", "हो") else verb
    return ""


def _lacks(clause: Clause) -> bool:
    # `कम होने का नाम नहीं लेतीं`: `कम` has the stem of `कमी`.
    return any(part.key in _LACKS and part.text != "कम" for word in clause.words for part in (word.parts or (word,)))


def _same_mode(clause: Clause, other: Clause) -> bool:
    """Whether the summary's mode claims no more than the article's."""
    return next((found for rule in _MODE_RULES if (found := rule(clause, other)) is not None), False)


def _only_describes(clause: Clause, _other: Clause) -> bool | None:
    """Accept `दुबई में होने वाला टूर्नामेंट`, which does not say when."""
    return True if clause.tokens[-1].startswith("वाल") else None


def _is_about_to_be(clause: Clause, other: Clause) -> bool | None:
    """Refuse `सोमवार को वार्ता हुई` for `सोमवार को होने वाली वार्ता`."""
    is_ahead = other.tokens[-2:-1] == ("होने",) and other.tokens[-1].startswith("वाल")
    return False if clause.mode is Mode.FACT and is_ahead else None


def _is_equal(clause: Clause, other: Clause) -> bool | None:
    """Accept two statements of one mode. `पुल बनेगा` claims less than `पुल बना`. `होना चाहिए` is a wish."""
    mine, theirs = clause.mode, other.mode
    is_less = (mine, theirs) == (Mode.FUTURE, Mode.FACT)
    return True if mine is theirs or is_less or {mine, theirs} <= {Mode.MUST, Mode.WISH} else None


def _is_undecided(clause: Clause, other: Clause) -> bool | None:
    """Refuse `सोमवार को जांच हुई` for `जांच पर फ़ैसला सोमवार को होगा`."""
    is_fact = (clause.mode, other.mode) == (Mode.FACT, Mode.FUTURE)
    return False if is_fact and _DECISIONS & set(other.tokens) else None


def _is_forced(clause: Clause, other: Clause) -> bool | None:
    """Accept `ख़र्च होंगे` for `ख़र्च करने पड़ेंगे`."""
    is_forced = (clause.mode, other.mode) == (Mode.FUTURE, Mode.MUST) and "चाहिए" not in other.tokens
    return True if is_forced else None


def _claims_less(clause: Clause, other: Clause) -> bool | None:
    """Accept a weaker claim: `हो सकता है` for `होगा`, `नहीं माना जा सकता` for `नहीं है`."""
    is_weaker = other.mode is Mode.FUTURE and clause.mode in (Mode.MUST, Mode.CAN)
    is_denial = (clause.mode, other.mode) == (Mode.CAN, Mode.FACT) and clause.negations and other.negations
    return True if is_weaker or is_denial else None


def _is_feared(clause: Clause, other: Clause) -> bool | None:
    """Accept `बाढ़ आ सकती है` for `बाढ़ की आशंका है`, but not `बाढ़ आएगी`."""
    may_be = clause.mode in (Mode.CAN, Mode.FUTURE) and "doubt" in other.act | other.frame_kinds
    return clause.mode is Mode.CAN if may_be else None


def _is_dated(clause: Clause, other: Clause) -> bool | None:
    """Accept `सुनवाई 19 दिसंबर को है` for `सुनवाई 19 दिसंबर को होगी`."""
    if (clause.mode, other.mode) != (Mode.FACT, Mode.FUTURE) or "को" not in clause.tokens[-3:]:
        return None
    rest = [each for each in clause.tokens if each != "।"]
    return rest[-1] in ("है", "हैं") and rest[-2] == "को"


def _is_announced(clause: Clause, other: Clause) -> bool | None:
    """Accept `पुल बनाने का ऐलान हुआ` for `पुल बनेगा`, but not `हाई कोर्ट में अपील की` for `अपील करेंगे`: an appeal is a deed."""
    if clause.mode is not Mode.FACT:
        return None
    if other.mode is Mode.CAN:
        return "doubt" in clause.act
    if _APPEAL in clause.tokens[-5:] and any("न्यायालय" in word.key for word in clause.words):
        return False
    if "wish" in clause.act and other.is_said and other.mode in (Mode.MUST, Mode.WISH):
        # `जांच की मांग की` is `कहा कि जांच होनी चाहिए`.
        return True
    kinds = clause.act & {"plan", "wish", "doubt"}
    # `मंज़ूरी दी` is not `मंज़ूरी देगी`: the announcement itself is still to come.
    acts = [word for word in clause.words[-_ACT:] if any(has_kind(word, kind) for kind in kinds)]
    is_to_come = any(same(word, each) for word in acts for each in other.words)
    return bool(kinds) and other.mode is Mode.FUTURE and not is_to_come


def _is_planned(clause: Clause, other: Clause) -> bool | None:
    """Accept `पुल बनेगा` for `पुल बनाने का फ़ैसला हुआ`, and `पुल बने` for `पुल की मांग की`."""
    if other.mode is not Mode.FACT or clause.mode not in (Mode.FUTURE, Mode.MUST, Mode.WISH):
        return None
    is_planned = "plan" in other.act or bool(_DECISIONS & set(other.tokens[-4:]))
    return is_planned or (clause.mode is not Mode.FUTURE and "wish" in other.act)


# Each rule tells whether the modes are the same, or returns None if the next rule decides. If none does, they differ.
_MODE_RULES: tuple[Callable[[Clause, Clause], bool | None], ...] = (
    _only_describes,
    _is_about_to_be,
    _is_equal,
    _is_undecided,
    _is_forced,
    _claims_less,
    _is_feared,
    _is_dated,
    _is_announced,
    _is_planned,
)


def _is_aside(clause: Clause, other: Clause, kind: str) -> bool:
    """Whether the article only mentions it in passing, as in `X के आरोप में`, and the summary does not mention X."""
    for at, word in enumerate(other.words):
        if not has_kind(word, kind):
            continue
        after = other.words[at + 1].text if at + 1 < len(other.words) else ""
        if word.marker in ("में", "पर", "gen", "between", "after") or after in ("वाला", "वाली", "वाले"):
            matter = [
                each
                for each in other.words[:at]
                if each.phrase == word.phrase or (each.phrase == word.phrase - 1 and each.marker == "gen")
            ]
            return not any(same(mine, each) for mine in clause.words for each in matter if each.is_content)
        if word.marker == "को" and _THIS & set(clause.tokens):
            # `इसे ग़लत बताया` is `इस आरोप को ग़लत बताया`.
            return True
    return False


def _quoted_phrases(clause: Clause) -> set[str]:
    """Return the short phrases in single quotes, such as the titles of works."""
    found = _TITLE.findall(" ".join(clause.tokens))
    return {text for pair in found for text in pair if text}


def _asks_whether(clause: Clause) -> bool:
    """Whether the clause leaves something open: `लड़ना है या नहीं`."""
    return any(pair == ("या", "नहीं") for pair in itertools.pairwise(clause.tokens))


def _qualifies_number(other: Clause, kind: str) -> bool:
    """Whether the article's word for more or less is near a number: `60 से ज़्यादा`, not `आय से अधिक संपत्ति`."""
    at = [
        n
        for n, word in enumerate(other.words)
        # `दो सौ फ़ुट ऊपर तक` is no more than that.
        if has_kind(word, kind) and (word.text != _ABOVE or (n and other.words[n - 1].marker == "से"))
    ]
    # `ढाई लाख का सामान पार किया`: stolen.
    at = [n for n in at if other.words[n].text != _BEYOND or any(each.number for each in other.words[n - 2 : n])]
    return any(each.number for n in at for each in other.words[max(0, n - _NEAR) : n + _NEAR + 1])


def _goes(clause: Clause, kind: str) -> bool:
    """Whether the summary says that something rises where the article has more of it, or falls for less."""
    ways = [word for word in clause.words if any("way" in part.concepts for part in (word.parts or (word,)))]
    return bool(ways) and all(
        any("rise" in part.concepts for part in (word.parts or (word,))) == (kind == "more") for word in ways
    )


def _denies_known(clause: Clause, other: Clause) -> bool:
    """Whether the article denies or ends something that the summary mentions: `बैठक टली`, but not `दरवाज़ा बंद कर`."""
    words = [word for word in other.words if word.is_content]
    things = [words[max(0, n - 1) : n + 1] for n, word in enumerate(words) if has_kind(word, "deny")]
    return any(same(mine, thing[0]) for thing in things for mine in clause.words) or not things


def _dropped(clause: Clause, other: Clause, kind: str) -> bool:
    """Whether the summary's clause lacks any counterpart of the article's word of this kind."""
    denials = [word for word in other.words if has_kind(word, kind)]
    return not denials or any(not any(same(mine, word) for mine in clause.words) for word in denials)


def _word_of(clause: Clause, kind: str) -> str:
    return next((each for each in clause.tokens if kind in NAMED.get(each, ())), kind)


def _quantifies(clause: Clause, other: Clause, kind: str) -> bool:
    for n, word in enumerate(other.words):
        if kind in word.concepts:
            following = [each for each in other.words[n + 1 : n + 3] if each.is_content]
            if not following or any(same(mine, each) for mine in clause.words for each in following):
                return True
    return False


def _past_nouns(clause: Clause) -> list[Word]:
    """Return the nouns after words like `पिछले`: `पिछले साल`."""
    words = [part for word in clause.words for part in (word.parts or (word,))]
    return [after for word, after in itertools.pairwise(words) if word.text in _PAST]


def infinitive(clause: Clause, other: Clause) -> Message | None:
    """Refuse to report as done what the article only has in the infinitive, such as `ख़रीदने का फ़ैसला किया`."""
    verb = next((word for word in reversed(clause.words) if word.is_content), None)
    if (
        verb is None
        or verb.marker
        or clause.mode is not Mode.FACT
        or _INFINITIVE.match(verb.text)
        or _is_to_be_done(verb, clause)
    ):
        return None
    theirs = [
        word
        for n, word in enumerate(other.words)
        if same(verb, word) and not any(each.text.startswith("वाल") for each in other.words[n + 1 : n + 2])
    ]
    if not theirs or other.is_adverbial or _COMPELLED & set(other.tokens[-3:]):
        return None
    if all(_is_to_be_done(word, other) for word in theirs):
        return Message("the article has “%(name)s” only as something still to be done", name=theirs[0].text)
    return None


def _is_to_be_done(word: Word, other: Clause) -> bool:
    """Whether the word is an infinitive, or the noun of one: `आयात करने का फ़ैसला`."""
    at = other.words.index(word)
    after = other.words[at + 1 :][:1]
    if after and after[0].text in _LIGHT_INFINITIVES and after[0].marker in ("gen", "को", "for"):
        return True
    last = word.text.split()[-1]
    # `बनी` is a participle.
    return bool(_INFINITIVE.match(last)) and not PAST.fullmatch(last) and word.marker in ("gen", "को", "for", "")


def informs_only(clause: Clause, other: Clause) -> bool:
    """Whether an official only informs: a count or an announced step that blames nobody."""
    if (clause.mode is not Mode.FACT or clause.is_condition) and all(
        {"न्यायालय", "उच्च", "सर्वोच्च", "सुप्रीम"} & word.concepts or word.key == "पीठ" for word in other.speaker
    ):
        return not (clause.kinds | other.kinds) & {"blame", "claim"}
    if other.frame_kinds & {"doubt", "claim"} - clause.kinds:
        return False
    if not other.informs or (clause.kinds | other.kinds) & {"blame", "claim"}:
        return False
    if "deny" in other.kinds and _dropped(clause, other, "deny"):
        return False
    return "doubt" not in other.kinds or clause.mode is Mode.CAN or "doubt" in clause.kinds
