"""`digest subscribers add`, `remove` and `set`: a reader's line in the file, or the row that an import brought."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.output import emit, json_option, note
from digest.errors import ConfigurationError, DigestError, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from digest.app import App


def _fields(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options for what a reader's line may hold."""
    options = (
        click.option("--name"),
        click.option("--topics", help="Comma between; '' for everything."),
        click.option("--frequency", help="daily, weekdays or weekly:mon … weekly:sun."),
        click.option("--timezone", help="Such as Asia/Kolkata."),
        click.option("--hour", help="Such as 07:00; '' for the newsletter's."),
        click.option("--format", "format_", help="html or text."),
        click.option("--status", help="active or paused."),
        json_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@click.argument("email")
@click.option("--file", help="The file of the list to write into: one that subscribers.yaml includes.")
@click.option("--consent", default="", help="Where and in which words the person agreed, for the record.")
@_fields
@click.pass_obj
def add(home: Path, /, email: str, file: str | None, consent: str, as_json: bool, **given: str | None) -> None:
    """Add a reader at the end of the list."""
    from digest.app import make_app
    from digest.subscribers import editing

    with make_app(home) as app:
        address = comparable(email)
        path, known = _known(app, file)
        fields = {"email": email.strip(), **{k: v for k, v in _parsed(app, given).items() if v is not None}}
        held = app.people.roster.of(address)
        if address in known or (held and held.listed and held.origin):
            where = f" (by the import {held.origin})" if held and held.origin and address not in known else ""
            raise DigestError(f"{email} is on the list already{where}; `digest subscribers set` changes a reader")
        if app.people.erasures.among([address]):
            said = "was erased at the person's wish; a sign-up of their own brings them back, a line does not"
            raise DigestError(f"{email} {said}")
        barred = app.readers.suppressed().get(address)
        editing.add(path, fields)
        app.people.consents.record(address, "added", app.now(), by_command("add"), wording=consent)
    if as_json:
        emit({"email": email, "file": path.name, "suppressed": barred or ""})
    else:
        click.echo(f"{email} is on the list")
    if barred:
        note(f"{email} is barred from mail ({barred}) and gets none, whatever the list says")


@click.command()
@click.argument("email")
@json_option
@click.pass_obj
def remove(home: Path, email: str, as_json: bool) -> None:
    """Take a reader off the list."""
    from digest.app import make_app
    from digest.subscribers import editing

    with make_app(home) as app:
        path = next((file for file in files(app) if editing.remove(file, email)), None)
        source = by_command("remove")
        if path is not None:
            app.people.consents.record(comparable(email), "removed", app.now(), source)
        elif not app.people.roster.remove(_or_empty(email), source=source, now=app.now()):
            raise DigestError(f"{email} is not on the list; nothing was changed")
        where = _where(app, path, email)
    if as_json:
        emit({"email": email, **where})
    else:
        click.echo(f"{email} is off the list{_told(where)}")


@click.command("set")
@click.argument("email")
@_fields
@click.pass_obj
def set_(home: Path, /, email: str, as_json: bool, **given: str | None) -> None:
    """Change a reader's fields; an empty value takes the field out."""
    from digest.app import make_app
    from digest.subscribers import editing

    with make_app(home) as app:
        fields = _parsed(app, given)
        if not fields:
            raise click.UsageError("name at least one field to set, such as --status paused")
        known = _known(app, None)[1]
        path = next((file for file in files(app) if editing.change(file, email, fields)), None) if known else None
        source = by_command("set")
        if path is not None:
            told = ", ".join(key if key == "name" else f"{key}: {value}" for key, value in fields.items())
            app.people.consents.record(comparable(email), "changed", app.now(), source, detail=told)
        elif not app.people.roster.change(_or_empty(email), _values(fields), source=source, now=app.now()):
            raise DigestError(f"{email} is not on the list; nothing was changed")
        where = _where(app, path, email)
    if as_json:
        emit({"email": email, **where, "set": fields})
    else:
        click.echo(f"{email} is changed{_told(where)}")


def by_command(name: str) -> str:
    """Who did what, for the record: `digest subscribers remove, by asha`."""
    import getpass

    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = ""
    return f"digest subscribers {name}" + (f", by {user}" if user else "")


def comparable(email: str) -> str:
    """The address in its comparable form. Raises ConfigurationError."""
    from digest.subscribers.address import normalise

    try:
        return normalise(email)
    except ValueError as error:
        raise ConfigurationError([Fault("EMAIL", 0, f"{email!r} is no address that can be mailed: {error}")]) from None


def _or_empty(email: str) -> str:
    try:
        return comparable(email)
    except ConfigurationError:
        return ""


def _where(app: App, path: Path | None, email: str) -> dict[str, str]:
    """Where a reader was found: in a file of the list, or among the readers of an import."""
    if path is not None:
        return {"file": path.relative_to(app.home).as_posix(), "origin": ""}
    held = app.people.roster.of(comparable(email))
    return {"file": "", "origin": held.origin if held else ""}


def _told(where: dict[str, str]) -> str:
    from digest.subscribers.listing import FILE_NAME

    if where["origin"]:
        return f" (in the store, from the import {where['origin']})"
    return "" if where["file"] == FILE_NAME else f" (in {where['file']})"


def files(app: App) -> list[Path]:
    """The files of the list that are there."""
    from digest.subscribers.including import files_of
    from digest.subscribers.listing import FILE_NAME

    return [file for file in files_of(app.home / FILE_NAME) if file.exists()]


def _known(app: App, file: str | None) -> tuple[Path, set[str]]:
    """The file to write into and the addresses of the list. A faulty list is not edited; an empty one may be begun."""
    from digest.subscribers import listing

    path = app.home / listing.FILE_NAME
    if file is None and not path.exists():
        path.write_text("subscribers:\n", encoding="utf-8")
    if file is not None:
        path = (app.home / file).resolve()
        if path not in files(app):
            said = f"is no file of the list; name it under 'include:' of {listing.FILE_NAME} first"
            raise ConfigurationError([Fault(file, 0, said)])
    return path, {address for address, _reader in app.subscriber_list.read(may_be_empty=True)}


def _parsed(app: App, given: dict[str, str | None]) -> dict[str, Any]:
    """The options given, checked; None for those that were given empty. Raises ConfigurationError."""
    from digest.subscribers.listing import parse_field

    fields: dict[str, Any] = {}
    faults = []
    for option, value in given.items():
        if value is None:
            continue
        key = option.rstrip("_")
        if not value.strip():
            fields[key] = None
            continue
        raw: Any = [topic.strip() for topic in value.split(",") if topic.strip()] if key == "topics" else value
        try:
            parse_field(key, raw, topics=app.topics)
        except ValueError as error:
            faults.append(Fault(f"--{key}", 0, str(error)))
        fields[key] = raw
    if faults:
        raise ConfigurationError(faults)
    return fields


def _values(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as a reader has them, for a row in the store."""
    from digest.subscribers.listing import parse_field

    return {key: None if raw is None else parse_field(key, raw, topics=None) for key, raw in fields.items()}
