"""Which articles tell the same event: scored pairs, average-link merging, and why.

The score of a pair is the mean of two cosines (title and lead; first 250 words), plus a little per rare stem
shared, less a little when both leads name weekdays and share none. Against labelled pairs it equals a trained
classifier (average precision .78), and every term can be read. Numbers explain, never decide: the dead
are 16 in one paper and 17 in the next. Nothing here ranks or chooses what is published.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from digest.curate import series
from digest.curate.linkage import average_link
from digest.curate.rules import Rules
from digest.curate.tfidf import Document, Frequencies, cosine, document, lead_text, surfaces
from digest.models import Article

CANDIDATE_SHARE = 0.02
CANDIDATE_LEAST = 30
"""Stems in more documents than this share (or number, in small sets) bring no pair together by themselves."""
CANDIDATE_COSINE = 0.08
RARE_LEAD, RARE_LEAD_MOST = 0.03, 4
RARE_FULL, RARE_FULL_MOST = 0.015, 6
WEEKDAY_CONFLICT = 0.06
SMALL_SET = 0.025
"""Added to every pair while there are too few articles to know a rare stem: stands for the bonus they can't get
(days of some 30: precision .98 and recall .95 with it, .98 and .73 without)."""


@dataclass(frozen=True, slots=True)
class Link:
    """Why two articles (by id) are alike. `shared`: the weightiest stems, each with both surface forms.

    `weekday` is 'same', 'conflict' or ''. `barred` says why they can't be one story, or is ''.
    """

    a: str
    b: str
    score: float
    lead_cosine: float
    full_cosine: float
    rare: int = 0
    weekday: str = ""
    barred: str = ""
    shared: tuple[tuple[str, str, str], ...] = ()

    def __str__(self) -> str:
        shared = ", ".join(one if one == other else f"{one}/{other}" for _, one, other in self.shared)
        text = f"{self.score:.2f} = lead {self.lead_cosine:.2f}, full {self.full_cosine:.2f}"
        text += f", {self.rare} rare stems" if self.rare else ""
        text += f", weekday {self.weekday}" if self.weekday else ""
        return text + f"; shared: {shared}" + (f"; kept apart: {self.barred}" if self.barred else "")


@dataclass(frozen=True, slots=True)
class Cluster:
    """The articles of one story, representative first; links among them; links to related ones outside."""

    articles: tuple[Article, ...]
    links: tuple[Link, ...] = ()
    related: tuple[Link, ...] = ()


def cluster(
    articles: Sequence[Article],
    rules: Rules,
    *,
    weights: Mapping[str, float] | None = None,
    background: Sequence[Article] = (),
) -> tuple[Cluster, ...]:
    """Every article in exactly one cluster, in a fixed order whatever the order of the input.

    `weights` (source → weight) choose the representative; `background` are older articles that only teach how
    common a stem is and which titles repeat.
    """
    articles = sorted({article.id: article for article in articles}.values(), key=lambda a: (a.published, a.id))
    known = {article.id for article in articles}
    older = [article for article in background if article.id not in known]
    pairs = Pairs(articles, rules, older)
    scored = pairs.candidates()
    strong = {pair: link.score for pair, link in scored.items() if not link.barred}
    barred = {pair for pair, link in scored.items() if link.barred}
    groups = average_link(len(articles), strong, barred, rules.merge)
    home = {member: number for number, group in enumerate(groups) for member in group}
    inside: defaultdict[int, list[Link]] = defaultdict(list)
    outside: defaultdict[int, list[Link]] = defaultdict(list)
    for (i, j), link in sorted(scored.items()):
        if home[i] == home[j]:
            inside[home[i]].append(pairs.explained(i, j, link))
        elif link.score >= rules.related:
            explained = pairs.explained(i, j, link)
            outside[home[i]].append(explained)
            outside[home[j]].append(explained)
    return tuple(
        Cluster(
            _representative_first([articles[member] for member in group], weights or {}),
            tuple(inside[number]),
            tuple(outside[number]),
        )
        for number, group in enumerate(groups)
    )


def _representative_first(group: list[Article], weights: Mapping[str, float]) -> tuple[Article, ...]:
    """The longest body among the two weightiest sources, then the earliest; the others by time."""
    if len(group) == 1:
        return tuple(group)
    sources = sorted({a.source for a in group}, key=lambda name: (-weights.get(name, 1.0), name))
    levels = sorted({weights.get(name, 1.0) for name in sources}, reverse=True)[:2]
    first = min(
        (a for a in group if weights.get(a.source, 1.0) in levels),
        key=lambda a: ("\ufffd" in a.text, -len(a.text), a.published, a.id),
    )
    return (first, *(a for a in group if a is not first))


class Pairs:
    """All that is known about pairs of articles. Indices are positions in `articles`."""

    def __init__(self, articles: Sequence[Article], rules: Rules, background: Sequence[Article] = ()) -> None:
        self.articles, self.rules = articles, rules
        self.documents: list[Document] = [document(article) for article in articles]
        self.frequencies = Frequencies((*self.documents, *(document(article) for article in background)))
        self.vectors = [self.frequencies.vectors(each) for each in self.documents]
        rare = self.frequencies.rare
        self._rare_lead = [rare.intersection(each.lead) for each in self.documents]
        self._rare_full = [rare.intersection(each.full) for each in self.documents]
        self._series = series.find((*articles, *background), rules.timezone)
        self._leads: dict[int, str] = {}
        zone = ZoneInfo(rules.timezone)
        self._day = [article.published.astimezone(zone).date() for article in articles]

    def candidates(self) -> dict[tuple[int, int], Link]:
        """The pairs (i < j) that score at least `rules.related`, found through an inverted index.

        Pairs further apart in time than `rules.span` are left out; other bars are noted on the link.
        """
        postings: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        counts = self.frequencies.counts
        most = max(CANDIDATE_LEAST, int(CANDIDATE_SHARE * self.frequencies.size))
        span = self.rules.span
        found: dict[tuple[int, int], Link] = {}
        for j, vectors in enumerate(self.vectors):
            partial: defaultdict[int, float] = defaultdict(float)
            for stem, weight in vectors.lead.items():
                if counts[stem] > most:
                    continue
                listed = postings[stem]
                for i, other in listed:
                    partial[i] += weight * other
                listed.append((j, weight))
            published = self.articles[j].published
            for i, value in partial.items():
                if value < CANDIDATE_COSINE or published - self.articles[i].published > span:
                    continue
                link = self.link(i, j)
                if link.score >= self.rules.related:
                    found[i, j] = link
        return found

    def link(self, i: int, j: int) -> Link:
        """The pair's score with its terms, without the shared words."""
        lead = cosine(self.vectors[i].lead, self.vectors[j].lead)
        full = cosine(self.vectors[i].full, self.vectors[j].full)
        rare_lead = len(self._rare_lead[i] & self._rare_lead[j])
        rare_full = len(self._rare_full[i] & self._rare_full[j])
        score = (lead + full) / 2
        score += RARE_LEAD * min(RARE_LEAD_MOST, rare_lead) + RARE_FULL * min(RARE_FULL_MOST, rare_full)
        score += 0 if self.frequencies.large else SMALL_SET
        days, other = self.documents[i].weekdays, self.documents[j].weekdays
        weekday = ("same" if days & other else "conflict") if days and other else ""
        score -= WEEKDAY_CONFLICT if weekday == "conflict" else 0
        a, b = self.articles[i], self.articles[j]
        return Link(a.id, b.id, score, lead, full, rare_full, weekday, self._bar(i, j, score))

    def explained(self, i: int, j: int, link: Link) -> Link:
        """The link with its five weightiest shared stems as they stand in either text."""
        one, other = self.vectors[i].lead, self.vectors[j].lead
        common = sorted(one.keys() & other.keys(), key=lambda stem: (-one[stem] * other[stem], stem))[:5]
        words, others = surfaces(self._lead(i), common), surfaces(self._lead(j), common)
        shared = tuple((stem, words.get(stem, stem), others.get(stem, stem)) for stem in common)
        return replace(link, shared=shared)

    def _lead(self, at: int) -> str:
        if at not in self._leads:
            self._leads[at] = lead_text(self.articles[at])
        return self._leads[at]

    def _bar(self, i: int, j: int, score: float) -> str:
        a, b = self.articles[i], self.articles[j]
        if abs(b.published - a.published) > self.rules.span:
            return f"more than {self.rules.span} apart"
        found = self._series.get(a.id) or self._series.get(b.id)
        if found and self._day[i] != self._day[j]:
            return f"series ({found.kind}) of two days"
        if a.source == b.source and score < self.rules.same_source:
            return f"two items of one source below {self.rules.same_source}"
        return ""
