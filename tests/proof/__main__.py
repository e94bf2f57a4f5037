"""`make proof`: run every fault on every provider, store and number of processes, and write the fault report.

Prints one line for each send; exits with 1 if a recipient got two emails or none, or if one is left unknown."""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.killed_send import prepare, print_line
from tests.cli.newsroom import Newsroom
from tests.paths import ROOT
from tests.proof.cases import Case, all_cases, quick_cases
from tests.proof.field import memory_folder
from tests.proof.providers import INDEPENDENT
from tests.proof.report import write
from tests.proof.run import Result, run_case

_QUICK_RECIPIENTS = 120


def main() -> int:
    parser = argparse.ArgumentParser(prog="make proof", description=__doc__)
    parser.add_argument("--seed", type=int, help="the first seed (default: a new one)")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds: each row is run with every one of them")
    parser.add_argument("--only", default="", help="the rows whose name begins so: FAULT/PROVIDER/STORE/PROCESSES")
    parser.add_argument("--quick", action="store_true", help="each fault once, with few recipients: less than a minute")
    parser.add_argument("--recipients", type=int, default=600)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="sends at the same time")
    parser.add_argument(
        "--minutes", type=float, default=0, help="begin no send after so many minutes (default: no end)"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "proof")
    parser.add_argument(
        "--add",
        action="store_true",
        help="keep the folder's results, and run only the rest and what went wrong",
    )
    parser.add_argument(
        "--independent",
        action="store_true",
        help="the rows of SendGrid only, with a server that shares no code with the usual one",
    )
    given = parser.parse_args()
    # The end of the process must not leave namespaces and servers behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    first = random.randrange(1_000_000) if given.seed is None else given.seed
    choose = quick_cases if given.quick else all_cases
    seeds = range(first, first + given.seeds)
    cases = [case for seed in seeds for case in choose(seed) if str(case).startswith(given.only)]
    if not cases:
        # An empty report would replace the last one.
        rows = sorted({str(case) for seed in seeds for case in choose(seed)})
        parser.error(f"no row begins with {given.only!r}; there are {', '.join(rows)}")
    if given.independent:
        cases = [replace(case, provider=INDEPENDENT) for case in cases if case.provider == "sendgrid"]
    # The order is random, so a run that ends early has cases of every kind.
    random.Random(first).shuffle(cases)
    results = [result for result in _earlier(given.out) if result.holds] if given.add else []
    done = {result.case for result in results if not result.not_run}
    cases = [case for case in cases if case not in done]
    results = [result for result in results if result.case not in set(cases)]
    print_line(f"{len(cases)} sends, seeds {seeds[0]} to {seeds[-1]}")
    until = time.monotonic() + 60 * given.minutes if given.minutes else None
    results += _run_all(cases, _QUICK_RECIPIENTS if given.quick else given.recipients, given.processes, until)
    results.sort(key=lambda result: result.seed)
    write(given.out, results, datetime.now(UTC))
    (given.out / "results.jsonl").write_text("".join(json.dumps(asdict(result)) + "\n" for result in results))
    wrong = [result for result in results if not result.holds]
    print_line(f"{len(results)} sends, {len(wrong)} of them wrong. The report is in {given.out}.")
    return 1 if wrong or not results else 0


def _earlier(folder: Path) -> list[Result]:
    file = folder / "results.jsonl"
    return [Result(**json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []


def _run_all(cases: list[Case], recipients: int, processes: int, until: float | None) -> list[Result]:
    results = []
    with (
        tempfile.TemporaryDirectory(dir=memory_folder()) as place,
        ProcessPoolExecutor(processes) as pool,
    ):
        prepared = prepare(Path(place) / "prepared", recipients)
        tasks = [
            pool.submit(_run, case, prepared, Path(place) / f"run{number}", recipients, until)
            for number, case in enumerate(cases)
        ]
        try:
            for task in as_completed(tasks):
                if (result := task.result()) is not None:
                    results.append(result)
                    print_line(_line(result))
        except KeyboardInterrupt:
            print_line("Stopped. The sends that have begun are finished and not counted.")
            pool.shutdown(cancel_futures=True)
    return results


def _run(case: Case, prepared: Newsroom, folder: Path, recipients: int, until: float | None) -> Result | None:
    return run_case(case, prepared, folder, recipients) if until is None or time.monotonic() < until else None


def _line(result: Result) -> str:
    name = f"{result.seed} {result.fault}/{result.provider}/{result.store}/{result.workers}"
    if result.not_run:
        return f"      {name}: not run, {result.not_run}"
    numbers = f"{result.sends} sent, {result.duplicates} twice, {result.missed} missed, {result.unknown} unknown"
    verdict = "" if result.holds else f"  WRONG {result.left} left unknown {result.wrong}"
    return f"{result.seconds:5.1f} {name}: {numbers}{verdict}"


if __name__ == "__main__":
    sys.exit(main())
