"""The support check on a model's summaries: how many wrong ones it stops and how many true ones it keeps.

The stories and their summaries are invented; `fault` says what is wrong. The check was written with `dev`, `held` and
`fresh-1` at hand, so their figures say how it does on texts that it was fitted to. `fresh-2` was written afterwards and
only its totals were looked at: its figures say how it does on new texts. Move it into `fresh-1` when you look closer.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml

from digest.curate.summary.support import find_support
from evaluation.material import Material, Row, make_article

FOLDER = Path(__file__).parent / "summaries"
FILES = ("dev", "held", "fresh-1", "fresh-2")
WRONG_BAR, TRUE_BAR = 0.95, 0.6


@dataclass(frozen=True, slots=True)
class Judged:
    """A summary of a file. `fault` is '' for a true one; `seconds` is what the check took."""

    fault: str
    accepted: bool
    seconds: float


def judge(name: str) -> list[Judged]:
    """Check each summary of a file of the folder."""
    found: list[Judged] = []
    for story in yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")):
        articles = [
            make_article(f"{story['id']}-{number}", each["title"], [each["text"]], source=each["source"])
            for number, each in enumerate(story["articles"])
        ]
        for summary in story["summaries"]:
            start = time.perf_counter()
            verdict = find_support(summary["text"], articles)
            fault = str(summary["fault"]).partition(":")[0]
            found.append(Judged(fault, not verdict.problem, time.perf_counter() - start))
    return found


def measure(_material: Material) -> list[Row]:
    """Report both rates for each file, and the wrong ones stopped for each kind of fault."""
    rows: list[Row] = []
    for name in FILES:
        judged = judge(name)
        wrong = [each for each in judged if each.fault]
        true = [each for each in judged if not each.fault]
        stopped, kept = sum(not each.accepted for each in wrong), sum(each.accepted for each in true)
        slowest = max(each.seconds for each in judged)
        rows += [
            Row(f"support, {name}: wrong summaries stopped", len(wrong), f"{stopped / len(wrong):.3f}", f"{WRONG_BAR}"),
            Row(f"support, {name}: true summaries kept", len(true), f"{kept / len(true):.3f}", f"{TRUE_BAR}"),
            Row(f"support, {name}: slowest check", len(judged), f"{1000 * slowest:.0f} ms", "50 ms"),
        ]
        kinds = Counter(each.fault for each in wrong)
        passed = Counter(each.fault for each in wrong if each.accepted)
        rows += [
            Row(f"support, {name}: {kind}", count, f"{count - passed[kind]} stopped")
            for kind, count in sorted(kinds.items())
        ]
    return rows
