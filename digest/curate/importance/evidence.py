"""Find evidence for and against the importance of a headline and its first paragraph."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from digest.curate.importance.matching import find_rows
from digest.curate.importance.numbers import NONE, NumberCounts, read_counts
from digest.curate.importance.places import find_regions, is_abroad
from digest.curate.importance.rows import ROWS, WORD_ROWS
from digest.curate.rules import REMEMBERED
from digest.hindi.numbers import group
from digest.hindi.text import fold, folded_words
from digest.hindi.title_tails import LABEL_WORDS, VOICE, hides_news
from digest.hindi.tokens import written_tokens

# Words of a headline. If a whole paragraph is in its place, the words after these count as lead.
HEADLINE_WORDS = 45
# Characters of the first paragraph that are read, and their weight compared with the headline.
LEAD, LEAD_SHARE = 260, 0.4
# A death toll or a sum of money in the lead counts half. Only the lead's first sentence is read for them, because later
# ones report earlier events.
LEAD_NUMBER_SHARE = 0.5
# The weight of an event in a soft headline.
SOFT_SHARE = 0.5
# How many deaths abroad matter as much as one at home, by the guideline for the labels (ten in India, fifty abroad).
ABROAD = 5
# The same in an epidemic, where each day's toll abroad is one more count, while the first deaths at home are news.
EPIDEMIC_ABROAD = 100
# A hundred deaths are the news of the day. The row of ten or more counts this many times then.
MASS_DEATHS, MASS_SHARE = 100, 1.5
# The weight of another country's government, parties, courts, agencies and provinces, and the rows that find them.
ABROAD_SHARE = 0.5
STATE_BODIES = frozenset({"topcourt", "court", "agency", "union", "state", "head", "government", "politics"})
# The weight of an institution in a headline that reacts to it: whoever praises a verdict does not give it.
REACTION_SHARE, INSTITUTIONS = 0.5, frozenset({"topcourt", "world", "agency"})
# The weight of the death and the trial in a headline about a crime. They are parts of it, unless many people died.
CRIME_SHARE, PARTS_OF_CRIME = 0.5, frozenset({"death", "court"})

_FIRST_SENTENCE = re.compile(r"[।|]|\.\s")
# A quotation, perhaps after a Latin kicker, and no name in quotation marks: `'हेलेन' का कहर`.
_QUOTATION = re.compile(r"(?:[A-Za-z0-9.-]{1,25} ){0,5}?['‘\"“”](?!\S{1,25}(?: \S{1,25})?['’\"”])")
# A headline in the past perfect is an old story: `बेची गई थी नहर`. If another part has another tense, that part is news.
_PERFECT = folded_words("था थी थे थीं")
_PART = re.compile("[,;।!] ?")
_LEAST_PART = 3
# `आज ही के दिन डूबी थी नाव, 40 मरे`, `अब तक के बड़े हादसे`: the dead are of other years.
# But `अब तक के सबसे बड़े हादसे में 40 मरे` is news.
_DISASTERS = "भूकंप|हादसे|हमले|तूफान|युद्ध|दंगे|विस्फोट"
_OTHER_YEARS = re.compile(
    fold(f"(?<![^ ])(?:आज (?:ही के|के ही) दिन|अब तक के (?:[^ ,:]+ ){{0,2}}(?:{_DISASTERS}) ?(?=$|[,:!?|]))")
)
# Rows that name whom or what a headline is about.
_NAMING = frozenset(row.name for row in WORD_ROWS if row.weight > 0) | {"police"}
_SPACE = frozenset({"space", "mission"})
_GOVERNMENTS, _SALES = frozenset({"union", "state"}), frozenset({"gadget", "offer"})
# `विपक्ष ने मांगा मुख्यमंत्री का इस्तीफा`, `डिप्टी सीएम का इस्तीफा`: no head of a government resigns.
_NO_RESIGNATION, _OTHER_OFFICES = folded_words("मांगा मांगे मांग नहीं अटकलें"), folded_words("पूर्व डिप्टी former deputy")
_WHO = folded_words("जिसने जिन्होंने")
_CRIMES = frozenset({"crime", "death", "police"})
_SOFT = frozenset(row.name for row in ROWS.values() if row.is_soft)
_DISEASES = frozenset({"outbreak", "newcases"})
_EVENTS = frozenset(row.name for row in ROWS.values() if row.is_event)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The share (0..1) of a row's weight that counts, and the words or number that match the row."""

    share: float
    found: str = ""


