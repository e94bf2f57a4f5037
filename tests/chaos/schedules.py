"""Random schedules: which requests fail, when the sender dies, how it is started again. A seed determines all of it."""

from __future__ import annotations

import json
import random
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
from tests.chaos.crash_points import POINTS
from tests.chaos.killed_send import EDITION, Verdict, compare_with_log, copied
from tests.cli.newsroom import Newsroom
from tests.paths import ROOT
from tests.support import acceptance
from tests.support.asgi import Asgi
from tests.support.killing import lines, run_until_killed
from tests.support.sendgrid_events import PATH, Webhook, event, late
from tests.support.sendgrid_faults import FAULTS
from tests.support.sendgrid_server import KEY, sendgrid_environment, serving

WEBHOOK = Webhook()
BEGIN = datetime.fromisoformat("2026-11-23T06:20+05:30")
AT = datetime.fromisoformat("2026-11-23T07:00+05:30")
# Minutes after BEGIN. Later attempts are not scheduled: there must be 15 minutes to the time.
LAST_START = 24
_PERMANENT = {"refuse", "sandbox", "bad_index", "bad_no_field", "bad_email", "early_401", "unauthorized_401"}
_PERMANENT |= {"forbidden_403", "not_found_404", "not_allowed_405", *(kind for kind in FAULTS if "redirect" in kind)}
# SendGrid's limit. Beyond it an unknown batch cannot be cancelled.
MOST_CANCELS = 10
# Faults after which every recipient must still get the email.
TRANSIENT_FAULTS = sorted(set(FAULTS) - _PERMANENT)


@dataclass(frozen=True)
class Schedule:
    """What happens to one send. `policy` is `delivery.on_unknown`.

    Each of `kills` is for one start: seconds, lines of the log, a named point with a count, SIGTERM after seconds, or
    two processes at once. Then the send is started until it has nothing to do."""

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


def make_schedule(seed: int, recipients: int) -> Schedule:
    """Return the schedule of this seed."""
    rng = random.Random(seed)
    policy = "fence" if rng.random() < 0.7 else "hold"
    kinds = rng.sample(TRANSIENT_FAULTS, 3)
    batch_size = rng.choice((50, 100))
    # Within the limit of ten cancellations: each kill may need one per thread, each fault one.
    threads = 2
    batches = recipients // batch_size
    rate = min(0.25, 2.5 / batches) if policy == "fence" else 0.2
    kills: list[tuple[str, float]] = []
    for _ in range(rng.choice((0, 1, 1, 2))):
        how = rng.choice(("seconds", "lines", "point", "point", "term", "two"))
        if how in ("seconds", "term", "two"):
            kills.append((how, rng.uniform(0.3, 3.0)))
        elif how == "lines":
            kills.append((how, rng.randrange(1, recipients)))
        else:
            kills.append((rng.choice(sorted(POINTS)), rng.randrange(1, 6)))
    endings = [{"kind": kind, "on": rng.choice(("batch", "scheduled")), "seconds": 0.5} for kind in kinds[:2]]
    return Schedule(seed, policy, dict.fromkeys(kinds, rate / 3), endings, kills, batch_size, threads)


def run_schedule(
    schedule: Schedule, prepared: Newsroom, folder: Path, recipients: int, kind: str = "sqlite"
) -> Verdict:
    """Run the schedule in a copy of the prepared folder, on a store of this kind.

    Raises AssertionError if `status` does not add up."""
    log = folder / "accepted.jsonl"
    chances = [word for kind, chance in schedule.chances.items() for word in ("--chance", f"{kind}={chance:.4f}")]
    options = ("--log", str(log), "--key", KEY, "--seed", str(schedule.seed), "--check-every", "50", *chances)
    with copied(prepared, folder, kind) as newsroom, serving(*options) as url:
        newsroom.environment |= {
            **sendgrid_environment(url),
            "DIGEST_DELIVERY__SENDGRID__TIMEOUT": "2s",
            "DIGEST_DELIVERY__BATCH_SIZE": str(schedule.batch_size),
            "DIGEST_DELIVERY__THREADS": str(schedule.threads),
            "DIGEST_DELIVERY__ON_UNKNOWN": schedule.policy,
        }
        set_provider(url, "faults", schedule.script)
        killed = False
        minute = 0
        for how, count in schedule.kills:
            killed |= _interrupted_start(newsroom, url, log, minute, how, count)
            minute += 2
        while minute <= LAST_START and _unfinished(_undisturbed_start(newsroom, url, minute)):
            minute += 3
        set_provider(url, "faults", [])
        cancels = len(_provider_state(url)["cancelled"])
        # Past the time: pending batches are sent now.
        _undisturbed_start(newsroom, url, 41)
        set_provider(url, "clock", {"advance": 3600})
        send_webhooks(newsroom, log, schedule.seed)
        status = _status(newsroom)
    verdict = compare_with_log(log, status, recipients, killed=killed)
    if schedule.policy == "fence" and cancels < MOST_CANCELS:
        assert not verdict.unknown, f"{verdict.unknown} recipients unknown after {cancels} cancellations"
    assert not verdict.unresolved, f"{verdict.unresolved} recipients unknown despite webhooks"
    return verdict


