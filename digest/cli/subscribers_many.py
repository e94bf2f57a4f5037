"""`digest subscribers bulk` and `undo-import`: one act for many subscribers, and an import taken back."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.actor import command_actor
from digest.cli.output import emit, json_option, note, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from digest.app import App
    from digest.store.people.import_undo import UndoneImport
    from digest.usecases.edit_many import ManyChange, ManyPlan

# The most addresses in a sentence.
_MAX_NAMED = 20


@click.command()
@click.argument("emails", nargs=-1, metavar="[EMAIL]...")
@click.option("--segment", "group", metavar="NAME", help="Instead of EMAIL: everyone of this saved group.")
@click.option("--pause", "days", type=click.IntRange(1, 366), metavar="DAYS", help="Pause for so many days.")
@click.option("--resume", is_flag=True, help="End pauses, except of those who paused themselves.")
@click.option("--suppress", "reason", metavar="REASON", help="Stop all email, because of this.")
@click.option("--lift", metavar="REASON", help="End a stop by --suppress, for subscribers with no later reason.")
@click.option("--add-topic", metavar="TOPIC", help="Add a section to their topics.")
@click.option("--remove-topic", metavar="TOPIC", help="Remove a section from their topics.")
@click.option("--frequency", help="daily, weekdays, weekly:sun or weekly:mon,wed,fri.")
@click.option("--restore-frequency", is_flag=True, help="Put back the frequency before the last bulk change of it.")
@click.option("--yes", is_flag=True, help="Do it, without asking.")
@json_option
@click.pass_obj
def bulk(home: Path, /, emails: tuple[str, ...], group: str | None, yes: bool, as_json: bool, **given: Any) -> None:
    """Do one act to several subscribers, with one entry in the log.

    Shows who changes, and who stays as they are and why. What people chose or stopped themselves is not changed.
    """
    from digest.app import make_app
    from digest.usecases.edit_subscribers import parse_address

    if bool(emails) == bool(group):
        raise click.UsageError("give EMAIL addresses, or --segment NAME of a saved group")
    if sum(value not in (None, False) for value in given.values()) != 1:
        raise click.UsageError(
            "give one act: --pause, --resume, --suppress, --lift, --add-topic, --remove-topic, --frequency or "
            "--restore-frequency"
        )
    with make_app(home) as app:
        app.subscriber_list.sync(may_be_empty=True)
        editor, change = app.many_editor, _change(app, **given)
        ids = (
            editor.find(app.segments.get(group).filter)
            if group
            else editor.find_addresses(parse_address(email) for email in emails)
        )
        plan = editor.plan(ids, change)
        if not as_json:
            _show(plan)
            if given["reason"] and len(plan.people) > 1:
                note("`digest subscribers bulk --lift REASON` takes it back.")
            if given["frequency"] and len(plan.people) > 1:
                note("`digest subscribers bulk --restore-frequency` takes it back.")
        if not yes and plan.people and sys.stdin.isatty() and not as_json:
            yes = click.confirm(f"Change {plural(len(plan.people), 'subscriber')}?", default=False, err=True)
        if yes:
            plan = editor.run(ids, change, command_actor(app.environment), seen=plan.mark)
    if as_json:
        stay = [{"why": str(why), "emails": [each.email for each in those]} for why, those in plan.stays.items()]
        emit(
            {"act": str(change.act), "dry_run": not yes, "changed": [each.email for each in plan.people], "stay": stay}
        )
    elif yes:
        click.echo(f"Changed {plural(len(plan.people), 'subscriber')}.")
    else:
        click.echo(f"Would change {plural(len(plan.people), 'subscriber')}. Nothing was changed; --yes does it.")


def _change(
    app: App,
    *,
    days: int | None,
    resume: bool,
    reason: str | None,
    lift: str | None,
    add_topic: str | None,
    remove_topic: str | None,
    frequency: str | None,
    restore_frequency: bool,
) -> ManyChange:
    from digest.usecases.edit_many import ManyAct, ManyChange

    if days is not None:
        return ManyChange(ManyAct.PAUSE, until=app.now() + timedelta(days=days))
    if resume:
        return ManyChange(ManyAct.RESUME)
    if restore_frequency:
        return ManyChange(ManyAct.RESTORE_FREQUENCY)
    values = {
        ManyAct.SUPPRESS: reason,
        ManyAct.LIFT: lift,
        ManyAct.ADD_TOPIC: add_topic,
        ManyAct.REMOVE_TOPIC: remove_topic,
        ManyAct.FREQUENCY: frequency,
    }
    act, value = next((act, value) for act, value in values.items() if value is not None)
    return ManyChange(act, value)


def _show(plan: ManyPlan) -> None:
    if plan.people:
        note(f"{plural(len(plan.people), 'subscriber')}: {_named(each.email for each in plan.people)}")
    for why, those in plan.stays.items():
        note(f"{plural(len(those), 'subscriber')} not changed ({why}): {_named(each.email for each in those)}")


@click.command("undo-import")
@click.argument("number", type=int, required=False)
@click.option("--yes", is_flag=True, help="Undo it, without asking.")
@json_option
@click.pass_obj
def undo_import(home: Path, number: int | None, yes: bool, as_json: bool) -> None:
    """Undo an import, or list those that can be undone.

    NUMBER is that of its entry in the log. Everyone is put back as before the import, except people whose entry changed
    again since. They are named.
    """
    from digest.app import make_app

    with make_app(home) as app:
        if number is None:
            _list_imports(app, as_json=as_json)
            return
        transfer = app.subscriber_transfer
        found = transfer.plan_undo(number)
        if not as_json:
            _show_undo(found)
        if not yes and sys.stdin.isatty() and not as_json:
            yes = click.confirm(f"Undo the import {found.origin}?", default=False, err=True)
        if yes:
            found = transfer.undo_import(number, command_actor(app.environment), seen=found.mark)
    if as_json:
        people = {name: list(getattr(found, name)) for name in ("removed", "changed", "mailed", "kept")}
        emit({"import": number, "origin": found.origin, "dry_run": not yes, **people})
    elif yes:
        click.echo(f"Undid the import {found.origin}.")
    else:
        click.echo("Nothing was changed; --yes undoes it.")


def _list_imports(app: App, *, as_json: bool) -> None:
    acts = app.audit.several(app.subscriber_admin.import_undo.possible())
    zone = app.settings.newsletter.zone
    if as_json:
        emit({"imports": [{"import": act.id, "at": act.at.isoformat(), "what": act.detail} for act in acts]})
        return
    for act in acts:
        click.echo(f"{act.id}  {act.at.astimezone(zone):%Y-%m-%d %H:%M}  {act.subject} by {act.who}: {act.detail}")
    if not acts:
        click.echo("No import can be undone.")


def _show_undo(found: UndoneImport) -> None:
    for what, emails in (
        ("come off the list", found.removed),
        ("are as before", found.changed),
        ("get mail again", found.mailed),
        ("stay as they are, because something was decided about them since", found.kept),
    ):
        if emails:
            note(f"{plural(len(emails), 'subscriber')} {what}: {_named(emails)}")


def _named(emails: Iterable[str]) -> str:
    all: Sequence[str] = list(emails)
    more = f" and {len(all) - _MAX_NAMED:,} more (--json names all)" if len(all) > _MAX_NAMED else ""
    return f"{', '.join(all[:_MAX_NAMED])}{more}"
