"""`digest collect` and `digest sources`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.output import emit, json_option, note, plural, shortened, table
from digest.errors import ConfigurationError, Fault

if TYPE_CHECKING:
    from digest.collect.collector import SourceReport


@click.command()
@json_option
@click.pass_obj
def collect(home: Path, as_json: bool) -> int:
    """Fetch all sources and show what each gave."""
    from digest import pipeline
    from digest.app import make_app
    from digest.cli.shapes import collect_json

    with make_app(home) as app:
        if not app.sources:
            raise ConfigurationError([Fault("digest.yaml", 0, "'sources' lists none; add one to collect from")])
        report = pipeline.collect(app, progress=lambda source: note(f"{source.name}: {_word(source)}"))
    if as_json:
        emit(collect_json(report))
    else:
        click.echo(sources_table(report.sources))
        click.echo(f"{report.articles} articles")
        for source in report.sources:
            for warning in source.warnings:
                note(f"{source.name}: {warning}")
    return 1 if report.sources and all(source.error for source in report.sources) else 0


def sources_table(reports: tuple[SourceReport, ...]) -> str:
    """What each source gave."""
    headers = ("source", "kind", "fetched", "new", "updated", "lost", "seconds", "said")
    rows = [
        (r.name, r.kind, r.fetched, r.new, r.updated, r.lost, f"{r.seconds:.2f}", shortened(r.error or _warned(r), 60))
        for r in reports
    ]
    return table(headers, rows)


def _warned(report: SourceReport) -> str:
    return plural(len(report.warnings), "warning", "warnings") if report.warnings else ""


def _word(report: SourceReport) -> str:
    return report.error or f"{report.fetched} fetched, {report.new} new"


@click.group()
def sources() -> None:
    """List the sources, or test what would be taken from a feed, page or file."""


@sources.command("list")
@json_option
@click.pass_obj
def list_(home: Path, as_json: bool) -> None:
    """The sources of digest.yaml."""
    from dataclasses import asdict

    from digest.app import make_app

    with make_app(home) as app:
        if as_json:
            emit({"sources": [asdict(source) for source in app.sources]})
            return
        headers = ("name", "from", "weight", "section")
        click.echo(table(headers, [(s.name, s.url or s.path, s.weight, s.section) for s in app.sources]))


@sources.command()
@click.argument("target")
@click.option("--allow-private", is_flag=True, help="Also fetch from private and local addresses.")
@json_option
def test(target: str, allow_private: bool, as_json: bool) -> int:
    """Show what would be taken from TARGET, a URL or a path. Stores nothing."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from digest.cli.shapes import article_json
    from digest.collect.collector import look
    from digest.collect.fetch import Fetcher
    from digest.curate.summarise import summarise
    from digest.models import Source

    web = target.startswith(("http://", "https://"))
    source = Source(name=target, url=target if web else "", path="" if web else target, allow_private=allow_private)
    now = datetime.now(ZoneInfo("Asia/Kolkata"))
    found = look(target, fetcher=Fetcher(), now=now, home=Path.cwd(), source=source)
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
        click.echo(f"{found.kind}, {len(found.articles)} articles")
    for article in found.articles:
        click.echo(f"\n{article.title}")
        click.echo(
            f"  {article.published:%Y-%m-%d %H:%M %z}{'' if article.dated else ' (no date of its own)'}  {article.url}"
        )
        summary = summarise(article)
        if summary:
            click.echo(f"  {summary}")
        for warning in article.warnings:
            note(f"  warning: {warning}")
    return 1 if found.error else 0
