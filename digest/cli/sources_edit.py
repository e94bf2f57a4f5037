"""`digest sources add`, `import` and `export`: add sources one by one, and exchange feed lists with other programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.opening import command_actor, pass_app
from digest.cli.output import answer, emit, json_option, note, plural, shorten, table
from digest.errors import ConfigurationError, DigestError
from digest.messages import joined
from digest.utils.redact import redact

if TYPE_CHECKING:
    from datetime import datetime

    from digest.app import App
    from digest.collect.collector import SourcePreview
    from digest.collect.feeds.opml import FeedList
    from digest.config.source_list import ImportPlan, SourceRow
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
@pass_app
def add(app: App, /, target: str, yes: bool, force: bool, dry_run: bool, as_json: bool, **given: Any) -> int:
    """Preview TARGET, a URL or a path, and add it to the sources of digest.yaml."""
    from digest.config import source_list
    from digest.usecases.edit_sources import problem_of

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
    return replace(found, error=joined(" ", found.error or "", remedy)) if found.private else found


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
    row = addition.row
    force = "" if found.private else "; --force adds it anyway"
    error = f"{addition.problem} Nothing was added{force}." if addition.problem else None
    if as_json:
        articles = [
            {"title": each.title, "published": each.published.isoformat(), "url": each.url or ""}
            for each in _newest(found)
        ]
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
    answer(
        {"added": False, "already": {"name": same.name, "line": same.line}, "reason": message},
        redact(message),
        as_json=as_json,
    )
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


# Feeds that `--check` fetches at the same time.
_MAX_PARALLEL = 16


@click.command("import", short_help="Add the feeds of FILE: OPML, or one URL per line.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Fetch each feed first, and skip those that give no articles.")
@click.option(
    "--section-from-folder/--no-section-from-folder",
    "by_folder",
    default=True,
    help="A folder named like a section sets the section of its feeds (default).",
)
@click.option("--allow-private", is_flag=True, help="Also fetch from private and local addresses.")
@click.option("--dry-run", is_flag=True, help="Show what would be added, and change nothing.")
@json_option
@pass_app
def import_(
    app: App, file: Path, check: bool, by_folder: bool, allow_private: bool, dry_run: bool, as_json: bool
) -> int:
    """Add the feeds of FILE, OPML or one URL per line, to digest.yaml in one edit."""
    from digest.config import source_list

    listed = _read(file)
    plan = source_list.plan_import(app.home, listed.outlines, sections=app.topics, by_folder=by_folder)
    rows = [{**row, "allow_private": True} if allow_private else row for row in plan.rows]
    silent: dict[str, str] = {}
    if check:
        rows, silent = _check_rows(app, rows, plan.untitled)
    if rows and not dry_run:
        source_list.add(app.home, rows, app.environment)
    if as_json:
        emit(_import_document(listed, plan, rows, silent, dry_run=dry_run))
    else:
        _show_import(file.name, listed, plan, rows, silent, dry_run=dry_run)
    note_override()
    return 1 if (listed.rejected or silent) and not (rows or plan.skipped) else 0


@click.command(short_help="Write the feeds of digest.yaml as OPML.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@pass_app
def export(app: App, file: Path | None) -> None:
    """Write the feeds of digest.yaml as OPML, to FILE or to stdout. Sections become folders."""
    from digest.collect.feeds.opml import Outline, write_opml
    from digest.utils.files import replace_file

    feeds = [source for source in app.sources if source.url and not (source.links or source.mapping)]
    left = len(app.sources) - len(feeds)
    outlines = [Outline(feed.url, feed.name, (feed.section,) if feed.section else ()) for feed in feeds]
    data = write_opml(app.settings.newsletter.name, outlines)
    if file is None:
        click.echo(data.decode(), nl=False)
    else:
        replace_file(file, data)
        click.echo(f"{plural(len(feeds), 'feed')} in {file}")
    if left:
        skipped = plural(left, "source is", "sources are")
        note(f"{skipped} not included: OPML holds only feeds by URL, not paths, listings or APIs.")


def _read(file: Path) -> FeedList:
    """Read a feed list. Raises ConfigurationError, with the line, for a file that is not one."""
    from digest.collect.feeds.opml import read_feed_list

    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigurationError.at(str(file), f"cannot be read: {error.strerror}") from None
    listed = read_feed_list(data)
    if listed.error:
        raise ConfigurationError.at(file.name, listed.error, line=listed.line)
    return listed


def _check_rows(
    app: App, rows: list[dict[str, Any]], untitled: frozenset[str]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Fetch all rows, in threads. Returns the rows to add, and the reason for each URL that is skipped.

    A row whose page names its feed, or whose feed has moved permanently, gets that address. The rows of the URLs in
    `untitled` get the title of their feed as name.
    """
    from concurrent.futures import ThreadPoolExecutor

    from digest.config import source_list
    from digest.models import FulltextMode, Source
    from digest.usecases.edit_sources import problem_of

    # Built here, before several threads ask for it.
    _ = app.fetcher
    with ThreadPoolExecutor(max_workers=_MAX_PARALLEL, thread_name_prefix="check") as pool:
        previews = list(
            pool.map(lambda row: preview_configured(app, Source(**{**row, "fulltext": FulltextMode.NEVER})), rows)
        )
    listed = source_list.list_sources(app.home)
    places = {one.place for one in listed}
    names = {one.name for one in listed} | {row["name"] for row in rows if row["url"] not in untitled}
    kept: list[dict[str, Any]] = []
    silent: dict[str, str] = {}
    for row, found in zip(rows, previews, strict=True):
        leads = {"url": found.url or row["url"]}
        place = source_list.place_key(app.home, leads)
        if problem := problem_of(with_remedy(found, TRUST)):
            silent[row["url"]] = problem
        elif place in places:
            silent[row["url"]] = f"It leads to {leads['url']}, which is already a source."
        else:
            places.add(place)
            if row["url"] in untitled:
                row = {**row, "name": source_list.name_for(found.title, leads, names)}
                names.add(row["name"])
            kept.append({**row, **leads})
    return kept, silent


