"""`digest sponsors`: the advertisements of sponsors.yaml, and reports for those who paid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.opening import pass_app
from digest.cli.output import emit, json_option, note, table, write_file
from digest.errors import DigestError

if TYPE_CHECKING:
    from digest.app import App
    from digest.usecases.sponsors import SponsorReport


@click.group()
def sponsors() -> None:
    """List the advertisements of sponsors.yaml, and report on them."""


@sponsors.command("list")
@json_option
@pass_app
def list_(app: App, as_json: bool) -> None:
    """List the booked advertisements.

    Shows where they run, and how much of each booking is used.
    """
    found = [each for each in app.sponsor_reporter.report() if each.booking]
    if as_json:
        emit({"sponsors": [_json(each) for each in found]})
        return
    rows = [
        (
            each.advertiser,
            each.booking.zone if each.booking else "",
            _dates(each),
            _usage(len(each.appearances), each.booking.cap if each.booking else None),
            _usage(each.accepted, each.booking.recipients if each.booking else None),
            "house ad" if each.booking and each.booking.house else "",
        )
        for each in found
    ]
    if not rows:
        note("There are no advertisements: write sponsors.yaml (docs/sponsors.md).")
        return
    click.echo(table(("advertiser", "zone", "dates", "editions", "recipients", ""), rows))


@sponsors.command()
@click.argument("advertiser", required=False)
@click.option(
    "--csv", "csv_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the report as CSV to this file."
)
@json_option
@pass_app
def report(app: App, advertiser: str | None, csv_file: Path | None, as_json: bool) -> None:
    """Report which editions carried whose advertisements.

    ADVERTISER limits the report to one of them. Recipients are those whose email the provider accepted, by the ledger.
    Numbers of few people are not shown.
    """
    from digest.usecases.sponsors import as_csv

    found = app.sponsor_reporter.report(advertiser)
    counted = app.settings.clicks.enabled
    least = app.settings.clicks.min_people
    if advertiser and not found:
        raise DigestError(f"No advertiser is called '{advertiser}'. `digest sponsors list` shows them.")
    if csv_file is not None:
        write_file(csv_file, as_csv(found).encode("utf-8-sig"))
    if as_json:
        emit({"sponsors": [_json(each) for each in found]})
        return
    for each in found:
        click.echo(f"{each.advertiser}  {each.url}")
        rows = [
            (one.edition, one.zone, one.state, one.accepted, str(one.clicks.people) if one.clicks else "–")
            for one in each.appearances
        ]
        click.echo(table(("edition", "zone", "state", "recipients", "people clicked"), rows))
        click.echo()
    if not counted:
        note("Clicks are not counted (clicks.enabled is false).")
    else:
        note(f"–: fewer than {least} people clicked.")
    if csv_file is not None:
        note(f"Wrote {csv_file}")


def _json(each: SponsorReport) -> dict[str, Any]:
    booking = each.booking
    return {
        "advertiser": each.advertiser,
        "url": each.url,
        "zone": booking.zone if booking else None,
        "from": booking.start.isoformat() if booking and booking.start else None,
        "until": booking.until.isoformat() if booking and booking.until else None,
        "cap": booking.cap if booking else None,
        "recipients_cap": booking.recipients if booking else None,
        "house": bool(booking and booking.house),
        "recipients": each.accepted,
        "editions": [
            {
                "edition": one.edition,
                "day": one.day.isoformat(),
                "zone": one.zone,
                "state": one.state,
                "recipients": one.accepted,
                "people": one.clicks.people if one.clicks else None,
                "clicks": one.clicks.clicks if one.clicks else None,
            }
            for one in each.appearances
        ],
    }


def _dates(each: SponsorReport) -> str:
    booking = each.booking
    if booking is None or not (booking.start or booking.until):
        return "always"
    return f"{booking.start or '…'} to {booking.until or '…'}"


def _usage(used: int, most: int | None) -> str:
    return f"{used:,} of {most:,}" if most else f"{used:,}"
