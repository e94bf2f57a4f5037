"""`digest status --watch`: a live page of the day in the terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from digest.cli.output import COLOURS, WORKER_HEADERS, ago, on_terminal, printable, worker_cells
from digest.cli.signals import stopped_by_signals
from digest.errors import DigestError, StoreError
from digest.models import ENDED_STATES, EditionState, Source, SourceHealth
from digest.utils.rates import Rates
from digest.utils.redact import redact
from digest.utils.text import duration

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from digest.app import App
    from digest.store.sending.status import Counts
    from digest.store.workers import Worker

# Seconds between reads of the store.
_REFRESH = 2.0
# The most rows of each table.
_STEPS, _EDITIONS, _SOURCES = 5, 5, 8


@dataclass(frozen=True, slots=True)
class EditionLine:
    key: str
    state: str
    subject: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source with its problem, or '' if it has none."""

    name: str
    problem: str
    last_good: datetime | None


@dataclass(frozen=True, slots=True)
class DayStatus:
    """The data of the page. `now` is in the newsletter's zone."""

    newsletter: str
    now: datetime
    # The next steps, with their times.
    steps: Sequence[tuple[datetime, str]]
    # Newest first.
    editions: Sequence[EditionLine]
    # Those with problems first.
    sources: Sequence[SourceLine]
    # Why nothing may be sent from the store; '' if sending is possible.
    problem: str
    # Edition that is being sent → recipients settled per second.
    rates: Mapping[str, float]
    workers: Sequence[Worker] = ()


def watch(app: App) -> None:
    """Show the page until Ctrl-C. Raises DigestError without a terminal."""
    if not on_terminal(sys.stdout):
        raise DigestError("`--watch` needs a terminal. `digest status --json` is for programs.")
    from rich.console import Console
    from rich.live import Live

    rates = Rates()
    day = read_day(app, rates)
    console = Console(no_color=True if os.environ.get("NO_COLOR") else None, highlight=False)
    with stopped_by_signals() as stop, Live(page(day), console=console, screen=True, auto_refresh=False) as live:
        while not stop.wait(_REFRESH):
            try:
                day = read_day(app, rates)
            except StoreError as error:
                # It may come back.
                day = replace(day, now=app.now(), problem=str(error))
            live.update(page(day), refresh=True)


def read_day(app: App, rates: Rates) -> DayStatus:
    """Read the data of the page. Raises StoreError."""
    from digest.collect.health import FAILING

    now = app.now()
    editions = [
        EditionLine(each.key, each.state, each.subject or each.reason, app.status_reader.counts(each.key, now))
        for each in app.editions.all(limit=_EDITIONS)
    ]
    health = app.articles.health_of(app.sources)
    sources = [_source(source, health.get(source.name), FAILING) for source in app.sources]
    return DayStatus(
        newsletter=app.settings.newsletter.name,
        now=now,
        steps=_steps(app, now),
        editions=editions,
        sources=sorted(sources, key=lambda source: not source.problem),
        problem=app.high_water.problem() or "",
        rates={
            line.key: rates.add(line.key, settled(line.counts), time.monotonic())
            for line in editions
            if line.state == EditionState.SENDING
        },
        workers=app.workers.all(),
    )


def _source(source: Source, health: SourceHealth | None, failing: int) -> SourceLine:
    if health is None:
        # A recorded sample has no health.
        return SourceLine(source.name, "" if source.replay else "not collected yet", None)
    times = f"failed {health.failures} times in a row" if health.failures >= failing else "failed"
    return SourceLine(source.name, f"{times}: {health.last_error}" if health.failures else "", health.last_good)


def _steps(app: App, now: datetime) -> list[tuple[datetime, str]]:
    """Return the next steps of the schedule, and all approved special editions, soonest first."""
    from digest.usecases.special import approved_specials

    found: list[tuple[datetime, str]] = []
    open_ = (planned for planned in app.calendar.upcoming(now) if not _has_ended(app, planned.key))
    for planned in islice(open_, _STEPS):
        moments = {"compose": planned.compose_at, "approve": planned.approve_by, "send": planned.send_at}
        found += [
            (at.astimezone(now.tzinfo), f"{what} {planned.key}") for what, at in moments.items() if at and at > now
        ]
    specials = [(at.astimezone(now.tzinfo), f"send {each.key}") for each, at in approved_specials(app.editions)]
    return sorted([*sorted(found)[:_STEPS], *specials])


