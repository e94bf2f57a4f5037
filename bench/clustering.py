"""Finding the same story among a day's articles: ours against all that a plain index finds, TF-IDF alone."""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from bench.papers import NOW, articles
from digest.curate.cluster import group, prepare
from digest.curate.compose import compose
from digest.curate.memo import Memo
from digest.curate.rules import Rules
from digest.hindi.tokens import stems, word_stems
from digest.models import Article

NEW = 100


def run(count: int = 2_000, day: int = 5_000) -> list[tuple[str, ...]]:
    """Rows of (what, CPU seconds, ratio to the rival of the same job). The rival grows with the square of `count`."""
    few, rules, memo = articles(count), Rules(), Memo()
    rival = _seconds(lambda: _plain(few))
    word_stems.cache_clear()
    ours = _seconds(lambda: group(prepare(few, rules)))
    today = articles(day, seed=2)
    later = [*today, *articles(NEW, seed=3)]
    word_stems.cache_clear()
    cold = _seconds(lambda: compose(today, rules=rules, weights={}, now=NOW, memo=memo))
    again = _seconds(lambda: compose(later, rules=rules, weights={}, now=NOW, memo=memo))
    return [
        (f"TF-IDF over an inverted index, all pairs of {count:,}", f"{rival:.2f}", "1"),
        (f"digest: the clusters of {count:,}", f"{ours:.2f}", f"{rival / ours:.1f}"),
        (f"digest: an edition of {day:,}, in a new process", f"{cold:.2f}", ""),
        (f"digest: an edition of {day:,}, {NEW} of them new", f"{again:.2f}", ""),
    ]


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
