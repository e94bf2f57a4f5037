"""Rows that need no parser are what the parser makes of them, and whatever is not such a row is left to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest import marked_yaml, plain_rows
from digest.errors import ConfigurationError
from digest.marked_yaml import MarkedDict, MarkedList

Seen = list[tuple[Any, int]]


def told(value: Any) -> Any:
    """A value with every line that is marked in it."""
    if isinstance(value, MarkedDict):
        return {key: told(one) for key, one in value.items()}, value.line, value.lines
    if isinstance(value, MarkedList):
        return [told(one) for one in value], value.line, value.lines
    return type(value).__name__, value


def read(text: str) -> tuple[Any, Seen] | list[Any]:
    seen: Seen = []
    try:
        value = marked_yaml.read_text(
            text, "list.yaml", each={"list": lambda row, line: seen.append((told(row), line))}
        )
    except ConfigurationError as error:
        return [(fault.line, fault.message) for fault in error.faults]
    return told(value), seen


def by_the_parser(text: str) -> tuple[Any, Seen] | list[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_rows, "find", lambda text, key: None)
        return read(text)


PLAIN = """# readers
list:   # all of them
  - email: asha@example.com
    name: "आशा: राव"  # desk
    topics: [देश, खेल जगत]

  # the second
  - email: b@example.com
    hour: 07:00
    status: true
    number: 12
    zone: 'Asia/Kolkata'
    topics: []
after: 1
"""


def test_a_list_of_plain_rows_is_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    found = plain_rows.find(PLAIN, "list")
    assert found
    assert found.line == 3
    assert found.rest == "# readers\nlist:   # all of them\n  - 0" + "\n" * 11 + "after: 1\n"
    assert read(PLAIN) == by_the_parser(PLAIN)
    events: list[Any] = []
    loader: Callable[[str], Any] = marked_yaml._LOADER
    monkeypatch.setattr(marked_yaml, "_LOADER", lambda text: events.append(text) or loader(text))
    read(PLAIN)
    assert events == [found.rest]


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize(
    "text",
    [
        "list:\n- email: a\n  name: b\n- email: c",
        "list:\n- email: a\nlist: 2\n",
        "list:\n  - email: a\n    name: one\n      two\n",
        "list:\n  - email: a\n    name: one\n\n      two\n  - email: b\n",
        "list:\n  - email: a\n  - email: b\n    name: 'one\n      two'\n  - email: c\n",
        "list:\n  - email: a\n  - {email: b}\n  - email: c\n",
        "list:\n  - email: a\n    email: b\n",
        "list:\n  - email: a\n   name: b\n",
        "list:\n  - email: a\n     name: b\n",
        "list:\n  - email: a\n more\n",
        "list:\n  - email: a\n\tname: b\n",
        "list:\n  - email: a # not: b\n    name: a#b\n    zone: a:b\n",
        "list:\n  - email: a: b\n",
        "list:\n  - email: a:\n",
        "list:\n  - email: [a, [b]]\n",
        "list:\n  - email: [a, 1, true]\n    name: [ a b ]\n",
        "list:\n  - email: [a, 'b']\n    name: &x a\n",
        "list:\n  - email: a\n...\n",
        "list:\n  - email: a\n---\nlist: 1\n",
        "one: |\n list:\n   - email: a\nlist:\n  - email: b\n",
        'one: "\nlist:\n  - email: a\n"\nlist:\n  - email: b\n',
        "one: '\nlist:\n  - email: a\n'\n",
        "one:\n  list:\n    - email: a\nlist:\n  - email: b\n",
        "list:\n  - email: a\nlist:\n  - email: b\n",
        "list: &x\n  - email: a\n",
        "list:\n",
        "list:\n  - email: a\u2028    name: b\n",
        "list:\n  - email: a\x85    name: b\n",
        "list:\n  - email: a\x07\n",
        "list:\n  - email: a\ufeff\n",
        "list:\n  - email: " + "x" * 100_001 + '\n    name: "' + "y" * 100_001 + '"\n',
        "list:\n  - email: a\nwrong: [\n",
        "wrong: ]\nlist:\n  - email: a\n",
        "list:\n  - email: a\n    name: *none\n",
    ],
)
def test_whatever_stands_there_is_read_as_the_parser_reads_it(text: str, end: str) -> None:
    text = text.replace("\n", end)
    assert read(text) == by_the_parser(text)


PIECES = st.sampled_from(
    [
        *("  - ", "- ", "    ", "  ", " ", "\n", "\n", "\r\n", "\t", "email: ", "name: ", "a", "आशा", "7", "07:00"),
        *(
            "#",
            " #",
            ":",
            ": ",
            "[",
            "]",
            "[a, b]",
            ", ",
            "'",
            '"',
            '"q"',
            "'s'",
            "|",
            ">",
            "&x ",
            "*x",
            "!t ",
            "{",
            "}",
        ),
        *("\xa0", "ि", "é", "?", "---\n", "\u2028", "\x85", "~", "null", "1.5", "list:\n", "subscribers:\n", "-"),
    ]
)
ROW = st.builds(
    "  - email: {}\n    name: {}\n".format,
    st.sampled_from(["a@b.example", "x", "1", '"q: #"', "[a, b c]"]),
    st.sampled_from(["आशा", "true", "'s'", "[]", "one two  three", "0.5", "a:b"]),
)


@settings(max_examples=1500)
@given(
    st.lists(st.one_of(ROW, ROW, PIECES), max_size=12).map("".join),
    st.lists(PIECES, max_size=6).map("".join),
    st.sampled_from(["list:\n", "list: # x\n\n", "a: 1\nlist:\n", '"list": 1\nlist:\n']),
)
@example("  - email: a\n", "  x", "list:\n")
def test_any_text_is_read_as_the_parser_reads_it(rows: str, more: str, head: str) -> None:
    text = head + rows + more
    assert read(text) == by_the_parser(text)
