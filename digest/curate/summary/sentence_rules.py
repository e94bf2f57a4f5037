"""Rules for the sentences of a summary. A sentence is used unchanged or not at all."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from digest.curate.summary.support.vocabulary import GENERAL, key_of
from digest.curate.summary.trimming import with_place, without_contrast, without_latin_brackets, without_opening
from digest.curate.summary.voice import (
    addresses_reader,
    known_opening,
    lacks_agent,
    lacks_speaker,
    names_speech,
    opens_speech,
)
from digest.hindi.clauses import ends_clause
from digest.hindi.sentences import LETTER_NAMES, split
from digest.hindi.text import fold, folded_words, table_rows, words
from digest.hindi.tokens import stem_of, stems, tokens
from digest.messages import Message
from digest.models import Article

LEAST_SENTENCE_WORDS = 5
# The limits of a summary. Fewer than 8 words say nothing beyond a title. 20 to 30 words read well on a phone: that is
# the default of `summary.words`, and `MOST_WORDS` its upper limit.
WORDS = 30
MOST_WORDS, LEAST_WORDS, MOST_SENTENCES = 70, 8, 3
# Words; the 97th percentile of news sentences. A longer one is used only if it opens the article.
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
# `जहां किसी ने …` needs its वहां.
_WHERE = re.compile(fold("^(?:जहां|जहाँ) (?!.*[ ,](?:वहां|वहीं|वहाँ|वही|तो) )"))
# Passives that need no speaker before them, and `ऐसे आसार हैं कि …`, which says what.
HEARSAY = re.compile(fold("(?:बताया|कहा|माना) (?:जा रहा|जा रही|जाता|गया) है|(?:ऐसे|ऐसी|ऐसा) [^,।]{2,20} (?:है|हैं) कि "))
# `जिस समय बस पुल पर थी।` is half a sentence.
# `पुल को जहां पैसे मिले।` too.
_HALF = re.compile(fold("[^,;:–-] (?:जहां|जहाँ) (?!.*[ ,](?:वहां|वहीं|वहाँ|वही|तो) )"))
_WHILE = re.compile(
    fold("(?:^| )जिस (?:दौरान|समय|वक्त|तरह|प्रकार) (?!.*(?:^|[ ,])(?:उस|उसी|वह|वही|वैसे|तब|तभी|तो)(?:[ ,]|$))")
)
# `जिस रास्ते से लोग घाट पर जाते थे।` too.
_RELATIVE = re.compile(
    fold(
        "^[^,]{0,30}(?:अनुसार|मुताबिक) जो |"
        "^(?:जिस|जिन) (?!.*[ ,](?:उस|उसी|उन|वह|वही|वो|वे|उन्हें|उसे|उसके|उनके|उनमें|इस|इन)(?:[ ,]|$))"
    )
)
_THIS = folded_words("इस इसी")
_TIMES = folded_words("साल वर्ष बार महीने माह हफ्ते सप्ताह सीजन समय वक्त मौसम सत्र दिनों")
_POINTERS = folded_words(
    "उन्होंने उन्हें उसने उसे उसके उसकी उसका उससे उनके उनकी उनका उनसे वह वे इसके इसकी इसका इससे इसे इसने इसमें इन्हें इनके इनकी इनका",
    "इस इन यह ये उस उन",
)
# The first agent of a sentence that may have no other: `नरमी के बावजूद इसने मजबूती दिखाई`.
_AGENTS = folded_words("उन्होंने इन्होंने उसने इसने")
# `ऐसे ही एक युवक को पकड़ा`: like those of the sentence before it.
_LIKE_THESE = re.compile(fold("(?:^| )ऐस[ाेी] ही "))
# What happens always is the scene, and no event: `पुल पर भीड़ रहती है`, `मेले में कुश्ती होती है`.
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
# A sentence that opens with one was cut off at its start.
_POSTPOSITIONS = folded_words("का के की को ने में से तक कि")
# `दोनों` needs names before it: `कमला और विमला दोनों`.
_ALL, _AND = folded_words("दोनों दोनो तीनों चारों पांचों"), folded_words("और व तथा एवं")
_DEMONSTRATIVES = folded_words("इस इन उस इसके इसकी इसका इससे इसे इसी")
# Letter names that also end sentences: `हो जी.` is rare, `सामने आई.` is not.
_WORDS_AND_LETTERS = frozenset(words("आई जी के वी आर"))
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
_ENDS_IN_LETTER = re.compile("[\u0900-\u0963]$")
_CLOSED = re.compile(r"[।॥.!?…|][\"'”’»)\]]*$|[\"”’»)]$")
_OPENING = re.compile(r"^[\s\"'“‘(\[–-]*")
_SAME_PAIR = re.compile("‘[^‘’]{1,40}‘(?![\u0904-\u0939A-Za-z])")
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
    # The position of a later sentence that says whose words it is: `यह बात मंत्री ने कही।`
    speaker_at: int | None = None
    # 0..1: how much it depends on missing context (`इस मामले में`), or addresses the reader.
    weak: float = 0.0


# An edition reads a few dozen articles for its summaries, most of them again when it is composed again.
@lru_cache(maxsize=500)
def candidates(article: Article) -> tuple[SentenceCandidate, ...]:
    """Return the sentences of the article that may be used, in order, each once."""
    has_body = any(block.kind == "p" for block in article.body)
    found: list[SentenceCandidate] = []
    seen: set[str] = set()
    position = -1
    paragraphs = [split(line) for line in article.text.split("\n")]
    if not has_body and paragraphs[-1] and not is_whole(paragraphs[-1][-1]):
        # The feed cut off the end of the excerpt.
        paragraphs[-1].pop()
    ends_in_danda = article.text.count("।") > article.text.count(". ")
    context = _Context()
    for sentences in paragraphs:
        context.new_paragraph()
        if article.language == "hi" and sentences and _lacks_mark(sentences[-1]):
            # The paper left out the mark at the end of a paragraph.
            sentences[-1] += "।"
        for at, text in enumerate(sentences):
            position += 1
            following = sentences[at + 1] if at + 1 < len(sentences) else ""
            within = context.read(text, following)
            folded = fold(text)
            if ends_in_danda and text.endswith("."):
                # An abbreviation ended it too early: `निदेशक एम. के.`
                continue
            if within is None or folded in seen or not _is_usable(text, folded, first=not found):
                continue
            seen.add(folded)
            each = _candidate(position, text, article, continues=within)
            if _ATTRIBUTES.search(folded):
                found = [_spoken(other, position) for other in found]
            found.append(each)
    return tuple(found)


def _lacks_mark(text: str) -> bool:
    return bool(_ENDS_IN_LETTER.search(text)) and ends_clause(text, is_marked=False)


def _spoken(each: SentenceCandidate, speaker_at: int) -> SentenceCandidate:
    """Return the sentence as one whose speaker a sentence shortly after it names, unless it names one itself."""
    is_spoken = speaker_at - each.position <= MOST_SENTENCES and not names_speech(each.text)
    return replace(each, speaker_at=speaker_at) if is_spoken else each


@dataclass(slots=True)
class _Context:
    """Remembers from the sentences so far whether the next one continues somebody's words or was cut off."""

    # Quotation marks that are open.
    opened: int = 0
    # Whether somebody speaks, so that the next sentence may be theirs.
    speaking: bool = False
    # Whether the sentence before this one was cut off by mistake.
    cut: bool = False
    starts_paragraph: bool = True

    def new_paragraph(self) -> None:
        self.opened, self.cut, self.starts_paragraph = 0, False, True

    def read(self, text: str, following: str) -> bool | None:
        """Whether the sentence continues somebody's words; None if it can't be used at all."""
        inside, self.opened = self.opened > 0, max(0, self.opened + text.count("“") - text.count("”"))
        was_cut, self.cut = self.cut, ends_in_abbreviation(text, following)
        speaks = opens_speech(text) and not is_teaser(text)
        continues = self.speaking and not speaks and not self.starts_paragraph
        self.starts_paragraph = False
        self.speaking = speaks or continues
        return None if inside or was_cut or self.cut else continues


