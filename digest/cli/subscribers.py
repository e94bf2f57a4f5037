"""`digest subscribers`: list and check the subscribers, show and erase one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.opening import (
    app_despite_faults,
    command_actor,
    pass_app,
    pass_app_despite_faults,
    read_list_despite_faults,
)
from digest.cli.output import answer, emit, json_option, note, plural, table
from digest.cli.reengage import reengage
from digest.cli.subscribers_edit import add, lift, move, nominate, remove, set_, suppress
from digest.cli.subscribers_io import export, import_
from digest.cli.subscribers_many import bulk, segment, undo_import
from digest.errors import ConfigProblem, ConfigurationError, DigestError
from digest.utils.text import pick

if TYPE_CHECKING:
    from digest.app import App
    from digest.models import Subscriber, SubscriberRecord
    from digest.store.people.history import HistoryEntry

# Imported subscribers in a table.
_MAX_IMPORTED = 1000


@click.group()
def subscribers() -> None:
    """List, edit, import, export and erase subscribers: those in subscribers.yaml, and imported ones."""


for command in (
    add,
    remove,
    set_,
    move,
    nominate,
    suppress,
    lift,
    import_,
    export,
    reengage,
    segment,
    bulk,
    undo_import,
):
    subscribers.add_command(command)


@subscribers.command("list", short_help="List every subscriber, and who is suppressed.")
@click.option("--origin", help="Only subscribers of this list file, or of this import.")
@click.option("--segment", "group", metavar="NAME", help="Only subscribers of this saved group.")
@json_option
@click.pass_obj
def list_(home: Path, origin: str | None, group: str | None, as_json: bool) -> None:
    """List every subscriber. Also show suppressed subscribers, who get no mail although they are listed."""
    with app_despite_faults(home, check_list=False) as app:
        found = _find_rows(app, origin, group, limit=None if as_json or group is not None else _MAX_IMPORTED)
    if as_json:
        emit({"subscribers": found.rows})
        return
    headers = ("email", "name", "topics", "frequency", "hour", "status", *(("from",) if found.is_mixed else ()))
    click.echo(table(headers, [_cells(row, found.is_mixed) for row in found.rows]))
    click.echo(plural(found.total, "subscriber"))
    if any(row["chosen"] for row in found.rows):
        click.echo("* chosen by the subscriber, and overrides the list")
    if found.total > len(found.rows):
        note(f"{found.total - len(found.rows)} more; --json and `digest subscribers export` show all.")


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of `digest subscribers list`."""

    rows: list[dict[str, Any]]
    # The number of rows without a limit.
    total: int
    # Whether the subscribers come from several files or imports.
    is_mixed: bool


def _find_rows(app: App, origin: str | None, group: str | None, *, limit: int | None) -> _Rows:
    """Return the subscribers of the list file, then those of imports, at most `limit` of the latter."""
    origins = app.subscriber_admin.import_counts()
    listed = read_list_despite_faults(app, app.subscriber_list.read)
    if listed is None:
        listed = [(record.address, record.subscriber) for record in app.subscriber_admin.of_file()]
    only = None
    if group is not None:
        read_list_despite_faults(app, partial(app.subscriber_list.sync, may_be_empty=True))
        only = app.segments.addresses(group)
    files = {subscriber.file for _address, subscriber in listed}
    if origin is not None and origin not in files | set(origins):
        known = ", ".join(sorted(files | set(origins))) or "none"
        raise ConfigurationError.at("--origin", f"there is no '{origin}'; known: {known}")
    suppressed = app.subscribers.suppressed()
    pauses, chosen = _pauses(app), app.preferences.chosen()
    rows = [
        _row(subscriber, suppressed.get(address), pauses.get(address), chosen.get(address))
        for address, subscriber in listed
        if origin in (None, subscriber.file) and (only is None or address in only)
    ]
    imports = {name: count for name, count in origins.items() if origin in (None, name)}
    total = len(rows) + sum(imports.values())
    # The file lists some imported subscribers since the store was last synced.
    of_file = {address for address, _subscriber in listed}
    imported = (
        _row(
            record.subscriber, record.suppressed, pauses.get(record.address), chosen.get(record.address), record.origin
        )
        for record in _imported_subscribers(app, origin, imports)
        if record.address not in of_file and (only is None or record.address in only)
    )
    rows += islice(imported, limit)
    return _Rows(rows, total if group is None else len(rows), len(files) > 1 or bool(imports))


