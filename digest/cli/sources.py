"""`digest sources`: the list of sources and how each has been doing; test, add, import and export stand beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.feedlists import export, import_
from digest.cli.output import ago, emit, json_option, shortened, table
from digest.cli.sources_edit import add
from digest.cli.trying import note_override, test
from digest.errors import ConfigurationError, Fault
from digest.files import placed

if TYPE_CHECKING:
    from datetime import datetime

    from digest.app import App
    from digest.models import Source, SourceHealth


@click.group()
def sources() -> None:
    """List the sources, try one, and change the list; edits keep the comments and the order of digest.yaml."""


sources.add_command(test)
sources.add_command(add)
sources.add_command(import_)
sources.add_command(export)


@sources.command("list")
@json_option
@click.pass_obj
def list_(home: Path, as_json: bool) -> None:
    """The sources of digest.yaml, and how each has been doing."""
    from digest.app import make_app
    from digest.cli.json_output import source_json

    with make_app(home) as app:
        found, now = health(app), app.now()
        if as_json:
            emit({"sources": [source_json(source, found.get(source.name)) for source in app.sources]})
            return
        headers = ("name", "kind", "from", "weight", "section", "last good", "last new", "said")
        rows = [
            (s.name, _kind(app, s), s.url or s.path, s.weight, s.section, *_health(s, found.get(s.name), now))
            for s in app.sources
        ]
        click.echo(table(headers, rows))


@sources.command()
@click.argument("name")
@click.pass_obj
def remove(home: Path, name: str) -> None:
    """Take the source NAME out of digest.yaml."""
    import os

    from digest import source_list

    if not source_list.remove(home, name, os.environ):
        import difflib

        close = difflib.get_close_matches(name, [row.name for row in source_list.listed(home)], n=1, cutoff=0.5)
        hint = f"; did you mean {close[0]!r}?" if close else "; `digest sources list` shows the names"
        raise ConfigurationError([Fault("digest.yaml", 0, f"there is no source {name!r}{hint}")])
    click.echo(f"{name} is no source any more; what it gave before stays in the store")
    note_override()


def health(app: App) -> dict[str, SourceHealth]:
    """Name → how it has been doing, of the sources that were collected at their present address."""
    kept = app.articles.health()
    places = {source.name: source.url or source.path for source in app.sources}
    return {name: kept[name] for name, place in places.items() if name in kept and kept[name].url == place}


def _kind(app: App, source: Source) -> str:
    """What kind of place it names; what the document there is, only a look tells."""
    if source.links:
        return "listing"
    if source.mapping:
        return "api"
    if source.url:
        return "url"
    place = placed(app.home, source.path)
    return "folder" if place.is_dir() else "file" if place.exists() else "missing"


def _health(source: Source, found: SourceHealth | None, now: datetime) -> tuple[str, str, str]:
    if found is None:
        return "", "", "a recorded sample" if source.replay else "not yet collected"
    said = []
    if found.moved_to:
        said.append(f"moved to {found.moved_to}")
    if found.not_before and now < found.not_before:
        said.append(f"asks to be left alone, again {ago(found.not_before, now)}")
    if found.failures:
        said.append(f"failed {found.failures}×: {found.last_error}")
    return ago(found.last_good, now), ago(found.last_new, now), shortened("; ".join(said), 100)
