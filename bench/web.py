"""Leaving by one click over HTTP on SQLite: one client, and 50 at once, beside the bare commit of one row in this run.

The clients are a process of their own, which this file is too when it is run with arguments.
"""

from __future__ import annotations

import http.client
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit

ALONE, TOGETHER, EACH = 500, 50, 40


def run() -> list[tuple[str, str, str]]:
    """(what, milliseconds at p50 and p95, times the bare commit)."""
    from sqlalchemy import text

    from digest.app import make_app
    from digest.cli.folder import make_folder
    from digest.models import Subscriber
    from digest.web.serving import serving

    count = ALONE + TOGETHER * EACH
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "letter"
        make_folder(home)
        with make_app(home, environment={}) as app, serving(app, port=0) as base:
            emails = [f"r{number}@example.com" for number in range(count)]
            app.readers.sync([(email, Subscriber(email)) for email in emails], now=app.now())
            commits = []
            for number in range(200):
                begun = time.perf_counter()
                with app.database.write() as connection:
                    connection.execute(text("INSERT INTO meta (name, value) VALUES (:n, '')"), {"n": f"b{number}"})
                commits.append((time.perf_counter() - begun) * 1000)
            tokens = "\n".join(app.signer.sign("leave", id) for id in range(1, count + 1))
            used = time.process_time()
            command = [sys.executable, __file__, urlsplit(base).netloc]
            done = subprocess.run(command, input=tokens, capture_output=True, text=True, check=True)
            used = (time.process_time() - used) * 1000 / count
            assert len(app.readers.suppressed()) == count
    floor = quantiles(commits, n=20)[9]
    rows = [("commit of one row", *_shown(commits, floor))]
    for what, line in zip(("one client", f"{TOGETHER} at once"), done.stdout.splitlines(), strict=True):
        rows.append((what, *_shown([float(word) for word in line.split()], floor)))
    return [*rows, ("CPU of the server, a leaving", f"{used:.2f}", "")]


def _shown(times: list[float], floor: float) -> tuple[str, str]:
    parts = quantiles(times, n=20)
    return f"{parts[9]:.2f} / {parts[18]:.2f}", f"{parts[9] / floor:.1f}"


def _leave(host: str, tokens: list[str], times: list[float]) -> None:
    connection = http.client.HTTPConnection(host)
    for token in tokens:
        begun = time.perf_counter()
        connection.request("POST", f"/leave/{token}", b"List-Unsubscribe=One-Click")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        times.append((time.perf_counter() - begun) * 1000)


def _clients(host: str) -> None:
    tokens = sys.stdin.read().split()
    alone: list[float] = []
    together: list[float] = []
    _leave(host, tokens[:ALONE], alone)
    threads = [
        threading.Thread(target=_leave, args=(host, tokens[at : at + EACH], together))
        for at in range(ALONE, len(tokens), EACH)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for times in (alone, together):
        print(*(f"{each:.3f}" for each in times))


if __name__ == "__main__":
    _clients(sys.argv[1])
