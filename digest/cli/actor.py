"""Who runs a command, for the audit log and the record of decisions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digest.models import Actor

_USER_ENV = "DIGEST_USER"


def command_actor(environment: Mapping[str, str] = os.environ) -> Actor:
    """Return the person who runs this command, as the author of its acts."""
    from digest.models import Actor

    return Actor(user_name(environment), "command")


def user_name(environment: Mapping[str, str]) -> str:
    """Return DIGEST_USER, or else the name of the user of the operating system."""
    import getpass

    if named := environment.get(_USER_ENV, "").strip():
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"
