"""All pairs of a day's articles: which are worth scoring, what bars one from being one story, and why they are alike.

Groups nothing. The arithmetic is `likeness`', what was counted before is `memo`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from digest.curate import series
from digest.curate.likeness import Link, score, twins
from digest.curate.memo import Key, Memo, key_of
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
        self._leads: dict[int, str] = {}
        zone = ZoneInfo(rules.timezone)
        self._day = [article.published.astimezone(zone).date() for article in articles]

    def candidates(self) -> dict[tuple[int, int], Link]:
        """The pairs (i < j) that score at least `rules.related`, found through an inverted index.

        Pairs further apart in time than `rules.span` are left out; other bars are noted on the link.
        """
        place: dict[Key, int] = {key_of(article): number for number, article in enumerate(self.articles)}
        found: dict[tuple[int, int], Link] = {}
        for (one, other), link in self.memo.links(place):
            i, j = sorted((place[one], place[other]))
            if abs(self.articles[j].published - self.articles[i].published) <= self.rules.span:
                found[i, j] = self._named(i, j, link)
        return found

    def link(self, i: int, j: int) -> Link:
        """The pair's score with its terms, without the shared words."""
        return self._named(i, j, score(self.known[i], self.known[j], trust=self.frequencies.trust))

    def _named(self, i: int, j: int, link: Link) -> Link:
        a, b = self.articles[i], self.articles[j]
        barred = self.bar(i, j, link.score)
        return replace(link, a=a.id, b=b.id, barred=barred)

    def explained(self, i: int, j: int, link: Link) -> Link:
        """The link with its five weightiest shared stems as they stand in either text."""
        one, other = self.known[i].vectors.lead, self.known[j].vectors.lead
        common = sorted(one.keys() & other.keys(), key=lambda stem: (-one[stem] * other[stem], stem))[:5]
        words, others = surfaces(self._lead(i), common), surfaces(self._lead(j), common)
        shared = tuple((stem, words.get(stem, stem), others.get(stem, stem)) for stem in common)
        return replace(link, shared=shared)

    def _lead(self, at: int) -> str:
        if at not in self._leads:
            self._leads[at] = lead_text(self.articles[at])
        return self._leads[at]

    def never(self, i: int, j: int) -> str:
        """Why the two can't be one story whatever their score is, or ''."""
        a, b = self.articles[i], self.articles[j]
        if abs(b.published - a.published) > self.rules.span:
            return f"more than {self.rules.span} apart"
        one, other = self.series.get(a.id), self.series.get(b.id)
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
