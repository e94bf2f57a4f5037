"""Errors of the whole project. A failed item is a value; only a failed run raises."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass

from digest.messages import Message


class DigestError(Exception):
    """A job failed or is incomplete. The message is one sentence for the operator (exit code 1)."""


class StoreError(DigestError):
    """The store cannot be opened or used: locked, read-only, or from a newer version."""


class StoreUnavailable(StoreError):
    """The store is temporarily unavailable, such as with a full disk or during a restart of the server.

    Nothing was committed, except that the outcome is not known if the connection broke during the commit.
    """


class TakenOver(StoreError):
    """Another run has settled the attempt, because this run seemed dead. Continuing would send twice."""


class TemplateProblem(DigestError):
    """A template is invalid. The message names file and line."""


class AlreadyRunning(DigestError):
    """Another process does the same work."""


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """A problem in a file that a person edits. `line` counts from 1, and is 0 where there is none."""

    where: str
    line: int
    message: str

    @property
    def sentence(self) -> Message:
        """The message with its place."""
        if self.line:
            return Message("%(where)s:%(line)s: %(why)s", where=self.where, line=self.line, why=self.message)
        return Message("%(where)s: %(why)s", where=self.where, why=self.message)

    def __str__(self) -> str:
        return str(self.sentence)


# Not a DigestError, so that no `except DigestError` around a single item hides it.
class ConfigurationError(Exception):
    """Invalid usage, configuration or list, with all problems at once (exit code 2)."""

    def __init__(self, problems: list[ConfigProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems

    @staticmethod
    def at(where: str, message: str, *, line: int = 0) -> ConfigurationError:
        """Return the error of a single problem."""
        return ConfigurationError([ConfigProblem(where, line, message)])


def quoted(value: object) -> str:
    """Return a short form of any value for a message: its beginning and end."""
    # As YAML means it.
    return "nothing" if value is None else str(value).lower() if isinstance(value, bool) else _BRIEF.repr(value)


class _Brief(reprlib.Repr):
    """Shows subclasses of lists and dicts, such as located YAML values, like lists and dicts."""

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
