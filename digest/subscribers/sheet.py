"""The text of `subscribers.yaml` with the places of its readers. How it is edited is `listed_yaml`'s business."""

from __future__ import annotations

from pathlib import Path

import yaml

from digest.listed_yaml import EditNotPossible, YamlListEditor, pairs
from digest.subscribers.address import normalise

__all__ = ["EditNotPossible", "Sheet"]


class Sheet(YamlListEditor):
    """The file's text with the places of its readers."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "subscribers")

    def find(self, email: str) -> int | None:
        try:
            wanted = normalise(email)
        except ValueError:
            return None
        for index, row in enumerate(self.rows):
            held = dict(pairs(row)).get("email")
            if isinstance(held, yaml.ScalarNode) and _comparable(held.value) == wanted:
                return index
        return None


def _comparable(email: str) -> str:
    try:
        return normalise(email)
    except ValueError:
        return email
