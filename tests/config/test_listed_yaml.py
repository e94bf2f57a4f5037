"""Edits of a list of sources have the intended result and change no other byte, in any style of YAML."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.errors import ConfigurationError
from digest.yamlio import reader
from digest.yamlio.editor import EditNotPossible, YamlListEditor
from tests.support.profiles import examples

NEW = {"name": "नया", "url": "https://new.example/rss?a=1,2#x"}
IN_BRACES = '{name: नया, url: "https://new.example/rss?a=1,2#x"}'
IN_LINES = '- name: नया\n    url: "https://new.example/rss?a=1,2#x"'

ADDED = {
    "rows in braces": (
        "sources:\n  - {name: क, path: a}   # one\n# after\nedition: {}\n",
        ("# one\n", f"# one\n  - {IN_BRACES}\n"),
    ),
    "rows in lines": (
        "sources:\n  - name: क   # one\n    path: a\n\nedition: {}\n",
        ("path: a\n", f"path: a\n  {IN_LINES}\n"),
    ),
    "rows at the margin": (
        "sources:\n- {name: क, path: a}\nedition: {}\n",
        ("path: a}\n", f"path: a}}\n- {IN_BRACES}\n"),
    ),
    "no key": ("# head\nedition: {}", ("edition: {}", f"edition: {{}}\nsources:\n  - {IN_BRACES}\n")),
    "nothing": ("sources:   # none yet\nedition: {}\n", ("yet\n", f"yet\n  - {IN_BRACES}\n")),
    "null": ("sources: null # none\nedition: {}\n", ("sources: null # none\n", f"sources: # none\n  - {IN_BRACES}\n")),
    "empty brackets": ("sources: []\nedition: {}\n", ("sources: []\n", f"sources:\n  - {IN_BRACES}\n")),
    "empty brackets over lines": (
        "sources: [\n  ]   # none\nedition: {}\n",
        ("sources: [\n  ]   # none\n", f"sources:   # none\n  - {IN_BRACES}\n"),
    ),
    "brackets in a line": (
        "sources: [{name: क, path: a}, {name: ख, path: b}]   # two\n",
        ("b}]", f"b}}, {IN_BRACES}]"),
    ),
    "brackets with a last comma": ("sources: [{name: क, path: a}, ]\n", ("a}, ]", f"a}}, {IN_BRACES}, ]")),
    "brackets with a row a line": (
        "sources: [\n  {name: क, path: a},\n  {name: ख, path: b}   # two\n]\nedition: {}\n",
        ("b}   # two\n", f"b}},   # two\n  {IN_BRACES}\n"),
    ),
    "brackets with a row and a comma a line": (
        "sources: [\n  {name: क, path: a},\n  {name: ख, path: b},   # two\n]\n",
        ("b},   # two\n", f"b}},   # two\n  {IN_BRACES},\n"),
    ),
    "brackets with the comma below": (
        "sources: [\n  {name: क, path: a}\n  ,{name: ख, path: b}   # two\n  ,]\n",
        ("b}   # two", f"b}}, {IN_BRACES}   # two"),
    ),
    "the last field is over several lines": (
        "sources:\n  - name: क\n    path: >\n      a\n      b\n\n# end\n",
        ("      b\n", f"      b\n  {IN_LINES}\n"),
    ),
    "no newline at the end": ("sources:\n  - {name: क, path: a} # x", ("# x", f"# x\n  - {IN_BRACES}\n")),
}


def sheet(folder: Path, text: str) -> tuple[Path, YamlListEditor]:
    path = folder / "digest.yaml"
    path.write_bytes(text.encode())
    return path, YamlListEditor(path, "sources", braces=True)


def add(path: Path, *rows: dict[str, Any]) -> None:
    held = YamlListEditor(path, "sources", braces=True)
    held.add(*rows)
    held.save()


def remove(path: Path, index: int) -> None:
    held = YamlListEditor(path, "sources", braces=True)
    held.remove(index)
    held.save()


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("name", ADDED)
def test_a_new_row_has_the_style_of_its_neighbours(tmp_path: Path, name: str, ends: str) -> None:
    text, (old, new) = ADDED[name]
    assert text.count(old) == 1
    path, _held = sheet(tmp_path, text.replace("\n", ends))
    add(path, NEW)
    assert path.read_bytes().decode() == text.replace(old, new).replace("\n", ends)


REMOVED = {
    "in braces": ("sources:\n  - {name: क}   # one\n  - {name: ख}\n", 0, ("  - {name: क}   # one\n", "")),
    "in lines": ("sources:\n  - name: क\n    path: a\n  # two\n  - name: ख\n", 0, ("  - name: क\n    path: a\n", "")),
    "brackets, the first": ("sources: [{name: क}, {name: ख}]  # x\n", 0, ("{name: क}, ", "")),
    "brackets, the last": ("sources: [{name: क}, {name: ख}]  # x\n", 1, (", {name: ख}", "")),
    "brackets, the only": ("sources: [{name: क}]  # x\n", 0, ("{name: क}", "")),
    "brackets over lines, the first": (
        "sources: [\n  {name: क},  # one\n  {name: ख}  # two\n]\n",
        0,
        ("  {name: क},  # one\n", ""),
    ),
    "brackets over lines, the last": (
        "sources: [\n  {name: क},  # one\n  {name: ख}  # two\n]\n",
        1,
        ("  {name: ख}  # two\n", ""),
    ),
}


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("name", REMOVED)
def test_only_the_row_is_removed(tmp_path: Path, name: str, ends: str) -> None:
    text, index, (old, new) = REMOVED[name]
    assert text.count(old) == 1
    path, _held = sheet(tmp_path, text.replace("\n", ends))
    remove(path, index)
    assert path.read_bytes().decode() == text.replace(old, new).replace("\n", ends)


UNSET = {
    "in the middle": ("sources:\n  - {name: क, path: a, weight: 2}   # one\n", (", path: a", "")),
    "the last one": ('sources:\n  - {name: क, path: "a, #b"} # one\n', (', path: "a, #b"', "")),
    "the first one": ("sources:\n  - { path: a , name: क }   # one\n", ("path: a , ", "")),
    "over lines": ("sources:\n  - {name: क,\n     path: a}   # one\n", (",\n     path: a", "")),
    "without a value": ("sources:\n  - {name: क, path: , weight: 2}\n", (", path: ", "")),
    "in lines": ("sources:\n  - name: क\n    path: a   # one\n    weight: 2\n", ("    path: a   # one\n", "")),
}


@pytest.mark.parametrize("name", UNSET)
def test_only_the_field_is_removed(tmp_path: Path, name: str) -> None:
    text, (old, new) = UNSET[name]
    path, held = sheet(tmp_path, text)
    held.set(0, "path", None)
    held.save()
    assert path.read_text(encoding="utf-8") == text.replace(old, new)


def test_a_field_beside_a_comment_in_braces_is_not_removed(tmp_path: Path) -> None:
    _path, held = sheet(tmp_path, "sources:\n  - {name: क, # one\n     path: a}\n")
    with pytest.raises(EditNotPossible, match="there are comments inside the braces"):
        held.set(0, "path", None)


REFUSED = {
    "sources: [{name: क}   # one\n  ]\n": "remove",
    "sources: [{name: क} # one\n, {name: ख}]\n": "remove",
    "x: &a {name: क}\nsources:\n  - *a\n": "add remove",
    "x: &a {name: क}\nsources: [*a]\n": "add",
    "sources: &s\n  - {name: क}\n": "add",
    "sources: [ # none\n ]\n": "add",
    "{sources: []}\n": "add",
    "sources: क\n": "add",
}


@pytest.mark.parametrize(("text", "edit"), [(text, edit) for text, edits in REFUSED.items() for edit in edits.split()])
def test_an_impossible_edit_is_refused_and_nothing_is_written(tmp_path: Path, text: str, edit: str) -> None:
    path, _held = sheet(tmp_path, text)
    with pytest.raises(EditNotPossible, match=r"^digest\.yaml.*edit it by hand$"):
        add(path, NEW) if edit == "add" else remove(path, 0)
    assert path.read_bytes().decode() == text
    assert [file.name for file in tmp_path.iterdir()] == ["digest.yaml"]


def test_validation_can_prevent_saving(tmp_path: Path) -> None:
    path, held = sheet(tmp_path, "sources:\n  - {name: क}\n")
    seen = []

    def judge(value: Any) -> None:
        seen.append(value)
        raise ConfigurationError([])

    held.add(NEW)
    with pytest.raises(ConfigurationError):
        held.save(validate=judge)
    assert seen == [{"sources": [{"name": "क"}, NEW]}]
    assert path.read_text() == "sources:\n  - {name: क}\n"


HEAD = "# head\nnewsletter: {name: न}   # ours\n\n"
TAIL = "\n# tail\nedition:\n  window: 24h   # a day\n"
LISTS = {
    "braces": "sources:   # all\n  # first\n  - {name: r0, path: a}   # note 0\n\n  - {name: 'r1', url: \"b\"} # 1\n",
    "lines": "sources:\n- name: r0 # zero\n  path: a\n  # inside\n  weight: 1.5\n\n# before 1\n- name: r1\n  path: b\n",
    "mixed": "sources:\n    - {name: r0, path: a}\n    -   name: r1\n        path: b   # last\n",
    "brackets": "sources: [{name: r0, path: a}, {name: r1, path: b}]   # two\n",
    "brackets over lines": "sources: [\n  {name: r0, path: a},\n  {name: r1, path: b}\n]\n",
    "brackets with commas": "sources: [   # all\n    {name: r0, path: a},   # 0\n    {name: r1, path: b}, # 1\n    ]\n",
    "none": "sources: []\n",
    "nothing": "sources:\n",
}
VALUES: list[Any] = ["देश", "a: b", "x # y", "07:00", "it's", '"', "-", "true", "[x]", "h2 > a, .c{d}", 1.5, 7, True]


@pytest.mark.slow
@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("form", LISTS)
def test_random_edits_change_no_other_byte(tmp_path: Path, form: str, ends: str) -> None:
    path, _held = sheet(tmp_path, (HEAD + LISTS[form] + TAIL).replace("\n", ends))
    chance = random.Random(form + ends)
    number, done = 100, 0
    for _ in range(60):
        raw = path.read_bytes()
        rows = [dict(row) for row in reader.read_file(path)["sources"] or []]
        if not rows or (len(rows) < 6 and chance.random() < 0.5):
            new = []
            for _row in range(chance.choice([1, 1, 2, 3])):
                number += 1
                new.append({"name": f"r{number}", "path": "p", "section": chance.choice(VALUES)})
            edit, expected = partial(add, path, *new), [*rows, *new]
        else:
            index = chance.randrange(len(rows))
            edit, expected = partial(remove, path, index), rows[:index] + rows[index + 1 :]
        try:
            edit()
        except EditNotPossible:
            assert path.read_bytes() == raw
            continue
        done += 1
        after = path.read_bytes()
        assert [dict(row) for row in reader.read_file(path)["sources"]] == expected
        assert after.startswith(HEAD.replace("\n", ends).encode())
        assert after.endswith(TAIL.replace("\n", ends).encode())
        assert after.count(b"\n") == after.count(ends.encode())
        assert path.with_name("digest.yaml.bak").read_bytes() == raw
        kept = [row["name"] for row in rows if row in expected]
        before_lines, after_lines = raw.decode().split(ends), after.decode().split(ends)
        # A row that stays is unchanged, apart from a comma that may now follow it.
    for name in kept:
        old = next(line for line in before_lines if f"name: {name}" in line or f"name: '{name}'" in line)
        if "sources:" not in old:
            assert any(line.replace(",", "") == old.replace(",", "") for line in after_lines), old
    assert done > 40


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.one_of(st.text(max_size=30), st.floats(allow_nan=False, allow_infinity=False), st.booleans()))
@pytest.mark.parametrize("form", ["braces", "lines", "brackets"])
def test_any_value_is_read_back_or_refused(tmp_path: Path, form: str, value: Any) -> None:
    path, _held = sheet(tmp_path, HEAD + LISTS[form] + TAIL)
    raw = path.read_bytes()
    try:
        add(path, {"name": "r9", "section": value})
    except EditNotPossible:
        assert path.read_bytes() == raw
        return
    rows = reader.read_file(path)["sources"]
    assert rows[2] == {"name": "r9", "section": value}
    assert len(rows) == 3
