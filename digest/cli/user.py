"""Who runs a command, for the record of decisions."""

from __future__ import annotations

from collections.abc import Mapping

_USER_ENV = "DIGEST_USER"


def user_name(environment: Mapping[str, str]) -> str:
    """Return DIGEST_USER, or else the name of the user of the operating system."""
    import getpass
    import os

    if named := environment.get(_USER_ENV, "").strip():
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"
