"""One killed send and what became of it. The oracle is the provider's acceptance log, not what we say of ourselves."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.newsroom import Newsroom, many
from tests.support.folders import newsletter_folder
from tests.support.killing import balance, run_until_killed, serving
from tests.support.sendgrid_server import KEY

EDITION = "2026-11-23"


@dataclass(frozen=True)
class Verdict:
    """Numbers of readers. `missed` are those whom neither the provider's log has nor `status` names as in doubt."""

    killed: bool
    frozen: int
    accepted: int
    unknown: int
    duplicates: int
    missed: int
    unexpected: int
    lied: int
    """Whom we call accepted though the provider never had them."""
    deaf: int
    """Whom we hold as unknown though the provider has them; settled once its events have come."""

    @property
    def holds(self) -> bool:
        return not (self.duplicates or self.missed or self.unexpected or self.lied)


def prepare(folder: Path, readers: int) -> Newsroom:
    """A newsroom with a composed edition and so many readers, to be copied for each moment."""
    newsletter_folder(folder)
    room = Newsroom(folder)
    room.readers(*many(readers))
    room.json("compose")
    return room


def kill_and_go_on(
    prepared: Newsroom,
    folder: Path,
    readers: int,
    moment: Callable[[Path], float | Callable[[], bool]],
    *,
    batch_size: int = 1000,
    latency: int = 20,
) -> Verdict:
    """Kills a send at `moment` (a function of the acceptance log's path), starts it again until it has nothing more
    to do, and judges. Raises AssertionError when the numbers of `status` do not add up."""
    shutil.copytree(prepared.home, folder)
    room = Newsroom(folder)
    log = folder / "accepted.jsonl"
    server = ("--log", str(log), "--key", KEY, "--latency", str(latency), "--check-every", "50")
    with serving("tests.support.sendgrid_server", *server) as url:
        room.environment |= {
            "DIGEST_DELIVERY__TRANSPORT": "sendgrid",
            "DIGEST_DELIVERY__SENDGRID__HOST": url.split()[0],
            "DIGEST_DELIVERY__BATCH_SIZE": str(batch_size),
            "DIGEST_STORE__URL": f"sqlite:///{folder / 'digest.db'}",
            "SENDGRID_API_KEY": KEY,
        }
        send = room.command("--home", str(folder), "send", EDITION)
        first = run_until_killed(send, room.env(), moment(log))
        for _ in range(2):
            subprocess.run(send, env=room.env(), capture_output=True, timeout=300, check=False)
        told = subprocess.run(
            room.command("--home", str(folder), "status", EDITION, "--all", "--json"),
            env=room.env(),
            capture_output=True,
            timeout=120,
            check=True,
        )
    return judge(log, json.loads(told.stdout), readers, killed=first.killed)


def judge(log: Path, status: dict[str, Any], readers: int, *, killed: bool) -> Verdict:
    """What the provider's log says of a send that has nothing more to do, against what `status --all` says. Raises
    AssertionError when its numbers do not add up, or the provider saw a request that breaks its rules."""
    parts = ("accepted", "rejected", "excluded", "pending", "unknown")
    numbers = {part: status[part] for part in ("state", "frozen", *parts)}
    assert status["frozen"] == sum(status[part] for part in parts) == readers, numbers
    assert status["pending"] == 0, (numbers, {row["reason"] for row in status["not_reached"]})
    expected = {f"reader{number}@example.com" for number in range(readers)}
    doubtful = {row["email"] for row in status["not_reached"] if row["state"] == "unknown"}
    judged = balance(log)
    assert not judged.violations, judged.violations[:3]
    reached = {email for email, count in judged.counts.items() if count}
    return Verdict(
        killed=killed,
        frozen=status["frozen"],
        accepted=status["accepted"],
        unknown=status["unknown"],
        duplicates=sum(count - 1 for count in judged.duplicates.values()),
        missed=len(expected - reached - doubtful),
        unexpected=len(reached - expected),
        lied=len(expected - doubtful - reached),
        deaf=len(doubtful & reached),
    )
