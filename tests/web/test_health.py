"""/healthz, /readyz and /metrics: their content, and who may read it."""

from __future__ import annotations

import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from digest import pipeline
from digest.app import App, make_app
from digest.errors import ConfigurationError
from digest.store.workers import Worker
from digest.utils.heartbeat import Heartbeat
from digest.web.health import checks
from digest.web.health.checks import Health, MetricsAccess
from digest.web.health.metrics import exposition
from digest.web.health.server import run_health_server
from digest.web.server import run_pages
from tests.cli.newsroom import NOW
from tests.support.folders import newsletter_folder
from tests.support.tables import each_row
from tests.web.site import Site, site

TOKEN = "a-long-enough-token"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    newsletter_folder(tmp_path / "newsletter", all_sources=False)
    with make_app(tmp_path / "newsletter", environment={"DIGEST_NOW": NOW}) as opened:
        yield opened


def health_of(app: App, heartbeat: Heartbeat | None = None) -> Health:
    return Health(lambda: app.database, lambda: [source.name for source in app.sources], heartbeat)


def samples(text: str) -> dict[str, float]:
    """Name, with the value of a label in brackets → value."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            label = "".join(f"[{value}]" for value in sample.labels.values())
            found[sample.name + label] = sample.value
    return found


@pytest.mark.slow
def test_the_numbers_of_a_sent_edition(app: App) -> None:
    pipeline.send(app, "2026-11-23")
    app.events.save("sendgrid", b"[]", app.now())
    heartbeat = Heartbeat()
    heartbeat.beat()
    with health_of(app, heartbeat) as health:
        content_type, body = exposition(health, "")
        found = samples(body.decode())
        assert health.problems() == []
    assert content_type.startswith("text/plain; version=")
    assert found["digest_store_up"] == 1
    assert (found["digest_editions[done]"], found["digest_editions[draft]"]) == (1, 0)
    assert (found["digest_edition_recipients[accepted]"], found["digest_edition_recipients[excluded]"]) == (6, 1)
    assert (found["digest_unknown_recipients"], found["digest_failing_sources"]) == (0, 0)
    assert found["digest_queued_webhooks"] == 1
    assert abs(found["digest_last_send_timestamp_seconds"] - app.now().timestamp()) < 600
    assert found["digest_schedule_last_tick_timestamp_seconds"] > 0
    assert "@" not in body.decode()
    assert all(re.fullmatch(r"digest_[a-z_]+", name.partition("[")[0]) for name in found)


def test_a_source_that_fails_is_named(app: App) -> None:
    gone = app.settings.sources[0].model_copy(update={"name": "Gone", "path": "nowhere", "replay": False})
    one = app.copy_with(settings=app.settings.model_copy(update={"sources": (gone,)}))
    for _ in range(3):
        pipeline.collect(one)
    with health_of(one) as health:
        found = samples(exposition(health, "")[1].decode())
    assert (found["digest_source_failures[Gone]"], found["digest_failing_sources"]) == (3, 1)
    # Those that are no longer in the settings are not named.
    assert sum(name.startswith("digest_source_failures") for name in found) == 1


@pytest.mark.slow
def test_live_workers_are_measured(tmp_path: Path, postgres_url: str) -> None:
    newsletter_folder(tmp_path / "newsletter", all_sources=False)
    with make_app(tmp_path / "newsletter", environment={"DIGEST_STORE__URL": postgres_url}) as app:
        app.workers.beat(Worker("a", "web1", 812, "0.1.0", 4, rate=9120.5, jobs=("seat 0 of 2026-11-23",)))
        with health_of(app) as health:
            found = samples(exposition(health, "")[1].decode())
    who = "[web1][812][0.1.0]"
    names = ("seats", "jobs", "recipients_per_second")
    assert [found[f"digest_worker_{name}{who}"] for name in names] == [4, 1, 9120.5]


@pytest.mark.slow
def test_a_worker_in_a_restarted_container_is_measured_once(tmp_path: Path, postgres_url: str) -> None:
    newsletter_folder(tmp_path / "newsletter", all_sources=False)
    with make_app(tmp_path / "newsletter", environment={"DIGEST_STORE__URL": postgres_url}) as app:
        for name, seats in (("killed", 4), ("new", 2)):
            app.workers.beat(Worker(name, "939c2eb32662", 1, "0.1.0", seats))
        with health_of(app) as health:
            text = exposition(health, "")[1].decode()
    series = [line for line in text.splitlines() if line.startswith("digest_worker_seats{")]
    assert series == ['digest_worker_seats{host="939c2eb32662",pid="1",version="0.1.0"} 2.0']


def test_a_new_store_has_no_edition(app: App) -> None:
    with health_of(app) as health:
        found = samples(exposition(health, "")[1].decode())
    assert found["digest_editions[done]"] == 0
    assert "digest_last_send_timestamp_seconds" not in found


def test_a_store_that_cannot_be_used_makes_it_unready_but_not_unmeasured(app: App) -> None:
    def broken() -> None:
        raise OSError("gone")

    with Health(broken, lambda: [], None) as health:  # type: ignore[arg-type]
        assert health.problems() == ["the store cannot be used"]
        assert samples(exposition(health, "")[1].decode())["digest_store_up"] == 0


def test_a_schedule_that_hangs_makes_it_unready(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeat = Heartbeat()
    with health_of(app, heartbeat) as health:
        assert health.problems() == ["the schedule hangs"]
        heartbeat.beat()
        assert health.problems() == []
        monkeypatch.setattr(checks, "MAX_SILENCE", -1.0)
        assert health.problems() == ["the schedule hangs"]


def test_a_schedule_that_hangs_for_long_is_not_alive(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    heartbeat = Heartbeat()
    with health_of(app, heartbeat) as health, run_health_server(health, 0) as base:
        # While it starts, and while it works.
        assert health.liveness() == (200, "ok\n")
        heartbeat.beat()
        assert health.liveness() == (200, "ok\n")
        monkeypatch.setattr(checks, "MAX_HANG", -1.0)
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(f"{base}/healthz", timeout=30)
        assert (answer.value.code, answer.value.read()) == (503, b"the schedule hangs\n")
    with health_of(app) as pages:
        # They run no schedule.
        assert pages.liveness() == (200, "ok\n")


def access(addresses: tuple[str, ...] = (), token: str = "") -> MetricsAccess:
    from ipaddress import ip_network

    return MetricsAccess(tuple(map(ip_network, addresses)), token)


@each_row(
    ("client", "headers", "allowed"),
    [
        ("127.0.0.1", {"host": "127.0.0.1:8000"}, True),
        ("::1", {"host": "[::1]:8000"}, True),
        ("127.0.0.1", {"host": "localhost"}, True),
        ("127.0.0.1", {"host": "news.example.com"}, False),
        ("127.0.0.1", {"host": "localhost", "x-forwarded-for": "127.0.0.1"}, False),
        ("203.0.113.5", {"host": "localhost"}, False),
        ("", {"host": "localhost"}, False),
        ("10.1.2.3", {"host": "10.0.0.1"}, True),
        ("203.0.113.5", {"host": "x", "authorization": f"Bearer {TOKEN}"}, True),
        ("203.0.113.5", {"host": "x", "authorization": f"Bearer {TOKEN}x"}, False),
    ],
)
def test_who_may_read_the_metrics(client: str, headers: dict[str, str], allowed: bool) -> None:
    assert access(("10.0.0.0/8",), TOKEN).allows(client, headers) is allowed


def test_without_settings_nobody_else_may() -> None:
    assert not access().allows("10.1.2.3", {"host": "x", "authorization": "Bearer "})


@pytest.mark.slow
def test_the_pages_answer_monitors(tmp_path: Path) -> None:
    with site(tmp_path / "newsletter", DIGEST_WEB__METRICS__TOKEN_ENV="SCRAPE", SCRAPE=TOKEN) as pages:
        # A monitor knows the machine by its address.
        outside = {"Host": "10.0.0.7:8000", "X-Forwarded-For": "203.0.113.5"}
        assert pages.request("GET", "/healthz", headers=outside).text == "ok\n"
        assert pages.request("GET", "/readyz", headers=outside).text == "ok\n"
        assert pages.request("GET", "/metrics", headers=outside).status == 404
        with_token = pages.request("GET", "/metrics", headers={**outside, "Authorization": f"Bearer {TOKEN}"})
        assert samples(with_token.text)["digest_store_up"] == 1
        assert samples(pages.get("/metrics").text)["digest_store_up"] == 1
        assert pages.request("GET", "/archive", headers=outside).status == 421


def test_the_pages_of_a_run_know_its_schedule(app: App) -> None:
    heartbeat = Heartbeat()
    with run_pages(app, port=0, heartbeat=heartbeat) as running:
        assert Site(app, running.base).get("/readyz").status == 503
        heartbeat.beat()
        assert Site(app, running.base).get("/readyz").status == 200


def test_a_short_token_and_a_wrong_network_are_refused(tmp_path: Path) -> None:
    newsletter_folder(tmp_path / "newsletter", all_sources=False)
    given = {"DIGEST_WEB__METRICS__TOKEN_ENV": "SCRAPE", "SCRAPE": "short"}
    with (
        make_app(tmp_path / "newsletter", environment=given) as app,
        pytest.raises(ConfigurationError, match="at least 16 characters"),
        run_pages(app, port=0),
    ):
        pass
    with (
        pytest.raises(ConfigurationError, match="a network such as"),
        make_app(tmp_path / "newsletter", environment={"DIGEST_WEB__METRICS__ADDRESSES": "[10.0.0.300]"}),
    ):
        pass


def test_a_run_without_pages_serves_its_health(app: App) -> None:
    heartbeat = Heartbeat()
    heartbeat.beat()
    with health_of(app, heartbeat) as health, run_health_server(health, 0) as base:
        for path, expected in (("/healthz", "ok\n"), ("/readyz", "ok\n")):
            with urllib.request.urlopen(base + path, timeout=10) as answer:
                assert answer.read().decode() == expected
        with urllib.request.urlopen(f"{base}/metrics", timeout=10) as answer:
            assert samples(answer.read().decode())["digest_store_up"] == 1
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{base}/", timeout=10)


def test_a_store_that_hangs_is_asked_once_and_the_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, asked = threading.Event(), []

    def hanging() -> None:
        asked.append(1)
        go_on.wait(30)
        raise OSError("gone")

    monkeypatch.setattr(checks, "STORE_TIMEOUT", 0.05)
    with Health(hanging, lambda: [], None) as health:  # type: ignore[arg-type]
        assert [health.problems() for _ in range(3)] == [["the store cannot be used"]] * 3
        assert len(asked) == 1
        go_on.set()