def _import_document(
    listed: FeedList, plan: ImportPlan, rows: list[dict[str, Any]], silent: dict[str, str], *, dry_run: bool
) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "kind": listed.kind,
        "dry_run": dry_run,
        "added": rows,
        "skipped": [asdict(one) for one in plan.skipped],
        "rejected": [asdict(one) for one in listed.rejected],
        "left_out": [{"url": url, "why": why} for url, why in silent.items()],
        "folders_ignored": dict(plan.ignored),
        "warnings": list(listed.warnings),
    }


def _show_import(
    file: str, listed: FeedList, plan: ImportPlan, rows: list[dict[str, Any]], silent: dict[str, str], *, dry_run: bool
) -> None:
    for warning in listed.warnings:
        note(f"{file}: warning: {warning}")
    for bad in listed.rejected:
        note(f"{file}:{bad.line}: rejected: {shorten(bad.found, 80) or 'an entry without a name'} {bad.why}")
    for one in plan.skipped:
        note(f"skipped: {one.url} {one.why}: {one.name}")
    for url, why in silent.items():
        note(f"skipped: {url}: {why}")
    for folder, count in plan.ignored.items():
        note(f"folder {folder!r} is not a section: {plural(count, 'feed has', 'feeds have')} no section")
    if rows:
        click.echo(table(("name", "url", "section"), [(r["name"], r["url"], r.get("section", "")) for r in rows]))
    counts = f"{len(plan.skipped)} already listed, {len(listed.rejected)} rejected"
    left = f", {len(silent)} without articles" if silent else ""
    done = "would be added" if dry_run else "added"
    click.echo(f"{plural(len(rows), 'source')} {done}, {counts}{left}")
