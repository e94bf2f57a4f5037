"""Finding the same story among a day's articles: ours against all that a plain index finds, TF-IDF alone."""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.papers import NOW, articles
from digest.curate.cluster import group, prepare
from digest.curate.compose import compose
from digest.curate.memo import Memo
from digest.curate.rules import Rules
from digest.hindi.tokens import stems
from digest.models import Article
from digest.store.articles import ArticleStore
from digest.store.database import open_database

NEW = 100


def run(count: int = 2_000, day: int = 5_000) -> list[tuple[str, ...]]:
    """Rows of (what, CPU seconds, ratio to the rival of the same job). The rival grows with the square of `count`.

    Every job runs in a process of its own; the editions' seconds are all that such a process takes, from its start,
    with reading the articles and what was counted before out of a store, and writing that back.
    """
    rival, ours = _alone(_of_rival, count), _alone(_of_ours, count)
    with TemporaryDirectory() as folder:
        cold = _alone(_edition, folder, articles(day, seed=2))
        same = _alone(_edition, folder, [])
        later = _alone(_edition, folder, articles(NEW, seed=3))
        running = _alone(_again, articles(day, seed=2), articles(NEW, seed=3))
    return [
        (f"TF-IDF over an inverted index, all pairs of {count:,}", f"{rival:.2f}", "1"),
        (f"digest: the clusters of {count:,}", f"{ours:.2f}", f"{rival / ours:.1f}"),
        (f"digest: an edition of {day:,}, nothing counted before", f"{cold:.2f}", ""),
        (f"digest: an edition of {day:,}, in a new process, nothing new", f"{same:.2f}", ""),
        (f"digest: an edition of {day:,}, in a new process, {NEW} new", f"{later:.2f}", ""),
        (f"digest: an edition of {day:,}, in the process of `digest run`, {NEW} new", f"{running:.2f}", ""),
    ]


def _alone(job: Callable[..., float], *given: object) -> float:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(job, *given).result()


def _of_rival(count: int) -> float:
    few = articles(count)
    return _seconds(lambda: _plain(few))


def _of_ours(count: int) -> float:
    few = articles(count)
    return _seconds(lambda: group(prepare(few, Rules())))


def _edition(folder: str, new: Sequence[Article]) -> float:
    """Composes what the store in the folder holds, with these articles added first, which is not counted."""
    database = open_database("sqlite:///bench.db", home=Path(folder))
    store = ArticleStore(database, lambda: NOW)
    saving = _seconds(lambda: store.save(new))
    compose(store.between(NOW - timedelta(days=1), NOW), rules=Rules(), weights={}, now=NOW)
    database.close()
    return time.process_time() - saving


def _again(day: Sequence[Article], new: Sequence[Article]) -> float:
    """What composing takes with these articles more, where it has just composed the day."""
    memo = Memo()
    compose(day, rules=Rules(), weights={}, now=NOW, memo=memo)
    return _seconds(lambda: compose((*day, *new), rules=Rules(), weights={}, now=NOW, memo=memo))


def _seconds(job: Callable[[], object]) -> float:
    began = time.process_time()
    job()
    return time.process_time() - began


def _plain(day: Sequence[Article], least: float = 0.3) -> int:
    """The rival: cosines of all pairs that share any stem, by dicts; the number of pairs that are alike."""
    counted = [Counter(stems(f"{each.title}\n{each.text}")) for each in day]
    frequencies = Counter(stem for counts in counted for stem in counts)
    postings: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    alike = 0
    for number, counts in enumerate(counted):
        raw = {stem: (1 + math.log(n)) * math.log(len(day) / frequencies[stem]) for stem, n in counts.items()}
        norm = math.sqrt(sum(weight * weight for weight in raw.values())) or 1.0
        partial: defaultdict[int, float] = defaultdict(float)
        for stem, weight in raw.items():
            for other, its in postings[stem]:
                partial[other] += weight / norm * its
            postings[stem].append((number, weight / norm))
        alike += sum(value >= least for value in partial.values())
    return alike
