"""Edit the rows of a list in a YAML file as text, so that comments, order and quoting stay as they are.

`save` parses the edited text and refuses it unless it contains exactly the intended values. Callers hold `edit_lock`
from reading to saving, because one of two edits at once would be lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import yaml

from digest.errors import ConfigurationError, DigestError
from digest.utils.files import acquire_lock, real_path, replace_file
from digest.yamlio import reader

# Rows of a list in brackets: `[{name: a}, {name: b}]`, on one line or with a row on each line.

_BREAKS = "\n\r\x85\u2028\u2029"


def append_rows(text: str, node: Any, rows: Sequence[str], newline: str) -> str:
    """Return the text with `rows` (each `{…}`) after the last row of the non-empty list `node`."""
    last = node.value[-1]
    end = last.end_mark.index
    # At most a comma, and comments.
    rest = text[end : node.end_mark.index - 1]
    head = rest[: _line_end(rest)]
    own_line = not text[_line_start(text, last.start_mark.index) : last.start_mark.index].strip()
    comma_after = _without_comments(head)
    if head == rest or not own_line or (not comma_after and "," in _without_comments(rest)):
        return text[:end] + "".join(f", {row}" for row in rows) + text[end:]
    indent = " " * last.start_mark.column
    lines = f",{newline}".join(indent + row for row in rows)
    comma_before = "" if comma_after else ","
    return text[:end] + comma_before + head + newline + lines + ("," if comma_after else "") + text[end + len(head) :]


def remove_row(text: str, node: Any, index: int) -> str | None:
    """Return the text without one row and its comma; None if comments separate it from its neighbours."""
    rows = node.value
    start, end = rows[index].start_mark.index, rows[index].end_mark.index
    close = node.end_mark.index - 1
    if len(rows) == 1:
        opening = node.start_mark.index
        # The marks of an alias are those of its anchor, further up.
        alias = start < opening
        inside = text[opening + 1 : close] if alias else text[opening + 1 : start] + text[end:close]
        return None if "#" in inside else text[: opening + 1] + text[close:]
    line = _line_start(text, start)
    after = text[end : end + _line_end(text[end:close])]
    alone = not text[line:start].strip() and end + len(after) < close
    if alone and (_without_comments(after) == "," or index == len(rows) - 1):
        stop = end + len(after)
        return text[:line] + text[stop + (2 if text.startswith("\r\n", stop) else 1) :]
    if index < len(rows) - 1:
        first, past = start, rows[index + 1].start_mark.index
        between = text[end:past]
    else:
        first, past = rows[index - 1].end_mark.index, end
        between = text[first:start]
    return None if "#" in between else text[:first] + text[past:]


def _without_comments(text: str) -> str:
    """Return the text without comments and surrounding blanks: a comma or nothing, between two rows."""
    kept, in_comment = [], False
    for char in text:
        in_comment = (in_comment or char == "#") and char not in _BREAKS
        kept.append("" if in_comment else char)
    return "".join(kept).strip()


def _line_end(text: str) -> int:
    return next((at for at, char in enumerate(text) if char in _BREAKS), len(text))


def _line_start(text: str, at: int) -> int:
    while at and text[at - 1] not in _BREAKS:
        at -= 1
    return at


# Seconds that an edit waits for others, less than others wait for the store.
_WAIT = 6.0
# An edit of a long list takes many seconds. Only one that holds nothing of the store may wait so long.
LONG_WAIT = 60.0

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Line breaks by YAML 1.1, so that our line numbers agree with those of PyYAML's marks.
_BREAK = "\r\n|[\n\r\x85\u2028\u2029]"
_LINE = re.compile(f"[^\n\r\x85\u2028\u2029]*(?:{_BREAK})|.+\\Z", re.DOTALL)


class EditNotPossible(DigestError):
    """The file is written in a way that this edit can't be applied to. The message says where."""


@contextmanager
def edit_lock(path: Path, wait: float | None = None) -> Iterator[None]:
    """Let one thread of one process at a time edit a file. `wait` is in seconds. Raises EditNotPossible."""
    from filelock import Timeout

    path = real_path(path)
    file = path.with_name(f".{path.name}.lock")
    try:
        held = acquire_lock(file, _WAIT if wait is None else wait)
    except Timeout:
        raise EditNotPossible(f"{path.name}: another process is editing it; nothing was changed. Try again") from None
    except OSError as error:
        raise EditNotPossible(f"{file}: {error.strerror}; nothing was changed. Check its folder and owner") from error
    with held:
        yield


