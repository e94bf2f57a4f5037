"""`digest webhooks`: the events that were posted to other programs, and those that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from digest.cli.opening import command_actor, pass_app
from digest.cli.output import ago, emit, json_option, table

if TYPE_CHECKING:
    from digest.app import App

_MOST = 100


@click.group()
def webhooks() -> None:
    """List outgoing webhooks, and try failed ones again."""


@webhooks.command("list")
@click.option("--failed", is_flag=True, help="Only those whose last try failed.")
@json_option
@pass_app
def list_(app: App, failed: bool, as_json: bool) -> None:
    """List the newest events and their outcomes."""
    hooks, now = app.outgoing_webhooks, app.now()
    found = hooks.store.newest(_MOST, failed=failed)
    rows = [
        {
            "id": each.id,
            "at": each.created_at.isoformat(),
            "event": each.type,
            "to": hooks.host_of(each),
            "state": _state(each.ended_at is not None, each.error),
            "tries": each.tries,
            "error": each.error,
        }
        for each in found
    ]
    if as_json:
        emit({"webhooks": rows})
        return
    cells = [
        (ago(each.created_at, now), row["event"], row["to"], row["state"], row["tries"], row["error"], row["id"])
        for each, row in zip(found, rows, strict=True)
    ]
    click.echo(table(("when", "event", "to", "state", "tries", "error", "id"), cells))


@webhooks.command()
@click.argument("id")
@pass_app
def again(app: App, id: str) -> None:
    """Try the failed event ID again. `digest run` posts it within a minute."""
    app.outgoing_webhooks.try_again(id, command_actor(app.environment))
    click.echo(f"{id} is tried again.")


def _state(ended: bool, error: str) -> str:
    if ended:
        return "given up" if error else "sent"
    return "failed, waits" if error else "waits"
