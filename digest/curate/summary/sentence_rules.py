"""Rules for the sentences of a summary. A sentence is used unchanged or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from digest.curate.importance.places import foreign_country
from digest.curate.similarity.cues import NO_PLACES, find_places
from digest.curate.summary.trimming import (
    with_country,
    with_place,
    with_weekday,
    without_contrast,
    without_latin_brackets,
    without_opening,
)
from digest.curate.summary.voice import (
    addresses_reader,
    known_opening,
    lacks_agent,
    lacks_speaker,
    names_speech,
    opens_speech,
)
from digest.hindi.sentences import split
from digest.hindi.text import fold, folded_words, table_rows, words
from digest.hindi.tokens import stem_of, stems, tokens
from digest.messages import Message
from digest.models import Article

# The limits of a summary. Fewer than 8 words say nothing beyond a title. 20 to 30 words read well on a phone: that is
# the default of `summary.words`, and `MOST_WORDS` its upper limit.
WORDS = 30
MOST_WORDS, LEAST_WORDS, MOST_SENTENCES = 70, 8, 3
# Words; the 97th percentile of news sentences. A model's sentences are no longer.
LONGEST = 45
# A sentence echoes the title if it shares ECHO_SHARE of its stems and adds at most ECHO_EXTRA stems, or shares
# MOST_SHARED.
ECHO_SHARE = 0.75
ECHO_EXTRA = 1
MOST_SHARED = 0.9
# A sentence is not news if what subscribers have already read has more than this share of its stems.
KNOWN_SHARE = 0.7

# Opening words that refer to something before them.
HANGING = frozenset(
    fold(word)
    for word in words(
        "उन्होंने उन्हें उनके उनकी उनका उनसे इन्हें इन्होंने उसने उसे उसके उसकी उसका उससे इस",
        "इसके इसकी इसका इससे इसे इसमें इसी उसी इन इनमें इनके इनकी इनका वह वे वो यह ये ऐसे ऐसा ऐसी",
        "वहीं वहां यहां लेकिन मगर पर हालांकि दरअसल बल्कि जबकि क्योंकि इसलिए और तो फिर उस",
        "उसमें उन उनमें तब तभी इतना दोनों जिसके जिससे जिसमें जो किंतु परंतु साथ बहरहाल बता बताते",
        "गौरतलब उल्लेखनीय ज्ञात मालूम अब एवं तथा इधर उधर वैसे यही वही या जैसे बेशक तथापि अर्थात यानी यानि",
        "कहा बताया बोले बोलीं उनसे उनपर उसपर इनसे इस्से ताकि जिन्हें जिनके जिनकी जिन्होंने जिसने उक्त दूसरी दूसरा दूसरे तीसरे अन्य",
        "इसलिये इतनी इतने उतना दोनो तीनों चारों आखिरकार नतीजतन मसलन बाकी बाद बावजूद हां हाँ नहीं भी ही क्योंकी चूंकि",
        "इन्हीं उन्हीं उनको इनको फलस्वरूप परिणामस्वरूप",
    )
)
# `जिस समय बस पुल पर थी।` is half a sentence.
# `पुल को जहां पैसे मिले।` too.
_HALF = re.compile(fold("[^,;:–-] (?:जहां|जहाँ) (?!.*[ ,](?:वहां|वहीं|वहाँ|वही|तो) )"))
_WHILE = re.compile(
    fold("(?:^| )जिस (?:दौरान|समय|वक्त|तरह|प्रकार) (?!.*(?:^|[ ,])(?:उस|उसी|वह|वही|वैसे|तब|तभी|तो)(?:[ ,]|$))")
)
# The edition is read on another day: `आज ही के दिन 1921 में`.
_THIS_DAY = re.compile(fold("(?:^| )आज (?:(?:ही )?के|के ही) दिन "))
# Typing errors: two vowel signs in a row, a number in pieces, a single consonant that is no word, two words in one.
_BROKEN = re.compile(
    "[^ ]बता दें|"
    "[\u093e-\u094c]{2}|(?<![0-9.,])[0-9] [0-9](?![0-9])|(?<![0-9:])00 "
    "|(?<![^ ])(?![वन])[\u0915-\u0939] (?=[\u0904-\u0939])"
)
# `जिसके बाद दो को पकड़ा गया।` is the end of the sentence before it.
_FRAGMENT = re.compile("(?:जिस|जिन|जहां|क्योंकि|ताकि)|^[^,]{3,60}(?:अनुसार|मुताबिक),? (?:जो|जिस|जिन)")
_THIS = folded_words("इस इसी")
_TIMES = folded_words("साल वर्ष बार महीने माह हफ्ते सप्ताह सीजन समय वक्त मौसम सत्र दिनों")
_POINTERS = folded_words(
    "उन्होंने उन्हें उसने उसे उसके उसकी उसका उससे उनके उनकी उनका उनसे वह वे इसके इसकी इसका इससे इसे इसने इसमें इन्हें इनके इनकी इनका",
    "इस इन यह ये उस उन",
)
# A plan or a course of things in the past also sets the scene: `बस को शाम को पहुंचना था`, `बारिश हो रही थी`. So does a
# state below a headline: `गांव के लोग परेशान थे`.
_BACKDROP = re.compile(fold("(?:रहा|रही|रहे|ता|ती|ते|ना|नी|ने) (?:था|थी|थे|थीं)[।.]?$"))
_STATE = re.compile(fold("^[^,]*[\u0915-\u0939](?<!सवार) (?:था|थी|थे|थीं)[।.]?$"))
# `देश में भी ऐसे कई गीत हैं`, but not `ऐसे गीत, जो …`
_SUCH = re.compile(fold("(?:^| )(?:ऐसा|ऐसी|ऐसे) (?!.*[ ,](?:जो|जिस|जिन|कि|जहां|जब))"))
# A town that only the newspaper's readers know: `शहर के चौक पर`.
_BARE_TOWN = re.compile(
    fold("^(?:पूरे )?(?:शहर|नगर|कस्बे|जिले|जनपद|राजधानी|प्रदेश|राज्य)(?: ही)? (?:में|के|की|का|से|को|भर|समेत|सहित) ")
)
# Something that always happens is the scene, not an event: `पुल पर भीड़ रहती है`, `मेले में कुश्ती होती है`.
_HABITUAL = re.compile(
    fold("(?<!सक)(?<!चाह)(?<!कह)(?<!मान)(?<!बता)(?<!लग)(?<!लाप)(?<!भर्)(?:ता|ती|ते) (?:जाता |जाती |जाते )?(?:है|हैं)[।.]?$")
)
# A relative clause only describes: `ऐसा ऐप बनाया है, जो पाँच बोलियाँ समझता है`.
DESCRIBES = re.compile(fold(" (?:जो|जिस|जिसे|जिसमें|जिससे|जिसका|जिसकी|जिसके|जिन|जिन्हें|जिनमें|जिनसे|जिनका|जिनकी|जिनके) "))
# `यह बात मंत्री ने कही।`, `ऐसा वैज्ञानिकों का मानना है।`: the sentences before it are somebody's words.
_ATTRIBUTES = re.compile(
    fold(
        "^(?:यह|ये|उक्त|यही|ऐसी|इस तरह की) (?:सारी |सभी )?"
        "(?:बात|बातें|बातों|विचार|उद्गार|आरोप|आशंका|दावा|मांग|चेतावनी|अपील|सलाह)(?: |$)"
        "|^ऐसा .*(?:मानना|कहना) है|^(?:यह|ये) (?:मानना|कहना) है|^(?:यह|ये) [^,]{3,60} ने (?:कहा|कही)[।.]?$"
    )
)
_AND = folded_words("और व तथा एवं")
# What follows came before it in the report, or comes after it.
_AT_FIRST = re.compile(fold("^पहले तो "))
_DEMONSTRATIVES = folded_words("इस इन उस इसके इसकी इसका इससे इसे इसी")
_AGENCIES = fold(
    "एजेंसी|एजेंसियां|भाषा|वार्ता|यूनीवार्ता|एएनआई|एएनआइ|पीटीआई|पीटीआइ|आईएएनएस|आइएएनएस|प्रेट्र|जेएनएन|जासं|ब्यूरो|संवाददाता|रायटर|रॉयटर"
    "|रॉयटर्स|एएफपी|एपी|डीपीए|ani|pti|ians|reuters|afp|uni"
)
# One to three words before a colon: a label, a place or a speaker. The sentence may need the next line.
_LABEL = re.compile("^[^ :।.!?\"“‘',]+(?: [^ :।.!?\"“‘',]+){0,2}(?: :| ?: )")
_DATELINE = re.compile(
    f"^[^।.!?:]{{0,45}}[(\\[,/ ](?:{_AGENCIES})[)\\]]{{0,2}} ?[।.:|–-]"
    f"|^[(\\[](?:{_AGENCIES})|^(?:{_AGENCIES})[,/ ][^।.!?:]{{2,45}}[।.:|–-]"
)
_AGENCY = re.compile(f"^\\(?(?:{_AGENCIES})\\)?[ .।:–-]*$")
_CLOSED = re.compile(r"[।॥.!?…|][\"'”’»)\]]*$|[\"”’»)]$")
_OPENING = re.compile(r"^[\s\"'“‘(\[–-]*")
_SAME_PAIR = re.compile("‘[^‘’']{1,60}[‘'](?![\u0904-\u0939A-Za-z])")
_PAIRS = (("“", "”"), ("(", ")"), ("[", "]"))
_ELLIPSIS = re.compile(r"(?:\[?(?:…|(?<!\.)\.{3,})\]?|\[&hellip;\])[।\s]*$")


TEASERS = tuple(tuple(row.split("\t")) for row in table_rows("digest.curate.summary", "teasers.txt"))
# All rows as one pattern for folded sentences.
TEASER = re.compile("|".join(f"(?:{fold(pattern)})" for pattern, _example in TEASERS))


@dataclass(frozen=True, slots=True)
class SentenceCandidate:
    """A sentence that may be used in a summary."""

    # Its position among all sentences of the article.
    position: int
    text: str
    words: int
    stems: tuple[str, ...]
    # Whether it needs the sentence before it, because it refers back or continues somebody's words.
    hangs: bool
    question: bool
    # Whether it opens with a person or body that an earlier sentence introduced: `संगठन ने …`.
    unnamed: bool = False
    # An opening phrase that connects it with the sentence before it, which `text` lacks: `हालांकि `.
    connective: str = ""
    # 0..1: how much it depends on missing context (`इस मामले में`), or addresses the reader.
    weak: float = 0.0


# An edition reads a few dozen articles for its summaries, most of them again when it is composed again.
@lru_cache(maxsize=500)
def candidates(article: Article) -> tuple[SentenceCandidate, ...]:
    """Return the sentences of the article that may be used, in order, each once."""
    found: list[SentenceCandidate] = []
    seen: set[str] = set()
    position = -1
    context = _Context()
    for paragraph in article.text.split("\n"):
        context.new_paragraph()
        for text in split(paragraph):
            folded = fold(text)
            if folded in seen:
                continue
            seen.add(folded)
            position += 1
            continues = context.read(text)
            if not _is_usable(text, folded, first=not found):
                continue
            each = _candidate(position, text, article, continues=continues)
            if _ATTRIBUTES.search(folded):
                # Their speaker is named too late.
                found = [other for other in found if not _is_spoken(other, position)]
            found.append(each)
    return tuple(found)


def _is_spoken(each: SentenceCandidate, speaker_at: int) -> bool:
    """Whether the sentence names no speaker, but one shortly after it does."""
    return speaker_at - each.position <= MOST_SENTENCES and not names_speech(each.text)


@dataclass(slots=True)
class _Context:
    """Remembers whether somebody was speaking, because the next sentence may continue the speech."""

    speaking: bool = False
    starts_paragraph: bool = True

    def new_paragraph(self) -> None:
        self.starts_paragraph = True

    def read(self, text: str) -> bool:
        """Whether the sentence continues somebody's words."""
        speaks = opens_speech(text) and not is_teaser(text)
        continues = self.speaking and not speaks and not self.starts_paragraph
        self.starts_paragraph = False
        self.speaking = speaks or continues
        return continues


