"""Takes the dateline off a paragraph: `नई दिल्ली। `, `जेएनएन, हिसार। `, `रामपुर (एजेंसी): `. Nothing else.

A report's first words are a dateline only on evidence: each part is known (places.py) or stands beside a known
one, the name is built like a place's, or the article itself uses it as a place. A short sentence such as `बारिश
थमी।`, a label (`सवाल: `) and a speaker (`मोदी: `) must stay.
"""

from __future__ import annotations

import re
from functools import lru_cache

from digest.collect.places import (
    AGENCIES,
    ALSO_NAMES,
    BUREAUS,
    COUNTED,
    LOCATIVES,
    MONTHS,
    NO_PLACES,
    OWN_DESKS,
    PLACE_ENDINGS,
    PLACES,
    SIGNATURES,
    WORDS_TOO,
)
from digest.hindi.text import fold
from digest.hindi.tokens import STOP_WORDS


def is_name(part: str) -> bool:
    """Whether an unknown part may be a person's or a place's name: no number, no word of a sentence."""
    folded = fold(part).strip(" .")
    words = folded.replace("-", " ").split()
    return (
        bool(words)
        and not any(char.isdigit() for char in folded)
        and not any(word in STOP_WORDS or word.endswith(("ेगा", "ेगी", "ेंगे")) for word in words)
    )


def goes_on(rest: str) -> bool:
    """Whether a sentence goes on: its next word is a postposition or an auxiliary."""
    return fold(rest.split()[0]).strip(",") in STOP_WORDS


# The same few words open most paragraphs, and each is asked about many times
@lru_cache(maxsize=20_000)
def kind_of(part: str) -> str:
    """`place`, `date`, `agency`, `desk` (a paper's own people); '' for what is none of them."""
    key = fold(part).replace("आइ", "आई").strip(" .")
    if key in PLACES or key.replace("-", " ") in PLACES:
        return "place"
    if _is_date(key):
        return "date"
    plain = key.replace(".", "")
    if key in AGENCIES or plain in AGENCIES:
        return "agency"
    return "desk" if key.rpartition(" ")[2] in BUREAUS and is_name(part) else ""


def _is_date(key: str) -> bool:
    """`23 नवंबर`, `दो मार्च`, `nov 23`, `23 नवंबर 2026`."""
    words = key.split()
    months = [word for word in words if word.strip(".") in MONTHS]
    numbers = [word for word in words if (word.isdigit() and len(word) in (1, 2, 4)) or word in COUNTED]
    return len(months) == 1 and 0 < len(numbers) == len(words) - 1


LONGEST = 70

# Characters: a longer front is text, and a lead must be left (facts measured on ILSUM leads).
LEFT_OVER = 30

_DEVA = "\u0900-\u0963\u0970-\u097f\u200c\u200d"
_FRONT = re.compile(f"[{_DEVA}A-Za-z0-9 ,/.()\\[\\]–-]+")
_END = re.compile(r"\s?(?P<mark>[:।|–—-]|[.](?![0-9a-z])|(?<=[)\]])(?=\s))[।\s]*")
_PAREN = re.compile(r"\(([^()]*)\)")
_BRACKETS = str.maketrans("[]", "()")
_ENDED = re.compile("[।.?!…][\"'”’)]*$")
_MAX_PARTS = 4

# Marks that are tried as the front's end: abbreviations (`जा.सं., मेरठ: `) have stops of their own.
_MAX_ENDS = 5

_COMMA = re.compile(f"([{_DEVA}]{{2,20}}(?: [{_DEVA}]{{2,20}})?), (?=[\"'“‘]?[{_DEVA}A-Z])")
_AHEAD, _LISTING = 5, frozenset(fold(word) for word in ("और", "व", "तथा", "एवं", "समेत", "सहित", "जैसे", "जहां"))

# A dateline may be followed by its agency as another one: `पटना। एएनआई। `.
_TWICE = 2

# Words of the longest place or person that is known only by what stands beside it.
_NAMED = 3

# A lead that says `here` within so many characters has a dateline before it.
_HERE, _HERE_WITHIN = "यहां", 250

# Characters of the article in which a name may prove itself a place.
_CONTEXT = 3_000


_SIGNED = re.compile("|".join(map(re.escape, sorted(SIGNATURES))))


