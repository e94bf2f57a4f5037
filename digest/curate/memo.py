"""What curation has counted before, so that composing again with a few new articles costs little.

Holds counts, weights and scores; decides nothing. Kept by whoever composes again and again (`digest run`); without
one, every run counts anew. Stems keep their weights until a tenth of the articles has changed: until then a score
may differ in its third place from that of a run that counts anew.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from digest.curate.boilerplate import Furniture, Key
from digest.curate.likeness import Known, value
from digest.curate.rules import Rules
from digest.curate.sections import Spoken
from digest.curate.tfidf import Document, Frequencies, document, title_stems
from digest.models import Article

CANDIDATE_SHARE = 0.02
CANDIDATE_LEAST = 50
"""Stems in more documents than this share (or number, in sets below 2,500) bring no pair together by themselves. On a
day that is full of one subject, its words are all that two reports of one event may share in their leads."""
CANDIDATE_COSINE = 0.08
DRIFT = 0.1
"""Share of the articles that may come and go before the weights are counted anew."""


MOST_SPOKEN = 20_000
"""Texts whose words are remembered; then all are forgotten, for most are of days past."""


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
        self._numbers: dict[Key, int] = {}
        self._compared: list[Known] = []  # by number
        self._links: list[tuple[int, int, float]] = []
        self.furniture = Furniture()
        self.spoken: dict[str, Spoken] = {}
        """Which section the words of a text speak for (see `sections.section_of`)."""

    def know(
        self, articles: Sequence[Article], background: Sequence[Article], rules: Rules
    ) -> tuple[list[Known], Frequencies]:
        """What is known of each of `articles`, weighted by how common stems are in these and the background."""
        if len(self.spoken) > MOST_SPOKEN:
            self.spoken.clear()
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

    def links(self, place: Mapping[Key, int]) -> Iterator[tuple[int, int, float]]:
        """The pairs of the articles in `place`, as its numbers, that score at least `rules.related`, with the score;
        call `know` before.

        Only articles that were not compared before are compared with the others.
        """
        if new := [key for key in place if key not in self._numbers]:
            self._compare(new)
        at = [place.get(key) for key in self._numbers]
        for one, other, score in self._links:
            i, j = at[one], at[other]
            if i is not None and j is not None:
                yield i, j, score

    def _compare(self, new: Sequence[Key]) -> None:
        if self._ruled is None:
            raise ValueError("nothing is known yet")
        related, trust, known = self._ruled[0], self._frequencies.trust, self._compared
        counts, most = self._frequencies.counts, max(CANDIDATE_LEAST, int(CANDIDATE_SHARE * self._frequencies.size))
        mine = [self._one(key) for key in new]
        telling = frozenset(stem for each in mine for stem in each.lead if counts[stem] <= most)
        postings: Postings = {}
        for number, each in enumerate(known):
            _post(postings, number, each.leads(telling))
        for number, (key, one) in enumerate(zip(new, mine, strict=True), len(known)):
            partial: defaultdict[int, float] = defaultdict(float)
            weights = one.leads(telling)
            for stem, weight in weights:
                if listed := postings.get(stem):
                    for other, its in zip(*listed, strict=True):
                        partial[other] += weight * its
            _post(postings, number, weights)
            self._numbers[key] = number
            known.append(one)
            for other, cosine in partial.items():
                if cosine >= CANDIDATE_COSINE:
                    found = value(known[other], one, trust=trust, least=related)
                    if found >= related:
                        self._links.append((other, number, found))

    @property
    def frequencies(self) -> Frequencies:
        """The weights of the last `know`."""
        return self._frequencies

    def of(self, article: Article) -> Known:
        """What is known of an article that was given to the last `know`."""
        return self._one(key_of(article))

    def title_stems(self, article: Article) -> Sequence[str]:
        """The stems of the title of an article that was given to the last `know`."""
        spelt = self._documents[key_of(article)].spelt
        return spelt.title if spelt.joined else title_stems(article.title)  # else it may be a paragraph's

    def _one(self, key: Key) -> Known:
        if key not in self._known:
            self._known[key] = Known(self._documents[key], self._frequencies)
        return self._known[key]

    def _count_anew(self, base: frozenset[Key], ruled: tuple[float, timedelta]) -> None:
        self._base, self._ruled = base, ruled
        self._frequencies = Frequencies(self._documents.values())
        self._known, self._numbers, self._compared = {}, {}, []
        self._links = []


Postings = dict[str, tuple["array[int]", "array[float]"]]
"""Stem → the numbers of the articles whose lead has it, and its weights there: arrays, as they are walked through."""


def _post(postings: Postings, number: int, weights: Iterable[tuple[str, float]]) -> None:
    for stem, weight in weights:
        listed = postings.get(stem)
        if listed is None:
            listed = postings[stem] = array("L"), array("d")
        listed[0].append(number)
        listed[1].append(weight)
