"""`digest subscribers bulk`, `undo-import` and `segment`: acts for many subscribers, and saved groups."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.opening import command_actor, pass_app, pass_app_despite_faults, read_list_despite_faults
from digest.cli.output import answer, emit, json_option, named, note, plural, table
from digest.errors import ConfigurationError
from digest.utils.text import pick

if TYPE_CHECKING:
    from collections.abc import Mapping

    from digest.app import App
    from digest.store.people.directory import SubscriberFilter
    from digest.store.people.import_undo import UndoneImport
    from digest.usecases.edit_many import ManyChange, ManyPlan


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
        editor, change = app.many_editor, _change(app, given)
        ids = (
            editor.find(app.segments.get(group).filter)
            if group
            else editor.find_addresses(parse_address(email) for email in emails)
        )
        plan = editor.plan(ids, change)
        if not as_json:
            _show(plan)
            if given["reason"] and plan.people:
                note("`digest subscribers bulk --lift REASON` takes it back.")
            if given["frequency"] and plan.people:
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


def _change(app: App, given: Mapping[str, Any]) -> ManyChange:
    """Return the one act that the options give."""
    from digest.usecases.edit_many import ManyAct, ManyChange

    if given["days"] is not None:
        return ManyChange(ManyAct.PAUSE, until=app.now() + timedelta(days=given["days"]))
    if given["resume"]:
        return ManyChange(ManyAct.RESUME)
    if given["restore_frequency"]:
        return ManyChange(ManyAct.RESTORE_FREQUENCY)
    options = {
        "reason": ManyAct.SUPPRESS,
        "lift": ManyAct.LIFT,
        "add_topic": ManyAct.ADD_TOPIC,
        "remove_topic": ManyAct.REMOVE_TOPIC,
        "frequency": ManyAct.FREQUENCY,
    }
    return next(ManyChange(act, given[name]) for name, act in options.items() if given[name] is not None)


def _show(plan: ManyPlan) -> None:
    if plan.people:
        note(f"{plural(len(plan.people), 'subscriber')}: {named([each.email for each in plan.people])}")
    for why, those in plan.stays.items():
        note(f"{plural(len(those), 'subscriber')} not changed ({why}): {named([each.email for each in those])}")


@click.command("undo-import")
@click.argument("number", type=int, required=False)
@click.option("--yes", is_flag=True, help="Undo it, without asking.")
@json_option
@pass_app
def undo_import(app: App, number: int | None, yes: bool, as_json: bool) -> None:
    """Undo an import, or list those that can be undone.

    NUMBER is that of its entry in the log. Everyone is put back as before the import, except people whose entry changed
    again since. They are named.
    """
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
            note(f"{plural(len(emails), 'subscriber')} {what}: {named(emails)}")


# Subscribers in a table.
_MAX_IN_TABLE = 100
_STATES = ("active", "unconfirmed", "paused", "bounced", "left", "complained", "removed")


@click.group()
def segment() -> None:
    """Save named groups of subscribers, and list their members."""


@segment.command("list")
@json_option
@pass_app_despite_faults
def list_(app: App, as_json: bool) -> None:
    """List the saved groups and their numbers of subscribers."""
    _follow_list(app)
    found = [(each, len(app.segments.addresses(each.name))) for each in app.segments.all()]
    rows = [{"name": each.name, "filter": each.filter.as_json(), "subscribers": count} for each, count in found]
    if as_json:
        emit({"segments": rows})
        return
    click.echo(
        table(("name", "subscribers", "filter"), [(each.name, count, _words(each.filter)) for each, count in found])
    )


@segment.command()
@click.argument("name")
@click.option("--search", default="", help="The beginning of the address, of the name or of the surname.")
@click.option("--state", type=click.Choice(_STATES), help="What keeps them from mail, or active.")
@click.option("--topic", default="", help="A section that they chose.")
@click.option("--frequency", default="", help="daily, weekdays, weekly:sun or weekly:mon,wed,fri.")
@click.option("--timezone", default="", help="Such as Asia/Kolkata.")
@click.option("--origin", default="", help="The import that they came by; '-' for the list file.")
@json_option
@click.pass_obj
def add(home: Path, /, name: str, as_json: bool, **given: str | None) -> None:
    """Save a group under NAME.

    Its members are the subscribers who match all given options. A group of this name is replaced.
    """
    from digest.app import make_app
    from digest.store.people.directory import filter_from
    from digest.subscribers.list_file import parse_field

    if not any(given.values()):
        raise click.UsageError("give at least one option, such as --state active")
    with make_app(home) as app:
        for option, field in (("topic", "topics"), ("frequency", "frequency"), ("timezone", "timezone")):
            try:
                if value := given[option]:
                    parse_field(field, [value] if field == "topics" else value, topics=app.topics)
            except ValueError as error:
                raise ConfigurationError.at(f"--{option}", str(error)) from None
        wanted = filter_from({key: value for key, value in given.items() if value})
        kept = app.segments.save(name, wanted, command_actor(app.environment))
        _follow_list(app)
        count = len(app.segments.addresses(kept))
    answer(
        {"name": kept, "filter": wanted.as_json(), "subscribers": count},
        f"Saved {kept}: {plural(count, 'subscriber')} now.",
        as_json=as_json,
    )


@segment.command()
@click.argument("name")
@json_option
@pass_app_despite_faults
def show(app: App, name: str, as_json: bool) -> None:
    """List the members of the group NAME, newest first."""
    _follow_list(app)
    found = app.segments.get(name)
    count = len(app.segments.addresses(name))
    lines = list(app.segments.subscribers(name, None if as_json else _MAX_IN_TABLE))
    if as_json:
        rows = [
            {
                **pick(each.subscriber, "email name topics frequency"),
                "state": each.state,
                "origin": each.subscriber.origin,
            }
            for each in lines
        ]
        emit({"name": name, "filter": found.filter.as_json(), "subscribers": rows})
        return
    members = [(each.subscriber, each.state) for each in lines]
    cells = [(own.email, own.name, ", ".join(own.topics), own.frequency, state) for own, state in members]
    click.echo(table(("email", "name", "topics", "frequency", "state"), cells))
    click.echo(f"{plural(count, 'subscriber')}: {_words(found.filter)}")
    if count > len(lines):
        note(f"{count - len(lines)} more; --json shows all.")


@segment.command()
@click.argument("name")
@json_option
@pass_app_despite_faults
def remove(app: App, name: str, as_json: bool) -> None:
    """Delete the group NAME. Its subscribers stay."""
    app.segments.drop(name, command_actor(app.environment))
    answer({"name": name}, f"Removed the group {name}.", as_json=as_json)


def _follow_list(app: App) -> None:
    """Sync the list file to the store, if it is valid."""
    from functools import partial

    read_list_despite_faults(app, partial(app.subscriber_list.sync, may_be_empty=True))


def _words(wanted: SubscriberFilter) -> str:
    return ", ".join(f"{name}: {value}" for name, value in wanted.as_json().items())
