"""The text of a YAML file with the places of the rows of one of its lists, and the edits of that text.

Works on characters and lines, never on values alone: what no edit names stays as it stands. `save` refuses a text
that does not say what was meant. Knows nothing of what a row means: a reader, a source.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import yaml

from digest import listed_flow, marked_yaml
from digest.errors import ConfigurationError, DigestError
from digest.files import replace_file

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BREAK = "\r\n|[\n\r\x85\u2028\u2029]"  # what YAML 1.1 calls a line, so that its marks and our lines agree
_LINE = re.compile(f"[^\n\r\x85\u2028\u2029]*(?:{_BREAK})|.+\\Z", re.DOTALL)


class EditNotPossible(DigestError):
    """The file is written in a form in which this edit can't be made; the sentence says where."""


class YamlListEditor:
    """The file's text with the places of the rows below its top key `key`."""

    def __init__(self, path: Path, key: str, *, braces: bool = False) -> None:
        self.path = path
        self.key = key
        self.braces = braces
        value = marked_yaml.read_file(path)  # whatever is wrong with the file is said in its words
        self.before: dict[str, Any] = value if isinstance(value, dict) else {}
        self.raw = path.read_bytes()
        self.text = self.raw.decode("utf-8-sig")
        self.newline = next((end for end in ("\r\n", "\n", "\r") if end in self.text), "\n")
        self._parse()

    def add(self, *rows: Mapping[str, Any]) -> None:
        """Puts rows after the last one, written as that one is. Raises EditNotPossible."""
        if not rows:
            return
        self._parse_again()
        if self.list_node is None or not self.rows:
            self._begin_list(rows)
            return
        if self.list_node.flow_style:
            written = ["{" + self._inside(row) + "}" for row in rows]
            self.text = listed_flow.added(self.text, self.list_node, written, self.newline)
            return
        last = self.rows[-1]
        dash = self.list_node.start_mark.column
        if self.text[_offset(self.list_node.start_mark)] != "-":
            self._refuse(self.list_node.start_mark.line, "the list has a name or a tag")
        self._insert_after(self._last_line(last), [line for row in rows for line in self._row(row, dash)])

    def remove(self, index: int) -> None:
        """Takes a row out, with the comments in and behind it. Raises EditNotPossible."""
        self._parse_again()
        row = self.rows[index]
        if self.list_node is not None and self.list_node.flow_style:
            without = listed_flow.removed(self.text, self.list_node, index)
            if without is None:
                self._refuse(row.start_mark.line, "comments stand within the list in brackets")
            self.text = without
            return
        lines = self._lines()
        del lines[row.start_mark.line : self._last_line(row) + 1]
        if len(self.rows) == 1 and self.list_key is not None:
            end = self.list_key.end_mark  # the colon follows, and perhaps a comment, which stays
            head, colon, rest = lines[end.line][end.column :].partition(":")
            lines[end.line] = lines[end.line][: end.column] + head + colon + " []" + rest
        self._set_lines(lines)

    def set(self, index: int, key: str, value: Any) -> None:
        self._parse_again()
        row = self.rows[index]
        found = next(((k, v) for k, v in row.value if k.value == key), None)
        if found is None:
            if value is not None:
                self._insert_field(row, key, value)
            return
        key_node, value_node = found
        if value is None:
            self._take_out(row, key_node, value_node)
            return
        start, end = _offset(key_node.end_mark), self._end_offset(value_node, key_node)
        colon = self.text.find(":", start)
        if not start <= colon <= end:
            self._refuse(key_node.start_mark.line, "this field is written in an unusual form")
        written = _written(value, flow=row.flow_style)
        self.text = self.text[: colon + 1] + " " + written + self.text[end:]

    def save(self, expected: Any, *, judge: Callable[[Any], object] | None = None) -> None:
        """Writes the file when it now holds what was meant. `expected` maps the rows before to the rows after.

        `judge` sees the whole value first and may raise; then nothing is written.
        """
        wanted = {**self.before, self.key: expected(list(self.before.get(self.key) or []))}
        try:
            after = marked_yaml.read_text(self.text, self.path.name)
        except ConfigurationError:
            after = None
        if after != wanted:
            self._refuse(0, "this edit can't be made without touching other lines")
        if judge is not None:
            judge(after)
        mark = b"\xef\xbb\xbf" if self.raw.startswith(b"\xef\xbb\xbf") else b""
        replace_file(backup_of(self.path), self.raw, like=self.path)
        replace_file(self.path, mark + self.text.encode())

    def _parse(self) -> None:
        """Finds the places of `text`; those of a text since edited are stale."""
        try:
            root = yaml.compose(self.text, Loader=_LOADER)
        except yaml.YAMLError:  # it could be read before, so our edit broke it
            self._refuse(0, "this edit can't be made without touching other lines")
        self.root = root
        self.list_key = next((key for key, _v in _nodes(root) if key.value == self.key), None)
        found = dict(pairs(root)).get(self.key)
        self.list_node = found if isinstance(found, yaml.SequenceNode) else None
        self.nothing = found if isinstance(found, yaml.ScalarNode) else None
        self.parsed = self.text
        self.rows: Sequence[Any] = self.list_node.value if self.list_node is not None else ()

    def _parse_again(self) -> None:
        if self.text is not self.parsed:
            self._parse()

    def _begin_list(self, rows: Sequence[Mapping[str, Any]]) -> None:
        margin = _nodes(self.root)[0][0].start_mark.column if _nodes(self.root) else 0
        block = [line for row in rows for line in self._row(row, margin + 2)]
        if self.list_key is None:
            end = "" if not self.text or _ended(self.text) else self.newline
            self.text += end + self.newline.join([" " * margin + f"{self.key}:", *block]) + self.newline
            return
        empty = self.list_node or self.nothing
        at = self.list_key.end_mark.line
        if empty is not None and _offset(empty.end_mark) > _offset(empty.start_mark):
            # An empty list in brackets, or `null`, makes room; a comment after it stays.
            start, stop = _offset(empty.start_mark), _offset(empty.end_mark)
            if "#" in self.text[start:stop]:
                self._refuse(empty.start_mark.line, "comments stand within the list in brackets")
            self.text = self.text[:start].rstrip(" ") + self.text[stop:]
        self._insert_after(at, block)

    def _row(self, fields: Mapping[str, Any], indent: int) -> list[str]:
        """The lines of a new row, where `braces` is set in braces if the row before it, or no row, is written so."""
        if self.braces and (not self.rows or _in_braces(self.rows[-1])):
            return [" " * indent + "- {" + self._inside(fields) + "}"]
        lines = [f"{key}: {_written(value)}" for key, value in fields.items()]
        return [" " * indent + "- " + lines[0], *(" " * (indent + 2) + line for line in lines[1:])]

    def _inside(self, fields: Mapping[str, Any]) -> str:
        return ", ".join(f"{key}: {_written(value, flow=True)}" for key, value in fields.items())

    def _insert_field(self, row: Any, key: str, value: Any) -> None:
        field = f"{key}: {_written(value, flow=row.flow_style)}"
        if row.flow_style:
            end = _offset(row.end_mark) - 1
            self.text = self.text[:end].rstrip() + ", " + field + self.text[end:]
            return
        indent = row.value[0][0].start_mark.column
        self._insert_after(self._last_line(row), [" " * indent + field])

    def _take_out(self, row: Any, key_node: Any, value_node: Any) -> None:
        if row.flow_style:
            self._refuse(row.start_mark.line, "a field can't be taken out of a row written in one line")
        first, last = key_node.start_mark.line, max(self._last_line(value_node), key_node.end_mark.line)
        lines = self._lines()
        if first == row.start_mark.line:
            self._refuse(first, "the first field of a row can't be taken out")
        del lines[first : last + 1]
        self._set_lines(lines)

    def _insert_after(self, line: int, block: Sequence[str]) -> None:
        lines = self._lines()
        if not _ended(lines[line]):
            lines[line] += self.newline
        lines[line + 1 : line + 1] = [row + self.newline for row in block]
        self._set_lines(lines)

    def _lines(self) -> list[str]:
        return _LINE.findall(self.text)

    def _set_lines(self, lines: Sequence[str]) -> None:
        self.text = "".join(lines)

    def _end_offset(self, value: Any, key: Any) -> int:
        """Where a value's own text ends, before any comment."""
        if isinstance(value, yaml.ScalarNode) and value.style in ("|", ">"):
            self._refuse(value.start_mark.line, "a field written as a block of text can't be changed")
        leaf = value
        while isinstance(leaf, yaml.CollectionNode) and not leaf.flow_style and leaf.value:
            tail = leaf.value[-1]
            leaf = tail[1] if isinstance(tail, tuple) else tail
        return max(_offset(leaf.end_mark), _offset(key.end_mark) + 1)

    def _last_line(self, node: Any) -> int:
        """The last line on which the node itself has something, comments after it not counted."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            tail = node.value[-1]
            if not isinstance(tail, tuple):
                return self._last_line(tail)
            key, value = tail
            return max(self._last_line(value), int(key.end_mark.line))
        own = self.text[_offset(node.start_mark) : _offset(node.end_mark)].rstrip()
        return int(node.start_mark.line) + len(re.findall(_BREAK, own))

    def _refuse(self, line: int, why: str) -> NoReturn:
        place = f"{self.path.name}:{line + 1}" if line else self.path.name
        raise EditNotPossible(f"{place}: {why}; edit it by hand")


def backup_of(path: Path) -> Path:
    """Where the last version of an edited file is kept."""
    return path.with_name(path.name + ".bak")


def pairs(node: Any) -> list[tuple[str, Any]]:
    """Key → node of a mapping; nothing for any other node."""
    return [(key.value, value) for key, value in _nodes(node)]


def _nodes(node: Any) -> list[tuple[Any, Any]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _in_braces(row: Any) -> bool:
    return isinstance(row, yaml.MappingNode) and bool(row.flow_style)


def _ended(line: str) -> bool:
    return line.endswith(("\n", "\r", "\x85", "\u2028", "\u2029"))


def _offset(mark: Any) -> int:
    return int(mark.index)


def _written(value: Any, *, flow: bool = False) -> str:
    """A value as YAML in one line, quoted where plain text would be read as something else; `flow`: inside braces."""
    if isinstance(value, str) and "://" in value:
        # A URL may stand unquoted, but not every person sees where it ends.
        return json.dumps(value, ensure_ascii=False)
    text = yaml.safe_dump([value] if flow else value, allow_unicode=True, default_flow_style=True, width=10**6).strip()
    text = text[1:-1] if flow else text.removesuffix("...").strip()
    # Quoted too where other readers of YAML would take it for something else: `06:30` is 390 to some.
    if isinstance(value, str) and text == value and (text[0].isdigit() or marked_yaml.scalar(text) != value):
        return f'"{value}"'
    return text
