"""Words for a search index: folded stems in ASCII, so that a database's own tokenizer needs no Hindi.

SQLite's `unicode61` and PostgreSQL's parser would split Devanagari at its vowel signs.
"""

from __future__ import annotations

from digest.hindi.tokens import stems

# The first letter of an encoded word. It avoids conflicts with English words.
_MARK = "q"
_LETTERS = "abcdefghijklmnop"
_FIRST, _LAST = 0x0900, 0x097F
# The most words of a query. Further words change little.
MOST = 8


def index_words(*texts: str) -> str:
    """Return the words of the texts for an index, each once."""
    return " ".join(dict.fromkeys(encode(stem) for text in texts for stem in stems(text)))


def query_words(query: str) -> list[str]:
    """Return the words that the index must contain for a query. A query of only stop words finds nothing."""
    return list(dict.fromkeys(encode(stem) for stem in stems(query)))[:MOST]


def encode(stem: str) -> str:
    """Encode a folded stem as ASCII letters and digits, one-to-one."""
    if stem.isascii():
        return stem.replace(".", "d")
    return _MARK + "".join(map(_encode_letter, stem))


def _encode_letter(letter: str) -> str:
    number = ord(letter)
    if _FIRST <= number <= _LAST:
        number -= _FIRST
        return _LETTERS[number >> 4] + _LETTERS[number & 15]
    return f"{number:x}z" if number > 127 else letter
