"""The features of articles, and how similar two articles are by them.

The score of a pair is the weighted mean of three cosines (title and lead; first 250 words; one title and the other
lead), plus a little for each shared rare stem and number, for similar titles and for the same weekday, clock time,
place and death toll. A rare stem in both titles is most often a name, and counts more. The score is lower for weekdays,
times, places or court stages that contradict each other, and for death tolls that differ by a factor. Other numbers
never count against a pair: one paper reports 16 dead, the next 17. Two events of a kind that happens every day need a
higher likeness than other news.

The weights follow a logistic regression with fixed signs over judged pairs of an epidemic in five papers, of disaster
reports and of two papers' headlines. Small changes of a weight change little. A regression that never saw the epidemic
has an average precision of .90 there.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from digest.curate.rules import PAIRS_REMEMBERED, REMEMBERED
from digest.curate.similarity.cues import (
    Agreement,
    PlaceAgreement,
    Places,
    compare_clock_times,
    compare_places,
    compare_sets,
    compare_tolls,
    court_stages,
    death_tolls,
    find_places,
    match_results,
    title_numbers,
    weekdays,
)
from digest.curate.similarity.headlines import (
    HeadlineNames,
    read_headline,
    tells_event,
    tells_no_event,
    why_headlines_apart,
)
from digest.curate.similarity.tfidf import (
    Frequencies,
    SharedStems,
    TokenisedText,
    compared_title,
    is_number,
    tokenise,
)
from digest.models import Article

LEAD, FULL, HEADLINE = 0.4, 0.4, 0.2
RARE_LEAD, RARE_LEAD_MOST = 0.03, 4
RARE_FULL, RARE_FULL_MOST = 0.015, 6
RARE_TITLE, RARE_TITLE_MOST = 0.03, 3
NUMBER, NUMBER_MOST = 0.03, 3
# Weight of the share of the shorter title's stems that the other title has. The mean share is neutral, and titles
# count as having at least TITLES_LEAST stems.
TITLES, TITLES_MEAN, TITLES_LEAST = 0.12, 0.35, 3
WEEKDAY = {"same": 0.05, "conflict": -0.1, None: 0.0}
CLOCK = {"same": 0.05, "conflict": -0.1, None: 0.0}
TOLL = {"same": 0.03, "conflict": -0.1, None: 0.0}
STAGE = {"same": 0.0, "conflict": -0.08, None: 0.0}
PLACE = {"same": 0.05, "near": -0.05, "conflict": -0.25, None: 0.0}
# Disasters, crimes and court cases of one kind are worded alike. In a large set, such a pair must be more similar than
# others, and even more so if the leads share no town and no rare stem. Headlines without text have separate rules.
EVENT, EVENT_WITHOUT_NAME = -0.04, -0.05
# In a set too small to trust rare stems, each pair gets this instead of the bonus for shared ones.
SMALL_SET = 0.03
# In such a set, a number in one title that is also in the other's lead replaces shared names.
FACT, FACT_MOST = 0.18, 2
# Two pages of different days are one form filled in twice if their words overlap this much (TWIN), each has at least
# TWIN_NUMBERS numbers, and at most the share TWIN_SHARED of these is in both.
TWIN, TWIN_NUMBERS, TWIN_SHARED = 0.6, 3, 0.34


class OwnFeatures:
    """The features of an article that do not depend on other articles, each computed on first use."""

    def __init__(self, text: TokenisedText) -> None:
        self.text = text

    @cached_property
    def title_facts(self) -> frozenset[str]:
        return title_numbers(self.text.title)

    @cached_property
    def lead_numbers(self) -> frozenset[str]:
        return frozenset(filter(is_number, self.text.lead_counts.stems))

    @cached_property
    def numbers(self) -> frozenset[str]:
        return frozenset(filter(is_number, self.text.full_counts.stems))

    @cached_property
    def places(self) -> Places:
        return find_places(self.text.lead)

    @cached_property
    def title_places(self) -> Places:
        return find_places(self.text.title)

    @cached_property
    def is_headline_only(self) -> bool:
        """Whether the text adds nothing to the title."""
        return set(self.text.title).issuperset(self.text.full_counts.stems)

    @cached_property
    def tells_event(self) -> bool:
        return tells_event(self.text.written_headline)

    @cached_property
    def tells_no_event(self) -> bool:
        return tells_no_event(self.text.written_headline)

    @cached_property
    def weekdays(self) -> frozenset[int]:
        return weekdays(self.text.lead_counts.stems)

    @cached_property
    def court_stages(self) -> frozenset[str]:
        return court_stages(self.text.title)

    @cached_property
    def death_tolls(self) -> frozenset[int]:
        return death_tolls(self.text.title)

    @cached_property
    def match_results(self) -> frozenset[tuple[str, str]]:
        return match_results(self.text.written_headline, self.text.headline)


class Features:
    """The features by which an article is compared. Each is computed on first use, because most pairs need few."""

    def __init__(self, own: OwnFeatures, frequencies: Frequencies) -> None:
        self.own = own
        self.text = own.text
        self.frequencies = frequencies

    @cached_property
    def title_norm(self) -> float:
        return self.frequencies.norm(self.text.title_counts)

    @cached_property
    def lead_norm(self) -> float:
        return self.frequencies.norm(self.text.lead_counts)

    @cached_property
    def full_norm(self) -> float:
        return self.frequencies.norm(self.text.full_counts)

    @cached_property
    def headline(self) -> HeadlineNames:
        text = self.text
        return read_headline(text.written_headline, text.title, self.own.title_places, self.frequencies.rare_stems)

    def lead_weights(self, wanted: Container[str]) -> Mapping[str, float]:
        """Return the weights of the wanted stems in the vector of the lead."""
        return self.frequencies.weigh(self.text.lead_counts, self.lead_norm, wanted)


@dataclass(frozen=True, slots=True)
class PairFeatures:
    """The features of two articles that do not depend on others."""

    title: SharedStems
    lead: SharedStems
    full: SharedStems
    # The stems of one title in the other's lead, and the reverse.
    title_lead: SharedStems
    lead_title: SharedStems
    # The share of the shorter title's stems that the other title has.
    titles: float
    numbers: int
    # Numbers in a title that the other's lead has too.
    facts: int
    has_town: bool
    # Whether one of them reports an event of a kind that happens every day.
    tells_event: bool
    weekday: Agreement
    clock: Agreement
    place: PlaceAgreement
    stage: Agreement
    toll: Agreement


@lru_cache(maxsize=PAIRS_REMEMBERED)
def _compare(one: OwnFeatures, other: OwnFeatures) -> PairFeatures:
    mine, theirs = one.text, other.text
    title = SharedStems.of(mine.title_counts, theirs.title_counts)
    shorter = min(len(mine.title_counts.stems), len(theirs.title_counts.stems))
    only_headlines = one.is_headline_only and other.is_headline_only
    return PairFeatures(
        title=title,
        lead=SharedStems.of(mine.lead_counts, theirs.lead_counts),
        full=SharedStems.of(mine.full_counts, theirs.full_counts),
        title_lead=SharedStems.of(mine.title_counts, theirs.lead_counts),
        lead_title=SharedStems.of(mine.lead_counts, theirs.title_counts),
        titles=len(title.stems) / max(TITLES_LEAST, shorter),
        numbers=len(one.lead_numbers & other.lead_numbers),
        facts=len((one.title_facts & other.lead_numbers) | (other.title_facts & one.lead_numbers)),
        has_town=not one.places.towns.isdisjoint(other.places.towns),
        tells_event=not only_headlines and (one.tells_event or other.tells_event),
        weekday=compare_sets(one.weekdays, other.weekdays),
        clock=compare_clock_times(mine.clock_times, theirs.clock_times),
        place=compare_places(one.places, other.places),
        stage=compare_sets(one.court_stages, other.court_stages),
        toll=compare_tolls(one.death_tolls, other.death_tolls),
    )


@dataclass(frozen=True, slots=True)
class Corpus:
    """The features of a day's articles, and of older ones, under common weights."""

    # By article id.
    features: Mapping[str, Features]
    frequencies: Frequencies


