"""`digest init` and `digest demo`: ask for the first settings, create a newsletter folder, send the samples in it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.output import emit, json_option, note, plural, printable, table
from digest.cli.progress import progress
from digest.config.loader import FILE_NAME
from digest.errors import ConfigurationError, DigestError
from digest.models import EditionState
from digest.utils.redact import redact

if TYPE_CHECKING:
    from digest.collect.collector import SourcePreview


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Ask nothing and keep the samples' values.")
def init(directory: Path, yes: bool) -> None:
    """Create a newsletter folder in DIRECTORY, with sample articles.

    On a terminal, asks for the name, the sender, the provider and the first feed. It writes emails to an outbox folder
    until delivery.transport names a provider.
    """

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
        raise ConfigurationError.at(str(directory / FILE_NAME), "already exists; nothing was changed")


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
            raise ConfigurationError.at(FILE_NAME, message)
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


# The sample's values, which an empty answer keeps.
_NAME, _EMAIL = "सुबह की ख़बरें", "news@example.com"
# Samples that must not reach real subscribers.
_EMPTIED = ("base_url", "reply_to", "postal_address")
# Transport → its remaining set-up.
PROVIDERS = {
    "outbox": "",
    "smtp": (
        "add `smtp: {host: …, port: 587, security: starttls, username: …}` to `delivery` in digest.yaml, and put the "
        "password into the environment variable DIGEST_SMTP_PASSWORD"
    ),
    "sendgrid": "put the API key into the environment variable SENDGRID_API_KEY",
    "resend": "put the API key into the environment variable RESEND_API_KEY",
    "brevo": "put the API key into the environment variable BREVO_API_KEY",
    "ses": "put the access key into the environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
}


@dataclass(frozen=True, slots=True)
class Answers:
    name: str
    sender_name: str
    email: str
    provider: str
    # Row of `sources`: its name, its url or path, and allow_private. None keeps the samples.
    feed: dict[str, Any] | None

    def edit(self, text: str) -> str:
        """Put the answers into the sample settings. Everything else stays as it is, comments too."""
        from digest.config import loader
        from digest.yamlio import reader
        from digest.yamlio.keys import set_rows, set_value

        text = set_value(text, ["newsletter", "name"], self.name)
        text = set_value(text, ["newsletter", "sender", "name"], self.sender_name)
        text = set_value(text, ["newsletter", "sender", "email"], self.email)
        text = set_value(text, ["delivery", "transport"], self.provider)
        for key in _EMPTIED if self.provider != "outbox" else ():
            text = set_value(text, ["newsletter", key], "")
        if self.feed:
            text = set_rows(text, ["sources"], [self.feed])
        loader.from_data(reader.read_text(text, loader.FILE_NAME), {})
        return text


def ask(directory: Path) -> Answers:
    """Ask on the terminal, each question until its answer is valid. Raises click.Abort at the end of input."""
    click.echo("Enter keeps the value in brackets. Everything can be changed in digest.yaml later.")
    name = _ask_valid("Name of the newsletter", _NAME, ("newsletter", "name"))
    email = _ask_valid("Sender's email address", _EMAIL, ("newsletter", "sender", "email"))
    provider = click.prompt("Provider", type=click.Choice(list(PROVIDERS)), default="outbox")
    sender_name = name
    if provider == "sendgrid" and not name.isascii():
        sender_name = _ask_valid(
            "Sender's name in Latin letters", "Subah Ki Khabar", ("newsletter", "sender", "name"), _ascii
        )
    return Answers(name, sender_name, email, provider, _ask_feed(directory))


def _ascii(value: str) -> None:
    if not value.isascii():
        raise ValueError("SendGrid supports only Latin letters here")


def _ask_valid(question: str, default: str, key: tuple[str, ...], check: Callable[[str], None] | None = None) -> str:
    """Ask until the settings accept the value."""
    from digest.config import loader

    while True:
        value = str(click.prompt(question, default=default)).strip()
        newsletter: dict[str, object] = {"name": "x", "sender": {"email": "x@example.com"}}
        place = newsletter
        for part in key[1:-1]:
            place = place[part]  # type: ignore[assignment]
        place[key[-1]] = value
        try:
            loader.from_data({"newsletter": newsletter}, {})
            if check:
                check(value)
        except ConfigurationError as error:
            note(error.problems[0].message)
        except ValueError as error:
            note(str(error))
        else:
            return value


def _ask_feed(directory: Path) -> dict[str, Any] | None:
    """Ask for a feed, and read it before it is accepted."""
    from digest.config import source_list
    from digest.usecases.edit_sources import problem_of

    while True:
        target = str(
            click.prompt("First feed, page or folder (empty: samples)", default="", show_default=False)
        ).strip()
        if not target:
            return None
        if "://" not in target and not Path(target).exists():
            target = f"https://{target}"
        place = source_list.parse_target(directory, target)
        found, more = _preview_feed(place.get("url") or target), {}
        if found.private and click.confirm(f"{found.error} Allow this private address?", default=False):
            found, more = _preview_feed(place["url"], allow_private=True), {"allow_private": True}
        place = {"url": found.url} if found.url else place
        row = {"name": source_list.name_for(found.title, place, ()), **place, **more}
        problem = problem_of(found)
        try:
            source_list.check_row(row, "feed")
        except ConfigurationError as error:
            problem = error.problems[0].message
        if problem:
            note(f"{target}: {problem}")
            continue
        click.echo(printable(redact(f"{row['name']}: {plural(len(found.articles), 'article')}; the newest:")))
        newest = max(found.articles, key=lambda article: article.published)
        click.echo(printable(f"  {newest.title}"))
        return row


def _preview_feed(target: str, *, allow_private: bool = False) -> SourcePreview:
    from digest.collect.collector import preview_source
    from digest.collect.http.fetch import Fetcher
    from digest.collect.http.robots import Robots
    from digest.collect.source_reader import CollectContext
    from digest.models import FulltextMode, Source

    fetcher = Fetcher(contact="")
    context = CollectContext(fetcher, datetime.now(UTC), Path(), robots=Robots(fetcher))
    source = Source(name=target, fulltext=FulltextMode.NEVER, allow_private=allow_private)
    return preview_source(target, context, source=source)


def next_steps(answers: Answers) -> list[str]:
    """Return the remaining steps after these answers, one per line."""
    from digest.utils.urls import is_example

    if answers.provider == "outbox":
        own = not is_example(answers.email.rpartition("@")[2])
        examples = "replace the examples in digest.yaml: newsletter.reply_to, base_url and postal_address"
        return [examples, "replace the examples in subscribers.yaml by your subscribers"] if own else []
    return [
        PROVIDERS[answers.provider],
        "fill in newsletter.postal_address and newsletter.reply_to in digest.yaml, and newsletter.base_url once your "
        "pages are online; they are empty now",
        "replace the examples in subscribers.yaml by your subscribers",
        "run `digest check`, then `digest doctor` for the DNS, and `digest check --launch` before the first send",
    ]
