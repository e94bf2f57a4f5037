"""Hygiene of Hindi text: `repair` for what is shown, `fold` for what is compared, `deva_ratio` for script.

Knows scars of fonts, feeds and keyboards. Must not unescape HTML or strip tags (who takes text out of markup
does that) and must not change a source's style: a full stop stays a full stop.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

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

_WORD_LENGTH = 40
"""Characters; a shorter text is asked for again and again, as words and names are."""

_PIECE_LENGTH = 1_000
_PIECE = re.compile(f"[\\s\\S]{{1,{_PIECE_LENGTH}}}[^\\n -~]{{0,{_PIECE_LENGTH}}}")
_PRECOMPOSED = re.compile("[\u0958-\u095f]")
_JOINED_NUKTA = (("\u0929", "न"), ("\u0931", "र"), ("\u0934", "ळ"))
_UNSETTLED = re.compile("[^\x00-\u02ff\u0901-\u0950\u0960-\u097f\u200b-\u200d\u2010-\u2026]")
_UNSETTLED_NUKTA = re.compile(f"{NUKTA}(?<![\u0915-\u0927\u092a-\u092f\u0932\u0935-\u0939]{NUKTA})")
"""What NFC may change: any letter but these, and a nukta that is alone or that joins its letter (न र ळ)."""

_MOJIBAKE = ("à¤", "à¥", "Ã", "â€")
_DROPPED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_LINE_ENDS = re.compile("\r\n?|\u2028|\u2029")
_WRITTEN_ENDS = re.compile(r"(?:\\[rnt])++(?![A-Za-z])")
_WRITTEN_MARKS = re.compile(r"(?<!\\)\\++(?=[\"'/])")
"""Escapes of a programming language, shown as letters: text that was quoted once more than it was read."""
_ODD_SPACE = "\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_SPACES = re.compile(f"[{_ODD_SPACE}][ {_ODD_SPACE}]*| [ {_ODD_SPACE}]+")  # a lone space is left alone: it is cheaper
_SIGN = "[\u0901-\u0903\u093e-\u094c]"
_LATE_NUKTA = re.compile(f"(?<!{_SIGN})({_SIGN}++){NUKTA}+")
_STRAY_NUKTA = re.compile(f"{NUKTA}(?<![क-गजझडढनफयरळ]{NUKTA})")  # a letter first: what looks behind first is slow
"""A nukta on nothing, or on a letter that Hindi never dots: `ह़ै` and `स़े` are other fonts' scars."""
_IDLE_JOINER = re.compile(
    f"(?<![\u200c\u200d])[\u200c\u200d]++(?={_SIGN})"
)  # a sign that is parted from its letter shows a dotted circle
_JAGRAN = re.compile(
    f"¨((?:[{CONSONANT}]{NUKTA}?{VIRAMA})*[{CONSONANT}]{NUKTA}?)(?![{NUKTA}{VIRAMA}\u0901\u0902\u093e-\u094c])"
)
_BUILT_VOWELS = (("ाॅ", "ॉ"), ("अॉ", "ऑ"), ("अा", "आ"), ("अो", "ओ"), ("अौ", "औ"))
_DOUBLE_DANDA = re.compile(f"(?<=[{LETTER}\"'”’)\\]]) ?(?:\\|\\|+|।(?: ?।|\\|\\|+))(?: ?।|\\|\\|++)*+")
_SPACE_BEFORE_DANDA = re.compile("(?<=[^\\s]) +(?=[।॥])")
_NO_SPACE_AFTER_DANDA = re.compile(f"([।॥])(?=[{LETTER}A-Za-z0-9“‘(])")
_LATIN_DANDA = re.compile(
    f"(?<=[{CONSONANT}\u093c\u093e-\u094c\u0902]) ?l(?= |$)|(?<=[{CONSONANT}\u093c\u093e-\u094c\u0902])I(?= |$)", re.M
)
_GLUED_OPENING = re.compile(f"([‘“])(?<=[{LETTER}].)(?=[{LETTER}])")
_CLOSING_AS_OPENING = re.compile(f"’(?<=[{LETTER}]’)(?=[{LETTER}][^‘’\n]*’)")
_VISARGA = re.compile(f"(?<![{LETTER}\u200c\u200d])[{LETTER}\u200c\u200d]++(?<=ः)(?= )")

_NASAL = re.compile(f"[ङञणनम]{VIRAMA}(?=[क-घच-झट-ढत-धप-भशस])")
_UNSEEN = re.compile(f"[{NUKTA}\u200b-\u200d\u00ad\ufeff]")
_DIGIT = re.compile("[०-९]")
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
        if repaired == text or not _is_garbled(repaired):
            break
        text, repaired = repaired, _repair_once(repaired)
    return repaired


