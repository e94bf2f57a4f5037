"""`digest web` and `digest run`: they serve the pages, stop cleanly and explain what is missing."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from tests.cli.newsroom import Newsroom


def test_a_port_in_use_is_reported(newsroom: Newsroom) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        run = newsroom.digest("web", "--port", str(taken.getsockname()[1]))
    assert run.code == 1
    assert "can't listen on 127.0.0.1, port" in run.err
    assert "web.port" in run.err


@pytest.mark.slow
def test_missing_libraries_are_reported_with_the_package_to_install(newsroom: Newsroom) -> None:
    blocked = (
        "import sys; sys.modules['fastapi'] = None; from digest.cli import main; sys.argv = ['digest', 'web']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", blocked],
        cwd=newsroom.home,
        env=newsroom.env(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "install hindi-digest[web]" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_catalogue_without_the_pages_is_reported(newsroom: Newsroom) -> None:
    from tests.render.marathi import CATALOGUE

    (newsroom.home / "messages").mkdir()
    (newsroom.home / "messages/mr.po").write_text(CATALOGUE, encoding="utf-8")
    newsroom.edit_settings("language: hi", "language: mr")
    run = newsroom.digest("web", "--port", "0")
    assert run.code == 2
    assert 'msgid "Unsubscribe now" is missing' in run.err


@pytest.mark.slow
def test_the_list_shows_pauses_and_preferences(newsroom: Newsroom) -> None:
    from datetime import timedelta

    from digest.app import make_app
    from digest.store.people.preferences import ConsentContext, PreferenceStore

    with make_app(newsroom.home, environment=newsroom.env()) as app:
        app.subscribers.sync(app.subscriber_list.read(), now=app.now())
        preferences = PreferenceStore(app.database)
        subscriber = preferences.find("asha@example.com")
        assert subscriber is not None
        preferences.set(
            subscriber.id, {"paused_until": app.now() + timedelta(days=7)}, ConsentContext("test"), now=app.now()
        )
        preferences.set(subscriber.id, {"topics": ["खेल"], "hour": ""}, ConsentContext("test"), now=app.now())
    listed = newsroom.json("subscribers", "list")["subscribers"]
    (asha,) = [row for row in listed if row["chosen"]]
    assert (asha["email"], asha["topics"], asha["chosen"]) == ("asha@example.com", [], {"topics": ["खेल"], "hour": ""})
    assert "खेल*" in newsroom.digest("subscribers", "list").out
    exported = newsroom.digest("subscribers", "export").out
    assert "asha@example.com,आशा शर्मा,खेल,daily,Asia/Kolkata,,html,paused" in exported
    assert {row["email"] for row in listed if row["paused_until"]} == {"asha@example.com"}
    assert "asha@example.com has paused until 2026-11-30" in newsroom.digest("subscribers", "check").out
    assert newsroom.digest("subscribers", "set", "kabir@example.com", "--hour", "06:00").code == 0
    assert "kabir@example.com wants 06:00 but gets it at 07:00" in newsroom.digest("subscribers", "check").out
    report = newsroom.json("send")
    assert {row["reason"] for row in report["not_reached"]} >= {"paused until 2026-11-30"}
