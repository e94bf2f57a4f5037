"""Edit `subscribers.yaml` as text: all other lines stay as they are. The previous version is kept as `.bak`.

Before an edit replaces the file, it is parsed and compared with the intended rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from digest.subscribers.address import normalise
from digest.yamlio.editor import EditNotPossible, YamlListEditor, backup_of, edit_lock, pairs

__all__ = ["EditNotPossible", "add", "change", "remove"]


class ListEditor(YamlListEditor):
    """Edits the rows under `subscribers:`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "subscribers")

    def find(self, email: str) -> int | None:
        """Return the index of the row with this address, in any spelling of it."""
        try:
            wanted = normalise(email)
        except ValueError:
            return None
        for index, row in enumerate(self.rows):
            node = dict(pairs(row)).get("email")
            if isinstance(node, yaml.ScalarNode) and _comparable(node.value) == wanted:
                return index
        return None

    def places(self) -> dict[str, int]:
        """Return comparable address → index of its row."""
        nodes = (dict(pairs(row)).get("email") for row in self.rows)
        found = ((node.value, index) for index, node in enumerate(nodes) if isinstance(node, yaml.ScalarNode))
        return {_comparable(email): index for email, index in reversed(list(found))}


Save = Callable[[ListEditor], None]
"""Saves an edited file. The edit holds the lock of the file meanwhile."""


def add(path: Path, fields: Mapping[str, Any], *, save: Save = ListEditor.save, wait: float | None = None) -> bool:
    """Append a subscriber; False if the file has the address already. Raises EditNotPossible."""
    with edit_lock(path, wait):
        editor = ListEditor(path)
        if editor.find(fields["email"]) is not None:
            return False
        editor.add(fields)
        save(editor)
        return True


def remove(
    path: Path, email: str, *, backup: bool = True, save: Save = ListEditor.save, wait: float | None = None
) -> bool:
    """Remove a subscriber's lines; False if not listed. Without `backup` the `.bak` file, which has them, goes too."""

    def saved(editor: ListEditor) -> None:
        save(editor)
        if not backup:
            backup_of(path).unlink(missing_ok=True)

    return _edit(path, email, ListEditor.remove, saved, wait)


def change(
    path: Path, email: str, fields: Mapping[str, Any], *, save: Save = ListEditor.save, wait: float | None = None
) -> bool:
    """Set fields of a subscriber; None removes the field. Returns False if the address is not listed."""

    def set_fields(editor: ListEditor, index: int) -> None:
        for key, value in fields.items():
            editor.set(index, key, value)

    return _edit(path, email, set_fields, save, wait)


def _edit(path: Path, email: str, edit: Callable[[ListEditor, int], None], save: Save, wait: float | None) -> bool:
    with edit_lock(path, wait):
        editor = ListEditor(path)
        index = editor.find(email)
        if index is None:
            return False
        edit(editor, index)
        save(editor)
        return True


def _comparable(email: str) -> str:
    try:
        return normalise(email)
    except ValueError:
        return email
