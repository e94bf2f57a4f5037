"""A send by SMTP that is killed or stopped: at most one recipient per connection is unknown, and nobody gets two."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.chaos.killed_send import EDITION, prepare
from tests.cli.newsroom import Newsroom
from tests.support.killing import balance, lines, run_until_killed, serving
from tests.support.profiles import only_thorough

pytestmark = pytest.mark.slow

RECIPIENTS, THREADS = 240, 4


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    return prepare(tmp_path_factory.mktemp("smtp") / "prepared", RECIPIENTS)


def newsroom_on_smtp(prepared: Newsroom, folder: Path, url: str) -> Newsroom:
    shutil.copytree(prepared.home, folder)
    newsroom = Newsroom(folder)
    newsroom.environment |= {
        "DIGEST_DELIVERY__TRANSPORT": "smtp",
        "DIGEST_DELIVERY__SMTP__HOST": "127.0.0.1",
        "DIGEST_DELIVERY__SMTP__PORT": url.rpartition(":")[2],
        "DIGEST_DELIVERY__THREADS": str(THREADS),
        "DIGEST_DELIVERY__BATCH_SIZE": "30",
    }
    return newsroom


def judged(newsroom: Newsroom, log: Path) -> tuple[int, int]:
    """Return (accepted, unknown) from `status`. Raises AssertionError if the server's log disagrees."""
    status = newsroom.json("status", EDITION, "--all")
    unknown = {row["email"] for row in status["not_reached"] if row["state"] == "unknown"}
    found = balance(log)
    everyone = {f"subscriber{number}@example.com" for number in range(RECIPIENTS)}
    assert found.duplicates == {}
    assert not found.missing(everyone - unknown)
    assert not found.unexpected(everyone)
    assert status["accepted"] + len(unknown) == RECIPIENTS
    return status["accepted"], status["unknown"]


# test_kill_redo.py kills a send by an API. tests/deliver/test_smtp_pipelining.py and tests/store/test_progress.py have
# what a send by SMTP writes down before and after each recipient.
@only_thorough
@pytest.mark.parametrize(("after", "pipelining"), [(137, True), (1, False), (137, False), (1, True)])
def test_a_kill_leaves_at_most_one_unknown_recipient_per_connection(
    prepared: Newsroom, tmp_path: Path, pipelining: bool, after: int
) -> None:
    log = tmp_path / "accepted.jsonl"
    offers = ["--pipelining"] * pipelining
    with serving("tests.support.smtp_server", "--log", str(log), *offers) as url:
        newsroom = newsroom_on_smtp(prepared, tmp_path / "newsletter", url)
        send = newsroom.command("send", EDITION)
        assert run_until_killed(send, newsroom.env(), lines(log, after), cwd=newsroom.home).killed
        for _ in range(2):
            newsroom.digest("send", EDITION)
        assert judged(newsroom, log)[1] <= THREADS


# test_interruptions.py stops a send by SendGrid, and tests/deliver/test_smtp_pipelining.py one by SMTP.
@only_thorough
def test_sigterm_ends_after_the_current_email_and_the_rest_is_sent_later(prepared: Newsroom, tmp_path: Path) -> None:
    log = tmp_path / "accepted.jsonl"
    with serving("tests.support.smtp_server", "--log", str(log), "--pipelining") as url:
        newsroom = newsroom_on_smtp(prepared, tmp_path / "newsletter", url)
        process = subprocess.Popen(
            newsroom.command("send", EDITION),
            env=newsroom.env(),
            cwd=newsroom.home,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        start_send = lines(log, 20)
        while not start_send():
            time.sleep(0.002)
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        assert sum(balance(log).counts.values()) < RECIPIENTS
        newsroom.digest("send", EDITION)
        assert judged(newsroom, log) == (RECIPIENTS, 0)