class YamlText:
    """The text of a file while it is edited."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigurationError for a file that is not valid YAML."""
        self.path = path
        self.raw = reader.file_bytes(path)
        value = reader.read_bytes(self.raw, path.name)
        self.before: dict[str, Any] = value if isinstance(value, dict) else {}
        self.text = self.raw.decode("utf-8-sig")
        self.newline = next((end for end in ("\r\n", "\n", "\r") if end in self.text), "\n")

    @property
    def edited(self) -> bytes:
        """The content of the file after the edit."""
        byte_order_mark = b"\xef\xbb\xbf" if self.raw.startswith(b"\xef\xbb\xbf") else b""
        return byte_order_mark + self.text.encode()

    def write(self, wanted: Mapping[str, Any], *, validate: Callable[[Any], object] | None = None) -> None:
        """Write the file if it contains exactly the intended values. `validate` may raise. Raises EditNotPossible."""
        self.check(wanted, validate=validate)
        self.replace()

    def check(self, wanted: Mapping[str, Any], *, validate: Callable[[Any], object] | None = None) -> None:
        """Parse the edited text, and refuse it unless it contains exactly the intended values. `validate` may raise."""
        try:
            after = reader.read_text(self.text, self.path.name)
        except ConfigurationError:
            after = None
        if after != wanted:
            self.refuse(0, "this edit can't be made without touching other lines")
        if validate is not None:
            validate(after)

    def replace(self) -> None:
        """Write the edited text, which was checked. Raises EditNotPossible."""
        # Somebody may have saved it in a text editor meanwhile.
        if reader.file_bytes(self.path) != self.raw:
            raise EditNotPossible(f"{self.path.name}: it was changed meanwhile; nothing was written. Try again")
        replace_file(backup_of(self.path), self.raw, like=self.path)
        replace_file(self.path, self.edited)

    def refuse(self, line: int, reason: str) -> NoReturn:
        place = f"{self.path.name}:{line + 1}" if line else self.path.name
        raise EditNotPossible(f"{place}: {reason}; edit it by hand")

    def _compose(self) -> Any:
        """Return the nodes of the text. Raises EditNotPossible: the original was valid, so an edit broke it."""
        try:
            return yaml.compose(self.text, Loader=_LOADER)
        except yaml.YAMLError:
            self.refuse(0, "this edit can't be made without touching other lines")

    def _insert_after(self, line: int, block: Sequence[str]) -> None:
        lines = self._lines()
        if not ends_with_break(lines[line]):
            lines[line] += self.newline
        lines[line + 1 : line + 1] = [row + self.newline for row in block]
        self._set_lines(lines)

    def _lines(self) -> list[str]:
        return _LINE.findall(self.text)

    def _set_lines(self, lines: Sequence[str]) -> None:
        self.text = "".join(lines)

    def _last_line(self, node: Any) -> int:
        """Return the last line of the node itself, without comments after it."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            tail = node.value[-1]
            if not isinstance(tail, tuple):
                return self._last_line(tail)
            key, value = tail
            return max(self._last_line(value), int(key.end_mark.line))
        own = self.text[_offset(node.start_mark) : _offset(node.end_mark)].rstrip()
        return int(node.start_mark.line) + len(re.findall(_BREAK, own))


class YamlListEditor(YamlText):
    """Edits the rows under the top-level key `key`. With `braces`, a new row is written as `- {…}` by default."""

    def __init__(self, path: Path, key: str, *, braces: bool = False) -> None:
        super().__init__(path)
        self.key = key
        self.braces = braces
        rows = self.before.get(key) or []
        # The rows that the edited text must contain. With a value that is no list, no edit succeeds.
        self.expected: list[Any] = list(rows) if isinstance(rows, list) else [rows]
        self._parse()

    def add(self, *rows: Mapping[str, Any]) -> None:
        """Append rows in the style of the last one. Raises EditNotPossible."""
        if not rows:
            return
        self.expected += map(dict, rows)
        self._parse_again()
        if self.list_node is None or not self.rows:
            self._begin_list(rows)
            return
        if self.list_node.flow_style:
            self.text = append_rows(self.text, self.list_node, list(map(row_in_braces, rows)), self.newline)
            return
        last = self.rows[-1]
        dash = self.list_node.start_mark.column
        if self.text[_offset(self.list_node.start_mark)] != "-":
            self.refuse(self.list_node.start_mark.line, "the list has an anchor or a tag")
        self._insert_after(self._last_line(last), [line for row in rows for line in self._row(row, dash)])

    def remove(self, index: int) -> None:
        """Remove a row with the comments on its lines. Raises EditNotPossible."""
        self._parse_again()
        row = self.rows[index]
        del self.expected[index]
        if self.list_node is not None and self.list_node.flow_style:
            without = remove_row(self.text, self.list_node, index)
            if without is None:
                self.refuse(row.start_mark.line, "there are comments inside the brackets")
            self.text = without
            return
        lines = self._lines()
        del lines[row.start_mark.line : self._last_line(row) + 1]
        if len(self.rows) == 1 and self.list_key is not None:
            # A comment may follow the colon; keep it.
            end = self.list_key.end_mark
            head, colon, rest = lines[end.line][end.column :].partition(":")
            lines[end.line] = lines[end.line][: end.column] + head + colon + " []" + rest
        self._set_lines(lines)

    def set(self, index: int, key: str, value: Any) -> None:
        """Set a field of a row; None removes the field. Raises EditNotPossible."""
        self._parse_again()
        row = self.rows[index]
        others = {name: old for name, old in self.expected[index].items() if name != key}
        self.expected[index] = others if value is None else {**self.expected[index], key: value}
        found = next(((k, v) for k, v in row.value if k.value == key), None)
        if found is not None and value is None:
            self._remove_field(row, *found)
        elif value is not None:
            self._splice([self._field_edit(row, key, value, self._starts())])

    def set_all(self, key: str, values: Mapping[int, Any]) -> None:
        """Set a field of many rows to values that are not None, parsing the text once. Raises EditNotPossible."""
        self._parse_again()
        starts = self._starts()
        edits = [self._field_edit(self.rows[index], key, value, starts) for index, value in values.items()]
        for index, value in values.items():
            self.expected[index] = {**self.expected[index], key: value}
        self._splice(edits)

    def _field_edit(self, row: Any, key: str, value: Any, starts: Sequence[int]) -> tuple[int, int, str]:
        """Return (start, end, new text) of the edit that sets a field. `starts` are the offsets of all lines."""
        written = format_value(value, flow=row.flow_style)
        found = next(((k, v) for k, v in row.value if k.value == key), None)
        if found is not None:
            key_node, value_node = found
            start, end = _offset(key_node.end_mark), self._end_offset(value_node, key_node)
            colon = self.text.find(":", start)
            if not start <= colon <= end:
                self.refuse(key_node.start_mark.line, "this field is written in an unusual form")
            return colon + 1, end, " " + written
        if row.flow_style:
            end = _offset(row.end_mark) - 1
            start = end
            while self.text[start - 1].isspace():
                start -= 1
            return start, end, f", {key}: {written}"
        line = self._last_line(row) + 1
        at = starts[line] if line < len(starts) else len(self.text)
        before = "" if ends_with_break(self.text[:at][-1:]) else self.newline
        indent = " " * row.value[0][0].start_mark.column
        return at, at, f"{before}{indent}{key}: {written}{self.newline}"

    def _starts(self) -> list[int]:
        """Return the offset at which each line begins."""
        return [found.start() for found in _LINE.finditer(self.text)]

    def _splice(self, edits: Sequence[tuple[int, int, str]]) -> None:
        """Replace parts of the text, each (start, end, new text). They do not overlap."""
        parts, done = [], 0
        for start, end, new in sorted(edits):
            parts += [self.text[done:start], new]
            done = end
        self.text = "".join([*parts, self.text[done:]])

    def save(self, *, validate: Callable[[Any], object] | None = None) -> None:
        """Write the file if its text contains the edited rows and nothing else has changed. `validate` may raise."""
        self.write(self.wanted, validate=validate)

    @property
    def wanted(self) -> dict[str, Any]:
        """The values that the edited text must contain."""
        return {**self.before, self.key: self.expected}

    def _parse(self) -> None:
        """Find the positions of the rows in `text`. They become stale with each edit."""
        self.root = root = self._compose()
        self.list_key = next((key for key, _v in _nodes(root) if key.value == self.key), None)
        found = dict(pairs(root)).get(self.key)
        self.list_node = found if isinstance(found, yaml.SequenceNode) else None
        self.null_node = found if isinstance(found, yaml.ScalarNode) else None
        self.parsed = self.text
        self.rows: Sequence[Any] = self.list_node.value if self.list_node is not None else ()

    def _parse_again(self) -> None:
        if self.text is not self.parsed:
            self._parse()

    def _begin_list(self, rows: Sequence[Mapping[str, Any]]) -> None:
        margin = _nodes(self.root)[0][0].start_mark.column if _nodes(self.root) else 0
        lines = [line for row in rows for line in self._row(row, margin + 2)]
        if self.list_key is None:
            end = "" if not self.text or ends_with_break(self.text) else self.newline
            self.text += end + self.newline.join([" " * margin + f"{self.key}:", *lines]) + self.newline
            return
        empty = self.list_node or self.null_node
        at = self.list_key.end_mark.line
        if empty is not None and _offset(empty.end_mark) > _offset(empty.start_mark):
            # Remove `[]` or `null`, but keep a comment after it.
            start, stop = _offset(empty.start_mark), _offset(empty.end_mark)
            if "#" in self.text[start:stop]:
                self.refuse(empty.start_mark.line, "there are comments inside the brackets")
            self.text = self.text[:start].rstrip(" ") + self.text[stop:]
        self._insert_after(at, lines)

    def _row(self, fields: Mapping[str, Any], indent: int) -> list[str]:
        """Return the lines of a new row: in braces if `braces` is set and the last row, if any, is in braces too."""
        if self.braces and (not self.rows or _in_braces(self.rows[-1])):
            return [" " * indent + "- " + row_in_braces(fields)]
        lines = [f"{key}: {format_value(value)}" for key, value in fields.items()]
        return [" " * indent + "- " + lines[0], *(" " * (indent + 2) + line for line in lines[1:])]

    def _remove_field(self, row: Any, key_node: Any, value_node: Any) -> None:
        if row.flow_style:
            self._remove_in_braces(row, key_node, value_node)
            return
        first, last = key_node.start_mark.line, max(self._last_line(value_node), key_node.end_mark.line)
        lines = self._lines()
        if first == row.start_mark.line:
            self.refuse(first, "the first field of a row can't be removed")
        del lines[first : last + 1]
        self._set_lines(lines)

    def _remove_in_braces(self, row: Any, key_node: Any, value_node: Any) -> None:
        """Remove a field with the comma before it; the first one with the comma after it."""
        at = next(number for number, (key, _value) in enumerate(row.value) if key is key_node)
        start, end = _offset(key_node.start_mark), self._end_offset(value_node, key_node)
        gap = start, start
        if at > 0:
            before, value = row.value[at - 1]
            gap = start, _ = self._end_offset(value, before), start
        elif len(row.value) > 1:
            gap = _, end = end, _offset(row.value[1][0].start_mark)
        if "#" in self.text[slice(*gap)]:
            self.refuse(row.start_mark.line, "there are comments inside the braces")
        self._splice([(start, end, "")])

    def _end_offset(self, value: Any, key: Any) -> int:
        """Return the offset at which a value's own text ends, before any comment."""
        if isinstance(value, yaml.ScalarNode) and value.style in ("|", ">"):
            self.refuse(value.start_mark.line, "a field written as a block scalar can't be changed")
        leaf = value
        while isinstance(leaf, yaml.CollectionNode) and not leaf.flow_style and leaf.value:
            tail = leaf.value[-1]
            leaf = tail[1] if isinstance(tail, tuple) else tail
        return max(_offset(leaf.end_mark), _offset(key.end_mark) + 1)


