"""Clustering: invented days, the rules that keep pages apart, and labelled real pairs."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.curate.rules import Rules
from digest.curate.similarity.clustering import Cluster, Pairs, average_link
from digest.models import Article, TextBlock
from tests.curate.clusters import cluster
from tests.curate.sample import BRIDGE, DAY, OTHERS, article
from tests.paths import SHARED_DATA
from tests.support.tables import each_row

RULES = Rules()


def ids(clusters: tuple[Cluster, ...]) -> set[frozenset[str]]:
    return {frozenset(each.id for each in found.articles) for found in clusters}


def test_three_papers_one_bridge_and_nothing_else_joins() -> None:
    expected = {frozenset(a.id for a in BRIDGE)} | {frozenset({a.id}) for a in OTHERS}
    assert ids(cluster(DAY, RULES)) == expected


@each_row("seed", range(5))
def test_order_of_input_changes_nothing(seed: int) -> None:
    shuffled = list(DAY)
    random.Random(seed).shuffle(shuffled)
    assert cluster(shuffled, RULES) == cluster(DAY, RULES)


def test_links_explain_the_score() -> None:
    bridge = next(each for each in cluster(DAY, RULES) if len(each.articles) == 3)
    assert len(bridge.links) == 3
    for link in bridge.links:
        assert link.score >= RULES.merge
        assert link.weekday == "same"
        assert link.lead_cosine > 0.1 < link.full_cosine
        text = str(link)
        assert "weekday same" in text
        assert any(word in text for word in ("कमला", "सोनपुरा", "पुल"))


def test_representative_is_the_longest_of_the_weightiest_sources() -> None:
    def first(**weights: float) -> str:
        return next(each for each in cluster(DAY, RULES, weights=weights) if len(each.articles) == 3).articles[0].id

    assert first() == "bridge-1"
    assert first(setu=3.0, prabhakar=2.0) in {"bridge-2", "bridge-3"}
    assert first(alok=0.1, setu=3.0, prabhakar=0.2) != "bridge-1"


@pytest.mark.parametrize("mark", ["!", "?", "?”", ", देखें वीडियो", ", मंत्री का करारा जवाब"])
def test_an_article_whose_title_comments_on_the_news_does_not_represent_a_story(mark: str) -> None:
    day = [replace(each, title=f"{each.title}{mark}") if each.id == "bridge-1" else each for each in DAY]
    story = next(each for each in cluster(day, RULES) if len(each.articles) == 3)
    assert story.first.id != "bridge-1"


def test_two_items_of_one_source_join_only_when_nearly_the_same() -> None:
    first = BRIDGE[0]
    words = (
        "सोनपुरा में कमला नदी का पुल खुलने पर ग्रामीणों ने मेला लगाया और मिठाई बांटी। बच्चों के लिए झूले लगे।\n"
        "नाव चलाने वाले परिवारों ने जिलाधिकारी रेवती नाथ से दूसरे काम की मांग रखी।"
    )
    title = "सोनपुरा में कमला नदी का पुल खुला तो लगा मेला, नाविकों ने मांगा काम"
    elsewhere = article("fair", "setu", title, words, hours=3)
    score = Pairs.build([first, elsewhere], RULES).link(0, 1).score
    assert RULES.merge <= score < RULES.same_source, "the sample must be between the two thresholds"
    assert len(cluster([first, elsewhere], RULES)) == 1
    sidebar = article("fair", first.source, title, words, hours=3)
    apart = cluster([first, sidebar], RULES)
    assert len(apart) == 2
    assert "one source" in str(apart[0].related[0].kept_apart)
    update = article("again", first.source, first.title, first.text + "\nपुल पर रोशनी का काम बाकी है।", hours=1)
    assert len(cluster([first, update], RULES)) == 1


def test_items_more_than_two_days_apart_are_two_stories() -> None:
    first, second, _ = BRIDGE
    late = article(second.id, second.source, second.title, second.text, hours=5 + 49)
    assert len(cluster([first, late], RULES)) == 2
    soon = article(second.id, second.source, second.title, second.text, hours=5 + 47)
    assert len(cluster([first, soon], RULES)) == 1


FUEL = "शनपुर में {} को पेट्रोल {} रुपये लीटर बिका। डीजल के दाम भी बदले। तेल कंपनियां रोज सुबह छह बजे नए भाव जारी करती हैं।"


def test_a_series_is_never_one_story_over_two_days() -> None:
    today = article("fuel-1", "alok", "पेट्रोल-डीजल के दाम: शनपुर में आज का भाव", FUEL.format("सोमवार", 101), hours=1)
    yesterday = article("fuel-2", "setu", "पेट्रोल-डीजल के दाम: शनपुर में आज का भाव", FUEL.format("सोमवार", 102), hours=25)
    assert len(cluster([today, yesterday], RULES)) == 2
    same_day = article("fuel-3", "setu", "पेट्रोल-डीजल के दाम: शनपुर में आज का भाव", FUEL.format("सोमवार", 102), hours=2)
    assert len(cluster([today, same_day], RULES)) == 1


def test_a_title_that_one_source_repeats_is_learned_as_a_series() -> None:
    text = "आज के नगर भाव में कुल {} वस्तुएं हैं। नगर परिषद यह सूची रोज निकालती है। सूची बाजार में लगी है।"
    daily = [article(f"list-{n}", "alok", f"नगर भाव सूची अंक {n}", text.format(n), hours=1 + 24 * n) for n in range(3)]
    assert len(cluster(daily[:2], RULES, background=daily)) == 2
    assert len(cluster(daily[:2], RULES)) == 1


def test_weekdays_that_differ_count_against_a_pair() -> None:
    first, second, _ = BRIDGE
    moved = article(second.id, second.source, second.title, second.text.replace("रविवार", "बृहस्पतिवार"), hours=3)
    link = Pairs.build([first, moved], RULES).link(0, 1)
    assert link.weekday == "conflict"
    assert link.score < Pairs.build([first, second], RULES).link(0, 1).score - 0.05


@given(
    st.integers(1, 12),
    st.dictionaries(st.tuples(st.integers(0, 11), st.integers(0, 11)), st.floats(0, 1), max_size=40),
    st.sets(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=10),
)
def test_average_link_keeps_every_number_once_and_excluded_pairs_apart(
    size: int, scores: dict[tuple[int, int], float], apart: set[tuple[int, int]]
) -> None:
    good = {(i, j): value for (i, j), value in scores.items() if i < j < size and (i, j) not in apart}
    enemies = {(i, j) for i, j in apart if i < j < size}
    groups = average_link(size, good, enemies, 0.34)
    assert sorted(itertools.chain.from_iterable(groups)) == list(range(size))
    for group in groups:
        assert not set(itertools.combinations(group, 2)) & enemies
        assert len(group) == 1 or any(pair in good for pair in itertools.combinations(group, 2))


def test_average_link_does_not_chain() -> None:
    assert average_link(3, {(0, 1): 0.9, (1, 2): 0.4}, (), 0.34) == [[0, 1], [2]]
    assert average_link(3, {(0, 1): 0.9, (1, 2): 0.4, (0, 2): 0.4}, (), 0.34) == [[0, 1, 2]]


def _read(name: str) -> str:
    path = SHARED_DATA / name
    if not path.exists():
        pytest.skip(f"the labelled pairs ({name}) are not beside the repository")
    return path.read_text(encoding="utf-8")


def test_labelled_pairs_of_five_papers() -> None:
    """Hard negatives: other reports of one epidemic on one day."""
    stories = [json.loads(line) for line in _read("nearup/covid_stories.jsonl").split("\n") if line.strip()]
    articles = [
        Article(
            id=story["id"],
            source=story["outlet"],
            title=story["title"],
            published=datetime.fromisoformat(story["date"]).replace(tzinfo=UTC),
            body=tuple(TextBlock("p", line) for line in story["text"].split("\n") if line.strip()),
        )
        for story in stories
    ]
    place = {each.id: number for number, each in enumerate(articles)}
    pairs = Pairs.build(articles, RULES)
    scores: dict[str, list[float]] = {}
    for pair in json.loads(_read("nearup/covid_pairs_labelled.json")):
        score = pairs.link(place[pair["a"]], place[pair["b"]]).score
        scores.setdefault(pair["label"], []).append(score)
    merged = {label: sum(score >= RULES.merge for score in found) for label, found in scores.items()}
    assert merged["same_event"] >= 0.6 * len(scores["same_event"])
    assert merged["overlap"] == 0
    assert merged["different"] == 0


@pytest.mark.slow
def test_small_days_of_labelled_disasters() -> None:
    """Thirty disaster reports a day, a few of them reported twice: harder than any real day of thirty."""
    lines = _read("articles/ednil-events-hi/ednil_hi.jsonl").split("\n")
    documents = {entry["docid"]: entry for entry in map(json.loads, filter(str.strip, lines))}
    labels = json.loads(_read("nearup/ednil_same_story_labels.json"))
    events = [[name for name in group if name in documents] for group in labels["events"]]
    events = [group for group in events if len(group) > 1]
    unclear = {frozenset(p) for group in labels["not_judged"] for p in itertools.combinations(group, 2)}
    labelled = {name for group in events for name in group}
    single = sorted(set(documents) - labelled)
    right = found = true = 0
    start = datetime(2026, 11, 23, tzinfo=UTC)
    for seed in range(12):
        chance = random.Random(seed)
        groups = [group[:3] for group in chance.sample(events, 4)]
        chosen = [*itertools.chain.from_iterable(groups), *chance.sample(single, 20)]
        articles = [
            Article(
                id=name,
                source=f"paper {number}",
                title=documents[name]["title"],
                published=start + timedelta(minutes=number),
                body=tuple(TextBlock("p", text) for text in documents[name]["paragraphs"] if text.strip()),
            )
            for number, name in enumerate(chosen)
        ]
        truth = {frozenset(p) for group in groups for p in itertools.combinations(group, 2)} - unclear
        found_pairs = {
            frozenset(pair)
            for each in cluster(articles, RULES)
            for pair in itertools.combinations([a.id for a in each.articles], 2)
        } - unclear
        right, found, true = right + len(found_pairs & truth), found + len(found_pairs), true + len(truth)
    assert right / true >= 0.65
    assert right / found >= 0.9
