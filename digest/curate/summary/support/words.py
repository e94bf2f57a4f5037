"""Turn a clause of Hindi into words with case markers, numbers and known phrases."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from digest.curate.summary.support.vocabulary import (
    ALL_CLASSES,
    GRAMMAR,
    LONGEST_PHRASE,
    PHRASES,
    concepts_of,
    key_of,
    number_words,
)
from digest.hindi.text import fold

_TOKEN = re.compile(
    "[0-9]+(?:[.,][0-9]+)*(?:-[0-9]+(?:[.,][0-9]+)*)?"
    "|[\u0900-\u0963\u0971-\u097f]+(?:-(?:[\u0900-\u0963\u0971-\u097f]+|[0-9]+))?|[A-Za-z\u00c0-\u024f]+|%"
    "|[,;:–—\"“”‘’'()।?!]"
)
PUNCTUATION = frozenset(",;:–—\"“”‘’'()।?!")
QUOTES = frozenset('"“”')
_SCALES = {"सौ": 100, "हजार": 1_000, "लाख": 100_000, "करोड": 10_000_000, "अरब": 1_000_000_000}
_FRACTIONS = {"डेढ": 1.5, "ढाई": 2.5}
# `वार्ड नंबर एक`; otherwise `एक` may be no number.
_NUMBERED = fold("नंबर")
# `साढ़े सात` is 7.5.
_ADDED = {"साढे": 0.5, "सवा": 0.25, "पौने": -0.25}
# A year is a date, not a count.
_FIRST_YEAR, _LAST_YEAR = 1900, 2099
# Words that form another marker with a preceding का, की or के.
_AFTER_GENITIVE = {
    fold(word): marker
    for marker, words in {
        "said": "मुताबिक अनुसार हवाले",
        "against": "खिलाफ विरुद्ध",
        "for": "लिए लिये वास्ते हक",
        "after": "बाद",
        "cause": "कारण वजह चलते बदौलत",
        "with": "साथ संग",
        "at": "पास यहां नजदीक",
        "before": "सामने समक्ष",
        "between": "बीच",
        "during": "दौरान",
        "exchange": "बदले",
        "under": "तहत",
        "side": "ओर तरफ",
        "despite": "बावजूद",
        "means": "मदद सहारे जरिए जरिये माध्यम",
    }.items()
    for word in words.split()
}
# `नियम के मुताबिक`, `उम्मीद के मुताबिक`: nobody says it.
_NO_SOURCES = frozenset(map(fold, ["उम्मीद", "अपेक्षा", "ज़रूरत", "नियम", "नियमों", "क़ानून", "योजना", "कार्यक्रम", "परंपरा"]))
# Without से these are nouns.
_NEED_SE = frozenset(map(fold, ["मदद", "सहारे", "जरिए", "जरिये", "माध्यम", "वजह", "हवाले"]))
# `मिलने की सूरत में` is `मिलने पर`.
_IN_CASE = re.compile(fold("(ने) की (?:सूरत|स्थिति|दशा) में"))
# `19 दिसंबर, 2012`: the comma ends nothing.
_MONTHS = "जनवरी|फ़रवरी|मार्च|अप्रैल|मई|जून|जुलाई|अगस्त|सितंबर|अक्टूबर|अक्तूबर|नवंबर|दिसंबर"
_DATE_COMMA = re.compile(f"(?<= )({fold(_MONTHS)}), ?(?=(?:19|20)[0-9]{{2}}(?![0-9,]))")
# A longer number is a code, and `लाख करोड़` is the largest scale.
_MOST_DIGITS, _LARGEST_SCALE = 15, 1e12
# `5:45 बजे` is `5.45 बजे`.
_CLOCK = re.compile("(?<![0-9])([0-9]{1,2}):(?=[0-9]{2}(?![0-9]))")
# `आगरा के रहने वाले मोहन` is `आगरा के मोहन`.
_LIVES = re.compile("(?<= )(क[ेी]) रहने वाल[ेी](?= [^ ,।]+)")
# `ख़िताब अपने नाम किया` is `ख़िताब जीता`.
_MADE_OWN = re.compile(fold("अपने नाम (?:कर लिया|कर ली|कर लिए|किया|की|किए)(?= |।|$)"))
# Phrases that only lead over to the next news.
_LEADS_OVER = re.compile(
    "(?<![^ ])(?:"
    + "|".join(
        map(
            fold,
            [
                "(?:इतना|इतनी|यही) (?:ही )?नहीं",
                "(?:आपको )?बता दें(?: कि)?",
                "ग़ौरतलब है कि",
                "दूसरी (?:ओर|तरफ़)",
                "वहीं दूसरी ओर",
                "इस बीच",
                "साथ ही",
            ],
        )
    )
    + "),?(?= )"
)
_ROOTS = "|".join(sorted(GRAMMAR["root"] | GRAMMAR["intransitive root"]))
ROOT = re.compile(f"(?:{_ROOTS})")
PAST = re.compile(f"(?:{_ROOTS})(?:ा|ी|े|या|यी|ये|ई|ए|ीं|ईं)")
HABITUAL = re.compile(f"(?:{_ROOTS})(?:ता|ती|ते)")
FUTURE = re.compile(fold("(?:[ेोूऊए]|एं|[ेोू]ं|ऊं)(?:गा|गी|गे)") + "$")
# Endings that verbs and plurals have, and names hardly ever.
VERB_ENDING = re.compile("(?:(?<!शं)(?<!दिन)(?<!सिं)कर|ते|[^ ]{2}ने|ाए|ेगा|ेंगे|ेगी|ों|ें|ीं)$")
VERB = re.compile(
    f"^(?:{ROOT.pattern})$|" + PAST.pattern + "|" + HABITUAL.pattern + "|" + FUTURE.pattern + "|" + VERB_ENDING.pattern
)
_OBLIQUE = re.compile("^..*ने$")
# A participle ends a noun phrase. The words after it are another phrase.
_ACTORS = frozenset(map(fold, ["सरकार", "प्रशासन"]))
_BODIES = frozenset(map(key_of, ALL_CLASSES["body"]))
_DIRECT_PLURAL = re.compile(fold("(?:ियां|ाएं|ुएं|..ें)$|^लोग$"))
_PARTICIPLE = re.compile(f"^(?:हुए|हुई|हुआ|गए|गई|वाले|वाली|वाला)$|^(?:{_ROOTS}|हो)(?:कर|ते|ती|ता)$")
# `नाविक स्वयं नाव के साथ`: no marker follows.
_EMPHASES = frozenset(map(fold, ["स्वयं", "ख़ुद", "भी"]))
CASES = GRAMMAR["case"]
GENITIVES = GRAMMAR["genitive"]
JOINS = GRAMMAR["join"]
AUXILIARIES = GRAMMAR["auxiliary"]
NOT_INFINITIVE = GRAMMAR["no infinitive"]
PRONOUNS = GRAMMAR["pronoun"]
# `पहले` is an ordinal, as in `पहले चरण`, or means before.
_FIRST = fold("पहले")
_COUNTED_UNITS = frozenset(map(key_of, GRAMMAR["unit"])) | frozenset(
    map(key_of, map(fold, ["वर्ग", "रुपये", "रुपए", "लोग", "लोगों", "यूनिट", "टन"]))
)
_SECTIONS, _SECTION_LETTERS = frozenset({"धारा", "धाराओं", "अनुच्छेद"}), frozenset({"ए", "बी", "सी"})
_PERIODS = frozenset(map(key_of, GRAMMAR["period"]))
_AFTER_BEFORE = CASES | GENITIVES | PRONOUNS | frozenset({"ही", "भी", "कि", "।"})
_PRONOUNS_ALONE = GRAMMAR["pronoun alone"]
ACTING_PRONOUNS = GRAMMAR["acting pronoun"]
_QUANTIFIERS = ALL_CLASSES["all"] | ALL_CLASSES["some"] | ALL_CLASSES["most"]


# Classes of words that qualify something and do not name it.
_NOT_A_MEANING = GRAMMAR["no meaning"]


@lru_cache(maxsize=20_000)
def _meanings(concepts: frozenset[str]) -> frozenset[str]:
    return concepts - _NOT_A_MEANING


@dataclass(slots=True)
class Word:
    """A word, number or known phrase, with the case marker of its noun phrase ('' if none)."""

    text: str
    key: str
    concepts: frozenset[str]
    marker: str = ""
    # The value of a number; words for it count too.
    number: str = ""
    is_year: bool = False
    # The words of a known phrase, which may also be matched one by one.
    parts: tuple[Word, ...] = ()
    # Identifies the noun phrase within its sentence.
    phrase: int = 0
    quoted: bool = False

    # Its meanings. Two words with a common meaning are the same.
    meanings: frozenset[str] = field(init=False, repr=False, compare=False)
    # Whether it names something.
    is_content: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.meanings = _meanings(self.concepts)
        self.is_content = (
            any(part.is_content for part in self.parts)
            if self.parts
            else bool(self.number or "light" not in self.concepts)
        )


def tokens_of(text: str) -> list[str]:
    found: list[str] = []
    folded = _IN_CASE.sub(r"\1 पर", fold(text).replace("नहीं तो ", "वरना "))
    folded = _DATE_COMMA.sub(r"\1 ", folded)
    folded = _LIVES.sub(r"\1", _CLOCK.sub(r"\1.", folded))
    folded = _LEADS_OVER.sub("", _MADE_OWN.sub("जीता", folded))
    for current in _TOKEN.findall(folded):
        if current == "हाईकोर्ट":
            found += ["हाई", "कोर्ट"]
        elif "-" in current and current[-1].isdigit() and not current[0].isdigit():
            # A name: `वर्षा-2`.
            found.append(current)
        elif "-" in current and not current[0].isdigit() and not _same_number(current):
            parts = current.split("-")
            found += [current] if key_of(current) in PHRASES or ALL_CLASSES["negative"] & set(parts) else parts
        elif "-" in current and _same_number(current):
            # `एक-एक गोल` counts, `एक गोल` need not.
            found.append("1" if current == "एक-एक" else current.split("-")[0])
        else:
            found.append(current)
    return found


def _same_number(current: str) -> bool:
    first, _, second = current.partition("-")
    return first == second


def is_infinitive(current: str) -> bool:
    return bool(_OBLIQUE.match(current)) and current not in NOT_INFINITIVE


def words_of(piece: Sequence[str], phrase: int, quoted: bool) -> tuple[list[Word], int, bool]:
    """Turn the tokens of a clause into words with numbers, known phrases and case markers.

    `phrase` is the number of its first noun phrase, and `quoted` says whether it begins within a quotation. Both are
    returned for the next clause.
    """
    builder = _WordBuilder(piece, phrase, quoted)
    at = 0
    while at < len(piece):
        at += builder.take(at)
    return builder.words, builder.phrase + 1, builder.quoted


@dataclass(slots=True)
class _WordBuilder:
    """Builds the words of one clause, from left to right."""

    piece: Sequence[str]
    # The number of the noun phrase that is open.
    phrase: int
    quoted: bool
    words: list[Word] = field(default_factory=list)
    # The index of the first word of the open noun phrase.
    open_from: int = 0

    def take(self, at: int) -> int:
        """Take the expression that begins at a token, and return how many tokens it has."""
        current = self.piece[at]
        if current in PUNCTUATION:
            self.quoted ^= current in QUOTES
            if current == ",":
                self._end_phrase()
            return 1
        if self._begins_phrase(at):
            self._end_phrase()
        if self._is_marker(at) and (used := self._take_marker(at)):
            return used
        if current in ("मुताबिक", "अनुसार") and self.words and self.words[-1].text in PRONOUNS:
            self.words[-1].marker = "said"
            self._end_phrase()
            return 1
        used = self._take_number(at) or self._take_known_phrase(at)
        if not used:
            if self._take_actor(at):
                return 1
            used = 1
        self._place_last()
        return used

    def _end_phrase(self) -> None:
        self.phrase, self.open_from = self.phrase + 1, len(self.words)

    def _begins_phrase(self, at: int) -> bool:
        """Whether the token begins a noun phrase by its kind, or because the token before it ends one."""
        current, before = self.piece[at], self.piece[at - 1] if at else ""
        return bool(
            current in _PRONOUNS_ALONE
            or (at and (_PARTICIPLE.search(before) or PAST.fullmatch(before)))
            or current in _QUANTIFIERS
        )

    def _is_marker(self, at: int) -> bool:
        """Whether the token is a case marker. `की` before an auxiliary or at the end is a verb: `मांग की`."""
        current, following = self.piece[at], self._following(at)
        if current in CASES:
            return True
        is_verb = current == "की" and (following in AUXILIARIES or following in PUNCTUATION or following in JOINS)
        return current in GENITIVES and not is_verb

    def _following(self, at: int) -> str:
        return self.piece[at + 1] if at + 1 < len(self.piece) else "।"

    def _take_marker(self, at: int) -> int:
        """Mark the open noun phrase and end it. Returns 0 for a genitive without a noun phrase."""
        marker, used = _marker(self.piece, at)
        current, is_empty = self.piece[at], self.open_from == len(self.words)
        if current not in CASES and is_empty:
            return 0
        if current == "ने" and is_empty and self.words and not self.words[-1].marker:
            # `जोड़ी ने`: a noun that looks like a participle.
            self.open_from = len(self.words) - 1
        _mark(self.words, self.open_from, marker)
        self._end_phrase()
        return used

    def _take_number(self, at: int) -> int:
        number, used = _number(self.piece, at)
        if not number:
            return 0
        if self.open_from < len(self.words) and not self.words[-1].number and self.words[-1].text not in JOINS:
            self._end_phrase()
        before = self.words[-1].text if self.words else ""
        if before in _SECTIONS or self._following(at + used - 1) in _SECTION_LETTERS:
            # `धारा 302`, `120 बी`: a name, not a count.
            self.words.append(Word(self.piece[at], self.piece[at], frozenset({self.piece[at]})))
            return used
        is_year = (
            key_of(self._following(at)) not in _COUNTED_UNITS
            and number.isdigit()
            and used == 1
            and len(self.piece[at]) == 4
            and _FIRST_YEAR <= int(number) <= _LAST_YEAR
        )
        text = " ".join(self.piece[at : at + used])
        self.words.append(Word(text, number, frozenset({f"#{number}"}), number=number, is_year=is_year))
        return used

    def _take_known_phrase(self, at: int) -> int:
        found = _phrase(self.piece, at)
        if found is None:
            return 0
        concepts, used = found
        parts = tuple(_word(each) for each in self.piece[at : at + used])
        self.words.append(Word(" ".join(self.piece[at : at + used]), parts[0].key, concepts, parts=parts))
        return used

    def _take_actor(self, at: int) -> bool:
        """Take a single word. Returns true if it is an actor that is a noun phrase of its own."""
        current, following = self.piece[at], self._following(at)
        word = _word(current)
        if current == _FIRST and _is_before(self.piece[at - 1] if at else "।", following):
            word = replace(word, concepts=word.concepts - {"#1"})
        self.words.append(word)
        if current in ACTING_PRONOUNS:
            word.marker = "ने"
        elif len(self.words) > 1 or current not in _ACTORS or following in CASES | GENITIVES:
            return False
        # `सरकार घायलों को मदद देगी`: the subject is a phrase of its own.
        word.phrase = self.phrase
        self._end_phrase()
        return True

    def _place_last(self) -> None:
        """Put the last word into its noun phrase, which some words end or begin."""
        last = self.words[-1]
        if len(self.words) - 1 > self.open_from:
            before = self.words[-2]
            is_time = ("time" in last.concepts) != ("time" in before.concepts) and not before.number
            # `अदालत ज्ञानपुर के मामले पर`: the subject is a phrase of its own.
            is_actor = before.key in _BODIES and len(last.concepts) == 1
            if is_time or is_actor:
                # A time is next to a noun, not in its phrase.
                self.phrase, self.open_from = self.phrase + 1, len(self.words) - 1
        last.phrase, last.quoted = self.phrase, self.quoted
        if last.text in _EMPHASES or _DIRECT_PLURAL.search(last.text):
            # `कंपनियां दरों में`: no marker follows this form.
            self._end_phrase()


def _word(current: str) -> Word:
    return Word(current, key_of(current), concepts_of(current))


def _is_before(earlier: str, following: str) -> bool:
    """Whether `पहले` between these tokens means before: `इससे पहले`, `दो दिन पहले`, `पहले भी`."""
    return earlier.endswith("से") or key_of(earlier) in _PERIODS or following in _AFTER_BEFORE | PUNCTUATION


def _marker(piece: Sequence[str], at: int) -> tuple[str, int]:
    current = piece[at]
    if current == "को" and piece[at + 1 : at + 2] in (["लेकर"], ["देखते"]):
        return "about", 2
    if current == "में" and piece[at + 1 : at + 2] == ["से"]:
        # `22 गवाहों में से छह`
        return "of", 2
    if current in CASES:
        return current, 1
    after = [each for each in piece[at + 1 : at + 3] if each not in PUNCTUATION]
    with_se = len(after) > 1 and after[1] == "से"
    if after and (marker := _AFTER_GENITIVE.get(after[0])) and (with_se or after[0] not in _NEED_SE):
        if marker == "cause" and current == "का":
            # `गिरावट का कारण बताया`: a noun.
            return "gen", 1
        if marker == "said" and at and piece[at - 1] in _NO_SOURCES:
            return "gen", 2
        with_se = with_se and marker in ("cause", "side", "means", "said")
        return ("से" if marker == "means" else marker), 3 if with_se else 2
    return "gen", 1


def _mark(words: list[Word], start: int, marker: str) -> None:
    """Set the marker of the noun phrase that ends here: the words since the last marker."""
    phrase = words[start:]
    if phrase and is_infinitive(phrase[-1].text):
        # `पैसा लौटाने को`: the noun belongs to the verb, not to the marker.
        phrase = phrase[-1:]
    if marker == "ने":
        # `साज़िश निषाद ने रची`: what is done may stand before who does it.
        things = [
            at for at, word in enumerate(phrase[:-1]) if "strict" in word.concepts and "status" not in word.concepts
        ]
        phrase = phrase[things[-1] + 1 :] if things else phrase
    for word in phrase:
        word.marker = marker


def _phrase(piece: Sequence[str], at: int) -> tuple[frozenset[str], int] | None:
    keys = [key_of(each) for each in piece[at : at + LONGEST_PHRASE] if each not in PUNCTUATION]
    for length in range(len(keys), 1, -1):
        if concepts := PHRASES.get(" ".join(keys[:length])):
            return concepts, length
    return None


def _number(piece: Sequence[str], at: int) -> tuple[str, int]:
    """Return the number that starts here, with its scale, and how many tokens it takes; '' if there is none."""
    current = piece[at]
    if current[0].isdigit() and "-" in current and not _same_number(current):
        return current.replace(",", ""), 1
    value, used, scale = _read_scaled(piece, at)
    if not used:
        return "", 1
    while at + used < len(piece):
        # `दो लाख 15 हज़ार`, `31 हज़ार, 402`
        skip = scale > 1 and piece[at + used] == ","
        more, length, smaller = (
            _read_scaled(piece, at + used + skip) if at + used + skip < len(piece) else (0.0, 0, 1.0)
        )
        if not length or smaller >= scale or more >= scale:
            break
        value, used, scale = value + more, used + skip + length, smaller
    if (
        value == 1
        and used == 1
        and not current[0].isdigit()
        and _NUMBERED not in (*piece[at - 1 : at], *piece[at + 1 : at + 2])
    ):
        return "", 1
    return f"{value:.6g}" if value < 1e6 and value != int(value) else str(round(value)), used


def _read_scaled(piece: Sequence[str], at: int) -> tuple[float, int, float]:
    """Return the value of a number and its scale, how many tokens it takes (0 if there is none), and its scale."""
    used = 2 if piece[at] in _ADDED and at + 1 < len(piece) else 1
    current = piece[at + used - 1].removesuffix("-एक")
    if current[0].isdigit() and ("-" not in current or _same_number(current)):
        digits = current.split("-")[0].replace(",", "")
        if len(digits) > _MOST_DIGITS:
            return 0.0, 0, 1.0
        value = float(digits)
    elif current in _FRACTIONS:
        value = _FRACTIONS[current]
    elif current in number_words():
        value = number_words()[current]
    else:
        return 0.0, 0, 1.0
    value += _ADDED.get(piece[at], 0.0) if used > 1 else 0.0
    scale = 1.0
    while scale < _LARGEST_SCALE and at + used < len(piece) and piece[at + used] in _SCALES:
        scale *= _SCALES[piece[at + used]]
        used += 1
    return value * scale, used, scale