def _candidate(position: int, text: str, article: Article, *, continues: bool) -> SentenceCandidate:
    shown = without_latin_brackets(without_opening(text))
    shown = with_place(shown, "" if position else article.place)
    shown = with_country(shown, foreign_country(article.title))
    if article.dated and article.language == "hi":
        shown = with_weekday(shown, article.published)
    plain = without_contrast(shown)
    hangs = refers_back(plain)
    connective = ""
    if not (continues or hangs):
        connective, shown = shown.removesuffix(plain) if shown.endswith(plain) else "", plain
    return SentenceCandidate(
        position=position,
        text=shown,
        words=len(shown.split()),
        stems=tuple(stems(shown)),
        hangs=continues or hangs,
        question=is_question(shown),
        connective=connective,
        unnamed=position > 0 and _opens_known(shown, article.title),
        weak=_weakness(shown, position, article.title),
    )


def _opens_known(text: str, title: str) -> bool:
    word = known_opening(text)
    return bool(word) and stem_of(word) not in stems(title) and word not in _TIMES


def _is_backdrop(text: str, title: str) -> bool:
    """Whether the sentence tells what was going on before the news, and the title does not."""
    folded = fold(text)
    is_backdrop = bool(_BACKDROP.search(folded) or (title and _STATE.search(folded)))
    return is_backdrop and not names_speech(text) and not _BACKDROP.search(fold(title))