def _imported_subscribers(app: App, origin: str | None, imports: Collection[str]) -> Iterable[SubscriberRecord]:
    if not imports:
        return ()
    return app.subscriber_admin.imported() if origin is None else app.subscriber_admin.subscribers(origin)


def _row(
    subscriber: Subscriber,
    suppressed: str | None,
    pause: datetime | None,
    chosen: dict[str, Any] | None,
    origin: str | None = None,
) -> dict[str, Any]:
    return {
        **pick(subscriber, "email name topics frequency timezone"),
        "hour": subscriber.hour.isoformat("minutes") if subscriber.hour else None,
        **pick(subscriber, "format status editions"),
        "suppressed": suppressed or "",
        "paused_until": pause.isoformat(timespec="minutes") if pause else None,
        "chosen": chosen or {},
        "file": subscriber.file,
        "origin": origin or "",
    }


def _cells(row: dict[str, Any], several: bool) -> tuple[object, ...]:
    status = f"{row['status']}, suppressed: {row['suppressed']}" if row["suppressed"] else row["status"]
    status += f", paused until {row['paused_until'][:10]}" if row["paused_until"] else ""
    own = {**row["chosen"], "topics": ", ".join(row["chosen"].get("topics", ())) or "everything"}
    chosen = {name: f"{own[name] or 'newsletter hour'}*" for name in row["chosen"] if name != "editions"}
    kept = {"topics": ", ".join(row["topics"]), "frequency": row["frequency"], "hour": row["hour"] or "", **chosen}
    cells = row["email"], row["name"], kept["topics"], kept["frequency"], kept["hour"], status
    return (*cells, row["origin"] or row["file"]) if several else cells


def _pauses(app: App) -> dict[str, datetime]:
    """Map addresses to the end of the subscriber's own pause, in the newsletter's zone."""
    zone = app.settings.newsletter.zone
    return {address: until.astimezone(zone) for address, until in app.preferences.paused(app.now()).items()}


@subscribers.command()
@json_option
@pass_app
def check(app: App, as_json: bool) -> int:
    """Report every error of the list at once."""
    problems: list[ConfigProblem] = []
    listed: list[tuple[str, Subscriber]] = []
    try:
        listed = app.subscriber_list.read()
    except ConfigurationError as error:
        problems = error.problems
    notes = _outside(app, listed)
    imported = app.subscriber_admin.import_counts()
    if as_json:
        rows = [{"where": f.where, "line": f.line, "message": f.message} for f in problems]
        emit({"faults": rows, "notes": notes, "readers": len(listed), "imports": imported})
    else:
        for line in (*map(str, problems), *notes):
            click.echo(line)
        more = f", and {sum(imported.values())} imported" if imported else ""
        subscribers = plural(len(listed), "subscriber")
        click.echo(plural(len(problems), "error") if problems else f"OK: {subscribers}{more}")
    return 2 if problems else 0


def _outside(app: App, listed: list[tuple[str, Subscriber]]) -> list[str]:
    """Return notes on lines that have no effect: the subscriber gets no mail, or not at the given hour."""
    suppressed = app.subscribers.suppressed()
    pauses = _pauses(app)
    send_at, zone = app.first_send_at, app.settings.newsletter.zone
    erased = app.subscriber_admin.erasures.among(address for address, _subscriber in listed)
    notes = []
    for address, subscriber in listed:
        where = f"{subscriber.file}:{subscriber.line}: {subscriber.email}"
        if address in erased:
            notes.append(f"{where} was erased at the person's request and gets no mail; remove the line")
        elif address in suppressed:
            notes.append(f"{where} is suppressed ({suppressed[address]}) and gets no mail")
        elif address in pauses:
            notes.append(f"{where} has paused until {pauses[address]:%Y-%m-%d}")
        elif subscriber.hour and subscriber.hour < send_at and subscriber.timezone == zone.key:
            notes.append(f"{where} wants {subscriber.hour:%H:%M} but gets it at {send_at:%H:%M} (schedule.send_at)")
    return notes


