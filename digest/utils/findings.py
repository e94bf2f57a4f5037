"""What a check of the installation found, and how to fix it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    # Email is refused or lost, or the check failed.
    ERROR = "error"
    # It works, and should be fixed.
    WARNING = "warning"
    # It could not be checked, such as an unreachable DNS. Never said of something that is missing.
    UNKNOWN = "unknown"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check."""

    level: Level
    # What was checked, a short name such as "SPF".
    check: str
    # What was found: one sentence.
    message: str
    # What to do: the exact record or command; empty if there is nothing to do.
    fix: str = ""


def good(check: str, message: str) -> Finding:
    return Finding(Level.GOOD, check, message)


def warning(check: str, message: str, fix: str) -> Finding:
    return Finding(Level.WARNING, check, message, fix)


def error(check: str, message: str, fix: str) -> Finding:
    return Finding(Level.ERROR, check, message, fix)


def unknown(check: str, message: str, fix: str = "") -> Finding:
    return Finding(Level.UNKNOWN, check, message, fix)
