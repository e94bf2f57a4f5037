"""Leaving by one click over HTTP on SQLite, alone and while a send runs in the same process, beside a bare FastAPI app.

The rival does the least that keeps the promise: a route that commits one row before it answers. No guard, no page, no
token that would be checked, no log of consent. The floor promises nothing: uvicorn with an answer of the same size.
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
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

from bench.delivery import enlist, made_ready, newsletter
from bench.web_clients import TOGETHER, WAYS
from digest import pipeline
from digest.app import App

_ALONE, _EACH = 100, 10
_COUNTS = dict(zip(WAYS, (_ALONE, TOGETHER * _EACH, TOGETHER * _EACH), strict=True))
_ALL = sum(_COUNTS.values())
_MAILED = 200_000
"""Readers of the send, so that it outlasts the leavings."""

Times = dict[str, list[float]]


def run() -> list[tuple[str, ...]]:
    """(what, ours, the rival's and the floor's milliseconds at p50 and p95, how many times faster ours is at p50)."""
    from digest.web.server import run_server

    with newsletter() as app:
        enlist(app, _MAILED)
        commits = _commits(app)
        with run_server(app, port=0) as base:
            used = time.process_time()
            quiet = _pressed(base, [app.signer.sign("leave", id) for id in range(1, _ALL + 1)])
            used = time.process_time() - used
            busy, lasted = _while_sending(app, base)
        assert len(app.subscribers.suppressed()) == 2 * _ALL, "a leaving was lost"
    others = []
    for served in (_bare(), _served(_floor)):
        with served as base:
            others.append(_pressed(base, [f"r{number}" for number in range(_ALL)]))
    bare, floor = others
    rows = [("commit of one row", _shown(commits), "", "", "")]
    rows += [(way, *_beside(times, bare[way], floor[way])) for way, times in quiet.items()]
    rows += [(f"{way}, while a send runs", *_beside(times, bare[way], floor[way])) for way, times in busy.items()]
    share = f"{lasted:.0%} of the presses fell into the send"
    return [*rows, ("CPU of the server, a leaving", f"{used * 1000 / _ALL:.2f}", "", "", ""), (share, "", "", "", "")]


def _pressed(base: str, tokens: list[str]) -> Times:
    place, more = urlsplit(base), iter(tokens)
    parts = {way: [next(more) for _ in range(count)] for way, count in _COUNTS.items()}
    asked = json.dumps({"host": place.hostname, "port": place.port, "tokens": parts})
    command = [sys.executable, "-m", "bench.web_clients"]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    times: Times = json.loads(done.stdout)
    return times


def _while_sending(app: App, base: str) -> tuple[Times, float]:
    """The times, and which share of them the send lasted. The clients begin with the first letters."""
    key = pipeline.edition_key(app)
    made_ready(app, key)
    tokens = [app.signer.sign("leave", id) for id in range(_ALL + 1, 2 * _ALL + 1)]
    begun, ended = threading.Event(), []

    def send() -> None:
        pipeline.send(app, key, progress=lambda *_: begun.set())
        ended.append(time.perf_counter())

    sending = threading.Thread(target=send)
    sending.start()
    begun.wait(60)
    start = time.perf_counter()
    times = _pressed(base, tokens)
    took = time.perf_counter() - start
    sending.join()
    return times, min(1.0, (ended[0] - start) / took)


def _commits(app: App) -> list[float]:
    times = []
    with closing(sqlite3.connect(app.home / "bare.db", isolation_level=None)) as connection:
        _durable(connection)
        for number in range(200):
            begun = time.perf_counter()
            connection.execute("INSERT INTO gone VALUES (?)", (f"r{number}",))
            times.append((time.perf_counter() - begun) * 1000)
    return times


def _durable(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS gone (address TEXT PRIMARY KEY)")


@contextmanager
def _bare() -> Iterator[str]:
    """A FastAPI app of one route, served as ours is."""
    from fastapi import FastAPI

    with tempfile.TemporaryDirectory() as folder:
        own, routed = threading.local(), FastAPI()

        def connection() -> sqlite3.Connection:
            if not hasattr(own, "connection"):
                path = Path(folder) / "bare.db"
                own.connection = sqlite3.connect(path, isolation_level=None, timeout=15, check_same_thread=False)
                _durable(own.connection)
            held: sqlite3.Connection = own.connection
            return held

        @routed.post("/leave/{token}")
        def leave(token: str) -> str:
            connection().execute("INSERT INTO gone VALUES (?)", (token,))
            return "left"

        with _served(routed) as base:
            yield base


async def _floor(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001  what ASGI hands an app
    body = b"x" * 3000
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def _served(app: Any) -> Iterator[str]:
    import uvicorn

    from digest.web.server import bind, run_in_thread

    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    with bind("127.0.0.1", 0) as listener, run_in_thread(uvicorn.Server(config), listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def _beside(ours: list[float], rival: list[float], floor: list[float]) -> tuple[str, str, str, str]:
    return _shown(ours), _shown(rival), _shown(floor), f"{_p50(rival) / _p50(ours):.1f}"


def _shown(times: list[float]) -> str:
    parts = quantiles(times, n=20)
    return f"{parts[9]:.2f} / {parts[18]:.2f}"


def _p50(times: list[float]) -> float:
    return quantiles(times, n=20)[9]
