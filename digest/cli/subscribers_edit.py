"""`digest subscribers add`, `remove` and `set`: edit the list file, or an imported row in the store."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.output import emit, json_option, note, plural
from digest.errors import ConfigProblem, ConfigurationError, DigestError
from digest.utils.files import write_private

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from digest.app import App
    from digest.store.people.subscribers import RemovedImport

# Addresses that are named in a sentence.
_MAX_NAMED = 20


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
@click.pass_obj
def add(home: Path, /, email: str, file: str | None, consent: str, as_json: bool, **given: str | None) -> None:
    """Add a subscriber at the end of the list."""
    from digest.app import make_app
    from digest.subscribers import list_editor
    from digest.subscribers.address import refuse_tags

    with make_app(home) as app:
        address = comparable(email)
        try:
            refuse_tags(email)
        except ValueError as error:
            raise ConfigurationError([ConfigProblem("EMAIL", 0, str(error))]) from None
        path, known = _known(app, file)
        fields = {"email": email.strip(), **{k: v for k, v in _parsed(app, given).items() if v is not None}}
        record = app.subscriber_admin.find(address)
        if address in known or (record and record.listed and record.origin):
            where = f" (from import {record.origin})" if record and record.origin and address not in known else ""
            raise DigestError(f"{email} is already on the list{where}. `digest subscribers set` changes a subscriber.")
        if (moved := app.subscribers.moved().get(address)) is not None:
            raise DigestError(f"{email} changed their address to {moved}. Only their own sign-up can add the old one.")
        if app.subscriber_admin.erasures.among([address]):
            raise DigestError(f"{email} was erased at the person's request. Only their own sign-up can add them again.")
        suppressed = app.subscribers.suppressed().get(address)
        list_editor.add(path, fields)
        app.subscriber_admin.consents.record(address, "added", app.now(), by_command("add"), wording=consent)
    if as_json:
        emit({"email": email, "file": path.name, "suppressed": suppressed or ""})
    else:
        click.echo(f"Added {email}.")
    if suppressed:
        note(f"{email} is suppressed ({suppressed}) and gets no mail, whatever the list says.")


@click.command()
@click.argument("email", required=False, default="")
@click.option("--origin", default="", metavar="NAME", help="Instead of EMAIL: everyone of this import.")
@click.option("--yes", is_flag=True, help="With --origin: remove them, without asking.")
@json_option
@click.pass_obj
def remove(home: Path, email: str, origin: str, yes: bool, as_json: bool) -> None:
    """Remove a subscriber from the list, or undo an import with --origin.

    An import is only counted until you confirm. Those who signed up themselves stay on the list. Consents, suppressions
    and what was sent stay in the store.
    """
    from digest.cli.faults import app_despite_faults
    from digest.subscribers import list_editor

    if bool(email) == bool(origin):
        raise click.UsageError("give the EMAIL of a subscriber, or --origin NAME of an import")
    if yes and not origin:
        raise click.UsageError("--yes belongs to --origin")
    if origin:
        _remove_import(home, origin, yes=yes, as_json=as_json)
        return
    with app_despite_faults(home) as app:
        path = next((file for file in files(app) if list_editor.remove(file, email)), None)
        source = by_command("remove")
        if path is not None:
            app.subscriber_admin.consents.record(comparable(email), "removed", app.now(), source)
        elif not (address := _valid(email)) or not app.subscriber_admin.remove(address, source=source, now=app.now()):
            raise DigestError(f"{email} is not on the list; nothing was changed.")
        where = _where(app, path, email)
    if as_json:
        emit({"email": email, **where})
    else:
        click.echo(f"Removed {email}{_place(where)}.")


def _remove_import(home: Path, origin: str, *, yes: bool, as_json: bool) -> None:
    """Show how many subscribers an import has, and remove them once that is confirmed."""
    from digest.cli.faults import app_despite_faults
    from digest.store.people import signups

    with app_despite_faults(home) as app:
        known = [name for name in app.subscriber_admin.import_counts() if name != signups.ORIGIN]
        if origin not in known:
            names = ", ".join(known) or "none"
            raise ConfigurationError([ConfigProblem("--origin", 0, f"there is no import '{origin}'; known: {names}")])

        def run(*, dry_run: bool) -> RemovedImport:
            source = by_command("remove")
            return app.subscriber_admin.remove_import(origin, source=source, now=app.now(), dry_run=dry_run)

        found = run(dry_run=True)
        count = plural(len(found.removed), "subscriber", "subscribers")
        if found.kept and not as_json:
            note(
                f"{plural(len(found.kept), 'subscriber', 'subscribers')} of {origin} signed up too, and stay on the "
                f"list: {_named(found.kept)}"
            )
        if found.removed and not as_json:
            note(f"Those of import {origin}: {_named(found.removed)}")
        if not yes and sys.stdin.isatty() and not as_json:
            yes = click.confirm(f"Remove {count} of import {origin} from the list?", default=False, err=True)
        if yes:
            found = run(dry_run=False)
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
        count = plural(len(found.removed), "subscriber", "subscribers")
        click.echo(f"Removed {count} of import {origin} from the list.")
    else:
        click.echo(f"Would remove {count} of import {origin} from the list. Nothing was changed; --yes removes them.")


def _named(emails: Sequence[str]) -> str:
    more = f" and {len(emails) - _MAX_NAMED:,} more (--json names all)" if len(emails) > _MAX_NAMED else ""
    return f"{', '.join(emails[:_MAX_NAMED])}{more}"


@click.command("set")
@click.argument("email")
@_fields
@click.pass_obj
def set_(home: Path, /, email: str, as_json: bool, **given: str | None) -> None:
    """Change a subscriber's fields. An empty value removes the field."""
    from digest.app import make_app
    from digest.subscribers import list_editor

    with make_app(home) as app:
        fields = _parsed(app, given)
        if not fields:
            raise click.UsageError("give at least one field to set, such as --status paused")
        known = _known(app, None)[1]
        path = next((file for file in files(app) if list_editor.change(file, email, fields)), None) if known else None
        source = by_command("set")
        if path is not None:
            changes = ", ".join(key if key == "name" else f"{key}: {value}" for key, value in fields.items())
            app.subscriber_admin.consents.record(comparable(email), "changed", app.now(), source, detail=changes)
        elif not (address := _valid(email)) or not app.subscriber_admin.update(
            address, _values(fields), source=source, now=app.now()
        ):
            raise DigestError(f"{email} is not on the list; nothing was changed.")
        where = _where(app, path, email)
    if as_json:
        emit({"email": email, **where, "set": fields})
    else:
        click.echo(f"Changed {email}{_place(where)}.")


