"""Which edition a command means, and the sentence when there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from digest.errors import DigestError
from digest.models import Edition

if TYPE_CHECKING:
    from digest.app import App


def existing(app: App, key: str) -> Edition:
    """The edition named `key`. Raises DigestError."""
    found = app.editions.get(key)
    if found is None:
        raise DigestError(f"there is no edition {key}; `digest edition list` names those there are")
    return found


def key_of(app: App, named: str) -> str:
    """The key of the edition named, or of today's, which need not be there yet. Raises DigestError."""
    from digest import pipeline

    today = pipeline.edition_key(app)
    return today if named in ("", today) else existing(app, named).key


def looked_at(app: App, key: str) -> Edition:
    """The edition for a look before it goes: a draft with the articles that are there, which are fetched only where
    nothing was composed yet; one that is further on as it is."""
    from digest import pipeline

    return pipeline.compose(app, key, fetch=app.editions.get(key) is None).edition
