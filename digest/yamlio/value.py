"""Change single values in the text of a YAML file, so that comments, order and the other lines stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from digest.yamlio.editor import format_value, pairs, row_in_braces


def set_value(text: str, path: Sequence[str], value: str) -> str:
    """Return the text with the scalar at `path` changed. Raises KeyError if there is no such key."""
    node, in_braces = _node(text, path)
    return text[: node.start_mark.index] + format_value(value, flow=in_braces) + text[node.end_mark.index :]


def set_rows(text: str, path: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    """Return the text with other rows in the list at `path`, whose rows are on separate lines.

    Comments on the lines of the old rows go with them. Raises KeyError if there is no such key.
    """
    node, _in_braces = _node(text, path)
    first, last = node.start_mark.line, node.value[-1].end_mark.line
    indent = " " * node.start_mark.column
    lines = text.split("\n")
    lines[first : last + 1] = [f"{indent}- {row_in_braces(row)}" for row in rows]
    return "\n".join(lines)


def _node(text: str, path: Sequence[str]) -> tuple[Any, bool]:
    """The node at a path of keys, and whether it is inside braces."""
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    in_braces = False
    for key in path:
        in_braces = in_braces or bool(node.flow_style)
        node = dict(pairs(node))[key]
    return node, in_braces
