"""The log of `digest run` and `digest web`: one event a line, with fields, without addresses and library noise."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from digest.cli.logs import LogFormat, info, logging_to_stderr, warn
from digest.scheduler import Scheduler, watch_settings
from digest.utils.redact import hide_addresses, protect
from digest.utils.telemetry import log_fields
from tests.cli.newsroom import Newsroom
from tests.cli.test_terminal import on_terminal
from tests.support.profiles import only_thorough
from tests.support.tables import each_row

MORNING = datetime(2026, 11, 23, 7, 0, tzinfo=ZoneInfo("Asia/Kolkata"))


def entries(written: str) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in written.splitlines())


def logging_as(chosen: LogFormat | None) -> Any:
    return logging_to_stderr(chosen, lambda: MORNING)


def test_an_event_is_one_line_of_json_with_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_as(None), log_fields(edition="2026-11-23"):
        logging.getLogger("digest.deliver.worker").info("Batch accepted", extra={"batch": 3, "attempt": "a1"})
        warn("दो\nlines")
    first, second = entries(capsys.readouterr().err)
    assert (
        first.items()
        >= {
            "level": "info",
            "message": "Batch accepted",
            "edition": "2026-11-23",
            "batch": 3,
            "attempt": "a1",
            "logger": "digest.deliver.worker",
        }.items()
    )
    assert datetime.fromisoformat(first["time"]).tzinfo == UTC
    assert (second["level"], second["message"]) == ("warning", "दो\nlines")


def test_text_has_the_local_time_and_the_level(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_as("text"), log_fields(edition="2026-11-23"):
        info("Two\nlines\x1b[31m")
    assert capsys.readouterr().err == "2026-11-23 07:00:00 +0530 INFO Two | lines\ufffd[31m edition=2026-11-23\n"


@pytest.mark.parametrize("chosen", ["text", "json"])
def test_no_line_has_a_secret_or_an_address(capsys: pytest.CaptureFixture[str], chosen: LogFormat) -> None:
    protect(["hunter2secret"])
    with logging_as(chosen):
        warn("asha@example.com refused: hunter2secret")
        try:
            raise ValueError("<ravi@example.com> hunter2secret")
        except ValueError:
            logging.getLogger("digest").error("failed", exc_info=True, extra={"server": "meera@example.com"})
    written = capsys.readouterr().err
    assert not re.search("asha|ravi|meera|hunter2", written)
    assert "…@example.com" in written
    assert "ValueError" in written
    assert len(written.splitlines()) == 2


@each_row(
    ("text", "hidden"),
    [
        ("550 <asha.rao+x@example.com>: unknown", "550 <…@example.com>: unknown"),
        ("mailto:asha@उदाहरण.भारत", "mailto:…@उदाहरण.भारत"),
        ("https://x.example/?email=asha%40example.com&a=1", "https://x.example/…@example.com&a=1"),
        ('RCPT TO:<"asha rao"@example.com>', "RCPT TO:<…@example.com>"),
        ("bounce+asha=example.com@list.example", "…@list.example"),
        ("5 emails @ 7", "5 emails @ 7"),
    ],
)
def test_what_precedes_an_at_sign_is_hidden(text: str, hidden: str) -> None:
    assert hide_addresses(text) == hidden


def test_libraries_log_errors_only_and_everything_is_as_before_afterwards(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().level, list(logging.getLogger().handlers)
    with logging_as("json"):
        logging.getLogger("apscheduler.scheduler").warning("maximum number of running instances reached")
        logging.getLogger("trafilatura.core").error("empty HTML tree")
        # As trafilatura does when it is imported, which is later.
        logging.getLogger("htmldate").setLevel(logging.WARNING)
        logging.getLogger("htmldate.utils").error("parsed tree length: 1, wrong data type or not valid HTML")
        logging.getLogger("uvicorn.error").error("it is broken")
    assert [entry["message"] for entry in entries(capsys.readouterr().err)] == ["it is broken"]
    assert before == (logging.getLogger().level, list(logging.getLogger().handlers))


def test_faults_of_the_schedule_are_warnings(newsroom: Newsroom) -> None:
    from digest.app import make_app

    newsroom.set_subscribers("email: nobody")
    said: list[str] = []
    warned: list[str] = []
    with make_app(newsroom.home, environment={}, clock=lambda: MORNING) as app:
        scheduler = Scheduler(watch_settings(app), said.append, warn=warned.append)
        scheduler.follow_list()
        scheduler.collect()
    assert ["subscribers.yaml:2" in line for line in warned] == [True]
    assert ["Collected" in line for line in said] == [True]


def run_a_day(newsroom: Newsroom, stop: signal.Signals, **environment: str) -> list[str]:
    """Run the schedule after the hour of the edition until it is sent and a signal stops it. Return what it logged."""
    environment = newsroom.env({"DIGEST_NOW": "2026-11-23T08:45+05:30", **environment})
    lines = []
    with subprocess.Popen(
        newsroom.command("run"), cwd=newsroom.home, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        # A run that does not get so far must not hang the tests.
        killer = threading.Timer(60, process.kill)
        killer.start()
        for line in process.stderr:
            lines.append(line.rstrip("\n"))
            if " sent, " in line:
                os.kill(process.pid, stop)
                break
        lines += process.stderr.read().splitlines()
        killer.cancel()
        assert process.wait(30) == 0
    assert len(newsroom.outbox()) == 6
    assert newsroom.json("status")["state"] == "done"
    return lines


@pytest.mark.slow
def test_a_run_sends_the_day_logs_json_and_tells_systemd_what_it_does(newsroom: Newsroom, tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(10)
        found = [json.loads(line) for line in run_a_day(newsroom, signal.SIGTERM, NOTIFY_SOCKET=address)]
        messages = list(iter(lambda: manager.recv(100).decode(), "STOPPING=1"))
    assert messages[0] == "READY=1"
    # Once a second: a fast machine is done sooner.
    assert set(messages[1:]) <= {"WATCHDOG=1"}
    batches = [entry for entry in found if "batch" in entry]
    assert sum(entry["recipients"] for entry in batches) == 6
    assert all(entry["edition"] == "2026-11-23" and entry["attempt"] for entry in batches)
    assert any(" sent, " in entry["message"] and entry["edition"] == "2026-11-23" for entry in found)
    assert found[-1]["message"] == "Stopped."
    assert {entry["level"] for entry in found} == {"info"}


# The tests above have a run with JSON, and each line of text.
@only_thorough
@pytest.mark.slow
def test_a_run_logs_text_if_asked_and_stops_at_a_keyboard_interrupt(newsroom: Newsroom) -> None:
    stamp = r"2026-11-23 08:4\d:\d\d \+0530 (INFO|WARNING) "
    lines = run_a_day(newsroom, signal.SIGINT, DIGEST_LOG="text")
    assert all(re.match(stamp, line) for line in lines)
    assert lines[-1].endswith("Stopped.")


@pytest.mark.slow
def test_a_terminal_gets_text() -> None:
    script = (
        "from datetime import datetime\n"
        "from digest.cli.logs import info, logging_to_stderr\n"
        f"now = datetime.fromisoformat({MORNING.isoformat()!r})\n"
        "with logging_to_stderr(None, lambda: now): info('Running.')"
    )
    root = Path(__file__).parents[2]
    written = on_terminal([sys.executable, "-c", script], 80, {"PYTHONPATH": str(root)})
    assert written == "2026-11-23 07:00:00 +0530 INFO Running.\r\n"
