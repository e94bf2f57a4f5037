"""Clean headlines of a site's marks, its name and its kicker, and replace titles that are no headlines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from unicodedata import category

from digest.collect.cleaning.dateline import is_credit, is_name, kind_of, split_dateline
from digest.collect.cleaning.dedupe import letters
from digest.collect.cleaning.kickers import is_needed, without_rubric
from digest.collect.cleaning.places import REGIONS
from digest.collect.cleaning.text_rules import TITLE_MARKS
from digest.hindi.cut import shorten
from digest.hindi.sentences import split
from digest.hindi.text import deva_ratio, fold, table_rows, words
from digest.hindi.title_tails import without_tails
from digest.models import TextBlock

# Devanagari words that must remain of a title if a Latin kicker is removed.
DEVANAGARI_WORDS = 4

# Titles with fewer digits can be headlines: `Covid-19`, `3-2-1`.
DIGITS_OF_A_RECORD = 4

# At most forty characters, or more if all are Latin, because pages put keywords before a headline.
_KICKER = re.compile(r"^([^:|]{2,40}?|[A-Za-z0-9 ,.'’&/()!?-]{3,160})\s*[:|](?:\s+(?=\S)|(?=[\u0904-\u0939“‘\"']))")

_DEVA = "\u0900-\u0963\u0971-\u097f\u200c\u200d"

# A section or town before a slash, as in Bhaskar: `पटना / नहर में पानी छोड़ा गया`.
_LABEL = re.compile(f"^([{_DEVA}-]{{2,20}}(?: [{_DEVA}-]{{2,20}})?)(?: / ?|/ )(?=[^ ])")

# The part of a headline before its colon. The headline keeps it; the text of the report does not contain it. The
# colon of 3:30 ends no part.
_SUBJECT = re.compile(r"^([^:|।.?!]{2,40}?) ?(?:(?<![0-9])[:|]|(?<=[0-9])[:|](?![0-9])) ?(?=[^\s:])")

# A subject that the headline repeats: `नहर: नहर में पानी छोड़ा गया`.
_TWICE = re.compile(r"^([^:|]{2,40}?) ?[:|] ?(?=\1 )")

# A quotation whose closing mark is the only one of the title.
_LOST_QUOTE = re.compile("^([^'‘’\"“”]{6,80})['’](?= )")
_SINGLE_QUOTES = "'‘’"
# A headline that starts or ends with one of these is meaningless without its noun.
_BOTH = frozenset({"दोनों", "दोनो", "तीनों"})
# Also one that starts with a list of qualities of a thing, or with a description of a person.
_QUALITIES = frozenset(
    words("कीमत क़ीमत दाम इंजन माइलेज डिजाइन डिज़ाइन रेंज बैटरी फीचर्स फ़ीचर्स कैमरा परफॉर्मेंस स्पेसिफिकेशन लुक डिस्प्ले वेरिएंट")
)
_OWNERS = frozenset({"आपका", "आपकी", "आपके"})

_FILE_NAME = re.compile(r"[A-Za-z0-9]{1,60}(?:[_.-]{1,2}[A-Za-z0-9]{1,60}){2,20}")
_DEVA_WORD = re.compile(f"[{_DEVA}]+")
_LATIN = re.compile("[A-Za-z]{2}")


def split_title(title: str, sites: Sequence[str]) -> tuple[str, str | None]:
    """Return the title without marks, site name and Latin kicker, and the kicker."""
    # Several marks may follow each other: `LIVE … | NBT 0:39 Play video`.
    for _ in range(3):
        before = title
        title = _without_site(marked_off(title), sites)
        if title == before:
            break
    label = _LABEL.match(title)
    if label and len(_DEVA_WORD.findall(title[label.end() :])) >= DEVANAGARI_WORDS:
        rest, kicker = split_title(title[label.end() :], sites)
        if fold(label[1]) in REGIONS and fold(label[1]) not in fold(rest):
            return f"{label[1]}: {rest}", kicker
        return rest, kicker or label[1]
    kicker = None
    # Live pages have two.
    for _ in range(2):
        match = _KICKER.match(title)
        if match and _LATIN.search(match[1]) and not _DEVA_WORD.search(match[1]):
            rest = title[match.end() :].strip()
            if len(_DEVA_WORD.findall(rest)) >= DEVANAGARI_WORDS:
                title, kicker = rest, kicker or match[1].strip()
    title, rubric = without_rubric(_TWICE.sub("", title, count=1))
    shown = _with_lost_quote(without_tails(title))
    if kicker and (_needs_kicker(shown.split()) or is_needed(kicker, title, shown)):
        # `1 लाख में हो सकती है आपकी`, `कीमत, इंजन में कौन बेहतर`: only the kicker says what.
        return f"{kicker}: {shown}", None
    return shown, kicker or rubric


def _needs_kicker(shown: Sequence[str]) -> bool:
    is_list = shown[0].rstrip(",") in _QUALITIES and (shown[0].endswith(",") or shown[1:2] in (["और"], ["व"]))
    return is_list or shown[-1] in _OWNERS or shown[0] in _BOTH


def _with_lost_quote(title: str) -> str:
    """Return the title with the quotation mark at its start that a feed lost: `अब नहीं…' मंत्री का दर्द`."""
    return _LOST_QUOTE.sub(r"‘\1’", title) if sum(title.count(mark) for mark in _SINGLE_QUOTES) == 1 else title


def subject_of(title: str) -> str | None:
    """Return the part before the title's first colon or bar; None if there is none."""
    match = _SUBJECT.match(title)
    return match[1] if match else None


