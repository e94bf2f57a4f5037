"""Reading a `.po` file strictly: whatever is wrong in it is told with its line. No lookup, no language.

Babel's reader guesses where a quote is missing and prints its doubts; a newsroom's file is judged before a send.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from gettext import c2py

_KEYWORD = re.compile(r"(msgctxt|msgid_plural|msgid|msgstr)(?:\[([0-9]{1,2})\])?\s*(.*)", re.S)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
_FIELD = re.compile(r"%\([A-Za-z_][A-Za-z0-9_]{0,40}\)s")
_PLURALS = re.compile(r"nplurals\s*=\s*([0-9]{1,2})\s*;\s*plural\s*=\s*([^;]{1,500})")


class Broken(Exception):
    """The file can't be read on from `line` (counted from 1)."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


@dataclass(slots=True)
class Message:
    """One entry; `line` is that of its msgid. `plural` is '' and `strings` holds one text where it has no plural."""

    line: int
    id: str
    plural: str = ""
    strings: dict[int, str] = field(default_factory=dict)
    fuzzy: bool = False


def read(data: bytes) -> list[Message]:
    """The entries of a file in their order, the header (id '') among them. Raises Broken."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Broken(data[: error.start].count(b"\n") + 1, "expected text in UTF-8") from error
    found: list[Message] = []
    at: Message | None = None
    part, fuzzy = "", False
    for number, raw in enumerate(text.split("\n"), 1):
        row = raw.strip()
        if row.startswith("#") or not row:
            fuzzy = fuzzy or (row.startswith("#,") and "fuzzy" in row)
            continue
        if row.startswith('"'):
            if at is None:
                raise Broken(number, "a text without a msgid before it")
            _append(at, part, _text(row, number))
            continue
        match = _KEYWORD.fullmatch(row)
        if match is None:
            raise Broken(
                number, f"expected msgid, msgid_plural, msgstr, a quoted text or a comment, found {row[:40]!r}"
            )
        word, index, rest = match.groups()
        said = _text(rest, number)
        if word == "msgctxt":
            raise Broken(number, "msgctxt is not used here; leave it out")
        if word == "msgid":
            at = Message(number, "", fuzzy=fuzzy)
            found.append(at)
            fuzzy = False
        elif at is None:
            raise Broken(number, f"{word} without a msgid before it")
        part = f"{word}[{index or 0}]" if word == "msgstr" else word
        if word == "msgstr" and int(index or 0) in at.strings:
            raise Broken(number, f"a second {word} for the msgid of line {at.line}; is a msgid missing?")
        _append(at, part, said)
    return list(_checked(found))


def plural_forms(header: Message) -> tuple[int, Callable[[int], int]] | None:
    """How many forms, and which one a number takes; None where the header says nothing. Raises Broken."""
    rows = header.strings.get(0, "").split("\n")
    said = next((row for row in rows if row.lower().startswith("plural-forms:")), None)
    if said is None:
        return None
    match = _PLURALS.search(said)
    try:
        if match is None:
            raise ValueError("it must read nplurals=2; plural=(n != 1);")
        count, choose = int(match[1]), c2py(match[2].strip())
        if any(not 0 <= choose(n) < count for n in range(200)):
            raise ValueError("it gives a form beyond nplurals")
    except (ValueError, ZeroDivisionError, RecursionError, SyntaxError) as error:
        raise Broken(header.line, f"Plural-Forms of the header can't be used: {error}") from error
    return count, choose


def wrong(message: Message, forms: int) -> str:
    """What keeps a translated message from being used, in one sentence; '' when it is well.

    `forms`: how many forms a number takes. Empty texts are no fault here.
    """
    if message.plural and sorted(message.strings) != list(range(forms)):
        there = ", ".join(f"msgstr[{at}]" for at in sorted(message.strings))
        return f"expected msgstr[0] to msgstr[{forms - 1}], as Plural-Forms says, found {there}"
    if not message.plural and sorted(message.strings) != [0]:
        return "expected one msgstr, as there is no msgid_plural"
    expected = fields(message.id) | fields(message.plural)
    for at, text in sorted(message.strings.items()):
        where = f"msgstr[{at}]" if message.plural else "msgstr"
        if fields(text) != expected:
            needed = ", ".join(sorted(expected)) or "no placeholder"
            return f"{where}: expected {needed}, found {', '.join(sorted(fields(text))) or 'none'}"
        if "%" in _FIELD.sub("", text.replace("%%", "")):
            return f"{where}: a % that begins no placeholder is written %%"
    return ""


def fields(text: str) -> set[str]:
    """Its placeholders, such as `%(name)s`."""
    return set(_FIELD.findall(text))


def _text(quoted: str, number: int) -> str:
    match = _QUOTED.fullmatch(quoted.strip())
    if match is None:
        raise Broken(number, f'expected a text in quotes, with \\" for a quote within it, found {quoted.strip()[:40]}')
    unknown = next((mark for mark in _ESCAPE.findall(match[1]) if mark not in _ESCAPES), None)
    if unknown:
        raise Broken(number, f"there is no escape \\{unknown}; a backslash is written \\\\")
    return _ESCAPE.sub(lambda hit: _ESCAPES[hit[1]], match[1])


def _append(message: Message, part: str, text: str) -> None:
    if part == "msgid":
        message.id += text
    elif part == "msgid_plural":
        message.plural += text
    else:
        at = int(part[len("msgstr[") : -1])
        message.strings[at] = message.strings.get(at, "") + text


def _checked(found: list[Message]) -> Iterator[Message]:
    """Raises Broken for an entry without its text and for one that stands there twice."""
    lines: dict[str, int] = {}
    for message in found:
        if not message.strings:
            raise Broken(message.line, f'msgid "{message.id}" has no msgstr')
        if message.id in lines:
            raise Broken(message.line, f'msgid "{message.id}" stands in line {lines[message.id]} already')
        lines[message.id] = message.line
        yield message
