"""Group the articles that report the same event, and explain the groups.

Pairs are found through an inverted index and scored; average-link merging joins them. Pages that come again every
day, and articles far apart in time, are never joined.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from heapq import heapify, heappop, heappush, nsmallest
from zoneinfo import ZoneInfo

from digest.curate.recurring import find_series, why_apart
from digest.curate.recurring_kinds import Series
from digest.curate.rules import Rules
from digest.curate.similarity.headlines import comments
from digest.curate.similarity.score import (
    ArticleSimilarity,
    Corpus,
    Features,
    explain,
    extract_features,
    is_duplicate,
    names_apart,
    times_contradict,
)
from digest.curate.similarity.tfidf import Frequencies, compared_title, lead_text, surface_forms
from digest.models import Article

# A stem in more articles than this share (or this number, in sets below 2,500) brings no pair together. On a day full
# of one subject, its words may be all that two reports of one event share in their leads.
CANDIDATE_SHARE = 0.02
CANDIDATE_LEAST = 50
CANDIDATE_COSINE = 0.08

# How many of the shared words an explanation shows.
_SHARED_WORDS = 5

# Positions of two articles, the lower first.
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Cluster:
    """The articles of one story, the representative first."""

    articles: tuple[Article, ...]
    # Links among the articles, and to related articles outside; filled in by `explain_cluster`.
    links: tuple[ArticleSimilarity, ...] = ()
    related: tuple[ArticleSimilarity, ...] = ()

    @property
    def first(self) -> Article:
        return self.articles[0]

    @property
    def story_id(self) -> str:
        """Return twelve hex digits made from the representative's id, the same on every run."""
        return "s" + hashlib.sha256(self.first.id.encode()).hexdigest()[:12]

    @property
    def names(self) -> set[str]:
        """Return all names by which an editor can refer to the story: its id, its articles' ids and URLs."""
        found = {self.story_id}
        for article in self.articles:
            found |= {article.id, article.url} if article.url else {article.id}
        return found