def in_fixed_order(articles: Iterable[Article]) -> tuple[Article, ...]:
    """Sort the articles so that results do not depend on the input's order; each id once."""
    return tuple(sorted({article.id: article for article in articles}.values(), key=lambda a: (a.published, a.id)))


def extract_features(articles: Iterable[Article]) -> Corpus:
    """Extract the features of each article, weighted by how common stems are in all of them."""
    own = {article.id: _own_features(article.title, compared_title(article), article.text) for article in articles}
    frequencies = Frequencies(each.text for each in own.values())
    return Corpus({name: Features(each, frequencies) for name, each in own.items()}, frequencies)


@lru_cache(maxsize=REMEMBERED)
def _own_features(title: str, written: str, text: str) -> OwnFeatures:
    return OwnFeatures(tokenise(title, written, text))


@dataclass(frozen=True, slots=True)
class ArticleSimilarity:
    """Why two articles are similar: the score and its terms."""

    score: float
    lead_cosine: float
    full_cosine: float
    headline_cosine: float
    titles: float
    # The number of rare stems and numbers that both have.
    rare: int
    numbers: int
    weekday: Agreement
    clock: Agreement
    place: PlaceAgreement
    stage: Agreement
    toll: Agreement
    # Penalty for events of a kind that is worded alike; 0 or less.
    event: float = 0.0
    # Article ids.
    a: str = ""
    b: str = ""
    # Why the two cannot be one story, whatever their score.
    kept_apart: str | None = None
    # The shared stems of the highest weight, each with its surface form in either text.
    shared: tuple[tuple[str, str, str], ...] = ()

    @property
    def similarity(self) -> float:
        """The score without the penalty for events, because related articles may be of one kind."""
        return self.score - self.event

    def __str__(self) -> str:
        shared = ", ".join(one if one == other else f"{one}/{other}" for _, one, other in self.shared)
        text = f"{self.score:.2f} = lead {self.lead_cosine:.2f}, full {self.full_cosine:.2f}"
        text += f", headline {self.headline_cosine:.2f}, titles {self.titles:.2f}"
        text += f", {self.rare} rare stems" if self.rare else ""
        text += f", {self.numbers} numbers" if self.numbers else ""
        for name in ("weekday", "clock", "place", "stage", "toll"):
            text += f", {name} {agreement}" if (agreement := getattr(self, name)) else ""
        text += f", events of one kind {self.event:.2f}" if self.event else ""
        return text + f"; shared: {shared}" + (f"; kept apart: {self.kept_apart}" if self.kept_apart else "")


