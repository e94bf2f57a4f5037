"""`digest events handle` and `digest bounces`: what the world said of our letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click

from digest.cli.output import emit, json_option, note, plural
from digest.errors import ConfigurationError, Fault, StoreError

_TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: a mail server that pipes to us keeps the mail and tries again


@click.group()
def events() -> None:
    """What providers posted about letters: bounced, delivered, complained of."""


@events.command()
@json_option
@click.pass_obj
def handle(home: Path, as_json: bool) -> int:
    """Handle the posts that wait. `digest run` does so every minute."""
    from digest.app import make_app
    from digest.cli.json_output import feedback_json

    with make_app(home) as app:
        result = app.feedback.process_webhooks()
    for line in result.notes:
        note(line)
    if as_json:
        emit(feedback_json(result))
    else:
        click.echo(
            f"Processed {plural(result.payloads, 'webhook payload', 'webhook payloads')} with "
            f"{plural(result.events, 'event', 'events')}: {result.kept} new, "
            f"{plural(result.suppressed, 'address', 'addresses')} suppressed."
        )
    return 0


@click.command()
@click.argument("file", type=click.File("rb"), required=False)
@click.option(
    "--maildir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Read the new mails of this Maildir and put them away as seen.",
)
@click.option("--pull", is_flag=True, help="Ask the provider for its own lists of whom it mails no more.")
@click.option("--anew", is_flag=True, help="With --pull: from their beginning, not from where they were last read.")
@json_option
@click.pass_obj
def bounces(home: Path, file: BinaryIO | None, maildir: Path | None, pull: bool, anew: bool, as_json: bool) -> int:
    """Read mail that came back from FILE (one mail, or an mbox; - is a pipe): who is gone is barred, who wants to
    leave by mail leaves. Mail that is no report is passed over. With --pull the provider's lists are read instead."""
    from digest.app import make_app

    if (file is not None) + (maildir is not None) + pull != 1:
        raise click.UsageError("name a FILE (- for a pipe), --maildir DIR, or --pull")
    if anew and not pull:
        raise click.UsageError("--anew goes with --pull")
    if pull:
        return _pull(home, anew=anew, as_json=as_json)
    kinds: Counter[str] = Counter()
    barred = 0
    try:
        with make_app(home) as app:
            for data in _mails(file, maildir):
                kind, more = app.feedback.process_mail(data)
                kinds[kind] += 1
                barred += more
    except StoreError as error:
        if file is None or file.name != "<stdin>":
            raise
        note(str(error))
        return _TRY_AGAIN
    if as_json:
        emit({"mails": kinds.total(), "suppressed": barred, "kinds": dict(kinds)})
    else:
        click.echo(f"{plural(kinds.total(), 'mail', 'mails')}, {plural(barred, 'address', 'addresses')} newly barred")
        for kind, count in kinds.most_common():
            click.echo(f"{count}  {kind}")
    return 0


def _pull(home: Path, *, anew: bool, as_json: bool) -> int:
    from digest.app import make_app
    from digest.cli.json_output import suppression_sync_json

    with make_app(home) as app:
        pulled = app.suppression_sync.run(from_start=anew)
    for line in pulled.notes:
        note(line)
    if as_json:
        emit(suppression_sync_json(pulled))
    else:
        said = plural(pulled.suppressed, "address", "addresses")
        click.echo(f"{plural(pulled.entries, 'entry', 'entries')} of the provider's lists, {said} newly barred")
    return 1 if pulled.unread else 0


def _mails(file: BinaryIO | None, folder: Path | None) -> Iterator[bytes]:
    """Mails one by one; a Maildir's is put away when the next one is asked for, which is when it was dealt with."""
    from digest.events import mailboxes

    if file is not None:
        yield from mailboxes.mails(file)
    elif folder is not None:
        if not (folder / "new").is_dir() or not (folder / "cur").is_dir():
            raise ConfigurationError([Fault(str(folder), 0, "is no Maildir: it has no folders new and cur")])
        for path, data in mailboxes.maildir(folder):
            yield data
            mailboxes.seen(path)
