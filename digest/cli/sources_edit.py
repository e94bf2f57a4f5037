"""`digest sources add`: shows what would come from a place, and makes it a source when that is what was meant."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.output import emit, json_option, note, plural
from digest.cli.trying import links_option, looked, note_override, private_option, problem_of
from digest.errors import ConfigurationError, DigestError, Fault

if TYPE_CHECKING:
    from datetime import datetime

    from digest.app import App
    from digest.collect.collector import SourcePreview
    from digest.source_list import Listed

SHOWN = 5
"""Titles that `add` shows, the newest."""

_OPTIONS = ("weight", "section", "links", "fulltext", "allow_private")
"""Keys of a new row after its name and place, in the order in which they are written."""


@click.command(short_help="Look at a URL or a path and make it a source.")
@click.argument("target")
@click.option("--name", help="As readers see it; left out: the feed's own title.")
@click.option("--section", help="The section of all its articles.")
@click.option("--weight", type=float, help="How much it counts in ranking, 0 to 10.")
@click.option("--fulltext/--no-fulltext", default=None, help="Read the pages of cut articles: all of them, or none.")
@links_option
@private_option
@click.option("--yes", is_flag=True, help="Keep it without asking.")
@click.option("--force", is_flag=True, help="Keep it though it gives an error or nothing.")
@click.option("--dry-run", is_flag=True, help="Show what would be kept, and keep nothing.")
@json_option
@click.pass_obj
def add(home: Path, /, target: str, yes: bool, force: bool, dry_run: bool, as_json: bool, **given: Any) -> int:
    """Look at TARGET, a URL or a path, show what would come, and make it a source of digest.yaml."""
    from digest import source_list
    from digest.app import make_app

    with make_app(home) as app:
        row = source_list.where(app.home, target)
        there = _there(app, row)
        if there is not None:
            return _already(there, row, as_json)
        if not (yes or dry_run or sys.stdin.isatty()):
            raise click.UsageError("it asks before it keeps a source and there is no terminal to ask; give --yes")
        options = {key: given[key] for key in _OPTIONS if given[key] not in (None, "")}
        named = given["name"] or ""
        if not options["allow_private"]:
            del options["allow_private"]
        _check(app, {"name": named or "x", **row, **options})
        found = _looked_up(app, {"name": named or target, **row, **options})
        if found.url and not given["links"]:
            row = {"url": found.url}
            there = _there(app, row)
            if there is not None:
                return _already(there, row, as_json)
        name = named or source_list.name_for(found.title, row, (one.name for one in source_list.listed(app.home)))
        whole = {"name": name, **row, **options}
        problem = problem_of(found) if not force else ""
        kept, line = False, 0
        if not as_json:
            _show(found, whole if not problem else {}, target, app.now())
        if not problem and not dry_run and (yes or _confirmed(name)):
            _check(app, whole)
            line = source_list.add(app.home, [whole], app.environment)
            kept = True
    return _told(found, whole, problem, kept=kept, line=line, dry_run=dry_run, as_json=as_json)


def _told(
    found: SourcePreview, row: Mapping[str, Any], problem: str, *, kept: bool, line: int, dry_run: bool, as_json: bool
) -> int:
    from digest.cli.json_output import found_json

    hint = f"{problem} Nothing was kept; --force keeps it all the same." if problem else ""
    if as_json:
        articles = [found_json(article) for article in _newest(found)]
        document = {
            "added": kept,
            "source": dict(row),
            "line": line,
            "dry_run": dry_run,
            "kind": found.kind,
            "warnings": list(found.warnings),
            "found": len(found.articles),
            "articles": articles,
        }
        emit({**document, "error": hint} if hint else document)
    elif hint:
        raise DigestError(f"{row.get('url') or row.get('path')}: {hint}")
    elif kept:
        click.echo(f"{row['name']} is a source (digest.yaml:{line}); `digest collect` fetches it")
    else:
        click.echo("nothing was changed")
    note_override()
    return 1 if hint else 0


def _looked_up(app: App, row: Mapping[str, Any]) -> SourcePreview:
    """Titles and dates are wanted, so no pages are read where the document itself has these."""
    from digest.models import Source

    source = Source(**{"fulltext": None if row.get("links") else False, **row})
    return looked(app, source)


def _check(app: App, row: Mapping[str, Any]) -> None:
    """Raises ConfigurationError with what is wrong with a new row, before anything is fetched or written for it."""
    from digest import source_list

    source_list.check_row(row, "sources add")
    same = next((one for one in source_list.listed(app.home) if one.name == row["name"]), None)
    if same:
        said = f"'name': expected one that no other source has, found {same.name!r}, which is that of line {same.line}"
        raise ConfigurationError([Fault("sources add", 0, said)])


def _there(app: App, row: Mapping[str, Any]) -> Listed | None:
    from digest import source_list

    place = source_list.same_place(app.home, row)
    return next((one for one in source_list.listed(app.home) if one.place == place), None)


def _already(there: Listed, row: Mapping[str, Any], as_json: bool) -> int:
    place = row.get("url") or row.get("path")
    said = f"{place} is a source already: {there.name} (digest.yaml:{there.line}); nothing was changed"
    if as_json:
        emit({"added": False, "already": {"name": there.name, "line": there.line}, "reason": said})
    else:
        click.echo(said)
    return 0


def _newest(found: SourcePreview) -> list[Any]:
    return sorted(found.articles, key=lambda article: article.published, reverse=True)[:SHOWN]


def _show(found: SourcePreview, row: Mapping[str, Any], target: str, now: datetime) -> None:
    """What would come, and as what it would be kept (`row` empty: it would not)."""
    for warning in found.warnings:
        note(f"warning: {warning}")
    if row and found.url and found.url != target:
        note(f"{target} leads to {found.url}; that is what is kept")
    if found.kind:
        click.echo(f"{found.kind}, {plural(len(found.articles), 'article', 'articles')}; the newest:")
    for article in _newest(found):
        date = f"{article.published.astimezone(now.tzinfo):%Y-%m-%d %H:%M}" if article.dated else "no date"
        click.echo(f"  {date:16}  {article.title}")
    if row:
        click.echo("as a source: " + ", ".join(f"{key}: {value}" for key, value in row.items()))


def _confirmed(name: str) -> bool:
    return click.confirm(f"Keep {name!r} as a source?", default=True, err=True)
