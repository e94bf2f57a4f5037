"""The categories, URL slugs and headline words that point to a section. Data only.

Names are compared folded, with '-', '_', '&' and spaces as the same. Sections are those of `rules.SECTIONS`; other
newsletters configure their sections at their sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from digest.curate.rules import SECTIONS
from digest.hindi.text import table_rows, words
from digest.hindi.tokens import stem_of, tokens

NAMES: dict[str, tuple[str, ...]] = {
    "देश": words(
        "national india india-news indian desh bharat nation country states state rajya breaking-news crime apradh",
        "uttar-pradesh bihar delhi delhi-ncr madhya-pradesh rajasthan haryana punjab jharkhand uttarakhand",
        "himachal-pradesh chhattisgarh maharashtra gujarat west-bengal jammu-kashmir mumbai metro city local district",
        "karnataka kerala tamil-nadu telangana andhra-pradesh odisha assam goa north-east jammu-and-kashmir jammu",
        "ladakh up mp chennai ahmedabad pune nagpur",
        "lucknow kanpur varanasi prayagraj agra meerut noida ghaziabad gurgaon gurugram faridabad patna",
        "ranchi bhopal indore jaipur chandigarh dehradun shimla raipur kolkata bengaluru hyderabad",
        "देश भारत राष्ट्रीय राज्य अपराध क्राइम उत्तर-प्रदेश बिहार दिल्ली राजस्थान मध्य-प्रदेश शहर",
    ),
    "दुनिया": words(
        "world international duniya videsh antarrashtriya pakistan china america us south-asia southasia global",
        "rest-of-world middle-east europe africa uk russia nepal bangladesh foreign",
        "दुनिया विदेश अंतरराष्ट्रीय अंतर्राष्ट्रीय विश्व पाकिस्तान अमेरिका",
    ),
    "राजनीति": words(
        "politics political rajniti siyasat election elections chunav lok-sabha-election lok-sabha-elections",
        "assembly-election assembly-elections vidhan-sabha-chunav lok-sabha-chunav राजनीति चुनाव सियासत",
    ),
    "व्यापार": words(
        "business vyapar karobar biz economy market markets share-bazar money utility finance personal-finance",
        "share-market stock-market banking tax budget gold-silver mutual-funds companies industry real-estate",
        "auto automobile automobiles cars bikes ऑटो ऑटोमोबाइल",
        "व्यापार कारोबार बिजनेस अर्थव्यवस्था बाजार शेयर-बाजार पैसा आर्थिक",
    ),
    "विज्ञान": words(
        "science vigyan tech technology technology-news gadgets gadget tech-diary tech-guide mobile mobiles apps ai",
        "space environment climate science-tech",
        "sci-tech विज्ञान तकनीक टेक टेक्नोलॉजी गैजेट पर्यावरण अंतरिक्ष विज्ञान-तकनीक",
    ),
    "खेल": words(
        "sports sport khel cricket cricket-ipl ipl world-cup football hockey tennis kabaddi olympics badminton chess",
        "other-sports khel-khiladi wpl",
        "खेल क्रिकेट फुटबॉल हॉकी आईपीएल ओलंपिक",
    ),
    "मनोरंजन": words(
        "entertainment manoranjan bollywood tv ott movies movie cinema hollywood television film films music bhojpuri",
        "south-cinema bhojpuri-cinema web-series celebrity celebs movie-review movie-reviews tv-gossip",
        "मनोरंजन बॉलीवुड फिल्म सिनेमा टीवी संगीत",
    ),
    "स्वास्थ्य": words(
        "health health-news health-news-hindi lifestyle life-style fitness sehat swasthya wellness yoga health-fitness",
        "स्वास्थ्य सेहत हेल्थ लाइफस्टाइल जीवनशैली",
    ),
    "शिक्षा": words(
        "education career careers education-career shiksha jobs job naukri sarkari-naukri results result exam exams",
        "school college board-results admission campus",
        "शिक्षा करियर नौकरी परीक्षा रोजगार एजुकेशन",
    ),
}

_TABLE, _STEMS = "section_words.txt", "section_stems.txt"
# The points of a word. A strong one (`+` in the table) decides its section by itself.
POINT, STRONG = 1, 2
# The key of the points that every headline has.
EVERY = "*"
# Characters of a stem by which other forms of a word are recognised too. Shorter stems collide with other words.
LEAST_STEM = 4

# (section, points) of each section that a word points to.
Points = tuple[tuple[str, float], ...]
# (all stems of a phrase, section, points).
Phrase = tuple[tuple[str, ...], str, int]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The table of words that point to sections."""

    # Folded word -> points.
    words: dict[str, Points]
    # Stem -> points, for other forms of the words.
    forms: dict[str, Points]
    # First stem -> phrases.
    phrases: dict[str, tuple[Phrase, ...]]


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Load the table of words once."""
    exact: dict[str, dict[str, int]] = {}
    forms: dict[str, dict[str, int]] = {}
    phrases: dict[str, dict[tuple[tuple[str, ...], str], int]] = {}
    for line in table_rows("digest.curate", _TABLE):
        section, _, row = line.partition(" | ")
        for entry in row.split():
            points = STRONG if entry.startswith("+") else POINT
            entry = entry.lstrip("+")
            found = tokens(entry.lstrip("=").replace("_", " "))
            stemmed = tuple(filter(None, map(stem_of, found)))
            if len(found) > 1:
                phrases.setdefault(stemmed[0], {})[stemmed, section] = points
                continue
            points_by_section = exact.setdefault(found[0], {})
            points_by_section[section] = max(points, points_by_section.get(section, 0))
            if stemmed and len(stemmed[0]) >= LEAST_STEM and not entry.startswith("="):
                points_by_section = forms.setdefault(stemmed[0], {})
                points_by_section[section] = max(points, points_by_section.get(section, 0))
    return Lexicon(
        {word: tuple(points_by_section.items()) for word, points_by_section in exact.items()},
        {stem: tuple(points_by_section.items()) for stem, points_by_section in forms.items()},
        {
            first: tuple((whole, at, n) for (whole, at), n in points_by_section.items())
            for first, points_by_section in phrases.items()
        },
    )


# A value for each section, in the order of `rules.SECTIONS`.
Vector = tuple[float, ...]
_learned: dict[str, Vector] = {}


def learned_points() -> Mapping[str, Vector]:
    """Return the learned points by key: of stems, words (after `=`), rows (after `@`) and EVERY. Loaded once."""
    if not _learned:
        points: dict[str, dict[str, float]] = {}
        for row in table_rows("digest.curate", _STEMS):
            head, _, keys = row.partition(" | ")
            section, _, value = head.partition(" ")
            for key in keys.split():
                points.setdefault(key, {})[section] = float(value)
        set_learned_points(points)
    return _learned


def set_learned_points(points: Mapping[str, Mapping[str, float]]) -> None:
    """Replace the table's points, to measure others. `points` are by key and section."""
    _learned.clear()
    _learned.update({key: tuple(values.get(at, 0.0) for at in SECTIONS) for key, values in points.items()})


