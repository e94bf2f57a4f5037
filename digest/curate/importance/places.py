"""Find the states and countries that a headline names, itself or by a town, and whether it is about another country.

Names are compared as they are written. Stems would confuse them with other words: बाली with बाल, मऊ with मां.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from functools import lru_cache

from digest.curate.importance.matching import find_rows
from digest.hindi.text import table_rows
from digest.hindi.tokens import stem_of, tokens

# In the news, जवान are our own soldiers.
_INDIA = re.compile("भारत|india|(?<!नौ)जवान(?!ी)", re.IGNORECASE)
# News about Indians is news from home, wherever it happens: `नेपाल: हादसे में 5 भारतीयों की मौत`.
_INDIANS = re.compile("भारतीय|indian", re.IGNORECASE)
# Our own side of a border.
_BORDER = re.compile("(?:नेपाल|पाकिस्तान|पाक|चीन|बांग्लादेश|भूटान|म्यांमार) (?:सीमा|बॉर्डर|से सटे|से लगे|से लगी)")
# `पाकिस्तान: …`: words of a headline that is labelled with a place.
_LABEL_WORDS = 2
# India, unless another country is named before it: `हैती के राष्ट्रपति की हत्या, देश में हिंसा`.
_IN_THE_COUNTRY = "देश में"


@lru_cache(maxsize=1)
def _names() -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """Return first token of a name → (all its tokens, its state or country)."""
    names: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for line in table_rows("digest.curate.similarity", "places.txt"):
        region, _, towns = line.partition(" | ")
        for entry in (region, *towns.split()):
            for name in entry.split("="):
                found = tuple(tokens(name.replace("_", " ")))
                names.setdefault(found[0], []).append((found, region.split("=")[0]))
    return names


@lru_cache(maxsize=1)
def region_stems() -> frozenset[str]:
    """Return the stems of the names of states and countries that have one word, India among them."""
    regions = (line.partition(" | ")[0] for line in table_rows("digest.curate.similarity", "places.txt"))
    names = (name for region in regions for name in region.split("=") if "_" not in name)
    return frozenset(stem_of(token) for name in (*names, "भारत") for token in tokens(name))


def find_regions(found: Sequence[str]) -> frozenset[str]:
    """Return the states and countries that the tokens of a text name."""
    names = _names()
    return frozenset(
        region
        for at, token in enumerate(found)
        for name, region in names.get(token, ())
        if len(name) == 1 or tuple(found[at : at + len(name)]) == name
    )


def is_abroad(text: str, found: Sequence[str], rows: Container[str] | None = None) -> bool:
    """Whether a text names a foreign country or a town there, and nothing in India. A place before a colon decides.

    `found` are its tokens, `rows` those that they match if the caller knows them.
    """
    label, colon, _rest = text.partition(":")
    if colon and len(label.split()) <= _LABEL_WORDS and (named := find_regions(tokens(label))):
        return all(_is_foreign(region) for region in named) and not _INDIANS.search(text)
    regions = find_regions(found)
    if any(not _is_foreign(region) for region in regions) or _INDIA.search(text):
        return False
    if len(regions) <= 1 and _BORDER.search(text):
        return False
    if regions:
        return True
    return _IN_THE_COUNTRY not in text and "foreign" in (find_rows(found) if rows is None else rows)


@lru_cache(maxsize=1_000)
def foreign_country(headline: str) -> str:
    """Return the one foreign country that a headline is about; '' for none and for several."""
    found = tokens(headline)
    regions = find_regions(found)
    return next(iter(regions)).replace("_", " ") if len(regions) == 1 and is_abroad(headline, found) else ""


@lru_cache(maxsize=1_000)
def _is_foreign(region: str) -> bool:
    return "foreign" in find_rows(tokens(region.replace("_", " ")))
