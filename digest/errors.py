"""The names of what can go wrong. One base, few names; a failed item is a value, only a failed run raises.

Configuration errors stand outside the tree so that no `except DigestError` around one item can swallow them.
"""

from __future__ import annotations

from dataclasses import dataclass


class DigestError(Exception):
    """A job failed or is incomplete; the message is one sentence for the operator (exit code 1)."""


class StoreError(DigestError):
    """The store can't be opened or used: locked, read-only, or from a newer version."""


class TemplateMistake(DigestError):
    """A template is wrong; the message names file and line."""


class Busy(DigestError):
    """Another process is at the same work."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a file that a person edits. `line` counts from 1; 0 when the place has no line."""

    where: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.where}:{self.line}: {self.message}" if self.line else f"{self.where}: {self.message}"


class ConfigurationError(Exception):
    """Wrong usage, configuration or list: every fault at once (exit code 2)."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults
