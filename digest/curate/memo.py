"""What curation has counted before, so that composing again with a few new articles costs little.

Holds counts, weights and scores; decides nothing. Kept by whoever composes again and again (`digest run`); without
one, every run counts anew. Stems keep their weights until a tenth of the articles has changed: until then a score
may differ in its third place from that of a run that counts anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

from digest.curate.boilerplate import Furniture
from digest.curate.likeness import Known, Link, score
from digest.curate.rules import Rules
from digest.curate.tfidf import Document, Frequencies, document
from digest.models import Article

CANDIDATE_SHARE = 0.02
CANDIDATE_LEAST = 30
"""Stems in more documents than this share (or number, in small sets) bring no pair together by themselves."""
CANDIDATE_COSINE = 0.08
DRIFT = 0.1
"""Share of the articles that may come and go before the weights are counted anew."""

Key = tuple[str, str]
"""An article's id and what tells its versions apart."""


def key_of(article: Article) -> Key:
    """The same for the same content of the same article."""
    return article.id, article.content_hash or f"{article.title}\n{article.text}"


class Memo:
    """Counts by article, and pair scores under one set of weights. Not for two threads at once."""

    def __init__(self) -> None:
        self._documents: dict[Key, Document] = {}
        self._ruled: tuple[float, timedelta] | None = None
        self._base: frozenset[Key] = frozenset()
        self._frequencies = Frequencies(())
        self._known: dict[Key, Known] = {}
        self._postings: defaultdict[str, list[tuple[Key, float]]] = defaultdict(list)
        self._compared: dict[Key, None] = {}
        self._links: dict[tuple[Key, Key], Link] = {}
        self.furniture = Furniture()

    def know(
        self, articles: Sequence[Article], background: Sequence[Article], rules: Rules
    ) -> tuple[list[Known], Frequencies]:
        """What is known of each of `articles`, weighted by how common stems are in these and the background."""
        keys = [key_of(article) for article in articles]
        everything = dict(zip(keys, articles, strict=True))
        everything.update((key_of(article), article) for article in background)
        old = self._documents
        self._documents = {key: old.get(key) or document(article) for key, article in everything.items()}
        ruled = (rules.related, rules.span)
        # A small set's weights change with each article, and it is counted in no time.
        settled = self._frequencies.large and ruled == self._ruled
        if not settled or len(everything.keys() ^ self._base) > DRIFT * len(self._base):
            self._count_anew(frozenset(everything), ruled)
        return [self._one(key) for key in keys], self._frequencies

    def links(self, place: Mapping[Key, int]) -> list[tuple[tuple[Key, Key], Link]]:
        """The pairs of the articles in `place` that score at least `rules.related`; call `know` before.

        Only articles that were not compared before are compared with the others. Links have no ids yet.
        """
        if self._ruled is None:
            return []
        related, _ = self._ruled
        counts = self._frequencies.counts
        most = max(CANDIDATE_LEAST, int(CANDIDATE_SHARE * self._frequencies.size))
        for key in place:
            if key in self._compared:
                continue
            mine = self._known[key]
            partial: defaultdict[Key, float] = defaultdict(float)
            for stem, weight in mine.vectors.lead.items():
                if counts[stem] > most:
                    continue
                listed = self._postings[stem]
                for other, its in listed:
                    partial[other] += weight * its
                listed.append((key, weight))
            self._compared[key] = None
            for other, value in partial.items():
                if value >= CANDIDATE_COSINE:
                    link = score(self._known[other], mine, trust=self._frequencies.trust)
                    if link.score >= related:
                        self._links[other, key] = link
        return [(pair, link) for pair, link in self._links.items() if pair[0] in place and pair[1] in place]

    @property
    def frequencies(self) -> Frequencies:
        """The weights of the last `know`."""
        return self._frequencies

    def of(self, article: Article) -> Known:
        """What is known of an article that was given to the last `know`."""
        return self._one(key_of(article))

    def _one(self, key: Key) -> Known:
        if key not in self._known:
            self._known[key] = Known.of(self._documents[key], self._frequencies)
        return self._known[key]

    def _count_anew(self, base: frozenset[Key], ruled: tuple[float, timedelta]) -> None:
        self._base, self._ruled = base, ruled
        self._frequencies = Frequencies(self._documents.values())
        self._known = {}
        self._postings = defaultdict(list)
        self._compared, self._links = {}, {}
