"""Typeset a line of news as a newspaper prints it: spaces around marks, curly quotes in pairs, no typing errors."""

from __future__ import annotations

import re

from digest.hindi.misspellings import corrected
from digest.hindi.numbers import latin_digits
from digest.hindi.text import LETTER, repair

_SPACES = re.compile(r"\s+")
_BEFORE_MARK = re.compile(r"(?<! ) +(?=[,;।॥?!)\]]|[.:](?!\S))")
_AFTER_OPENING = re.compile(r"(?<=[(\[]) +")
_WORDY = "\u0900-\u0963\u0970-\u097f"
# A number keeps its comma and its colon: 1,200 and 10:30.
_AFTER_COMMA = re.compile(
    f"([,;:!?])(?:(?<=[{LETTER}0-9\"'’”)].)(?=[{_WORDY}“‘\"'])|(?<=[{_WORDY}\"'’”)].)(?=[0-9०-९]))"
)
# `नि:शुल्क` has a colon for its visarga.
_COLON_IN_WORD = re.compile(f"(?<![{LETTER}])(नि|दु|अंत|पुन|प्रात|अध|बहि):(?=[\u0904-\u0939])")
# `ताकत :मोदी`
_LATE_COLON = re.compile(f"(?<=[{LETTER}]) :(?=[{LETTER}A-Za-z“‘])")
_REPEATED = re.compile(r"([,;])(?: ?\1)+")
_DANDAS = re.compile(r"।(?: ?[।.])+")
_BEFORE_BRACKET = re.compile(f"(?<=[{LETTER}])\\((?=[{LETTER}A-Za-z])")
# `15लोग`, but 10वीं, 2जी and 8जीबी stay.
_AFTER_NUMBER = re.compile("(?<=[0-9])(?=(?:करोड़|लाख|हजार|हज़ार|लोग|साल|वर्षीय|मीटर|किमी|रुपये|रुपए|फीसदी|प्रतिशत))")
_AFTER_BRACKET = re.compile("\\)(?=[\u0904-\u0939])")
# A joiner shapes what follows. Before a space or a mark it is left over.
_IDLE_JOINER = re.compile(f"[\u200c\u200d]+(?![{LETTER}])")

# Two apostrophes or two single quotes are a double quote.
_TWO_SINGLES = re.compile("''|‘‘|’’|``|´´|,,(?=[^ ])")
# An apostrophe of Latin text: don't, '90s.
_APOSTROPHE = re.compile("(?<=[A-Za-z])['’](?=[A-Za-z])|['’](?=[0-9]0s)")
_HELD = "\ue000"

_PASSES = 4
_DOUBLE, _SINGLE = '["“”„«»]', "['‘’`´]"
_OPENS_AFTER = " \u00a0([-–—:/"


def typeset(text: str, language: str = "hi") -> str:
    """Return the text on one line as it is printed. Idempotent.

    Words, numbers and their order stay, except for sure typing errors in Hindi: मे is a word of Marathi. Hindi text gets
    ASCII digits, so that one list does not mix 83 and ८३.
    """
    # Removing a mark may bring two others together.
    for _ in range(_PASSES):
        line = _typeset_once(text, language)
        if line == text:
            break
        text = line
    return text


def _typeset_once(text: str, language: str) -> str:
    line = repair(_DANDAS.sub("।", text))
    line = _SPACES.sub(" ", latin_digits(corrected(line)) if language == "hi" else line).strip()
    line = _AFTER_NUMBER.sub(" ", line)
    line = _COLON_IN_WORD.sub("\\1ः", _IDLE_JOINER.sub("", line))
    line = _REPEATED.sub(r"\1", _quotes(_LATE_COLON.sub(": ", line)))
    line = _AFTER_COMMA.sub(r"\1 ", _AFTER_OPENING.sub("", _BEFORE_MARK.sub("", line)))
    return _SPACES.sub(" ", _AFTER_BRACKET.sub(") ", _BEFORE_BRACKET.sub(" (", line))).strip()


def _quotes(line: str) -> str:
    """Make all quotes curly. A pair of two kinds becomes one of double quotes; a quote without a partner goes."""
    line = _TWO_SINGLES.sub('"', line)
    if not re.search(f"{_DOUBLE}|{_SINGLE}", line):
        return line
    line = _APOSTROPHE.sub(_HELD, line)
    doubles, singles = len(re.findall(_DOUBLE, line)), len(re.findall(_SINGLE, line))
    if doubles == singles == 1:
        line, doubles, singles = re.sub(_SINGLE, '"', line), 2, 0
    line = _pair_marks(line, _DOUBLE, "“", "”")
    return _pair_marks(line, _SINGLE, "‘", "’").replace(_HELD, "’")


def _pair_marks(line: str, marks: str, opening: str, closing: str) -> str:
    """Make every first mark an opening one and every second one a closing one; drop the last of an odd number."""
    found = list(re.finditer(f" *({marks}) *", line))
    if not found:
        return line
    stray = _stray(found, line) if len(found) % 2 else None
    parts, at, is_open = [], 0, False
    for match in found:
        parts.append(line[at : match.start()])
        at = match.end()
        if match is stray:
            parts.append(" ")
        elif is_open:
            parts.append(closing)
            # A case marker or another word follows the quotation.
            if line[at : at + 1] and line[at] not in ",;:।॥.?!)]-–—/…'’”\"":
                parts.append(" ")
            is_open = False
        else:
            before = line[match.start() - 1 : match.start()]
            glued = before and before not in _OPENS_AFTER + "‘“\"'"
            parts.append((" " if glued or line[match.start()] == " " else "") + opening)
            is_open = True
    return "".join([*parts, line[at:]])


def _stray(found: list[re.Match[str]], line: str) -> re.Match[str]:
    """Return the position of the unpaired mark: one that closes where none is open, else the last."""
    is_open = False
    for match in found:
        at = match.start(1)
        before, after = line[at - 1 : at] if at else " ", line[at + 1 : at + 2]
        closes = not before.isspace() and (not after or after.isspace() or after in ",.।?!")
        if closes and not is_open:
            return match
        is_open = not is_open
    return found[-1]
