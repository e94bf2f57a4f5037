"""Split a Hindi sentence into clauses, and describe a clause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

from digest.curate.summary.support.vocabulary import GRAMMAR, number_words
from digest.curate.summary.support.words import (
    AUXILIARIES,
    CASES,
    FUTURE,
    GENITIVES,
    HABITUAL,
    JOINS,
    PAST,
    PRONOUNS,
    PUNCTUATION,
    QUOTES,
    Word,
    is_infinitive,
)

_OPENERS = GRAMMAR["opener"]
MODIFIERS = GRAMMAR["modifier"]
_CORRELATES = GRAMMAR["reference"]
_NOT_CAUSED = GRAMMAR["not caused"]
_OBJECT_OF = GRAMMAR["object of"]


class Mode(StrEnum):
    """Whether a clause reports what happened, or what will, can, must or should happen."""

    FACT = "fact"
    FUTURE = "future"
    CAN = "can"
    MUST = "must"
    WISH = "wish"


@dataclass(slots=True)
class Clause:
    """A clause of a sentence. `speaker` are the words that name who says it."""

    words: list[Word]
    opener: str
    sentence: int
    mode: Mode = Mode.FACT
    negations: int = 0
    is_condition: bool = False
    has_condition: bool = False
    is_frame: bool = False
    # Whether it is only a phrase that opens the next clause: `चलाने पर`.
    is_adverbial: bool = False
    speaker: list[Word] = field(default_factory=list)
    # Who may still be speaking: after जबकि a quotation may continue.
    maybe_speaker: list[Word] = field(default_factory=list)
    # Whether it depends on a verb of saying.
    is_said: bool = False
    kinds: frozenset[str] = frozenset()
    # Kinds of the words that introduce it: `आरोप लगाया कि`.
    frame_kinds: frozenset[str] = frozenset()
    has_cause: bool = False
    # Its year or `पिछले`, as written.
    past: str = ""
    is_passive: bool = False
    # Whether its verb has no object: `बरी हो गया`.
    is_intransitive: bool = False
    # Whether its speaker gives information: `बताया`, not `कहा`.
    informs: bool = False
    # Negations of the verb that introduces it: `इस बात से इनकार नहीं किया कि`.
    frame_negations: int = 0
    # Kinds of its last words: the act of the clause itself.
    act: frozenset[str] = frozenset()
    # Whether a denial introduces it.
    frame_denies: bool = False
    # Whether it is still going on: `बन रहा है`.
    is_ongoing: bool = False
    pronouns: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()


@dataclass(slots=True)
class Sentence:
    """A sentence as written and as read. `units` are its clauses, also together with a phrase that opens them."""

    text: str
    clauses: list[Clause]
    units: list[Clause] = field(default_factory=list)


class _Boundary(Enum):
    """What a token does to the clause before it."""

    # The token opens the next clause: `कि`.
    OPENS = auto()
    # The token is the last one of the clause: `जाने पर`.
    CLOSES = auto()
    # The token belongs to neither clause: a comma.
    SEPARATES = auto()


def pieces(tokens: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Cut a sentence into clauses, each with the word that opens it."""
    start, opener = 0, ""
    for at, current in enumerate(tokens):
        boundary = _boundary(tokens, start, at, opener) if at >= start else None
        if boundary is None:
            continue
        piece = tokens[start : at + 1] if boundary is _Boundary.CLOSES else tokens[start:at]
        if _says_something(piece):
            yield opener, piece
            opener = current
        elif boundary is _Boundary.OPENS:
            opener = f"{opener} {current}".strip() if current in _OPENERS else current
        # `जीतने पर भी`
        is_pair = boundary is _Boundary.CLOSES and current == "पर" and tokens[at + 1 : at + 2] == ["भी"]
        start = at + 1 + is_pair
    rest = tokens[start:]
    if _says_something(rest):
        yield opener, rest


def _says_something(piece: Sequence[str]) -> bool:
    return any(each not in PUNCTUATION for each in piece)