def fold(text: str) -> str:
    """The matching form: one spelling for what readers take for one word. Never show it. Idempotent.

    Nukta and joiners go, chandrabindu and homorganic nasals become anusvara (हिन्दी = हिंदी), Devanagari digits
    become ASCII, Latin letters lower case.
    """
    if text.isascii():
        return text.lower()
    return _folded_word(text) if len(text) <= _WORD_LENGTH else _folded(text)


def _folded(text: str) -> str:
    whole = _nfc(text.lower())
    seen = _UNSEEN.sub("", whole)
    text = seen.replace("ँ", "ं")
    for joined, letter in _JOINED_NUKTA:
        text = text.replace(joined, letter)
    text = _DIGIT.sub(lambda digit: str(ord(digit[0]) - ord("०")), text)  # str.translate takes ten times as long
    text = _NASAL.sub("ं", text)
    return text if seen == whole else _nfc(text)  # only what stood apart by a sign that went can compose


_folded_word = lru_cache(maxsize=20_000)(_folded)


def deva_ratio(text: str) -> float:
    """Devanagari letters / (Devanagari + Latin letters), 0..1; 0.0 when there are neither."""
    deva = len(_DEVA.findall(text))
    latin = len(_LATIN.findall(text))
    return deva / (deva + latin) if deva else 0.0


def _nfc(text: str) -> str:
    """NFC, piece by piece (pieces end before ASCII), as `unicodedata` sorts a run of marks in quadratic time.

    A nukta makes it decompose the whole text, so that Hindi which is NFC already is told by its letters.
    """
    if _is_settled(text):
        return text
    text = _PRECOMPOSED.sub(lambda letter: unicodedata.normalize("NFC", letter[0]), text)
    if _is_settled(text):
        return text
    if len(text) <= _PIECE_LENGTH:
        return unicodedata.normalize("NFC", text)
    return "".join(unicodedata.normalize("NFC", piece) for piece in _PIECE.findall(text))


def _is_settled(text: str) -> bool:
    return not (_UNSETTLED.search(text) or (NUKTA in text and _UNSETTLED_NUKTA.search(text)))


def _repair_once(text: str) -> str:
    if _is_garbled(text):
        text = _unscramble(text)
    text = _nuktas(_nfc(text))  # before all that may part or join what a dropped nukta stood between
    if "  " in text or not text.isprintable():  # controls, joiners and every odd space are not printable
        text = _nfc(_SPACES.sub(" ", _DROPPED.sub("", _LINE_ENDS.sub("\n", text))))
    if "\\" in text:
        text = _WRITTEN_ENDS.sub("\n", _WRITTEN_MARKS.sub("", text))
    text = _letters(text)
    if "l" in text or "I" in text:
        text = _LATIN_DANDA.sub("।", text)
    if "।" in text or "॥" in text or "||" in text:  # each step only where its mark stands: most texts lack most
        if "||" in text or "।।" in text or "। ।" in text:
            text = _DOUBLE_DANDA.sub("।", text)
        if " ।" in text or " ॥" in text:
            text = _SPACE_BEFORE_DANDA.sub("", text)
        text = _NO_SPACE_AFTER_DANDA.sub(r"\1 ", text)
    if "‘" in text or "“" in text:
        text = _GLUED_OPENING.sub(r" \1", text)
    if "’" in text:
        text = "\n".join(_quotes(line) for line in text.split("\n"))
    if "ः " in text:
        text = _VISARGA.sub(_colon, text)
    if "\n" not in text:
        return text.strip()
    return "\n".join(line.strip() for line in text.split("\n"))


def _is_garbled(text: str) -> bool:
    """Whether it shows the marks of UTF-8 that was read as another charset."""
    return any(mark in text for mark in _MOJIBAKE)


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


def _nuktas(text: str) -> str:
    """Each nukta right behind the letter that bears it, and none elsewhere."""
    if NUKTA not in text:
        return text
    moved = _STRAY_NUKTA.sub("", _LATE_NUKTA.sub(f"{NUKTA}\\1", text))
    return text if moved == text else _nfc(moved)


def _letters(text: str) -> str:
    before = text
    if "\u200d" in text or "\u200c" in text:
        text = _IDLE_JOINER.sub("", text)
    for built, vowel in _BUILT_VOWELS:
        text = text.replace(built, vowel)
    if "¨" in text:
        text = _JAGRAN.sub("\\1िं", text)
    return text if text == before else _nfc(text)


def _quotes(line: str) -> str:
    """A closing quote glued between two words opens, when nothing is open and another one closes later."""

    def turn(match: re.Match[str]) -> str:
        before = line[: match.start()]
        return "’" if before.count("‘") > before.count("’") else " ‘"

    return _CLOSING_AS_OPENING.sub(turn, line, count=1)


def _colon(match: re.Match[str]) -> str:
    word = match.group(0)
    return word if len(word) < 2 or word in VISARGA_WORDS else word[:-1] + ":"
