"""What a check of a rendered email reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem, in a sentence for an editor. `rule` is the check's short name (`link`, `size`)."""

    level: Level
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.level}: {self.message}"


def error(rule: str, message: str) -> Finding:
    """A problem that stops a send."""
    return Finding("error", rule, message)


def warning(rule: str, message: str) -> Finding:
    """A problem that is shown and stops nothing."""
    return Finding("warning", rule, message)
