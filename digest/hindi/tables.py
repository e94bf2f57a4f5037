"""How a table of words is written in code: rows of words with spaces between. Nothing else belongs here."""

from __future__ import annotations


def words(*rows: str) -> tuple[str, ...]:
    """All words of the rows, in order."""
    return tuple(word for row in rows for word in row.split())
