"""Values as text in messages and documents."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

# First characters of text that a spreadsheet evaluates as a formula, even after blanks.
_FORMULA = ("=", "+", "-", "@")


def escape_formula(text: str) -> str:
    """Prefix text that a spreadsheet would evaluate as a formula."""
    return f"'{text}" if text.lstrip()[:1] in _FORMULA else text


def unescape_formula(text: str) -> str:
    """Remove the prefix of `escape_formula`."""
    return text[1:] if text[:1] == "'" and text[1:].lstrip()[:1] in _FORMULA else text


def one_line(text: str) -> str:
    """Collapse white space, so that the text has one line."""
    return " ".join(text.split())


def plural(number: int, one: str, many: str = "") -> str:
    """Format a count: '1 batch', '2 batches'. Without `many`, several end in s."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def duration(seconds: float) -> str:
    """Return a length of time such as '40 s', '3 min 5 s' or '2 h 10 min'."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def short_line(text: str) -> str:
    """Return foreign text on one line, printable, and of at most 100 characters."""
    line = "".join(char if char.isprintable() else "?" for char in text)
    return line if len(line) <= 100 else line[:99] + "…"


def pick(item: object, names: str) -> dict[str, Any]:
    """Return attributes of an object for a JSON document, by their names, which spaces separate.

    Tuples become lists.
    """
    found = ((name, getattr(item, name)) for name in names.split())
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found}


def mark_of(parts: Iterable[Iterable[str]]) -> str:
    """Return a short hash of the lists. A form repeats the hash of what its page showed."""
    text = "\0\0".join("\0".join(each) for each in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
