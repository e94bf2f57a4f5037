"""Edits of subscribers.yaml change only the lines concerned."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from digest.errors import ConfigurationError
from digest.subscribers import list_editor
from digest.subscribers.list_editor import EditNotPossible
from digest.yamlio import reader

BEFORE = (Path(__file__).parent / "golden" / "before.yaml").read_text(encoding="utf-8")
NEW = {"email": "farah@example.com", "name": "फ़राह: नई", "topics": ["देश", "खेल"], "hour": "06:30"}

Edit = Callable[[Path], object]
EDITS: dict[str, tuple[Edit, list[tuple[str, str]]]] = {
    "add": (
        lambda path: list_editor.add(path, NEW),
        [("# till Diwali\n", "# till Diwali\n  - email: farah@example.com\n    name: 'फ़राह: नई'\n"
          '    topics: [देश, खेल]\n    hour: "06:30"\n')],
    ),
    "remove a block": (
        lambda path: list_editor.remove(path, "ASHA@example.com"),
        [(BEFORE[BEFORE.index("  - email: asha") : BEFORE.index("\n  - {email: ravi")], "")],
    ),
    "remove a flow row": (
        lambda path: list_editor.remove(path, "ravi@example.com"),
        [("  - {email: ravi@example.com, name: रवि}   # flow: one line\n", "")],
    ),
    "remove the last": (
        lambda path: list_editor.remove(path, "kabir@example.com"),
        [('  - email: "kabir@example.com"\n    status: paused              # till Diwali\n', "")],
    ),
    "set a value, its comment stays": (
        lambda path: list_editor.change(path, "meena@example.com", {"name": "मीना # जोशी"}),
        [("name: मीना     # जोशी", "name: 'मीना # जोशी'     # जोशी")],
    ),
    "set a list over a list": (
        lambda path: list_editor.change(path, "asha@example.com", {"topics": ["विज्ञान"]}),
        [("topics:\n      - देश                      # always\n      - खेल\n", "topics: [विज्ञान]\n")],
    ),
    "set a new field": (
        lambda path: list_editor.change(path, "asha@example.com", {"format": "text"}),
        [('    hour: "07:00"\n', '    hour: "07:00"\n    format: text\n')],
    ),
    "set in a flow row": (
        lambda path: list_editor.change(path, "ravi@example.com", {"name": "वर्मा, रवि", "topics": ["देश"]}),
        [("{email: ravi@example.com, name: रवि}", "{email: ravi@example.com, name: 'वर्मा, रवि', topics: [देश]}")],
    ),
    "unset a list": (
        lambda path: list_editor.change(path, "asha@example.com", {"topics": None, "name": None}),
        [("    topics:\n      - देश                      # always\n      - खेल\n", ""), ("    name: 'आशा शर्मा'\n", "")],
    ),
    "unset what is not there": (lambda path: list_editor.change(path, "asha@example.com", {"format": None}), []),
    "change the address": (
        lambda path: list_editor.change(path, "kabir@example.com", {"email": "kabir@example.org"}),
        [('"kabir@example.com"', "kabir@example.org")],
    ),
}  # fmt: skip


def write(folder: Path, text: str) -> Path:
    path = folder / "subscribers.yaml"
    path.write_bytes(text.encode())
    return path


def files(folder: Path) -> list[str]:
    """The files of the folder but for the lock, which stays."""
    return sorted(file.name for file in folder.iterdir() if file.suffix != ".lock")


@pytest.mark.parametrize("crlf", [False, True])
@pytest.mark.parametrize("name", EDITS)
def test_only_the_edited_lines_change(tmp_path: Path, name: str, crlf: bool) -> None:
    edit, changes = EDITS[name]
    expected = BEFORE
    for old, new in changes:
        assert expected.count(old) == 1
        expected = expected.replace(old, new)
    ends = (lambda text: text.replace("\n", "\r\n")) if crlf else (lambda text: text)
    path = write(tmp_path, ends(BEFORE))
    assert edit(path) in (None, True)
    assert path.read_bytes().decode() == ends(expected)
    assert (tmp_path / "subscribers.yaml.bak").read_bytes().decode() == ends(BEFORE)


def test_an_unlisted_address(tmp_path: Path) -> None:
    path = write(tmp_path, BEFORE)
    for address in ("stranger@example.com", "no address", "", "asha"):
        assert list_editor.remove(path, address) is False
        assert list_editor.change(path, address, {"name": "x"}) is False
    assert path.read_text() == BEFORE
    assert files(tmp_path) == ["subscribers.yaml"]


def test_file_mode_is_kept_and_the_backup_is_as_private(tmp_path: Path) -> None:
    path = write(tmp_path, BEFORE)
    path.chmod(0o600)
    list_editor.remove(path, "ravi@example.com")
    middle = path.read_bytes()
    list_editor.remove(path, "asha@example.com")
    copy = tmp_path / "subscribers.yaml.bak"
    assert [stat.S_IMODE(file.stat().st_mode) for file in (path, copy)] == [0o600, 0o600]
    assert copy.read_bytes() == middle
    assert files(tmp_path) == ["subscribers.yaml", "subscribers.yaml.bak"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "subscribers:\n  - email: a@example.com\n"),
        ("# ours\ndefaults: {}", "# ours\ndefaults: {}\nsubscribers:\n  - email: a@example.com\n"),
        ("subscribers:\n", "subscribers:\n  - email: a@example.com\n"),
        ("subscribers:", "subscribers:\n  - email: a@example.com\n"),
        ("subscribers: []  # nobody\nx: 1\n", "subscribers:  # nobody\n  - email: a@example.com\nx: 1\n"),
        ("subscribers:   # ours\n# end\n", "subscribers:   # ours\n  - email: a@example.com\n# end\n"),
        ("subscribers:\n- email: b@example.com", "subscribers:\n- email: b@example.com\n- email: a@example.com\n"),
        ("\ufeffsubscribers:\n", "\ufeffsubscribers:\n  - email: a@example.com\n"),
        (
            "subscribers:\n  -\n    email: b-c@example.com\n",
            "subscribers:\n  -\n    email: b-c@example.com\n  - email: a@example.com\n",
        ),
        (
            "subscribers:\n  - email: b@example.com\n    name: |\n      ब\nx: 1\n",
            "subscribers:\n  - email: b@example.com\n    name: |\n      ब\n  - email: a@example.com\nx: 1\n",
        ),
    ],
)
def test_a_list_is_started_or_continued(tmp_path: Path, before: str, after: str) -> None:
    path = write(tmp_path, before)
    list_editor.add(path, {"email": "a@example.com"})
    assert path.read_bytes().decode() == after


@pytest.mark.parametrize("key", ["subscribers:", "subscribers:   # ours: all", '"subscribers" :'])
def test_removing_the_only_subscriber_leaves_an_empty_list_that_can_grow_again(tmp_path: Path, key: str) -> None:
    path = write(tmp_path, f"{key}\n  # first\n  - email: a@example.com\n    name: क\n")
    assert list_editor.remove(path, "a@example.com")
    assert path.read_text() == key.replace(":", ": []", 1) + "\n  # first\n"
    list_editor.add(path, {"email": "b@example.com"})
    assert reader.read_file(path) == {"subscribers": [{"email": "b@example.com"}]}
    assert "# first" in path.read_text()
    assert ("# ours: all" in path.read_text()) == ("ours" in key)


REFUSED = {
    "subscribers: [{email: a@example.com}   # ours\n  ]\n": "remove",
    "x: &a {email: a@example.com}\nsubscribers:\n  - *a\n": "add remove",
    "subscribers:\n  - &a {email: a@example.com}\n  - *a\n": "remove",
    "subscribers:\n  - email: a@example.com\n    name: |\n      क\n": "set",
    "subscribers:\n  - email: a@example.com\n    name: &n क\n  - {email: b@example.com, name: *n}\n": "set",
    "subscribers:\n  - name: क\n    email: a@example.com\n": "unset",
    "subscribers:\n  - {email: a@example.com, topics: [x],}\n": "insert",
    "? subscribers\n: - email: a@example.com\n": "remove",
    "{subscribers: []}\n": "add",
}


@pytest.mark.parametrize(
    ("text", "edit"), [(text, edit) for text, edits in REFUSED.items() for edit in edits.split()]
)  # fmt: skip
def test_an_impossible_edit_is_refused_and_nothing_is_written(tmp_path: Path, text: str, edit: str) -> None:
    path = write(tmp_path, text)
    do: dict[str, Edit] = {
        "add": lambda path: list_editor.add(path, {"email": "new@example.com"}),
        "remove": lambda path: list_editor.remove(path, "a@example.com"),
        "set": lambda path: list_editor.change(path, "a@example.com", {"name": "ख"}),
        "unset": lambda path: list_editor.change(path, "a@example.com", {"name": None}),
        "insert": lambda path: list_editor.change(path, "a@example.com", {"name": "ख"}),
    }
    with pytest.raises(EditNotPossible, match=r"^subscribers\.yaml.*edit it by hand$"):
        do[edit](path)
    assert path.read_bytes().decode() == text
    assert files(tmp_path) == ["subscribers.yaml"]


def test_an_unreadable_file_is_reported_as_usual(tmp_path: Path) -> None:
    path = write(tmp_path, "subscribers:\n\t- email: a@example.com\n")
    with pytest.raises(ConfigurationError, match=r"subscribers\.yaml:2"):
        list_editor.remove(path, "a@example.com")


@pytest.mark.slow
@pytest.mark.parametrize(
    "value",
    [
        "07:00", "off", "true", "null", "~", "", "5", "1e3", "- a", "a: b", "a #b", "[x]", "'", '"', "@a", "%", " a ",
        "क\u200dष", "a\nb", "\u2028", "x" * 300, "😀", "!a", "&a", "*a", "|", "?", "=", "<<", "0x1F", "2026-11-23",
        "1_000", "yes", ",",
    ],
)  # fmt: skip
@pytest.mark.parametrize("row", ["  - email: a@example.com\n", "  - {email: a@example.com}\n"])
def test_any_value_is_read_back_or_refused(tmp_path: Path, value: str, row: str) -> None:
    path = write(tmp_path, "subscribers:\n" + row + "  - email: b@example.com\n")
    try:
        list_editor.change(path, "a@example.com", {"name": value})
        list_editor.change(path, "a@example.com", {"name": value, "topics": [value, "x"]})
    except EditNotPossible:
        assert value in ("1e3", "a\nb", "0x1F", "\u2028")
        return
    rows = reader.read_file(path)["subscribers"]
    assert rows == [{"email": "a@example.com", "name": value, "topics": [value, "x"]}, {"email": "b@example.com"}]
