"""`digest sources import` and `export`: exchange feed lists with other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.output import emit, json_option, note, plural, shorten
from digest.cli.tables import table
from digest.errors import ConfigProblem, ConfigurationError

if TYPE_CHECKING:
    from digest.app import App
    from digest.collect.feeds.opml import FeedList
    from digest.config.source_list import ImportPlan

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
@click.pass_obj
def import_(
    home: Path, file: Path, check: bool, by_folder: bool, allow_private: bool, dry_run: bool, as_json: bool
) -> int:
    """Add the feeds of FILE, OPML or one URL per line, to digest.yaml in one edit."""
    from digest.app import make_app
    from digest.cli.sources_edit import note_override
    from digest.config import source_list

    with make_app(home) as app:
        listed = _read(file)
        plan = source_list.plan_import(app.home, listed.outlines, sections=app.topics, by_folder=by_folder)
        rows = [{**row, "allow_private": True} if allow_private else row for row in plan.rows]
        silent: dict[str, str] = {}
        if check:
            rows, silent = _checked(app, rows, plan.untitled)
        if rows and not dry_run:
            source_list.add(app.home, rows, app.environment)
    if as_json:
        emit(_document(listed, plan, rows, silent, dry_run=dry_run))
    else:
        _show(file.name, listed, plan, rows, silent, dry_run=dry_run)
    note_override()
    return 1 if (listed.rejected or silent) and not (rows or plan.skipped) else 0


@click.command(short_help="Write the feeds of digest.yaml as OPML.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def export(home: Path, file: Path | None) -> None:
    """Write the feeds of digest.yaml as OPML, to FILE or to stdout. Sections become folders."""
    from digest.app import make_app
    from digest.collect.feeds.opml import Outline, write_opml
    from digest.utils.files import replace_file

    with make_app(home) as app:
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
        raise ConfigurationError([ConfigProblem(str(file), 0, f"cannot be read: {error.strerror}")]) from None
    listed = read_feed_list(data)
    if listed.error:
        raise ConfigurationError([ConfigProblem(file.name, listed.line, listed.error)])
    return listed


def _checked(
    app: App, rows: list[dict[str, Any]], untitled: frozenset[str]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Fetch all rows, in threads. Returns the rows to add, and the reason for each URL that is skipped.

    A row whose page names its feed, or whose feed has moved permanently, gets that address. The rows of the URLs in
    `untitled` get the title of their feed as name.
    """
    from concurrent.futures import ThreadPoolExecutor

    from digest.cli.sources_edit import TRUST, preview_configured, with_remedy
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


def _document(
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


def _show(
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
