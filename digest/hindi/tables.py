"""Word lists in code: rows of words separated by spaces."""

from __future__ import annotations


def words(*rows: str) -> tuple[str, ...]:
    """The words of all rows, in order."""
    return tuple(word for row in rows for word in row.split())
