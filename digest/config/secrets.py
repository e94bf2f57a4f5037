"""Find the secrets that the settings refer to, so that they can be removed from stored and shown texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from digest.config.settings import Settings
from digest.utils.redact import secrets_of_url

# Environment variables with secrets that no setting names.
_VARIABLES = ("DIGEST_SECRET_KEY", "DIGEST_RECEIPT_KEY", "PGPASSWORD")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


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
