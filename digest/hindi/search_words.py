"""Words as a search index stores them: folded stems in ASCII, so that a database's own tokenizer needs no Hindi.

`unicode61` of SQLite and the parser of PostgreSQL cut Devanagari at its vowel signs. In ASCII they cannot.
"""

from __future__ import annotations

from digest.hindi.tokens import stems, tokens

# The first letter of an encoded word. No English word that is followed by these letters is news.
_MARK = "q"
_LETTERS = "abcdefghijklmnop"
_FIRST, _LAST = 0x0900, 0x097F
# Words of a query. Further ones change little.
MOST = 8


def index_words(*texts: str) -> str:
    """Return the words of the texts for an index, each once."""
    return " ".join(dict.fromkeys(encode(stem) for text in texts for stem in stems(text)))


def query_words(query: str) -> list[str]:
    """Return what must be in the index for a query. A query of stop words only finds nothing."""
    return list(dict.fromkeys(encode(stem) for stem in stems(query)))[:MOST]


def has_words(query: str) -> bool:
    """Return whether a query has any word, even a stop word."""
    return bool(tokens(query))


def encode(stem: str) -> str:
    """Return a folded stem as ASCII letters and digits. Two stems never have the same form."""
    if stem.isascii():
        return stem.replace(".", "d")
    return _MARK + "".join(map(_encode_letter, stem))


def _encode_letter(letter: str) -> str:
    number = ord(letter)
    if _FIRST <= number <= _LAST:
        number -= _FIRST
        return _LETTERS[number >> 4] + _LETTERS[number & 15]
    return f"{number:x}z" if number > 127 else letter
