"""Evaluate importance on labelled headlines: the order of single items, and editions chosen from days of such items.

`measure` reads labels beside the material: each file of `importance/` holds lines with `title`, `lead` and `importance`
(1 leave out … 5 must lead). A day is a sample of a file; its articles get hours at random, several times, because
importance must decide and not the hour. `ours` reads our own labels of headlines in the material, named by hashes.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from statistics import mean

from digest.curate.candidates import StoryCandidate
from digest.curate.importance.assess import assess
from digest.curate.ranking import RankContext, Ranked, rank_candidates, select
from digest.curate.rules import Rules
from digest.curate.similarity.clustering import Cluster, Pairs
from digest.models import Article
from evaluation.material import DAY, Material, Row, make_article, percent

FOLDER = "importance"
OUR_LABELS = Path(__file__).with_name("our_importance.txt")
# File → the field with the text below the headline, and how many characters of it were read for our labels.
LABELLED_SETS = {
    "articles/headlines-hi-500/headlines_hi.jsonl": ("article", 400),
    "articles/bbc-hindi-headlines-2025/bbc_hindi_headlines.jsonl": ("", 0),
    "articles/l3cube-headlines-hi/l3cube_hi_headlines.jsonl": ("", 0),
    "articles/ednil-events-hi/ednil_hi.jsonl": ("paragraphs", 330),
    "nearup/covid_stories.jsonl": ("text", 400),
}
# A title without Hindi is the name of a file. This much of the text replaces it.
MADE_TITLE = 200
# With labels this far apart, the order is clear.
APART = 2
# Days and draws of hours; fewer days of many items take as long.
DAYS, DRAWS = 30, 10
SMALL, LARGE, LARGE_DAYS = 100, 400, 5
RULES = Rules()

# The positions of the chosen items, by day and draw of hours.
Chosen = list[list[list[int]]]


@dataclass(frozen=True, slots=True)
class Labelled:
    """An article, the points that it gets by its text, and its label."""

    article: Article
    points: float
    label: int


def measure(material: Material, days: int = DAYS) -> list[Row]:
    """Measure every file of labels."""
    rows: list[Row] = []
    for path in material.files(FOLDER):
        if path.suffix == ".jsonl":
            items = list(_read(material, path))
            rows += [*_orders(path.stem, items), *_editions(path.stem, items, SMALL, days)]
            if len(items) >= LARGE:
                rows += _editions(path.stem, items, LARGE, LARGE_DAYS)
    return rows


def ours(material: Material) -> list[Row]:
    """Measure the order of the headlines that we labelled."""
    labels: dict[str, tuple[str, int]] = {}
    for line in OUR_LABELS.read_text(encoding="utf-8").split("\n"):
        if line and not line.startswith("#"):
            group, points, name = line.split()
            labels[name] = (group, int(points))
    found: dict[str, dict[str, Labelled]] = {}
    for file, (field, length) in LABELLED_SETS.items():
        for entry in material.lines(file):
            text = entry[field] if field else ""
            title, lead = _titled(entry["title"], (" ".join(text) if isinstance(text, list) else text)[:length])
            name = hashlib.sha256(title.encode()).hexdigest()[:12]
            if name in labels:
                group, label = labels[name]
                found.setdefault(group, {})[name] = _labelled(name, title, lead, label)
    return [row for group in sorted(found) for row in _orders(f"ours, {group}", list(found[group].values()))]


def _titled(title: str, text: str) -> tuple[str, str]:
    return (text[:MADE_TITLE], text[MADE_TITLE:]) if title.isascii() else (title, text)


def _read(material: Material, path: Path) -> Iterator[Labelled]:
    for number, entry in enumerate(material.lines(f"{FOLDER}/{path.relative_to(material.root / FOLDER)}")):
        yield _labelled(str(number), entry["title"], entry["lead"], int(entry["importance"]))


def _labelled(id_: str, title: str, lead: str, label: int) -> Labelled:
    article = make_article(id_, title, [lead], source=f"paper {id_}")
    return Labelled(article, assess(f"{article.kicker} {article.title}".strip(), article.text, {}).points, label)


def spearman(ours: Sequence[float], labels: Sequence[float]) -> float:
    """Return the correlation of the ranks; equal values share their mean rank."""
    mine, theirs = _ranks(ours), _ranks(labels)
    centre = (len(mine) - 1) / 2
    together = sum((a - centre) * (b - centre) for a, b in zip(mine, theirs, strict=True))
    apart = sum((a - centre) ** 2 for a in mine) * sum((b - centre) ** 2 for b in theirs)
    return together / apart**0.5 if apart else 0.0


def _ranks(values: Sequence[float]) -> list[float]:
    places: dict[float, list[int]] = {}
    for place, value in enumerate(sorted(values)):
        places.setdefault(value, []).append(place)
    return [mean(places[value]) for value in values]


def in_order(ours: Sequence[float], labels: Sequence[float]) -> tuple[float, int]:
    """Return how many pairs whose labels are APART or more are in the right order (a tie is half), and all of them."""
    right, count = 0.0, 0
    for (mine, label), (other, other_label) in combinations(zip(ours, labels, strict=True), 2):
        if abs(label - other_label) >= APART:
            count += 1
            product = (mine - other) * (label - other_label)
            right += 1.0 if product > 0 else 0.5 if product == 0 else 0.0
    return right, count


def _orders(name: str, items: Sequence[Labelled]) -> list[Row]:
    ours, labels = [item.points for item in items], [item.label for item in items]
    right, count = in_order(ours, labels)
    return [
        Row(f"importance, {name}: pairs two or more apart in order", count, percent(right, count), ">= .92"),
        Row(f"importance, {name}: Spearman", len(items), f"{spearman(ours, labels):.3f}", ">= .74"),
    ]


def _editions(name: str, items: Sequence[Labelled], size: int, days: int) -> list[Row]:
    """Choose editions from days of `size` items, by our score, and by the labels as an upper bound."""
    if len(items) < 2 * RULES.max_stories:
        return []
    ours, best = _choose(items, size, days)
    what = f"importance, {name}: of {min(size, len(items))} a day,"
    labels = [item.label for item in items]

    def row(text: str, figure: Callable[[Chosen], str], bar: str) -> Row:
        return Row(f"{what} {text}", days * DRAWS, figure(ours), bar, f"{figure(best)} with labels as scores")

    def share(least: int) -> Callable[[Chosen], str]:
        return lambda chosen: f"{mean(labels[at] >= least for day in chosen for draw in day for at in draw):.3f}"

    def trifles(chosen: Chosen) -> str:
        return f"{mean(sum(labels[at] == 1 for at in draw) for day in chosen for draw in day):.2f}"

    def staying(chosen: Chosen) -> str:
        return f"{mean(len({*one} & {*other}) for day in chosen for one, other in combinations(day, 2)):.1f}"

    return [
        row("label 4 or more", share(4), ">= .40"),
        row("label 3 or more", share(3), ">= .92"),
        row("label 1 in an edition", trifles, "<= .1"),
        row(f"of {RULES.max_stories} stay with other hours", staying, ">= 9"),
    ]


def _choose(items: Sequence[Labelled], size: int, days: int) -> tuple[Chosen, Chosen]:
    """Return what our scores choose, and what the labels in their place choose."""
    context = RankContext(RULES, {}, DAY, Pairs.build([item.article for item in items], RULES))
    by_score, by_label = [], []
    for day in range(days):
        # Seeded to be repeatable; not for security.
        rng = random.Random(day)  # noqa: S311
        sample = rng.sample(range(len(items)), min(size, len(items)))
        drawn = [_rank(items, [(at, rng.uniform(0, 24)) for at in sample], context) for _ in range(DRAWS)]
        by_score.append([_chosen(ranked) for ranked in drawn])
        by_label.append([_chosen([_labelled_score(story, items) for story in ranked]) for ranked in drawn])
    return by_score, by_label


def _rank(items: Sequence[Labelled], hours: Sequence[tuple[int, float]], context: RankContext) -> list[Ranked]:
    """Rank the items at these positions and ages, each as a story of its own."""
    articles = (replace(items[at].article, published=DAY - timedelta(hours=age)) for at, age in hours)
    clusters = [Cluster((article,)) for article in articles]
    ranked = rank_candidates([StoryCandidate(each) for each in clusters], clusters, context)
    # The items are of many days, so their counts are not those of one event.
    return [replace(story, tallies=frozenset()) for story in ranked]


def _labelled_score(story: Ranked, items: Sequence[Labelled]) -> Ranked:
    item = items[_position(story)]
    return replace(story, score=story.score - item.points + item.label)


def _chosen(ranked: Sequence[Ranked]) -> list[int]:
    return [_position(story) for story in select(ranked, RULES).stories]


def _position(story: Ranked) -> int:
    return int(story.cluster.first.id)
