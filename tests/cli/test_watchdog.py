"""`WatchdogSec` of the systemd unit: the test receives the heartbeats of a real `digest run`, and kills it when they
end.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.newsroom import Newsroom, subscriber_rows
from tests.support.profiles import only_thorough
from tests.support.smtp_server import RecordingSmtp

pytestmark = pytest.mark.slow

READERS = 6


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def start(newsroom: Newsroom, notify: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        newsroom.command("run"),
        cwd=newsroom.home,
        env=newsroom.env({"NOTIFY_SOCKET": notify}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def silent(manager: socket.socket) -> bool:
    """Return whether the heartbeats have ended. Skips those that are already queued."""
    manager.settimeout(2)
    try:
        while manager.recv(100):
            pass
    except TimeoutError:
        return True
    return False


# tests/utils/test_heartbeat.py ends the heartbeats, and tests/chaos kills a send and repeats it.
@only_thorough
def test_a_run_that_hangs_is_killed_and_restarted_without_sending_twice(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.set_subscribers(*subscriber_rows(READERS))
    notify = str(tmp_path / "notify")
    with (
        RecordingSmtp(after_dot=["ok", "ok", "accept_then_hang"], hang=300) as server,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
    ):
        manager.bind(notify)
        manager.settimeout(60)
        newsroom.environment |= {
            "DIGEST_NOW": "2026-11-23T08:00+05:30",
            "DIGEST_DELIVERY__TRANSPORT": "smtp",
            "DIGEST_DELIVERY__SMTP__HOST": "127.0.0.1",
            "DIGEST_DELIVERY__SMTP__PORT": str(server.port),
            "DIGEST_DELIVERY__THREADS": "1",
        }
        with start(newsroom, notify) as hanging:
            try:
                assert manager.recv(100) == b"READY=1"
                wait_for(lambda: len(server.emails) == 3)
                # A server that does not answer is no hang: the run sends heartbeats while it waits.
                silent(manager)
                manager.settimeout(60)
                assert manager.recv(100) == b"WATCHDOG=1"
                os.kill(hanging.pid, signal.SIGSTOP)
                assert silent(manager)
            finally:
                # As systemd does at the end of WatchdogSec. A stopped process reacts to no other signal.
                hanging.kill()
        server.behaviour.after_dot = []
        status = newsroom.json("status")
        assert (status["accepted"], status["unknown"], status["pending"]) == (2, 1, READERS - 3)
        with start(newsroom, notify) as again:
            try:
                wait_for(lambda: len(server.emails) == READERS)
                wait_for(lambda: newsroom.json("status")["pending"] == 0)
            finally:
                again.terminate()
        assert again.returncode == 0
        assert max(server.counts.values()) == 1
        assert newsroom.json("status")["unknown"] == 1
