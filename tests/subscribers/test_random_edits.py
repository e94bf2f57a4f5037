"""Random edits of hand-written lists have the intended result and change no other line."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest

from digest.subscribers import list_editor
from digest.subscribers.list_editor import EditNotPossible
from digest.yamlio import reader

LIST = """\
# head of the file
defaults: {timezone: Asia/Kolkata}   # for everyone

subscribers:   # the list

  # before the first
  - email: r0@example.com      # note 0
    name: "पाठक 0"
    # inside 0
    topics:
      - देश    # always

      - खेल

  # before 1
  - {email: r1@example.com, name: 'पाठक, 1'}   # note 1
  - email: 'R2@Example.com'
    topics: [देश, "खेल"]   # note 2
    hour: "07:00"
# at the left edge
  -   email: r3@example.com
      name: पाठक   # three
      status:

  - {email: r4@example.com,
     topics: [देश],
     name: पाठक}    # note 4
  - "name": quoted
    "email": r5@example.com    # note 5
  - email: r6@example.com
"""
TAIL = "    frequency: daily  # last\n# the end\nother: {kept: true}  # after\n"
FORMS = {
    "indented": LIST + TAIL,
    "not indented": (LIST + TAIL).replace("\n  ", "\n").replace("other:", "other:"),
    "crlf": (LIST + TAIL).replace("\n", "\r\n"),
    "no final newline": LIST.rstrip("\n"),
    "comment without newline": LIST + "    frequency: daily  # last",
    "byte order mark": "\ufeff" + LIST + TAIL,
}
VALUES: dict[str, list[Any]] = {
    "name": ["आशा", "शर्मा, आशा", "a: b", "x # y", "07:00", "", "it's", '"', "-", "true"],
    "topics": [["देश"], ["देश", "खेल"], "खेल", []],
    "hour": ["07:00", "6:05"],
    "status": ["active", "paused"],
    "frequency": ["weekly:sun"],
}


def parsed(path: Path) -> list[dict[str, Any]]:
    return [dict(row) for row in reader.read_file(path)["subscribers"] or []]


def span(path: Path, index: int) -> tuple[int, int]:
    """Return the lines (from 0) of each subscriber, up to the next one. The last ends with its last key."""
    rows = reader.read_file(path)["subscribers"]
    end = rows.lines[index + 1] - 1 if index + 1 < len(rows) else max(rows[index].lines.values())
    return rows.lines[index] - 1, end


def lines(path: Path) -> list[str]:
    return path.read_bytes().decode().splitlines()


def is_subsequence(short: list[str], long: list[str]) -> bool:
    rest = iter(long)
    return all(line in rest for line in short)


# Edits per style of list; `DIGEST_TEST_EDITS=200` for a long run.
EDITS = int(os.environ.get("DIGEST_TEST_EDITS", "60"))


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_random_edits(tmp_path: Path, form: str) -> None:
    path = tmp_path / "subscribers.yaml"
    path.write_bytes(FORMS[form].encode())
    chance = random.Random(form)
    refused, done, next_number = 0, 0, 100
    for _ in range(EDITS):
        rows, before, raw = parsed(path), lines(path), path.read_bytes()
        what = chance.choice(["add", "remove", "set", "set", "set", "unset"]) if len(rows) > 2 else "add"
        index = chance.randrange(len(rows)) if rows else 0
        key = chance.choice(list(VALUES))
        value = None if what == "unset" else chance.choice(VALUES[key])
        start, end = span(path, index) if rows else (0, 0)
        try:
            if what == "add":
                new = {"email": f"r{next_number}@example.com", key: value}
                next_number += 1
                list_editor.add(path, new)
                expected = [*rows, new]
            elif what == "remove":
                assert list_editor.remove(path, rows[index]["email"].upper())
                expected = rows[:index] + rows[index + 1 :]
            else:
                assert list_editor.change(path, rows[index]["email"], {key: value})
                changed = {k: v for k, v in {**rows[index], key: value}.items() if k != key or v is not None}
                expected = [*rows[:index], changed, *rows[index + 1 :]]
        except EditNotPossible:
            assert path.read_bytes() == raw
            refused += 1
            continue
        done += 1
        after = lines(path)
        assert parsed(path) == expected
        if what == "add":
            assert is_subsequence(before, after)
        else:
            tail = len(before) - end
            assert after[:start] == before[:start]
            assert after[len(after) - tail :] == before[end:]
        if what == "remove":
            assert is_subsequence(after, before)
        assert (tmp_path / "subscribers.yaml.bak").read_bytes() == raw
        assert (b"\r\n" in raw) == (b"\r\n" in path.read_bytes())
        assert path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n") or form != "crlf"
    assert done > EDITS * 2 // 3, f"{refused} refused"
