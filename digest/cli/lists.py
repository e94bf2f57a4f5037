"""`digest subscribers`: the list. Edits change the lines concerned and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.output import emit, json_option, note, plural, table
from digest.errors import ConfigurationError, DigestError, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from digest.app import App


@click.group()
def subscribers() -> None:
    """List and edit the readers of subscribers.yaml."""


@subscribers.command("list")
@json_option
@click.pass_obj
def list_(home: Path, as_json: bool) -> None:
    """Every reader of the list, and who is barred from mail whatever the list says."""
    from digest import freezing
    from digest.app import make_app
    from digest.store.wishes import WishStore

    with make_app(home) as app:
        readers = freezing.read_list(app)
        barred = app.readers.suppressed()
        pauses = WishStore(app.database).paused(app.now())
    rows = [
        {
            "email": reader.email,
            "name": reader.name,
            "topics": list(reader.topics),
            "frequency": reader.frequency,
            "timezone": reader.timezone,
            "hour": reader.hour.isoformat("minutes") if reader.hour else None,
            "format": reader.format,
            "status": reader.status,
            "suppressed": barred.get(address, ""),
            "paused_until": pauses[address].isoformat(timespec="minutes") if address in pauses else None,
        }
        for address, reader in readers
    ]
    if as_json:
        emit({"subscribers": rows})
        return
    headers = ("email", "name", "topics", "frequency", "hour", "status")
    click.echo(table(headers, [_cells(row) for row in rows]))
    click.echo(f"{len(rows)} readers")


def _cells(row: dict[str, Any]) -> tuple[object, ...]:
    status = f"{row['status']}, barred: {row['suppressed']}" if row["suppressed"] else row["status"]
    status += f", paused by the reader until {row['paused_until'][:10]}" if row["paused_until"] else ""
    return row["email"], row["name"], ", ".join(row["topics"]), row["frequency"], row["hour"] or "", status


@subscribers.command()
@json_option
@click.pass_obj
def check(home: Path, as_json: bool) -> int:
    """Name every fault of the list at once."""
    from digest import freezing
    from digest.app import make_app
    from digest.store.wishes import WishStore

    with make_app(home) as app:
        faults: list[Fault] = []
        readers: list[Any] = []
        try:
            readers = freezing.read_list(app)
        except ConfigurationError as error:
            faults = error.faults
        barred = app.readers.suppressed() if not faults else {}
        pauses = WishStore(app.database).paused(app.now()) if not faults else {}
    notes = [
        f"subscribers.yaml:{reader.line}: {reader.email} is barred from mail ({barred[address]}) and gets none"
        for address, reader in readers
        if address in barred
    ]
    notes += [
        f"subscribers.yaml:{reader.line}: {reader.email} pauses until {pauses[address]:%Y-%m-%d}, at their own wish"
        for address, reader in readers
        if address in pauses and address not in barred
    ]
    if as_json:
        told = [{"where": f.where, "line": f.line, "message": f.message} for f in faults]
        emit({"faults": told, "notes": notes, "readers": len(readers)})
    else:
        for line in (*map(str, faults), *notes):
            click.echo(line)
        click.echo(plural(len(faults), "fault", "faults") if faults else f"all is well: {len(readers)} readers")
    return 2 if faults else 0


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
    )
    for option in reversed(options):
        command = option(command)
    return command


@subscribers.command()
@click.argument("email")
@_fields
@click.pass_obj
def add(home: Path, /, email: str, **given: str | None) -> None:
    """Add a reader at the end of the list."""
    from digest.app import make_app
    from digest.subscribers import editing

    with make_app(home) as app:
        path, readers = _known(app)
        fields = {"email": email.strip(), **{k: v for k, v in _parsed(app, given).items() if v is not None}}
        if any(address == _address(email) for address, _reader in readers):
            raise DigestError(f"{email} is on the list already; `digest subscribers set` changes a reader")
        barred = app.readers.suppressed().get(_address(email))
        editing.add(path, fields)
    click.echo(f"{email} is on the list")
    if barred:
        note(f"{email} is barred from mail ({barred}) and gets none, whatever the list says")


@subscribers.command()
@click.argument("email")
@click.pass_obj
def remove(home: Path, email: str) -> None:
    """Take a reader off the list."""
    from digest.app import make_app
    from digest.subscribers import editing

    with make_app(home) as app:
        path = app.home / "subscribers.yaml"
        if not editing.remove(path, email):
            raise DigestError(f"{email} is not on the list; nothing was changed")
    click.echo(f"{email} is off the list")


@subscribers.command("set")
@click.argument("email")
@_fields
@click.pass_obj
def set_(home: Path, /, email: str, **given: str | None) -> None:
    """Change a reader's fields; an empty value takes the field out."""
    from digest.app import make_app
    from digest.subscribers import editing

    with make_app(home) as app:
        fields = _parsed(app, given)
        if not fields:
            raise click.UsageError("name at least one field to set, such as --status paused")
        path, _readers = _known(app)
        if not editing.change(path, email, fields):
            raise DigestError(f"{email} is not on the list; nothing was changed")
    click.echo(f"{email} is changed")


@subscribers.command(context_settings={"ignore_unknown_options": True})  # one token in 64 begins with '-'
@click.argument("token")
@json_option
@click.pass_obj
def who(home: Path, token: str, as_json: bool) -> None:
    """Whose TOKEN this is: the word in an unsubscribe mail's subject, or at the end of a link in a letter."""
    from digest.app import make_app

    with make_app(home) as app:
        word = token.rpartition("/")[2].rpartition(" ")[2]
        ids = (app.signer.read(purpose, word) for purpose in ("leave", "preferences", "view"))
        email = app.readers.email_of(next((id for id in ids if id is not None), 0))
    if email is None:
        raise DigestError("this is no token of ours, or of nobody whom the store knows")
    if as_json:
        emit({"email": email})
    else:
        click.echo(email)


def _known(app: App) -> tuple[Path, list[Any]]:
    """The list's path and readers. A faulty list is not edited; an empty one may be begun."""
    from digest import freezing

    path = app.home / "subscribers.yaml"
    if not path.exists():
        path.write_text("subscribers:\n", encoding="utf-8")
    try:
        return path, freezing.read_list(app)
    except ConfigurationError as error:
        if all("lists no readers" in fault.message or "is empty" in fault.message for fault in error.faults):
            return path, []
        raise


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


def _address(email: str) -> str:
    from digest.subscribers.address import normalise

    try:
        return normalise(email)
    except ValueError as error:
        raise ConfigurationError([Fault("EMAIL", 0, f"{email!r} is no address that can be mailed: {error}")]) from None