@lru_cache(maxsize=50_000)
def keys_of_token(token: str) -> tuple[str, ...]:
    """Return the keys of a token in `learned_points`: its stem and the word itself. Numbers have none."""
    return tuple(key for key in (stem_of(token), f"={token}") if key and not key.lstrip("=")[0].isdigit())


def strong_words(section: str) -> tuple[str, ...]:
    """Return the words and phrases that point to a section by themselves."""
    return tuple(
        entry.lstrip("+=").replace("_", " ")
        for line in table_rows("digest.curate", _TABLE)
        for name, _, row in (line.partition(" | "),)
        if name == section
        for entry in row.split()
        if entry.startswith("+")
    )


@dataclass(frozen=True, slots=True, eq=False)
class SectionWord:
    """A word of a text, unless it is a stop word: its sections, and the phrases that may begin with it."""

    token: str
    stem: str
    points: Points
    phrases: tuple[Phrase, ...]


@lru_cache(maxsize=50_000)
def look_up(piece: str) -> tuple[SectionWord, ...]:
    """Return the words of a piece of text without spaces. Cached, so that equal pieces share their objects."""
    table = lexicon()
    return tuple(
        SectionWord(
            token,
            stem,
            table.words.get(token) or table.forms.get(stem, ()),
            table.phrases.get(stem, ()),
        )
        for token in tokens(piece)
        if (stem := stem_of(token))
    )
