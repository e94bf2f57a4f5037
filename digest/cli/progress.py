"""Progress of a long job on stderr, with its rate and the time left."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

import click

from digest.cli.output import on_terminal
from digest.utils.text import duration

if TYPE_CHECKING:
    from rich.progress import Task
    from rich.text import Text

T = TypeVar("T")

# Seconds between two updates of a bar.
_REFRESH = 0.1
# A job of unknown length reports each power of ten from this number on.
_FIRST_COUNT = 1000


class ProgressReport(Protocol):
    """Receives how much of a job is done. `total` is None while it is unknown. Any thread may call it."""

    def __call__(self, done: int, total: int | None) -> None: ...


@contextmanager
def progress() -> Iterator[Callable[[str], ProgressReport]]:
    """Yield a function that starts the report of a job by its name, such as "sent".

    A job appears with its first report.

    A terminal shows a bar for each job. Elsewhere a line is printed at every quarter, so that a log stays short.
    """
    if on_terminal(sys.stderr):
        with _bars() as job:
            yield job
    else:
        yield Lines


def count_each(items: Iterable[T], report: ProgressReport) -> Iterator[T]:
    """Yield the items and report each one that is done."""
    done = 0
    for item in items:
        yield item
        done += 1
        report(done, None)
    report(done, done)


def calls(report: ProgressReport, total: int) -> Callable[[object], None]:
    """Return a function that reports how many of its `total` calls were made."""
    lock, done = threading.Lock(), 0

    def call(_result: object) -> None:
        nonlocal done
        with lock:
            done += 1
            report(done, total)

    return call


@contextmanager
def _bars() -> Iterator[Callable[[str], ProgressReport]]:
    # rich takes a tenth of a second to import.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class ProgressRate(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f}/s" if speed else "")

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        ProgressRate(),
        TimeRemainingColumn(),
    )
    bars = Progress(*columns, console=Console(stderr=True, highlight=False))

    def job(what: str) -> ProgressReport:
        task = bars.add_task(what, total=None, visible=False, start=False)
        last = 0.0

        def report(done: int, total: int | None) -> None:
            nonlocal last
            now = time.monotonic()
            if not bars.tasks[task].started:
                bars.start_task(task)
            # An update takes longer than importing a row.
            elif done != total and now - last < _REFRESH:
                return
            last = now
            bars.update(task, completed=done, total=total, visible=True)

        return report

    with bars:
        yield job


class Lines:
    """One line at every quarter."""

    def __init__(self, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.what, self.clock = what, clock
        # When the first report came, and how much was done by then. The time before was preparation.
        self.began: float | None = None
        self.first = 0
        self.last = -1

    def __call__(self, done: int, total: int | None) -> None:
        if self.began is None:
            self.began, self.first = self.clock(), done
        if total is None and done < _FIRST_COUNT:
            return
        step = len(str(done)) if total is None else 4 * done // total if total else 4
        if step <= self.last:
            return
        self.last = step
        seconds = self.clock() - self.began
        count = f"{done:,}" if total is None else f"{done:,} of {total:,}"
        # A rate over less than a second is not meaningful.
        rate = (done - self.first) / seconds if done > self.first and seconds >= 1 else None
        left = f", {duration((total - done) / rate)} left" if rate and total and done < total else ""
        shown = f", {rate:,.0f}/s" if rate and rate >= 0.5 else ""
        click.echo(f"{self.what}: {count}{shown}{left}", err=True)
