"""Find the edition that a command means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from digest.errors import DigestError
from digest.models import Edition

if TYPE_CHECKING:
    from digest.app import App


def existing(app: App, key: str) -> Edition:
    """Return the edition named `key`. Raises DigestError."""
    found = app.editions.get(key)
    if found is None:
        raise DigestError(f"There is no edition {key}. `digest edition list` shows them all.")
    return found


def key_of(app: App, name: str) -> str:
    """Return the key of the named edition, or of today's, which may not exist yet. Raises DigestError."""
    from digest import pipeline

    today = pipeline.edition_key(app)
    return today if name in ("", today) else existing(app, name).key


def current_edition(app: App, key: str) -> Edition:
    """Return the edition as it would be sent.

    Composes a draft again from the collected articles, and collects first if there is no draft yet.
    """
    from digest import pipeline

    return pipeline.compose(app, key, fetch=app.editions.get(key) is None).edition
