"""YAML values follow the core schema of 1.2, know their lines, and no input causes a traceback."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import ConfigurationError
from digest.yamlio import reader
from tests.support.tables import each_row


def error_of(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        reader.read_text(text, "list.yaml")
    return str(caught.value)


@each_row(
    ("text", "value"),
    [
        ("07:00", "07:00"), ("off", "off"), ("yes", "yes"), ("no", "no"), ("0x10", "0x10"), ("010", 10), ("+5", 5),
        ("1e3", 1000.0), (".5", 0.5), ("5.", 5.0), ("2026-11-23", "2026-11-23"), ("true", True), ("TRUE", True),
        ("~", None), ("", None), ("null", None), ("'5'", "5"), ("१२", "१२"), ("9" * 30, "9" * 30), ("!!int x", "x"),
    ],
)  # fmt: skip
def test_scalars(text: str, value: object) -> None:
    held = reader.read_text(f"k: {text}\n", "x")["k"]
    assert (held, type(held)) == (value, type(value))


def test_every_key_and_item_knows_its_line() -> None:
    value = reader.read_text("# c\na: 1\nb:\n  - x\n\n  - {y: 1,\n     z: 2}\n", "x")
    assert (value.line, value.lines) == (2, {"a": 2, "b": 3})
    assert (value["b"].line, value["b"].lines) == (4, [4, 6])
    assert value["b"][1].lines == {"y": 6, "z": 7}


@each_row(
    ("text", "line", "words"),
    [
        ("a:\n  b: x\n   c: y\n", 3, "does not belong here; align it"),
        ("hello\nb: c\n", 2, "write the line before as `key: value`"),
        ("a:\n  b: x\n c: y\n", 3, "not aligned with its block, which begins on line 1"),
        ("a:\n  name: सुबह: की ख़बरें\n", 2, "a colon and a space needs quotes"),
        ('a: "सुबह\nb: c\n', 1, "the quotation mark on this line is not closed"),
        ('a: "सुबह\nb: "x"\nc: d\n', 2, "a quotation mark above is not closed"),
        ("a: 'it's'\n", 1, "continues after its closing quotation mark"),
        ("a: b\nc:d\ne: f\n", 2, "with a space after the colon"),
        ('a: "C:\\dir"\n', 1, "use single quotes"),
        ("a: @x\n", 1, "needs quotes"),
        ("a: [x, y\nb: c\n", 2, "the bracket that opens on line 1 is not closed"),
        ("a:\n - x\n  - y: z\n", 3, "does not belong here"),
    ],
)
def test_a_usual_mistake_is_named_with_its_correction(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        reader.read_text(text, "list.yaml")
    (problem,) = caught.value.problems
    assert problem.line == line
    assert words in problem.message


@each_row(
    ("text", "expected"),
    [
        ("a: 1\nb: [1,\nc: 2\n", "list.yaml:3: invalid YAML: "),
        ("a: 1\n\tb: 2\n", "list.yaml:2: invalid YAML: "),
        ("a: 'x\n", "list.yaml:1: invalid YAML: "),
        ("a: 1\nb: \x00\n", "list.yaml:2: invalid YAML: "),
        ("क: 1\nख: \x07\n", "list.yaml:2: invalid YAML: "),
        ("a: 1\nb: 2\na: 3\n", "list.yaml:3: duplicate key 'a'; the first is on line 1"),
        ("a: {b: 1, b: 2}\n", "list.yaml:1: duplicate key 'b'; the first is on line 1"),
        ("a: 1\n---\nb: 2\n", "list.yaml:2: contains a second document"),
        ("a: 1\n? [x]\n: 2\n", "list.yaml:2: a key must be a plain word"),
        ("a: *b\n", "list.yaml:1: alias *b has no anchor &b"),
        ("[" * 3000, "list.yaml"),
        ("a: \ud800\n", "list.yaml: is not UTF-8 text"),
    ],
)
def test_invalid_yaml_is_reported_with_its_line(text: str, expected: str) -> None:
    assert error_of(text).startswith(expected)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("a: 1\nb: क".encode("utf-16"), "list.yaml:1: is not UTF-8 text; save it as UTF-8"),
        (b"a: 1\nb: \xe9t\xe9\n", "list.yaml:2: is not UTF-8 text; save it as UTF-8"),
        (b"\xef\xbb\xbfa: 1\nb: \xff\n", "list.yaml:2: is not UTF-8 text; save it as UTF-8"),
    ],
)
def test_a_file_in_another_encoding(tmp_path: Path, data: bytes, expected: str) -> None:
    path = tmp_path / "list.yaml"
    path.write_bytes(data)
    with pytest.raises(ConfigurationError) as caught:
        reader.read_file(path)
    assert str(caught.value) == expected


def test_a_pipe_and_a_device_are_refused_instead_of_read_for_ever(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "device.yaml").symlink_to("/dev/zero")
    for name in ("pipe.yaml", "device.yaml"):
        with pytest.raises(ConfigurationError, match=f"{name}: can't be read: it is a pipe or device; expected a file"):
            reader.read_file(tmp_path / name)


def test_a_missing_file_a_folder_and_a_byte_order_mark(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^list\.yaml: file not found$"):
        reader.read_file(tmp_path / "list.yaml")
    with pytest.raises(ConfigurationError, match="can't be read: "):
        reader.read_file(tmp_path)
    (tmp_path / "bom.yaml").write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert reader.read_file(tmp_path / "bom.yaml") == {"a": 1, "b": 2}


def test_an_alias_has_the_value_of_its_anchor() -> None:
    assert reader.read_text("a: &x [1]\nb: *x\n", "x") == {"a": [1], "b": [1]}


def test_streamed_items_go_to_the_callback_with_their_lines() -> None:
    items: list[tuple[Any, int]] = []
    text = "list:\n  - a: 1\n\n  - [x]\n  - z\nother: {list: [1]}\n"
    value = reader.read_text(text, "x", each={"list": lambda item, line: items.append((item, line))})
    assert items == [({"a": 1}, 2), (["x"], 4), ("z", 5)]
    assert value == {"list": [], "other": {"list": [1]}}
    assert value.lines == {"list": 1, "other": 6}


@given(st.text(alphabet=st.sampled_from("ab:- \n\t[]{}#'\"&*!|>%@`,?~0क\x85\u2028\x00\ud800"), max_size=40))
def test_any_text_is_a_value_or_an_error_with_the_file_name(text: str) -> None:
    try:
        reader.read_text(text, "list.yaml")
    except ConfigurationError as error:
        problems = error.problems
    else:
        return
    assert problems
    assert all(problem.where == "list.yaml" and problem.message for problem in problems)
