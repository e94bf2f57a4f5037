"""`digest alerts`: the open alerts, and a test of the way to the admins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from digest.cli.opening import pass_app, pass_app_despite_faults
from digest.cli.output import ago, emit, json_option, note, table
from digest.errors import DigestError
from digest.utils.text import pick

if TYPE_CHECKING:
    from digest.app import App

# Follows an error about secrets.
ALERTS_MISSING = "alerts may not arrive until you correct it"


@click.group()
def alerts() -> None:
    """List open alerts, and send a test message to the admins."""


@alerts.command("list")
@json_option
@pass_app_despite_faults
def list_(app: App, as_json: bool) -> None:
    """List the alerts whose conditions hold, and what to do about each."""
    # With errors in the settings, nobody knows their limits.
    found, now = app.alerts.store.open() if app.faults else app.watch.open_alerts(), app.now()
    if as_json:
        rows = [
            {
                **pick(each, "kind subject title text action"),
                "since": each.since.isoformat(),
            }
            for each in found
        ]
        emit({"alerts": rows})
        return
    if not found:
        click.echo("There is no open alert.")
        return
    click.echo(table(("since", "alert", "what to do"), [(ago(e.since, now), e.title, e.action) for e in found]))


@alerts.command()
@pass_app
def test(app: App) -> int:
    """Send a test message to the admins.

    It goes to every address and to the webhook. If there is a URL for heartbeats, one is sent too.
    """
    from digest.newsletter.launch import save_alerts_test
    from digest.newsletter.process_down import ping
    from digest.notify.alert import MessageType

    wrong = app.alert_problems()
    channels = app.alerts.channels
    heartbeat = app.settings.alerts.heartbeat_url
    if not channels and not wrong and not heartbeat:
        raise DigestError("Nobody gets alerts: set `alerts.email` or `alerts.webhook` in digest.yaml.")
    text = "If you read this, alerts of this newsletter arrive."
    app.alerts.send(MessageType.TEST, "Test of the alerts", text)
    problems = [*map(str, wrong), *app.alerts.deliver()]
    if not problems and channels:
        save_alerts_test(app)
    if unpinged := ping(app):
        problems.append(f"The heartbeat (`alerts.heartbeat_url`) could not be sent: {unpinged}.")
    for problem in problems:
        note(problem)
    names = [*(channel.name for channel in channels), *(["heartbeat"] if heartbeat else [])]
    if not problems:
        click.echo(f"Sent a test by {', '.join(names)}.")
    return 1 if problems else 0
