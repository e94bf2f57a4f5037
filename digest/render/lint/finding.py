"""The shape of what a look at a letter finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a letter, in a sentence for an editor. `rule` is its short name (`link`, `size`)."""

    level: Level
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.level}: {self.message}"


def error(rule: str, message: str) -> Finding:
    """What stops a send."""
    return Finding("error", rule, message)


def warning(rule: str, message: str) -> Finding:
    """What is shown and stops nothing."""
    return Finding("warning", rule, message)


def shown(text: str, most: int = 60) -> str:
    """A piece of the letter for a message: on one line, not endless."""
    from digest.hindi import cut

    return cut.shorten(" ".join(text.split()), most)
