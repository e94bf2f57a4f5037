"""Compare what two clauses assert: negation, mode, condition, claims, quantities, past and deed."""

from __future__ import annotations

import re

from digest.curate.summary.support.clauses import Clause, Mode
from digest.curate.summary.support.roles import AGENT, has_kind, same
from digest.curate.summary.support.vocabulary import GRAMMAR, NAMED, key_of

_INFINITIVE = re.compile(
    "^(?!धरना|थाना|खाना|सेना|सूचना|घटना|योजना|रचना|सपना|जुर्माना|कारखाना|पटना|सोना|गन्ना|महीना|सामना)..*न[ाेी]$"
)
_DONE = GRAMMAR["done"]
_REFUSALS = frozenset(map(key_of, GRAMMAR["refusal"]))
_PAST = GRAMMAR["past time"]


def statement(clause: Clause, other: Clause) -> str:
    """Compare what the two clauses assert: negation, mode, condition, claims, quantities, past and cause."""
    refused = sum(any(part.key in _REFUSALS for part in (word.parts or (word,))) for word in other.words)
    if (
        clause.negations
        and refused
        and not any(same(mine, word) for mine in clause.words for word in other.words if word.key in _REFUSALS)
    ):
        # `ज़मानत न मिली` is `ज़मानत याचिका ख़ारिज`.
        if clause.negations != other.negations + refused:
            return "it has not the same negations"
    elif clause.negations != other.negations:
        return "it has not the same negations"
    if not _same_mode(clause, other):
        return f"it tells as {clause.mode} what the article tells as {other.mode}"
    if other.has_condition and not clause.has_condition:
        return "it leaves out the condition"
    if other.is_condition and not clause.is_condition:
        return "it tells a condition as a fact"
    kinds = clause.kinds | clause.frame_kinds
    if clause.negations and refused:
        kinds |= {"deny"}
    for kind in ("claim", "doubt", "wish", "plan", "deny"):
        if kind in (other.act if kind in ("wish", "plan") else other.kinds) and kind not in kinds:
            if kind in ("claim", "doubt") and clause.is_said:
                continue
            if kind == "claim" and _charge_is_left_out(clause, other):
                continue
            if kind == "doubt" and clause.mode is Mode.CAN:
                continue
            if kind == "plan" and (clause.mode is not Mode.FACT or clause.kinds & {"wish"}):
                continue
            if not _dropped(clause, other, kind):
                continue
            return f"it leaves out “{_word_of(other, kind)}”"
    for kind in ("some", "most", "half"):
        if kind in other.kinds and kind not in clause.kinds and _quantifies(clause, other, kind):
            return f"it leaves out “{_word_of(other, kind)}”"
    for kind in ("more", "less"):
        if (
            kind in other.kinds
            and kind not in clause.kinds
            and any(word.number for word in clause.words)
            and _dropped(clause, other, kind)
        ):
            return f"it leaves out “{_word_of(other, kind)}”"
    if other.past and clause.past != other.past and not (other.past in _PAST and clause.past in _PAST):
        return f"it leaves out that this was “{other.past}”"
    if other.is_ongoing and not clause.is_ongoing and set(clause.tokens[-4:]) & _DONE:
        return "it reports as finished what is still going on"
    if (
        clause.is_said
        and other.is_said
        and (clause.frame_negations, clause.frame_denies) != (other.frame_negations, other.frame_denies)
    ):
        return "what introduces it has not the same negations"
    if other.restricted and "all" in clause.kinds and "all" not in other.kinds:
        return "it claims for all what the article says of some"
    return ""


def _same_mode(clause: Clause, other: Clause) -> bool:
    mine, theirs = clause.mode, other.mode
    if mine is theirs:
        return True
    if {mine, theirs} <= {Mode.MUST, Mode.WISH}:
        return True
    act = clause.act
    if mine is Mode.FACT:
        if theirs is Mode.CAN:
            return "doubt" in act
        if theirs in (Mode.MUST, Mode.WISH):
            return bool(act & {"wish", "plan"})
        return bool(act & {"plan", "wish", "doubt"}) and theirs is Mode.FUTURE
    if theirs is Mode.FACT and mine in (Mode.FUTURE, Mode.MUST, Mode.WISH):
        return bool(other.act & ({"plan"} if mine is Mode.FUTURE else {"plan", "wish"}))
    return False


def _charge_is_left_out(clause: Clause, other: Clause) -> bool:
    """Whether the article's clause has `X के आरोप में` and the summary says nothing of X."""
    for at, word in enumerate(other.words):
        if word.key == "आरोप" and word.marker == "में":
            charge = [each for each in other.words[:at] if each.phrase == word.phrase - 1]
            return not any(same(mine, each) for mine in clause.words for each in charge if each.is_content)
    return False


def _dropped(clause: Clause, other: Clause, kind: str) -> bool:
    """Whether no word of the summary's clause stands for the article's word of the kind."""
    denials = [word for word in other.words if has_kind(word, kind)]
    return not denials or any(not any(same(mine, word) for mine in clause.words) for word in denials)


def _word_of(clause: Clause, kind: str) -> str:
    return next((each for each in clause.tokens if kind in NAMED.get(each, ())), kind)


def _quantifies(clause: Clause, other: Clause, kind: str) -> bool:
    for n, word in enumerate(other.words):
        if kind in word.concepts:
            following = [each for each in other.words[n + 1 : n + 3] if each.is_content]
            if other.words[n + 1 : n + 2] and not other.words[n + 1].is_content and not following:
                continue
            if not following or any(same(mine, each) for mine in clause.words for each in following):
                return True
    return False


def infinitive(clause: Clause, other: Clause) -> str:
    """Refuse a deed that the article only names in the infinitive, such as `ख़रीदने का फ़ैसला किया`."""
    verb = next((word for word in reversed(clause.words) if word.is_content), None)
    if (
        verb is None
        or clause.mode is not Mode.FACT
        or _INFINITIVE.match(verb.text)
        or clause.kinds & {"plan", "wish", "doubt", "claim"}
    ):
        return ""
    theirs = [
        word
        for n, word in enumerate(other.words)
        if same(verb, word) and not any(each.text.startswith("वाल") for each in other.words[n + 1 : n + 2])
    ]
    if not theirs or other.is_adverbial:
        return ""
    if all(_INFINITIVE.match(word.text.split()[-1]) and word.marker in ("gen", "को", "for", "") for word in theirs):
        return f"the article has “{theirs[0].text}” only as something to be done"
    return ""


def informs_only(clause: Clause, other: Clause) -> bool:
    """Whether an official only informs: a count or an announced step that blames nobody."""
    if (clause.mode is not Mode.FACT or clause.is_condition) and all(
        {"न्यायालय", "उच्च", "सर्वोच्च", "सुप्रीम"} & word.concepts or word.key == "पीठ" for word in other.speaker
    ):
        return not (clause.kinds | other.kinds) & {"blame", "claim"}
    if not other.informs or (clause.kinds | other.kinds) & {"blame", "deny", "claim", "doubt"}:
        return False
    if any(word.marker in AGENT for word in clause.words):
        return False
    return clause.mode is Mode.FUTURE or any(word.number for word in clause.words)
