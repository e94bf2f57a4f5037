"""Dataclasses made from other objects. JSON documents are such: their fields are the keys, which the API describes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

import orjson

T = TypeVar("T")


def fill(kind: Callable[..., T], item: object, /, **others: Any) -> T:
    """Return an instance of a dataclass. Fields that are not among `others` come from the fields of `item` with the
    same names.
    """
    return kind(**{name: getattr(item, name) for name in _names(kind) if name not in others}, **others)


def to_json(document: object) -> Any:
    """Return a document as dictionaries, lists and texts."""
    return orjson.loads(orjson.dumps(document))


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))
