"""Recognise the running counts of an epidemic or a disaster: of one place, an edition needs only the weightiest."""

from __future__ import annotations

from digest.curate.importance.evidence import find_evidence
from digest.curate.importance.numbers import number_values, read_counts
from digest.curate.importance.places import find_regions, is_abroad
from digest.curate.similarity.cues import Places, gazetteer
from digest.hindi.text import fold, folded_words
from digest.hindi.tokens import stems, written_tokens

# The counted event and its place: `("outbreak", "बिहार")`.
Tally = tuple[str, str]

EPIDEMIC, DISASTER = "outbreak", "disaster"
# Stem → the first of several words for one kind of disaster.
_KINDS = {
    stem: row.split()[0]
    for row in (
        "तूफान चक्रवात चक्रवाती साइक्लोन हरिकेन टाइफून cyclone storm hurricane",
        "बाढ़ सैलाब जलप्रलय flood floods",
        "भूकंप भूचाल earthquake",
        "भूस्खलन लैंडस्लाइड landslide",
        "हिमस्खलन एवलांच avalanche",
        "लू हीटवेव हीट गर्मी heatwave",
        "शीतलहर शीत ठंड कोल्ड",
    )
    for stem in stems(row)
}
# A headline about an epidemic that tells more than a count: `सरकार ने बताया आपदा, अब तक 84 मामले`. What is decided after
# a flood is part of the flood's story.
_MORE, _GOVERNMENT = frozenset({"closure", "decision"}), fold("सरकार")
# Rows that tell what a disaster did: `बाढ़ से तबाही`, `बाढ़ में 2000 लोग फंसे`.
_DAMAGE = frozenset({"havoc", "death", "affected", "closure"})
# `मई तक सामने आ सकते हैं 13 लाख मामले` expects a count and gives none.
_EXPECTED = folded_words("सकता सकती सकते आशंका अनुमान")
# An epidemic has many names (कोरोना, वायरस, महामारी), except for these.
_DISEASES = folded_words("डेंगू मलेरिया हैजा चिकनगुनिया निपाह इबोला जीका मंकीपॉक्स स्वाइन बर्ड चमकी इंसेफेलाइटिस एचएमपीवी")
_CONFIRMED = fold("पुष्टि")
_INDIA, _EARTH = "भारत", "दुनिया"
_HOME, _COUNTRY = folded_words("भारत india"), folded_words("देश देशभर")
_WORLD = folded_words("दुनिया दुनियाभर विश्व विश्वभर वैश्विक world")


def find_tallies(headline: str, lead: str, places: Places) -> frozenset[Tally]:
    """Return the counts of a headline, one for each place that it names. The damage of a disaster is a count too.

    Empty if it counts no dead, no cases and no damage, only expects them, or tells more than the count. `places` are
    the headline's. An epidemic without any is the country's.
    """
    evidence = find_evidence(headline, lead)
    if EPIDEMIC not in evidence and DISASTER not in evidence:
        return frozenset()
    if EPIDEMIC in evidence and any(evidence[row].share == 1 for row in _MORE & evidence.keys()):
        return frozenset()
    written = written_tokens(headline)
    counts = read_counts(written)
    found = [token for token, _word in written]
    new = "newcases" in evidence and number_values(written)
    confirmed = counts.affected and EPIDEMIC in evidence and _CONFIRMED in found
    damage = DISASTER in evidence and any(evidence[row].share == 1 for row in _DAMAGE & evidence.keys())
    is_counted = counts.dead or counts.cases or new or confirmed or damage
    if _GOVERNMENT in found or not _EXPECTED.isdisjoint(found) or not is_counted:
        return frozenset()
    named = _named_places(headline, found, places)
    if EPIDEMIC in evidence:
        kind = min(_DISEASES.intersection(found), default=EPIDEMIC)
        named = named or {_INDIA}
    else:
        called = stems(evidence[DISASTER].found)
        kind = next((_KINDS[stem] for stem in called if stem in _KINDS), " ".join(called))
        # A flood in a town is that of its state.
        named |= find_regions(found)
    return frozenset((kind, place) for place in named)


def _named_places(headline: str, found: list[str], places: Places) -> set[str]:
    """Return the towns that a headline names, else its states and countries; and the country or the world."""
    regions = find_regions(found)
    # The stem of a town may be that of another word.
    towns = {town for town in places.towns if not gazetteer().regions[town].isdisjoint(regions)}
    named = set(towns or regions)
    if not _WORLD.isdisjoint(found):
        named.add(_EARTH)
    is_home = not _COUNTRY.isdisjoint(found) and _EARTH not in named and not is_abroad(headline, found)
    if is_home or not _HOME.isdisjoint(found):
        named.add(_INDIA)
    return named
