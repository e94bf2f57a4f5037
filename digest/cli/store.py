"""`digest store`: back up, restore, prune, copy and migrate the store."""

from __future__ import annotations

import re
import shlex
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.opening import app_despite_faults, pass_app, warn_of_list
from digest.cli.output import answer, emit, json_option, note, plural, table
from digest.cli.progress import progress
from digest.errors import ConfigurationError, StoreError
from digest.utils.files import real_path

if TYPE_CHECKING:
    from digest.app import App
    from digest.store.database import Database
    from digest.store.inspection import StoreSpace
    from digest.usecases.prune_store import PruneResult
    from digest.usecases.restore_store import RestoreResult

# The most editions in a list of those that may have been sent.
_MAX_NAMED = 10
# Bytes. Shrinking a file is suggested from this size on.
_WORTH_COMPACTING = 50_000_000


@click.group()
def store() -> None:
    """Back up, restore, prune, copy and migrate the store: who got what, and who unsubscribed."""


@store.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@json_option
@click.pass_obj
def backup(home: Path, file: Path, force: bool, as_json: bool) -> int:
    """Copy the store to FILE, also while it is in use.

    The copy is checked, and only you can read it. For PostgreSQL, shows the command that does it.
    """
    from digest.store import copies, meta
    from digest.store.database import sqlite_file, unopened

    with app_despite_faults(home, check_list=False) as app:
        with closing(unopened(app.settings.store.url, home=home)) as present:
            if not present.sqlite:
                steps = _postgresql_steps(app.settings.store.url, _schema(present), file)
                raise ConfigurationError.at("'store.url'", steps)
        warn_of_list(app)
        if real_path(file) == sqlite_file(app.database):
            raise ConfigurationError.at(str(file), "is the store itself; name another file")
        if file.exists() and not force:
            raise ConfigurationError.at(str(file), "exists; name another file, or add --force")
        made = copies.back_up(app.database, file, app.clock())
        meta.save_backup_time(app.database, made.copied_at)
        local = made.copied_at.astimezone(app.settings.newsletter.zone)
    if as_json:
        emit({"file": str(made.file), "bytes": made.bytes, "copied_at": made.copied_at.isoformat()})
    else:
        click.echo(f"{made.file}: copy of {local:%Y-%m-%d %H:%M:%S}, {made.bytes / 1e6:.1f} MB, checked.")
        click.echo("It contains addresses and the key that signs links. `digest store restore` puts it back.")
    return 0


def _drop_tables(schema: str) -> str:
    """Return SQL that drops the store's tables in the schema, with their partitions.

    `pg_restore --clean` drops only the tables of the dump. Those of a newer version would stay, and refer to dropped
    ones.
    """
    from digest.store.schema import metadata

    tables = ", ".join(f'"{schema}".{name}' for name in sorted(metadata.tables))
    return f"DROP TABLE IF EXISTS {tables} CASCADE"


def _schema(store: Database) -> str:
    """Return the schema of a PostgreSQL store. Without a connection it is read from the URL."""
    from sqlalchemy import text

    try:
        return str(store.query(text("SELECT current_schema()")).scalar_one())
    except StoreError:
        named = re.search(r"search_path=\"?([^\s,\"]+)", str(store.engine.url.query.get("options", "")))
        return named[1] if named else "public"


