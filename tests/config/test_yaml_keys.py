"""Setting keys of a YAML file as text: comments stay, and nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.yamlio import reader
from digest.yamlio.editor import EditNotPossible
from digest.yamlio.keys import Value, YamlKeys


def edited(folder: Path, text: str, keys: str, value: Value) -> str:
    path = folder / "digest.yaml"
    path.write_bytes(text.encode())
    # Without what aliases share.
    wanted = json.loads(json.dumps(reader.read_text(text, path.name)))
    place = wanted
    *parents, last = keys.split(".")
    for key in parents:
        place[key] = place.get(key) or {}
        place = place[key]
    place[last] = value
    editor = YamlKeys(path)
    editor.set(keys.split("."), value)
    editor.write(wanted)
    return path.read_bytes().decode()


@pytest.mark.parametrize(
    ("text", "keys", "value", "expected"),
    [
        ("a:\n  b: 1  # why\n", "a.b", 2, "a:\n  b: 2  # why\n"),
        ("a:\n  b:  # why\n  c: 1\n", "a.b", "x", "a:\n  b: x  # why\n  c: 1\n"),
        ("a:\n  b: 'x' # why\n", "a.b", "07:00", 'a:\n  b: "07:00" # why\n'),
        ("a:\n  b: 1\n\n# next\nc: 2\n", "a.d", 3, "a:\n  b: 1\n  d: 3\n\n# next\nc: 2\n"),
        ("a: 1", "b.c", "x", "a: 1\nb:\n  c: x\n"),
        ("b:  # none\na: 1\n", "b.c", "x", "b:  # none\n  c: x\na: 1\n"),
        ("a: {b: 1}  # why\n", "a.c", ["x, y", "z"], "a: {b: 1, c: ['x, y', z]}  # why\n"),
        ("a: {}\n", "a.c", 1, "a: {c: 1}\n"),
        ("a: [x, y] # why\n", "a", ["y"], "a: [y] # why\n"),
        ("a:\r\n  b: 1\r\n", "a.b", None, "a:\r\n  b: null\r\n"),
        (
            "a:\n  # the first\n  - x  # one\n  # the second\n  - y\nb: 1\n",
            "a",
            ["z", "y", "x"],
            "a:\n  # the first\n  - z\n  # the second\n  - y\n  - x  # one\nb: 1\n",
        ),
    ],
)
def test_a_value_is_set_and_comments_stay(tmp_path: Path, text: str, keys: str, value: Value, expected: str) -> None:
    assert edited(tmp_path, text, keys, value) == expected


@pytest.mark.parametrize(
    ("text", "keys", "value"),
    [
        ("a: |\n  x\n", "a", "y"),
        ("a: [x, # one\n  y]\n", "a", ["y"]),
        ("a: &one x\nb: *one\n", "a", "y"),
        ("a: &one x\nb: *one\n", "b", "y"),
        ("a: &one {c: 1}\nb: *one\n", "b.c", 2),
        ("a:\n  - x  # one\n", "a", []),
        ("a:\n  - {x: 1}\n", "a", ["y"]),
    ],
)
def test_what_cannot_be_set_is_refused_and_stays(tmp_path: Path, text: str, keys: str, value: Value) -> None:
    with pytest.raises(EditNotPossible, match=r"digest\.yaml"):
        edited(tmp_path, text, keys, value)
    assert (tmp_path / "digest.yaml").read_text(encoding="utf-8") == text


@given(
    value=st.one_of(
        st.integers(0, 10**6), st.text(max_size=30), st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=4)
    ),
    key=st.sampled_from(["a.b", "a.new", "c", "d.e", "f.x", "list", "flow"]),
)
def test_any_value_is_read_again_or_refused(tmp_path_factory: pytest.TempPathFactory, value: Value, key: str) -> None:
    text = "# top\na:\n  b: 1 # one\nc: 'x'\nf: {x: 1} # flow\nlist:\n- p # first\n- q\nflow: [1, 2]\n# end\n"
    folder = tmp_path_factory.mktemp("keys")
    try:
        after = edited(folder, text, key, value)
    except EditNotPossible:
        assert (folder / "digest.yaml").read_text(encoding="utf-8") == text
        return
    assert after.startswith("# top\n")
    assert "# end\n" in after
