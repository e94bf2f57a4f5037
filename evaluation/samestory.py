"""Same story or not, on labelled pairs: average precision of the score, and precision and recall of merging."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.curate.rules import Rules
from digest.curate.similarity.clustering import Pairs
from digest.curate.similarity.score import ArticleSimilarity
from digest.models import Article
from evaluation.material import DAY, Material, Row, make_article

STORIES, PAIRS = "nearup/covid_stories.jsonl", "nearup/covid_pairs_labelled.json"
EVENTS, LABELS = "articles/ednil-events-hi/ednil_hi.jsonl", "nearup/ednil_same_story_labels.json"
COPIES, HEADLINES = "nearup/ednil_dup_pairs_auto.json", "nearup/up_headline_pairs.json"
OUR_LABELS = Path(__file__).with_name("our_labels.txt")
# The disaster reports of many years are assigned to this many days (some 140 a day), this many times.
DAYS, DRAWS = 6, 4


# Pairs of document names.
Labels = set[frozenset[str]]


def average_precision(scored: Sequence[tuple[float, bool]], positives: int = 0) -> float:
    """Return the mean precision at each true pair, best score first. True pairs without a score count as missed."""
    right, total = 0, 0.0
    for rank, (_score, same) in enumerate(sorted(scored, key=lambda one: (-one[0], one[1])), 1):
        if same:
            right += 1
            total += right / rank
    return total / max(positives, right, 1)


def papers(material: Material) -> list[Row]:
    """Measure five papers on one epidemic: the same event or another report of the same day and subject."""
    articles = [
        make_article(s["id"], s["title"], [s["text"]], source=s["outlet"], published=_day(s["date"]))
        for s in material.lines(STORIES)
    ]
    at = {article.id: place for place, article in enumerate(articles)}
    pairs = Pairs.build(articles, Rules())
    labelled: dict[str, list[ArticleSimilarity]] = {"same_event": [], "overlap": [], "different": []}
    for pair in material.json(PAIRS):
        if pair["a"] in at and pair["b"] in at:
            labelled.setdefault(pair["label"], []).append(pairs.link(at[pair["a"]], at[pair["b"]]))
    same = [(link, True) for link in labelled["same_event"]]
    other = [(link, False) for link in labelled["different"]]
    near = [(link, False) for link in labelled["overlap"]]
    return [
        *_rows("five papers, same against different", [*same, *other]),
        *_rows("five papers, same against overlap too", [*same, *other, *near])[:1],
    ]


def events(material: Material) -> list[Row]:
    """Measure disaster reports assigned to days: every pair of a day, by the labelled groups and our own labels."""
    documents = {entry["docid"]: entry for entry in material.lines(EVENTS)}
    labels = material.json(LABELS)
    groups = [[name for name in group if name in documents] for group in labels["events"]]
    copied = {frozenset((pair["a"], pair["b"])) for pair in _optional(material, COPIES)}
    truth, unclear = judged(_pairs(groups), _pairs(labels["not_judged"]), copied, _our_labels(documents))
    bases = {
        name: make_article(name, each["title"], each["paragraphs"], source=name) for name, each in documents.items()
    }
    labelled: list[tuple[ArticleSimilarity, bool]] = []
    for seed in range(DRAWS):
        # Seeded to be repeatable; not for security.
        rng = random.Random(seed)  # noqa: S311
        days = {name: rng.randrange(DAYS) for name in sorted(documents)}
        for group in groups_of(truth):
            days |= dict.fromkeys(group, days[group[0]])
        articles = [_moved(article, days[name]) for name, article in sorted(bases.items())]
        pairs = Pairs.build(articles, Rules())
        for i, j in pairs.scores:
            link = pairs.link(i, j)
            ids = frozenset((articles[i].id, articles[j].id))
            if days[articles[i].id] == days[articles[j].id] and ids not in unclear:
                labelled.append((link, ids in truth))
    return _rows(f"disaster reports, {DRAWS} draws of {DAYS} days", labelled, positives=DRAWS * len(truth))


def judged(same: Labels, not_judged: Labels, copied: Labels, ours: dict[str, Labels]) -> tuple[Labels, Labels]:
    """Return the pairs that are one story, and those that do not count either way. No pair is in both.

    Our own labels settle pairs that were not judged. Near copies do not count: `copies` measures them.
    """
    unclear = (not_judged - ours["same"]) | ours["unclear"] | copied
    return (same | ours["same"]) - unclear, unclear


def _pairs(groups: Iterable[Sequence[str]]) -> Labels:
    return {frozenset(pair) for group in groups for pair in itertools.combinations(group, 2)}


def copies(material: Material) -> list[Row]:
    """Measure texts that are nearly identical. All must merge."""
    documents = {entry["docid"]: entry for entry in material.lines(EVENTS)}
    articles = [make_article(name, each["title"], each["paragraphs"], source=name) for name, each in documents.items()]
    at = {article.id: place for place, article in enumerate(articles)}
    pairs, rules = Pairs.build(articles, Rules()), Rules()
    listed = [pair for pair in material.json(COPIES) if pair["a"] in at and pair["b"] in at and pair["jaccard"] >= 0.95]
    merged = sum(pairs.link(at[pair["a"]], at[pair["b"]]).score >= rules.merge for pair in listed)
    return [Row("same story, near copies merged", len(listed), f"{merged} of {len(listed)}", "all")]


def headlines(material: Material) -> list[Row]:
    """Measure two papers' headlines of the same half hour, without texts. Titles alone must not suffice to merge."""
    articles, labelled = [], []
    listed = [pair for pair in material.json(HEADLINES) if pair.get("a_title") and pair.get("b_title")]
    for number, pair in enumerate(listed):
        articles.append(make_article(f"a{number}", pair["a_title"], [], source="a"))
        articles.append(make_article(f"b{number}", pair["b_title"], [], source="b"))
        labelled.append(pair["label"] != "different" and pair["label"] != "overlap")
    pairs = Pairs.build(articles, Rules())
    ours, theirs = range(0, len(articles), 2), range(1, len(articles), 2)
    scored = [(pairs.link(i, j), labelled[i // 2] and j == i + 1) for i in ours for j in theirs]
    return _rows("headlines of two papers, all pairings", scored)


def _rows(name: str, labelled: Sequence[tuple[ArticleSimilarity, bool]], positives: int = 0) -> list[Row]:
    rules = Rules()
    positives = positives or sum(same for _link, same in labelled)
    ours = average_precision([(link.score, same) for link, same in labelled], positives)
    rival = average_precision([(link.lead_cosine, same) for link, same in labelled], positives)
    merged = [same for link, same in labelled if link.score >= rules.merge and link.kept_apart is None]
    precision = f"{sum(merged) / len(merged):.2f}" if merged else "–"
    recall = f"{sum(merged) / positives:.2f}" if positives else "–"
    return [
        Row(f"same story, {name}: AP", len(labelled), f"{ours:.3f}", ">= .9", f"{rival:.3f} TF-IDF of title and lead"),
        Row(f"same story, {name}: P / R at {rules.merge}", len(labelled), f"{precision} / {recall}", "P >= .9"),
    ]


def groups_of(pairs: Iterable[frozenset[str]]) -> list[list[str]]:
    """Return the groups of names that the pairs connect, directly or through others, each sorted."""
    home: dict[str, set[str]] = {}
    for pair in pairs:
        group = set(pair).union(*(home.get(name, set()) for name in pair))
        home |= dict.fromkeys(group, group)
    return sorted(sorted(group) for group in {id(group): group for group in home.values()}.values())


def _our_labels(names: Iterable[str]) -> dict[str, Labels]:
    """Return our own labels of pairs without one, except for missing documents."""
    of = {hashlib.sha256(name.encode()).hexdigest()[:12]: name for name in names}
    found: dict[str, Labels] = {"same": set(), "unclear": set()}
    for line in OUR_LABELS.read_text(encoding="utf-8").split("\n"):
        if line and not line.startswith("#"):
            label, one, other = line.split()
            if one in of and other in of:
                found[label].add(frozenset((of[one], of[other])))
    return found


def _optional(material: Material, name: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = material.json(name) if (material.root / name).exists() else []
    return found


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _moved(article: Article, day: int) -> Article:
    return replace(article, published=DAY + timedelta(days=3 * day))
