"""Collecting and previewing with a real server and an in-memory store."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.collect.collector import SourceReport, collect, preview_source
from digest.collect.http.fetch import Fetcher, FetchLimits
from digest.collect.source_reader import CollectContext
from digest.collect.types import SaveCounts, Validators
from digest.models import Article, Source
from tests.collect.notebook import InMemoryStore, source
from tests.collect.server import FEED, Handler, serving

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def site() -> Iterator[str]:
    with serving() as base:
        yield base


@pytest.fixture
def fetcher() -> Fetcher:
    return Fetcher(FetchLimits(connect=1, read=1, total=1, body=1_000_000))


@pytest.mark.slow
def test_five_hanging_sources_delay_sixty_by_one_time_out(site: str, tmp_path: Path) -> None:
    limit = 1.5
    bad = ["drip", "drip-headers", "hang", "flood", "reset"]
    sources = [source(f"good {n}", f"{site}/feed?{n}") for n in range(54)]
    sources[3:3] = [source(name, f"{site}/{name}") for name in bad] + [source("metadata", f"{site}/metadata")]
    Handler.most = 0
    limits = FetchLimits(connect=limit, read=limit, total=limit, body=50_000_000)
    report = collect(
        sources,
        CollectContext(Fetcher(limits), NOW, tmp_path),
        InMemoryStore(),
    )
    errors = {one.name: one.error for one in report.sources if one.error}
    assert sorted(errors) == sorted([*bad, "metadata"])
    assert "not a public address" in errors["metadata"]
    assert report.articles == 54
    # The four that send nothing or too little waited in parallel.
    assert Handler.most >= 4


@pytest.mark.slow
def test_one_failing_source_does_not_stop_the_others(site: str, fetcher: Fetcher, tmp_path: Path) -> None:
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / "a.txt").write_text("डेस्क की ख़बर\n\nनहर का पानी गांव तक पहुंच गया है।\n", "utf-8")
    sources = [
        source("gone", f"{site}/gone"),
        source("drip", f"{site}/drip"),
        source("good", f"{site}/feed"),
        source("page", f"{site}/bare-page"),
        source("broken", f"{site}/broken"),
        Source("desk", path="desk"),
        Source("nowhere", path="missing"),
        Source("file", url="file:///etc/passwd"),
        source("moved", f"{site}/moved"),
    ]
    store, reports = InMemoryStore(), list[SourceReport]()
    report = collect(
        sources, CollectContext(fetcher, NOW, tmp_path, article_store=store), store, threads=4, progress=reports.append
    )
    by_name = {one.name: one for one in report.sources}
    assert [one.name for one in report.sources] == [one.name for one in sources]
    assert sorted(one.name for one in reports) == sorted(by_name)
    assert "HTTP 410" in by_name["gone"].error
    assert "longer than 1 seconds" in by_name["drip"].error
    assert "names no feed" in by_name["page"].error
    assert "does not exist" in by_name["nowhere"].error
    assert "file:" in by_name["file"].error
    assert (by_name["good"].kind, by_name["good"].fetched, by_name["good"].error) == ("rss2.0", 1, None)
    assert (by_name["desk"].kind, by_name["desk"].fetched, by_name["desk"].new) == ("folder", 1, 1)
    assert f"permanently moved to {site}/feed" in by_name["moved"].warnings[0]
    assert report.articles == 3
    assert store.threads == {threading.get_ident()}


@pytest.mark.parametrize("path", ["feed", "plain"])
def test_an_unchanged_feed_is_not_read_again(site: str, fetcher: Fetcher, tmp_path: Path, path: str) -> None:
    store, sources = InMemoryStore(), [source("good", f"{site}/{path}")]
    first = collect(
        sources,
        CollectContext(fetcher, NOW, tmp_path, article_store=store),
        store,
    ).sources[0]
    again = collect(
        sources,
        CollectContext(fetcher, NOW, tmp_path, article_store=store),
        store,
    ).sources[0]
    assert (first.fetched, first.new) == (1, 1)
    assert (again.fetched, again.new, again.error, again.kind) == (0, 0, None, "unchanged")
    assert ("if-none-match" in Handler.seen[-1][1]) is (path == "feed")


def test_a_replayed_feed_is_read_every_time(site: str, fetcher: Fetcher, tmp_path: Path) -> None:
    store, sources = InMemoryStore(), [source("good", f"{site}/feed", replay=True)]
    for _ in range(2):
        report = collect(
            sources,
            CollectContext(fetcher, NOW, tmp_path, article_store=store),
            store,
        )
        assert report.articles == 1
    assert store.states == {}


def test_validators_are_saved_only_after_the_articles(site: str, fetcher: Fetcher, tmp_path: Path) -> None:
    class Full(InMemoryStore):
        def save(self, articles: Sequence[Article], *, listed: Collection[str] = ()) -> SaveCounts:
            raise OSError("disk full")

    store = Full()
    with pytest.raises(OSError, match="disk full"):
        collect(
            [source("good", f"{site}/feed")],
            CollectContext(fetcher, NOW, tmp_path, article_store=store),
            store,
        )
    assert store.states == {}


def test_a_feed_that_failed_is_read_again(site: str, fetcher: Fetcher, tmp_path: Path) -> None:
    store = InMemoryStore()
    for _ in range(2):
        report = collect(
            [source("page", f"{site}/bare-page")],
            CollectContext(fetcher, NOW, tmp_path, article_store=store),
            store,
        )
        assert report.sources[0].error
    assert store.states["page"].validators == Validators()
    assert store.states["page"].health.failures == 2


def test_no_sources_at_all(fetcher: Fetcher, tmp_path: Path) -> None:
    report = collect(
        [],
        CollectContext(fetcher, NOW, tmp_path),
        InMemoryStore(),
    )
    assert (report.sources, report.articles) == ((), 0)


def test_preview_of_urls_and_paths(site: str, fetcher: Fetcher, tmp_path: Path) -> None:
    lent = Source("x", url=f"{site}/feed", allow_private=True, section="देश")
    seen = preview_source(f"{site}/feed", CollectContext(fetcher, NOW, tmp_path), source=lent)
    assert (seen.kind, seen.error, seen.articles[0].section) == ("rss2.0", None, "देश")
    (tmp_path / "saved.xml").write_bytes(FEED)
    saved = preview_source("saved.xml", CollectContext(fetcher, NOW, tmp_path))
    assert [article.title for article in saved.articles] == ["नहर में पानी आया"]
    assert "not a public address" in preview_source(f"{site}/feed", CollectContext(fetcher, NOW, tmp_path)).error


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "FILE:/etc/passwd", "ftp://a.example/x", "missing.txt", "https://"]
)
def test_preview_refuses_with_a_message(target: str, fetcher: Fetcher, tmp_path: Path) -> None:
    seen = preview_source(target, CollectContext(fetcher, NOW, tmp_path))
    assert seen.articles == ()
    assert seen.error.endswith(".")


def test_a_latin1_header_over_utf8_is_seen_through(site: str, fetcher: Fetcher, tmp_path: Path) -> None:
    store = InMemoryStore()
    report = collect(
        [source("l", f"{site}/latin")],
        CollectContext(fetcher, NOW, tmp_path, article_store=store),
        store,
    )
    assert next(iter(store.articles.values())).title == "नहर में पानी आया"
    # The document itself declares UTF-8.
    assert report.sources[0].warnings == ()
