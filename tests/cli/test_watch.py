"""`digest status --watch`: what the page shows, and how it begins and ends."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len
from rich.console import Console

from digest.app import make_app
from digest.cli.watch import DayStatus, EditionLine, Rates, SourceLine, page, read_day
from digest.store.sending.status import Counts
from digest.store.workers import Worker, WorkerState
from tests.cli.newsroom import NOW, Newsroom
from tests.cli.test_terminal import ESCAPE
from tests.support.profiles import first


def _counts(accepted: int, rejected: int, excluded: int, pending: int, unknown: int) -> Counts:
    frozen = accepted + rejected + excluded + pending + unknown
    numbers = {"accepted": accepted, "rejected": rejected, "excluded": excluded}
    return Counts(frozen=frozen, pending=pending, unknown=unknown, batches=2, variants=1, **numbers)


MORNING = datetime(2026, 11, 23, 7, 0, tzinfo=ZoneInfo("Asia/Kolkata"))
DAY = DayStatus(
    newsletter="सुबह की ख़बरें",
    now=MORNING,
    steps=[(MORNING + timedelta(minutes=90), "send 2026-11-23-shaam")],
    editions=[
        EditionLine("2026-11-23", "sending", "नहर में पानी", _counts(600, 10, 40, 350, 0)),
        EditionLine("2026-11-22", "done", "धान की खरीद", _counts(950, 0, 37, 0, 3)),
    ],
    sources=[
        SourceLine("bad", "failed 4 times in a row: https://asha:pw-of-feed@feed.example timed out", None),
        SourceLine("good", "", MORNING - timedelta(minutes=5)),
    ],
    problem="",
    rates={"2026-11-23": 25.0},
)


def printed(day: DayStatus, width: int = 140) -> str:
    console = Console(width=width, height=50, record=True, force_terminal=False, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    console.print(page(day))
    console.file.close()
    return console.export_text()


def test_the_page_shows_the_workers() -> None:
    assert "recipients/s" not in printed(DAY)
    workers = [
        Worker("a", "web1", 812, "0.1.0", 4, rate=9120.4, jobs=("collect 1 of 1", "seat 0 of 2026-11-23")),
        Worker("b", "web2", 7, "0.1.0", 4, state=WorkerState.SILENT),
    ]
    text = printed(replace(DAY, workers=workers))
    # A small terminal shows the first parts only.
    assert text.index("recipients/s") < text.index("next ") < text.index("last good")
    assert re.search(r"web1:812 +0\.1\.0 +running +4 +9120 +collect 1 of 1, seat 0 of 2026-11-23", text)
    assert re.search(r"web2:7 +0\.1\.0 +silent +4 +0", text)


def test_a_send_that_only_waits_for_proof_says_how_to_end_it() -> None:
    waiting = EditionLine("2026-11-23", "sending", "नहर में पानी", _counts(950, 10, 40, 0, 0))
    assert "unknown: digest" not in printed(replace(DAY, editions=[waiting], rates={}))
    waiting = replace(waiting, counts=replace(waiting.counts, accepted=150, unknown=800))
    assert "1,000 of 1,000  800 unknown: digest reconcile 2026-11-23" in printed(
        replace(DAY, editions=[waiting], rates={})
    )


def test_the_page_shows_the_day() -> None:
    lines = printed(DAY).splitlines()
    text = "\n".join(lines)
    assert lines[0] == "सुबह की ख़बरें   Mon 2026-11-23 07:00:00 IST"
    # 350 are left, at 25 a second.
    assert re.search(r"Sending 2026-11-23 .* 650 of 1,000 +25/s +14 s left", text)
    assert re.search(r"08:30 +send 2026-11-23-shaam +in 1 h", text)
    assert re.search(r"2026-11-22 +done +950 +0 +37 +0 +3 +धान", text)
    assert text.index("bad: failed 4 times") < text.index("5 min ago")
    assert "pw-of-feed" not in text


def test_a_problem_of_the_store_is_shown_first() -> None:
    assert printed(replace(DAY, problem="The store is an older copy.")).splitlines()[1] == "The store is an older copy."


def test_a_narrow_terminal_cuts_cells() -> None:
    assert all(cell_len(line) <= 60 for line in printed(DAY, 60).splitlines())


def test_the_rate_is_that_of_the_last_half_minute() -> None:
    rates = Rates()
    assert rates.add("a", 0, 100.0) == 0
    assert rates.add("a", 20, 102.0) == 10
    for second in range(104, 140, 2):
        last = rates.add("a", 20, float(second))
    assert last == 0


@pytest.mark.slow
def test_the_page_is_read_from_the_store(newsroom: Newsroom) -> None:
    newsroom.digest("send")
    with make_app(newsroom.home, environment={"DIGEST_NOW": NOW}) as app:
        day = read_day(app, Rates())
    assert [(line.key, line.state, line.counts.accepted) for line in day.editions] == [("2026-11-23", "done", 6)]
    # Today's is done.
    assert [what for _at, what in day.steps[:2]] == ["compose 2026-11-24", "send 2026-11-24"]
    assert f"{day.steps[0][0]:%H:%M %Z}" == "05:30 IST"


def test_it_needs_a_terminal_and_no_other_arguments(newsroom: Newsroom) -> None:
    run = newsroom.digest("status", "--watch")
    assert (run.code, "needs a terminal" in run.err) == (1, True)
    assert newsroom.digest("status", "--watch", "--json").code == 2


@pytest.mark.slow
@pytest.mark.parametrize("stop", first([signal.SIGINT, signal.SIGTERM], dev=1))
def test_it_runs_on_a_terminal_until_it_is_stopped(newsroom: Newsroom, stop: signal.Signals) -> None:
    newsroom.digest("send")
    outer, inner = pty.openpty()
    command = [sys.executable, "-m", "digest.cli", "--home", str(newsroom.home), "status", "--watch"]
    env = {**newsroom.env(), "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
    with subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, env=env) as process:
        os.close(inner)
        killer = threading.Timer(60, process.kill)
        killer.start()
        shown, stopped = "", False
        while True:
            try:
                shown += os.read(outer, 65536).decode("utf-8", "replace")
            except OSError:
                # Linux reports the end of a terminal as an error.
                break
            # The second page has come when the line of the end was shown twice.
            if not stopped and ESCAPE.sub("", shown).count("Ctrl-C ends") >= 2:
                process.send_signal(stop)
                stopped = True
        killer.cancel()
        assert process.wait(30) == 0
    os.close(outer)
    assert "2026-11-23" in shown
    # The screen of before is back, and so is the cursor.
    assert shown.rindex("\x1b[?1049l") > shown.rindex("\x1b[?1049h")
    assert "\x1b[?25h" in shown
