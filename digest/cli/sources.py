"""`digest sources`: list sources and their health, test and remove one."""

from __future__ import annotations

import os
import re
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.opening import app_despite_faults, command_actor, pass_app
from digest.cli.output import ago, emit, json_option, note, plural, shorten, table
from digest.cli.sources_edit import (
    TRUST,
    add,
    export,
    import_,
    links_option,
    note_override,
    preview_configured,
    private_option,
    warnings_of,
    with_remedy,
)
from digest.config.loader import FILE_NAME
from digest.errors import ConfigurationError
from digest.utils.files import resolve_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from digest.app import App
    from digest.collect.collector import SourcePreview
    from digest.models import Source, SourceHealth

_HOST = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,5}(?:[/:].*)?\Z", re.I)


@click.group()
def sources() -> None:
    """List, test and change the sources. Edits preserve the comments and order of digest.yaml."""


sources.add_command(add)
sources.add_command(import_)
sources.add_command(export)


@sources.command("list")
@json_option
@pass_app
def list_(app: App, as_json: bool) -> None:
    """List the sources of digest.yaml and the health of each."""
    from digest.usecases.documents import source_json

    all_, now = app.source_editor.list(), app.now()
    found = app.articles.health_of(all_)
    if as_json:
        emit({"sources": [source_json(source, found.get(source.name)) for source in all_]})
        return
    headers = ("name", "kind", "from", "weight", "section", "last good", "last new", "problem")
    rows = [
        (s.name, _kind(app, s), s.url or s.path, s.weight, s.section, *_health_cells(s, found.get(s.name), now))
        for s in all_
    ]
    click.echo(table(headers, rows))


@sources.command(short_help="Show the articles of a URL, a path or a source.")
@click.argument("target")
@links_option
@private_option
@json_option
@click.pass_obj
def test(home: Path, target: str, links: str | None, allow_private: bool, as_json: bool) -> int:
    """Show what TARGET gives: a URL, a path, or the name of a source. Stores nothing."""
    from zoneinfo import ZoneInfo

    from digest.cli.json_output import article_json
    from digest.curate.summary.sentences import summarise

    with ExitStack() as opened:
        app = _newsletter(opened, home, target)
        zone = app.settings.newsletter.zone if app else ZoneInfo("Asia/Kolkata")
        found = _preview(app, target, links or "", allow_private, zone)
    if as_json:
        articles = [article_json(article, summarise(article)) for article in found.articles]
        document = {"kind": found.kind or "", "warnings": warnings_of(found), "articles": articles}
        emit({**document, "error": found.error} if found.error else document)
        return 1 if found.error else 0
    if found.error:
        note(f"{target}: {found.error}")
    for warning in warnings_of(found):
        note(f"warning: {warning}")
    if found.kind:
        click.echo(f"{found.kind}, {plural(len(found.articles), 'article')}")
    for article in found.articles:
        click.echo(f"\n{article.title}")
        undated = "" if article.dated else " (undated)"
        click.echo(f"  {article.published.astimezone(zone):%Y-%m-%d %H:%M}{undated}  {article.url or ''}")
        summary = summarise(article)
        if summary:
            click.echo(f"  {summary}")
        for warning in article.warnings:
            note(f"  warning: {warning}")
    return 1 if found.error else 0


@sources.command()
@click.argument("names", metavar="NAME...", nargs=-1)
@click.option("--samples", is_flag=True, help="Instead of NAME: every sample of `digest init`.")
@click.pass_obj
def remove(home: Path, names: tuple[str, ...], samples: bool) -> None:
    """Remove sources from digest.yaml."""
    if bool(names) == samples:
        raise click.UsageError("give the NAME of a source, or --samples")
    with app_despite_faults(home) as app:
        chosen = [source.name for source in app.sources if source.replay] if samples else names
        if not chosen:
            note("There are no samples.")
        for name in chosen:
            app.source_editor.remove(name, command_actor(app.environment))
            click.echo(f"Removed {name}. Its articles stay in the store.")
    note_override()


