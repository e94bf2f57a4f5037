"""Edits `subscribers.yaml` on the lines concerned and nowhere else: comments, order, quoting and spacing stay.

Every edit is read back and compared with what was asked before the file is replaced, so an edit that this way of
writing can't express is refused, never done wrong. The last version is kept beside it as `.bak`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from digest.listed_yaml import backup_of
from digest.subscribers.sheet import EditNotPossible, Sheet

__all__ = ["EditNotPossible", "add", "change", "remove"]


def add(path: Path, fields: Mapping[str, Any]) -> None:
    """Appends a reader after the last one. Raises EditNotPossible."""
    sheet = Sheet(path)
    sheet.add(fields)
    sheet.save(lambda rows: [*rows, dict(fields)])


def remove(path: Path, email: str, *, backup: bool = True) -> bool:
    """Takes a reader's lines out; comments around them stay. False when nobody of that address is listed. Without
    `backup` the copy of the last version goes too, as it would hold who is to be forgotten."""
    sheet = Sheet(path)
    index = sheet.find(email)
    if index is None:
        return False
    sheet.remove(index)
    sheet.save(lambda rows: [row for at, row in enumerate(rows) if at != index])
    if not backup:
        backup_of(path).unlink(missing_ok=True)
    return True


def change(path: Path, email: str, fields: Mapping[str, Any]) -> bool:
    """Sets fields of a reader; a value of None takes the field out. False when nobody of that address is listed."""
    sheet = Sheet(path)
    index = sheet.find(email)
    if index is None:
        return False
    for key, value in fields.items():
        sheet.set(index, key, value)

    def expected(rows: list[Any]) -> list[Any]:
        changed = {**rows[index], **fields}
        rows[index] = {key: value for key, value in changed.items() if value is not None or key not in fields}
        return rows

    sheet.save(expected)
    return True