@dataclass(frozen=True)
class Pairs:
    """The articles of a day, and which pairs of them are similar. Indices are positions in `articles`."""

    articles: Sequence[Article]
    corpus: Corpus
    # Article id -> its series, for pages that recur every day.
    series: Mapping[str, Series]
    rules: Rules

    @classmethod
    def build(cls, articles: Sequence[Article], rules: Rules, background: Sequence[Article] = ()) -> Pairs:
        """Compare the articles. The background only teaches how common stems are and which titles repeat."""
        known = {article.id for article in articles}
        everything = (*articles, *(article for article in background if article.id not in known))
        return cls(articles, extract_features(everything), find_series(everything, rules.timezone), rules)

    @cached_property
    def features(self) -> Sequence[Features]:
        return [self.corpus.features[article.id] for article in self.articles]

    @cached_property
    def scores(self) -> dict[Pair, float]:
        """Return the pairs within `rules.span` that are related at least, in order."""
        published, span = [article.published for article in self.articles], self.rules.span
        features, trust = self.features, self.corpus.frequencies.trust
        found: dict[Pair, float] = {}
        for i, j in candidate_pairs(features, self.corpus.frequencies):
            if abs(published[j] - published[i]) <= span:
                link = explain(features[i], features[j], trust=trust)
                if link.similarity >= self.rules.related:
                    found[i, j] = link.score
        return dict(sorted(found.items()))

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Map article ids to positions."""
        return {article.id: position for position, article in enumerate(self.articles)}

    @cached_property
    def neighbours(self) -> Mapping[int, Sequence[int]]:
        """Map each article to the other articles of its pairs in `scores`."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for i, j in self.scores:
            found[i].append(j)
            found[j].append(i)
        return found

    def alike(self, articles: Sequence[Article]) -> frozenset[str]:
        """Return the ids of other articles that may report the same event, by a score of `rules.alike` or more."""
        members = {self.positions[article.id] for article in articles}
        near = {(i, j) if i < j else (j, i): j for i in members for j in self.neighbours.get(i, ()) if j not in members}
        return frozenset(
            self.articles[other].id
            for (i, j), other in near.items()
            if self.scores[i, j] >= self.rules.alike
            and not self.always_apart(i, j)
            and not names_apart(self.features[i], self.features[j])
        )

    def link(self, i: int, j: int) -> ArticleSimilarity:
        """Return the pair's score with its terms, without the shared words."""
        link = explain(self.features[i], self.features[j], trust=self.corpus.frequencies.trust)
        apart = self.cannot_link(i, j, link.score)
        return replace(link, a=self.articles[i].id, b=self.articles[j].id, kept_apart=apart)

    def explained_link(self, i: int, j: int) -> ArticleSimilarity:
        """Return the link with the most important shared words, as each text writes them."""
        one, other = self.features[i], self.features[j]
        mine = one.lead_weights(other.text.lead_counts.stems)
        theirs = other.lead_weights(mine)
        common = nsmallest(_SHARED_WORDS, theirs, key=lambda stem: (-mine[stem] * theirs[stem], stem))
        leads = [lead_text(self.articles[position]) for position in (i, j)]
        words, others = map(surface_forms, leads)
        shared = tuple((stem, words.get(stem, stem), others.get(stem, stem)) for stem in common)
        return replace(self.link(i, j), shared=shared)

    def cannot_link(self, i: int, j: int, value: float) -> str | None:
        """Return why a pair with this score cannot be one story."""
        rules = self.rules
        if apart := self.always_apart(i, j) or names_apart(self.features[i], self.features[j]):
            return apart
        if self.articles[i].source == self.articles[j].source and value < rules.same_source:
            return f"two items of one source below {rules.same_source}"
        if value < rules.contradicting and times_contradict(self.features[i], self.features[j]):
            return f"different days or times below {rules.contradicting}"
        return None

    def always_apart(self, i: int, j: int) -> str | None:
        """Return why a pair cannot be one story whatever its score."""
        a, b = self.articles[i], self.articles[j]
        if abs(b.published - a.published) > self.rules.span:
            return f"more than {self.rules.span / timedelta(hours=1):g} hours apart"
        one, other = self.series.get(a.id), self.series.get(b.id)
        if self._days[i] != self._days[j]:
            if found := one or other:
                return f"series ({found.kind}) of two days"
            if is_duplicate(self.features[i], self.features[j]):
                return "one form, filled in on two days"
        elif one and other:
            return why_apart(one, other, compared_title(a), compared_title(b))
        return None

    def groups_apart(self, one: Sequence[int], other: Sequence[int]) -> bool:
        """Whether the groups have a pair that is not in `scores` and cannot be one story."""
        both = (*one, *other)
        times = [self.articles[position].published for position in both]
        pairs: Iterator[Pair] = ((i, j) if i < j else (j, i) for i in one for j in other)
        if max(times) - min(times) <= self.rules.span:
            has_series = any(self.articles[position].id in self.series for position in both)
            if not has_series and len({self._days[position] for position in both}) == 1:
                return False
            return any(pair not in self.scores and self.always_apart(*pair) is not None for pair in pairs)
        return any(self.always_apart(*pair) is not None for pair in pairs)

    @cached_property
    def _days(self) -> Sequence[date]:
        zone = ZoneInfo(self.rules.timezone)
        return [article.published.astimezone(zone).date() for article in self.articles]


def candidate_pairs(features: Sequence[Features], frequencies: Frequencies) -> Iterator[Pair]:
    """Find the pairs whose leads share enough uncommon stems to be worth scoring, through an inverted index."""
    limit = max(CANDIDATE_LEAST, int(CANDIDATE_SHARE * frequencies.size))
    uncommon = frozenset(stem for stem, count in frequencies.counts.items() if 1 < count <= limit)
    # Stem -> the articles that have it in their lead and its weights there. Arrays are fast to iterate.
    postings: dict[str, tuple[array[int], array[float]]] = {}
    for j, each in enumerate(features):
        partial: defaultdict[int, float] = defaultdict(float)
        for stem, weight in each.lead_weights(uncommon).items():
            listed = postings.get(stem)
            if listed is None:
                listed = postings[stem] = array("L"), array("d")
            for i, other in zip(*listed, strict=True):
                partial[i] += weight * other
            listed[0].append(j)
            listed[1].append(weight)
        for i, value in partial.items():
            if value >= CANDIDATE_COSINE:
                yield i, j


