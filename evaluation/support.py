"""Evaluate the support check of model texts: how many wrong texts it stops, and how many true ones it keeps.

The stories and their texts are invented; `fault` names the error. The check was developed with `dev`, `held` and
`fresh-1`. `fresh-3` are six sets, each measured once before it was used for development too: ADR 16 has those figures.
Of `fresh-2` and `fresh-4` only the totals were ever looked at, so they show the quality on new texts. `headlines` has
headlines and intros for stories of `fresh-3`.
"""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from digest.curate.summary.checks import check_headline, check_intro
from digest.curate.summary.support import find_support
from digest.models import Article
from evaluation.material import Material, Row, make_article

FOLDER = Path(__file__).parent / "summaries"
FILES = ("dev", "held", "fresh-1", "fresh-2", "fresh-3", "fresh-4")
STORIES = "fresh-3"
WRONG_BAR, TRUE_BAR = 0.95, 0.6


@dataclass(frozen=True, slots=True)
class Judged:
    """A text of a file. `fault` is '' for a true one; `seconds` of CPU are what the check took."""

    fault: str
    accepted: bool
    seconds: float


@cache
def check_file(name: str) -> list[Judged]:
    """Check each summary of a file of the folder."""
    found: list[Judged] = []
    # Load the tables and collect garbage first, so that neither counts for the first summary.
    find_support("नहर खुली।", [])
    gc.freeze()
    for story in _load(name):
        articles = _articles(story)
        for summary in story["summaries"]:
            start = time.process_time()
            verdict = find_support(summary["text"], articles)
            found.append(_judged(summary["fault"], verdict.problem, time.process_time() - start))
    return found


@cache
def judge_headlines() -> tuple[list[Judged], list[Judged]]:
    """Check headlines and intros by all rules of `digest`."""
    stories = {story["id"]: story for story in _load(STORIES)}
    given = _load("headlines")
    headlines, intros = [], []
    for each in given["headlines"]:
        story = stories[each["story"]]
        articles = _articles(story)
        for text in each["texts"]:
            verdict = check_headline(text["text"], articles, articles[0].title)
            headlines.append(_judged(text["fault"], verdict.problem, 0.0))
    for each in given["intros"]:
        told = [(articles[0].title, articles) for articles in (_articles(stories[name]) for name in each["stories"])]
        for text in each["texts"]:
            intros.append(_judged(text["fault"], check_intro(text["text"], told).problem, 0.0))
    return headlines, intros


def _load(name: str) -> Any:
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def _articles(story: dict[str, Any]) -> list[Article]:
    return [
        make_article(f"{story['id']}-{number}", each["title"], [each["text"]], source=each["source"])
        for number, each in enumerate(story["articles"])
    ]


def _judged(fault: str, problem: str | None, seconds: float) -> Judged:
    return Judged(fault.partition(":")[0], not problem, seconds)


def measure(_material: Material) -> list[Row]:
    """Report both rates for each file, and the wrong ones stopped for each kind of fault."""
    rows: list[Row] = []
    for name in FILES:
        judged = check_file(name)
        slowest = max(each.seconds for each in judged)
        rows += [
            *_rates(name, "summaries", judged),
            Row(f"support, {name}: slowest check", len(judged), f"{1000 * slowest:.0f} ms", "50 ms"),
        ]
        wrong = [each for each in judged if each.fault]
        kinds = Counter(each.fault for each in wrong)
        passed = Counter(each.fault for each in wrong if each.accepted)
        rows += [
            Row(f"support, {name}: {kind}", count, f"{count - passed[kind]} stopped")
            for kind, count in sorted(kinds.items())
        ]
    headlines, intros = judge_headlines()
    return [*rows, *_rates("own", "headlines", headlines), *_rates("own", "intros", intros)]


def _rates(name: str, what: str, judged: Sequence[Judged]) -> list[Row]:
    wrong = [each for each in judged if each.fault]
    true = [each for each in judged if not each.fault]
    stopped, kept = sum(not each.accepted for each in wrong), sum(each.accepted for each in true)
    return [
        Row(f"support, {name}: wrong {what} stopped", len(wrong), f"{stopped / len(wrong):.3f}", f"{WRONG_BAR}"),
        Row(f"support, {name}: true {what} kept", len(true), f"{kept / len(true):.3f}", f"{TRUE_BAR}"),
    ]
