"""Clean Hindi text: `repair` for text that is shown, `fold` for text that is compared.

Repairs damage from fonts, feeds and keyboards. Keeps each source's style (a full stop stays a full stop), and leaves
HTML to whoever extracts the text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from importlib import resources


def table_rows(package: str, name: str) -> list[str]:
    """Return the rows of a text file beside a module, without comments and blank lines."""
    text = resources.files(package).joinpath(name).read_text(encoding="utf-8")
    return [row for row in text.split("\n") if row and not row.startswith("#")]


def words(*rows: str) -> tuple[str, ...]:
    """Return the words of all rows, in order."""
    return tuple(word for row in rows for word in row.split())


CONSONANT = "\u0915-\u0939"
# Devanagari without danda, double danda and abbreviation sign.
LETTER = "\u0900-\u0963\u0966-\u096f\u0971-\u097f"
NUKTA = "\u093c"
VIRAMA = "\u094d"

VISARGA_WORDS = frozenset(
    words(
        "अतः पुनः क्रमशः संभवतः सम्भवतः प्रायः स्वतः पूर्णतः सामान्यतः मूलतः अंततः अन्ततः अंशतः विशेषतः वस्तुतः फलतः प्रातः ",
        "मुख्यतः साधारणतः अक्षरशः शब्दशः कोटिशः छः नमः संपूर्णतः सम्पूर्णतः प्रथमतः तत्त्वतः शनैः अधः यतः कुतः परतः",
    )
)
"""Words that end in visarga. On any other word it is a colon typed with the wrong key."""

_CACHED_LENGTH = 40
"""Characters up to which `fold` caches its result: words and names come again and again."""

_PIECE_LENGTH = 1_000
_PIECE = re.compile(f"[\\s\\S]{{1,{_PIECE_LENGTH}}}[^\\n -~]{{0,{_PIECE_LENGTH}}}")
_JOINED_NUKTA = (("\u0929", "न"), ("\u0931", "र"), ("\u0934", "ळ"))
_MOJIBAKE = ("à¤", "à¥", "Ã", "â€")
_DROPPED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_LINE_ENDS = re.compile("\r\n?|\u2028|\u2029")
_WRITTEN_ENDS = re.compile(r"(?:\\[rnt])++(?![A-Za-z])")
_WRITTEN_MARKS = re.compile(r"(?<!\\)\\++(?=[\"'/])")
"""Escape sequences of a programming language as literal text, from a feed that escapes twice."""

_ODD_SPACE = "\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
# A single space needs no replacement, which is cheaper.
_SPACES = re.compile(f"[{_ODD_SPACE}][ {_ODD_SPACE}]*| [ {_ODD_SPACE}]+")
_SIGN = "[\u0901-\u0903\u093e-\u094c]"
_LATE_NUKTA = re.compile(f"(?<!{_SIGN})({_SIGN}++){NUKTA}+")
# The nukta comes first in the pattern, because a leading look-behind is slow.
_STRAY_NUKTA = re.compile(f"{NUKTA}(?<![क-गजझडढनफयरळ]{NUKTA})")
"""A nukta on nothing, or on a letter that never has one in Hindi: `ह़ै` and `स़े` come from legacy fonts."""

# A vowel sign that a joiner separates from its letter shows a dotted circle.
_IDLE_JOINER = re.compile(f"(?<![\u200c\u200d])[\u200c\u200d]++(?={_SIGN})")
_LEGACY_I_SIGN = re.compile(
    f"¨((?:[{CONSONANT}]{NUKTA}?{VIRAMA})*[{CONSONANT}]{NUKTA}?)(?![{NUKTA}{VIRAMA}\u0901\u0902\u093e-\u094c])"
)
# A virama before the sign of i, which legacy fonts type before its cluster: `हॉस्िपटल`.
_EARLY_I = re.compile(f"{VIRAMA}ि([{CONSONANT}]{NUKTA}?)")
_COMPOSED_VOWELS = (("ाॅ", "ॉ"), ("अॉ", "ऑ"), ("अा", "आ"), ("अो", "ओ"), ("अौ", "औ"))
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
_INVISIBLE = re.compile(f"[{NUKTA}\u200b-\u200d\u00ad\ufeff]")
_DIGIT = re.compile("[०-९]")
# Nothing of such a text changes but its nasals: no capital, nukta, chandrabindu, accent, digit or joiner.
_FOLDED = re.compile(
    "[\n -@\\[-~\u0902-\u0928\u092a-\u0930\u0932\u0933\u0935-\u0939\u093d-\u0950\u0955-\u0957"
    "\u0960-\u0965\u0970-\u097f]*"
)
_DEVA = re.compile("[\u0904-\u0939\u0958-\u0961\u0972-\u097f]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")


def repair(text: str) -> str:
    """Return the text ready to be shown: NFC, one space between words, no invisible characters, known damage repaired.

    Keeps newlines and strips each line. Idempotent. Repairs what was found in 985 Hindi articles: mojibake, odd
    spaces and controls, vowel signs made of parts, a nukta after its vowel sign, spaces around dandas, quotes, and a
    visarga typed for a colon.
    """
    repaired = _repair_once(text)
    # Text garbled twice shows its second layer only when the first is gone.
    for _ in range(3):
        if repaired == text or not _is_garbled(repaired):
            break
        text, repaired = repaired, _repair_once(repaired)
    return repaired


def without_controls(text: str) -> str:
    """Return the text without characters that nobody sees or that turn its direction.

    Joiners, tabs and line ends stay.
    """
    return _DROPPED.sub("", text)


def fold(text: str) -> str:
    """Return the form for comparisons, never to be shown: one spelling for what people read as one word. Idempotent.

    Removes nukta and joiners, turns chandrabindu and homorganic nasals into anusvara (हिन्दी = हिंदी), Devanagari
    digits into ASCII, and Latin letters into lower case.
    """
    if text.isascii():
        return text.lower()
    return _fold_cached(text) if len(text) <= _CACHED_LENGTH else _fold(text)


def folded_words(*rows: str) -> frozenset[str]:
    """Return the words of all rows, folded."""
    return frozenset(map(fold, words(*rows)))


def _fold(text: str) -> str:
    if _FOLDED.fullmatch(text):
        return _NASAL.sub("ं", text)
    composed = _nfc(text.lower())
    visible = _INVISIBLE.sub("", composed)
    text = visible.replace("ँ", "ं")
    for joined, letter in _JOINED_NUKTA:
        text = text.replace(joined, letter)
    # str.translate would take ten times as long.
    text = _DIGIT.sub(lambda digit: str(ord(digit[0]) - ord("०")), text)
    text = _NASAL.sub("ं", text)
    # Only what a removed character kept apart can compose now.
    return text if visible == composed else _nfc(text)


_fold_cached = lru_cache(maxsize=20_000)(_fold)


def deva_ratio(text: str) -> float:
    """Return the share of Devanagari letters among Devanagari and Latin letters, 0..1; 0.0 if there are neither."""
    deva = len(_DEVA.findall(text))
    latin = len(_LATIN.findall(text))
    return deva / (deva + latin) if deva else 0.0


def _nfc(text: str) -> str:
    """Apply NFC in pieces that end before ASCII, because `unicodedata` sorts a run of marks in quadratic time."""
    return "".join(unicodedata.normalize("NFC", piece) for piece in _PIECE.findall(text))


def _repair_once(text: str) -> str:
    if _is_garbled(text):
        text = _fix_mojibake(text)
    # First, because removing a nukta changes what is adjacent.
    text = _repair_nuktas(_nfc(text))
    # Controls, joiners and odd spaces are not printable.
    if "  " in text or not text.isprintable():
        text = _nfc(_SPACES.sub(" ", _DROPPED.sub("", _LINE_ENDS.sub("\n", text))))
    if "\\" in text:
        text = _WRITTEN_ENDS.sub("\n", _WRITTEN_MARKS.sub("", text))
    text = _repair_letters(text)
    if "l" in text or "I" in text:
        text = _LATIN_DANDA.sub("।", text)
    # Each step is skipped unless its character occurs, which is rare for most.
    if "।" in text or "॥" in text or "||" in text:
        if "||" in text or "।।" in text or "। ।" in text:
            text = _DOUBLE_DANDA.sub("।", text)
        if " ।" in text or " ॥" in text:
            text = _SPACE_BEFORE_DANDA.sub("", text)
        text = _NO_SPACE_AFTER_DANDA.sub(r"\1 ", text)
    if "‘" in text or "“" in text:
        text = _GLUED_OPENING.sub(r" \1", text)
    if "’" in text:
        text = "\n".join(_repair_quotes(line) for line in text.split("\n"))
    if "ः " in text:
        text = _VISARGA.sub(_with_colon, text)
    if "\n" not in text:
        return text.strip()
    return "\n".join(line.strip() for line in text.split("\n"))


def _is_garbled(text: str) -> bool:
    """Whether the text contains signs of UTF-8 decoded with another charset."""
    return any(mark in text for mark in _MOJIBAKE)


def _fix_mojibake(text: str) -> str:
    # A heavy import, needed for one article in a thousand.
    import ftfy

    config = ftfy.TextFixerConfig(
        uncurl_quotes=False,
        fix_latin_ligatures=False,
        unescape_html=False,
        fix_character_width=False,
        remove_terminal_escapes=False,
        explain=False,
    )
    return ftfy.fix_text(text, config)


def _repair_nuktas(text: str) -> str:
    """Move each nukta directly after its letter, and remove all others."""
    if NUKTA not in text:
        return text
    moved = _STRAY_NUKTA.sub("", _LATE_NUKTA.sub(f"{NUKTA}\\1", text))
    return text if moved == text else _nfc(moved)


def _repair_letters(text: str) -> str:
    before = text
    if "\u200d" in text or "\u200c" in text:
        text = _IDLE_JOINER.sub("", text)
    for parts, vowel in _COMPOSED_VOWELS:
        text = text.replace(parts, vowel)
    if f"{VIRAMA}ि" in text:
        text = _EARLY_I.sub(f"{VIRAMA}\\1ि", text)
    if "¨" in text:
        text = _LEGACY_I_SIGN.sub("\\1िं", text)
    return text if text == before else _nfc(text)


def _repair_quotes(line: str) -> str:
    """Make a closing quote between two words an opening one, if no quote is open and another one closes later."""

    def reopen(match: re.Match[str]) -> str:
        before = line[: match.start()]
        return "’" if before.count("‘") > before.count("’") else " ‘"

    return _CLOSING_AS_OPENING.sub(reopen, line, count=1)


def _with_colon(match: re.Match[str]) -> str:
    word = match.group(0)
    return word if len(word) < 2 or word in VISARGA_WORDS else word[:-1] + ":"
