"""Set keys of a YAML file as text, so that comments, order and quoting of everything else stay as they are.

`save` parses the edited text and refuses it unless it contains exactly the intended values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import yaml

from digest.errors import ConfigurationError
from digest.utils.files import replace_file
from digest.yamlio import reader
from digest.yamlio.editor import EditNotPossible, backup_of, format_value, pairs

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Line breaks by YAML 1.1, as PyYAML counts them.
_LINE = re.compile("[^\n\r\x85\u2028\u2029]*(?:\r\n|[\n\r\x85\u2028\u2029])|.+\\Z", re.DOTALL)
Value = str | int | float | bool | None | list[str]


class YamlKeys:
    """Edits values at paths of keys, such as `("schedule", "send_at")`. Lists have texts only."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigurationError for a file that is not valid YAML."""
        self.path = path
        self.raw = path.read_bytes()
        self.text = self.raw.decode("utf-8-sig")
        self.newline = next((end for end in ("\r\n", "\n", "\r") if end in self.text), "\n")
        reader.read_text(self.text, path.name)

    def set(self, keys: Sequence[str], value: Value) -> None:
        """Set a value, and add missing keys on its path. Raises EditNotPossible."""
        try:
            node = yaml.compose(self.text, Loader=_LOADER)
        except yaml.YAMLError:
            self._refuse(0, "this edit can't be made without touching other lines")
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
                self._refuse(parent_key.start_mark.line, "this value is an alias")
        self._replace(parent_key, node, value, in_braces=self._in_braces(keys))

    def save(self, wanted: Mapping[str, Any]) -> None:
        """Write the file if it contains exactly the intended values. Raises EditNotPossible."""
        try:
            after = reader.read_text(self.text, self.path.name)
        except ConfigurationError:
            after = None
        if after != wanted:
            self._refuse(0, "this edit can't be made without touching other lines")
        byte_order_mark = b"\xef\xbb\xbf" if self.raw.startswith(b"\xef\xbb\xbf") else b""
        replace_file(backup_of(self.path), self.raw, like=self.path)
        replace_file(self.path, byte_order_mark + self.text.encode())

    def _replace(self, key: Any, node: Any, value: Value, *, in_braces: bool) -> None:
        start, end = _span(node)
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            self._refuse(key.start_mark.line, "a value written as a block scalar can't be changed")
        if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
            self._replace_rows(node, value)
            return
        if isinstance(node, yaml.CollectionNode) and "#" in self.text[start:end]:
            self._refuse(key.start_mark.line, "there are comments inside the brackets")
        written = _format(value, flow=in_braces)
        # An empty value ends where its key does.
        space = " " if self.text[start - 1] == ":" else ""
        self.text = self.text[:start] + space + written + self.text[end:]

    def _replace_rows(self, node: Any, value: Value) -> None:
        """Rewrite a list. Comments above and beside a row that stays move with it."""
        lines, column = _LINE.findall(self.text), node.start_mark.column
        first, past = node.start_mark.line, _last_line(node) + 1
        rows: dict[str, list[str]] = {}
        at = first
        for row in node.value:
            if not isinstance(row, yaml.ScalarNode) or row.style in ("|", ">") or row.start_mark.line < at:
                self._refuse(row.start_mark.line, "this list is written in an unusual form")
            rows.setdefault(str(row.value), [])[:] = lines[at : row.end_mark.line + 1]
            at = row.end_mark.line + 1
        if not isinstance(value, list) or not value:
            if any("#" in line for line in lines[first:past]):
                self._refuse(first, "there are comments in this list")
            written = [" " * (column + 2) + _format(value) + self.newline]
        else:
            written = []
            for each in value:
                kept = rows.get(each) or [" " * column + "- " + format_value(each) + self.newline]
                written += [line if _ends(line) else line + self.newline for line in kept]
        lines[first:past] = written
        self.text = "".join(lines)

    def _add_to(self, mapping: Any, keys: Sequence[str], value: Value) -> None:
        if mapping.flow_style:
            end = mapping.end_mark.index - 1
            comma = ", " if mapping.value else ""
            field = _in_braces(keys, value)
            self.text = self.text[:end].rstrip() + comma + field + self.text[end:]
            return
        column = mapping.value[0][0].start_mark.column
        self._insert(_last_line(mapping), _nested(keys, value, column))

    def _add(self, key: Any, empty: Any, keys: Sequence[str], value: Value) -> None:
        """Add keys below a key without a value, or to an empty file."""
        if key is None:
            if empty is not None:
                self._refuse(0, "expected keys such as newsletter:")
            end = "" if not self.text or _ends(self.text) else self.newline
            self.text += end + "".join(line + self.newline for line in _nested(keys, value, 0))
            return
        start, stop = _span(empty)
        if not isinstance(empty, yaml.ScalarNode) or self.text[start:stop] not in ("", "null", "~"):
            self._refuse(key.start_mark.line, "this key has no keys below it")
        line = key.start_mark.line
        if stop > start:
            self.text = self.text[:start].rstrip(" ") + self.text[stop:]
        self._insert(line, _nested(keys, value, key.start_mark.column + 2))

    def _insert(self, line: int, block: Sequence[str]) -> None:
        lines = _LINE.findall(self.text)
        if not _ends(lines[line]):
            lines[line] += self.newline
        lines[line + 1 : line + 1] = [row + self.newline for row in block]
        self.text = "".join(lines)

    def _in_braces(self, keys: Sequence[str]) -> bool:
        """Whether one of the mappings on the way is written in braces."""
        node: Any = yaml.compose(self.text, Loader=_LOADER)
        for key in keys:
            if node.flow_style:
                return True
            node = dict(pairs(node))[key]
        return False

    def _refuse(self, line: int, reason: str) -> NoReturn:
        place = f"{self.path.name}:{line + 1}" if line else self.path.name
        raise EditNotPossible(f"{place}: {reason}; edit it by hand")


def _format(value: Value, *, flow: bool = False) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(format_value(each, flow=True) for each in value) + "]"
    return format_value(value, flow=flow)


def _nested(keys: Sequence[str], value: Value, column: int) -> list[str]:
    """The lines of new keys, each below the one before it."""
    lines = [" " * (column + 2 * depth) + f"{key}:" for depth, key in enumerate(keys)]
    lines[-1] += " " + _format(value)
    return lines


def _in_braces(keys: Sequence[str], value: Value) -> str:
    written = _format(value, flow=True)
    for key in reversed(keys[1:]):
        written = "{" + f"{key}: {written}" + "}"
    return f"{keys[0]}: {written}"


def _span(node: Any) -> tuple[int, int]:
    """The offsets of a value's own text."""
    return int(node.start_mark.index), int(node.end_mark.index)


def _last_line(node: Any) -> int:
    """The last line of a node, without comments after it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        tail = node.value[-1]
        if isinstance(tail, tuple):
            return max(_last_line(tail[1]), int(tail[0].end_mark.line))
        return _last_line(tail)
    # A block scalar ends at the beginning of the line after it.
    whole_lines = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">") and node.end_mark.column == 0
    return int(node.end_mark.line) - (1 if whole_lines else 0)


def _ends(line: str) -> bool:
    return line.endswith(("\n", "\r", "\x85", "\u2028", "\u2029"))
