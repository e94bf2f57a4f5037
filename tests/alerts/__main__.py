"""`python -m tests.alerts`: each kind of alert is provoked in a real `digest run`, and its arrival is measured.

A kind passes if its alert arrives within two minutes, once, and says what to do. Takes about six minutes, mostly
waiting.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.alerts.provocations import PROVOCATIONS, Provocation
from tests.alerts.scene import make_scene
from tests.support.folders import newsletter_folder
from tests.support.webhook_receiver import is_signed

# Seconds from the condition to the alert.
_WITHIN = 120.0
# How long a process is watched after its alert arrived: two more checks of the conditions.
_REST = 65.0


@dataclass(frozen=True)
class Result:
    """The result for one kind. `seconds` is None if no alert arrived; `problem` is empty if it passed."""

    kind: str
    how: str
    seconds: float | None
    count: int
    first_line: str
    problem: str
    # Other kinds that arrived.
    others: tuple[str, ...] = ()


def provoke(each: Provocation, rest: float) -> Result:
    """Provoke one kind in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        scene = make_scene(Path(folder), servers)
        try:
            since = each.run(scene)
        except (AssertionError, OSError, TimeoutError) as error:
            last = scene.log[-1][1] if scene.log else "no log"
            return Result(each.kind, each.how, None, 0, "", f"not provoked: {error}; {last}")
        hook = scene.receiver

        def arrived() -> float | None:
            kinds = (document["data"].get("kind") for document in hook.accepted)
            times = [request.at for request in hook.requests]
            return next((at for kind, at in zip(kinds, times, strict=False) if kind == each.kind), None)

        try:
            at = scene.wait_for(arrived, "alert", _WITHIN + max(0.0, since - time.monotonic()))
        except TimeoutError:
            return Result(each.kind, each.how, None, 0, "", "no alert within two minutes", _kinds(hook.kinds()))
        time.sleep(rest)
        found = [
            doc["data"]
            for doc in hook.accepted
            if doc["data"].get("kind") == each.kind and doc["type"] == "alert.raised"
        ]
        data = found[0]
        problem = "" if len(found) == 1 else "came more than once"
        if "`" not in data["action"]:
            problem = "names no command"
        if not all(map(is_signed, hook.requests)):
            problem = "is not signed"
        others = tuple(kind for kind in _kinds(hook.kinds()) if kind != each.kind)
        return Result(each.kind, each.how, max(0.0, at - since), len(found), data["title"], problem, others)


def _kinds(raised: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(kind.partition(":")[0] for kind in raised))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="KIND", default=[], help="these kinds only")
    parser.add_argument("--at-once", type=int, default=6, help="processes at the same time (default: 6)")
    parser.add_argument("--rest", type=float, default=_REST, help="seconds in which no second message may come")
    given = parser.parse_args()
    chosen = [each for each in PROVOCATIONS if not given.only or each.kind in given.only]
    bad = 0
    sys.stdout.write("| kind | provoked by | seconds | count | first line |\n| --- | --- | --- | --- | --- |\n")
    with tempfile.TemporaryDirectory() as folder:
        # Made once, before the threads copy it.
        newsletter_folder(Path(folder) / "newsletter")
    with ThreadPoolExecutor(given.at_once) as pool:
        for result in pool.map(lambda each: provoke(each, given.rest), chosen):
            seconds = "–" if result.seconds is None else f"{result.seconds:.0f}"
            also = f" (also: {', '.join(result.others)})" if result.others else ""
            last = result.first_line + (f" **{result.problem}**" if result.problem else "") + also
            sys.stdout.write(f"| {result.kind} | {result.how} | {seconds} | {result.count} | {last} |\n")
            sys.stdout.flush()
            bad += bool(result.problem)
    sys.stdout.write(f"{len(chosen)} kinds, {bad} wrong\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