def _has_ended(app: App, key: str) -> bool:
    edition = app.editions.get(key)
    return edition is not None and edition.state in ENDED_STATES


def settled(counts: Counts) -> int:
    """Count the recipients who need no more sending."""
    return counts.frozen - counts.pending


def page(day: DayStatus) -> RenderableType:
    """Format the page for the terminal."""
    from rich.console import Group
    from rich.text import Text

    title = Text(printable(day.newsletter), style="bold")
    title.append(f"   {day.now:%a %Y-%m-%d %H:%M:%S %Z}", style="default")
    parts: list[RenderableType] = [title]
    if day.problem:
        parts.append(Text(printable(redact(day.problem)), style="red"))
    for line in day.editions:
        if line.state == EditionState.SENDING:
            parts += [Text(), _sending(line, day.rates.get(line.key, 0.0))]
    # The last parts do not fit on a small terminal.
    if day.workers:
        parts += [Text(), _workers(day)]
    parts += [Text(), _next(day), Text(), _last(day), Text(), _sources(day)]
    parts.append(Text("Ctrl-C ends.", style="dim"))
    return Group(*parts)


def _sending(line: EditionLine, rate: float) -> Table:
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    counts = line.counts
    words = f"{settled(counts):,} of {counts.frozen:,}"
    if rate:
        words += f"  {rate:,.0f}/s"
        words += f"  {duration(counts.pending / rate)} left" if counts.pending else ""
    if counts.unknown and not counts.pending:
        words += f"  {counts.unknown:,} unknown: digest reconcile {line.key}"
    grid = Table.grid(padding=(0, 2))
    grid.add_row(f"Sending {line.key}", ProgressBar(counts.frozen or 1, settled(counts), width=30), words)
    return grid


def _next(day: DayStatus) -> Table:
    table = _table("next", "", "in")
    for at, what in day.steps:
        day_and_time = f"{at:%H:%M}" if at.date() == day.now.date() else f"{at:%a %d %b %H:%M}"
        table.add_row(day_and_time, what, ago(at, day.now))
    if not day.steps:
        table.add_row("", "nothing is planned", "")
    return table


def _last(day: DayStatus) -> Table:
    from rich.text import Text

    table = _table("edition", "state", "sent", "rejected", "excluded", "pending", "unknown", "subject")
    for line in day.editions:
        counts = line.counts
        numbers = (counts.accepted, counts.rejected, counts.excluded, counts.pending, counts.unknown)
        state = Text(line.state, style=COLOURS.get(line.state, ""))
        cells = [Text(f"{number:,}", justify="right") for number in numbers]
        # A person must settle the unknown ones.
        cells[-1].stylize("red" if counts.unknown else "")
        table.add_row(line.key, state, *cells, Text(printable(line.subject), no_wrap=True, overflow="ellipsis"))
    return table


def _sources(day: DayStatus) -> Table:
    from rich.text import Text

    # Terminals disagree about the width of Devanagari, so it is in the last column.
    table = _table("last good", "source")
    for source in day.sources[:_SOURCES]:
        line = Text(printable(source.name), no_wrap=True, overflow="ellipsis")
        if source.problem:
            line.append(f": {printable(redact(source.problem))}", style="red")
        table.add_row(ago(source.last_good, day.now), line)
    more = day.sources[_SOURCES:]
    if more:
        bad = sum(1 for source in more if source.problem)
        table.add_row("", f"and {len(more)} more" + (f", {bad} of them with problems" if bad else ""))
    return table


def _workers(day: DayStatus) -> Table:
    from rich.text import Text

    table = _table(*WORKER_HEADERS)
    for worker in day.workers:
        where, version, state, *numbers, has = map(str, worker_cells(worker))
        right = (Text(number, justify="right") for number in numbers)
        held = Text(printable(has), no_wrap=True, overflow="ellipsis")
        table.add_row(printable(where), version, Text(state, style=COLOURS.get(state, "")), *right, held)
    return table


def _table(*headers: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for header in headers[:-1]:
        table.add_column(header, no_wrap=True)
    # Only the last column shrinks.
    table.add_column(headers[-1], overflow="ellipsis")
    return table
