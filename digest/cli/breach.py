"""`digest breach`: inform people of a personal data breach."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from digest.cli.opening import command_actor
from digest.cli.output import emit, json_option, note, plural
from digest.errors import DigestError
from digest.utils.files import write_private

_TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"])


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--example", is_flag=True, help="Print a FILE to fill in.")
@click.option(
    "--edition", "editions", multiple=True, metavar="KEY", help="The recipients of this edition are affected."
)
@click.option("--since", type=_TIME, metavar="TIME", help="The recipients of editions since then are affected.")
@click.option("--until", type=_TIME, metavar="TIME", help="The recipients of editions until then are affected.")
@click.option("--store", is_flag=True, help="Everybody in the store is affected.")
@click.option(
    "--copy-of",
    type=_TIME,
    metavar="TIME",
    help="Everybody in a copy (backup) of the store from this time is affected.",
)
@click.option("--name", default="", help="Name of the letter (default: breach-DATE). The same name adds people.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Where the files go (default: breach).")
@click.option("--send", "sends", is_flag=True, help="Send the letter. Without it, nothing is sent or stored.")
@json_option
@click.pass_obj
def breach(
    home: Path,
    file: Path | None,
    example: bool,
    editions: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    store: bool,
    copy_of: datetime | None,
    name: str,
    out: Path | None,
    sends: bool,
    as_json: bool,
) -> None:
    """Inform people of a personal data breach: find the affected, write a letter in Hindi and English, keep a record.

    FILE describes the breach; --example prints one. The letter, the list of the affected, and a draft of the report for
    the Data Protection Board are written to files. --send sends the letter to everybody once. A TIME is a day, or a day
    and an hour: "2026-11-22 02:00", in the newsletter's time zone.
    """
    from digest import pipeline
    from digest.app import make_app
    from digest.models import BREACH
    from digest.store.people.affected import BreachScope
    from digest.usecases.breach import EXAMPLE, affected_csv, board_report, read_notice

    if example:
        click.echo(EXAMPLE, nl=False)
        return
    if file is None:
        raise click.UsageError("give a FILE that says what happened; `digest breach --example` prints one")
    if not (editions or since or until or store or copy_of):
        raise click.UsageError("say what leaked: --edition, --since, --until, --store or --copy-of")
    notice = read_notice(file)
    with make_app(home) as app:
        zone = app.settings.newsletter.zone
        times = [moment.replace(tzinfo=zone) if moment else None for moment in (since, until, copy_of)]
        scope = BreachScope(editions, times[0], times[1], times[2], store)
        key = name or f"{BREACH}{app.now():%Y-%m-%d}"
        letter = app.breach_letter
        found = letter.affected(scope)
        html, _text = letter.render(notice, found, whole=scope.concerns_store)
        folder = out or app.home / "breach"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for place, text in (
            ("letter.html", html.html),
            ("letter.txt", html.text),
            ("affected.csv", affected_csv(found)),
            ("board.md", board_report(letter, notice, found, scope, key, app.now())),
        ):
            write_private(folder / place, text.encode())
        placed, accepted = 0, 0
        if sends:
            if not found.reached:
                raise DigestError("Nobody who is affected can be reached by email; see affected.csv.")
            placed = letter.place(key, notice, scope, command_actor(app.environment))
            accepted = pipeline.send(app, key).counts.accepted
    unreached = len(found.people) - len(found.reached)
    if as_json:
        emit(
            {
                "letter": key,
                "affected": len(found.people),
                "reached": len(found.reached),
                "unreached": unreached,
                "editions": list(found.editions),
                "held": found.held,
                "files": str(folder),
                "sent": sends,
                "placed": placed,
                "accepted": accepted,
            }
        )
        return
    click.echo(f"Affected: {plural(len(found.people), 'person', 'people')}.")
    for what, number in found.held.items():
        click.echo(f"  {what}: {number:,}")
    click.echo(f"Files: {folder} (letter, affected.csv, board.md)")
    if unreached:
        note(f"No email reaches {plural(unreached, 'person', 'people')}; inform them in another way (affected.csv).")
    if sends:
        click.echo(f"Letter {key}: {placed:,} new, {accepted:,} accepted by the provider.")
    else:
        note(f"Nothing was sent. Read the letter, then repeat with --send to write to {len(found.reached):,}.")
