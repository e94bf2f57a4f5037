"""Read what the numbers of a headline or sentence count: the dead, people affected, cases, rupees, points of a market.

Not counts, although they look like some: years (`2000`, but `2,000` is a number), ages, dates, clock times, shares,
distances, scores of a match, and the tolls of earlier events (`मारे गए थे`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from digest.hindi.text import fold, folded_words, words

_WORD_VALUES = {
    fold(name): value
    for value, names in (
        (1, "एक"), (2, "दो"), (3, "तीन"), (4, "चार"), (5, "पांच"), (6, "छह छः"), (7, "सात"), (8, "आठ"), (9, "नौ"),
        (10, "दस"), (11, "ग्यारह"), (12, "बारह"), (13, "तेरह"), (14, "चौदह"), (15, "पंद्रह"), (16, "सोलह"),
        (17, "सत्रह"), (18, "अठारह"), (19, "उन्नीस"), (20, "बीस"), (21, "इक्कीस"), (25, "पच्चीस"), (30, "तीस"),
        (40, "चालीस"), (50, "पचास"), (60, "साठ"), (70, "सत्तर"), (80, "अस्सी"), (90, "नब्बे"), (100, "सौ"),
        (1.5, "डेढ़"), (2.5, "ढाई"), (12, "दर्जन"), (30, "दर्जनों"), (300, "सैकड़ों"), (3_000, "हजारों"),
        (300_000, "लाखों"),
    )
    for name in words(names)
}  # fmt: skip
_MULTIPLIERS = {
    fold(name): value
    for name, value in (
        ("दर्जन", 12), ("सौ", 100), ("हजार", 1_000), ("लाख", 100_000), ("करोड़", 10**7), ("अरब", 10**9),
        ("खरब", 10**11), ("thousand", 1_000), ("lakh", 100_000), ("crore", 10**7), ("million", 10**6),
        ("billion", 10**9),
    )
}  # fmt: skip

_DEAD = folded_words("मौत मौतें मौतों मरे मारे मृत मृतक मृतकों शव शवों शहीद मृत्यु हत्या ढेर dead killed dies")
# `मरे: 15`.
_DEAD_BEFORE = folded_words("मरे मृतक मृत मौतें")
# `6 की गई जान`, `67 लोगों की जान चली गई`, `ली 8 लोगों की जान`: a life counts only with a word for its loss. `जानें` alone
# is a teaser.
_LIFE, _LOST = folded_words("जान जानें"), folded_words("गई गईं गयी गंवाई गंवाने ली गंवा चली गवाई")
_DYING = fold("मरने")
_MURDER, _DOERS = fold("हत्या"), folded_words("ने पर खिलाफ")
_HURT = folded_words("घायल घायलों जख्मी")
_AFFECTED = folded_words(
    "बेघर लापता फंसे प्रभावित विस्थापित बीमार यात्री यात्रियों लोग लोगों परिवार परिवारों गांव गांवों जिले जिलों घर डिब्बे",
    "बोगियां बोगी ट्रेनें उड़ानें फ्लाइट्स किसान किसानों छात्र छात्रों मजदूर मजदूरों स्कूल कर्मचारी कर्मचारियों",
)
# A longer number counts nothing, and no number has more multipliers than `लाख करोड़`.
_MOST_DIGITS, _MOST_MULTIPLIERS = 15, 2
_NEGATIVE = folded_words("निगेटिव नेगेटिव negative")
_CASES = folded_words("मामले मामलों केस केसों मरीज मरीजों संक्रमित पॉजिटिव cases")
# What a number counts: people, places and things, but not the dead.
_NAMES_OF_COUNTED = _HURT | _AFFECTED | _CASES
_RUPEES = folded_words("रुपये रुपए रुपयों रु डॉलर रुपया")
_MONEY_UNITS = folded_words("करोड़ अरब खरब")
_TOTAL = folded_words("संख्या आंकड़ा")
# `100 से बढ़कर 150`: both are the total.
_RISE = folded_words("से बढ़कर बढ़ कर")
# A number after one of these is not a relevant count.
_OTHER_UNITS = folded_words(
    "जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर अक्तूबर नवंबर दिसंबर किलोमीटर किमी मीटर फीट फुट",
    "हेक्टेयर एकड़ यूनिट साल साला वर्ष वर्षीय वर्षों बजे बजकर दिन दिनों घंटे घंटों मिनट फीसदी फीसद प्रतिशत",
    "विकेट रन रनों ओवर मैच गेंद तारीख महीने महीनों माह हफ्ते बार वीं वां वें th st nd किलो ग्राम लीटर डिग्री क्विंटल",
    "गोली गोलियां गोलियों राउंड टुकड़े टुकड़ों सीट सीटें सीटों",
)
# `मारे गए थे` tells an earlier event, `हो सकती है मौत` a fear.
_NOT_NOW = folded_words("था थी थे थीं सकता सकती सकते आशंका")
# `लॉकडाउन नहीं होता तो 38 हजार मौतें`.
_UNREAL, _THEN = folded_words("होता होती होते"), fold("तो")
_PERIODS, _WITHIN = folded_words("महीने महीनों माह साल सालों वर्ष वर्षों दशक"), fold("में")
_ANIMALS = folded_words(
    "बाघ बाघों शेर शेरों हाथी हाथियों तेंदुए तेंदुओं पशु पशुओं मवेशी मवेशियों गाय गायों भैंस भैंसों बकरियों भेड़ भेड़ों मुर्गियों मुर्गियां",
    "पक्षियों परिंदों कौवों कौओं मछलियों मछलियां कुत्तों बंदरों मोर मोरों जानवरों घोड़ों सूअरों",
)

# What a total can be of.
_TOTALLED = frozenset({"dead", "cases"})

_POINTS, _MARKET = folded_words("अंक अंकों points"), folded_words("सेंसेक्स निफ्टी sensex nifty बाजार market")
# A number before one of these is no year: `2000 लोग`, `2000 से ज्यादा`.
_COUNTED_AFTER = _POINTS | folded_words("लोग लोगों")
# A colon is often typed as visarga: `मरेः`.
_VISARGA = "\u0903"


@dataclass(frozen=True, slots=True)
class NumberCounts:
    """The greatest number of each kind; 0 for none. `money` is in rupees or other units of money."""

    dead: float = 0
    affected: float = 0
    cases: float = 0
    money: float = 0
    points: float = 0

    def without(self, other: NumberCounts) -> NumberCounts:
        """Return only the counts of kinds that `other` lacks."""
        if NONE in (self, other):
            return self
        mine = {kind: getattr(self, kind) for kind in self.__slots__ if not getattr(other, kind)}
        return NumberCounts(**mine)


NONE = NumberCounts()


class _CountedNumber(NamedTuple):
    value: float
    # The positions of its words.
    start: int
    end: int


def read_counts(written: Sequence[tuple[str, str]]) -> NumberCounts:
    """Read the counts in a text from its `written_tokens`."""
    if not any(token[0].isdigit() or token in _WORD_VALUES for token, _word in written):
        return NONE
    numbers = _numbers(written)
    found = [token.rstrip(_VISARGA) or token for token, _word in written]
    has_market = not _MARKET.isdisjoint(found)
    most: dict[str, float] = {}
    kind = None
    has_counted = False
    for at, number in enumerate(numbers):
        following = numbers[at + 1].start if at + 1 < len(numbers) else len(found)
        # `6 मरे, 75 से अधिक घायल`: the word for the dead belongs to the number before it.
        is_told = kind == "dead" and _is_of_hurt(found[number.end : min(following, number.end + 4)])
        between = found[numbers[at - 1].end : number.start] if at else []
        if not (kind in _TOTALLED and between and _RISE.issuperset(between)):
            kind = None if is_told else _kind(found, number, following, has_counted=has_counted)
        has_counted = has_counted or kind is not None
        if kind and (kind != "points" or has_market):
            most[kind] = max(number.value, most.get(kind, 0))
    return NumberCounts(**most)


def names_dead(written: Sequence[tuple[str, str]]) -> bool:
    """Whether a text has a word for people who died."""
    return any(_is_death(token) for token, _word in written)


def number_values(written: Sequence[tuple[str, str]]) -> frozenset[float]:
    """Return the values of all numbers of a text, in digits or words, without years."""
    return frozenset(number.value for number in _numbers(written))


def missing_numbers(written: Sequence[tuple[str, str]], known: Sequence[tuple[str, str]]) -> list[str]:
    """Return the numbers and years, as written, that begin with a digit and that a known text lacks."""
    tokens, values = {token for token, _word in known}, number_values(known)
    missing = {
        number.start: " ".join(word for _token, word in written[number.start : number.end])
        for number in _numbers(written)
        if written[number.start][0][0].isdigit() and number.value not in values
    }
    counted = {at for number in _numbers(written) for at in range(number.start, number.end)}
    for at, (token, word) in enumerate(written):
        if at not in counted and token[0].isdigit() and token not in tokens:
            missing[at] = word
    return list(dict.fromkeys(missing[at] for at in sorted(missing)))


def _numbers(written: Sequence[tuple[str, str]]) -> list[_CountedNumber]:
    """Return the numbers of a text; `81 हजार` is one. Leaves out years."""
    numbers = []
    at = 0
    while at < len(written):
        token, word = written[at]
        value = _value(token)
        if value is None:
            at += 1
            continue
        value, end = _read_multiplied(written, at, value)
        is_year = token.isdigit() and "," not in word and end == at + 1 and 1900 <= value < 2100
        # `सेंसेक्स 1941 अंक गिरा`, `मृतकों की संख्या 2000 के पार`.
        is_year = is_year and not (end < len(written) and written[end][0] in _COUNTED_AFTER)
        is_year = is_year and all(token not in _TOTAL for token, _word in written[max(0, at - 2) : at])
        if not is_year:
            numbers.append(_CountedNumber(value, at, end))
        at = end
    return numbers


def _read_multiplied(written: Sequence[tuple[str, str]], at: int, value: float) -> tuple[float, int]:
    """Return the whole number that begins with the word at a position, and its end: `3 करोड़ 70 लाख` is one number."""
    scale, end = _scale(written, at + 1)
    total = value * scale
    while scale > 1 and end < len(written) and (rest := _value(written[end][0])) is not None:
        smaller, rest_end = _scale(written, end + 1)
        if rest_end == end + 1 or rest * smaller >= scale:
            break
        total, scale, end = total + rest * smaller, smaller, rest_end
    return total, end


def _scale(written: Sequence[tuple[str, str]], at: int) -> tuple[int, int]:
    """Return the product of the multipliers from a position, and their end."""
    scale, end = 1, at
    while end < min(len(written), at + _MOST_MULTIPLIERS) and written[end][0] in _MULTIPLIERS:
        scale *= _MULTIPLIERS[written[end][0]]
        end += 1
    return scale, end


def _value(token: str) -> float | None:
    if token[0].isdigit():
        return float(token) if token.count(".") <= 1 and len(token) <= _MOST_DIGITS else None
    return _WORD_VALUES.get(token)


def _kind(found: Sequence[str], number: _CountedNumber, following: int, *, has_counted: bool) -> str | None:
    """Return the kind of thing that the number counts.

    `following` is the position of the next number. `has_counted`: an earlier number counts something.
    """
    after = found[number.end] if number.end < len(found) else ""
    if after in _POINTS:
        return "points"
    if after in _OTHER_UNITS:
        return None
    is_money = found[number.end - 1] in _MONEY_UNITS or after in _RUPEES
    if is_money and after not in _AFFECTED and after not in _CASES:
        return "money"
    before = found[max(0, number.start - 6) : number.start]
    # `20 में शादी, 21 में पति शहीद`, `5 में से 3`.
    is_unreal = any(word in _UNREAL and then == _THEN for word, then in pairwise(before))
    if after == _WITHIN or _is_of_period(before) or is_unreal:
        return None
    # A word between this number and the next one belongs to this one.
    near = found[number.end : min(following, number.end + 5)]
    if not _NEGATIVE.isdisjoint(near):
        return None
    # `मरने वालों की संख्या 116 हुई, 302 लापता`: the total is the earlier number, this one has a word of its own.
    is_named = not _NAMES_OF_COUNTED.isdisjoint((*before[-1:], *near[:4])) and not any(map(_is_death, near))
    if not _TOTAL.isdisjoint(before) and not (has_counted and is_named):
        if any(_is_death(word) for word in before):
            return "dead"
        if not _CASES.isdisjoint(before):
            return "cases"
    if (at := _death(near, found[number.end :])) is not None:
        return "dead" if _is_news(found[number.end :], at) else None
    if number.start and (
        found[number.start - 1] in _DEAD_BEFORE or (found[number.start - 1] in _LOST and not _LIFE.isdisjoint(near[:4]))
    ):
        return "dead"
    if not _HURT.isdisjoint(near[:4]):
        return None
    if not _CASES.isdisjoint(near[:4]):
        return "cases"
    return "affected" if not _AFFECTED.isdisjoint(near[:2]) and _NOT_NOW.isdisjoint(near) else None


def _is_of_period(before: Sequence[str]) -> bool:
    """Whether the words just before a number name months or years: `दो महीने में 21 ढेर` is a statistic, not an event.

    But `दस साल में सबसे बड़ा हादसा, 30 की मौत` is an event.
    """
    return len(before) > 1 and before[-2] in _PERIODS and before[-1] == _WITHIN


def _is_of_hurt(near: Sequence[str]) -> bool:
    """Whether the words after a number name the hurt, and no dead before them."""
    at = next((at for at, word in enumerate(near) if word in _HURT), None)
    return at is not None and not any(map(_is_death, near[:at]))


def _is_death(word: str) -> bool:
    return word in _DEAD or word.startswith(_DYING)


def _death(near: Sequence[str], after: Sequence[str]) -> int | None:
    """Return the position of the word for the dead that belongs to a number, by the words after the number."""
    at = next((at for at, word in enumerate(near) if _is_death(word)), None)
    if at is None:
        at = next((at for at, word in enumerate(near) if word in _LIFE), None)
        if at is None or _LOST.isdisjoint(after[max(0, at - 1) : at + 3]):
            return None
    # `7 जवानों पर हत्या का मामला`: the number is that of the accused.
    if after[at] == _MURDER and not _DOERS.isdisjoint(near[:at]):
        return None
    # `मामले 9,120, मृतकों की संख्या 210`: the number of the dead follows.
    return at if _TOTAL.isdisjoint(after[at + 1 : at + 3]) else None


def _is_news(after: Sequence[str], at: int) -> bool:
    """Whether the dead are people who died in this event, and now."""
    return _ANIMALS.isdisjoint(after[:at]) and _NOT_NOW.isdisjoint(after[max(0, at - 3) : at + 5])
