"""Composing with what was counted before, in this process or in another, gives what composing anew gives."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import pytest

from bench.papers import NOW, articles
from digest.curate.compose import Curated, compose
from digest.curate.kept import packed, unpacked
from digest.curate.memo import Memo
from digest.curate.rules import Rules
from digest.models import Article
from digest.store.articles import ArticleStore
from digest.store.counted import CountedStore
from digest.store.database import Database, open_database

FEW, MANY = 120, 700
"""Fewer articles than are trusted to say how common a word is, and more."""


@pytest.fixture
def database(store_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(store_url, home=tmp_path)
    yield opened
    opened.close()


def composed(found: list[Article], memo: Memo | None = None) -> Curated:
    return compose(found, rules=Rules(), weights={}, now=NOW, memo=memo)


def revived(memo: Memo) -> Memo:
    """What another process would begin with."""
    held = memo.kept()
    assert held is not None
    read = unpacked(packed(held))
    assert read is not None
    return Memo.revived(read)


def arrivals(count: int, seed: int) -> Iterator[list[Article]]:
    """The articles of a day as they come, go and are changed, in four steps."""
    chance, day = random.Random(seed), articles(count, seed=seed)
    chance.shuffle(day)
    standing = day[: count * 9 // 10]
    yield list(standing)
    standing += day[count * 9 // 10 :]
    yield list(standing)
    changed = standing[1]
    standing[1] = replace(changed, title=f"{changed.title} अपडेट", content_hash=f"{changed.content_hash} again")
    yield list(standing)
    del standing[: count // 50]
    standing[0] = replace(standing[0], published=standing[0].published + timedelta(minutes=5))
    yield chance.sample(standing, len(standing))


@pytest.mark.parametrize("seed", range(4))
def test_few_articles_give_the_same_edition_anew_warm_and_in_another_process(seed: int) -> None:
    warm, kept = Memo(), Memo()
    for standing in arrivals(FEW, seed):
        expected = composed(standing)
        assert composed(standing, warm) == expected
        assert composed(standing, kept) == expected
        kept = revived(kept)


@pytest.mark.parametrize("seed", range(2))
def test_many_articles_give_the_same_edition_warm_and_in_another_process_and_the_same_stories_anew(seed: int) -> None:
    warm, kept = Memo(), Memo()
    for standing in arrivals(MANY, seed):
        expected = composed(standing, warm)
        assert composed(standing, kept) == expected
        assert told(composed(standing)) == told(expected)
        kept = revived(kept)


def told(curated: Curated) -> list[tuple[str, tuple[str, ...]]]:
    """The stories; which sentence of another paper is added to one hangs on weights, which may have drifted."""
    return [(each.id, each.article_ids) for section in curated.sections for each in section.stories]


def test_the_order_of_arrival_leaves_no_trace() -> None:
    day = articles(FEW, seed=9)
    links = []
    for order in (day, day[::-1]):
        memo = Memo()
        memo.know(order, (), Rules())
        place = {(each.id, each.content_hash): number for number, each in enumerate(day)}
        found = memo.links({key: place[key] for key in ((each.id, each.content_hash) for each in order)})
        links.append(sorted((min(i, j), max(i, j), score) for i, j, score in found))
    assert links[0] == links[1]
    assert links[0]


def test_both_kinds_of_store_keep_it(database: Database) -> None:
    store, counted = ArticleStore(database, lambda: NOW), CountedStore(database)
    assert counted.read() == b""
    expected = None
    for standing in list(arrivals(FEW, 5))[:2]:
        store.save(standing)
        held = store.between(NOW - timedelta(days=2), NOW)
        read = unpacked(counted.read())
        memo = Memo.revived(read) if read else Memo()
        expected = composed(held, memo)
        assert expected == composed(standing)
        assert memo.fresh
        kept = memo.kept()
        assert kept is not None
        counted.keep(packed(kept))
    again = unpacked(counted.read())
    assert again is not None
    memo = Memo.revived(again)
    assert composed(standing, memo) == expected
    assert not memo.fresh, "nothing is there that was not kept"


def test_bytes_that_are_not_ours_give_nothing() -> None:
    memo = Memo()
    composed(articles(20), memo)
    kept = memo.kept()
    assert kept is not None
    data = packed(kept)
    assert unpacked(data) is not None
    middle = len(data) // 2
    damaged = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    older = data[:20] + bytes([data[20] ^ 1]) + data[21:]
    for bad in (
        b"",
        b"digest counted ",
        data[:-1],
        data + b"\0",
        data[: len(data) // 3],
        damaged,
        older,
        b"\0" * 5_000,
    ):
        assert unpacked(bad) is None


def test_a_memo_that_knows_nothing_has_nothing_to_keep() -> None:
    assert Memo().kept() is None
    memo = Memo()
    compose([], rules=Rules(), weights={}, now=NOW, memo=memo)
    assert composed(articles(FEW), revived(memo)) == composed(articles(FEW))


def test_what_is_kept_says_what_was_found() -> None:
    memo = Memo()
    composed(articles(FEW), memo)
    kept = memo.kept()
    assert kept is not None
    read = unpacked(packed(kept))
    assert read is not None
    for key, document in kept.documents.items():
        other = read.documents[key]
        for name in ("title", "lead", "full", "places", "weekdays", "numbers"):
            assert getattr(other, name) == getattr(document, name)
    assert list(read.compared) == list(kept.compared)
    assert list(read.links) == list(kept.links)
    assert read.counts == kept.counts
    assert all(i < j for (i, j, _), _ in combinations(read.links[:50], 2))
