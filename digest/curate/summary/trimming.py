"""Shorten a sentence without losing news: remove an opening phrase, Latin words in brackets, or a last clause."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from digest.curate.summary.voice import lacks_agent, names_speech
from digest.curate.summary.word_lists import any_written
from digest.hindi.clauses import WEIGHTY, ends_clause, reports_event
from digest.hindi.dates import MONTHS, WEEKDAYS, weekday
from digest.hindi.tokens import stems, tokens

# `हैरानी की बात तो यह है कि` too.
_OPENING = re.compile(
    rf"^(?:(?:आप ?को |ज्ञात |आपको )?(?:{any_written('introduction')},? कि|दरअसल|असल में|खबर है कि)"
    "|[^ ,]+ की बात (?:तो )?(?:(?:यह|ये) )?(?:भी )?है कि),? "
)
# A place or an office with an agency's mark before a colon: `नगर न्यायालय (सं): `.
_CREDIT = re.compile("^[^।.:()]{2,40} ?\\([^()]{1,12}\\) ?[:–-] ")
# `इस दौरान हुए हादसों में`, `यहां आए लोग` and `वहीं पर` are no contrast. `जिसमें कम से कम 20 लोग` can stand alone.
_CONTRAST = re.compile(
    rf"^{any_written('contrast')},? (?!(?:पर|से|के|की|का|तक|भी) |हु[एईआ]|आ[एईय]|रह|पहुंच|बन)"
    "|^जिसमें (?=कम से कम|करीब|लगभग|[0-9०-९])"
)
# `इस समय जहां … है। वहीं …`: without its second half.
_WHERE = re.compile("^((?:इस समय|इस वक्त|इन दिनों|फिलहाल|अभी|एक तरफ|एक ओर),? )जहा[ंँ] (?!.*[ ,](?:वहा[ंँ]|वही[ंँ]|तो) )")
# `यहां` is the place of a dateline, which is not shown. A place of more words is a list.
_HERE = re.compile("^यहा[ंँ] (?:(?=(?:के|की|का|से|स्थित) )|(?:पर )?)")
_HERE_INSIDE = re.compile("(?<=(?: ने| को| का| की)) यहा[ंँ] (?!(?:के|की|का|से|स्थित|तक|पर|वहा[ंँ]) )")
# `शहर में` too needs the name.
_TOWN = re.compile("(?:शहर|नगर|कस्बे|जिले|ज़िले|जनपद) (?:में|के|की|का|से|को) ")
_PLACE_WORDS = 2
_COUNTRY = re.compile("^देश (में|के|की|का|से|को) ")
# Newspapers that write आज write for readers in India.
_INDIA = ZoneInfo("Asia/Kolkata")
# A report of the first hours may be of the day before.
_FIRST_HOUR = 4
_BEFORE_TODAY = "(?<![^ (])(?<!लेकिन )(?<!मगर )"
_TODAY_AT = re.compile(
    f"{_BEFORE_TODAY}आज (?=(?:सुबह|शाम|रात|दोपहर|तड़के|तडके|देर|आधी|मध्य|से(?!.* (?:पहले|पूर्व))|[0-9०-९.:]+ बजे)(?: |$))"
)
_TODAY = re.compile(
    f"{_BEFORE_TODAY}आज(?=[ ,])(?! (?:तक|भी|ही के|ने|के|की|का|से|और|व|या|तथा|जब|नहीं|हर|सब|हम|समाज|कोई|जहां|जहाँ|दुनिया) )"
)
_AND = re.compile(" और |, ")
_TODAY_QUOTED = re.compile("(?:[“‘]|(?<![^ (,:])[\"'](?! ))[^“”‘’\"']*(?<![^ “‘\"'])आज")
# Latin words in brackets, for search engines. A short acronym after its name is news: `केंद्रीय जांच ब्यूरो (CBI)`.
_NEITHER = r"[^()\[\]\u0900-\u097f]*"
_LATIN_BRACKET = re.compile(
    rf" ?[(\[](?! ?[A-Z0-9&.-]{{2,8}} ?[)\]]){_NEITHER}[A-Za-z]{{2}}{_NEITHER}[)\]](?=(?P<glued>[\u0904-\u0939])?)"
)
_BOUNDARY = re.compile(
    rf"(?:,|;| -| –) ?(?={any_written('last_clause')} )|(?<=[^,;]) (?=(?:और|तथा|जबकि|जिससे|जिसमें) )|; ?"
)

# The least words that remain of a sentence.
_LEAST_WORDS = 8
# `ऐसी व्यवस्था होगी, जो …`: the relative clause says which one.
_RELATIVE = re.compile("(?:जो|जि[नस][^ ]*|जहा[ंँ]|जब) ")
_POINTS_AHEAD = re.compile("(?:^| )(?:ऐस[ाीे]|इतन[ाीे]|उस|उन|वह|वो|वे|तब|वहा[ंँ]|उसी|उन्हीं) ")


def without_opening(text: str) -> str:
    """Return the sentence without a phrase that only introduces it."""
    return _OPENING.sub("", _CREDIT.sub("", text.lstrip("-–—•*: "), count=1), count=1)


def with_place(text: str, place: str) -> str:
    """Return the sentence with the place of the dateline for `यहां` or before `शहर` at its start.

    `यहां` inside it is removed.
    """
    if not 0 < len(place.split()) <= _PLACE_WORDS:
        return _HERE_INSIDE.sub(" ", text)
    if _TOWN.match(text):
        return _HERE_INSIDE.sub(" ", f"{place} {text}")
    found = _HERE.match(text)
    if not found:
        return _HERE_INSIDE.sub(" ", text)
    rest = text[found.end() :]
    rest = rest if re.match("(?:के|की|का|से|स्थित) ", rest) else f"में {rest}"
    return _HERE_INSIDE.sub(" ", f"{place} {rest}")


def with_country(text: str, country: str) -> str:
    """Return the sentence with the country's name for `देश` at its start: readers in India take that for India."""
    return _COUNTRY.sub(lambda found: f"{country} {found[1]} ", text, count=1) if country else text


