"""`digest subscribers reengage`: ask inactive subscribers whether to continue, and pause those who do not answer."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import click

from digest.cli.opening import pass_app
from digest.cli.output import emit, json_option, note, plural, printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from digest.app import App
    from digest.store.people.reengagement import SilentSubscriber

# The most people that are listed without --json.
_MOST = 20


@click.command()
@click.option("--send", is_flag=True, help="Send the question, and pause those who did not answer an earlier one.")
@json_option
@pass_app
def reengage(app: App, send: bool, as_json: bool) -> int:
    """Show which inactive subscribers would be asked or paused.

    The question is whether to continue. With --send, the question is sent to each of them once. Needs reengage.enabled
    and the reader pages.
    """
    app.subscriber_list.sync()
    plan = app.reengagement.plan()
    zone = app.settings.newsletter.zone
    document: dict[str, Any] = {
        "ask": [_json(each, zone) for each in plan.ask],
        "pause": [_json(each, zone) for each in plan.pause],
        "more": plan.more,
        "listed": app.subscribers.count_listed(),
        "sent": False,
    }
    code = 0
    if not as_json:
        _print(app, document)
    if send:
        code = _send(app, document)
    if as_json:
        emit(document)
    return code


def _print(app: App, document: dict[str, Any]) -> None:
    chosen = app.settings.reengage
    days = chosen.after.days
    _names(f"Would be asked: inactive for {days} days", document["ask"])
    _names(f"Would be paused: no answer for {chosen.wait.days} days", document["pause"])
    if document["more"]:
        note(f"{document['more']:,} more are silent; one run asks {chosen.at_most:,} (reengage.at_most).")
    if not app.settings.clicks.subscribers:
        note("Nobody knows who clicks (clicks.subscribers is false): only answers, replies and visits of pages count.")
    share = (len(document["ask"]) + document["more"]) / max(document["listed"], 1)
    if share > 0.5:
        note(f"That is {share:.0%} of the list. Are there other signs that they read?")


def _names(title: str, people: Sequence[dict[str, Any]]) -> None:
    click.echo(f"{title}: {len(people):,}")
    for each in people[:_MOST]:
        click.echo(f"  {printable(each['email'])}, since {each['since'][:10]}")
    if len(people) > _MOST:
        click.echo(f"  … and {len(people) - _MOST:,} more (--json names all)")


def _send(app: App, document: dict[str, Any]) -> int:
    from digest.newsletter.reengagement import ask_now
    from digest.pipeline import deliver_due

    paused = ask_now(app).paused
    open_ = 0
    for key in app.reengagement.unfinished():
        sent = deliver_due(app, key, stop=threading.Event())
        if sent is not None:
            for line in sent.notes:
                note(line)
            open_ += sent.counts.pending + sent.counts.unknown
            document["edition"] = key
            document["accepted"] = sent.counts.accepted
            note(f"Edition {key}: {plural(sent.counts.accepted, 'person', 'people')} asked.")
    note(f"{plural(paused, 'person', 'people')} paused until they come back.")
    document |= {"sent": True, "paused": paused}
    return 1 if open_ else 0


def _json(each: SilentSubscriber, zone: tzinfo) -> dict[str, Any]:
    return {"email": each.email, "since": each.since.astimezone(zone).isoformat(timespec="minutes")}
