"""Split the dateline off a paragraph: `नई दिल्ली। `, `जेएनएन, हिसार। `, `रामपुर (एजेंसी): `.

The first words of a report are a dateline only with evidence: each part is known (places.py) or next to a known one,
the name is built like a place's, or the article itself uses it as a place. A short sentence such as `बारिश थमी।`, a
label (`सवाल: `) and a speaker (`मोदी: `) must stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from digest.collect.cleaning.places import (
    AGENCIES,
    ALSO_NAMES,
    BUREAUS,
    LOCATIVES,
    NO_PLACES,
    NUMBER_WORDS,
    OWN_DESKS,
    PLACE_ENDINGS,
    PLACES,
    SIGNATURES,
    WORDS_TOO,
)
from digest.hindi.dates import MONTHS
from digest.hindi.text import fold
from digest.hindi.tokens import STOP_WORDS

# Characters. A longer front is text, and a lead must remain after it (measured on the leads of ILSUM).
MAX_LENGTH = 70
MIN_REST = 30

_DEVA = "\u0900-\u0963\u0970-\u097f\u200c\u200d"
_FRONT = re.compile(f"[{_DEVA}A-Za-z0-9 ,/.()\\[\\]–-]+")
# The colon of 3:30 ends nothing.
_END = re.compile(r"\s?(?P<mark>:(?!(?<=[0-9]:)[0-9])|[।|–—-]|[.](?![0-9a-z])|(?<=[)\]])(?=\s))[।\s]*")
_PAREN = re.compile(r"\(([^()]*)\)")
_BRACKETS = str.maketrans("[]", "()")
_ENDED = re.compile("[।.?!…][\"'”’)]*$")
_MAX_PARTS = 4

# Marks that are tried as the end of the front. Abbreviations (`जा.सं., मेरठ: `) contain full stops.
_MAX_ENDS = 5

_COMMA = re.compile(f"([{_DEVA}]{{2,20}}(?: [{_DEVA}]{{2,20}})?), (?=[\"'“‘]?[{_DEVA}A-Z])")
_AHEAD, _LISTING = 5, frozenset(fold(word) for word in ("और", "व", "तथा", "एवं", "समेत", "सहित", "जैसे", "जहां"))

# A dateline may be followed by its agency: `पटना। एएनआई। `.
_TWICE = 2

# The most words of a place or person that is known only from the words next to it.
_MAX_NAME_WORDS = 3

# A lead that says "here" within this number of characters has a dateline before it.
_HERE, _HERE_WITHIN = "यहां", 250

# Characters of the article in which a name is looked for as a place.
_CONTEXT = 3_000

_SIGNED = re.compile("|".join(map(re.escape, sorted(SIGNATURES))))


class PartKind(StrEnum):
    """What a part of a dateline is."""

    PLACE = "place"
    DATE = "date"
    AGENCY = "agency"
    # A newspaper's own people.
    DESK = "desk"
    UNKNOWN = ""


def is_name(part: str) -> bool:
    """Whether an unknown part can be a person's or a place's name: no number, no function word."""
    folded = fold(part).strip(" .")
    words = folded.replace("-", " ").split()
    return (
        bool(words)
        and not any(char.isdigit() for char in folded)
        and not any(word in STOP_WORDS or word.endswith(("ेगा", "ेगी", "ेंगे")) for word in words)
    )


def continues(rest: str) -> bool:
    """Whether the text continues a sentence: its first word is a postposition or an auxiliary."""
    return fold(rest.split()[0]).strip(",") in STOP_WORDS


# The same few words open most paragraphs, and each is looked up many times.
@lru_cache(maxsize=20_000)
def kind_of(part: str) -> PartKind:
    """Return the kind of a part of a dateline."""
    key = fold(part).replace("आइ", "आई").strip(" .")
    if key in PLACES or key.replace("-", " ") in PLACES:
        return PartKind.PLACE
    if _is_date(key):
        return PartKind.DATE
    if key in AGENCIES or key.replace(".", "") in AGENCIES:
        return PartKind.AGENCY
    is_desk = key.rpartition(" ")[2] in BUREAUS and is_name(part)
    return PartKind.DESK if is_desk else PartKind.UNKNOWN


def _is_date(key: str) -> bool:
    """`23 नवंबर`, `दो मार्च`, `nov 23`, `23 नवंबर 2026`."""
    words = key.split()
    months = [word for word in words if word.strip(".") in MONTHS]
    numbers = [word for word in words if (word.isdigit() and len(word) in (1, 2, 4)) or word in NUMBER_WORDS]
    return len(months) == 1 and 0 < len(numbers) == len(words) - 1


def split_dateline(text: str, *, opens: bool = True, context: str = "") -> tuple[str | None, str]:
    """Return the place and the text without its dateline; (None, text) if it has none.

    The place is the names of places without agencies, joined by `, `. With `opens`, the text opens an article, where a
    single word before a danda is a place. `context` is the article, in which an unknown name may be used as a place.
    """
    found: str | None = None
    rest = _without_signature(text)
    for turn in range(_TWICE):
        place, after = _split_once(rest, opens=opens and not turn, context=context or text)
        if after == rest or (turn and found and place not in (None, found)):
            break
        found, rest = found or place, after
    if opens and rest == text and (match := _COMMA.match(text)) and _is_comma_dateline(match[1], text[match.end() :]):
        return match[1], text[match.end() :]
    return found, rest


def _without_signature(text: str) -> str:
    """Return the text without the name of a newspaper's desk before its first sentence: `मेरठ हमारे संवाददाता नहर
    टूटी`.
    """
    words = text[: 2 * MAX_LENGTH].split(" ")[: _MAX_NAME_WORDS + _TWICE + 2]
    if not _SIGNED.search(fold(" ".join(words))):
        return text
    for at in range(_MAX_NAME_WORDS):
        if at and kind_of(" ".join(words[:at])) != PartKind.PLACE:
            continue
        for end in range(at + 2, min(at + _MAX_NAME_WORDS, len(words) - 1) + 1):
            front = " ".join(words[:end])
            rest = text[len(front) :].lstrip()
            if fold(" ".join(words[at:end])) in SIGNATURES and len(rest) >= MIN_REST and not continues(rest):
                return rest if rest[0] not in ".:।|,-–—" else text
    return text


def _is_comma_dateline(name: str, rest: str) -> bool:
    """Whether a town before a comma is an agency's dateline (`कोलकाता, `), and not the first element of a list."""
    ahead = rest.split(" ", _AHEAD)[:_AHEAD]
    return (
        kind_of(name) == PartKind.PLACE
        and len(rest) >= 2 * MIN_REST
        and not continues(rest)
        and not any(kind_of(word.strip(",.()")) == PartKind.PLACE or fold(word) in _LISTING for word in ahead)
        and not any("," in word for word in ahead)
    )


def unsigned_title(title: str) -> str:
    """Return a title that is a report's first sentence, without its dateline. A place before a colon is its subject."""
    place, rest = split_dateline(title, opens=False)
    front = title[: len(title) - len(rest)]
    return rest if "।" in front or (front and fold(front).strip(" :.-|") != fold(place or "")) else title


def is_credit(text: str) -> bool:
    """Whether a line only says who reports from where: `संवाद न्यूज एजेंसी, मेरठ`, `भास्कर न्यूज | रोहतक`."""
    if len(text) > 2 * MAX_LENGTH:
        return False
    line = text.strip(" .:।|-–—").translate(_BRACKETS)
    if len(line) > MAX_LENGTH or _FRONT.fullmatch(line.replace("|", ",")) is None:
        return False
    parts = [part.strip() for part in re.split(r"[,/|()]|\s[-–]\s", line) if part.strip(" .,-")]
    kinds = [kind_of(piece) for part in parts for piece in _split_part(part)]
    return PartKind.AGENCY in kinds and PartKind.UNKNOWN not in kinds and fold(line) not in WORDS_TOO


def _split_once(text: str, *, opens: bool, context: str) -> tuple[str | None, str]:
    field = _FRONT.match(text, 0, MAX_LENGTH)
    if field is None:
        return None, text
    reach = min(field.end() + 2, MAX_LENGTH + 2)
    for number, match in enumerate(_END.finditer(text, 2, reach)):
        if number == _MAX_ENDS or match.start() > field.end():
            break
        # The spaces after the mark may extend beyond the reach.
        end = _END.match(text, match.start())
        after = end.end() if end else match.end()
        front, rest = text[: match.start()].strip().translate(_BRACKETS), text[after:]
        if len(rest) < MIN_REST:
            break
        mark = match["mark"]
        if rest.startswith(",") or _is_joint(mark, text, match.start("mark"), rest):
            continue
        place = _place(_take_apart(front, mark, rest, opens=opens, context=context))
        if place is not None:
            return place or None, rest
        if mark in ("।", ":", "|"):
            break
    return None, text


def _is_joint(mark: str, text: str, at: int, rest: str) -> bool:
    """Whether a dash joins words (`दिल्ली-मुंबई`, `दिल्ली - मुंबई राजमार्ग`)."""
    if mark not in ("-", "–", "—"):
        return False
    if not text[at + 1 : at + 2].isspace() and text[at + 1 : at + 2] not in ("“", "‘"):
        return True
    return kind_of(rest.split()[0].strip(",.")) == PartKind.PLACE and text[at - 1 : at].isspace()


@dataclass(frozen=True, slots=True)
class _Front:
    """The words before a mark, taken apart."""

    mark: str
    rest: str
    # Parts outside and inside of parentheses.
    outer: tuple[str, ...]
    inner: tuple[str, ...]
    # Kinds of the outer parts, then of the inner ones.
    kinds: tuple[PartKind, ...]
    # The whole front is in parentheses.
    is_parenthesised: bool
    opens: bool
    context: str

    @property
    def parts(self) -> tuple[str, ...]:
        return self.outer + self.inner

    def has(self, *kinds: PartKind) -> bool:
        return not set(kinds).isdisjoint(self.kinds)

    def is_empty_or_long(self) -> bool:
        return not self.parts or len(self.parts) > _MAX_PARTS + 1

    def ends_without_mark(self) -> bool:
        """Whether only a bracket ends the front, which suffices only after an agency."""
        if self.mark:
            return False
        is_uncertain = self.has(PartKind.UNKNOWN) and not self.has(PartKind.DATE)
        return self.kinds[-1] != PartKind.AGENCY or is_uncertain or continues(self.rest)

    def is_signed_by_author(self) -> bool:
        """`पटना डॉक्टर (रमा देवी)। ` signs an author's article."""
        is_signed = self.mark == "।" and self.opens and bool(self.inner) and len(self.outer) == 1
        return is_signed and bool(_leading_place(self.outer[0]))

    def has_only_desks(self) -> bool:
        return self.has(PartKind.DESK) and not self.has(PartKind.PLACE, PartKind.AGENCY, PartKind.UNKNOWN)

    def is_own_desk(self) -> bool:
        """`एजुकेशन डेस्क। ` is a byline alone; `जांच एजेंसी: ` speaks, and is one only next to a place."""
        if self.mark == ":" or len(self.parts) != 1:
            return False
        name = self.parts[0].strip()
        return " " in name and fold(self.parts[0]).rpartition(" ")[2] in OWN_DESKS

    def has_sentence(self) -> bool:
        """Whether a part that is not known is no name."""
        unknown = (part for part, kind in zip(self.parts, self.kinds, strict=True) if kind == PartKind.UNKNOWN)
        return any(len(part.split()) > _MAX_NAME_WORDS or not is_name(part) for part in unknown)

    def is_ambiguous_agency(self) -> bool:
        """Whether the agency's name is also a word, such as `भाषा`, with weak punctuation."""
        is_strong = self.is_parenthesised or self.mark == "।"
        return self.kinds == (PartKind.AGENCY,) and fold(self.parts[0]) in WORDS_TOO and not is_strong

    def lacks_evidence(self) -> bool:
        """Whether neither a place nor an agency is known, and the name is not used as a place."""
        if self.has(PartKind.PLACE, PartKind.AGENCY):
            return False
        may_be_unknown = self.opens and (self.mark != ":" or bool(_ENDED.search(self.rest)))
        return not (may_be_unknown and _is_unknown_place(self))

    def places(self) -> str:
        """Return the names of known places, else those of unknown outer parts."""
        named = [part for part, kind in zip(self.parts, self.kinds, strict=True) if kind == PartKind.PLACE]
        named = named or [part for part, kind in zip(self.outer, self.kinds, strict=False) if kind == PartKind.UNKNOWN]
        return ", ".join(part.strip(" .()") for part in named)


def _no_dateline(_front: _Front) -> None:
    return None


def _without_place(_front: _Front) -> str:
    return ""


# The first rule that applies decides. A result of None means "no dateline", '' a dateline without a place.
_RULES: tuple[tuple[Callable[[_Front], bool], Callable[[_Front], str | None]], ...] = (
    (_Front.is_empty_or_long, _no_dateline),
    (_Front.ends_without_mark, _no_dateline),
    (_Front.is_signed_by_author, lambda front: _leading_place(front.outer[0])),
    (lambda front: front.has_only_desks() and front.is_own_desk(), _without_place),
    (_Front.has_only_desks, _no_dateline),
    (_Front.has_sentence, _no_dateline),
    (_Front.is_ambiguous_agency, _no_dateline),
    (_Front.lacks_evidence, _no_dateline),
    (lambda _front: True, _Front.places),
)


def _place(front: _Front) -> str | None:
    """Return the place that a front names; '' if it names only an agency; None if it is not a dateline."""
    return next(result(front) for applies, result in _RULES if applies(front))


def _take_apart(text: str, mark: str, rest: str, *, opens: bool, context: str) -> _Front:
    is_parenthesised = text.startswith("(") and text.endswith(")")
    text = text[1:-1] if is_parenthesised else text
    pieces = [part.strip() for part in re.split(r"[,/]|\s[-–]\s?", _PAREN.sub(",", text)) if part.strip(" .,-()")]
    outer = tuple(piece for part in pieces for piece in _split_part(part))
    inner = tuple(part.strip() for one in _PAREN.findall(text) for part in re.split("[,/]", one) if part.strip())
    kinds = tuple(kind_of(part) for part in outer + inner)
    return _Front(mark, rest, outer, inner, kinds, is_parenthesised, opens, context)


def _is_unknown_place(front: _Front) -> bool:
    """Whether an unknown name at an article's start is a place's, by its form or by its use in the article."""
    outer, inner, mark = front.outer, front.inner, front.mark
    if not outer or len(outer) > 2 or (inner and mark not in ("।", ".")):
        return False
    name = outer[0].strip(" .")
    if any(word in NO_PLACES for word in fold(name).split()):
        return False
    if _is_used_as_place(name, front.context) or fold(name).endswith(PLACE_ENDINGS):
        return True
    is_single_word = len(name.split()) == 1
    if mark == ":" and len(outer) == 1 and is_single_word and _HERE in front.rest[:_HERE_WITHIN].split():
        return True
    is_ended = mark == "।" or (mark == "." and len(name) > 3)
    return is_ended and len(outer) == 1 and (bool(inner) or is_single_word)


def _leading_place(part: str) -> str:
    """Return the place with which a part of at most five words begins; '' if there is none or it is a sentence."""
    words = part.split()
    if not 1 < len(words) <= _MAX_NAME_WORDS + 2 or not is_name(part):
        return ""
    return next((name for end in (2, 1) if kind_of(name := " ".join(words[:end])) == PartKind.PLACE), "")


def _is_used_as_place(name: str, context: str) -> bool:
    name, text = fold(name), _folded_context(context[:_CONTEXT])
    return len(name) > 2 and any(f"{name} {word}" in text for word in LOCATIVES)


# The paragraphs of one article ask one after the other.
@lru_cache(maxsize=4)
def _folded_context(context: str) -> str:
    return fold(context)


def _split_part(part: str) -> list[str]:
    """Return the part, or two parts where a writer and a place have no comma between them: `विशेष संवाददाता नई दिल्ली`."""
    words = part.split()
    for at in range(1, len(words)):
        left, right = " ".join(words[:at]), " ".join(words[at:])
        is_agency = kind_of(left) in (PartKind.AGENCY, PartKind.DESK)
        # `रमा देवी नई दिल्ली`
        is_person = 2 <= at <= _MAX_NAME_WORDS and fold(right) not in ALSO_NAMES
        if kind_of(right) == PartKind.PLACE and (is_agency or is_person) and not kind_of(part):
            return [left, right]
        # `संवाद सूत्र तपा`
        if is_agency and kind_of(right) == PartKind.UNKNOWN and at >= 2 and not kind_of(part):
            return [left, right]
    return [part]