def split_dateline(text: str, *, opens: bool = True, context: str = "") -> tuple[str, str]:
    """The place and the text without its dateline; ('', text) when it has none.

    The place is the places' names joined by `, `, without agencies. `opens`: the text opens an article, where a lone
    word before a danda is a place; elsewhere only known names are. `context` is the article's title and text, in
    which an unknown name may be used as a place.
    """
    found, rest = "", _unmarked(text)
    for turn in range(_TWICE):
        place, after = _one(rest, opens=opens and not turn, context=context or text)
        if after == rest or (turn and found and place not in ("", found)):
            break
        found, rest = found or place, after
    if opens and rest == text and (match := _COMMA.match(text)) and _is_comma_dateline(match[1], text[match.end() :]):
        return match[1], text[match.end() :]
    return found, rest


def _unmarked(text: str) -> str:
    """The text without a paper's own desk on its front that no mark parts from it: `मेरठ हमारे संवाददाता नहर टूटी`.

    Only names of several words, which no sentence begins with unless a postposition follows.
    """
    words = text[: 2 * LONGEST].split(" ")[: _NAMED + _TWICE + 2]
    if not _SIGNED.search(fold(" ".join(words))):
        return text
    for at in range(_NAMED):
        if at and kind_of(" ".join(words[:at])) != "place":
            continue
        for end in range(at + 2, min(at + _NAMED, len(words) - 1) + 1):
            front = " ".join(words[:end])
            rest = text[len(front) :].lstrip()
            if fold(" ".join(words[at:end])) in SIGNATURES and len(rest) >= LEFT_OVER and not goes_on(rest):
                return rest if rest[0] not in ".:।|,-–—" else text
    return text


def _is_comma_dateline(name: str, rest: str) -> bool:
    """Whether a town before a comma is what is left of an agency's dateline (`कोलकाता, `), and not a list's first."""
    ahead = rest.split(" ", _AHEAD)[:_AHEAD]
    return (
        kind_of(name) == "place"
        and len(rest) >= 2 * LEFT_OVER
        and not goes_on(rest)
        and not any(kind_of(word.strip(",.()")) == "place" or fold(word) in _LISTING for word in ahead)
        and not any("," in word for word in ahead)
    )


def unsigned_title(title: str) -> str:
    """A title that is a report's first sentence, without its dateline; a place alone before a colon is its subject."""
    place, rest = split_dateline(title, opens=False)
    front = title[: len(title) - len(rest)]
    return rest if "।" in front or (front and fold(front).strip(" :.-|") != fold(place)) else title


def is_credit(text: str) -> bool:
    """Whether a whole line only says who reports and from where: `संवाद न्यूज एजेंसी, मेरठ`, `भास्कर न्यूज | रोहतक`."""
    if len(text) > 2 * LONGEST:
        return False
    line = text.strip(" .:।|-–—").translate(_BRACKETS)
    if len(line) > LONGEST or _FRONT.fullmatch(line.replace("|", ",")) is None:
        return False
    parts = [part.strip() for part in re.split(r"[,/|()]|\s[-–]\s", line) if part.strip(" .,-")]
    kinds = [kind_of(piece) for part in parts for piece in _apart(part)]
    return "agency" in kinds and "" not in kinds and fold(line) not in WORDS_TOO


def _one(text: str, *, opens: bool, context: str) -> tuple[str, str]:
    field = _FRONT.match(text, 0, LONGEST)
    if field is None:
        return "", text
    reach = min(field.end() + 2, LONGEST + 2)
    for number, match in enumerate(_END.finditer(text, 2, reach)):
        if number == _MAX_ENDS or match.start() > field.end():
            break
        # The blanks after the mark may lie beyond the reach
        end = _END.match(text, match.start())
        after = end.end() if end else match.end()
        front, rest = text[: match.start()].strip().translate(_BRACKETS), text[after:]
        if len(rest) < LEFT_OVER:
            break
        if rest.startswith(",") or _is_joint(match["mark"], text, match.start("mark"), rest):
            continue
        place = _place(front, match["mark"], rest, opens=opens, context=context)
        if place is not None:
            return place, rest
        if match["mark"] in ("।", ":", "|"):
            break
    return "", text


def _is_joint(mark: str, text: str, at: int, rest: str) -> bool:
    """Whether the mark joins words (`दिल्ली-मुंबई`, `दिल्ली - मुंबई राजमार्ग`) and ends nothing."""
    if mark not in ("-", "–", "—"):
        return False
    if not text[at + 1 : at + 2].isspace() and text[at + 1 : at + 2] not in ("“", "‘"):
        return True
    return kind_of(rest.split()[0].strip(",.")) == "place" and text[at - 1 : at].isspace()