def merge_pairs(pairs: Pairs, weights: Mapping[str, float] | None = None) -> tuple[Cluster, ...]:
    """Merge similar pairs into clusters, without links yet. `weights` (by source) choose the representatives."""
    apart = {(i, j) for (i, j), value in pairs.scores.items() if pairs.cannot_link(i, j, value) is not None}
    scores = {pair: value for pair, value in pairs.scores.items() if pair not in apart}
    groups = average_link(len(pairs.articles), scores, apart, pairs.rules.merge, groups_apart=pairs.groups_apart)
    return tuple(
        Cluster(representative_first([pairs.articles[member] for member in members], weights or {}))
        for members in groups
    )


def explain_cluster(each: Cluster, pairs: Pairs, *, most_related: int | None = None) -> Cluster:
    """Add the links, with the shared words, among the articles and to the `most_related` nearest others.

    This is slow.
    """
    members = {pairs.positions[article.id] for article in each.articles}
    inside: set[Pair] = set()
    outside: set[Pair] = set()
    for i in members:
        for j in pairs.neighbours.get(i, ()):
            (inside if j in members else outside).add((min(i, j), max(i, j)))
    nearest = sorted(outside, key=lambda pair: (-pairs.scores[pair], pair))
    return replace(
        each,
        links=tuple(pairs.explained_link(*pair) for pair in sorted(inside)),
        related=tuple(pairs.explained_link(*pair) for pair in nearest[:most_related]),
    )


def representative_first(group: Sequence[Article], weights: Mapping[str, float]) -> tuple[Article, ...]:
    """Put the article first that represents the story best: the longest one of the sources with the two highest
    weights, of equal ones the earliest.

    An article whose title comments on the news or calls for a click comes first only if no other is left.
    """
    if len(group) == 1:
        return tuple(group)
    levels = sorted({weights.get(article.source, 1.0) for article in group}, reverse=True)[:2]
    first = min(
        (article for article in group if weights.get(article.source, 1.0) in levels),
        key=lambda a: ("\ufffd" in a.text, comments(a.title), -len(a.text), a.published, a.id),
    )
    return (first, *(article for article in group if article is not first))


# Scores are summed as whole multiples of 2^-40, so that a sum is the same in any order.
_UNIT = 2**40


def average_link(
    size: int,
    scores: Mapping[Pair, float],
    apart: Collection[Pair],
    threshold: float,
    *,
    groups_apart: Callable[[Sequence[int], Sequence[int]], bool] | None = None,
) -> list[list[int]]:
    """Group the numbers 0..size-1 by average-link clustering; each group ascending, ordered by first member.

    The two groups with the highest mean score over all their pairs merge first, while that mean is at least
    `threshold`. A pair without a score counts as 0. Groups with a pair of `apart` between them never merge, nor do
    groups for which `groups_apart` returns true; it is asked just before a merge. Ties go to the lower numbers.
    Single linkage would chain stories on busy days, and complete linkage loses recall.
    """
    members: dict[int, list[int]] = {each: [each] for each in range(size)}
    # The sum of the scores between two groups.
    sums: defaultdict[int, dict[int, int]] = defaultdict(dict)
    enemies: defaultdict[int, set[int]] = defaultdict(set)
    for (i, j), value in scores.items():
        sums[i][j] = sums[j][i] = round(value * _UNIT)
    for i, j in apart:
        enemies[i].add(j)
        enemies[j].add(i)
    least = round(threshold * _UNIT)
    heap = [(-float(sums[i][j]), min(i, j), max(i, j)) for i, j in scores if sums[i][j] >= least]
    heapify(heap)
    while heap:
        negative, i, j = heappop(heap)
        if i not in members or j not in members or j in enemies[i]:
            continue
        a, b = len(members[i]), len(members[j])
        if sums[i][j] / (a * b) != -negative:
            # This entry is from before one of the groups grew.
            continue
        if groups_apart and groups_apart(members[i], members[j]):
            enemies[i].add(j)
            enemies[j].add(i)
            continue
        near = sums[i]
        del near[j]
        for other, between in sums.pop(j).items():
            if other != i:
                del sums[other][j]
                near[other] = near.get(other, 0) + between
        members[i] = members[i] + members.pop(j)
        for enemy in enemies.pop(j, ()):
            enemies[enemy].discard(j)
            enemies[enemy].add(i)
            enemies[i].add(enemy)
        for other, between in near.items():
            sums[other][i] = between
            mean = between / ((a + b) * len(members[other]))
            if mean >= least and other not in enemies[i]:
                heappush(heap, (-mean, min(i, other), max(i, other)))
    return sorted(sorted(group) for group in members.values())
