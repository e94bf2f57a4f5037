"""`digest collect`: fetch all sources and show the result of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from digest.cli.opening import pass_app
from digest.cli.output import emit, json_option, note, plural, shorten, table
from digest.cli.progress import calls, progress
from digest.errors import ConfigurationError

if TYPE_CHECKING:
    from digest.app import App
    from digest.collect.collector import SourceReport


@click.command()
@json_option
@pass_app
def collect(app: App, as_json: bool) -> int:
    """Fetch all sources and show the result of each."""
    from digest import pipeline
    from digest.cli.json_output import collect_json
    from digest.config import source_list
    from digest.newsletter.checks import source_lines

    if not app.sources:
        raise ConfigurationError([source_list.no_sources(app.home, app.environment)])
    lines = source_lines(app)
    with progress() as job:
        done = calls(job("collected"), len(app.sources))

        def show(source: SourceReport) -> None:
            line = f" (digest.yaml:{lines[source.name]})" if source.error and source.name in lines else ""
            result = source.error or f"{source.fetched} fetched, {source.new} new"
            note(f"{source.name}{line}: {result}")
            done(source)

        report = pipeline.collect(app, progress=show)
    if as_json:
        emit(collect_json(report))
    else:
        click.echo(sources_table(report.sources))
        click.echo(plural(report.articles, "article"))
        for source in report.sources:
            for warning in source.warnings:
                note(f"{source.name}: {warning}")
    return 1 if report.sources and all(source.error for source in report.sources) else 0


def sources_table(reports: tuple[SourceReport, ...]) -> str:
    """Format the results of the sources as a table."""
    headers = ("source", "kind", "fetched", "new", "updated", "lost", "seconds", "problem")
    rows = [
        (
            r.name,
            r.kind,
            r.fetched,
            r.new,
            r.updated,
            r.lost,
            f"{r.seconds:.2f}",
            shorten(_problem(r), 60),
        )
        for r in reports
    ]
    return table(headers, rows)


def _problem(report: SourceReport) -> str:
    if report.error:
        return report.error
    return plural(len(report.warnings), "warning") if report.warnings else ""