@lru_cache(maxsize=REMEMBERED)
def find_evidence(headline: str, lead: str = "") -> Mapping[str, Evidence]:
    """Return row name → evidence, for the rows that match the headline and lead."""
    words = headline.split()
    if len(words) > HEADLINE_WORDS:
        headline, lead = " ".join(words[:HEADLINE_WORDS]), f"{' '.join(words[HEADLINE_WORDS:])} {lead}"
    if lead.startswith(headline):
        # Without a headline, the first sentence of the paragraph takes its place.
        lead = lead[len(headline) :].lstrip(" ।.|")
    first, *rest = _FIRST_SENTENCE.split(lead[:LEAD], maxsplit=1)
    in_title, in_first, in_rest = (written_tokens(text) for text in (headline, first, " ".join(rest)))
    called = _rows(in_title)
    evidence = {name: Evidence(1.0, found) for name, found in called.items()}
    for name, found in _rows([*in_first, *in_rest]).items():
        if name not in evidence and ROWS[name].in_lead:
            evidence[name] = Evidence(LEAD_SHARE, found)
    # A launch by ISRO is not a product launch, and a car in a crime or a death is no product.
    if not _SPACE.isdisjoint(evidence) or not _CRIMES.isdisjoint(called):
        called.pop("gadget", None)
        evidence.pop("gadget", None)
    # Parties win too: `भाजपा ने सपा को हराया`.
    if "victory" in evidence and "politics" in called and "sport" not in called:
        evidence.setdefault("election", evidence.pop("victory"))
    # When a government decides on a price or a service, that is no advertisement.
    if "decision" in called and not _GOVERNMENTS.isdisjoint(called):
        for name in _SALES:
            called.pop(name, None)
            evidence.pop(name, None)
    is_soft = not _SOFT.isdisjoint(called)
    title_tokens = [token for token, _word in in_title]
    if "head" in evidence and not _NO_RESIGNATION.isdisjoint(title_tokens):
        evidence["politics"] = evidence.pop("head")
    if "head" in evidence and not _OTHER_OFFICES.isdisjoint(title_tokens):
        evidence["change"] = evidence.pop("head")
    scale = 1
    if is_abroad(headline, title_tokens):
        scale = EPIDEMIC_ABROAD if "outbreak" in evidence else ABROAD
        _reduce(evidence, STATE_BODIES, ABROAD_SHARE)
    counts = read_counts(in_title[: _description(title_tokens)])
    # Below another headline about an epidemic, the running count is no news.
    of_lead = NONE if "outbreak" in evidence else read_counts(in_first).without(counts)
    if other_years := _OTHER_YEARS.search(fold(headline)):
        counts = of_lead = NONE
        evidence["history"] = Evidence(1.0, other_years.group().strip())
    for each, share in ((of_lead, LEAD_NUMBER_SHARE), (counts, 1.0)):
        evidence.update(_numbers(each, share, is_soft=is_soft, scale=scale))
    # Without a disease they are cases of a court.
    if _DISEASES.isdisjoint(evidence):
        evidence.pop("cases", None)
    if is_soft and "dead" not in evidence:
        _reduce(evidence, _EVENTS, SOFT_SHARE)
    if "reaction" in called:
        _reduce(evidence, INSTITUTIONS, REACTION_SHARE)
    if "crime" in called and "many_dead" not in evidence:
        _reduce(evidence, PARTS_OF_CRIME, CRIME_SHARE)
    is_question = headline.rstrip("\"'”’»)] ").endswith("?")
    if not lead and not is_question and hides_news(headline):
        evidence["hides"] = Evidence(1.0)
    if sum(not word.startswith("#") for word in words) <= LABEL_WORDS:
        evidence["label"] = Evidence(1.0, headline)
    if "?" in headline:
        evidence.setdefault("question", Evidence(1.0, "?"))
    if _QUOTATION.match(headline.lstrip()) or (title_tokens and title_tokens[0] in VOICE):
        evidence["quote"] = Evidence(1.0)
    if (
        "history" in evidence
        and not other_years
        and fold(evidence["history"].found) in _PERFECT
        and _tells_more(headline)
    ):
        del evidence["history"]
    if not find_regions(title_tokens) and _NAMING.isdisjoint(called) and "dead" not in evidence:
        evidence["noname"] = Evidence(1.0)
    return evidence


def tells_mass_deaths(headline: str) -> bool:
    """Whether an event killed MASS_DEATHS people, or as many as count the same abroad. An epidemic is no event."""
    evidence = find_evidence(headline)
    return "many_dead" in evidence and evidence["many_dead"].share > 1 and "outbreak" not in evidence


def _reduce(evidence: dict[str, Evidence], names: frozenset[str], share: float) -> None:
    """Multiply the shares of these rows, where they match."""
    for name in names & evidence.keys():
        evidence[name] = Evidence(evidence[name].share * share, evidence[name].found)


def _description(title_tokens: Sequence[str]) -> int:
    """Return the position from which a headline only describes somebody: `वह नाविक जिसने सैकड़ों शव निकाले`."""
    return next((at for at, token in enumerate(title_tokens) if token in _WHO), len(title_tokens))


def _tells_more(headline: str) -> bool:
    """Whether a part of the headline is not in the past perfect."""
    parts = [folded_words(part) for part in _PART.split(headline)]
    return any(len(part) >= _LEAST_PART and part.isdisjoint(_PERFECT) for part in parts)


def _rows(written: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return row name → the matching words as written, for the rows that match a text."""
    return {
        name: " ".join(dict.fromkeys(word for _token, word in written[match.start : match.end]))
        for name, match in find_rows([token for token, _word in written]).items()
    }


def _numbers(counts: NumberCounts, share: float, *, is_soft: bool, scale: int) -> Iterator[tuple[str, Evidence]]:
    """Yield the rows that match by numbers. `scale`: how many deaths or cases matter as much as one at home."""

    def row(name: str, number: float, part: float) -> tuple[str, Evidence]:
        return name, Evidence(share * part, group(round(number)))

    if counts.dead:
        # There is no maximum: the larger of two disasters leads.
        yield row("dead", counts.dead, math.log10(1 + counts.dead / scale) / math.log10(1 + 300))
        if counts.dead / scale >= 10:
            yield row("many_dead", counts.dead, MASS_SHARE if counts.dead / scale >= MASS_DEATHS else 1.0)
    if counts.affected:
        yield row("affected", counts.affected, _log(counts.affected, 1_000_000))
    if counts.cases:
        yield row("cases", counts.cases, _log(counts.cases / scale, 100_000))
    crore = counts.money / 10_000_000
    # From ten crore, on a logarithmic scale to a lakh crore. The price of a product is no news.
    if crore >= 10 and not is_soft:
        yield row("money", crore, min(1.0, math.log10(crore) / 5))
    # A crash moves the index by 1,500 points or more.
    if counts.points:
        yield row("market", counts.points, min(1.0, counts.points / 1_500))


def _log(number: float, top: float) -> float:
    return min(1.0, math.log10(1 + number) / math.log10(1 + top))
