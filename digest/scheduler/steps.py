"""Decide what is due: the next step of an edition, and the time of the next one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from digest.app import App
from digest.config.calendar import PlannedEdition
from digest.errors import ConfigurationError, DigestError
from digest.models import EDITABLE_STATES, WAITING_STATES, Edition, EditionState


class EditionStep(StrEnum):
    """The next step of an edition."""

    NOTHING = "nothing"
    COMPOSE = "compose"
    AWAIT_APPROVAL = "await approval"
    APPROVE = "approve"
    SEND = "send"
    NOT_APPROVED = "not approved"
    EXPIRE = "expire"


def next_step(
    planned: PlannedEdition, edition: Edition | None, now: datetime, *, hand_over_at: datetime
) -> EditionStep:
    """Return the next step of a planned edition. `edition` is its stored form, if there is one.

    `hand_over_at` is when batches may go to the provider: the hour of the edition, or earlier.
    """
    too_late = now > planned.expires_at
    if edition is None:
        if too_late or now < planned.compose_at:
            return EditionStep.NOTHING
        return EditionStep.COMPOSE if now < hand_over_at else EditionStep.SEND
    composed_at = edition.composed_at or now
    if edition.state in EDITABLE_STATES:
        # Somebody may have composed it the day before.
        if composed_at < planned.compose_at <= now < hand_over_at:
            return EditionStep.COMPOSE
        if edition.state == EditionState.SKIPPED:
            # It had too few stories before its hour, so it gets another try at its hour.
            return EditionStep.SEND if not too_late and composed_at < planned.send_at <= now else EditionStep.NOTHING
    if edition.state not in WAITING_STATES:
        return EditionStep.NOTHING
    if too_late:
        return EditionStep.EXPIRE
    if edition.state == EditionState.DRAFT and planned.schedule.approval == "required":
        return _approval_step(planned, composed_at, now)
    return EditionStep.SEND if now >= hand_over_at else EditionStep.NOTHING


def _approval_step(planned: PlannedEdition, composed_at: datetime, now: datetime) -> EditionStep:
    if planned.approve_by is None or now < planned.approve_by:
        return EditionStep.AWAIT_APPROVAL
    if planned.schedule.on_no_approval == "send":
        return EditionStep.APPROVE
    # Nobody could approve a draft that was composed late, such as after a power cut: it waits until it expires.
    return EditionStep.AWAIT_APPROVAL if composed_at >= planned.approve_by else EditionStep.NOT_APPROVED


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
