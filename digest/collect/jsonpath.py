"""Finds what a path names in JSON, whatever its shape. Knows no field of any API and never raises.

A path is names with dots between: `source.name`. A number takes that element of a list (`images.0.url`), `[]` every
element (`tags[].name`); a list met where a name is wanted stands for its first element. `a | b` is `b` where `a`
gives nothing.
"""

from __future__ import annotations

import math
import re
from typing import Any

MOST = 50
"""Values that one path may give: no article has so many categories."""

MAX_LISTED = 200_000
"""Elements of the list of items; ten million bytes hold no more objects."""

_SURROGATES = re.compile("[\ud800-\udfff]")  # halves of a sign, which nothing can encode


def values(holder: Any, path: str, most: int = MOST) -> list[Any]:
    """Everything that the path names and that says something: no null, no blank text, no empty list or object."""
    for choice in path.split("|"):
        found = [holder]
        for step in choice.strip().split("."):
            found = [after for one in found for after in _after(one, step, most)][:most]
        found = [one for one in found if one is not None and one != "" and one != [] and one != {}]
        if found:
            return found
    return []


def listed(document: Any, path: str) -> list[Any] | None:
    """The list that the path names, or the document itself for ''; None where there is no list."""
    if not path:
        return document if isinstance(document, list) else None
    for choice in path.split("|"):
        found = document
        for step in choice.strip().split("."):
            found = next(iter(_after(found, step, MAX_LISTED)), None)
        if isinstance(found, list):
            return found[:MAX_LISTED]
    return None


def texts(holder: Any, path: str) -> list[str]:
    """What the path names as texts: numbers written out, lists opened, anything else left out."""
    found = (one for value in values(holder, path) for one in (value if isinstance(value, list) else [value]))
    return [text for one in found if (text := as_text(one))][:MOST]


def text(holder: Any, path: str) -> str:
    """The first text that the path names, '' when there is none."""
    return next(iter(texts(holder, path)), "")


def as_text(value: Any) -> str:
    """A text, or a number as it would be written; '' for anything else."""
    if isinstance(value, str):
        return _SURROGATES.sub("", value).strip()
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > 1e18:
        return ""
    return str(int(value)) if value == int(value) else str(value)


def keys(value: Any) -> str:
    """An object's keys for a message, at most ten; what it is otherwise."""
    if isinstance(value, dict):
        names = [_SURROGATES.sub("", str(name))[:40] for name in list(value)[:10]]
        return ", ".join(names) + (", …" if len(value) > len(names) else "") if names else "no keys"
    return "a list" if isinstance(value, list) else "no object"


def _after(value: Any, step: str, most: int) -> list[Any]:
    """What stands under one step of a path; [] where nothing does."""
    name = step.rstrip("[]")
    every = step[len(name) :].count("[]")
    if isinstance(value, list):
        if name.isascii() and name.isdigit() and len(name) < 7:
            found = value[int(name) : int(name) + 1]
        else:
            found = [inner[name] for inner in value[:1] if isinstance(inner, dict) and name in inner]
    else:
        found = [value[name]] if isinstance(value, dict) and name in value else []
    for _ in range(every):
        found = [one for inner in found if isinstance(inner, list) for one in inner[:most]][:most]
    return found
