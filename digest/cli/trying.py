"""`digest sources test`: what would be taken from a place; and how the commands beside it look at places."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.output import emit, json_option, note, plural

if TYPE_CHECKING:
    from digest.app import App
    from digest.collect.collector import SourcePreview
    from digest.models import Source

_HOST = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,5}(?:[/:].*)?\Z", re.I)

links_option = click.option("--links", metavar="SELECTOR", help="A listing page: the CSS selector of its links.")
private_option = click.option("--allow-private", is_flag=True, help="Also fetch from private and local addresses.")


@click.command(short_help="Show what would be taken from a URL or a path.")
@click.argument("target")
@links_option
@private_option
@json_option
@click.pass_obj
def test(home: Path, target: str, links: str | None, allow_private: bool, as_json: bool) -> int:
    """Show what would be taken from TARGET: a URL, a path, or a source's name. Stores nothing."""
    from digest.cli.json_output import article_json
    from digest.curate.summarise import summarise

    found = _tested(home, target, links or "", allow_private)
    if as_json:
        articles = [article_json(article, summarise(article)) for article in found.articles]
        document = {"kind": found.kind, "warnings": list(found.warnings), "articles": articles}
        emit({**document, "error": found.error} if found.error else document)
        return 1 if found.error else 0
    if found.error:
        note(f"{target}: {found.error}")
    for warning in found.warnings:
        note(f"warning: {warning}")
    if found.kind:
        click.echo(f"{found.kind}, {plural(len(found.articles), 'article', 'articles')}")
    for article in found.articles:
        click.echo(f"\n{article.title}")
        undated = "" if article.dated else " (no date of its own)"
        click.echo(f"  {article.published:%Y-%m-%d %H:%M %z}{undated}  {article.url}")
        summary = summarise(article)
        if summary:
            click.echo(f"  {summary}")
        for warning in article.warnings:
            note(f"  warning: {warning}")
    return 1 if found.error else 0


def _tested(home: Path, target: str, links: str, allow_private: bool) -> SourcePreview:
    """A source by its name as digest.yaml has it; anything else as a place, for which no newsletter is needed."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from digest.app import make_app
    from digest.collect.collector import preview_source
    from digest.collect.fetch import Fetcher
    from digest.collect.reading import CollectContext
    from digest.models import Source
    from digest.settings_file import FILE_NAME

    web = "://" in target
    there = Path(os.path.expanduser(target)).exists()  # noqa: PTH111  pathlib's raises where there is no such user
    if not web and not there and (home / FILE_NAME).exists():
        with make_app(home) as app:
            for source in app.sources:
                if source.name == target:
                    return looked(app, source)
    source = Source(
        name=target, url=target if web else "", path="" if web else target, links=links, allow_private=allow_private
    )
    now = datetime.now(ZoneInfo("Asia/Kolkata"))
    found = preview_source(target, CollectContext(Fetcher(), now, Path.cwd()), source=source)
    if found.error and not web and not there and _HOST.match(target):
        return replace(found, error=f"{found.error} If it is a URL, begin it with https://.")
    return found


def looked(app: App, source: Source) -> SourcePreview:
    """What a source would give, with the newsletter's own fetcher and keys."""
    from digest.collect.collector import preview_source

    return preview_source(source.url or source.path, app.collect_context(), source=source)


def problem_of(found: SourcePreview) -> str:
    """Why a place is no source; '' when it gives articles."""
    if found.error:
        return found.error
    return "" if found.articles else "It holds no articles."


def note_override() -> None:
    """Says so where an edit of the file changes nothing, as the environment gives the sources."""
    from digest import source_list

    if source_list.overridden(os.environ):
        note("DIGEST_SOURCES is set and gives the sources: the list in digest.yaml is not used")
