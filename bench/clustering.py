"""Find the same story among a day's articles, compared with plain TF-IDF over an inverted index."""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from bench.measure import peak_mib
from bench.sample_articles import NOW, make_articles
from digest.curate.compose import ComposeContext, curate
from digest.curate.rules import Rules
from digest.curate.similarity.clustering import Pairs, merge_pairs
from digest.curate.similarity.score import in_fixed_order
from digest.hindi.tokens import stems
from digest.models import Article
from digest.store.content.articles import ArticleStore
from digest.store.database import Database, open_database

# The number of articles that are new when an edition is composed again.
NEW = 100
_Result = TypeVar("_Result")


def run(*, quick: bool) -> list[tuple[str, ...]]:
    """Rows of (what, CPU seconds, times faster than the rival, peak MiB, bar).

    The rival's time grows with the square of the count. Every job runs in a process of its own. The time of an edition
    is that of its whole process, and includes reading the articles from a store.
    """
    count, day = (300, 500) if quick else (2_000, 5_000)
    rival, ours = _in_own_process(_of_rival, count), _in_own_process(_of_ours, count)
    with TemporaryDirectory() as folder:
        articles = make_articles(day + NEW, seed=2)
        with closing(_open(folder)) as database:
            _store(database).save(articles[:day])
        first, peak, again, peak_again = _in_own_process(_edition, folder, articles[day:])
    return [
        (f"TF-IDF over an inverted index, all pairs of {count:,}", f"{rival:.2f}", "1", "", ""),
        (f"digest: the clusters of {count:,}", f"{ours:.2f}", f"{rival / ours:.1f}", "", ""),
        (f"digest: an edition of {day:,}", f"{first:.2f}", "", str(peak), "<= 6 s, 250 MiB"),
        (
            f"digest: again with {NEW} more, in the same process",
            f"{again:.2f}",
            "",
            str(peak_again),
            "<= 0.5 s, 250 MiB",
        ),
    ]


def _in_own_process(job: Callable[..., _Result], *arguments: object) -> _Result:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(job, *arguments).result()


def _of_rival(count: int) -> float:
    articles = make_articles(count)
    return _seconds(lambda: _plain(articles))


def _of_ours(count: int) -> float:
    articles = make_articles(count)
    return _seconds(lambda: merge_pairs(Pairs.build(in_fixed_order(articles), Rules())))


def _edition(folder: str, new: Sequence[Article]) -> tuple[float, int, float, int]:
    """Compose an edition of the stored articles, and again when there are new ones, as `digest run` does.

    The first time includes the start of the process. Each time is followed by the peak memory so far.
    """
    with closing(_open(folder)) as database:
        store = _store(database)

        def compose_stored() -> None:
            curate(store.between(NOW - timedelta(days=1), NOW), ComposeContext(Rules(), NOW))

        compose_stored()
        first, peak = time.process_time(), peak_mib()
        store.save(new)
        return first, peak, _seconds(compose_stored), peak_mib()


def _open(folder: str) -> Database:
    return open_database("sqlite:///bench.db", home=Path(folder))


def _store(database: Database) -> ArticleStore:
    return ArticleStore(database, lambda: NOW)


def _seconds(job: Callable[[], object]) -> float:
    start = time.process_time()
    job()
    return time.process_time() - start


def _plain(day: Sequence[Article], threshold: float = 0.3) -> int:
    """Compute the cosines of all pairs that share any stem, by dicts; return the number of similar pairs."""
    counted = [Counter(stems(f"{each.title}\n{each.text}")) for each in day]
    frequencies = Counter(stem for counts in counted for stem in counts)
    postings: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    similar = 0
    for number, counts in enumerate(counted):
        raw = {stem: (1 + math.log(n)) * math.log(len(day) / frequencies[stem]) for stem, n in counts.items()}
        norm = math.sqrt(sum(weight * weight for weight in raw.values())) or 1.0
        partial: defaultdict[int, float] = defaultdict(float)
        for stem, weight in raw.items():
            for other, other_weight in postings[stem]:
                partial[other] += weight / norm * other_weight
            postings[stem].append((number, weight / norm))
        similar += sum(value >= threshold for value in partial.values())
    return similar
