"""How long a text takes to read. No layout, no words around the number."""

from __future__ import annotations

WORDS_PER_MINUTE = 180
"""No solid norm exists for Hindi; English readers do 238 silently and 183 aloud (Brysbaert 2019)."""


def minutes(*texts: str) -> int:
    """Whole minutes to read the texts together, rounded up; 0 when there is nothing to read."""
    words = sum(len(text.split()) for text in texts)
    return -(-words // WORDS_PER_MINUTE)