def _postgresql_steps(url: str, schema: str, file: Path) -> str:
    """Return the commands to back up and restore a PostgreSQL store. They contain no password.

    They name the store's schema, because other newsletters may share the database.
    """
    from sqlalchemy.engine import URL, make_url

    given = make_url(url)
    query = {key: value for key, value in given.query.items() if key != "password"}
    parsed = URL.create("postgresql", given.username, None, given.host, given.port, given.database, query)
    address, _, options = parsed.render_as_string().partition("?")
    # PostgreSQL's tools do not read `+` as a space.
    address += f"?{options.replace('+', '%20')}" if options else ""
    server, name, drop = shlex.quote(address), shlex.quote(str(file)), shlex.quote(_drop_tables(schema))
    script = shlex.quote(f"{file}.sql")
    # pg_dump reads a pattern, pg_restore a name.
    pattern, own = shlex.quote(f'"{schema}"'), shlex.quote(schema)
    return (
        "the store is PostgreSQL; back it up with its own tool (the password comes from ~/.pgpass or PGPASSWORD):\n"
        f"    umask 077; pg_dump --format=custom --schema={pattern} --file={name} {server}\n"
        "To restore, stop every digest process, then (pg_restore alone leaves what was added after the dump):\n"
        f"    umask 077; pg_restore --clean --if-exists --schema={own} --file={script} {name}\n"
        f"    psql --single-transaction --set=ON_ERROR_STOP=1 --command={drop} --file={script} --dbname={server}\n"
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
    """Put the copy FILE in the store's place.

    Nobody gets an edition twice because of it. If the present store can be read, its sends since the copy are kept, and
    so are unsubscribes, suppressions and preferences. If not, everything that may have been sent since becomes unknown,
    and is only sent if you say so with `digest reconcile`. The present store is kept next to the new one. Stop `digest
    run` and `digest web` first.
    """
    from digest.cli.json_output import restore_json

    if (file is None) != in_place:
        raise click.UsageError("give the FILE of a copy, or --in-place")
    # The newsletter's zone decides which editions are today's.
    with app_despite_faults(home, check_list=False, needs=("newsletter",)) as app:
        result = app.restorer.restore_in_place() if file is None else app.restorer.restore(file)
        zone = app.settings.newsletter.zone
        lists = any(name == "sendgrid" for name in app.settings.delivery.transport)
    if as_json:
        emit(restore_json(result))
        return 0
    click.echo(f"Restored a copy of {result.copied_at.astimezone(zone):%Y-%m-%d %H:%M}.")
    if result.kept:
        click.echo(f"The replaced store is kept as {result.kept}.")
    click.echo(_people(result, lists=lists))
    _show_doubt(result)
    return 0


def _people(result: RestoreResult, *, lists: bool) -> str:
    """Print the unsubscribes since the copy, as far as they are known."""
    carried = result.carried
    if carried is None:
        remedy = (
            "run `digest bounces --pull --anew`, which reads the provider's lists"
            if lists
            else ("look for them in your mailbox and at your provider")
        )
        return f"Unsubscribes, bounces and preferences since the copy are not known: before you send, {remedy}."
    return (
        f"Kept from it: {plural(carried.suppressed, 'suppression')}, "
        f"{plural(carried.erased, 'erasure')}, "
        f"{plural(carried.consents, 'consent entry', 'consent entries')}, "
        f"{plural(carried.payloads, 'webhook payload')} since the copy, and preferences."
    )


def _show_doubt(result: RestoreResult) -> None:
    """Print the editions that may have been sent since the copy, and how to settle them."""
    if result.held:
        click.echo()
        rows = [(held.edition, held.batches, held.recipients) for held in result.held]
        click.echo(table(("edition", "batches", "recipients now unknown"), rows))
        click.echo("They may have been sent since the copy. Nothing of them is sent until you run, for each edition:")
        click.echo("    digest reconcile EDITION")
    click.echo()
    if result.sent is None:
        click.echo("It is not known what was sent since the copy. So every edition up to today is held, breaking news")
        click.echo(f"of today too, and special editions until {result.specials_until}. For each that was not sent, so")
        click.echo("that it is sent as usual:")
        click.echo('    digest reconcile EDITION --resend all --reason "how you know"')
        if result.doubtful:
            click.echo(f"The copy does not say who got: {', '.join(result.doubtful[-_MAX_NAMED:])}")
    elif result.sent:
        named = ", ".join(f"{each.edition} ({each.recipients:,})" for each in result.sent[-_MAX_NAMED:])
        click.echo(f"Sent since the copy, from the replaced store: {named}.")
        click.echo("Their recipients and outcomes were copied from it: `digest status EDITION` shows them.")
        click.echo("`digest send EDITION` sends to the rest.")
    else:
        click.echo("The replaced store has sent nothing since the copy.")
    if result.left_behind is None:
        click.echo(
            "Drafts, changes and approvals since the copy are not in it: compose and approve these editions again."
        )
    elif result.left_behind:
        click.echo(f"Composed, changed or approved since the copy, and not kept: {', '.join(result.left_behind)}.")
        click.echo("Compose, change and approve these editions again; the copy has them as they were, if at all.")


@store.command()
@click.option("--dry-run", is_flag=True, help="Show what would be deleted, and delete nothing.")
@click.option("--compact", is_flag=True, help="Also shrink an SQLite file. Writers wait for some seconds.")
@json_option
@click.pass_obj
def prune(home: Path, dry_run: bool, compact: bool, as_json: bool) -> int:
    """Delete what is older than `store.keep` in digest.yaml. `digest run` does it once a day.

    Deletes old articles and webhook payloads. Of old editions it keeps the counts, but not who got them. Consents,
    suppressions, erasures, editions and the archive stay. Nothing is deleted while an edition is being sent.
    """
    from digest.app import make_app
    from digest.store import inspection

    if dry_run and compact:
        raise click.UsageError("give --dry-run or --compact, not both")
    with make_app(home) as app:
        before = inspection.measure_space(app.database)
        if dry_run:
            done = app.pruner.plan()
        else:
            with progress() as job:
                done = app.pruner.prune(report=job("deleted"))
        compacted = compact and not done.interrupted
        if compacted:
            _compact(app)
        after = inspection.measure_space(app.database)
    if as_json:
        from digest.cli.json_output import prune_json

        emit(prune_json(done, before, after, dry_run=dry_run))
    else:
        _show_pruned(done, after, dry_run=dry_run)
        if compacted:
            click.echo(f"The store took {before.total / 1e6:.1f} MB and takes {after.total / 1e6:.1f} MB now.")
    return 1 if done.interrupted else 0


def _compact(app: App) -> None:
    from digest.store import inspection
    from digest.store.locks import exclusive

    if app.database.sqlite:
        with exclusive(app.database, "sending", wait=0.0):
            inspection.compact(app.database)


def _show_pruned(done: PruneResult, after: StoreSpace, *, dry_run: bool) -> None:
    rows = [
        ("articles", done.articles, "older than store.keep.articles"),
        ("texts of undated articles", done.emptied, "the articles stay, so that they do not look new"),
        ("images", done.images, "only in those articles"),
        ("editions folded into counts", len(done.editions), "older than store.keep.deliveries"),
        ("recipients of editions", done.deliveries, ""),
        ("their events", done.events, ""),
        ("emails of variants", done.emails, ""),
        ("webhook payloads", done.payloads, "older than web.webhooks.keep"),
    ]
    shown = [row for row in rows if row[1]]
    if shown:
        click.echo(table(("would be deleted" if dry_run else "deleted", "number", "because"), shown))
    else:
        click.echo("Nothing is old enough to be deleted.")
    if done.interrupted:
        note("An edition is being sent, so the rest waits. Run the command again afterwards.")
    elif dry_run and shown:
        click.echo(f"About {done.bytes / 1e6:.1f} MB would be free for new rows.")
    free = f", of which {after.free / 1e6:.1f} MB are free for new rows" if after.free is not None else ""
    click.echo(f"The store takes {after.total / 1e6:.1f} MB{free}.")
    if after.free and after.free * 2 > after.total and after.total > _WORTH_COMPACTING:
        click.echo("`digest store prune --compact` shrinks the file.")


@store.command()
@click.argument("source")
@click.argument("target")
@json_option
@click.pass_obj
def copy(home: Path, source: str, target: str, as_json: bool) -> int:
    """Move the store SOURCE to the empty store TARGET.

    For example from SQLite to PostgreSQL. Both are URLs as in `store.url`, or an SQLite file. Every table is copied in
    one transaction and compared by number of rows and checksum. Nothing is sent from SOURCE afterwards; set `store.url`
    to TARGET. Stop `digest run`, `digest worker` and `digest web` first. Put the password into ~/.pgpass: other users
    of this machine can read the command line.
    """
    from digest.app import make_app

    with make_app(home) as app, progress() as job:
        jobs = {what: job(what) for what in ("copied", "compared")}
        done = app.store_copier.copy(
            _store_url(source), _store_url(target), lambda what, rows, total: jobs[what](rows, total)
        )
    if as_json:
        emit(asdict(done))
        return 0
    click.echo(table(("table", "rows", "checksum of both"), [(t.name, t.rows, t.checksum[:12]) for t in done.tables]))
    click.echo(f"Copied {done.source} to {done.target}; both are the same.")
    click.echo(f"Now set store.url in digest.yaml to {done.target}'s URL. Nothing is sent from {done.source} any more.")
    return 0


def _store_url(given: str) -> str:
    return given if "://" in given else f"sqlite:///{given}"


@store.command()
@json_option
@pass_app
def index(app: App, as_json: bool) -> int:
    """Add editions that the archive lacks, and renew its index.

    `digest web` and `digest run` add missing editions by themselves. Run this after an update that changes how words
    are compared; the changelog says so.
    """
    added = app.archivist.catch_up()
    stories = app.archive.rebuild_index()
    answer(
        {"added": added, "stories": stories},
        f"Added {added} editions; {stories} stories can be searched.",
        as_json=as_json,
    )
    return 0


@store.command()
@json_option
@click.pass_obj
def migrate(home: Path, as_json: bool) -> int:
    """Bring the store's tables up to this version of digest.

    Every command does so when it opens the store; this one does nothing else. Run it after an update.
    """
    from digest.app import make_app
    from digest.store.database import HEAD, schema_version, sqlite_file, unopened

    with make_app(home) as app:
        with closing(unopened(app.settings.store.url, home=home)) as before:
            found = schema_version(before) if not before.sqlite or sqlite_file(before).exists() else None
        name = app.database.name
    if as_json:
        emit({"store": name, "before": found, "schema": HEAD})
    elif found is None:
        click.echo(f"Store {name} is created, with schema {HEAD}.")
    elif found == HEAD:
        click.echo(f"Store {name} has schema {HEAD} already.")
    else:
        click.echo(f"Store {name} is migrated from schema {found} to {HEAD}.")
    return 0