def _candidate(position: int, text: str, article: Article, *, continues: bool) -> SentenceCandidate:
    shown = without_latin_brackets(without_opening(text))
    shown = with_place(shown, "" if position else article.place)
    plain = without_contrast(shown)
    # Nothing stands before the first sentence that could name the agent.
    hangs = (position > 0 and lacks_agent(plain)) or refers_back(plain, article.title)
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
    return bool(word) and stem_of(word) not in stems(title) and not _needs_no_name(word, title)


def _weakness(text: str, position: int, title: str) -> float:
    folded = fold(text)
    main_clause = DESCRIBES.split(folded, maxsplit=1)[0]
    is_habitual = _HABITUAL.search(folded) and (main_clause == folded or _HABITUAL.search(main_clause))
    if (is_habitual and not names_speech(text)) or addresses_reader(text) or points_inside(text, title):
        return 1.0
    # References in an article's first sentence are resolved inside it.
    return 0.8 if position and points_anywhere(text, title) else 0.0


def points_anywhere(text: str, title: str) -> bool:
    """Whether the sentence contains a word that may refer to an earlier sentence, and not to the title."""
    found = tokens(text)
    both = next((at for at, word in enumerate(found) if word in _ALL), 0)
    if both and _AND.isdisjoint(found[:both]):
        return True
    if next((word for word in found if word == "ने" or word in _AGENTS), "") in _AGENTS or _LIKE_THESE.search(
        fold(text)
    ):
        return True
    named = set(stems(title))
    return any(
        a in _DEMONSTRATIVES and stem_of(b) not in named and not _needs_no_name(b, title) for a, b in pairwise(found)
    )


