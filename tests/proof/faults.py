"""What happens to the senders in each case. A function of each fault starts them and lets the fault happen."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta

from tests.chaos.killed_send import EDITION
from tests.cli.newsroom import NOW
from tests.proof.field import Field
from tests.proof.providers import STORM
from tests.support.outages import no_space

# Seconds that they have to recover.
_RECOVERY = 15.0
# Faults of a storm at most: so many, and one more for each of so many recipients. `FAULTS` says it too.
_STRIKES, _RECIPIENTS_PER_STRIKE = 10, 5000


def _somewhere(field: Field, rng: random.Random) -> int:
    """A number of accepted emails at which a fault happens."""
    return rng.randrange(1, field.recipients * 3 // 4)


def _kill(field: Field, rng: random.Random) -> None:
    field.start_all()
    moments = sorted(_somewhere(field, rng) for _ in range(rng.choice((1, 1, 2))))
    for moment in moments:
        field.await_emails(moment)
        worker = rng.randrange(field.case.workers)
        field.running[worker].kill()
        field.running[worker].wait()
        field.restart(worker)


def _link_down(field: Field, rng: random.Random) -> None:
    field.start_all()
    field.await_emails(_somewhere(field, rng))
    link = rng.choice(field.links)
    link.is_cut = True
    # Half a minute is long enough for others to take over.
    time.sleep(rng.choice((1.0, 3.0, 10.0, 30.0 if field.case.workers > 1 else 10.0)))
    link.is_cut = False


def _packet_loss(field: Field, rng: random.Random) -> None:
    for link in field.links:
        link.loss = rng.uniform(0.01, 0.05)
    field.start_all()
    field.await_end()
    for link in field.links:
        link.loss = 0.0


def _restart(field: Field, rng: random.Random) -> None:
    assert field.server
    field.start_all()
    for _ in range(rng.choice((1, 2))):
        field.await_emails(_somewhere(field, rng))
        field.server.restart(rng.choice(("immediate", "fast")), down=rng.choice((0.0, 1.0, 3.0)))


def _server_fault(field: Field, _rng: random.Random) -> None:
    field.start_all()


def _disk_full(field: Field, rng: random.Random) -> None:
    field.start_all()
    field.await_emails(_somewhere(field, rng))
    _fill_disk(field, rng)


def _fill_disk(field: Field, rng: random.Random) -> None:
    running = [process for process in field.running if process.poll() is None]
    with ExitStack() as stack:
        for process in rng.sample(running, min(len(running), rng.choice((1, 3)))):
            try:
                stack.enter_context(no_space(process.pid))
            except ProcessLookupError:
                continue
        time.sleep(rng.choice((1.0, 2.0, 5.0)))


def _clock_steps(field: Field, rng: random.Random) -> None:
    skews = [0, -2, 3]
    rng.shuffle(skews)
    if field.case.workers > 1:
        for worker in range(field.case.workers):
            field.start(worker, **_clock(skews[worker]))
        return
    for skew in (0, -2, 3):
        process = field.start(0, **_clock(skew))
        field.await_emails(_somewhere(field, rng))
        process.kill()
        process.wait()
        field.running.clear()


def _clock(hours: int) -> dict[str, str]:
    return {"DIGEST_NOW": (datetime.fromisoformat(NOW) + timedelta(hours=hours)).isoformat()}


def _restored_backup(field: Field, rng: random.Random) -> None:
    field.start_all()
    field.await_emails(_somewhere(field, rng))
    copy = field.newsroom.home / "copy.db"
    made = field.digest("store", "backup", str(copy))
    assert made.code == 0, made.err
    field.await_end()
    field.digest("send", EDITION)
    done = field.digest("store", "restore", str(copy))
    assert done.code == 0, done.err
    field.start_all()


def _storm(field: Field, rng: random.Random) -> None:
    """One fault after the other. A process that ended because of a fault is started again, as by systemd."""
    strikes = [_strike_down, _cut_for_a_while, _lose_for_a_while, _fill_disk]
    strikes += [_restart_once] if field.server else []
    field.start_all()
    for _ in range(_STRIKES + field.recipients // _RECIPIENTS_PER_STRIKE):
        for worker, process in enumerate(field.running):
            if process.poll() is not None:
                field.restart(worker)
        # Not while all processes are still starting.
        field.await_progress(_RECOVERY)
        time.sleep(rng.uniform(0.0, 0.5))
        rng.choice(strikes)(field, rng)
        if field.accepted() >= field.recipients:
            break


def _strike_down(field: Field, rng: random.Random) -> None:
    field.running[rng.randrange(field.case.workers)].kill()


def _cut_for_a_while(field: Field, rng: random.Random) -> None:
    link = rng.choice(field.links)
    link.is_cut = True
    time.sleep(rng.uniform(0.5, 4.0))
    link.is_cut = False


def _lose_for_a_while(field: Field, rng: random.Random) -> None:
    for link in field.links:
        link.loss = 0.05
    time.sleep(rng.uniform(0.5, 4.0))
    for link in field.links:
        link.loss = 0.0


def _restart_once(field: Field, rng: random.Random) -> None:
    assert field.server
    field.server.restart(rng.choice(("immediate", "fast")), down=rng.uniform(0.0, 2.0))


CAUSES: Mapping[str, Callable[[Field, random.Random], None]] = {
    "kill -9": _kill,
    "link down": _link_down,
    "packet loss": _packet_loss,
    "PostgreSQL restart": _restart,
    "lost replies": _server_fault,
    "5xx after acceptance": _server_fault,
    "429": _server_fault,
    "slow drip": _server_fault,
    "disk full": _disk_full,
    "clock steps": _clock_steps,
    "restored backup": _restored_backup,
    STORM: _storm,
}
