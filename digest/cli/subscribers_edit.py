"""`digest subscribers add`, `remove` and `set`: edit the list file, or an imported row in the store."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.opening import app_despite_faults, command_actor, pass_app, pass_app_despite_faults
from digest.cli.output import answer, emit, json_option, named, note, plural
from digest.errors import ConfigurationError
from digest.store.desk.audit import ActKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from digest.app import App
    from digest.store.people.subscribers import RemovedImport


def _fields(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options for a subscriber's fields."""
    options = (
        click.option("--name", help="The person's name."),
        click.option("--topics", help="Sections, separated by commas; '' for everything."),
        click.option("--editions", help="Slugs of editions, separated by commas; '' for the default ones."),
        click.option("--frequency", help="daily, weekdays, weekly:sun or weekly:mon,wed,fri."),
        click.option("--timezone", help="Such as Asia/Kolkata."),
        click.option("--hour", help="Such as 07:00; '' for the newsletter's hour."),
        click.option("--format", "format_", help="html or text."),
        click.option("--status", help="active or paused."),
        json_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@click.argument("email")
@click.option("--file", help="The list file to edit: one that subscribers.yaml includes.")
@click.option("--consent", default="", help="Where and how the person agreed, for the record.")
@_fields
@pass_app
def add(app: App, /, email: str, file: str | None, consent: str, as_json: bool, **given: str | None) -> None:
    """Add a subscriber at the end of the list."""
    added = app.subscriber_editor.add(email, _texts(given), command_actor(app.environment), wording=consent, file=file)
    answer({"email": email, "file": added.file, "suppressed": added.suppressed}, f"Added {email}.", as_json=as_json)
    if added.suppressed:
        note(f"{email} is suppressed ({added.suppressed}) and gets no mail, whatever the list says.")


@click.command()
@click.argument("email", required=False, default="")
@click.option("--origin", default="", metavar="NAME", help="Instead of EMAIL: everyone of this import.")
@click.option("--yes", is_flag=True, help="With --origin: remove them, without asking.")
@json_option
@click.pass_obj
def remove(home: Path, email: str, origin: str, yes: bool, as_json: bool) -> None:
    """Remove a subscriber, or with --origin everyone of an import.

    With --origin, shows who would be removed, and asks. Those who signed up themselves stay on the list. Consents,
    suppressions and what was sent stay in the store.
    """
    if bool(email) == bool(origin):
        raise click.UsageError("give the EMAIL of a subscriber, or --origin NAME of an import")
    if yes and not origin:
        raise click.UsageError("--yes belongs to --origin")
    if origin:
        _remove_import(home, origin, yes=yes, as_json=as_json)
        return
    with app_despite_faults(home) as app:
        where = asdict(app.subscriber_editor.remove(email, command_actor(app.environment)))
    answer({"email": email, **where}, f"Removed {email}{_place(where)}.", as_json=as_json)


def _remove_import(home: Path, origin: str, *, yes: bool, as_json: bool) -> None:
    """Show how many subscribers an import has, and remove them once that is confirmed."""
    from digest.store.people import signups
    from digest.usecases.edit_subscribers import source_of

    with app_despite_faults(home) as app:
        known = [name for name in app.subscriber_admin.import_counts() if name != signups.ORIGIN]
        if origin not in known:
            names = ", ".join(known) or "none"
            raise ConfigurationError.at("--origin", f"there is no import '{origin}'; known: {names}")

        def run(*, dry_run: bool) -> RemovedImport:
            source = source_of(command_actor(app.environment), "remove")
            return app.subscriber_admin.remove_import(origin, source=source, now=app.now(), dry_run=dry_run)

        found = run(dry_run=True)
        count = plural(len(found.removed), "subscriber")
        if found.kept and not as_json:
            note(
                f"{plural(len(found.kept), 'subscriber')} of {origin} signed up too, and stay on the "
                f"list: {named(found.kept)}"
            )
        if found.removed and not as_json:
            note(f"Those of import {origin}: {named(found.removed)}")
        if not yes and sys.stdin.isatty() and not as_json:
            yes = click.confirm(f"Remove {count} of import {origin} from the list?", default=False, err=True)
        if yes:
            found = run(dry_run=False)
            detail = f"{len(found.removed)} removed, {len(found.kept)} stay"
            app.audit.record(
                command_actor(app.environment), ActKind.IMPORT_REMOVED, f"import {origin}", detail, now=app.now()
            )
    if as_json:
        emit(
            {
                "origin": origin,
                "dry_run": not yes,
                "removed": len(found.removed),
                "kept": len(found.kept),
                "removed_addresses": list(found.removed),
                "kept_addresses": list(found.kept),
            }
        )
    elif yes:
        count = plural(len(found.removed), "subscriber")
        click.echo(f"Removed {count} of import {origin} from the list.")
    else:
        click.echo(f"Would remove {count} of import {origin} from the list. Nothing was changed; --yes removes them.")


@click.command("set")
@click.argument("email")
@_fields
@click.pass_obj
def set_(home: Path, /, email: str, as_json: bool, **given: str | None) -> None:
    """Change a subscriber's fields. An empty value removes the field."""
    from digest.app import make_app

    texts = _texts(given)
    if all(value is None for value in texts.values()):
        raise click.UsageError("give at least one field to set, such as --status paused")
    with make_app(home) as app:
        place, fields = app.subscriber_editor.change(email, texts, command_actor(app.environment))
        where = asdict(place)
    answer({"email": email, **where, "set": fields}, f"Changed {email}{_place(where)}.", as_json=as_json)


@click.command()
@click.argument("email")
@click.argument("new")
@json_option
@pass_app
def move(app: App, email: str, new: str, as_json: bool) -> None:
    """Give a subscriber another address.

    Consent, preferences and history stay theirs. An edition that is being sent goes to them once, to one of the two
    addresses.
    """
    app.subscriber_editor.move(email, new, command_actor(app.environment))
    answer({"email": email, "new": new.strip()}, f"Moved {email} to {new.strip()}.", as_json=as_json)


@click.command()
@click.argument("email")
@click.argument("nominee")
@click.option("--contact", required=True, help="How to reach the nominee: an address, a phone number.")
@json_option
@pass_app_despite_faults
def nominate(app: App, email: str, nominee: str, contact: str, as_json: bool) -> None:
    """Record a subscriber's nominee, who may use their rights.

    Use it for requests by letter or phone. The newest nomination counts. It is in the copy of the subscriber's data,
    and is erased with them.
    """
    app.subscriber_editor.nominate(email, nominee, contact, command_actor(app.environment))
    answer(
        {"email": email, "nominee": nominee, "contact": contact},
        f"Recorded: {email} nominates {nominee}.",
        as_json=as_json,
    )


@click.command()
@click.argument("email")
@click.option("--reason", required=True, help="Why, for the record.")
@json_option
@pass_app_despite_faults
def suppress(app: App, email: str, reason: str, as_json: bool) -> None:
    """Suppress an address, as if it had unsubscribed."""
    new = app.subscriber_editor.suppress(email, reason, command_actor(app.environment))
    answer(
        {"email": email, "suppressed": True, "new": new},
        f"{email} gets no mail from now on." if new else f"{email} was suppressed before.",
        as_json=as_json,
    )


@click.command()
@click.argument("email")
@click.option("--reason", required=True, help="Why, for the record.")
@json_option
@pass_app_despite_faults
def lift(app: App, email: str, reason: str, as_json: bool) -> None:
    """Mail a suppressed address again. After a complaint only the person's own sign-up does that."""
    before = app.subscriber_editor.unsuppress(email, reason, command_actor(app.environment))
    answer(
        {"email": email, "was": before}, f"{email} may get mail again. It was suppressed: {before}.", as_json=as_json
    )


def _texts(given: dict[str, str | None]) -> dict[str, str | None]:
    return {option.rstrip("_"): value for option, value in given.items()}


def _place(where: dict[str, str]) -> str:
    from digest.subscribers.list_file import FILE_NAME

    if where["origin"]:
        return f" (in the store, from import {where['origin']})"
    return "" if where["file"] == FILE_NAME else f" (in {where['file']})"
