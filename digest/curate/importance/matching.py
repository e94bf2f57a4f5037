"""Find the rows that match a text by its words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from digest.curate.section_words import strong_words
from digest.hindi.text import folded_words, table_rows
from digest.hindi.tokens import stem_of, tokens

# Characters of a stem by which other forms of a word are recognised too. Shorter stems collide with other words.
LEAST_STEM = 3
# The row of phrases in which the words have another meaning.
NO_ROW = "other"
# Storms with the name of an actress, and storms or scenes of accidents with the name of a theatre of war.
_STORMS = folded_words("कैटरीना")
_THEATRES = folded_words("गाजा पठानकोट पुलवामा")
_POSTPOSITIONS = folded_words("का के की ने को से में पर")


@dataclass(frozen=True, slots=True)
class EntryPart:
    """One word of an entry. A token fits if it is equal, or starts with `prefix`, or has the same stem."""

    word: str = ""
    # None for a whole word; '' fits every token.
    prefix: str | None = None
    # '' for a word that only matches as written.
    stem: str = ""
    # Whether postpositions do not fit.
    is_content: bool = False

    def fits(self, token: str) -> bool:
        if self.prefix is not None:
            return token.startswith(self.prefix) and not (self.is_content and token in _POSTPOSITIONS)
        return token == self.word or (self.stem != "" and stem_of(token) == self.stem)


@dataclass(frozen=True, slots=True)
class WordEntry:
    """A word or phrase, and the row that it matches."""

    row: str
    parts: tuple[EntryPart, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """Where an entry of a row is in a list of tokens."""

    row: str
    start: int
    end: int


def entries() -> Iterator[WordEntry]:
    """Read the words of all rows."""
    for line in table_rows("digest.curate.importance", "words.txt"):
        row, _, words = line.partition(" | ")
        for word in words.split():
            if word.startswith("@"):
                for strong in strong_words(word[1:]):
                    yield WordEntry(row, tuple(_parts(strong, as_is=False)))
            else:
                as_is = word.startswith("=")
                for pieces in _wordings(word.lstrip("=")):
                    yield WordEntry(row, tuple(part for piece in pieces for part in _parts(piece, as_is=as_is)))


def _wordings(phrase: str) -> Iterator[tuple[str, ...]]:
    """Yield the pieces of each wording of a phrase: of `a/b_**_c`, `a c`, `a * c`, `b c` and `b * c`."""
    choices = [
        ("", "*") if piece == "**" else ("", "?") if piece == "?" else piece.split("/") for piece in phrase.split("_")
    ]
    yield from dict.fromkeys(tuple(piece for piece in pieces if piece) for pieces in product(*choices))


def _parts(text: str, *, as_is: bool) -> Iterator[EntryPart]:
    """Yield the parts of a text; `l1` has two tokens."""
    if text in ("*", "?"):
        yield EntryPart(prefix="", is_content=text == "?")
        return
    found = tokens(text)
    for at, token in enumerate(found):
        if text.endswith("*") and at == len(found) - 1:
            yield EntryPart(prefix=token)
        else:
            stem = "" if as_is else stem_of(token)
            yield EntryPart(word=token, stem=stem if len(stem) >= LEAST_STEM else "")


@dataclass(frozen=True, slots=True)
class _Index:
    """The entries, indexed by their first part."""

    by_word: dict[str, list[WordEntry]]
    by_stem: dict[str, list[WordEntry]]
    by_first_letter: dict[str, list[WordEntry]]


@lru_cache(maxsize=1)
def _index() -> _Index:
    index = _Index({}, {}, {})
    for entry in entries():
        first = entry.parts[0]
        if first.prefix is not None:
            index.by_first_letter.setdefault(first.prefix[:1], []).append(entry)
            continue
        index.by_word.setdefault(first.word, []).append(entry)
        if first.stem:
            index.by_stem.setdefault(first.stem, []).append(entry)
    return index


@lru_cache(maxsize=100_000)
def _beginning_with(token: str) -> tuple[WordEntry, ...]:
    """Return the entries whose first part the token fits."""
    index = _index()
    prefixed = (entry for entry in index.by_first_letter.get(token[0], ()) if entry.parts[0].fits(token))
    found = (*index.by_word.get(token, ()), *index.by_stem.get(stem_of(token), ()), *prefixed)
    return tuple(dict.fromkeys(found))


def find_rows(found: Sequence[str]) -> dict[str, Match]:
    """Return row name → first match, for the rows that match the tokens.

    A match inside a longer match of any row does not count: in सुप्रीम कोर्ट, कोर्ट matches nothing.
    """
    matches = [
        Match(entry.row, at, at + len(entry.parts))
        for at, token in enumerate(found)
        for entry in _beginning_with(token)
        if len(entry.parts) == 1 or _follows(entry, found, at)
    ]
    phrases = [each for each in matches if each.end - each.start > 1]
    rows: dict[str, Match] = {}
    called = {match.row for match in matches}
    ignored = _THEATRES if not called.isdisjoint({"disaster", "crash"}) else frozenset()
    for match in matches:
        is_named_so = match.row == "war" and found[match.start] in ignored
        is_inside = match.row == NO_ROW or any(_is_inside(match, each) for each in phrases)
        if match.row not in rows and not is_named_so and not is_inside:
            rows[match.row] = match
    is_storm = "disaster" in rows or ("havoc" in rows and "death" in rows)
    if is_storm and "celebrity" in rows and found[rows["celebrity"].start] in _STORMS:
        del rows["celebrity"]
    return rows


def _follows(entry: WordEntry, found: Sequence[str], at: int) -> bool:
    """Whether the parts after the first fit the tokens after `at`."""
    for part in entry.parts[1:]:
        at += 1
        if at == len(found) or not part.fits(found[at]):
            return False
    return True


def _is_inside(match: Match, phrase: Match) -> bool:
    longer = phrase.end - phrase.start > match.end - match.start
    return longer and phrase.start <= match.start and match.end <= phrase.end
