"""`digest store`: back up, restore and migrate the store."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.output import emit, json_option, note, plural
from digest.cli.tables import table
from digest.errors import ConfigProblem, ConfigurationError

if TYPE_CHECKING:
    from digest.usecases.restore_store import RestoreResult

# Editions in a list of those that may have been sent.
_MAX_NAMED = 10


@click.group()
def store() -> None:
    """Back up, restore and migrate the store: who got what, and who unsubscribed."""


@store.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@json_option
@click.pass_obj
def backup(home: Path, file: Path, force: bool, as_json: bool) -> int:
    """Copy the store to FILE, also while a send or `digest run` uses it.

    The copy is checked, and only you can read it. For PostgreSQL, shows the command that does it.
    """
    from digest.app import make_app
    from digest.store import copies, meta
    from digest.store.database import unopened

    with make_app(home) as app:
        if not unopened(app.settings.store.url, home=home).sqlite:
            raise ConfigurationError([ConfigProblem("'store.url'", 0, _postgresql_steps(app.settings.store.url, file))])
        present = copies.path_of(app.database)
        if file.resolve() == present:
            raise ConfigurationError([ConfigProblem(str(file), 0, "is the store itself; name another file")])
        if file.exists() and not force:
            raise ConfigurationError([ConfigProblem(str(file), 0, "exists; name another file, or add --force")])
        made = copies.back_up(app.database, file, app.clock())
        meta.save_backup_time(app.database, made.copied_at)
        local = made.copied_at.astimezone(app.settings.newsletter.zone)
    if as_json:
        emit({"file": str(made.file), "bytes": made.bytes, "copied_at": made.copied_at.isoformat()})
    else:
        click.echo(f"{made.file}: copy of {local:%Y-%m-%d %H:%M:%S}, {made.bytes / 1e6:.1f} MB, checked.")
        click.echo("It contains addresses and the key that signs links. `digest store restore` puts it back.")
    return 0


def _postgresql_steps(url: str, file: Path) -> str:
    """Say how a PostgreSQL store is backed up and restored. Shows no password."""
    from sqlalchemy.engine import URL, make_url

    given = make_url(url)
    query = {key: value for key, value in given.query.items() if key != "password"}
    parsed = URL.create("postgresql", given.username, None, given.host, given.port, given.database, query)
    server, name = shlex.quote(parsed.render_as_string()), shlex.quote(str(file))
    return (
        "the store is PostgreSQL; back it up with its own tool (the password comes from ~/.pgpass or PGPASSWORD):\n"
        f"    umask 077; pg_dump --format=custom --file={name} {server}\n"
        "To restore, stop every digest process, then:\n"
        f"    pg_restore --clean --if-exists --single-transaction --dbname={server} {name}\n"
        "    digest store restore --in-place"
    )


@store.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option(
    "--in-place", is_flag=True, help="The copy is in the store's place already (pg_restore, or copied by hand)."
)
@json_option
@click.pass_obj
def restore(home: Path, file: Path | None, in_place: bool, as_json: bool) -> int:
    """Put the copy FILE in the store's place, so that nobody gets an edition twice.

    What may have been sent since the copy was made is unknown afterwards, and is sent only if you say so with
    `digest reconcile`. Unsubscribes, suppressions and preferences since the copy are kept if the present store can be
    read. The present store is kept beside the new one. Stop `digest run` and `digest web` first.
    """
    from digest.app import make_app
    from digest.cli.json_output import restore_json

    if (file is None) != in_place:
        raise click.UsageError("give the FILE of a copy, or --in-place")
    with make_app(home) as app:
        result = app.restorer.restore_in_place() if file is None else app.restorer.restore(file)
        zone = app.settings.newsletter.zone
        lists = any(name == "sendgrid" for name in app.settings.delivery.transport)
    if as_json:
        emit(restore_json(result))
        return 0
    click.echo(f"Restored a copy of {result.copied_at.astimezone(zone):%Y-%m-%d %H:%M}.")
    if result.kept:
        click.echo(f"The store that was in place is kept as {result.kept}.")
    click.echo(_people(result, lists=lists))
    _show_doubt(result)
    return 0


def _people(result: RestoreResult, *, lists: bool) -> str:
    """Say what is known of the unsubscribes since the copy."""
    carried = result.carried
    if carried is None:
        remedy = (
            "run `digest bounces --pull --anew`, which reads the provider's lists"
            if lists
            else ("look for them in your mailbox and at your provider")
        )
        return f"Unsubscribes, bounces and preferences since the copy are not known: before you send, {remedy}."
    return (
        f"Kept from it: {plural(carried.suppressed, 'suppression', 'suppressions')}, "
        f"{plural(carried.erased, 'erasure', 'erasures')}, "
        f"{plural(carried.consents, 'consent entry', 'consent entries')}, "
        f"{plural(carried.payloads, 'webhook payload', 'webhook payloads')} since the copy, and preferences."
    )


def _show_doubt(result: RestoreResult) -> None:
    if result.held:
        click.echo()
        rows = [(held.edition, held.batches, held.recipients) for held in result.held]
        click.echo(table(("edition", "batches", "recipients now unknown"), rows))
        click.echo("They may have been sent since the copy. Nothing of them is sent until you run, for each edition:")
        click.echo("    digest reconcile EDITION")
    if result.doubtful:
        named = result.doubtful[-_MAX_NAMED:]
        click.echo()
        click.echo(f"These may have been sent since the copy, which has no recipients of them: {', '.join(named)}")
        click.echo("For each that was not sent, so that it is sent as usual:")
        click.echo('    digest reconcile EDITION --resend all --reason "how you know"')
    if not result.held and not result.doubtful:
        note("Nothing can have been sent since the copy.")


@store.command()
@json_option
@click.pass_obj
def migrate(home: Path, as_json: bool) -> int:
    """Bring the store's tables up to this version of digest.

    Every command does so when it opens the store; this one does nothing else. Run it after an update.
    """
    from digest.app import make_app
    from digest.store.database import HEAD, schema_version, unopened

    with make_app(home) as app:
        before = unopened(app.settings.store.url, home=home)
        found = schema_version(before) if not before.sqlite or Path(str(before.engine.url.database)).exists() else None
        before.close()
        name = app.database.name
    if as_json:
        emit({"store": name, "before": found, "schema": HEAD})
    elif found is None:
        click.echo(f"{name}: created with schema {HEAD}.")
    elif found == HEAD:
        click.echo(f"{name}: has schema {HEAD} already.")
    else:
        click.echo(f"{name}: migrated from schema {found} to {HEAD}.")
    return 0