def _lacks_town(text: str, title: str) -> bool:
    """Whether the sentence opens with a town, district or state that neither the sentence nor the title names."""
    return bool(_BARE_TOWN.match(fold(text))) and find_places(stems(f"{title} {text}")) == NO_PLACES


def _weakness(text: str, position: int, title: str) -> float:
    folded = fold(text)
    main_clause = DESCRIBES.split(folded, maxsplit=1)[0]
    is_habitual = _HABITUAL.search(folded) and (main_clause == folded or _HABITUAL.search(main_clause))
    if (is_habitual and not names_speech(text)) or addresses_reader(text) or points_inside(text):
        return 1.0
    if _is_backdrop(text, title) or _lacks_town(text, title):
        return 1.0
    if _AT_FIRST.match(folded):
        return 1.0
    # References in an article's first sentence are resolved inside it.
    return 0.8 if position and (points_anywhere(text, title) or _SUCH.search(folded)) else 0.0


def points_anywhere(text: str, title: str) -> bool:
    """Whether the sentence contains a word that may refer to an earlier sentence, and not to the title."""
    found = tokens(text)
    named = set(stems(title))
    return any(a in _DEMONSTRATIVES and stem_of(b) not in named and b not in _TIMES for a, b in pairwise(found))


def refers_back(text: str) -> bool:
    """Whether a sentence opens with a word that refers to something outside the sentence."""
    if opening(text) not in HANGING:
        return False
    found = tokens(text)[:2]
    if len(found) < 2 or found[0] not in _THIS:
        return True
    return found[1] not in _TIMES


