"""Set keys of a YAML file as text, so that comments, order and quoting of everything else stay as they are.

`write` parses the edited text and refuses it unless it contains exactly the intended values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from digest.yamlio.editor import YamlText, ends_with_break, format_value, pairs, row_in_braces

Value = str | int | float | bool | None | list[str]


class YamlKeys(YamlText):
    """Edits values at paths of keys, such as `("schedule", "send_at")`. Lists have texts only."""

    def set(self, keys: Sequence[str], value: Value) -> None:
        """Set a value, and add missing keys on its path. Raises EditNotPossible."""
        node = self._compose()
        parent_key: Any = None
        for depth, key in enumerate(keys):
            if not isinstance(node, yaml.MappingNode):
                self._add(parent_key, node, keys[depth:], value)
                return
            found = next((pair for pair in node.value if pair[0].value == key), None)
            if found is None:
                self._add_to(node, keys[depth:], value)
                return
            parent_key, node = found
            if node.start_mark.index < parent_key.end_mark.index:
                # The text of an alias is elsewhere, and other values use it too.
                self.refuse(parent_key.start_mark.line, "this value is an alias")
        self._replace(parent_key, node, value, in_braces=self._in_braces(keys))

    def _replace(self, key: Any, node: Any, value: Value, *, in_braces: bool) -> None:
        start, end = _span(node)
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            self.refuse(key.start_mark.line, "a value written as a block scalar can't be changed")
        if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
            self._replace_rows(node, value)
            return
        if isinstance(node, yaml.CollectionNode) and "#" in self.text[start:end]:
            self.refuse(key.start_mark.line, "there are comments inside the brackets")
        written = _format(value, flow=in_braces)
        # An empty value ends where its key does.
        space = " " if self.text[start - 1] == ":" else ""
        self.text = self.text[:start] + space + written + self.text[end:]

    def _replace_rows(self, node: Any, value: Value) -> None:
        """Rewrite a list. Comments above and beside a row that stays move with it."""
        lines, column = self._lines(), node.start_mark.column
        first, past = node.start_mark.line, self._last_line(node) + 1
        rows: dict[str, list[str]] = {}
        at = first
        for row in node.value:
            if not isinstance(row, yaml.ScalarNode) or row.style in ("|", ">") or row.start_mark.line < at:
                self.refuse(row.start_mark.line, "this list is written in an unusual form")
            rows.setdefault(str(row.value), [])[:] = lines[at : row.end_mark.line + 1]
            at = row.end_mark.line + 1
        if not isinstance(value, list) or not value:
            if any("#" in line for line in lines[first:past]):
                self.refuse(first, "there are comments in this list")
            written = [" " * (column + 2) + _format(value) + self.newline]
        else:
            written = []
            for each in value:
                kept = rows.get(each) or [" " * column + "- " + format_value(each) + self.newline]
                written += [line if ends_with_break(line) else line + self.newline for line in kept]
        lines[first:past] = written
        self._set_lines(lines)

    def _add_to(self, mapping: Any, keys: Sequence[str], value: Value) -> None:
        if mapping.flow_style:
            end = mapping.end_mark.index - 1
            comma = ", " if mapping.value else ""
            field = _in_braces(keys, value)
            self.text = self.text[:end].rstrip() + comma + field + self.text[end:]
            return
        column = mapping.value[0][0].start_mark.column
        self._insert_after(self._last_line(mapping), _nested_lines(keys, value, column))

    def _add(self, key: Any, empty: Any, keys: Sequence[str], value: Value) -> None:
        """Add keys below a key without a value, or to an empty file."""
        if key is None:
            if empty is not None:
                self.refuse(0, "expected keys such as newsletter:")
            end = "" if not self.text or ends_with_break(self.text) else self.newline
            self.text += end + "".join(line + self.newline for line in _nested_lines(keys, value, 0))
            return
        start, stop = _span(empty)
        if not isinstance(empty, yaml.ScalarNode) or self.text[start:stop] not in ("", "null", "~"):
            self.refuse(key.start_mark.line, "this key has no keys below it")
        line = key.start_mark.line
        if stop > start:
            self.text = self.text[:start].rstrip(" ") + self.text[stop:]
        self._insert_after(line, _nested_lines(keys, value, key.start_mark.column + 2))

    def _in_braces(self, keys: Sequence[str]) -> bool:
        """Whether one of the mappings on the way is written in braces."""
        node = self._compose()
        for key in keys:
            if node.flow_style:
                return True
            node = dict(pairs(node))[key]
        return False


def _format(value: Value, *, flow: bool = False) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(format_value(each, flow=True) for each in value) + "]"
    return format_value(value, flow=flow)


def _nested_lines(keys: Sequence[str], value: Value, column: int) -> list[str]:
    """Return the lines of new keys, each below the one before it."""
    lines = [" " * (column + 2 * depth) + f"{key}:" for depth, key in enumerate(keys)]
    lines[-1] += " " + _format(value)
    return lines


def _in_braces(keys: Sequence[str], value: Value) -> str:
    written = _format(value, flow=True)
    for key in reversed(keys[1:]):
        written = "{" + f"{key}: {written}" + "}"
    return f"{keys[0]}: {written}"


def _span(node: Any) -> tuple[int, int]:
    """Return the offsets of a value's own text."""
    return int(node.start_mark.index), int(node.end_mark.index)


def set_value(text: str, path: Sequence[str], value: str) -> str:
    """Return the text with the scalar at `path` changed. Raises KeyError if there is no such key."""
    node, in_braces = _node(text, path)
    return text[: node.start_mark.index] + format_value(value, flow=in_braces) + text[node.end_mark.index :]


def set_rows(text: str, path: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    """Return the text with the list at `path` replaced by other rows. Each old row is on lines of its own.

    Comments on the lines of the old rows go with them. Raises KeyError if there is no such key.
    """
    node, _in_braces = _node(text, path)
    first, last = node.start_mark.line, node.value[-1].end_mark.line
    indent = " " * node.start_mark.column
    lines = text.split("\n")
    lines[first : last + 1] = [f"{indent}- {row_in_braces(row)}" for row in rows]
    return "\n".join(lines)


def _node(text: str, path: Sequence[str]) -> tuple[Any, bool]:
    """Return the node at a path of keys, and whether it is inside braces."""
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    in_braces = False
    for key in path:
        in_braces = in_braces or bool(node.flow_style)
        node = dict(pairs(node))[key]
    return node, in_braces