def explain(one: Features, other: Features, *, trust: float) -> ArticleSimilarity:
    """Return the pair's score with its terms. `trust` (0..1) says how much shared rare stems count."""
    frequencies, pair = one.frequencies, _compare(one.own, other.own)
    lead = frequencies.cosine(pair.lead, one.lead_norm, other.lead_norm)
    full = frequencies.cosine(pair.full, one.full_norm, other.full_norm)
    headline = max(
        frequencies.cosine(pair.title_lead, one.title_norm, other.lead_norm),
        frequencies.cosine(pair.lead_title, one.lead_norm, other.title_norm),
    )
    is_rare = frequencies.rare_stems.__contains__
    rare_title, rare_lead, rare_full = (sum(map(is_rare, each.stems)) for each in (pair.title, pair.lead, pair.full))
    total = LEAD * lead + FULL * full + WEEKDAY[pair.weekday] + PLACE[pair.place] + CLOCK[pair.clock]
    total += STAGE[pair.stage] + TOLL[pair.toll] + NUMBER * min(NUMBER_MOST, pair.numbers)
    total += (1 - trust) * (SMALL_SET + FACT * min(FACT_MOST, pair.facts))
    event = 0.0
    if pair.tells_event:
        event = trust * (EVENT if pair.has_town or rare_lead else EVENT + EVENT_WITHOUT_NAME)
    total += event + trust * (
        RARE_TITLE * min(RARE_TITLE_MOST, rare_title)
        + RARE_LEAD * min(RARE_LEAD_MOST, rare_lead)
        + RARE_FULL * min(RARE_FULL_MOST, rare_full)
    )
    total += HEADLINE * headline + TITLES * (pair.titles - TITLES_MEAN)
    return ArticleSimilarity(
        score=total,
        lead_cosine=lead,
        full_cosine=full,
        headline_cosine=headline,
        titles=pair.titles,
        rare=rare_full,
        numbers=pair.numbers,
        weekday=pair.weekday,
        clock=pair.clock,
        place=pair.place,
        stage=pair.stage,
        toll=pair.toll,
        event=event,
    )


def score(one: Features, other: Features, *, trust: float) -> float:
    """Return the pair's score alone."""
    return explain(one, other, trust=trust).score


def cosine(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    """Return the cosine of two vectors of length 1."""
    if len(b) < len(a):
        a, b = b, a
    # A list takes half the time of a generator.
    return sum([weight * b[stem] for stem, weight in a.items() if stem in b])


def is_duplicate(one: Features, other: Features) -> bool:
    """Whether two texts are one form, filled in with different numbers."""
    fewer = min(len(one.own.numbers), len(other.own.numbers))
    if fewer < TWIN_NUMBERS or len(one.own.numbers & other.own.numbers) > TWIN_SHARED * fewer:
        return False
    words = frozenset(one.text.full_counts.stems) - one.own.numbers
    others = frozenset(other.text.full_counts.stems) - other.own.numbers
    return len(words & others) >= TWIN * max(1, len(words | others))


def names_apart(one: Features, other: Features) -> str | None:
    """Return how two titles show that their articles cannot report one event; None if they do not show it."""
    mine, theirs = one.own.title_places, other.own.title_places
    places, their_places = one.own.places, other.own.places
    # The first sentences of either text may bring the places together.
    if _apart(mine.towns, theirs.towns, places.towns, their_places.towns):
        return "titles that name different towns"
    if _apart(mine.regions, theirs.regions, places.regions, their_places.regions):
        return "titles that name different states or countries"
    if compare_sets(one.own.match_results, other.own.match_results) == "conflict":
        return "titles that give different results of a match"
    if one.own.tells_no_event != other.own.tells_no_event:
        return "a list of news or satire, and a report"
    if one.own.is_headline_only and other.own.is_headline_only:
        if compare_tolls(one.own.death_tolls, other.own.death_tolls) == "conflict":
            return "headlines without a text that give different death tolls"
        return why_headlines_apart(one.headline, other.headline)
    return None


def _apart(
    mine: frozenset[str], theirs: frozenset[str], mentioned: frozenset[str], mentioned_there: frozenset[str]
) -> bool:
    return bool(mine and theirs) and mine.isdisjoint(mentioned_there) and theirs.isdisjoint(mentioned)


def times_contradict(one: Features, other: Features) -> bool:
    """Whether two texts give different weekdays or clock times for the event."""
    return "conflict" in (
        compare_sets(one.own.weekdays, other.own.weekdays),
        compare_clock_times(one.text.clock_times, other.text.clock_times),
    )
