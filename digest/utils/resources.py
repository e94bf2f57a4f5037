"""Where the project's own templates and samples lie: beside the package in a checkout, inside it when installed."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def templates() -> Path:
    """The folder of our letter templates."""
    return _place("templates")


def samples() -> Path:
    """The folder of the sample feeds and articles."""
    return _place("samples")


def _place(name: str) -> Path:
    installed = _PACKAGE / f"_{name}"
    return installed if installed.is_dir() else _PACKAGE.parent / name
