"""`digest subscribers segment`: saved groups of subscribers, as on the desk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.actor import command_actor
from digest.cli.output import emit, json_option, note, plural
from digest.cli.tables import table
from digest.errors import ConfigProblem, ConfigurationError
from digest.utils.text import pick

if TYPE_CHECKING:
    from digest.app import App
    from digest.store.people.directory import SubscriberFilter

# Subscribers in a table.
_MOST = 100
_STATES = ("active", "unconfirmed", "paused", "bounced", "left", "complained", "removed")


@click.group()
def segment() -> None:
    """Save named groups of subscribers, and list their members."""


@segment.command("list")
@json_option
@click.pass_obj
def list_(home: Path, as_json: bool) -> None:
    """List the saved groups and their numbers of subscribers."""
    from digest.cli.faults import app_despite_faults

    with app_despite_faults(home) as app:
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
                raise ConfigurationError([ConfigProblem(f"--{option}", 0, str(error))]) from None
        wanted = filter_from({key: value for key, value in given.items() if value})
        kept = app.segments.save(name, wanted, command_actor(app.environment))
        _follow_list(app)
        count = len(app.segments.addresses(kept))
    if as_json:
        emit({"name": kept, "filter": wanted.as_json(), "subscribers": count})
    else:
        click.echo(f"Saved {kept}: {plural(count, 'subscriber')} now.")


@segment.command()
@click.argument("name")
@json_option
@click.pass_obj
def show(home: Path, name: str, as_json: bool) -> None:
    """List the members of the group NAME, newest first."""
    from digest.cli.faults import app_despite_faults

    with app_despite_faults(home) as app:
        _follow_list(app)
        found = app.segments.get(name)
        count = len(app.segments.addresses(name))
        lines = list(app.segments.subscribers(name, None if as_json else _MOST))
    if as_json:
        rows = [pick(each, "email name topics frequency state origin") for each in lines]
        emit({"name": name, "filter": found.filter.as_json(), "subscribers": rows})
        return
    cells = [(each.email, each.name, ", ".join(each.topics), each.frequency, each.state) for each in lines]
    click.echo(table(("email", "name", "topics", "frequency", "state"), cells))
    click.echo(f"{plural(count, 'subscriber')}: {_words(found.filter)}")
    if count > len(lines):
        note(f"{count - len(lines)} more; --json shows all.")


@segment.command()
@click.argument("name")
@json_option
@click.pass_obj
def remove(home: Path, name: str, as_json: bool) -> None:
    """Delete the group NAME. Its subscribers stay."""
    from digest.cli.faults import app_despite_faults

    with app_despite_faults(home) as app:
        app.segments.drop(name, command_actor(app.environment))
    if as_json:
        emit({"name": name})
    else:
        click.echo(f"Removed the group {name}.")


def _follow_list(app: App) -> None:
    """Sync the list file to the store, if it is valid."""
    from functools import partial

    from digest.cli.faults import read_list_despite_faults

    read_list_despite_faults(app, partial(app.subscriber_list.sync, may_be_empty=True))


def _words(wanted: SubscriberFilter) -> str:
    return ", ".join(f"{name}: {value}" for name, value in wanted.as_json().items())
