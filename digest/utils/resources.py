"""Find the built-in templates and samples: beside the package in a checkout, inside it when installed."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def templates() -> Path:
    """Return the folder of the built-in email templates."""
    return _find("templates")


def samples() -> Path:
    """Return the folder of the sample feeds and articles."""
    return _find("samples")


def _find(name: str) -> Path:
    installed = _PACKAGE / f"_{name}"
    return installed if installed.is_dir() else _PACKAGE.parent / name