def points_inside(text: str) -> bool:
    """Whether a pronoun is among the first words, with hardly a word before it that it could refer to."""
    found = [*tokens(text)[:6], "है"]
    return any(
        # `रामू और उनके भाई`
        a in _POINTERS and before not in _AND and not (a in _DEMONSTRATIVES and b in _TIMES)
        for before, a, b in zip(found, found[1:], found[2:], strict=False)
    )


def opening(text: str) -> str:
    """Return the folded first word without opening quotes and brackets; '' for none."""
    words = _OPENING.sub("", fold(text)).split()
    return words[0].rstrip(",") if words else ""


def is_whole(text: str) -> bool:
    """Whether a sentence ends with a closing mark and is not cut off."""
    return bool(_CLOSED.search(text)) and not _ELLIPSIS.search(text)


def is_teaser(text: str) -> bool:
    """Whether a sentence only calls for a click, gives a credit or names an agency."""
    folded = fold(text)
    return bool(TEASER.search(folded) or _AGENCY.match(folded))


def broken_rules(text: str, title: str) -> list[Message]:
    """Return the rules that a summary under this title breaks, each as an English clause."""
    pieces, count = split(text), len(text.split())
    checks = (
        (not 1 <= len(pieces) <= MOST_SENTENCES, Message("it had %(num)s sentences", num=len(pieces))),
        (not LEAST_WORDS <= count <= MOST_WORDS, Message("it had %(num)s words", num=count)),
        ("\ufffd" in text, Message("it contained broken characters")),
        (not all(map(is_whole, pieces)), Message("a sentence of it had no end")),
        (not balanced(text), Message("its quotes or brackets were not balanced")),
        (bool(pieces) and refers_back(pieces[0]), Message("it opened with a word that refers back")),
        (all(is_question(piece) for piece in pieces), Message("it was only a question")),
        (any(map(is_teaser, pieces)), Message("it contained a teaser")),
        (any(_DATELINE.match(fold(piece)) for piece in pieces), Message("it contained a dateline")),
        (echoes_title(text, title), Message("it only repeated the title")),
    )
    return [rule for is_broken, rule in checks if is_broken]


