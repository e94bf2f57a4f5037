"""Find the values that a path names in JSON of any shape. Never raises.

A path is a list of names: `source.name`. A number is an element of a list (`images.0.url`), `[]` all of its elements
(`tags[].name`); a name that meets a list uses its first element. `a | b` uses `b` if `a` gives nothing.
"""

from __future__ import annotations

import math
import re
from typing import Any

# Values that one path may give: no article has so many categories.
MAX_VALUES = 50

# Elements of the list of items. Ten million bytes can't contain more objects.
MAX_LISTED = 200_000

# Halves of a UTF-16 pair, which can't be encoded.
_SURROGATES = re.compile("[\ud800-\udfff]")


def values(holder: Any, path: str, limit: int = MAX_VALUES) -> list[Any]:
    """All values that the path names, without null, '' and empty lists and objects."""
    for choice in path.split("|"):
        found = [holder]
        for step in choice.strip().split("."):
            found = [after for value in found for after in _step(value, step, limit)][:limit]
        found = [value for value in found if value is not None and value != "" and value != [] and value != {}]
        if found:
            return found
    return []


def find_list(document: Any, path: str) -> list[Any] | None:
    """The list that the path names, or the document itself if the path is ''; None if there is no list."""
    if not path:
        return document if isinstance(document, list) else None
    for choice in path.split("|"):
        found = document
        for step in choice.strip().split("."):
            found = next(iter(_step(found, step, MAX_LISTED)), None)
        if isinstance(found, list):
            return found[:MAX_LISTED]
    return None


def texts(holder: Any, path: str) -> list[str]:
    """The values that the path names, as texts. Lists are flattened; objects are left out."""
    flat = (one for value in values(holder, path) for one in (value if isinstance(value, list) else [value]))
    return [text for one in flat if (text := as_text(one))][:MAX_VALUES]


def text(holder: Any, path: str) -> str:
    """The first text that the path names, or ''."""
    return next(iter(texts(holder, path)), "")


def as_text(value: Any) -> str:
    """A string or a number as text; '' for anything else."""
    if isinstance(value, str):
        return _SURROGATES.sub("", value).strip()
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > 1e18:
        return ""
    return str(int(value)) if value == int(value) else str(value)


def describe_keys(value: Any) -> str:
    """The first ten keys of an object, for a message; what the value is if it is no object."""
    if isinstance(value, dict):
        names = [_SURROGATES.sub("", str(name))[:40] for name in list(value)[:10]]
        return ", ".join(names) + (", …" if len(value) > len(names) else "") if names else "no keys"
    return "a list" if isinstance(value, list) else "no object"


def _step(value: Any, step: str, limit: int) -> list[Any]:
    """What one step of a path leads to."""
    name = step.rstrip("[]")
    flatten = step[len(name) :].count("[]")
    if isinstance(value, list):
        if name.isascii() and name.isdigit() and len(name) < 7:
            found = value[int(name) : int(name) + 1]
        else:
            found = [inner[name] for inner in value[:1] if isinstance(inner, dict) and name in inner]
    else:
        found = [value[name]] if isinstance(value, dict) and name in value else []
    for _ in range(flatten):
        found = [one for inner in found if isinstance(inner, list) for one in inner[:limit]][:limit]
    return found
