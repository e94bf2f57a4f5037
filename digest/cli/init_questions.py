"""The questions of `digest init` on a terminal, and what the answers change in the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.output import note, plural, shown
from digest.errors import ConfigurationError
from digest.utils.redact import redact

if TYPE_CHECKING:
    from digest.collect.collector import SourcePreview

# The sample's values, which an empty answer keeps.
_NAME, _SENDER_NAME, _EMAIL = "सुबह की ख़बरें", "Subah Ki Khabar", "news@example.com"
# Provider to what else it needs.
_PROVIDERS = {
    "outbox": "",
    "smtp": "set delivery.smtp.host in digest.yaml, and put the password into DIGEST_SMTP_PASSWORD",
    "sendgrid": "put the API key into the environment variable SENDGRID_API_KEY",
    "resend": "put the API key into the environment variable RESEND_API_KEY",
}


@dataclass(frozen=True, slots=True)
class Answers:
    name: str
    sender_name: str
    email: str
    provider: str
    # Row of `sources`: its name, and its url or path. None keeps the samples.
    feed: dict[str, str] | None

    def edit(self, text: str) -> str:
        """Put the answers into the sample settings. Everything else stays as it is, comments too."""
        from digest.config import loader
        from digest.yamlio import reader
        from digest.yamlio.value import set_rows, set_value

        text = set_value(text, ["newsletter", "name"], self.name)
        text = set_value(text, ["newsletter", "sender", "name"], self.sender_name)
        text = set_value(text, ["newsletter", "sender", "email"], self.email)
        text = set_value(text, ["delivery", "transport"], self.provider)
        if self.feed:
            text = set_rows(text, ["sources"], [self.feed])
        loader.from_data(reader.read_text(text, loader.FILE_NAME), {})
        return text


def ask(directory: Path) -> Answers:
    """Ask on the terminal, each question until its answer is valid. Raises click.Abort at the end of input."""
    click.echo("Enter keeps the value in brackets. Everything can be changed in digest.yaml later.")
    name = _asked("Name of the newsletter", _NAME, ("newsletter", "name"))
    email = _asked("Sender's email address", _EMAIL, ("newsletter", "sender", "email"))
    provider = click.prompt("Provider", type=click.Choice(list(_PROVIDERS)), default="outbox")
    sender_name = _SENDER_NAME if name == _NAME else name
    if provider == "sendgrid" and not sender_name.isascii():
        sender_name = _asked("Sender's name in Latin letters", _SENDER_NAME, ("newsletter", "sender", "name"), _ascii)
    return Answers(name, sender_name, email, provider, _ask_feed(directory))


def _ascii(value: str) -> None:
    if not value.isascii():
        raise ValueError("SendGrid supports only Latin letters here")


def _asked(question: str, default: str, key: tuple[str, ...], check: Callable[[str], None] | None = None) -> str:
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


def _ask_feed(directory: Path) -> dict[str, str] | None:
    """Ask for a feed, and read it before it is accepted."""
    from digest.cli.sources_edit import problem_of
    from digest.config import source_list

    while True:
        target = str(
            click.prompt("First feed, page or folder (empty: samples)", default="", show_default=False)
        ).strip()
        if not target:
            return None
        if "://" not in target and not Path(target).exists():
            target = f"https://{target}"
        place = source_list.parse_target(directory, target)
        found = _preview(place.get("url") or target)
        place = {"url": found.url} if found.url else place
        row = {"name": source_list.name_for(found.title, place, ()), **place}
        problem = problem_of(found)
        try:
            source_list.check_row(row, "feed")
        except ConfigurationError as error:
            problem = error.problems[0].message
        if problem:
            note(f"{target}: {problem}")
            continue
        click.echo(shown(redact(f"{row['name']}: {plural(len(found.articles), 'article', 'articles')}; the newest:")))
        newest = max(found.articles, key=lambda article: article.published)
        click.echo(shown(f"  {newest.title}"))
        return row


def _preview(target: str) -> SourcePreview:
    from digest.collect.collector import preview_source
    from digest.collect.http.fetch import Fetcher
    from digest.collect.http.robots import Robots
    from digest.collect.source_reader import CollectContext
    from digest.models import FulltextMode, Source

    fetcher = Fetcher(contact="")
    context = CollectContext(fetcher, datetime.now(UTC), Path(), robots=Robots(fetcher))
    return preview_source(target, context, source=Source(name=target, fulltext=FulltextMode.NEVER))


def next_steps(answers: Answers) -> list[str]:
    """What the answers leave to do, a line each."""
    from digest.utils.urls import is_example

    steps = [_PROVIDERS[answers.provider]] if _PROVIDERS[answers.provider] else []
    if not is_example(answers.email.rpartition("@")[2]):
        steps.append("set newsletter.base_url and newsletter.postal_address in digest.yaml")
    if answers.provider != "outbox":
        steps.append("replace the examples in subscribers.yaml by your subscribers")
        steps.append("run `digest doctor` for the DNS, and `digest check --launch` before the first send")
    return steps