@sources.command("set", short_help="Change the weight or the section of a source.")
@click.argument("name")
@click.option("--weight", type=float, help="Its weight in the ranking, 0 to 10.")
@click.option("--section", help="The section of all its articles; '' for none.")
@click.pass_obj
def set_(home: Path, name: str, weight: float | None, section: str | None) -> None:
    """Change the weight or the section of the source NAME in digest.yaml."""
    if weight is None and section is None:
        raise click.UsageError("give --weight or --section")
    fields: dict[str, float | str | None] = {}
    if weight is not None:
        fields["weight"] = int(weight) if weight == int(weight) else weight
    if section is not None:
        fields["section"] = section or None
    _change(home, name, fields)
    click.echo(f"Changed {name}.")


@sources.command()
@click.argument("name")
@click.pass_obj
def pause(home: Path, name: str) -> None:
    """Do not collect the source NAME until it is resumed. Its articles stay."""
    _change(home, name, {"paused": True})
    click.echo(f"Paused {name}. `digest sources resume` collects it again.")


@sources.command()
@click.argument("name")
@click.pass_obj
def resume(home: Path, name: str) -> None:
    """Collect the source NAME again."""
    _change(home, name, {"paused": False})
    click.echo(f"{name} is collected again.")


def _change(home: Path, name: str, fields: Mapping[str, Any]) -> None:
    with app_despite_faults(home) as app:
        app.source_editor.change(name, fields, command_actor(app.environment))
    note_override()


def _newsletter(opened: ExitStack, home: Path, target: str) -> App | None:
    """Open the newsletter, if there is one. Raises ConfigurationError only if `target` may be a name in it."""
    from digest.app import make_app

    if not (home / FILE_NAME).exists():
        return None
    try:
        return opened.enter_context(make_app(home))
    except ConfigurationError:
        if _is_name(target):
            raise
        return None


def _is_name(target: str) -> bool:
    """Whether this is neither a URL nor a path, so it may be the name of a source."""
    # pathlib's expanduser raises for an unknown user.
    return "://" not in target and not Path(os.path.expanduser(target)).exists()  # noqa: PTH111


def _preview(app: App | None, target: str, links: str, allow_private: bool, zone: ZoneInfo) -> SourcePreview:
    """Preview a source of digest.yaml by its name, URL or path, or any other URL or path, which needs no newsletter."""
    from datetime import datetime

    from digest.collect.collector import ALLOW_PRIVATE, preview_source
    from digest.collect.http.fetch import Fetcher
    from digest.collect.source_reader import CollectContext
    from digest.models import Source

    is_name, is_url = _is_name(target), "://" in target
    # Options describe another source than the one in the settings.
    if app and not (links or allow_private):
        for source in app.sources:
            if target == source.name if is_name else target in (source.url, source.path):
                return with_remedy(preview_configured(app, source), ALLOW_PRIVATE)
    source = Source(
        name=target,
        url=target if is_url else "",
        path="" if is_url else target,
        links=links,
        allow_private=allow_private,
    )
    now = datetime.now(zone)
    found = with_remedy(preview_source(target, CollectContext(Fetcher(), now, Path.cwd()), source=source), TRUST)
    if found.error and is_name and _HOST.match(target):
        return replace(found, error=f"{found.error} If it is a URL, start it with https://.")
    return found


def _kind(app: App, source: Source) -> str:
    """Return the kind of a source by its settings. The kind of its document is known only when it is fetched."""
    if source.links:
        return "listing"
    if source.mapping:
        return "api"
    if source.url:
        return "url"
    path = resolve_path(app.home, source.path)
    return "folder" if path.is_dir() else "file" if path.exists() else "missing"


def _health_cells(source: Source, found: SourceHealth | None, now: datetime) -> tuple[str, str, str]:
    if found is None and source.paused:
        return "", "", "paused"
    if found is None:
        return "", "", "a recorded sample" if source.replay else "not yet collected"
    problems = ["paused"] if source.paused else []
    if found.moved_to:
        problems.append(f"moved to {found.moved_to}")
    if found.not_before and now < found.not_before:
        problems.append(f"asked to wait, next try {ago(found.not_before, now)}")
    if found.failures:
        problems.append(f"failed {found.failures}×: {found.last_error}")
    return ago(found.last_good, now), ago(found.last_new, now), shorten("; ".join(problems), 100)