def with_weekday(text: str, published: datetime) -> str:
    """Return the sentence with the weekday of its publication for आज, which is another day when the edition is read.

    What is not said of an event stays: `आज भी`, `आज हर घर में फोन है`. So does a quotation, and a sentence that names
    its day (`आज सोमवार को`) or the day before or after (`कल`).
    """
    day = published.astimezone(_INDIA)
    if "आज" not in text or day.hour < _FIRST_HOUR or _names_day(text) or _TODAY_QUOTED.search(text):
        return text
    name = weekday(day)
    text = _TODAY_AT.sub(f"{name} ", text)
    # `आज पुल खुला और भीड़ है` tells an event of today, `आज फोन जरूरी हैं और दुकान खुली` does not.
    part = next((part for part in _AND.split(text) if _TODAY.search(part)), "")
    is_event = reports_event(part) if ends_clause(part, is_marked=True) else reports_event(text)
    return _TODAY.sub(f"{name} को", text) if is_event else text


def _names_day(text: str) -> bool:
    words = tokens(text)
    if any(word == "कल" or (word.endswith("वार") and word in WEEKDAYS) for word in words):
        return True
    return any(number.isdigit() and word in MONTHS for number, word in pairwise(words))


def without_contrast(text: str) -> str:
    """Return the sentence without an opening phrase that contrasts it with the sentence before it or after it."""
    return _WHERE.sub(r"\1", _CONTRAST.sub("", text, count=1), count=1)


def without_latin_brackets(text: str) -> str:
    """Return the sentence without brackets of Latin words for search engines."""
    return _LATIN_BRACKET.sub(lambda found: " " if found["glued"] else "", text)


def shorten_sentence(text: str, room: int, title: str) -> str:
    """Return the sentence cut after a whole clause to at most `room` words, or unchanged.

    The part that is cut off contains no denial, doubt or attribution, and no word of the title that the rest lacks.
    """
    if len(text.split()) <= room:
        return text
    end = text[-1] if text[-1] in "।." else "।"
    wanted = set(stems(title))
    for found in sorted(_BOUNDARY.finditer(text), key=lambda match: -match.start()):
        head, tail = text[: found.start()], text[found.end() :]
        count = len(head.split())
        # The news may be in a longer last part.
        is_most = count >= max(_LEAST_WORDS, len(text.split()) / 2)
        if count > room or not is_most or not ends_clause(head, is_marked=bool(found.group().strip())):
            continue
        dropped = set(tokens(tail))
        if WEIGHTY & dropped or (wanted & set(stems(tail))) - set(stems(head)):
            continue
        if _RELATIVE.match(tail) and _POINTS_AHEAD.search(head):
            continue
        if names_speech(tail) and not names_speech(head):
            continue
        if lacks_agent(head) and not lacks_agent(text):
            # `तूफान ने तबाही मचाई`, but `दो दिन से तबाही मचा रखी है और इसमें …`
            continue
        return head.rstrip(" ,;:-–") + end
    return text
