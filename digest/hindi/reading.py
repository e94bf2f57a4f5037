"""Reading time of texts."""

from __future__ import annotations

WORDS_PER_MINUTE = 180
"""There is no established norm for Hindi. English is read at 238 silently and at 183 aloud (Brysbaert 2019)."""


def minutes(*texts: str) -> int:
    """Minutes to read all texts, rounded up; 0 if there are no words."""
    words = sum(len(text.split()) for text in texts)
    return -(-words // WORDS_PER_MINUTE)
