"""The names of what can go wrong. One base, few names; a failed item is a value, only a failed run raises.

Configuration errors stand outside the tree so that no `except DigestError` around one item can swallow them.
"""

from __future__ import annotations

import reprlib
from dataclasses import dataclass


class DigestError(Exception):
    """A job failed or is incomplete; the message is one sentence for the operator (exit code 1)."""


class StoreError(DigestError):
    """The store can't be opened or used: locked, read-only, or from a newer version."""


class TemplateProblem(DigestError):
    """A template is wrong; the message names file and line."""


class AlreadyRunning(DigestError):
    """Another process is at the same work."""


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing wrong in a file that a person edits. `line` counts from 1; 0 when the place has no line."""

    where: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.where}:{self.line}: {self.message}" if self.line else f"{self.where}: {self.message}"


class ConfigurationError(Exception):
    """Wrong usage, configuration or list: every problem at once (exit code 2)."""

    def __init__(self, problems: list[ConfigProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def quoted(value: object) -> str:
    """A value as a sentence quotes it: its beginning and end, however long or deep it is."""
    return _BRIEF.repr(value)


class _Brief(reprlib.Repr):
    """Takes lists and mappings with marks (subclasses, by their names) for what they are."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring, self.maxlist, self.maxdict, self.maxlevel, self.maxother = 120, 4, 4, 2, 60

    def repr1(self, x: object, level: int) -> str:
        if isinstance(x, list):
            return self.repr_list(x, level)
        if isinstance(x, dict):
            return self.repr_dict(x, level)
        return super().repr1(x, level)


_BRIEF = _Brief()
