"""Count how many subscribers will get an edition."""

from __future__ import annotations

from digest.app import App
from digest.models import Edition
from digest.web.desk.background import Background

# Seconds that a page waits for the number, and seconds that the number is valid.
_WAIT, _LASTS = 0.02, 60.0


class AudienceCount(Background[int]):
    """Counts in the background: a list of a million takes longer than a page may."""

    def __init__(self, app: App) -> None:
        super().__init__("audience", lasts=_LASTS)
        self._app = app

    def of(self, edition: Edition) -> int | None:
        """Return the number, or None while it is not known yet."""
        return self.get(edition.key, lambda: self._app.enqueuer.count_due(edition), wait=_WAIT)