def is_placeholder(title: str) -> bool:
    """Whether a title is a record's name (`story_2026_11_23_4711.utf8`, `14`) or a site's name."""
    if title and not any(char.isalpha() for char in title):
        return True
    if is_site_name(title):
        return True
    return _FILE_NAME.fullmatch(title) is not None and sum(char.isdigit() for char in title) >= DIGITS_OF_A_RECORD


def is_site_name(text: str) -> bool:
    """Whether a line is only the name of a known site: `- Navbharat Times`."""
    return fold(text.strip(" |-–—")) in _KNOWN_SITES


def marked_off(title: str) -> str:
    """Return the title without the marks that sites put before and after it."""
    title = title.strip() or title
    for row in TITLE_MARKS:
        shorter = row.apply(title)
        if shorter != title:
            title = shorter.strip() or title
    return title


def _without_site(title: str, sites: Sequence[str]) -> str:
    """Return the title without ` | Site` or ` - Site` at its end."""
    for separator in (" | ", " - ", " – ", " — ", "| ", " |"):
        front, found, name = title.rpartition(separator)
        if found and len(front) >= 8 and fold(name.strip()) in _KNOWN_SITES | {fold(site) for site in sites}:
            return front.rstrip(" |-–—")
    return title


_KNOWN_SITES = {fold(row) for row in table_rows("digest.collect.cleaning", "sites.txt")}


# Replacement titles: for an article whose title is a file name, a byline or its first paragraph.

# Characters. A longer title of several sentences is the report's first paragraph.
_LONG_TITLE = 200

# Grapheme clusters of a first sentence that replaces a headline. Nearly all fit, because the verb is at the end.
_MAX_MADE_TITLE = 150

# A shorter sentence is an exclamation or a quotation, and says little about the report.
_MIN_WORDS = 6

# The least share of Devanagari letters in a Hindi text.
_HINDI = 0.5

# Words of a person's name.
_NAMED = 3

_ENDED = re.compile("[।॥?!.|][\"'”’»)]*$")


def headline(title: str, body: Sequence[TextBlock], excerpt: str) -> tuple[str, Sequence[TextBlock]]:
    """Return a headline and the body. If a paragraph was in the headline's place, the body gets it back."""
    text = next((block.text for block in body if block.kind == "p" and not is_site_name(block.text)), excerpt)
    is_record = is_placeholder(title) or kind_of(title) == "place" or _is_of_hashtags(title)
    if is_record or _is_byline(title, text) or _is_latin(title, text):
        return first_words(text) or title, body
    sentences = split(title) if len(title) > _LONG_TITLE or title.endswith("।") else []
    if len(sentences) < 2:
        made = first_words(text) if is_cut(title) else None
        return (title if made is None or is_cut(made) or f"{made}.." in text else made), body
    whole = " ".join(sentences if _ENDED.search(sentences[-1]) else sentences[:-1])
    return first_words(title) or title, (TextBlock("p", whole), *body)


def _is_byline(title: str, text: str) -> bool:
    """Whether a title only says who reports from where (`रमा देवी, मेरठ`, `संवाद सूत्र, रामगंज:`), or about where."""
    if is_credit(title):
        return True
    if title.endswith((":", "।")) and split_dateline(f"{title} {text}")[1] in (text, split_dateline(text)[1]):
        return True
    place, colon, rest = title.partition(":")
    if colon and kind_of(place) == "place" and len(rest.split()) <= 1:
        # `उन्नाव: एक्सप्रेस`: the rest was cut off.
        return True
    person, comma, place = title.partition(", ")
    words = person.split()
    return bool(comma) and 2 <= len(words) <= _NAMED and is_name(person) and kind_of(place) == "place"


def _is_latin(title: str, text: str) -> bool:
    """Whether a title is Latin above a Hindi text: a keyword (`blizzard`) or an English headline for search engines.

    `Covid-19` or `Kamla X2` may be a Hindi one.
    """
    is_one = title.islower() or not any(letter.isdigit() for letter in title)
    return is_one and title != "" and title.isascii() and deva_ratio(text) > _HINDI


def _is_of_hashtags(title: str) -> bool:
    return title != "" and all(word.startswith("#") for word in title.split())


def is_cut(title: str) -> bool:
    """Whether a title ends with dots, as feeds cut long ones: `मंत्री ने नहर पर बुल...`."""
    return title.endswith(("..", "…"))


def is_makeshift(title: str, text: str) -> bool:
    """Whether a page's own title is better: the title was cut off, or is the start of the text."""
    return is_cut(title) or letters(text).startswith(letters(title))


def first_words(text: str) -> str | None:
    """Return the first sentence without dateline and full stop, shortened if it is long.

    None if the text has none, or starts within a word.
    """
    if category(text[:1] or " ").startswith("M"):
        return None
    sentences = split(split_dateline(text)[1])
    first = next((one for one in sentences if len(one.split()) >= _MIN_WORDS), "".join(sentences[:1]))
    return shorten(first.rstrip("।॥. "), _MAX_MADE_TITLE) or None
