"""What `digest check` says of sources, each beside its place in digest.yaml: by past collections, or by asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from digest.errors import DigestError, Fault
from digest.files import placed
from digest.settings_file import FILE_NAME

if TYPE_CHECKING:
    from datetime import datetime

    from digest.app import App
    from digest.cli.checking import Findings
    from digest.models import Source, SourceHealth

AT_ONCE = 16
"""Sources that are asked at the same time."""


def check_sources(app: App, findings: Findings, *, online: bool) -> None:
    """Notes what is wrong with each source. A path that is missing is a fault; a source that does badly, or is down
    today, is a warning: no reason not to send tomorrow."""
    from concurrent.futures import ThreadPoolExecutor
    from contextlib import suppress

    from digest.cli.sources import health

    if not app.sources:
        findings.faults.append(Fault(FILE_NAME, 0, "'sources' lists none; add one to collect from"))
        return
    known: dict[str, SourceHealth] = {}
    with suppress(DigestError):  # a store that can't be read is told by its own check
        known = health(app)
    _ = app.fetcher  # made before threads ask for it
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="check") as pool:
        looks = list(pool.map(lambda source: _looked(app, source, known.get(source.name), online=online), app.sources))
    lines = _lines(app)
    for source, said in zip(app.sources, looks, strict=True):
        line = lines.get(source.name, 0)
        if source.path and not placed(app.home, source.path).exists():
            missing = f"source {source.name}: there is no file or folder {source.path}"
            findings.faults.append(Fault(FILE_NAME, line, missing))
            continue
        findings.warnings += [str(Fault(FILE_NAME, line, f"source {source.name}: {sentence}")) for sentence in said]


def _looked(app: App, source: Source, known: SourceHealth | None, *, online: bool) -> list[str]:
    """What is wrong with one source: what a look at it shows, and how it has been doing."""
    from dataclasses import replace

    from digest.cli.trying import looked, problem_of
    from digest.collect.health import format_time

    now = app.now()
    said = _known(known, now) if known else []
    if source.path and not placed(app.home, source.path).exists():
        return said
    if source.url and not online:
        return said
    if source.url and known and known.not_before and now < known.not_before:
        return [*said, f"asked us to wait until {format_time(known.not_before, now)}"]
    found = looked(app, replace(source, fulltext=False))
    problem = problem_of(found)
    if problem:
        return [*said, problem]
    if found.url and found.url != source.url and not (known and known.moved_to):
        return [*said, f"leads to {found.url}; put that in its url"]
    return said


def _known(health: SourceHealth, now: datetime) -> list[str]:
    """What past collections tell against a source."""
    from digest.collect.health import health_warnings

    said = [f"{worry}: {health.last_error}" if health.last_error else worry for worry in health_warnings(health, now)]
    moved = [f"it has permanently moved to {health.moved_to}; change its url"] if health.moved_to else []
    return moved + said


def _lines(app: App) -> dict[str, int]:
    """Name → line in digest.yaml; nothing where the environment gives the sources."""
    from digest import source_list

    if source_list.overridden(app.environment):
        return {}
    return {row.name: row.line for row in source_list.listed(app.home)}
