"""All pairs of a day's articles: which are worth scoring, what bars one from being one story, and why they are alike.

Groups nothing. The arithmetic is `likeness`', what was counted before is `memo`'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from heapq import nsmallest
from zoneinfo import ZoneInfo

from digest.curate import series
from digest.curate.likeness import Link, score, twins
from digest.curate.memo import Memo, key_of
from digest.curate.rules import Rules
from digest.curate.tfidf import lead_text, surfaces
from digest.models import Article


class Pairs:
    """All that is known about pairs of articles. Indices are positions in `articles`."""

    def __init__(
        self,
        articles: Sequence[Article],
        rules: Rules,
        background: Sequence[Article] = (),
        memo: Memo | None = None,
    ) -> None:
        self.articles, self.rules = articles, rules
        self.memo = memo or Memo()
        self.known, self.frequencies = self.memo.know(articles, background, rules)
        self.places = {article.id: number for number, article in enumerate(articles)}
        self.series = series.find((*articles, *background), rules.timezone)
        self._surfaces: dict[int, dict[str, str]] = {}
        zone = ZoneInfo(rules.timezone)
        self._day = [article.published.astimezone(zone).date() for article in articles]
        self._kinds = [self.series.get(article.id) for article in articles]

    @cached_property
    def scores(self) -> dict[tuple[int, int], float]:
        """The pairs (i < j) that score at least `rules.related`, with their scores, in order.

        Found through an inverted index. Pairs further apart in time than `rules.span` are left out; what else bars a
        pair is for `bar` to say.
        """
        published, span = [article.published for article in self.articles], self.rules.span
        place = {key_of(article): number for number, article in enumerate(self.articles)}
        found = ((i, j, value) if i < j else (j, i, value) for i, j, value in self.memo.links(place))
        return {(i, j): value for i, j, value in sorted(found) if abs(published[j] - published[i]) <= span}

    @cached_property
    def near(self) -> Mapping[int, Sequence[int]]:
        """Article → the other articles of its pairs in `scores`."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for i, j in self.scores:
            found[i].append(j)
            found[j].append(i)
        return found

    def candidates(self) -> dict[tuple[int, int], Link]:
        """The pairs of `scores` with the terms of each score and what bars it."""
        return {pair: self.link(*pair) for pair in self.scores}

    def link(self, i: int, j: int) -> Link:
        """The pair's score with its terms, without the shared words."""
        link = score(self.known[i], self.known[j], trust=self.frequencies.trust)
        return replace(link, a=self.articles[i].id, b=self.articles[j].id, barred=self.bar(i, j, link.score))

    def explained(self, i: int, j: int, link: Link) -> Link:
        """The link with its five weightiest shared stems as they stand in either text."""
        one, other = self.known[i].lead, self.known[j].lead
        common = nsmallest(5, one.keys() & other.keys(), key=lambda stem: (-one[stem] * other[stem], stem))
        words, others = self._words(i), self._words(j)
        shared = tuple((stem, words.get(stem, stem), others.get(stem, stem)) for stem in common)
        return replace(link, shared=shared)

    def _words(self, at: int) -> Mapping[str, str]:
        if at not in self._surfaces:
            self._surfaces[at] = surfaces(lead_text(self.articles[at]))
        return self._surfaces[at]

    def apart(self, one: Sequence[int], other: Sequence[int]) -> bool:
        """Whether two groups hold a pair that can never be one story, though no pair in `scores` says so."""
        both = (*one, *other)
        times = [self.articles[at].published for at in both]
        if max(times) - min(times) <= self.rules.span:
            if not any(self._kinds[at] for at in both) and len({self._day[at] for at in both}) == 1:
                return False
            pairs = ((i, j) if i < j else (j, i) for i in one for j in other)
            return any(pair not in self.scores and bool(self.never(*pair)) for pair in pairs)
        return any(bool(self.never(*sorted((i, j)))) for i in one for j in other)

    def never(self, i: int, j: int) -> str:
        """Why the two can't be one story whatever their score is, or ''."""
        a, b = self.articles[i], self.articles[j]
        if abs(b.published - a.published) > self.rules.span:
            return f"more than {self.rules.span} apart"
        one, other = self._kinds[i], self._kinds[j]
        if self._day[i] != self._day[j]:
            if found := one or other:
                return f"series ({found.kind}) of two days"
            if twins(self.known[i].document, self.known[j].document):
                return "one form, filled in on two days"
        elif one and other:
            if one.kind != other.kind and not {one.kind, other.kind} & series.OPEN:
                return f"series of two kinds ({one.kind}, {other.kind})"
            if one.kind == other.kind and one.kind not in series.OPEN and series.differ(a.title, b.title):
                return f"series ({one.kind}) of two subjects"
        return ""

    def bar(self, i: int, j: int, score: float) -> str:
        """Why a pair of this score can't be one story, or ''."""
        if self.articles[i].source == self.articles[j].source and score < self.rules.same_source:
            return self.never(i, j) or f"two items of one source below {self.rules.same_source}"
        return self.never(i, j)


def likeness(a: Article, b: Article, *, rules: Rules | None = None, background: Sequence[Article] = ()) -> Link:
    """How alike two articles are: the score, its terms and the shared words; `barred` is why they are no one story.

    They are the same story for `score >= rules.merge` and an empty `barred`. `background`, other articles of these
    days, sharpens it; without any, a table of Hindi news says how common words are.
    """
    pairs = Pairs([a, b], rules or Rules(), background)
    return pairs.explained(0, 1, pairs.link(0, 1))