def is_question(text: str) -> bool:
    return text.rstrip("\"'”’»)] ।").endswith("?")


def _is_usable(text: str, folded: str, *, first: bool) -> bool:
    """Whether a sentence can be part of a summary. What `broken_rules` forbids is not repeated here."""
    return not (
        (_LABEL.match(folded) and not first)
        or _WHILE.search(folded)
        or _HALF.search(folded)
        or _THIS_DAY.search(folded)
        or _BROKEN.search(text)
        or _FRAGMENT.match(folded)
        or lacks_agent(text)
        or lacks_speaker(text)
        or addresses_reader(text)
    )


def echoes_title(text: str, title: str) -> bool:
    """Whether the text only repeats the title: most of its stems are the title's, and hardly any is new."""
    return is_echo(set(stems(text)), set(stems(title)))


def is_known(each: SentenceCandidate, known: str) -> bool:
    """Whether the known text contains nearly all of the sentence."""
    if not known:
        return False
    own = set(each.stems)
    return len(own & _stem_set(known)) > KNOWN_SHARE * len(own)


@lru_cache(maxsize=64)
def _stem_set(text: str) -> frozenset[str]:
    return frozenset(stems(text))


def is_echo(own: set[str], head: set[str]) -> bool:
    if not own or not head:
        return False
    shared, new = len(own & head), own - head
    # Another number is news: 283 dead, and 300 in the title.
    is_new = len(new) > ECHO_EXTRA or any(stem[0].isdigit() for stem in new)
    return (shared >= ECHO_SHARE * len(own) and not is_new) or shared >= MOST_SHARED * len(own)


def balanced(text: str) -> bool:
    """Whether every quote and bracket is closed; straight quotes must be even in number."""
    text = text.replace("''", "")
    if any(text.count(opening) != text.count(closing) for opening, closing in _PAIRS):
        return False
    # Two of one kind, or of two kinds, are a pair that is typed wrong.
    text = _SAME_PAIR.sub("", text)
    opened = text.count("‘")
    # An apostrophe before Latin letters closes nothing.
    closed = len(re.findall("’(?![a-zA-Z])", text))
    straight = len(re.findall("(?<![A-Za-z0-9])'|'(?![A-Za-z])", text))
    return opened == closed and text.count('"') % 2 == 0 and straight % 2 == 0
