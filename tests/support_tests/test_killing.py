"""Killing hits the whole process group; the balance finds duplicates, losses and incomplete lines."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from tests.support.acceptance import AcceptanceLog
from tests.support.killing import balance, exists, lines, run_until_killed

WRITER = """
import sys, time
with open(sys.argv[1], 'a', buffering=1) as log:
    for n in range(100_000):
        log.write(f'{n}\\n')
        time.sleep(0.002)
"""
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', '''
import pathlib, sys, time
while True:
    pathlib.Path(sys.argv[1]).write_text(str(time.monotonic()))
    time.sleep(0.01)
''', sys.argv[1]])
time.sleep(60)
"""


def test_a_predicate_on_a_file_chooses_the_moment(tmp_path: Path) -> None:
    log = tmp_path / "log"
    run = run_until_killed([sys.executable, "-c", WRITER, str(log)], when=lines(log, 20))
    assert (run.killed, run.code) == (True, -9)
    assert 20 <= len(log.read_text().splitlines()) < 1000


def test_children_are_killed_too(tmp_path: Path) -> None:
    beat = tmp_path / "beat"
    assert run_until_killed([sys.executable, "-c", PARENT, str(beat)], when=exists(beat)).killed
    time.sleep(0.05)
    last = beat.read_text()
    time.sleep(0.1)
    assert beat.read_text() == last


def test_a_program_that_ends_by_itself_was_not_killed() -> None:
    script = "import os, sys; print(os.environ['WHO']); print('oh', file=sys.stderr); sys.exit(3)"
    run = run_until_killed([sys.executable, "-c", script], {"WHO": "Asha"}, when=30.0)
    assert (run.killed, run.code, run.stdout.strip(), run.stderr.strip()) == (False, 3, "Asha", "oh")


def test_a_program_that_never_ends_is_killed_and_reported() -> None:
    with pytest.raises(TimeoutError):
        run_until_killed([sys.executable, "-c", "import time; time.sleep(60)"], timeout=0.3)


def line(email: str, message: str, state: str = "sent", edition: str = "a") -> dict[str, object]:
    return {"state": state, "email": email, "message_id": message, "args": {"e": edition}, "batch_id": ""}


def test_the_balance_counts_the_last_state_of_each_email(tmp_path: Path) -> None:
    log = AcceptanceLog(tmp_path / "log", fsync=True)
    log.write([line("asha@example.com", "1"), line("asha@example.com", "2"), line("ravi@example.com", "1", "held")])
    log.write([line("meera@example.com", "3", "held"), line("meera@example.com", "3", "cancelled")])
    log.write([])
    log.write([{"state": "violation", "message": '},{"state":"sent"', "field": "subject"}])
    log.close()
    log.write([line("late@example.com", "9")])
    with (tmp_path / "log").open("a") as file:
        file.write(json.dumps(line("torn@example.com", "4")))
    totals = balance(tmp_path / "log")
    assert totals.counts == {"asha@example.com": 2, "ravi@example.com": 1}
    assert totals.duplicates == {"asha@example.com": 2}
    assert (totals.cancelled, totals.waiting) == ({"meera@example.com": 1}, 1)
    assert totals.missing({"asha@example.com", "meera@example.com"}) == {"meera@example.com"}
    assert totals.unexpected({"asha@example.com"}) == {"ravi@example.com"}
    assert totals.violations == ['subject: },{"state":"sent"']


def test_emails_of_two_editions_are_not_duplicates(tmp_path: Path) -> None:
    log = AcceptanceLog(tmp_path / "log")
    log.write([line("asha@example.com", "1", edition="a"), line("asha@example.com", "2", edition="b")])
    log.close()
    assert balance(tmp_path / "log", key=lambda one: (one["args"]["e"], one["email"])).duplicates == {}
