"""`digest subscribers history`, `erase` and `who`: one reader, from first to last."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.output import emit, json_option, note, plural, table
from digest.cli.subscribers_edit import by_command, comparable
from digest.errors import ConfigurationError, DigestError

if TYPE_CHECKING:
    from digest.app import App


@click.command(short_help="Tell all that is known of a reader.")
@click.argument("email")
@json_option
@click.pass_obj
def history(home: Path, email: str, as_json: bool) -> None:
    """Tell all that is known of a reader: consent, changes, letters, events, and why a letter came or did not."""
    from digest.app import make_app
    from digest.store.signups import ORIGIN

    with make_app(home) as app:
        address = comparable(email)
        zone = app.settings.newsletter.zone
        told = app.people.histories.of(address, zone, app.status_reader.orphans(app.now()))
        held = app.people.roster.of(address)
        barred = app.readers.suppressed().get(address, "")
        line = _line(app, address)
    if not told and line is None:
        raise DigestError(f"nothing is known of {email}")
    where = f"{line[0]}:{line[1]}" if line else held.origin if held and held.listed else ""
    if as_json:
        rows = [
            {"at": one.at.isoformat(), "kind": one.kind, "what": one.what, "why": one.why, "edition": one.edition}
            for one in told
        ]
        emit({"email": email, "listed": where, "suppressed": barred, "history": rows})
        return
    rows_ = [
        (f"{one.at.astimezone(zone):%Y-%m-%d %H:%M}", " ".join((one.kind, one.edition)).strip(), one.what, one.why)
        for one in told
    ]
    click.echo(table(("when", "", "what", "why"), rows_))
    now = "on no list" if not where else "on the list by the sign-up page" if where == ORIGIN else f"listed in {where}"
    click.echo(f"{email} is {now}" + (f" and barred from mail: {barred}" if barred else ""))


def _line(app: App, address: str) -> tuple[str, int] | None:
    """Where the file lists the reader; None too where the file is faulty, which `check` tells."""

    try:
        listed = app.subscriber_list.read()
    except ConfigurationError:
        return None
    return next(((reader.file, reader.line) for known, reader in listed if known == address), None)


@click.command()
@click.argument("email")
@click.option("--reason", required=True, help="Why, for the record; name nobody in it.")
@json_option
@click.pass_obj
def erase(home: Path, email: str, reason: str, as_json: bool) -> None:
    """Forget a person: address, name, wishes, consent in words. A keyed hash stays and keeps them from coming back.

    The numbers of editions stay as they are. What providers posted of them and their mails in the outbox go too.
    Backups, mail that was sent and what the provider has are not touched.
    """
    from digest.app import make_app
    from digest.cli.subscribers_edit import files
    from digest.subscribers import editing

    with make_app(home) as app:
        address = comparable(email)
        path = next((file for file in files(app) if editing.remove(file, email, backup=False)), None)
        done, mails = app.eraser.erase(address, f"{reason} ({by_command('erase')})")
    if as_json:
        emit({"email": email, "known": done.known or path is not None or mails > 0, "file": path.name if path else "",
              "letters": done.letters, "consents": done.consents, "posts": done.posts, "mails": mails})  # fmt: skip
        return
    if not done.known and path is None and not mails:
        note(f"nothing was held of {email}; it is kept from coming in all the same")
    kept = f"{plural(done.letters, 'letter', 'letters')} and {plural(done.consents, 'entry', 'entries')} of consent"
    gone = f"; {plural(mails, 'mail', 'mails')} in the outbox removed" if mails else ""
    click.echo(f"{email} is erased; {kept} stay without a name{gone}")


@click.command(
    context_settings={"ignore_unknown_options": True},
    short_help="Whose TOKEN (of a link or an unsubscribe mail) this is.",
)  # one token in 64 begins with '-'
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
