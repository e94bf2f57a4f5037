"""`digest subscribers`: the list, looked at. What edits it, brings it in and tells of one reader stands beside."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.output import emit, json_option, note, plural, table
from digest.cli.reader_story import erase, history, who
from digest.cli.subscribers_edit import add, remove, set_
from digest.cli.subscribers_io import export, import_
from digest.errors import ConfigurationError, Fault

if TYPE_CHECKING:
    from digest.app import App
    from digest.models import Subscriber

_SHOWN = 1000
"""Readers of imports in a table; a file is seldom longer than a person reads."""


@click.group()
def subscribers() -> None:
    """List and edit the readers, of subscribers.yaml and of imports."""


for command in (add, remove, set_, import_, export, history, erase, who):
    subscribers.add_command(command)


@subscribers.command("list", short_help="Every reader, and who is barred from mail.")
@click.option("--origin", help="Only readers of this file of the list, or of this import.")
@json_option
@click.pass_obj
def list_(home: Path, origin: str | None, as_json: bool) -> None:
    """Every reader of the list, and who is barred from mail whatever the list says."""
    from digest.app import make_app
    from digest.store.wishes import WishStore

    with make_app(home) as app:
        origins = app.people.roster.origins()
        listed = app.subscriber_list.read()
        files = {reader.file for _address, reader in listed}
        if origin is not None and origin not in files | set(origins):
            known = ", ".join(sorted(files | set(origins))) or "none"
            raise ConfigurationError([Fault("--origin", 0, f"there is no '{origin}'; known: {known}")])
        barred = app.readers.suppressed()
        pauses, chosen = _pauses(app), WishStore(app.database).chosen()
        rows = [
            _row(reader, barred.get(address, ""), pauses.get(address), chosen.get(address))
            for address, reader in listed
            if origin in (None, reader.file)
        ]
        imports = {name: count for name, count in origins.items() if origin in (None, name)}
        of_file = {address for address, _reader in listed}
        for held in (
            app.people.roster.readers(origin) if origin in origins else app.people.roster.imported() if imports else ()
        ):
            if held.address in of_file:  # since the store last looked
                continue
            own = chosen.get(held.address)
            rows.append(_row(held.reader, held.barred, pauses.get(held.address), own, held.origin))
            if not as_json and len(rows) >= len(listed) + _SHOWN:
                break
    if as_json:
        emit({"subscribers": rows})
        return
    several = len(files) > 1 or bool(imports)
    headers = ("email", "name", "topics", "frequency", "hour", "status", *(("from",) if several else ()))
    click.echo(table(headers, [_cells(row, several) for row in rows]))
    total = sum(1 for row in rows if not row["origin"]) + sum(imports.values())
    click.echo(plural(total, "reader", "readers"))
    if any(row["chosen"] for row in rows):
        click.echo("* chosen by the reader, whatever the list says")
    if total > len(rows):
        note(f"{total - len(rows)} more are not shown; --json and `digest subscribers export` give all")


def _row(
    reader: Subscriber, barred: str, pause: datetime | None, chosen: dict[str, Any] | None, origin: str = ""
) -> dict[str, Any]:
    return {
        "email": reader.email,
        "name": reader.name,
        "topics": list(reader.topics),
        "frequency": reader.frequency,
        "timezone": reader.timezone,
        "hour": reader.hour.isoformat("minutes") if reader.hour else None,
        "format": reader.format,
        "status": reader.status,
        "suppressed": barred,
        "paused_until": pause.isoformat(timespec="minutes") if pause else None,
        "chosen": chosen or {},
        "file": reader.file,
        "origin": origin,
    }


def _cells(row: dict[str, Any], several: bool) -> tuple[object, ...]:
    status = f"{row['status']}, barred: {row['suppressed']}" if row["suppressed"] else row["status"]
    status += f", paused by the reader until {row['paused_until'][:10]}" if row["paused_until"] else ""
    told = {**row["chosen"], "topics": ", ".join(row["chosen"].get("topics", ())) or "everything"}
    chosen = {name: f"{told[name] or 'with the edition'}*" for name in row["chosen"]}
    kept = {"topics": ", ".join(row["topics"]), "frequency": row["frequency"], "hour": row["hour"] or "", **chosen}
    cells = row["email"], row["name"], kept["topics"], kept["frequency"], kept["hour"], status
    return (*cells, row["origin"] or row["file"]) if several else cells


def _pauses(app: App) -> dict[str, datetime]:
    """Address → until when its reader pauses, in the newsletter's zone."""
    from digest.store.wishes import WishStore

    zone = app.settings.newsletter.zone
    return {address: until.astimezone(zone) for address, until in WishStore(app.database).paused(app.now()).items()}


@subscribers.command()
@json_option
@click.pass_obj
def check(home: Path, as_json: bool) -> int:
    """Name every fault of the list at once."""
    from digest.app import make_app

    with make_app(home) as app:
        faults: list[Fault] = []
        readers: list[tuple[str, Subscriber]] = []
        try:
            readers = app.subscriber_list.read()
        except ConfigurationError as error:
            faults = error.faults
        notes = _outside(app, readers)
        imported = app.people.roster.origins()
    if as_json:
        told = [{"where": f.where, "line": f.line, "message": f.message} for f in faults]
        emit({"faults": told, "notes": notes, "readers": len(readers), "imports": imported})
    else:
        for line in (*map(str, faults), *notes):
            click.echo(line)
        more = f", and {sum(imported.values())} of imports" if imported else ""
        click.echo(plural(len(faults), "fault", "faults") if faults else f"all is well: {len(readers)} readers{more}")
    return 2 if faults else 0


def _outside(app: App, readers: list[tuple[str, Subscriber]]) -> list[str]:
    """Who gets no mail whatever the file says, or not at the hour that it names; each beside the line."""
    barred = app.readers.suppressed()
    pauses = _pauses(app)
    begins, zone = app.settings.schedule.send_at, app.settings.newsletter.zone
    erased = app.people.erasures.among(address for address, _reader in readers)
    notes = []
    for address, reader in readers:
        where = f"{reader.file}:{reader.line}: {reader.email}"
        if address in erased:
            notes.append(f"{where} was erased at the person's wish and gets no mail; take the line out")
        elif address in barred:
            notes.append(f"{where} is barred from mail ({barred[address]}) and gets none")
        elif address in pauses:
            notes.append(f"{where} pauses until {pauses[address]:%Y-%m-%d}, at their own wish")
        elif reader.hour and reader.hour < begins and reader.timezone == zone.key:
            notes.append(f"{where} asks for {reader.hour:%H:%M} and gets it at {begins:%H:%M} (schedule.send_at)")
    return notes
