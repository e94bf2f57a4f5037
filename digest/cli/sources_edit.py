"""`digest sources add`: preview a URL or a path, and add it as a source."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.actor import command_actor
from digest.cli.output import emit, json_option, note, plural
from digest.errors import DigestError
from digest.utils.redact import redact

if TYPE_CHECKING:
    from datetime import datetime

    from digest.app import App
    from digest.collect.collector import SourcePreview
    from digest.config.source_list import SourceRow
    from digest.models import Source

# Advice about a private address for the command line.
TRUST = "If you trust it, run the command again with `--allow-private`."
# Titles that `add` shows.
_MAX_TITLES = 5
# Keys of a new row after its name and address, in the order in which they are written.
_OPTIONS = ("weight", "section", "links", "fulltext", "allow_private")

links_option = click.option("--links", metavar="SELECTOR", help="For a listing page: the CSS selector of its links.")
private_option = click.option("--allow-private", is_flag=True, help="Also fetch from private and local addresses.")


@click.command(short_help="Preview a URL or a path, and add it as a source.")
@click.argument("target")
@click.option("--name", help="The name that subscribers see (default: the feed's title).")
@click.option("--section", help="The section of all its articles.")
@click.option("--weight", type=float, help="Its weight in the ranking, 0 to 10.")
@click.option(
    "--fulltext/--no-fulltext",
    default=None,
    help="Fetch the pages of shortened articles: all, or none (default: those in an edition).",
)
@links_option
@private_option
@click.option("--yes", is_flag=True, help="Add it without asking.")
@click.option("--force", is_flag=True, help="Add it even if it gives an error or no articles.")
@click.option("--dry-run", is_flag=True, help="Show what would be added, and change nothing.")
@json_option
@click.pass_obj
def add(home: Path, /, target: str, yes: bool, force: bool, dry_run: bool, as_json: bool, **given: Any) -> int:
    """Preview TARGET, a URL or a path, and add it to the sources of digest.yaml."""
    from digest.app import make_app
    from digest.config import source_list
    from digest.usecases.edit_sources import problem_of

    with make_app(home) as app:
        editor, place = app.source_editor, source_list.parse_target(app.home, target)
        same = editor.same(place)
        if same is not None:
            return _report_duplicate(same, place, as_json)
        if not (yes or dry_run or sys.stdin.isatty()):
            raise click.UsageError("adding asks for confirmation, and there is no terminal: use --yes")
        options = {key: given[key] for key in _OPTIONS if given[key] not in (None, "")}
        if not options["allow_private"]:
            del options["allow_private"]
        plan = editor.plan(place, options, name=given["name"] or "")
        if plan.same is not None:
            return _report_duplicate(plan.same, plan.row, as_json)
        whole, found = plan.row, with_remedy(plan.found, TRUST)
        problem = problem_of(found) if not force else None
        added, line = False, 0
        if not as_json:
            _show(found, whole if not problem else {}, target, app.now())
        if not problem and not dry_run and (yes or _confirmed(whole["name"])):
            line = editor.add(whole, command_actor(app.environment))
            added = True
    return _report(found, _Addition(whole, problem, added=added, line=line, dry_run=dry_run), as_json=as_json)


def preview_configured(app: App, source: Source) -> SourcePreview:
    """Preview a source with the newsletter's own fetcher and keys."""
    from digest.collect.collector import preview_source

    return preview_source(source.url or source.path, app.collect_context(), source=source)


def with_remedy(found: SourcePreview, remedy: str) -> SourcePreview:
    """Add the advice to an error about a private address."""
    return replace(found, error=f"{found.error} {remedy}") if found.private else found


def warnings_of(found: SourcePreview) -> list[str]:
    return [*found.warnings, *([found.unusable] if found.unusable else [])]


def note_override() -> None:
    """Warn if the environment gives the sources, so that an edit of the file has no effect."""
    from digest.config import source_list

    if source_list.environment_overrides(os.environ):
        note("DIGEST_SOURCES is set and overrides the list in digest.yaml.")


@dataclass(frozen=True)
class _Addition:
    row: Mapping[str, Any]
    # Why it was not added.
    problem: str | None
    added: bool
    # Line of the new row in digest.yaml.
    line: int
    dry_run: bool


def _report(found: SourcePreview, addition: _Addition, *, as_json: bool) -> int:
    from digest.cli.json_output import found_json

    row = addition.row
    force = "" if found.private else "; --force adds it anyway"
    error = f"{addition.problem} Nothing was added{force}." if addition.problem else None
    if as_json:
        articles = [found_json(article) for article in _newest(found)]
        document = {
            "added": addition.added,
            "source": dict(row),
            "line": addition.line,
            "dry_run": addition.dry_run,
            "kind": found.kind or "",
            "warnings": warnings_of(found),
            "found": len(found.articles),
            "articles": articles,
        }
        emit({**document, "error": error} if error else document)
    elif error:
        address = str(row.get("url") or row.get("path"))
        raise DigestError(error if address in error else f"{address}: {error}")
    elif addition.added:
        click.echo(f"Added {row['name']} (digest.yaml:{addition.line}). `digest collect` fetches it.")
    else:
        click.echo("Nothing was changed.")
    note_override()
    return 1 if error else 0


def _report_duplicate(same: SourceRow, row: Mapping[str, Any], as_json: bool) -> int:
    address = row.get("url") or row.get("path")
    message = f"{address} is already a source: {same.name} (digest.yaml:{same.line}). Nothing was changed."
    if as_json:
        emit({"added": False, "already": {"name": same.name, "line": same.line}, "reason": message})
    else:
        click.echo(redact(message))
    return 0


def _newest(found: SourcePreview) -> list[Any]:
    return sorted(found.articles, key=lambda article: article.published, reverse=True)[:_MAX_TITLES]


def _show(found: SourcePreview, row: Mapping[str, Any], target: str, now: datetime) -> None:
    """Print the newest titles, and the row that would be added unless it is empty."""
    for warning in warnings_of(found):
        note(f"warning: {warning}")
    if row and found.url and found.url != target:
        note(f"{target} leads to {found.url}, which is added instead.")
    if found.kind:
        newest = "; the newest:" if found.articles else ""
        click.echo(f"{found.kind}, {plural(len(found.articles), 'article')}{newest}")
    for article in _newest(found):
        date = f"{article.published.astimezone(now.tzinfo):%Y-%m-%d %H:%M}" if article.dated else "no date"
        click.echo(f"  {date:16}  {article.title}")
    if row:
        shown = (f"{key}: {str(value).lower() if isinstance(value, bool) else value}" for key, value in row.items())
        click.echo(redact("as a source: " + ", ".join(shown)))


def _confirmed(name: str) -> bool:
    return click.confirm(f"Add {name!r} as a source?", default=True, err=True)