def _boundary(tokens: Sequence[str], start: int, at: int, opener: str) -> _Boundary | None:
    """Return what the token at `at` does to the clause that begins at `start`, or None if the clause continues."""
    current, before, following = tokens[at], tokens[start:at], tokens[at + 1 : at + 2]
    if current in QUOTES or current in ";:–—":
        return _Boundary.OPENS
    if current in _OPENERS:
        is_condition = {"अगर", "यदि"} & {*before, *opener.split()}
        goes_on = current == "तो" and not is_condition and not ends_in_verb(before)
        return None if goes_on else _Boundary.OPENS
    if current in _CORRELATES and opener.startswith(("जिस", "जिन", "जो")) and ends_in_verb(before):
        # `जिस टीम में मोहन खेलेगा उसके कोच`
        return _Boundary.OPENS
    if current == "पर" and (before[-1:] == [","] or (ends_in_verb(before) and {*following} & (PRONOUNS | {"वो"}))):
        # `पत्र भेजा पर वह नहीं आए`
        return _Boundary.OPENS
    if _ends_phrase(tokens, start, at):
        return _Boundary.CLOSES
    if current in JOINS and before and [current, *following] != ["या", "नहीं"]:
        return _Boundary.OPENS if _is_complete(tokens, start, at) else None
    if current == "," and before and following and following[0] not in QUOTES:
        return _Boundary.SEPARATES if _is_complete(tokens, start, at) else None
    return None


def _ends_phrase(tokens: Sequence[str], start: int, at: int) -> bool:
    """Whether the token ends a phrase that tells when, why or which: `पुल टूटने से`, `जाने के बाद`, `जा रही`."""
    current, before, following = tokens[at], tokens[start:at], tokens[at + 1 : at + 2]
    if current == "पर":
        # `जाने पर विचार`: it is the object of the next word.
        return bool(before) and is_infinitive(before[-1]) and not _OBJECT_OF & {*following}
    if current == "से":
        # `शुरू होने से 40 मिनट पहले` is a time.
        is_time = bool(_NOT_CAUSED & {*following}) or "पहले" in tokens[at + 1 : at + 5]
        return bool(before and following) and is_infinitive(before[-1]) and not is_time
    if current in ("बाद", "कारण") and len(before) > 1 and before[-1] == "के" and is_infinitive(before[-2]):
        return True
    return current in MODIFIERS and _is_modifier(tokens, at)


def _is_complete(tokens: Sequence[str], start: int, at: int) -> bool:
    """Whether a comma or `और` at `at` may end the clause that begins at `start`."""
    return ends_in_verb(tokens[start:at]) or _numbers_on_both_sides(tokens, start, at)


def _is_modifier(tokens: Sequence[str], at: int) -> bool:
    """Whether a participle with a clause of its own describes the noun that follows: `घनसाली जा रही बस`."""
    following = tokens[at + 1] if at + 1 < len(tokens) else "।"
    if following in AUXILIARIES or following in PUNCTUATION or following in CASES or following in GENITIVES:
        return False
    before = tokens[at - 1] if at else ""
    return is_infinitive(before) if tokens[at].startswith("वाल") else before in ("जा", "कर", "चल", "हो", "दे", "ले")


def ends_in_verb(before: Sequence[str]) -> bool:
    rest = [each for each in before if each not in PUNCTUATION]
    if not rest:
        return False
    last = rest[-1]
    if last == "की":
        return len(rest) > 2
    return (
        last in AUXILIARIES or bool(PAST.fullmatch(last)) or bool(HABITUAL.fullmatch(last)) or bool(FUTURE.search(last))
    )


def outside(tokens: Sequence[str]) -> Iterator[str]:
    """Yield the tokens outside parentheses."""
    depth = 0
    for each in tokens:
        depth = max(0, depth + (each == "(") - (each == ")"))
        if not depth:
            yield each


def _is_number(token: str) -> bool:
    return token[0].isdigit() or token in number_words()


def _end_of_part(tokens: Sequence[str], start: int) -> int:
    """Return where the part from `start` on ends: at punctuation, or at a join after its number.

    `पांच और बेला व धनुआ में दो`: `व` is within the part that has a number.
    """
    has_number, depth = False, 0
    for at, each in enumerate(tokens[start:], start):
        if each in ",;:–—" or (each in JOINS and has_number):
            return at
        depth = max(0, depth + (each == "(") - (each == ")"))
        has_number = has_number or (not depth and _is_number(each))
    return len(tokens)


def _numbers_on_both_sides(tokens: Sequence[str], start: int, at: int) -> bool:
    def has_number(piece: Sequence[str]) -> bool:
        # `मोहन (14) और सोहन (15)`: an age counts nothing.
        return any(map(_is_number, outside(piece)))

    end = _end_of_part(tokens, at + 1)
    before = tokens[start:at]
    following = tokens[at + 1 : at + 2]
    if before and following and has_number(before[-1:]) and has_number(following):
        # `23 और 24 मई`
        return False
    last = next((n for n in range(len(before), 0, -1) if before[n - 1] in CASES), 0)
    if last and not has_number(before[last:]):
        # `12 कमरों में रखे गेहूं और धान`
        return False
    return has_number(before) and has_number(tokens[at + 1 : end])