@click.command()
@click.argument("email")
@click.argument("new")
@json_option
@click.pass_obj
def move(home: Path, email: str, new: str, as_json: bool) -> None:
    """Give a subscriber another address: consent, preferences and history stay theirs.

    An edition that is being sent goes to them once, to the one address or the other.
    """
    from digest.app import make_app
    from digest.store.people.moves import MoveResult
    from digest.store.people.preferences import PreferenceStore

    with make_app(home) as app:
        address = comparable(new)
        app.subscriber_list.sync(may_be_empty=True)
        held = PreferenceStore(app.database).find(comparable(email))
        result = MoveResult.NOBODY
        if held is not None:
            result = app.address_changer.change(held.id, address, new.strip(), source=by_command("move"))
    if result == MoveResult.NOBODY:
        raise DigestError(f"{email} is not on the list or gets no mail; nothing was changed.")
    if result == MoveResult.TAKEN:
        raise DigestError(f"{new} is on the list already; remove one of the two.")
    if result == MoveResult.BUSY:
        raise DigestError(f"An edition is on its way to {email}; nothing was changed. Try again when it is sent.")
    if as_json:
        emit({"email": email, "new": new.strip()})
    else:
        click.echo(f"Moved {email} to {new.strip()}.")


def by_command(name: str) -> str:
    """Return who did what, for the record: `digest subscribers remove, by asha`."""
    import getpass

    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = ""
    return f"digest subscribers {name}" + (f", by {user}" if user else "")


def comparable(email: str) -> str:
    """Return the address in its comparable form. Raises ConfigurationError."""
    from digest.subscribers.address import normalise

    try:
        return normalise(email)
    except ValueError as error:
        raise ConfigurationError(
            [ConfigProblem("EMAIL", 0, f"{email!r} is not a valid email address: {error}")]
        ) from None


def _valid(email: str) -> str | None:
    """Return the address in its comparable form; None for text that is not an address."""
    try:
        return comparable(email)
    except ConfigurationError:
        return None


def _where(app: App, path: Path | None, email: str) -> dict[str, str]:
    """Return where a subscriber was found: in a list file, or in an import."""
    if path is not None:
        return {"file": path.relative_to(app.home).as_posix(), "origin": ""}
    record = app.subscriber_admin.find(comparable(email))
    return {"file": "", "origin": record.origin or "" if record else ""}


def _place(where: dict[str, str]) -> str:
    from digest.subscribers.list_file import FILE_NAME

    if where["origin"]:
        return f" (in the store, from import {where['origin']})"
    return "" if where["file"] == FILE_NAME else f" (in {where['file']})"


def files(app: App) -> list[Path]:
    """Return the list files that exist."""
    return app.list_files()


def _known(app: App, file: str | None) -> tuple[Path, set[str]]:
    """Return the file to edit and the addresses of the list. Raises ConfigurationError for a faulty list."""
    from digest.subscribers import list_file

    path = app.home / list_file.FILE_NAME
    if file is None and not path.exists():
        write_private(path, b"subscribers:\n")
    if file is not None:
        path = (app.home / file).resolve()
        if path not in files(app):
            message = f"is not a list file; add it to 'include:' in {list_file.FILE_NAME} first"
            raise ConfigurationError([ConfigProblem(file, 0, message)])
    return path, {address for address, _subscriber in app.subscriber_list.read(may_be_empty=True)}


def _parsed(app: App, given: dict[str, str | None]) -> dict[str, Any]:
    """Validate the given options. An empty one becomes None. Raises ConfigurationError."""
    from digest.subscribers.list_file import LISTS, parse_field

    fields: dict[str, Any] = {}
    problems = []
    for option, value in given.items():
        if value is None:
            continue
        key = option.rstrip("_")
        if not value.strip():
            fields[key] = None
            continue
        raw: Any = [name.strip() for name in value.split(",") if name.strip()] if key in LISTS else value
        try:
            parse_field(key, raw, topics=app.topics, editions=app.edition_slugs)
        except ValueError as error:
            problems.append(ConfigProblem(f"--{key}", 0, str(error)))
        fields[key] = raw
    if problems:
        raise ConfigurationError(problems)
    return fields


def _values(fields: dict[str, Any]) -> dict[str, Any]:
    """Parse the fields for a row in the store."""
    from digest.subscribers.list_file import parse_field

    return {key: None if raw is None else parse_field(key, raw, topics=None) for key, raw in fields.items()}
