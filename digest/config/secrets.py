"""Read secrets from a file of credentials. Find the secrets that the settings refer to, so that no text shows them.

systemd's `LoadCredential=env:FILE` gives the service the file `$CREDENTIALS_DIRECTORY/env`, as containers do with
secrets. Unlike an environment variable of the unit, `systemctl show` does not reveal it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from digest.config.settings import Settings
from digest.errors import ConfigProblem, ConfigurationError
from digest.utils.files import refused_access
from digest.utils.redact import secrets_of_url

# Environment variables with secrets that no setting names.
_VARIABLES = ("DIGEST_SECRET_KEY", "DIGEST_RECEIPT_KEY", "PGPASSWORD")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
DIRECTORY = "CREDENTIALS_DIRECTORY"
_FILE = "env"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def find_secrets(settings: Settings, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the values of the variables that settings name (`…_env`, `auth.env`), and the secrets within URLs.

    The user in `store.url` is not a secret: commands for PostgreSQL show it.
    """
    texts = list(_texts(settings.model_dump()))
    named = {variable for key, variable in texts if key == "env" or key.endswith("_env")}
    for variable in (*named, *_VARIABLES):
        value = environment.get(variable, "").strip()
        yield value
        # Several keys, or the lines of a private key.
        yield from (part.strip() for part in value.replace(",", "\n").splitlines() if not part.startswith("-----"))
    yield from secrets_of_url(settings.store.url, user_alone=False)
    for text in {text for _key, text in texts if "://" in text} - {settings.store.url}:
        yield from secrets_of_url(text)
    for variable in (*_PROXIES, *map(str.upper, _PROXIES)):
        yield from secrets_of_url(environment.get(variable, ""))


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield (key, text) for every text in nested data."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, str(name))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item, key)


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
        raise ConfigurationError.at(str(path), f"cannot be read: {reason}") from None
    found: dict[str, str] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), start=1):
        name, equals, value = line.strip().partition("=")
        if not line.strip() or name.startswith("#"):
            continue
        if not equals or not _NAME.match(name):
            # The line may contain a key, so it is not shown.
            problems.append(ConfigProblem(str(path), number, "expected NAME=value, a comment with # or an empty line"))
        found[name] = _unquote(value.strip())
    if problems:
        raise ConfigurationError(problems)
    return found | dict(environment)


def _unquote(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value
