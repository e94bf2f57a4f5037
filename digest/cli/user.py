"""Who runs a command, for the record of decisions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digest.models import Actor

_USER_ENV = "DIGEST_USER"


def command_actor() -> Actor:
    """Return the name of the person who runs this command."""
    from digest.models import Actor

    return Actor(user_name(os.environ), "command")


def user_name(environment: Mapping[str, str]) -> str:
    """Return DIGEST_USER, or else the name of the user of the operating system."""
    import getpass

    if named := environment.get(_USER_ENV, "").strip():
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"
