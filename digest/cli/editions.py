"""Find the edition that a command means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from digest.cli.output import shown
from digest.errors import DigestError
from digest.models import Edition

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from digest.app import App
    from digest.store.content.editions import Decision


def decision_line(each: Decision, zone: ZoneInfo) -> str:
    """Show one decision on an edition: when, what, on whom, by whom and why."""
    subject = f" {each.email or f'batch {each.batch}'}" if each.email or each.batch else ""
    by = f" by {each.decided_by}" if each.decided_by else ""
    evidence = f" (evidence: {each.evidence})" if each.evidence and each.evidence != each.reason else ""
    return shown(f"{each.at.astimezone(zone):%Y-%m-%d %H:%M}  {each.what}{subject}{by}: {each.reason}{evidence}")


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
