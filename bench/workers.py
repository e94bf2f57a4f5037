"""Send an edition by one, two and four worker processes, and through a provider that takes 100 ms for each call.

The bound is arithmetic: calls × latency / connections. CPU is that of the workers, from the moment when the edition is
enqueued. PostgreSQL and the provider share the cores and are not counted: for a million recipients PostgreSQL takes
three seconds, and the provider, which reads each request and keeps nothing, half a second.

The rival of several workers is as many workers that share nothing, each with a newsletter, tables and a provider of its
own, and its part of the recipients. Their CPU grows too, because busy cores are slower; only the rest is the price of
sharing.

Set DIGEST_TEST_POSTGRES to the URL of a database, in which schemas are created and dropped. Takes minutes, so
`python -m bench` runs it only by name.
"""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.freezing import schema
from bench.newsletter import email_of, newsletter, prepare_edition
from digest import pipeline
from digest.app import App
from digest.models import EditionState, Subscriber
from digest.subscribers import list_file
from digest.subscribers.includes import contents
from digest.workers.seats import calling_workers

BATCH, CONNECTIONS = 1000, 4
LATENCY = 0.1
# The least part of the bound that must be reached; how much CPU per recipient may differ between one and more workers.
BAR, BAR_CPU = 0.7, 1.15
# Recipients of the first edition, by which the workers import and connect. It is not measured, so it is short.
_WARM_UP = 100_000
# The day's own edition is over.
_NOW = "2026-11-23T13:00+05:30"
# A newsletter and the ids of its workers' processes.
Team = tuple[App, list[int]]
# Seconds.
_PATIENCE = 120.0
_TICKS = os.sysconf("SC_CLK_TCK")


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (what, seconds, part of the bound, CPU per recipient, its ratio to one worker, bar)."""
    server = os.environ.get("DIGEST_TEST_POSTGRES")
    if not server:
        return [("DIGEST_TEST_POSTGRES is not set", "", "", "", "", "")]
    count = 20_000 if quick else 1_000_000
    rows: list[tuple[str, ...]] = []
    each = f"of 1 seat × {CONNECTIONS} connections"
    seconds, alone = _send(server, count, [[1]], latency=0.0)
    rows.append((f"{count:,} recipients, 1 worker {each}", f"{seconds:.1f}", "", f"{alone:.1f}", "1", ""))
    for workers in (2, 4):
        seconds, cpu = _send(server, count, [[1] * workers], latency=0.0)
        what = f"{count:,} recipients, {workers} workers {each}"
        rows.append((what, f"{seconds:.1f}", "", f"{cpu:.1f}", f"{cpu / alone:.2f}", f"<= {BAR_CPU}"))
        seconds, cpu = _send(server, count, [[1]] * workers, latency=0.0)
        what = f"the same by {workers} workers that share nothing"
        rows.append((what, f"{seconds:.1f}", "", f"{cpu:.1f}", f"{cpu / alone:.2f}", ""))
    for seats in ([4], [2, 2], [1, 1, 1, 1]):
        least = math.ceil(count / BATCH) * LATENCY / (sum(seats) * CONNECTIONS)
        seconds, cpu = _send(server, count, [seats], latency=LATENCY)
        shape = " + ".join(map(str, seats))
        what = f"{1000 * LATENCY:.0f} ms a call, {count:,} recipients, seats {shape} × {CONNECTIONS} connections"
        rows.append((what, f"{seconds:.1f}", f"{least / seconds:.2f}", f"{cpu:.1f}", "", f">= {BAR}"))
    return rows


def _send(server: str, count: int, newsletters: Sequence[Sequence[int]], *, latency: float) -> tuple[float, float]:
    """Return the seconds, and the CPU of the workers in microseconds per recipient.

    `newsletters` has the seats of each worker of each newsletter. The newsletters have equal parts of the recipients.
    """
    with ExitStack() as stack:
        teams: list[Team] = []
        for seats in newsletters:
            url = stack.enter_context(schema(server))
            app = stack.enter_context(newsletter(latency=latency, connections=CONNECTIONS, store=url, now=_NOW))
            _add_subscribers(app, min(_WARM_UP, count) // len(newsletters))
            teams.append((app, stack.enter_context(_workers(app, seats))))
        # The first edition of a worker also imports, which would count more the more workers there are.
        _send_edition("first", teams)
        for app, _team in teams:
            _add_subscribers(app, count // len(newsletters))
        seconds, cpu = _send_edition("bench", teams)
    return seconds, 1e6 * cpu / count


def _send_edition(key: str, teams: Sequence[Team]) -> tuple[float, float]:
    """Send it to the subscribers of each newsletter. Return the seconds and the CPU seconds of the workers."""
    processes = [process for _app, team in teams for process in team]
    for app, team in teams:
        prepare_edition(app, key)
        _wait_until_idle(app, len(team))
    with _paused(processes):
        for app, _team in teams:
            pipeline.send(calling_workers(app), key, deliver=False)
        before = sum(map(_cpu, processes))
        began = time.perf_counter()
    while any((edition := app.editions.get(key)) and edition.state != EditionState.DONE for app, _team in teams):
        time.sleep(0.05)
    return time.perf_counter() - began, sum(map(_cpu, processes)) - before


@contextmanager
def _paused(processes: Sequence[int]) -> Iterator[None]:
    """Stop the processes inside the block, so that all begin at once."""
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


@contextmanager
def _workers(app: App, seats: Sequence[int]) -> Iterator[list[int]]:
    """Start workers, and yield the ids of their processes."""
    # The store is made by one of them.
    _ = app.database
    environment = {**os.environ, **app.environment, "DIGEST_WORKERS__SEATS": "1"}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "digest.cli", "--home", str(app.home), "worker", "--seats", str(number)],
            env=environment,
            stderr=subprocess.DEVNULL,
        )
        for number in seats
    ]
    try:
        yield [process.pid for process in started]
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                # Its connections would keep the schema from being dropped.
                process.kill()


def _wait_until_idle(app: App, workers: int) -> None:
    """Wait until all workers have come and have nothing to do. Raises TimeoutError."""
    idle, end = 0, time.monotonic() + _PATIENCE
    while idle < 4:
        found = app.workers.all()
        idle = idle + 1 if len(found) == workers and not any(each.jobs for each in found) else 0
        if time.monotonic() > end:
            raise TimeoutError(f"{workers} idle workers did not come within {_PATIENCE:.0f} s")
        time.sleep(0.5)


def _cpu(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _add_subscribers(app: App, count: int) -> None:
    """Make the store's list this long, as an import does. The list file counts as read."""
    (app.home / list_file.FILE_NAME).write_text("subscribers: []\n", encoding="utf-8")
    version = list_file.version(contents(app.home / list_file.FILE_NAME), app.topics)
    rows = ((email_of(number), Subscriber(email_of(number))) for number in range(count))
    app.subscribers.sync(rows, now=app.now(), version=version)
