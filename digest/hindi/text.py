"""Hygiene of Hindi text: `repair` for what is shown, `fold` for what is compared, `deva_ratio` for script.

Knows scars of fonts, feeds and keyboards. Must not unescape HTML or strip tags (who takes text out of markup
does that) and must not change a source's style: a full stop stays a full stop.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from digest.hindi.tables import words

CONSONANT = "\u0915-\u0939"
LETTER = "\u0900-\u0963\u0966-\u096f\u0971-\u097f"  # Devanagari without danda, double danda and abbreviation sign
NUKTA = "\u093c"
VIRAMA = "\u094d"

VISARGA_WORDS = frozenset(
    words(
        "अतः पुनः क्रमशः संभवतः सम्भवतः प्रायः स्वतः पूर्णतः सामान्यतः मूलतः अंततः अन्ततः अंशतः विशेषतः वस्तुतः फलतः प्रातः ",
        "मुख्यतः साधारणतः अक्षरशः शब्दशः कोटिशः छः नमः संपूर्णतः सम्पूर्णतः प्रथमतः तत्त्वतः शनैः अधः यतः कुतः परतः",
    )
)
"""Words that really end in visarga; on any other word it is a colon typed with the wrong key."""

_PIECE_LENGTH = 1_000
_PIECE = re.compile(f"[\\s\\S]{{1,{_PIECE_LENGTH}}}[^\\n -~]{{0,{_PIECE_LENGTH}}}")
_MOJIBAKE = re.compile("à¤|à¥|Ã|â€")
_DROPPED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ud800-\udfff]"
)
_LINE_ENDS = re.compile("\r\n?|\u2028|\u2029")
_ODD_SPACE = "\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_SPACES = re.compile(f"[{_ODD_SPACE}][ {_ODD_SPACE}]*| [ {_ODD_SPACE}]+")  # a lone space is left alone: it is cheaper
_SIGN = "[\u0901-\u0903\u093e-\u094c]"
_LATE_NUKTA = re.compile(f"(?<!{_SIGN})({_SIGN}++){NUKTA}+")
_STRAY_NUKTA = re.compile(f"(?<![{CONSONANT}]){NUKTA}+|(?<={NUKTA}){NUKTA}+")
_IDLE_JOINER = re.compile(f"(?<={VIRAMA})\u200d+(?={_SIGN})")
_JAGRAN = re.compile(
    f"¨((?:[{CONSONANT}]{NUKTA}?{VIRAMA})*[{CONSONANT}]{NUKTA}?)(?![{NUKTA}{VIRAMA}\u0901-\u0903\u093e-\u094c])"
)
_BUILT_VOWELS = (("ाॅ", "ॉ"), ("अॉ", "ऑ"), ("अा", "आ"), ("अो", "ओ"), ("अौ", "औ"))
_DOUBLE_DANDA = re.compile(f"(?<=[{LETTER}\"'”’)\\]]) ?(?:\\|\\|+|।(?: ?।)+)")
_SPACE_BEFORE_DANDA = re.compile("(?<=[^\\s]) +(?=[।॥])")
_NO_SPACE_AFTER_DANDA = re.compile(f"([।॥])(?=[{LETTER}A-Za-z0-9“‘(])")
_GLUED_OPENING = re.compile(f"(?<=[{LETTER}])(?=[‘“][{LETTER}])")
_CLOSING_AS_OPENING = re.compile(f"(?<=[{LETTER}])’(?=[{LETTER}][^‘’\n]*’)")
_VISARGA = re.compile(f"(?<![{LETTER}\u200c\u200d])[{LETTER}\u200c\u200d]++(?<=ः)(?= )")

_NASAL = re.compile(f"[ङञणनम]{VIRAMA}(?=[क-घच-झट-ढत-धप-भशस])")
_UNSEEN = re.compile(f"[{NUKTA}\u200b-\u200d\u00ad\ufeff]")
_DIGITS = {ord("०") + n: str(n) for n in range(10)} | {ord("ँ"): "ं"}
_DEVA = re.compile("[\u0904-\u0939\u0958-\u0961\u0972-\u097f]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")


def repair(text: str) -> str:
    """The text as it may be shown: NFC, one space between words, no invisible junk, known scars healed.

    Takes plain text of one line or many and keeps its newlines; each line is stripped. Idempotent.
    The steps are the scars seen in 985 Hindi articles (mojibake, spaces and controls, vowel signs built
    of pieces, nukta after its vowel sign, danda's spaces, quotes, visarga in a colon's place).
    """
    repaired = _repair_once(text)
    for _ in range(3):  # text garbled twice shows its second layer only when the first is off
        if repaired == text or not _MOJIBAKE.search(repaired):
            break
        text, repaired = repaired, _repair_once(repaired)
    return repaired


def fold(text: str) -> str:
    """The matching form: one spelling for what readers take for one word. Never show it. Idempotent.

    Nukta and joiners go, chandrabindu and homorganic nasals become anusvara (हिन्दी = हिंदी), Devanagari digits
    become ASCII, Latin letters lower case.
    """
    text = _normalised("NFD", text.lower())
    text = _UNSEEN.sub("", text).translate(_DIGITS)
    return _normalised("NFC", _NASAL.sub("ं", text))


def deva_ratio(text: str) -> float:
    """Devanagari letters / (Devanagari + Latin letters), 0..1; 0.0 when there are neither."""
    deva = len(_DEVA.findall(text))
    latin = len(_LATIN.findall(text))
    return deva / (deva + latin) if deva else 0.0


def _normalised(form: Literal["NFC", "NFD"], text: str) -> str:
    """`unicodedata.normalize`, piece by piece: it sorts a run of marks in quadratic time. Pieces end before ASCII."""
    if len(text) <= _PIECE_LENGTH:
        return unicodedata.normalize(form, text)
    return "".join(unicodedata.normalize(form, piece) for piece in _PIECE.findall(text))


def _repair_once(text: str) -> str:
    if _MOJIBAKE.search(text):
        text = _unscramble(text)
    text = _DROPPED.sub("", _LINE_ENDS.sub("\n", text))
    text = _normalised("NFC", _SPACES.sub(" ", text))
    text = _letters(text)
    if "।" in text or "॥" in text or "||" in text:  # each step only where its mark stands: most texts lack most
        text = _DOUBLE_DANDA.sub("।", text)
        text = _SPACE_BEFORE_DANDA.sub("", text)
        text = _NO_SPACE_AFTER_DANDA.sub(r"\1 ", text)
    if "‘" in text or "“" in text:
        text = _GLUED_OPENING.sub(" ", text)
    if "’" in text:
        text = "\n".join(_quotes(line) for line in text.split("\n"))
    if "ः " in text:
        text = _VISARGA.sub(_colon, text)
    return "\n".join(line.strip() for line in text.split("\n"))


def _unscramble(text: str) -> str:
    import ftfy  # heavy, and needed for one article in a thousand

    config = ftfy.TextFixerConfig(
        uncurl_quotes=False,
        fix_latin_ligatures=False,
        unescape_html=False,
        fix_character_width=False,
        remove_terminal_escapes=False,
        explain=False,
    )
    return ftfy.fix_text(text, config)


def _letters(text: str) -> str:
    if "\u200d" in text:
        text = _IDLE_JOINER.sub("", text)
    for built, vowel in _BUILT_VOWELS:
        text = text.replace(built, vowel)
    if "¨" in text:
        text = _JAGRAN.sub("\\1िं", text)
    if NUKTA in text:
        text = _STRAY_NUKTA.sub("", _LATE_NUKTA.sub(f"{NUKTA}\\1", text))
    return _normalised("NFC", text)


def _quotes(line: str) -> str:
    """A closing quote glued between two words opens, when nothing is open and another one closes later."""

    def turn(match: re.Match[str]) -> str:
        before = line[: match.start()]
        return "’" if before.count("‘") > before.count("’") else " ‘"

    return _CLOSING_AS_OPENING.sub(turn, line, count=1)


def _colon(match: re.Match[str]) -> str:
    word = match.group(0)
    return word if len(word) < 2 or word in VISARGA_WORDS else word[:-1] + ":"
