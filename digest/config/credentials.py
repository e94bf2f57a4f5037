"""Keys and passwords from a file: systemd's credentials, and the secrets of containers.

`LoadCredential=env:FILE` gives the service the file `$CREDENTIALS_DIRECTORY/env`. Unlike an environment variable of the
unit, `systemctl show` does not reveal it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from digest.errors import ConfigProblem, ConfigurationError
from digest.utils.files import refused_access

DIRECTORY = "CREDENTIALS_DIRECTORY"
_FILE = "env"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def with_credentials(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the lines `NAME=value` of the credential. A variable that is set already stays.

    Raises ConfigurationError for an unreadable file, and for other lines than these, comments and empty lines.
    """
    folder = environment.get(DIRECTORY, "")
    path = Path(folder) / _FILE
    if not folder or not path.exists():
        return dict(environment)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = (refused_access(path) or error.strerror) if isinstance(error, OSError) else "expected UTF-8"
        raise ConfigurationError([ConfigProblem(str(path), 0, f"cannot be read: {reason}")]) from None
    found: dict[str, str] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), start=1):
        name, equals, value = line.strip().partition("=")
        if not line.strip() or name.startswith("#"):
            continue
        if not equals or not _NAME.match(name):
            # The line may contain a key, so it is not shown.
            problems.append(ConfigProblem(str(path), number, "expected NAME=value, a comment with # or an empty line"))
        found[name] = _unquoted(value.strip())
    if problems:
        raise ConfigurationError(problems)
    return found | dict(environment)


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value
