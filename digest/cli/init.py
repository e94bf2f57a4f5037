"""`digest init` and `digest demo`: create a newsletter folder, and send the samples in it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import click

from digest.cli.output import emit, json_option, note, plural
from digest.cli.progress import progress
from digest.cli.tables import table
from digest.config.loader import FILE_NAME
from digest.errors import ConfigProblem, ConfigurationError, DigestError
from digest.models import EditionState


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Ask nothing and keep the samples' values.")
def init(directory: Path, yes: bool) -> None:
    """Create a newsletter folder in DIRECTORY, with sample articles.

    On a terminal, asks for the name, the sender, the provider and the first feed. It writes emails to an outbox folder
    until delivery.transport names a provider.
    """
    from digest.cli.init_questions import ask, next_steps

    # Checked before the questions, so that nobody answers them in vain.
    refuse_existing(directory)
    answers = None
    if not yes and sys.stdin.isatty() and sys.stdout.isatty():
        answers = ask(directory)
    make_folder(directory, edit=answers.edit if answers else None)
    first = "" if answers and answers.provider != "outbox" else " && digest check && digest send"
    click.echo(f"Created {directory}. Next: cd {directory}{first}")
    for step in next_steps(answers) if answers else ():
        click.echo(f"  - {step}")


def refuse_existing(directory: Path) -> None:
    """Raise ConfigurationError if the folder has settings already."""
    if (directory / FILE_NAME).exists():
        raise ConfigurationError([ConfigProblem(str(directory / FILE_NAME), 0, "already exists; nothing was changed")])


def make_folder(directory: Path, *, edit: Callable[[str], str] | None = None) -> None:
    """Create a newsletter folder, for its owner only. A folder that exists keeps its mode.

    `edit` changes the text of the settings. Raises ConfigurationError if there is one already, and DigestError if it
    cannot be written.
    """
    from digest.config import json_schema
    from digest.utils import files

    refuse_existing(directory)
    samples = files.samples()
    try:
        files.make_private_folder(directory)
        for name in (FILE_NAME, "subscribers.yaml", ".gitignore"):
            target = directory / name
            if not target.exists():
                content = (samples / "newsletter" / name.removeprefix(".")).read_bytes()
                if edit and name == FILE_NAME:
                    content = edit(content.decode()).encode()
                files.write_private(target, content)
        for part in ("feeds", "articles", "blocks"):
            shutil.copytree(
                samples / part, directory / "samples" / part, dirs_exist_ok=True, copy_function=shutil.copyfile
            )
        (directory / "templates").mkdir(exist_ok=True)
        json_schema.write_schemas(directory)
    except OSError as error:
        raise DigestError(f"{directory}: cannot be written: {error.strerror}") from error


@click.command()
@click.argument("directory", required=False, type=click.Path(file_okay=False, path_type=Path))
@json_option
@click.pass_obj
def demo(home: Path, directory: Path | None, as_json: bool) -> int:
    """Collect, compose and send the samples into an outbox.

    Works in DIRECTORY (created if needed), else in the newsletter folder, else in digest-demo.
    """
    from digest import pipeline
    from digest.app import make_app
    from digest.cli.collect import sources_table
    from digest.cli.find_edition import key_of
    from digest.cli.json_output import collect_json, counts_json
    from digest.preview import write_preview
    from digest.store.sending.status import find_unreached

    folder = directory or (home if (home / FILE_NAME).exists() else Path("digest-demo"))
    if not (folder / FILE_NAME).exists():
        make_folder(folder)
    with make_app(folder) as app:
        if app.settings.delivery.transport != ("outbox",):
            message = "the demo only writes to the outbox; name a new folder: digest demo DIR"
            raise ConfigurationError([ConfigProblem(FILE_NAME, 0, message)])
        note("Collecting …")
        collected = pipeline.collect(
            app, progress=lambda source: note(f"  {source.name}: {plural(source.fetched, 'article')}")
        )
        key = key_of(app, "")
        note("Composing …")
        edition = pipeline.compose(app, key, fetch=False).edition
        if edition.state == EditionState.SKIPPED:
            raise DigestError(f"Edition {key} is skipped: {edition.reason}")
        stories = len(list(edition.stories()))
        with progress() as job:
            sent = pipeline.send(app, key, progress=job("sent"))
        files = write_preview(app, sent.edition, app.home / "preview").files
        not_sent = list(find_unreached(app.database, key))
        counts = sent.counts
    page = next(file for file in files if file.suffix == ".html")
    done = sent.edition.state == EditionState.DONE
    if as_json:
        emit(
            {
                **counts_json(sent.edition, counts),
                "collect": collect_json(collected),
                "stories": stories,
                "html": str(page),
            }
        )
        return 0 if done else 1
    click.echo(sources_table(collected.sources))
    click.echo()
    if not sent.placed:
        click.echo(f"Edition {key} was already sent; nothing was sent again.")
    rows = [
        ("sources", len(collected.sources)),
        ("articles", collected.articles),
        ("stories", stories),
        ("recipients", counts.frozen),
        ("sent", counts.accepted),
        ("excluded", counts.excluded),
    ]
    click.echo(table((f"edition {key}", sent.edition.state), rows))
    for row in not_sent:
        click.echo(f"  {row.email}: {row.state}, {row.reason}")
    click.echo(f"\nOpen {page}")
    click.echo(f"Every recipient's email is in {app.home / app.settings.delivery.outbox.path / key}")
    return 0 if done else 1
