"""Findings of a check of the installation, with their remedies."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """The severity of a finding."""

    # Email is refused or lost, or the check failed.
    ERROR = "error"
    # It works, and should be fixed.
    WARNING = "warning"
    # Could not be checked, for example because the DNS is unreachable. Not for missing things.
    UNKNOWN = "unknown"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check."""

    level: Level
    # What was checked, a short name such as "SPF".
    check: str
    # The finding in one sentence.
    message: str
    # The remedy: the exact record or command; '' if nothing needs to be done.
    fix: str = ""


def good(check: str, message: str) -> Finding:
    return Finding(Level.GOOD, check, message)


def warning(check: str, message: str, fix: str) -> Finding:
    return Finding(Level.WARNING, check, message, fix)


def error(check: str, message: str, fix: str) -> Finding:
    return Finding(Level.ERROR, check, message, fix)


def unknown(check: str, message: str, fix: str = "") -> Finding:
    return Finding(Level.UNKNOWN, check, message, fix)
