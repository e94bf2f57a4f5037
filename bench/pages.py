"""CPU of the server for each request of the reader pages, 50 at once. The clients are another process."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from bench.newsletter import add_subscribers
from bench.page_clients import CLIENTS
from digest import pipeline
from digest.app import App, make_app
from digest.cli.init import make_folder
from digest.store.people.preferences import PreferenceStore
from digest.web.known_browser import cookie_name, cookie_value

DAY = "2026-11-23"
Request = tuple[str, str, str, str]
# What is measured → milliseconds of CPU that a request may take.
BARS = {
    "POST /leave (one click)": 0.5,
    "GET /leave": 0.5,
    "GET /preferences": 4.0,
    "GET /preferences (short)": 4.0,
    "POST /preferences": 4.0,
    "GET /archive/EDITION (cached)": 0.5,
    "GET /join": 2.0,
}


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (request, CPU ms, the bar, errors)."""
    count = 4 * CLIENTS if quick else 1_700
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "newsletter"
        make_folder(home)
        with make_app(home, environment={"DIGEST_NOW": f"{DAY}T07:30+05:30"}) as app:
            pipeline.send(app, DAY)
            add_subscribers(app, 2 * count + 10)
            return measure(app, count)


def measure(app: App, count: int) -> list[tuple[str, ...]]:
    """Measure each kind of request."""
    from digest.web.server import run_pages

    rows: list[tuple[str, ...]] = []
    with run_pages(app, port=0) as pages:
        for name, requests in _requests(app, count).items():
            # The first requests load what later ones share.
            _send(pages.base, requests[:CLIENTS])
            measured = requests[CLIENTS:]
            cpu = time.process_time()
            errors = _send(pages.base, measured)
            cpu = 1000 * (time.process_time() - cpu) / len(measured)
            rows.append((name, f"{cpu:.2f}", f"{BARS[name]:.1f}", str(errors)))
    return rows


def _requests(app: App, count: int) -> dict[str, list[Request]]:
    """What is measured → its requests, each of another subscriber."""
    sign, ids = app.signer.sign, range(1, count + 1)
    topic = app.topics[0]
    form = urlencode([("topics", topic), ("days", "sun"), ("days", "mon"), ("format", "html"), ("hour", "")])
    preferences = [f"/preferences/{sign('preferences', id)}" for id in ids]
    cookies = [_cookie(app, id) for id in ids]
    leaving = [f"/leave/{sign('leave', count + id)}" for id in ids]
    requests: Sequence[list[Request]] = (
        [("POST", path, "List-Unsubscribe=One-Click", "") for path in leaving],
        [("GET", f"/leave/{sign('leave', id)}", "", "") for id in ids],
        [("GET", path, "", cookie) for path, cookie in zip(preferences, cookies, strict=True)],
        [("GET", path, "", "") for path in preferences],
        [("POST", path, form, cookie) for path, cookie in zip(preferences, cookies, strict=True)],
        [("GET", f"/archive/{DAY}", "", "") for _id in ids],
        [("GET", "/join", "", "") for _id in ids],
    )
    return dict(zip(BARS, requests, strict=True))


def _cookie(app: App, id: int) -> str:
    """The cookie of a browser that is known as this subscriber's."""
    store = PreferenceStore(app.database)
    subscriber = store.get(id)
    if subscriber is None:
        raise SystemExit(f"there is no subscriber {id}")
    name = cookie_name(app.settings.newsletter.base_url)
    return f"{name}={cookie_value(app.signer, subscriber, app.now())}"


def _send(base: str, requests: Sequence[Request]) -> int:
    """Send the requests from a process of its own; return the number of errors."""
    address = urlsplit(base)
    order = {"host": address.hostname, "port": address.port, "requests": requests}
    command = [sys.executable, "-m", "bench.page_clients"]
    done = subprocess.run(command, input=json.dumps(order).encode(), stdout=subprocess.PIPE, check=True)
    statuses: dict[int, int] = {int(status): number for status, number in json.loads(done.stdout).items()}
    good = statuses.get(200, 0) + statuses.get(303, 0)
    return len(requests) - good
