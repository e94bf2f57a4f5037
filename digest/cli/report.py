"""`digest report`: the report on an edition, compared with earlier ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.find_edition import existing
from digest.cli.opening import pass_app_despite_faults
from digest.cli.output import emit, json_option, note, printable, write_file
from digest.errors import DigestError

if TYPE_CHECKING:
    from digest.app import App


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
@pass_app_despite_faults
def report(app: App, edition: str, html: Path | None, csv: Path | None, as_json: bool) -> None:
    """Report on EDITION (default: the newest), compared with earlier ones.

    Who got it, who was excluded and why, bounces, complaints and unsubscribes so far, by which mailbox provider and
    which transport emails came back, duration and rate, and sources with trouble.
    """
    from digest.notify.failures import as_json as failures_json
    from digest.notify.failures import as_text as failures_text
    from digest.notify.report import as_json as document
    from digest.notify.report_formats import as_csv, as_text
    from digest.store.sending.failures import FailureReader

    found = existing(app, edition) if edition else app.editions.newest()
    if found is None:
        raise DigestError("There is no edition yet. `digest send` makes one.")
    made = app.reporter.report(found.key)
    failures = FailureReader(app.database).read([found.key])
    zone = app.settings.newsletter.zone
    # The page that editors get by email.
    page = app.report_mails.build(made).html if html else ""
    if html:
        write_file(html, page.encode())
        note(f"Wrote {html}.")
    if csv:
        # With a byte order mark, because spreadsheets would otherwise read Hindi as Latin-1.
        write_file(csv, as_csv(made, zone, failures).encode("utf-8-sig"))
        note(f"Wrote {csv}.")
    if as_json:
        emit({**document(made), "failures": failures_json(failures)})
    elif html is None and csv is None:
        click.echo(printable(f"{made.title}\n{as_text(made, zone)}{failures_text(failures)}"))
