"""`make chaos`: kill -9 at many moments of a large send; a table, and exit 1 when one reader got two or none."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.proof import kill_and_go_on, prepare
from tests.support.killing import lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=1000)
    given = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory() as place:
        prepared = prepare(Path(place) / "prepared", given.readers)
        say(f"{'killed at':>28} {'killed':>6} {'accepted':>9} {'unknown':>8} {'twice':>6} {'missed':>7}")
        for number in range(given.moments):
            half = number // 2
            if number % 2:
                seconds = 0.4 + 4.0 * half / max(given.moments // 2, 1)
                name, moment = f"{seconds:.1f} s", lambda _log, at=seconds: at
            else:
                count = 1 + given.readers * half // max((given.moments + 1) // 2, 1)
                name, moment = f"{count} letters accepted", lambda log, at=count: lines(log, at)
            began = time.monotonic()
            verdict = kill_and_go_on(
                prepared, Path(place) / f"run{number}", given.readers, moment, batch_size=given.batch_size
            )
            bad += not verdict.holds
            say(
                f"{name:>28} {verdict.killed!s:>6} {verdict.accepted:>9} {verdict.unknown:>8} "
                f"{verdict.duplicates:>6} {verdict.missed:>7}  {time.monotonic() - began:.1f} s"
            )
    say(f"{given.moments} moments, {bad} of them wrong")
    return 1 if bad else 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


sys.exit(main())
