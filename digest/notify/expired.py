"""The texts of the alert about recipients who do not get an edition, because it was not handed over in time."""

from __future__ import annotations

from digest.notify.alert import AlertMessage
from digest.utils.text import plural


def expired_message(key: str, recipients: int, problem: str | None, *, missed: bool) -> AlertMessage:
    """Return the texts about recipients who did not get an edition in time, and whose mail server did not defer it.

    `problem` says why the last attempt failed. `missed`: `digest run` did not run at their time.
    """
    title = f"Edition {key} did not reach {plural(recipients, 'recipient')}"
    if missed:
        return AlertMessage(
            title,
            "`digest run` did not run at their time, nor within `schedule.expires_after` of it. They do not get it.",
            "`journalctl -u digest` shows why it did not run.",
        )
    if problem:
        return AlertMessage(
            title,
            f"Their emails could not be handed over within `schedule.expires_after`, and they do not get it: {problem}",
            f"`digest check` tests the connection, and `digest status {key}` names the recipients.",
        )
    return AlertMessage(
        title,
        "Their emails could not be handed over within `schedule.expires_after`, and they do not get it.",
        f"`digest status {key}` says why. Make sending faster (`delivery.rate`, `delivery.threads`), or raise "
        "`schedule.expires_after`.",
    )


def deferred_message(key: str, recipients: int) -> AlertMessage:
    """Return the texts about recipients whose mail servers deferred the email until it was too old."""
    return AlertMessage(
        f"Mail servers deferred edition {key} for {plural(recipients, 'recipient')}",
        "They asked to try later until `schedule.expires_after` was over, and these recipients do not get it. For so "
        "many the cause is the sender or the email, not full mailboxes.",
        f"`digest status {key}` shows what the mail servers said.",
    )
