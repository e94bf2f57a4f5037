"""`digest events handle`, `digest bounces` and `digest replies`: delivery feedback, and what subscribers wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from digest.cli.opening import app_despite_faults, pass_app, read_list_despite_faults
from digest.cli.output import answer, emit, json_option, note, plural, printable
from digest.cli.progress import count_each, progress
from digest.errors import ConfigurationError, StoreError
from digest.utils.text import pick

if TYPE_CHECKING:
    from digest.app import App

# EX_TEMPFAIL of sysexits.h: a mail server that pipes to us keeps the mail and tries again.
_TRY_AGAIN = 75
_TRY_FAILED_AGAIN = "What could not be processed is kept: `digest events handle --failed` tries it again."
_FAILED_AGAIN = "What failed is kept. Try again after an update of digest; if it still fails, report the bug."


@click.group()
def events() -> None:
    """Process the webhook payloads of providers: delivered, bounced, complained."""


@events.command()
@click.option("--failed", is_flag=True, help="Try those again, and returned mails, that could not be processed before.")
@json_option
@click.pass_obj
def handle(home: Path, failed: bool, as_json: bool) -> int:
    """Process the queued webhook payloads. `digest run` does so every minute."""
    from digest.cli.json_output import feedback_json

    with app_despite_faults(home) as app, progress() as job:
        result = app.feedback.process_webhooks(progress=job("processed"), failed=failed)
    for line in result.notes:
        note(line)
    answer(
        feedback_json(result),
        f"Processed {plural(result.payloads, 'webhook payload')} with "
        f"{plural(result.events, 'event')}: {result.kept} new, "
        f"{plural(result.suppressed, 'address', 'addresses')} suppressed.",
        as_json=as_json,
    )
    if result.failed and not as_json:
        note(_FAILED_AGAIN if failed else _TRY_FAILED_AGAIN)
    return 1 if result.failed else 0


@click.command()
@click.argument("file", type=click.File("rb"), required=False)
@click.option(
    "--maildir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Process the new mails of this Maildir and mark them as seen.",
)
@click.option("--pull", is_flag=True, help="Read the provider's own suppression lists instead.")
@click.option("--anew", "from_start", is_flag=True, help="With --pull: read the whole lists, not only what is new.")
@json_option
@click.pass_obj
def bounces(
    home: Path, file: BinaryIO | None, maildir: Path | None, pull: bool, from_start: bool, as_json: bool
) -> int:
    """Process returned mail from FILE (one mail, or an mbox; - reads standard input).

    Suppresses addresses that bounced or complained, and unsubscribes people who asked for it by mail. Keeps replies of
    subscribers (`digest replies`), and ignores other mail. With --pull, reads the provider's suppression lists instead.
    """
    if (file is not None) + (maildir is not None) + pull != 1:
        raise click.UsageError("give a FILE (- for standard input), --maildir DIR, or --pull")
    if from_start and not pull:
        raise click.UsageError("--anew needs --pull")
    if pull:
        return _pull(home, from_start=from_start, as_json=as_json)
    from digest.usecases.process_feedback import FAILED

    is_pipe = file is not None and file.name == "<stdin>"
    kinds: Counter[str] = Counter()
    suppressed = 0
    try:
        # Our emails are recognised by the sender and by the address for bounces.
        with app_despite_faults(home, needs=("newsletter", "delivery")) as app, progress() as job:
            for data in count_each(_mails(file, maildir), job("mails")):
                kind, more = app.feedback.process_mail(data)
                kinds[kind] += 1
                suppressed += more
    except (StoreError, ConfigurationError) as error:
        if not is_pipe:
            raise
        for problem in error.problems if isinstance(error, ConfigurationError) else (error,):
            note(str(problem))
        return _TRY_AGAIN
    if as_json:
        emit({"mails": kinds.total(), "suppressed": suppressed, "kinds": dict(kinds)})
    else:
        addresses = plural(suppressed, "address", "addresses")
        click.echo(f"{plural(kinds.total(), 'mail')}, {addresses} newly suppressed")
        for kind, count in kinds.most_common():
            click.echo(f"{count}  {kind}")
    if not kinds[FAILED]:
        return 0
    note(_TRY_FAILED_AGAIN)
    # To a mail server that pipes to us, the mail is delivered.
    return 0 if is_pipe else 1


def _pull(home: Path, *, from_start: bool, as_json: bool) -> int:
    with app_despite_faults(home, check_list=False, needs=("delivery",)) as app, progress() as job:
        sync = partial(app.subscriber_list.sync, may_be_empty=True)
        result = app.suppression_sync.run(
            from_start=from_start, progress=job("read"), sync_list=lambda: read_list_despite_faults(app, sync)
        )
    for line in result.notes:
        note(line)
    addresses = plural(result.suppressed, "address", "addresses")
    answer(
        pick(result, "entries suppressed came_back unread notes"),
        f"{plural(result.entries, 'entry', 'entries')} read, {addresses} newly suppressed",
        as_json=as_json,
    )
    return 1 if result.unread else 0


def _mails(file: BinaryIO | None, folder: Path | None) -> Iterator[bytes]:
    """Yield mails one by one. A mail of a Maildir is marked as seen when the next one is requested."""
    from digest.feedback.dsn import iter_maildir, iter_messages, mark_seen

    if file is not None:
        yield from iter_messages(file)
    elif folder is not None:
        if not (folder / "new").is_dir() or not (folder / "cur").is_dir():
            raise ConfigurationError.at(str(folder), "is not a Maildir: it has no folders new and cur")
        for path, data in iter_maildir(folder):
            yield data
            mark_seen(path)


@click.command()
@click.argument("edition", required=False)
@click.option("--most", type=click.IntRange(1, 10_000), default=50, help="How many to show (default: 50).")
@click.option("--auto", "automatic", is_flag=True, help="Show automatic replies too.")
@json_option
@pass_app
def replies(app: App, edition: str | None, most: int, automatic: bool, as_json: bool) -> None:
    """Show what subscribers wrote, newest first: replies by mail, and comments with an answer to a poll.

    `digest bounces` reads replies from a mailbox. Anybody can forge the sender of a mail.
    """
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
