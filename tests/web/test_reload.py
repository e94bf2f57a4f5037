"""Pages that are built again while they are served: new settings show, and nothing in progress breaks."""

from __future__ import annotations

import http.client
import signal
import sqlite3
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from digest.app import App, make_app
from digest.cli.web import follow_pages
from digest.newsletter.reload import SettingsWatch
from digest.web.server import RunningPages, run_pages
from tests.cli.newsroom import Newsroom
from tests.support.folders import newsletter_folder
from tests.support.profiles import only_thorough
from tests.web.site import FORM, Site

NAME = "सुबह की ख़बरें"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    newsletter_folder(tmp_path / "newsletter", all_sources=False)
    with make_app(tmp_path / "newsletter", environment={}) as opened:
        yield opened


@pytest.fixture
def pages(app: App) -> Iterator[RunningPages]:
    with run_pages(app, port=0) as running:
        yield running


def rename(app: App, name: str) -> None:
    path = app.home / "digest.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(f"  name: {NAME}", f"  name: {name}"), encoding="utf-8")


def front(app: App, pages: RunningPages) -> str:
    response = Site(app, pages.base).request("GET", "/")
    assert response.status == 200
    return response.text


def test_the_pages_show_the_new_settings(app: App, pages: RunningPages) -> None:
    watch = SettingsWatch(app, needs_restart=("web.port",))
    assert NAME in front(app, pages)
    rename(app, "शाम की ख़बरें")
    assert watch.reload() == ("newsletter.name",)
    pages.reload(watch.app)
    assert "शाम की ख़बरें" in front(app, pages)
    assert watch.reload() is None


def test_pages_that_cannot_be_built_are_a_warning_and_leave_the_old_ones(
    app: App, pages: RunningPages, caplog: pytest.LogCaptureFixture
) -> None:
    settings = app.settings.model_copy(
        update={"delivery": app.settings.delivery.model_copy(update={"transport": ("sendgrid",)})}
    )
    follow_pages(pages, app.copy_with(settings=settings))
    assert "The pages stay as they were: digest.yaml: 'delivery.sendgrid.key_env'" in caplog.text
    assert NAME in front(app, pages)


def test_pages_are_built_again_when_another_program_no_longer_holds_the_store(
    app: App, pages: RunningPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest.store.errors.BUSY_SECONDS", 0.2)
    watch = SettingsWatch(app, needs_restart=())
    rename(app, "शाम की ख़बरें")
    watch.reload()
    held = threading.Event()

    def hold() -> None:
        with closing(sqlite3.connect(app.home / "digest.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            held.set()
            time.sleep(0.3)
            other.execute("ROLLBACK")

    other = threading.Thread(target=hold)
    other.start()
    held.wait()
    follow_pages(pages, watch.app)
    other.join()
    assert "शाम की ख़बरें" in front(app, pages)


# FastAPI suppresses this warning with `catch_warnings`, which two threads undo for each other.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The 'alias' attribute")
def test_a_request_in_progress_is_answered_by_the_pages_that_it_began_on(app: App, pages: RunningPages) -> None:
    """The body of the request arrives in two parts, with two reloads between them."""
    place, body = urlsplit(pages.base), b"email=asha%40example.com"
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
    try:
        connection.putrequest("POST", "/join")
        connection.putheader("Content-Type", FORM)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:10])
        # It has begun when the pages count it.
        while not pages._current.requests:
            time.sleep(0.01)
        begun = pages._current
        pages.reload(app)
        pages.reload(app)
        assert not begun.idle.is_set()
        connection.send(body[10:])
        assert connection.getresponse().status < 500
    finally:
        connection.close()
    assert NAME in front(app, pages)


# The tests above reload the pages in this process, and tests/cli/test_following_edits.py the settings.
@only_thorough
@pytest.mark.slow
@pytest.mark.parametrize("command", [("run",), ("web", "--port", "0")])
def test_a_server_follows_an_edit_until_it_is_stopped(tmp_path: Path, command: tuple[str, ...]) -> None:
    newsletter_folder(tmp_path / "newsletter", all_sources=False)
    newsroom = Newsroom(tmp_path / "newsletter", {"DIGEST_WEB__ENABLED": "true", "DIGEST_WEB__PORT": "0"})
    path = newsroom.home / "digest.yaml"
    text = path.read_text(encoding="utf-8")
    process = subprocess.Popen(
        newsroom.command(*command), cwd=newsroom.home, env=newsroom.env(), stderr=subprocess.PIPE, text=True
    )
    lines: list[str] = []
    assert process.stderr is not None
    reader = threading.Thread(target=lambda: lines.extend(process.stderr or ()), daemon=True)
    reader.start()
    try:
        wait_for(lines, "eader pages on http")
        path.write_text(
            text.replace(f"  name: {NAME}", "  name: शाम की ख़बरें").replace("sources:", "surces:"), encoding="utf-8"
        )
        wait_for(lines, "the old ones stay in use: digest.yaml:")
        path.write_text(text.replace(f"  name: {NAME}", "  name: शाम की ख़बरें"), encoding="utf-8")
        wait_for(lines, "changed: newsletter.name.")
        base = next(line for line in lines if "eader pages on" in line).partition(" on ")[2].split(". ")[0].strip()
        wait_until(lambda: "शाम की ख़बरें" in page(base), lines)
        assert page(f"{base}/join")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        reader.join(10)
        process.stderr.close()
    assert any("Stopped" in line for line in lines)
    assert not any("Traceback" in line for line in lines)


def page(base: str) -> str:
    with urllib.request.urlopen(base, timeout=30) as answer:
        return str(answer.read().decode())


def wait_for(lines: list[str], words: str) -> None:
    wait_until(lambda: any(words in line for line in lines), lines)


def wait_until(holds: Callable[[], bool], lines: list[str]) -> None:
    until = time.monotonic() + 90
    while not holds():
        assert time.monotonic() < until, lines
        time.sleep(0.1)
