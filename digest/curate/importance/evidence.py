"""Find what speaks for or against the importance of a headline and its first paragraph."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from digest.curate.importance.matching import find_rows
from digest.curate.importance.numbers import Counts, read_counts
from digest.curate.importance.places import find_regions, is_abroad
from digest.curate.importance.rows import ROWS
from digest.hindi.numbers import group
from digest.hindi.tokens import written_tokens

# Words of a headline; a whole paragraph in its place counts as lead from here on.
HEADLINE_WORDS = 45
# Characters of the first paragraph that are read, and how much they count.
LEAD, LEAD_SHARE = 260, 0.4
# A toll or sum of the lead counts half. Only its first sentence is read: later ones tell of earlier events.
LEAD_NUMBER_SHARE = 0.5
# What an event counts in a soft headline.
SOFT_SHARE = 0.5
# How many dead abroad matter as much as one at home, as the guideline for the labels has it (ten in India, forty in
# the neighbourhood).
ABROAD = 4

_FIRST_SENTENCE = re.compile(r"[।|]|\.\s")
_OPENING_QUOTE = re.compile(r"\s*['‘\"“”]")
# Rows that name whom or what a headline is about.
_NAMING = frozenset(row.name for row in ROWS.values() if row.weight > 0) | {"police"}
_SOFT = frozenset(row.name for row in ROWS.values() if row.is_soft)
_EVENTS = frozenset(row.name for row in ROWS.values() if row.is_event)


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much of a row's weight counts (0..1), and the words or number that call it."""

    share: float
    found: str = ""


def find_evidence(headline: str, lead: str = "") -> dict[str, Evidence]:
    """Map the names of the rows that a headline and lead call to their evidence."""
    words = headline.split()
    if len(words) > HEADLINE_WORDS:
        headline, lead = " ".join(words[:HEADLINE_WORDS]), f"{' '.join(words[HEADLINE_WORDS:])} {lead}"
    if lead.startswith(headline):
        # A paragraph without a headline lends its first sentence.
        lead = lead[len(headline) :].lstrip(" ।.|")
    first, *rest = _FIRST_SENTENCE.split(lead[:LEAD], maxsplit=1)
    in_title, in_first, in_rest = (written_tokens(text) for text in (headline, first, " ".join(rest)))
    called = _rows(in_title)
    evidence = {name: Evidence(1.0, found) for name, found in called.items()}
    for name, found in _rows([*in_first, *in_rest]).items():
        if name not in evidence and ROWS[name].in_lead:
            evidence[name] = Evidence(LEAD_SHARE, found)
    # ISRO launches no phone.
    if "space" in evidence:
        evidence.pop("gadget", None)
    is_soft = not _SOFT.isdisjoint(called)
    found = [token for token, _word in in_title]
    scale = ABROAD if is_abroad(headline, found) else 1
    evidence |= _numbers(read_counts(in_title), read_counts(in_first), is_soft=is_soft, scale=scale)
    if is_soft and "dead" not in evidence:
        for name in _EVENTS & evidence.keys():
            evidence[name] = Evidence(evidence[name].share * SOFT_SHARE, evidence[name].found)
    if "?" in headline:
        evidence.setdefault("question", Evidence(1.0, "?"))
    if _OPENING_QUOTE.match(headline):
        evidence["quote"] = Evidence(1.0)
    if not find_regions(found) and _NAMING.isdisjoint(called) and "dead" not in evidence:
        evidence["noname"] = Evidence(1.0)
    return evidence


def _rows(written: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Map the names of the rows that a text calls to the words that call them, as they are written."""
    return {
        name: " ".join(dict.fromkeys(word for _token, word in written[match.start : match.end]))
        for name, match in find_rows([token for token, _word in written]).items()
    }


def _numbers(headline: Counts, lead: Counts, *, is_soft: bool, scale: int) -> dict[str, Evidence]:
    """Return the rows that numbers call. One of the lead counts if the headline has none of its kind."""
    evidence: dict[str, Evidence] = {}

    def add(name: str, number: float, share: float, *, of_headline: float) -> None:
        if number and share > 0:
            evidence[name] = Evidence(share if of_headline else share * LEAD_NUMBER_SHARE, group(round(number)))

    dead = headline.dead or lead.dead
    add("dead", dead, _log(dead / scale, 300), of_headline=headline.dead)
    add("many_dead", dead, float(dead / scale >= 10), of_headline=headline.dead)
    affected = headline.affected or lead.affected
    add("affected", affected, _log(affected, 1_000_000), of_headline=headline.affected)
    cases = headline.cases or lead.cases
    add("cases", cases, _log(cases, 100_000), of_headline=headline.cases)
    crore = (headline.money or lead.money) / 10_000_000
    if crore >= 10 and not is_soft:
        # On a logarithmic scale to a lakh crore. The price of a product is no news.
        add("money", crore, min(1.0, math.log10(crore) / 5), of_headline=headline.money)
    # A crash moves the index by 1,500 points or more.
    add("market", headline.points, min(1.0, headline.points / 1_500), of_headline=headline.points)
    return evidence


def _log(number: float, top: float) -> float:
    return min(1.0, math.log10(1 + number) / math.log10(1 + top))
