"""Take a copy of the store during a send, finish the send, put the copy back, and send again.

The provider's acceptance log decides who got what. A simulated operator resolves unknown batches by the same log.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digest.store.database import open_database
from digest.store.sending.batches import batch_recipients
from tests.chaos.crash_points import POINTS
from tests.chaos.killed_send import EDITION, Verdict, compare_with_log, copied
from tests.chaos.schedules import AT, set_provider, set_time
from tests.cli.newsroom import Newsroom, Run
from tests.support.killing import balance, lines, run_until_killed
from tests.support.sendgrid_server import KEY, sendgrid_environment, serving

# How the copy is put back: by `digest store restore FILE`, or copied over the store by hand.
WAYS = ("restore", "cp")
# Lost responses, with and without the emails accepted; and requests that never arrive completely.
_LOST = ("--chance", "accept_then_reset=0.1", "--chance", "lose_then_reset=0.1", "--seed", "3")
_NOT_SENT = ("--chance", "reset_mid_body=0.3", "--seed", "3")
# Minutes after BEGIN at which a scheduled send continues after the restoring.
_RESTORED, _PAST = 6, 45


@dataclass(frozen=True)
class Restoring:
    """When the copy is made, how, and how it is put back.

    `at` is the number of emails that the provider has accepted, or a named point with a count, at which the sender is
    killed. `files` copies the store's files while the sender waits, instead of `digest store backup`.
    `scheduled` hands the batches over before their time; `paused` also stops the edition after the copy. `faults` are
    the server's options for requests that go wrong.
    """

    at: int | tuple[str, int]
    way: str
    files: bool
    policy: str
    scheduled: bool = False
    paused: bool = False
    faults: tuple[str, ...] = ()

    def __str__(self) -> str:
        when = f"{self.at} accepted" if isinstance(self.at, int) else f"{self.at[0]} {self.at[1]}"
        kind = "files" if self.files else "backup"
        kind += " with lost answers" if self.faults else ""
        extra = (", scheduled" if self.scheduled else "") + (", paused" if self.paused else "")
        return f"{kind} at {when}, put back by {self.way}, {self.policy}{extra}"


def make_restoring(number: int, recipients: int, way: str) -> Restoring:
    """Return one of a series of moments, which are spread over the send and include every named point."""
    rng = random.Random(number)
    policy = ("hold", "fence", "resend")[number % 3]
    if number % 3 == 2:
        points = sorted(POINTS)
        point = points[number // 3 % len(points)]
        once = point == "after recovering" or "cancel" in point
        # Only scheduled batches have an id, and only those of unknown outcome are cancelled.
        scheduled = "schedule" in point or "cancel" in point
        faults = _LOST if "cancel" in point else _NOT_SENT if point == "after settle" else ()
        policy = "fence" if scheduled else rng.choice(("hold", "fence"))
        at = (point, 1 if once else rng.randrange(1, 5))
        # The store of a dead sender does not change.
        return Restoring(at, way, files=True, policy=policy, scheduled=scheduled, faults=faults)
    scheduled = number % 4 == 3
    policy = "fence" if scheduled else policy
    accepted = rng.randrange(1, max(recipients * 9 // 10, 2))
    paused = scheduled and number % 8 == 7
    faults = _LOST if policy != "resend" and rng.random() < 0.5 else ()
    return Restoring(accepted, way, number % 2 == 0, policy, scheduled, paused, faults)


def restore_and_resume(
    plan: Restoring,
    prepared: Newsroom,
    folder: Path,
    recipients: int,
    *,
    batch_size: int = 100,
    latency: int = 25,
) -> tuple[Verdict, Verdict]:
    """Carry out the plan. Returns the verdict before and after the operator resolved unknown batches.

    Raises AssertionError if a copy that was put back by hand is not noticed.
    """
    log = folder / "accepted.jsonl"
    server = ("--log", str(log), "--key", KEY, "--latency", str(latency), "--check-every", "50", *plan.faults)
    with copied(prepared, folder, "sqlite") as newsroom, serving(*server) as url:
        newsroom.environment |= {
            **sendgrid_environment(url),
            "DIGEST_DELIVERY__BATCH_SIZE": str(batch_size),
            "DIGEST_DELIVERY__ON_UNKNOWN": plan.policy,
        }
        if plan.scheduled:
            newsroom.environment |= set_time(newsroom, url, 0)
        copy, killed = _send_and_copy(plan, newsroom, log)
        _run(newsroom, *_send(plan))
        if plan.paused:
            _run(newsroom, "edition", "pause", EDITION)
        if plan.scheduled:
            newsroom.environment |= set_time(newsroom, url, _RESTORED)
        _put_back(plan, newsroom, copy, log)
        for _ in range(2):
            _run(newsroom, *_send(plan))
        if plan.paused and plan.way == "restore":
            # The store that was in place knew of the pause.
            _resume(newsroom, log)
        if plan.scheduled:
            newsroom.environment |= set_time(newsroom, url, _PAST)
            _run(newsroom, "send", EDITION)
            set_provider(url, "clock", {"advance": 3600})
        before = compare_with_log(log, _status(newsroom), recipients, killed=killed)
        _settle(newsroom, log)
        _run(newsroom, "send", EDITION)
        after = compare_with_log(log, _status(newsroom), recipients, killed=killed)
    return before, after


def _resume(newsroom: Newsroom, log: Path) -> None:
    """Resume the paused edition, which was not sent meanwhile."""
    assert _status(newsroom)["state"] == "paused"
    accepted = balance(log).counts.total()
    refused = _run(newsroom, "send", EDITION)
    assert (refused.code, balance(log).counts.total()) == (1, accepted), refused
    done = _run(newsroom, "edition", "resume", EDITION)
    assert done.code == 0, done.err
    _run(newsroom, "send", EDITION)


def _send(plan: Restoring) -> list[str]:
    return ["send", EDITION, *(["--at", AT.isoformat()] if plan.scheduled else [])]


def _send_and_copy(plan: Restoring, newsroom: Newsroom, log: Path) -> tuple[Path, bool]:
    """Start a send, copy the store at the moment of the plan, and let the send end.

    Returns the copy, and whether the sender was killed."""
    command = [*newsroom.command(), "--home", str(newsroom.home), *_send(plan)]
    copy = newsroom.home / "copy.db"
    if not isinstance(plan.at, int):
        point, count = plan.at
        command[2:3] = ["tests.chaos.crash_points", point, str(count)]
        ended = run_until_killed(command, newsroom.env(), timeout=120)
        _copy_files(newsroom.home / "digest.db", copy)
        return copy, ended.code == -signal.SIGKILL
    process = subprocess.Popen(command, env=newsroom.env(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    moment = lines(log, plan.at)
    try:
        while not moment() and process.poll() is None:
            time.sleep(0.002)
        if plan.files:
            os.kill(process.pid, signal.SIGSTOP)
            _copy_files(newsroom.home / "digest.db", copy)
            os.kill(process.pid, signal.SIGCONT)
        else:
            made = _run(newsroom, "store", "backup", str(copy))
            assert made.code == 0, made.err
        process.wait(120)
    finally:
        process.kill()
        process.wait()
    return copy, False


def _copy_files(store: Path, copy: Path) -> None:
    for end in ("", "-wal"):
        source = store.with_name(store.name + end)
        if source.exists():
            shutil.copyfile(source, copy.with_name(copy.name + end))


def _put_back(plan: Restoring, newsroom: Newsroom, copy: Path, log: Path) -> None:
    if plan.way == "restore":
        done = _run(newsroom, "store", "restore", str(copy))
        assert done.code == 0, done.err
        return
    store = newsroom.home / "digest.db"
    current = _claims(store)
    for end in ("-wal", "-shm"):
        store.with_name(store.name + end).unlink(missing_ok=True)
    _copy_files(copy, store)
    accepted = balance(log).counts.total()
    if _claims(store) < current or not plan.files:
        refused = _run(newsroom, *_send(plan))
        assert refused.code == 1, refused
        assert "digest store restore --in-place" in refused.err, refused.err
        assert balance(log).counts.total() == accepted
    done = _run(newsroom, "store", "restore", "--in-place")
    assert done.code == 0, done.err


def _claims(store: Path) -> int:
    with closing(sqlite3.connect(store)) as connection:
        found = connection.execute("SELECT value FROM meta WHERE name = 'claims'").fetchone()
    return int(found[0]) if found else 0


def _settle(newsroom: Newsroom, log: Path) -> None:
    """Decide as an operator who reads the provider's log: batches of which it has all, or none."""
    unknown = json.loads(_run(newsroom, "reconcile", EDITION, "--json").out)["batches"]
    reached = {email for email, count in balance(log).counts.items() if count}
    decisions: list[str] = []
    with closing(open_database("sqlite:///digest.db", home=newsroom.home)) as database:
        for batch in unknown:
            with database.read() as connection:
                emails = {email for _id, email in batch_recipients(connection, batch["batch"])}
            if emails <= reached:
                decisions += ["--accept", str(batch["batch"])]
            elif not emails & reached:
                decisions += ["--resend", str(batch["batch"])]
    if decisions:
        settled = _run(newsroom, "reconcile", EDITION, *decisions, "--offline", "--reason", "the provider's log")
        assert settled.code in (0, 1), settled.err


def _status(newsroom: Newsroom) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_run(newsroom, "status", EDITION, "--all", "--json").out)
    return found


def _run(newsroom: Newsroom, *arguments: str) -> Run:
    """Run a command in this process, which is faster. Only the first send needs a process of its own."""
    return newsroom.digest("--home", str(newsroom.home), *arguments)