def ends_in_abbreviation(text: str, following: str) -> bool:
    """Whether a full stop after a letter name or a digit ended the sentence too early: `नेता पी.`, `3. 5`."""
    last = text.split()[-1]
    if not last.endswith("."):
        return False
    word = last.rstrip(".")
    return (word in LETTER_NAMES and word not in _WORDS_AND_LETTERS) or (word.isdigit() and following[:1].isdigit())


def refers_back(text: str, title: str) -> bool:
    """Whether a sentence opens with a word that refers to something outside the sentence and the title."""
    if _WHERE.search(fold(text)):
        return True
    if opening(text) not in HANGING or HEARSAY.match(fold(text)):
        return False
    found = tokens(text)[:2]
    if len(found) < 2 or found[0] not in _THIS:
        return True
    return not _needs_no_name(found[1], title)


def _needs_no_name(word: str, title: str) -> bool:
    """Whether `इस` and this word need no sentence before them.

    `इस साल` never does; `इस हादसे में` does not if the title has what it stands for: टक्कर.
    """
    if word in _TIMES:
        return True
    return not GENERAL.get(key_of(word), set()).isdisjoint(map(key_of, tokens(title)))


def points_inside(text: str, title: str) -> bool:
    """Whether a pronoun is among the first words, with hardly a word before it that it could refer to."""
    found = [*tokens(text)[:6], "है"]
    return any(
        # `रामू और उनके भाई`
        a in _POINTERS and before not in _AND and not (a in _DEMONSTRATIVES and _needs_no_name(b, title))
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
        (bool(pieces) and refers_back(pieces[0], title), Message("it opened with a word that refers back")),
        (all(is_question(piece) for piece in pieces), Message("it was only a question")),
        (any(map(is_teaser, pieces)), Message("it contained a teaser")),
        (any(_DATELINE.match(fold(piece)) for piece in pieces), Message("it contained a dateline")),
        (echoes_title(text, title), Message("it only repeated the title")),
    )
    return [rule for is_broken, rule in checks if is_broken]


def is_question(text: str) -> bool:
    return text.rstrip("\"'”’»)] ।").endswith("?")


def _is_usable(text: str, folded: str, *, first: bool) -> bool:
    count = len(text.split())
    return (
        count >= LEAST_SENTENCE_WORDS
        and (count <= LONGEST or first)
        and bool(_CLOSED.search(text))
        and not _ELLIPSIS.search(text)
        and "\ufffd" not in text
        and balanced(text)
        and not TEASER.search(folded)
        and not _AGENCY.match(folded)
        and not _DATELINE.match(folded)
        # A caption, or a sentence whose first word the source lost.
        and text[0] not in "(["
        and (first or not _LABEL.match(folded))
        and opening(text) not in _POSTPOSITIONS
        and not _WHILE.search(folded)
        and not _HALF.search(folded)
        and not _RELATIVE.search(folded)
        # A cry, or the start of a longer quotation.
        and not text.endswith("!")
        and not (text.startswith("''") and text.count("''") == 1)
        and not lacks_speaker(text)
        and not addresses_reader(text)
    )


def echoes(each: SentenceCandidate, title: str) -> bool:
    """Whether the sentence only repeats the title: most of its stems are the title's, and hardly any is new."""
    return is_echo(set(each.stems), set(stems(title)))


def echoes_title(text: str, title: str) -> bool:
    """Whether the text only repeats the title, as `echoes` does for a candidate."""
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
    # Two of the same kind are a pair that is typed wrong.
    text = _SAME_PAIR.sub("", text)
    opened = text.count("‘")
    # An apostrophe before Latin letters closes nothing.
    closed = len(re.findall("’(?![a-zA-Z])", text))
    straight = len(re.findall("(?<![A-Za-z0-9])'|'(?![A-Za-z])", text))
    return opened == closed and text.count('"') % 2 == 0 and straight % 2 == 0
