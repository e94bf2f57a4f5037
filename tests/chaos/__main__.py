"""`make chaos`: seeded schedules of faults and kills, and kill -9 at many moments of a large send.

Prints a line each; exit 1 when one reader got two or none."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.chaos.proof import Verdict, kill_and_go_on, prepare
from tests.chaos.schedules import carry_out, drawn
from tests.cli.newsroom import Newsroom
from tests.support.killing import lines

_FEW = 600
"""Readers of a schedule: some ten batches, so that faults and kills meet each other often."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=200)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--readers", type=int, default=20_000, help="of the large send")
    parser.add_argument("--moments", type=int, default=20, help="at which the large send is killed")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    bad = count = held = 0
    with tempfile.TemporaryDirectory() as place, ProcessPoolExecutor(given.processes) as pool:
        prepare(Path(place) / "few", _FEW)
        prepare(Path(place) / "many", given.readers)
        seeds = range(given.first_seed, given.first_seed + given.schedules)
        tasks = [pool.submit(_schedule, place, seed) for seed in seeds]
        tasks += [pool.submit(_moment, place, number, given.readers, given.moments) for number in range(given.moments)]
        say(f"{'killed':>6} {'accepted':>9} {'unknown':>8} {'twice':>6} {'missed':>7}")
        for task in tasks:
            name, verdict, seconds = task.result()
            count, bad, held = count + 1, bad + (not verdict.holds), held + (verdict.unknown > 0)
            say(
                f"{verdict.killed!s:>6} {verdict.accepted:>9} {verdict.unknown:>8} {verdict.duplicates:>6} "
                f"{verdict.missed:>7}  {seconds:5.1f} s  {'' if verdict.holds else 'WRONG '}{name}"
            )
    say(f"{count} sends, {bad} of them wrong; {held} hold readers as unknown, each named")
    return 1 if bad else 0


def _schedule(place: str, seed: int) -> tuple[str, Verdict, float]:
    began, schedule = time.monotonic(), drawn(seed, _FEW)
    verdict = carry_out(schedule, Newsroom(Path(place) / "few"), Path(place) / f"seed{seed}", _FEW)
    return str(schedule), verdict, time.monotonic() - began


def _moment(place: str, number: int, readers: int, moments: int) -> tuple[str, Verdict, float]:
    began, half = time.monotonic(), number // 2
    moment: Callable[[Path], float | Callable[[], bool]]
    if number % 2:
        seconds = 0.4 + 4.0 * half / max(moments // 2, 1)
        name, moment = f"large, killed at {seconds:.1f} s", lambda _log: seconds
    else:
        accepted = 1 + readers * half // max((moments + 1) // 2, 1)
        name, moment = f"large, killed at {accepted} letters accepted", lambda log: lines(log, accepted)
    verdict = kill_and_go_on(Newsroom(Path(place) / "many"), Path(place) / f"run{number}", readers, moment)
    return name, verdict, time.monotonic() - began


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
