"""`digest report`: the report on an edition, compared with earlier ones."""

from __future__ import annotations

from pathlib import Path

import click

from digest.cli.find_edition import existing
from digest.cli.output import emit, json_option, note, printable
from digest.errors import DigestError


@click.command()
@click.argument("edition", required=False, default="")
@click.option(
    "--html",
    "html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it for editors, in the newsletter's language, as HTML to this file.",
)
@click.option("--csv", "csv", type=click.Path(dir_okay=False, path_type=Path), help="Write it as CSV to this file.")
@json_option
@click.pass_obj
def report(home: Path, edition: str, html: Path | None, csv: Path | None, as_json: bool) -> None:
    """Report on EDITION (default: the newest), compared with earlier ones.

    Who got it, who was excluded and why, bounces, complaints and unsubscribes so far, by which mailbox provider and
    which transport emails came back, duration and rate, and sources with trouble.
    """
    from digest.cli.faults import app_despite_faults
    from digest.notify.failures import as_json as failures_json
    from digest.notify.failures import as_text as failures_text
    from digest.notify.report import as_json as document
    from digest.notify.report_formats import as_csv, as_text
    from digest.store.sending.failures import FailureReader

    with app_despite_faults(home) as app:
        found = existing(app, edition) if edition else app.editions.newest()
        if found is None:
            raise DigestError("There is no edition yet. `digest send` makes one.")
        made = app.reporter.report(found.key)
        failures = FailureReader(app.database).read([found.key])
        zone = app.settings.newsletter.zone
        # The page that editors get by email.
        page = app.report_mails.build(made).html if html else ""
    if html:
        _write(html, page, "utf-8")
    if csv:
        # With a byte order mark, because spreadsheets would otherwise read Hindi as Latin-1.
        _write(csv, as_csv(made, zone, failures), "utf-8-sig")
    if as_json:
        emit({**document(made), "failures": failures_json(failures)})
    elif html is None and csv is None:
        click.echo(printable(f"{made.title}\n{as_text(made, zone)}{failures_text(failures)}"))


def _write(path: Path, text: str, encoding: str) -> None:
    try:
        path.write_text(text, encoding=encoding, newline="")
    except OSError as error:
        raise DigestError(f"{path}: {error.strerror}") from error
    note(f"Wrote {path}.")