def _place(front: str, mark: str, rest: str, *, opens: bool, context: str) -> str | None:
    """The place in a front; '' when it is only an agency; None when it is no dateline."""
    whole = front.startswith("(") and front.endswith(")")
    front = front[1:-1] if whole else front
    parenthesised: list[str] = _PAREN.findall(front)
    parts = [part.strip() for part in re.split(r"[,/]|\s[-–]\s?", _PAREN.sub(",", front)) if part.strip(" .,-()")]
    parts = [piece for part in parts for piece in _apart(part)]
    inner = [part.strip() for text in parenthesised for part in re.split("[,/]", text) if part.strip()]
    every = parts + inner
    if not every or len(every) > _MAX_PARTS + 1:
        return None
    kinds = [kind_of(part) for part in every]
    if not mark and (kinds[-1] != "agency" or ("" in kinds and "date" not in kinds) or goes_on(rest)):
        # A bracket alone ends a dateline only when an agency stands in it
        return None
    if mark == "।" and opens and inner and len(parts) == 1 and (place := _leading_place(parts[0])):
        # `पटना डॉक्टर (रमा देवी)। ` signs an author's piece
        return place
    unknown = [part for part, kind in zip(every, kinds, strict=True) if not kind]
    if "desk" in kinds and not {"place", "agency", ""} & set(kinds):
        if (
            mark != ":"
            and len(every) == 1
            and fold(every[0]).rpartition(" ")[2] in OWN_DESKS
            and " " in every[0].strip()
        ):
            # `एजुकेशन डेस्क। `
            return ""
        # `जांच एजेंसी: ` speaks; only beside a place it signs
        return None
    if any(len(part.split()) > _NAMED or not is_name(part) for part in unknown):
        return None
    if kinds == ["agency"] and fold(every[0]) in WORDS_TOO and not whole and mark != "।":
        return None
    if not {"place", "agency"} & set(kinds) and not (
        opens and (mark != ":" or _ENDED.search(rest)) and _is_place(parts, inner, mark, rest, context)
    ):
        return None
    named = [part for part, kind in zip(every, kinds, strict=True) if kind == "place"]
    named = named or [part for part, kind in zip(parts, kinds, strict=False) if kind == ""]
    return ", ".join(part.strip(" .()") for part in named)


def _is_place(parts: list[str], inner: list[str], mark: str, rest: str, context: str) -> bool:
    """Whether an unknown name at an article's start is a place's, by its shape or by the article's use of it."""
    if not parts or len(parts) > 2 or (inner and mark not in ("।", ".")):
        return False
    name = parts[0].strip(" .")
    if any(word in NO_PLACES for word in fold(name).split()):
        return False
    if _used_as_place(name, context) or fold(name).endswith(PLACE_ENDINGS):
        return True
    if mark == ":" and len(parts) == len(name.split()) == 1 and _HERE in rest[:_HERE_WITHIN].split():
        return True
    ended = mark == "।" or (mark == "." and len(name) > 3)
    return ended and len(parts) == 1 and (bool(inner) or len(name.split()) == 1)


def _leading_place(part: str) -> str:
    """The place that a part of at most five words begins with, '' when it begins with none or is a sentence."""
    words = part.split()
    if not 1 < len(words) <= _NAMED + 2 or not is_name(part):
        return ""
    return next((name for end in (2, 1) if kind_of(name := " ".join(words[:end])) == "place"), "")


def _used_as_place(name: str, context: str) -> bool:
    name, text = fold(name), _folded_context(context[:_CONTEXT])
    return len(name) > 2 and any(f"{name} {word}" in text for word in LOCATIVES)


# One article's paragraphs ask one after the other
@lru_cache(maxsize=4)
def _folded_context(context: str) -> str:
    return fold(context)


def _apart(part: str) -> list[str]:
    """A part as it is, or parted where a writer and a place stand side by side: `विशेष संवाददाता नई दिल्ली`."""
    words = part.split()
    for at in range(1, len(words)):
        left, right = " ".join(words[:at]), " ".join(words[at:])
        # `रमा देवी नई दिल्ली`
        signed = 2 <= at <= _NAMED and fold(right) not in ALSO_NAMES
        if kind_of(right) == "place" and (kind_of(left) in ("agency", "desk") or signed) and not kind_of(part):
            return [left, right]
        if kind_of(left) in ("agency", "desk") and kind_of(right) == "" and at >= 2 and not kind_of(part):
            # `संवाद सूत्र तपा`
            return [left, right]
    return [part]
