"""`make chaos`: seeded schedules of faults and kills, kill -9 at many moments of a large send, and copies of the store
that are put back after a send.

Prints one line for each send; exits with 1 if a recipient got two emails or none."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.chaos.killed_send import Verdict, kill_and_resume, prepare, print_line
from tests.chaos.restored_send import WAYS, make_restoring, restore_and_resume
from tests.chaos.schedules import make_schedule, run_schedule
from tests.cli.newsroom import Newsroom
from tests.support.killing import lines

# Recipients of a schedule: about ten batches, so that faults and kills often coincide.
_FEW = 600
# Recipients of a send of which a copy is put back: twelve batches.
_RESTORED = 1200


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=200)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--recipients", type=int, default=20_000, help="of the large send")
    parser.add_argument("--moments", type=int, default=20, help="at which the large send is killed")
    parser.add_argument(
        "--restores", type=int, default=50, help="moments at which a copy is made; each is put back twice"
    )
    parser.add_argument("--store", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    bad = count = held = 0
    with tempfile.TemporaryDirectory() as place, ProcessPoolExecutor(given.processes) as pool:
        prepare(Path(place) / "few", _FEW)
        prepare(Path(place) / "many", given.recipients)
        prepare(Path(place) / "restored", _RESTORED)
        seeds = range(given.first_seed, given.first_seed + given.schedules)
        tasks = [pool.submit(_schedule, place, seed, given.store) for seed in seeds]
        tasks += [
            pool.submit(_moment, place, number, given.recipients, given.moments, given.store)
            for number in range(given.moments)
        ]
        if given.store == "sqlite":
            tasks += [pool.submit(_restored, place, number, way) for number in range(given.restores) for way in WAYS]
        print_line(f"{'killed':>6} {'accepted':>9} {'unknown':>8} {'twice':>6} {'missed':>7}")
        for task in tasks:
            name, verdict, seconds = task.result()
            count, bad, held = count + 1, bad + (not verdict.holds), held + (verdict.unknown > 0)
            print_line(
                f"{verdict.killed!s:>6} {verdict.accepted:>9} {verdict.unknown:>8} {verdict.duplicates:>6} "
                f"{verdict.missed:>7}  {seconds:5.1f} s  {'' if verdict.holds else 'WRONG '}{name}"
            )
    print_line(f"{count} sends, {bad} of them wrong; {held} with unknown recipients, each listed")
    return 1 if bad else 0


def _schedule(place: str, seed: int, kind: str) -> tuple[str, Verdict, float]:
    started, schedule = time.monotonic(), make_schedule(seed, _FEW)
    verdict = run_schedule(schedule, Newsroom(Path(place) / "few"), Path(place) / f"seed{seed}", _FEW, kind)
    return str(schedule), verdict, time.monotonic() - started


def _moment(place: str, number: int, recipients: int, moments: int, kind: str) -> tuple[str, Verdict, float]:
    started, half = time.monotonic(), number // 2
    moment: Callable[[Path], float | Callable[[], bool]]
    if number % 2:
        seconds = 0.4 + 4.0 * half / max(moments // 2, 1)
        name, moment = f"large, killed at {seconds:.1f} s", lambda _log: seconds
    else:
        accepted = 1 + recipients * half // max((moments + 1) // 2, 1)
        name, moment = f"large, killed at {accepted} emails accepted", lambda log: lines(log, accepted)
    folder = Path(place) / f"run{number}"
    verdict = kill_and_resume(Newsroom(Path(place) / "many"), folder, recipients, moment, kind=kind)
    return name, verdict, time.monotonic() - started


def _restored(place: str, number: int, way: str) -> tuple[str, Verdict, float]:
    started, plan = time.monotonic(), make_restoring(number, _RESTORED, way)
    folder = Path(place) / f"restored-{number}-{way}"
    before, after = restore_and_resume(plan, Newsroom(Path(place) / "restored"), folder, _RESTORED)
    shutil.rmtree(folder)
    verdict = after if before.holds else before
    return f"{number} {plan}; unknown before reconcile: {before.unknown}", verdict, time.monotonic() - started


if __name__ == "__main__":
    sys.exit(main())
