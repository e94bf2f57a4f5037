"""`digest store prune`, and the settings of what is kept."""

from __future__ import annotations

import pytest

from tests.cli.newsroom import Newsroom

MUCH_LATER = "2027-08-23T07:00+05:30"


@pytest.mark.slow
def test_nothing_young_is_pruned(newsroom: Newsroom) -> None:
    newsroom.json("send")
    before = newsroom.json("status")
    done = newsroom.json("store", "prune")
    assert (done["complete"], done["articles"], done["editions"], done["recipients"]) == (True, 0, [], 0)
    assert done["store_bytes"] > 0
    assert newsroom.json("status") == before
    assert "Nothing is old enough" in newsroom.digest("store", "prune").out


def test_a_dry_run_deletes_nothing(newsroom: Newsroom) -> None:
    collected = newsroom.json("collect")["articles"]
    planned = newsroom.json("store", "prune", "--dry-run", DIGEST_NOW=MUCH_LATER)
    assert (planned["dry_run"], planned["articles"] + planned["emptied"]) == (True, collected)
    assert planned["bytes"] > 0
    shown = newsroom.digest("store", "prune", "--dry-run", DIGEST_NOW=MUCH_LATER).out
    assert "would be deleted" in shown
    pruned = newsroom.digest("store", "prune", "--compact", "--json", DIGEST_NOW=MUCH_LATER)
    done = pruned.json
    assert f"deleted: {collected} of {collected}" in pruned.err
    assert (done["articles"], done["bytes"]) == (planned["articles"], planned["bytes"])
    assert done["store_bytes"] < done["store_bytes_before"]
    assert newsroom.json("store", "prune", DIGEST_NOW=MUCH_LATER)["articles"] == 0


def test_dry_run_and_compact_exclude_each_other(newsroom: Newsroom) -> None:
    assert newsroom.digest("store", "prune", "--dry-run", "--compact").code == 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"DIGEST_STORE__KEEP__DELIVERIES": "29d"}, ("store.keep.deliveries", "at least 30d")),
        ({"DIGEST_STORE__KEEP__ARTICLES": "8d"}, ("store.keep.articles", "at least 9d", "edition.memory")),
        (
            {"DIGEST_STORE__KEEP__ARTICLES": "20d", "DIGEST_EDITION__MEMORY": "30d"},
            ("store.keep.articles", "at least 32d", "edition.memory"),
        ),
    ],
)
def test_what_is_still_needed_must_be_kept(
    newsroom: Newsroom, settings: dict[str, str], words: tuple[str, ...]
) -> None:
    run = newsroom.digest("check", **settings)
    assert run.code == 2
    for word in words:
        assert word in run.out


def test_a_long_memory_keeps_articles_longer_by_itself(newsroom: Newsroom) -> None:
    assert newsroom.digest("check", DIGEST_EDITION__MEMORY="60d").code == 0
