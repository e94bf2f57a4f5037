"""One-click unsubscribe over HTTP on SQLite, alone and during a send in the same process, compared with bare FastAPI.

The rival does the least that keeps the promise: its route commits one row before it answers. It has no rate limit, no
page, no token check and no consent log. Bare uvicorn, which commits nothing and answers with as many bytes, is the
lower limit.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

from bench.measure import timed
from bench.newsletter import add_subscribers, newsletter, prepare_edition
from bench.unsubscribe_clients import CLIENTS, PATTERNS
from digest import pipeline
from digest.app import App

Times = dict[str, list[float]]


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (what, our p50 and p95, the rivals', times faster than FastAPI at p50)."""
    from digest.web.server import run_pages

    # The send is large enough to last longer than the requests.
    recipients, single, rounds = (5_000, 20, 1) if quick else (200_000, 100, 10)
    counts = dict(zip(PATTERNS, (single, CLIENTS * rounds, CLIENTS * rounds), strict=True))
    total = sum(counts.values())
    with newsletter() as app:
        add_subscribers(app, recipients)
        commits = _commits(app)
        with run_pages(app, port=0) as pages:
            cpu = time.process_time()
            idle = _request(pages.base, counts, [app.signer.sign("leave", id) for id in range(1, total + 1)])
            cpu = time.process_time() - cpu
            tokens = [app.signer.sign("leave", id) for id in range(total + 1, 2 * total + 1)]
            busy, share = _during_send(app, pages.base, counts, tokens)
        assert len(app.subscribers.suppressed()) == 2 * total, "an unsubscribe request was lost"
    rivals = []
    for server in (_bare_fastapi(), _serve(_bare_uvicorn)):
        with server as base:
            rivals.append(_request(base, counts, [f"r{number}" for number in range(total)]))
    fastapi, uvicorn = rivals
    rows: list[tuple[str, ...]] = [("commit of one row", _percentiles(commits), "", "", "")]
    for suffix, ours in (("", idle), (", during a send", busy)):
        for name, times in ours.items():
            faster = f"{_p50(fastapi[name]) / _p50(times):.1f}"
            rows.append((f"{name}{suffix}", *map(_percentiles, (times, fastapi[name], uvicorn[name])), faster))
    rows.append(("CPU of the server for each request", f"{cpu * 1000 / total:.2f}", "", "", ""))
    return [*rows, (f"the send lasted for {share:.0%} of the requests", "", "", "", "")]


def _request(base: str, counts: dict[str, int], tokens: list[str]) -> Times:
    """Send the requests from a process of its own; return the milliseconds of each, by pattern."""
    address, rest = urlsplit(base), iter(tokens)
    parts = {name: [next(rest) for _ in range(count)] for name, count in counts.items()}
    order = json.dumps({"host": address.hostname, "port": address.port, "tokens": parts})
    command = [sys.executable, "-m", "bench.unsubscribe_clients"]
    done = subprocess.run(command, input=order, capture_output=True, text=True, check=True)
    times: Times = json.loads(done.stdout)
    return times


def _during_send(app: App, base: str, counts: dict[str, int], tokens: list[str]) -> tuple[Times, float]:
    """Return the times, and for which share of them the send lasted. The clients start with the first batch."""
    key = pipeline.key_of_today(app)
    prepare_edition(app, key)
    started, ended = threading.Event(), []

    def send() -> None:
        pipeline.send(app, key, progress=lambda *_: started.set())
        ended.append(time.perf_counter())

    thread = threading.Thread(target=send)
    thread.start()
    started.wait(60)
    start = time.perf_counter()
    times = _request(base, counts, tokens)
    took = time.perf_counter() - start
    thread.join()
    return times, min(1.0, (ended[0] - start) / took)


def _commits(app: App) -> list[float]:
    with closing(sqlite3.connect(app.home / "bare.db", isolation_level=None)) as connection:
        _create_table(connection)
        insert = "INSERT INTO unsubscribed VALUES (?)"
        return [1000 * timed(partial(connection.execute, insert, (f"r{number}",))) for number in range(200)]


def _create_table(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS unsubscribed (address TEXT PRIMARY KEY)")


@contextmanager
def _bare_fastapi() -> Iterator[str]:
    """A FastAPI app with one route, served as ours is."""
    from fastapi import FastAPI

    with tempfile.TemporaryDirectory() as folder:
        local, app = threading.local(), FastAPI()

        def connection() -> sqlite3.Connection:
            if not hasattr(local, "connection"):
                path = Path(folder) / "bare.db"
                local.connection = sqlite3.connect(path, isolation_level=None, timeout=15, check_same_thread=False)
                _create_table(local.connection)
            found: sqlite3.Connection = local.connection
            return found

        @app.post("/leave/{token}")
        def leave(token: str) -> str:
            connection().execute("INSERT INTO unsubscribed VALUES (?)", (token,))
            return "unsubscribed"

        with _serve(app) as base:
            yield base


# ASGI passes `scope` and `receive` to every app.
async def _bare_uvicorn(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001
    body = b"x" * 3000
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def _serve(app: Any) -> Iterator[str]:
    import uvicorn

    from digest.web.server import bind, run_in_thread

    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    with bind("127.0.0.1", 0) as listener, run_in_thread(uvicorn.Server(config), listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def _percentiles(times: list[float]) -> str:
    parts = quantiles(times, n=20)
    return f"{parts[9]:.2f} / {parts[18]:.2f}"


def _p50(times: list[float]) -> float:
    return quantiles(times, n=20)[9]