def backup_of(path: Path) -> Path:
    """Return the path of the copy that keeps an edited file's previous version."""
    return path.with_name(path.name + ".bak")


def pairs(node: Any) -> list[tuple[str, Any]]:
    """Return the (key, node) pairs of a mapping node, none for any other node."""
    return [(key.value, value) for key, value in _nodes(node)]


def _nodes(node: Any) -> list[tuple[Any, Any]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _in_braces(row: Any) -> bool:
    return isinstance(row, yaml.MappingNode) and bool(row.flow_style)


def ends_with_break(line: str) -> bool:
    return line.endswith(("\n", "\r", "\x85", "\u2028", "\u2029"))


def _offset(mark: Any) -> int:
    return int(mark.index)


def row_in_braces(fields: Mapping[str, Any]) -> str:
    """Format a row of a list on one line: `{name: a, url: b}`."""
    return "{" + ", ".join(f"{key}: {format_value(value, flow=True)}" for key, value in fields.items()) + "}"


def format_value(value: Any, *, flow: bool = False) -> str:
    """Format a value as YAML on one line, quoted if plain text would parse as something else. `flow`: in braces."""
    if isinstance(value, str) and "://" in value:
        # YAML allows an unquoted URL, but quotes show people where it ends.
        return json.dumps(value, ensure_ascii=False)
    text = yaml.safe_dump([value] if flow else value, allow_unicode=True, default_flow_style=True, width=10**6).strip()
    text = text[1:-1] if flow else text.removesuffix("...").strip()
    # Quote it as well if a YAML 1.1 parser would read something else: `06:30` is 390 to it.
    if isinstance(value, str) and text == value and (text[0].isdigit() or reader.scalar(text) != value):
        return f'"{value}"'
    return text
