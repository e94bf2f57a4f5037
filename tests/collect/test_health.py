"""Health of sources: what is stored, when a source is skipped, and what operators see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from digest.collect.collector import CollectReport, SourceReport, collect, preview_source
from digest.collect.http.fetch import Fetcher
from digest.collect.source_reader import CollectContext
from digest.models import Source
from tests.collect.notebook import InMemoryStore, source
from tests.collect.server import FEED
from tests.support.http_behaviours import redirect, too_many, validated
from tests.support.http_server import HttpServer
from tests.support.tables import each_row

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DESCRIPTION = "किसानों ने खेतों की सिंचाई शुरू कर दी है।".encode()


@pytest.fixture
def site() -> Iterator[HttpServer]:
    with HttpServer() as running:
        running.route("/feed", validated(FEED, etag='"v1"'))
        yield running


class Desk:
    """Collects with one store, at given times."""

    def __init__(self, home: Path) -> None:
        self.store, self.home = InMemoryStore(), home

    def run(self, *sources: Source, at: datetime = NOW, patient: bool = False) -> CollectReport:
        return collect(
            sources, CollectContext(Fetcher(), at, self.home, article_store=self.store), self.store, patient=patient
        )

    def one(self, one: Source, *, at: datetime = NOW, patient: bool = False) -> SourceReport:
        return self.run(one, at=at, patient=patient).sources[0]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_success_and_new_articles_are_stored(desk: Desk, site: HttpServer) -> None:
    one = source("gaon", site.url("/feed"))
    desk.one(one)
    health = desk.store.states["gaon"].health
    assert (health.last_good, health.last_new, health.failures, health.url) == (NOW, NOW, 0, one.url)
    later = NOW + HOUR
    assert desk.one(one, at=later).kind == "unchanged"
    health = desk.store.states["gaon"].health
    assert (health.last_good, health.last_new) == (later, NOW)


def test_failures_are_counted_and_give_a_warning_from_the_third(desk: Desk, site: HttpServer) -> None:
    one = source("gaon", site.url("/feed"))
    desk.one(one)
    site.route("/feed", b"", status=500)
    reports = [desk.one(one, at=NOW + n * HOUR) for n in (1, 2, 3)]
    assert [report.warnings for report in reports[:2]] == [(), ()]
    assert reports[2].warnings == ("it has failed 3 times in a row; last read on 2026-11-23 at 12:00",)
    health = desk.store.states["gaon"].health
    assert (health.failures, health.last_good) == (3, NOW)
    assert "HTTP 500" in health.last_error
    site.route("/feed", FEED)
    assert desk.one(one, at=NOW + 4 * HOUR).warnings == ()
    health = desk.store.states["gaon"].health
    assert (health.failures, health.last_error) == (0, None)


def test_a_path_that_fails_counts_too_and_is_always_tried(desk: Desk) -> None:
    for _ in range(4):
        report = desk.one(Source("desk", path="missing"), patient=True)
    assert "does not exist" in report.error
    assert report.warnings == ("it has failed 4 times in a row; never read so far",)


def test_a_week_without_new_articles_gives_a_warning(desk: Desk, site: HttpServer) -> None:
    one = source("gaon", site.url("/feed"))
    desk.one(one)
    assert desk.one(one, at=NOW + timedelta(days=7)).warnings == ()
    assert desk.one(one, at=NOW + timedelta(days=8)).warnings == ("it has had no new article since 2026-11-23",)


@each_row(
    "body, why",
    [
        (FEED.replace(b"23 Nov 2026", b"23 Nov 2014"), "1 older than 7 days"),
        (
            FEED.replace("नहर में पानी आया".encode(), b"Water is back in the canal").replace(DESCRIPTION, b""),
            "1 not in hi",
        ),
    ],
)
def test_a_source_that_no_edition_could_use_gives_a_warning_at_once(body: bytes, why: str) -> None:
    with TemporaryDirectory() as home, HttpServer() as running:
        running.route("/feed", body)
        one, desk = source("gaon", running.url("/feed")), Desk(Path(home))
        assert desk.one(one).warnings == (
            "no edition could have any of its articles so far: all were too old or in another language",
        )
        found = preview_source(one.url, CollectContext(Fetcher(), NOW, desk.home), source=one)
        assert found.unusable == f"no edition could have any of its 1 articles: {why}"
        running.route("/feed", FEED.replace(b"/n/1", b"/n/2"))
        assert desk.one(one, at=NOW + HOUR).warnings == ()


def test_every_run_respects_retry_after(desk: Desk, site: HttpServer) -> None:
    one = source("gaon", site.url("/busy"))
    site.route("/busy", too_many("1800"))
    assert "HTTP 429" in desk.one(one).error
    report = desk.one(one, at=NOW + timedelta(minutes=29))
    assert report.error == "Skipped: the server asked us to wait until 12:30."
    assert len(site.hits("/busy")) == 1
    assert desk.store.states["gaon"].health.failures == 1
    site.route("/busy", FEED)
    assert desk.one(one, at=NOW + timedelta(minutes=31)).new == 1
    assert desk.store.states["gaon"].health.not_before is None


def test_only_patient_runs_skip_failing_sources(desk: Desk, site: HttpServer) -> None:
    one = source("gaon", site.url("/gone"))
    for _ in range(3):
        desk.one(one, patient=True)
    assert len(site.hits("/gone")) == 3
    spared = desk.one(one, at=NOW + timedelta(minutes=15), patient=True)
    assert spared.error.startswith("Skipped until 12:30: it has failed 3 times in a row.")
    assert len(site.hits("/gone")) == 3
    assert desk.store.states["gaon"].health.failures == 3
    desk.one(one, at=NOW + timedelta(minutes=15))
    assert len(site.hits("/gone")) == 4
    at = NOW + timedelta(minutes=15)
    # Minutes: doubled each time, up to six hours.
    for wait in (60, 120, 240, 360, 360):
        desk.one(one, at=at + timedelta(minutes=wait - 2), patient=True)
        asked = len(site.hits("/gone"))
        at += timedelta(minutes=wait)
        desk.one(one, at=at, patient=True)
        assert len(site.hits("/gone")) == asked + 1


def test_a_permanent_redirect_is_stored_and_followed(desk: Desk, site: HttpServer) -> None:
    one = source("gaon", site.url("/old"))
    site.route("/old", redirect("/feed", 301))
    expected = (f"it has permanently moved to {site.url('/feed')}; change its url",)
    assert desk.one(one).warnings == expected
    assert desk.one(one).warnings == expected
    assert len(site.hits("/old")) == 1
    assert desk.store.states["gaon"].health.moved_to == site.url("/feed")
    site.route("/feed", b"", status=404)
    site.route("/old", FEED)
    assert desk.one(one).error is None
    assert desk.store.states["gaon"].health.moved_to is None


def test_a_redirect_to_another_document_is_not_stored(desk: Desk, site: HttpServer) -> None:
    one = source("gaon", site.url("/old"))
    site.route("/old", redirect("/login", 301))
    site.route("/login", "<html><head><title>x</title></head><body></body></html>", type="text/html")
    assert desk.one(one).error
    assert desk.store.states["gaon"].health.moved_to is None


def test_a_redirect_target_that_stops_working_is_dropped(desk: Desk, site: HttpServer) -> None:
    one = source("gaon", site.url("/old"))
    site.route("/old", redirect("/feed", 301))
    desk.one(one)
    site.route("/feed", "<html><head><title>x</title></head><body></body></html>", type="text/html")
    site.route("/old", FEED)
    assert desk.one(one).error
    assert desk.store.states["gaon"].health.moved_to is None
    assert desk.one(one).error is None


def test_a_move_to_a_private_address_is_refused(desk: Desk, site: HttpServer) -> None:
    site.route("/old", redirect("http://169.254.169.254/latest", 301))
    assert "not a public address" in desk.one(source("gaon", site.url("/old"))).error


def test_another_url_or_changed_settings_drop_the_validators(desk: Desk, site: HttpServer) -> None:
    site.route("/other", validated(FEED, etag='"v1"'))
    desk.one(source("gaon", site.url("/feed")))
    desk.one(source("gaon", site.url("/other")))
    assert "if-none-match" not in site.hits("/other")[0].headers
    desk.one(source("gaon", site.url("/other")))
    assert site.hits("/other")[1].headers["if-none-match"] == '"v1"'
    read = desk.one(source("gaon", site.url("/other"), section="देश"))
    assert "if-none-match" not in site.hits("/other")[2].headers
    assert read.fetched == 1


def test_a_failure_keeps_the_validators(desk: Desk, site: HttpServer) -> None:
    one = source("gaon", site.url("/feed"))
    desk.one(one)
    site.route("/feed", b"", status=500)
    desk.one(one)
    site.route("/feed", validated(FEED, etag='"v1"'))
    assert desk.one(one).kind == "unchanged"
