"""The articles that a summary is compared with, and look-ups of words in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from digest.curate.similarity.cues import find_places
from digest.curate.summary.support.clauses import Clause, Sentence
from digest.curate.summary.support.reading import read
from digest.curate.summary.support.roles import is_name_like, same
from digest.curate.summary.support.vocabulary import OPPOSITES
from digest.curate.summary.support.words import JOINS, PRONOUNS, Word
from digest.hindi.tokens import word_stems

# The most words between a name and a description of its owner.
_NEAR, _NEAR_BEFORE = 5, 7
# The most words of a dateline.
_DATELINE = 4


@dataclass(frozen=True, slots=True)
class SourceText:
    """The parts of an article that the check uses. The last `titles` sentences are parts of its title."""

    name: str
    title: str
    sentences: tuple[Sentence, ...]
    titles: int = 0

    def line(self, sentence: int) -> int:
        """Return the position of the sentence in the text. For a title it is the position of the first sentence."""
        return sentence if sentence < len(self.sentences) - self.titles else 0

    @property
    def lead(self) -> tuple[Sentence, ...]:
        """The first sentence, also with the dateline before it: `जयपुर।`"""
        return self.sentences[: 2 if self.sentences and len(self.sentences[0].text.split()) <= _DATELINE else 1]


@dataclass(frozen=True, slots=True)
class Place:
    """The clause of an article that is compared: `other`, clause `clause` of sentence `sentence` of source `source`."""

    source: int
    sentence: int
    clause: int
    other: Clause


class Articles:
    """Looks up words in the articles of a story."""

    def __init__(self, sources: Sequence[SourceText]) -> None:
        self.sources = sources
        self._known: dict[str, bool] = {}
        self._leading: dict[str, bool] = {}
        self._places: dict[str, bool] = {}

    @cached_property
    def lead_words(self) -> list[Word]:
        """The words of the titles and first sentences: what the story is about."""
        return [
            word
            for source in self.sources
            for sentence in (*read(source.title), *source.lead)
            for clause in sentence.clauses
            for word in clause.words
        ]

    def is_topic(self, word: Word) -> bool:
        """Whether a title or first sentence has the word."""
        if word.text not in self._leading:
            self._leading[word.text] = any(same(word, each) for each in self.lead_words)
        return self._leading[word.text]

    def sentence(self, place: Place) -> Sentence:
        return self.sources[place.source].sentences[place.sentence]

    def sentences(self, source: int) -> Sequence[Sentence]:
        return self.sources[source].sentences

    def topic(self, place: Place) -> Iterator[Word]:
        """Yield the words of the article's topic (title, first sentence), and of the sentences around the place."""
        for clause in self.topic_clauses(place):
            yield from clause.words

    def topic_clauses(self, place: Place) -> Iterator[Clause]:
        source = self.sources[place.source]
        sentences = [*source.sentences[max(0, place.sentence - 1) : place.sentence + 2]]
        for each in self.sources:
            sentences += [*read(each.title), *each.lead]
        for sentence in sentences:
            yield from sentence.clauses

    def titles_read(self) -> Iterator[Clause]:
        for source in self.sources:
            for sentence in read(source.title):
                yield from sentence.clauses

    def is_place(self, word: Word) -> bool:
        """Whether the articles have the word as a place: `पटना में`, and not `मोहन मामले में`."""
        if word.text not in self._places:
            self._places[word.text] = bool(find_places(word_stems(word.text)).towns) or any(
                each.marker in ("में", "at") and same(word, each) and not (after and after.phrase == each.phrase)
                for clause in (*self.clauses(), *self.titles_read())
                for each, after in zip(clause.words, [*clause.words[1:], None], strict=False)
            )
        return self._places[word.text]

    def is_anywhere(self, word: Word) -> bool:
        if word.text not in self._known:
            self._known[word.text] = any(
                word.text in clause.tokens or same(word, each)
                for source in self.sources
                for sentence in source.sentences
                for clause in sentence.clauses
                for each in clause.words
            )
        return self._known[word.text]

    def has_opposite(self, word: Word) -> bool:
        """Whether the articles have the opposite of the word: `उत्तरी` for `दक्षिणी`."""
        opposites = {each for pair in OPPOSITES for one, two in (pair, pair[::-1]) if word.text in one for each in two}
        return any(opposites & set(clause.tokens) for clause in self.clauses())

    def clauses(self, source: int | None = None) -> Iterator[Clause]:
        for each in self.sources if source is None else [self.sources[source]]:
            for sentence in each.sentences:
                yield from sentence.clauses

    def has_run(self, run: Sequence[Word]) -> bool:
        """Whether a clause of the articles has these words one after the other."""
        size = len(run)
        return any(
            all(same(word, each) for word, each in zip(run, clause.words[at : at + size], strict=True))
            for clause in self.clauses()
            for at in range(len(clause.words) - size + 1)
        )

    def is_near(self, name: Word, word: Word) -> bool:
        """Whether the articles have the word near the name: its office, its town, the rest of it."""
        for clause in self.clauses():
            at = [n for n, each in enumerate(clause.words) if same(name, each)]
            if any(same(word, each) for n in at for each in clause.words[max(0, n - _NEAR_BEFORE) : n + _NEAR + 1]):
                return True
        return False

    def titles(self, name: Word) -> Iterator[tuple[Word, bool]]:
        """Yield each office before the name in its phrase, and each of its owners with True: `लखनऊ के डीएम अवस्थी`."""
        for clause in self.clauses():
            for n, each in enumerate(clause.words):
                if same(name, each):
                    before = [one for one in clause.words[:n] if one.phrase in (each.phrase, each.phrase - 1)]
                    offices = [one for one in before if one.phrase == each.phrase and "office" in one.concepts]
                    yield from ((one, False) for one in offices)
                    if offices:
                        # `उनके वकील मोरे`
                        owners = (one for one in before if one.phrase < each.phrase and one.marker == "gen")
                        yield from ((one, True) for one in (*owners, *(one for one in before if one.text in PRONOUNS)))

    def heads(self, name: Word, body: Word) -> bool:
        """Whether the articles say that the person belongs to the body: `संघ के अध्यक्ष लोकेश जैन`."""
        for clause in self.clauses():
            for n, each in enumerate(clause.words):
                if same(name, each):
                    owners = [one for one in clause.words[:n] if one.marker == "gen" and one.phrase == each.phrase - 1]
                    if any(same(body, one) for one in owners):
                        return True
        return False

    def is_called(self, head: Word, word: Word) -> bool:
        """Whether the articles use both words in one name or title, and never the word with another name."""
        found = False
        for source in self.sources:
            for sentence in source.sentences:
                for phrase in _phrases(sentence):
                    if not any(same(head, each) for each in phrase):
                        continue
                    others = [each for each in phrase if not same(head, each)]
                    if any(same(word, each) for each in others):
                        found = True
                    elif others:
                        court = head.key == "न्यायालय" and not set(word.concepts) & {"light"}
                        mates = [each for each in others if is_name_like(each) or court]
                        if mates and not self._together(mates, word):
                            return False
        return found

    def _together(self, mates: Sequence[Word], word: Word) -> bool:
        return any(
            any(same(mate, each) for mate in mates for each in phrase) and any(same(word, each) for each in phrase)
            for source in self.sources
            for sentence in source.sentences
            for phrase in _phrases(sentence)
        )


def _phrases(sentence: Sentence) -> Iterator[list[Word]]:
    for clause in sentence.clauses:
        by_phrase: dict[tuple[int, int], list[Word]] = {}
        joined = 0
        for word in clause.words:
            joined += word.text in JOINS
            if word.is_content and word.phrase >= 0 and word.marker and not word.number:
                by_phrase.setdefault((word.phrase, joined), []).append(word)
        yield from by_phrase.values()


class Ruling(Enum):
    """What a rule about one word or number returns instead of a problem, if the rules after it need not look."""

    FINE = "fine"


@dataclass
class ClausePair:
    """A clause of a summary, and the clause of an article at `place` that may support it."""

    articles: Articles
    clause: Clause
    place: Place

    @property
    def other(self) -> Clause:
        """The clause of the article."""
        return self.place.other

    @cached_property
    def sentence(self) -> Sentence:
        """The sentence of the article."""
        return self.articles.sentence(self.place)

    @cached_property
    def predicate(self) -> Word | None:
        """The last word of the summary's clause that says something."""
        return next((word for word in reversed(self.clause.words) if word.is_content), None)