def send_webhooks(newsroom: Newsroom, log: Path, seed: int) -> None:
    """Send the provider's webhooks for every email: late, repeated and in any order.

    They resolve unknown batches. Cancelled emails have no events."""
    last = {(line["message_id"], line["email"]): line for line in acceptance.read(log) if line["state"] != "violation"}
    sent = [line for line in last.values() if line["state"] == "sent"]
    events = [
        event(kind, one["email"], one["time"], **one["args"]) for one in sent for kind in ("processed", "delivered")
    ]
    newsroom.environment |= {
        "SENDGRID_WEBHOOK_KEYS": WEBHOOK.public,
        "DIGEST_WEB__WEBHOOKS__SENDGRID__KEYS_ENV": "SENDGRID_WEBHOOK_KEYS",
        "DIGEST_NOW": (AT + timedelta(hours=1)).isoformat(),
    }
    with make_app(newsroom.home, environment=newsroom.env()) as app:
        routes = FastAPI()
        routes.include_router(webhooks(app))
        with closing(Asgi(routes)) as client:
            for body in late(events, seed):
                client.request("POST", PATH, body, WEBHOOK.headers(body, app.now().timestamp()))
    newsroom.json("--home", str(newsroom.home), "events", "handle")


def _interrupted_start(newsroom: Newsroom, url: str, log: Path, minute: int, how: str, count: float) -> bool:
    """Start a send and interrupt it as `how` says. Returns whether it was killed."""
    environment, command = (
        newsroom.env(set_time(newsroom, url, minute)),
        [*newsroom.command(), *_send_arguments(newsroom)],
    )
    if how == "term":
        process = _popen(command, environment)
        time.sleep(count)
        process.terminate()
        # -SIGTERM: the signal came before the process handled signals.
        assert process.wait(30) in (0, 1, -signal.SIGTERM)
        return False
    if how in POINTS:
        command[2:3] = ["tests.chaos.crash_points", how, str(int(count))]
    elif how == "two":
        other = _popen(command, environment)
    when = count if how == "seconds" else lines(log, int(count)) if how == "lines" else None
    ended = run_until_killed(command, environment, when, timeout=120)
    if how == "two":
        assert other.wait(120) in (0, 1)
    return ended.killed or ended.code == -signal.SIGKILL


def _popen(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _undisturbed_start(newsroom: Newsroom, url: str, minute: int) -> dict[str, Any]:
    # In this process, which is faster.
    newsroom.digest(*_send_arguments(newsroom, at=minute < 40), **set_time(newsroom, url, minute))
    return _status(newsroom)


def _send_arguments(newsroom: Newsroom, *, at: bool = True) -> list[str]:
    later = ["--at", AT.isoformat()] if at else []
    return ["--home", str(newsroom.home), "send", EDITION, *later]


def set_time(newsroom: Newsroom, url: str, minute: int) -> dict[str, str]:
    """Set the provider's clock, and return the same time for the sender."""
    now = BEGIN + timedelta(minutes=minute)
    set_provider(url, "clock", {"set": now.timestamp()})
    return {"DIGEST_NOW": now.isoformat()}


def _status(newsroom: Newsroom) -> dict[str, Any]:
    output: dict[str, Any] = newsroom.json("--home", str(newsroom.home), "status", EDITION, "--all")
    return output


def _unfinished(status: dict[str, Any]) -> bool:
    return bool(status["state"] != "done" and (status["pending"] or status["unknown"] or not status["frozen"]))


def _provider_state(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}/_test/state", timeout=10) as answer:
        state: dict[str, Any] = json.load(answer)
    return state


def set_provider(url: str, what: str, order: Any) -> None:
    request = urllib.request.Request(f"{url}/_test/{what}", json.dumps(order).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        answer.read()