@subscribers.command(short_help="Show everything known about a subscriber.")
@click.argument("email")
@json_option
@pass_app_despite_faults
def history(app: App, email: str, as_json: bool) -> None:
    """Show everything known about a subscriber: consent, changes, events, and which editions they got, and why."""
    from digest.store.people.history import HistoryKind
    from digest.store.people.signups import ORIGIN
    from digest.usecases.edit_subscribers import parse_address

    address = parse_address(email)
    zone = app.settings.newsletter.zone
    entries = app.subscriber_admin.history.entries(address, zone, app.status_reader.orphans(app.now()))
    record = app.subscriber_admin.find(address)
    suppressed = app.subscribers.suppressed().get(address)
    line = _line(app, address)
    if not entries and line is None:
        raise DigestError(f"Nothing is known about {email}.")
    where = f"{line[0]}:{line[1]}" if line else record.origin if record and record.listed else None
    if as_json:
        rows = [
            {
                "at": one.at.isoformat(),
                **pick(one, "kind what why"),
                "edition": one.edition or "",
            }
            for one in entries
        ]
        emit({"email": email, "listed": where or "", "suppressed": suppressed or "", "history": rows})
        return
    rows_ = [
        (
            f"{one.at.astimezone(zone):%Y-%m-%d %H:%M}",
            " ".join(("edition" if one.kind == HistoryKind.EDITION else one.kind, one.edition or "")).strip(),
            _what(one),
            one.why,
        )
        for one in entries
    ]
    click.echo(table(("when", "", "what", "why"), rows_))
    state = "not on the list" if not where else "on the list by sign-up" if where == ORIGIN else f"listed in {where}"
    click.echo(f"{email} is {state}" + (f" and suppressed: {suppressed}" if suppressed else ""))


def _what(one: HistoryEntry) -> str:
    if one.stopped_by_admin:
        return "stopped by an admin"
    return one.what if one.what != "none" else "not sent" if one.edition else ""


def _line(app: App, address: str) -> tuple[str, int] | None:
    """Return the file and line that list the subscriber. None also for a faulty file, which `check` reports."""
    try:
        listed = app.subscriber_list.read()
    except ConfigurationError:
        return None
    return next(((subscriber.file, subscriber.line) for known, subscriber in listed if known == address), None)


@subscribers.command(short_help="Erase a person's data.")
@click.argument("email")
@click.option("--reason", required=True, help="Why, for the record; it must not name the person.")
@json_option
@click.pass_obj
def erase(home: Path, email: str, reason: str, as_json: bool) -> None:
    """Erase a person: address, name, preferences, consent texts, webhook payloads, and emails in the outbox.

    A keyed hash stays, so that an import cannot bring the person back. The counts of past editions stay. Backups, sent
    mail and the provider's data are not touched.
    """
    # The folder of the outbox is among the settings of delivery.
    with app_despite_faults(home, needs=("delivery",)) as app:
        erased = app.subscriber_editor.erase(email, reason, command_actor(app.environment))
    done, mails = erased.stored, erased.emails
    if as_json:
        emit({"email": email, "known": erased.known, "file": erased.file,
              "letters": done.deliveries, "consents": done.consents, "posts": done.payloads,
              "mails": mails})  # fmt: skip
        return
    if not erased.known:
        note(f"Nothing was stored about {email}. Imports will skip this address anyway.")
    deliveries = plural(done.deliveries, "delivery", "deliveries")
    consents = plural(done.consents, "consent entry", "consent entries")
    kept = f"{deliveries} and {consents}"
    removed = f" Removed {plural(mails, 'email')} from the outbox." if mails else ""
    click.echo(f"Erased {email}. Kept without a name: {kept}.{removed}")


@subscribers.command(short_help="Print everything held about a person, as JSON.")
@click.argument("email")
@pass_app_despite_faults
def data(app: App, email: str) -> None:
    """Print everything that the store holds about a person, as JSON: to answer a request for access or a copy.

    It has the same content as the file that subscribers download themselves.
    """
    from digest.usecases.edit_subscribers import parse_address

    found = app.personal_data.collect(parse_address(email))
    if found is None:
        raise DigestError(f"Nothing is known about {email}.")
    emit(found)


# One token in 64 starts with '-'.
@subscribers.command(
    context_settings={"ignore_unknown_options": True},
    short_help="Look up the subscriber of a token.",
)
@click.argument("token")
@json_option
@pass_app_despite_faults
def who(app: App, token: str, as_json: bool) -> None:
    """Look up the subscriber of TOKEN: the word in the subject of an unsubscribe mail, or at the end of a link."""
    word = token.rpartition("/")[2].rpartition(" ")[2]
    ids = (app.signer.read(purpose, word) for purpose in ("leave", "preferences", "view"))
    email = app.subscribers.email_of(next((id for id in ids if id is not None), 0))
    if email is None:
        raise DigestError("This is not a token of this newsletter, or its subscriber is not in the store.")
    answer({"email": email}, email, as_json=as_json)
