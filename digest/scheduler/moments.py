"""The times at which something is due. Comparisons are in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from digest.app import App
from digest.config.calendar import PlannedEdition
from digest.errors import ConfigurationError, DigestError


def hand_over_at(app: App, planned: PlannedEdition) -> datetime:
    """Return when batches may be handed over.

    That is the hour of the edition, or `delivery.lead` before it if the provider can cancel scheduled sends, but not
    before the edition is composed.
    """
    if not app.schedule_window:
        return planned.send_at
    return max(planned.send_at - app.settings.delivery.lead, planned.compose_at)


def until_next_moment(app: App) -> timedelta:
    """Return the time until something is due; timedelta.max if nothing is within a day, or without a calendar."""
    try:
        return _until_next_moment(app)
    except (ConfigurationError, DigestError):
        # The jobs have the same error, and report it.
        return timedelta.max


def _until_next_moment(app: App) -> timedelta:
    calendar, now = app.calendar, app.now().astimezone(UTC)
    tomorrow = now.astimezone(calendar.zone).date() + timedelta(days=1)
    moments = (
        moment
        for planned in (*calendar.current(now), *calendar.on(tomorrow))
        for moment in (planned.compose_at, planned.approve_by, hand_over_at(app, planned), planned.send_at)
        if moment is not None and moment > now
    )
    return min((moment - now for moment in moments), default=timedelta.max)
