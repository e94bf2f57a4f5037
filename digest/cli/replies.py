"""`digest replies`: what subscribers wrote."""

from __future__ import annotations

from pathlib import Path

import click

from digest.cli.output import emit, json_option, note, plural, printable


@click.command()
@click.argument("edition", required=False)
@click.option("--most", type=click.IntRange(1, 10_000), default=50, help="How many to show (default: 50).")
@click.option("--auto", "automatic", is_flag=True, help="Show automatic replies too.")
@json_option
@click.pass_obj
def replies(home: Path, edition: str | None, most: int, automatic: bool, as_json: bool) -> None:
    """Show what subscribers wrote, newest first: replies by mail, and comments with an answer to a poll.

    `digest bounces` reads replies from a mailbox. Anybody can forge the sender of a mail.
    """
    from digest.app import make_app

    with make_app(home) as app:
        texts = app.subscriber_texts.newest(most, edition=edition, automatic=automatic)
        zone = app.settings.newsletter.zone
    if as_json:
        emit(
            {
                "words": [
                    {
                        "email": each.email or None,
                        "edition": each.edition or None,
                        "kind": each.kind,
                        "about": each.about or None,
                        "text": each.text,
                        "at": each.at.isoformat(),
                    }
                    for each in texts
                ]
            }
        )
        return
    for each in texts:
        where = f", edition {each.edition}" if each.edition else ""
        head = f"{each.at.astimezone(zone):%Y-%m-%d %H:%M}  {each.email or 'unknown'} ({each.kind}{where})"
        click.echo(printable(head))
        for line in (each.about, *each.text.splitlines()):
            if line.strip():
                click.echo(f"    {printable(line)}")
    if not texts:
        note("Nobody has written yet." if not edition else f"Nobody has written about edition {edition}.")
    else:
        note(plural(len(texts), "text"))
