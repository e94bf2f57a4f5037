"""A seed as a schedule of misfortunes: which requests go wrong, when the sender dies, how it is started again.

Owns the dice and the running of one schedule; the verdict is the provider's acceptance log's alone.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import time
import urllib.request
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from digest.app import make_app
from digest.web.webhooks import webhooks
from tests.chaos.crashing import POINTS
from tests.chaos.proof import EDITION, Verdict, judge
from tests.cli.newsroom import Newsroom
from tests.paths import ROOT
from tests.support import acceptance
from tests.support.asgi import Asgi
from tests.support.killing import lines, run_until_killed, serving
from tests.support.sendgrid_events import PATH, Webhook, event, late
from tests.support.sendgrid_faults import FAULTS
from tests.support.sendgrid_server import KEY

WEBHOOK = Webhook()
BEGIN = datetime.fromisoformat("2026-11-23T06:20+05:30")
AT = datetime.fromisoformat("2026-11-23T07:00+05:30")
LAST_START = 24  # minutes after BEGIN: no new attempt is fenced later than 15 minutes before the hour
_FOR_GOOD = {"refuse", "sandbox", "bad_index", "bad_no_field", "bad_email", "early_401", "unauthorized_401"}
_FOR_GOOD |= {"forbidden_403", "not_found_404", "not_allowed_405", *(kind for kind in FAULTS if "redirect" in kind)}
MOST_CANCELS = 10  # SendGrid's limit, beyond which a batch in doubt is held
SHAKES = sorted(set(FAULTS) - _FOR_GOOD)
"""Faults after which every reader must still have the letter in the end."""


@dataclass(frozen=True)
class Schedule:
    """What will happen to one send. `kills` hold for one start each: seconds, lines of the log, or a named point with a
    count, SIGTERM after seconds, or two processes at once; then it is started until it has nothing to do. `policy` is
    `delivery.on_unknown`."""

    seed: int
    policy: str
    chances: dict[str, float]
    script: list[dict[str, Any]]
    kills: list[tuple[str, float]]
    batch_size: int
    threads: int

    def __str__(self) -> str:
        kills = "; ".join(f"{how} {count:g}" for how, count in self.kills)
        return f"{self.seed} {self.policy}, {sum(self.chances.values()):.0%} faults, killed: {kills or 'never'}"


def drawn(seed: int, readers: int) -> Schedule:
    """The schedule of this seed; the same each time."""
    dice = random.Random(seed)
    policy = "fence" if dice.random() < 0.7 else "hold"
    kinds = dice.sample(SHAKES, 3)
    batch_size = dice.choice((50, 100))
    # Within the fence's limits: at most ten cancels, each kill may leave one per thread, each fault one.
    threads = 2
    batches = readers // batch_size
    rate = min(0.25, 2.5 / batches) if policy == "fence" else 0.2
    kills: list[tuple[str, float]] = []
    for _ in range(dice.choice((0, 1, 1, 2))):
        how = dice.choice(("seconds", "lines", "point", "point", "term", "two"))
        if how in ("seconds", "term", "two"):
            kills.append((how, dice.uniform(0.3, 3.0)))
        elif how == "lines":
            kills.append((how, dice.randrange(1, readers)))
        else:
            kills.append((dice.choice(sorted(POINTS)), dice.randrange(1, 6)))
    endings = [{"kind": kind, "on": dice.choice(("batch", "scheduled")), "seconds": 0.5} for kind in kinds[:2]]
    return Schedule(seed, policy, dict.fromkeys(kinds, rate / 3), endings, kills, batch_size, threads)


def carry_out(schedule: Schedule, prepared: Newsroom, folder: Path, readers: int) -> Verdict:
    """Runs the schedule in a copy of the prepared newsroom. Raises AssertionError when `status` does not add up."""
    shutil.copytree(prepared.home, folder)
    room = Newsroom(folder)
    log = folder / "accepted.jsonl"
    chances = [word for kind, chance in schedule.chances.items() for word in ("--chance", f"{kind}={chance:.4f}")]
    options = ("--log", str(log), "--key", KEY, "--seed", str(schedule.seed), "--check-every", "50", *chances)
    with serving("tests.support.sendgrid_server", *options) as url:
        room.environment |= {
            "DIGEST_DELIVERY__TRANSPORT": "sendgrid",
            "DIGEST_DELIVERY__SENDGRID__HOST": url,
            "DIGEST_DELIVERY__SENDGRID__TIMEOUT": "2s",
            "DIGEST_DELIVERY__BATCH_SIZE": str(schedule.batch_size),
            "DIGEST_DELIVERY__THREADS": str(schedule.threads),
            "DIGEST_DELIVERY__ON_UNKNOWN": schedule.policy,
            "DIGEST_STORE__URL": f"sqlite:///{folder / 'digest.db'}",
            "SENDGRID_API_KEY": KEY,
        }
        _order(url, "faults", schedule.script)
        killed = False
        minute = 0
        for how, count in schedule.kills:
            killed |= _start(room, url, log, minute, how, count)
            minute += 2
        while minute <= LAST_START and _left(_start_whole(room, url, minute)):
            minute += 3
        _order(url, "faults", [])
        cancels = len(_told(url)["cancelled"])
        _start_whole(room, url, 41)  # past the hour: what was never handed over goes now
        _order(url, "clock", {"advance": 3600})
        _hear(room, log, schedule.seed)
        status = _status(room)
    verdict = judge(log, status, readers, killed=killed)
    if schedule.policy == "fence" and cancels < MOST_CANCELS:
        assert not verdict.unknown, f"{verdict.unknown} readers held with {cancels} cancels made"
    assert not verdict.deaf, f"{verdict.deaf} readers held whom the provider has told of"
    return verdict


def _hear(room: Newsroom, log: Path, seed: int) -> None:
    """The provider tells what became of each letter: late, several times, in any order. What it has settles what was in
    doubt; what was recalled it does not have."""
    last = {(line["message_id"], line["email"]): line for line in acceptance.read(log) if line["state"] != "violation"}
    sent = [line for line in last.values() if line["state"] == "sent"]
    events = [
        event(kind, one["email"], one["time"], **one["args"]) for one in sent for kind in ("processed", "delivered")
    ]
    room.environment |= {
        "SENDGRID_WEBHOOK_KEYS": WEBHOOK.public,
        "DIGEST_WEB__WEBHOOKS__SENDGRID__KEYS_ENV": "SENDGRID_WEBHOOK_KEYS",
        "DIGEST_NOW": (AT + timedelta(hours=1)).isoformat(),
    }
    with make_app(room.home, environment=room.env()) as app:
        routes = FastAPI()
        routes.include_router(webhooks(app))
        with closing(Asgi(routes)) as client:
            for body in late(events, seed):
                client.request("POST", PATH, body, WEBHOOK.headers(body, app.now().timestamp()))
    room.json("--home", str(room.home), "events", "handle")


def _start(room: Newsroom, url: str, log: Path, minute: int, how: str, count: float) -> bool:
    """One start that comes to grief as `how` says; whether it was killed."""
    environment, command = room.env(_at(room, url, minute)), [*room.command(), *_send(room)]
    if how == "term":
        begun = _begun(command, environment)
        time.sleep(count)
        begun.terminate()
        assert begun.wait(30) in (0, 1, -signal.SIGTERM)  # the last: before it had come to listening
        return False
    if how in POINTS:
        command[2:3] = ["tests.chaos.crashing", how, str(int(count))]
    elif how == "two":
        other = _begun(command, environment)
    when = count if how == "seconds" else lines(log, int(count)) if how == "lines" else None
    ended = run_until_killed(command, environment, when, timeout=120)
    if how == "two":
        assert other.wait(120) in (0, 1)
    return ended.killed or ended.code == -signal.SIGKILL


def _begun(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _start_whole(room: Newsroom, url: str, minute: int) -> dict[str, Any]:
    now = _at(room, url, minute)
    arguments = [*room.command(), *_send(room, at=minute < 40)]
    subprocess.run(arguments, env=room.env(now), cwd=room.home, capture_output=True, timeout=180, check=False)
    return _status(room)


def _send(room: Newsroom, *, at: bool = True) -> list[str]:
    later = ["--at", AT.isoformat()] if at else []
    return ["--home", str(room.home), "send", EDITION, *later]


def _at(room: Newsroom, url: str, minute: int) -> dict[str, str]:
    """The same time for both sides."""
    now = BEGIN + timedelta(minutes=minute)
    _order(url, "clock", {"set": now.timestamp()})
    return {"DIGEST_NOW": now.isoformat()}


def _status(room: Newsroom) -> dict[str, Any]:
    told: dict[str, Any] = room.json("--home", str(room.home), "status", EDITION, "--all")
    return told


def _left(status: dict[str, Any]) -> bool:
    return bool(status["state"] != "done" and (status["pending"] or status["unknown"] or not status["frozen"]))


def _told(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}/_test/state", timeout=10) as answer:
        state: dict[str, Any] = json.load(answer)
    return state


def _order(url: str, what: str, order: Any) -> None:
    request = urllib.request.Request(f"{url}/_test/{what}", json.dumps(order).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()
