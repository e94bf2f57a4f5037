"""The heartbeat to an outside service, and the message that the process stood still."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from digest.app import make_app
from digest.newsletter.process_down import ping
from digest.scheduler.pulse import Pulse
from digest.utils.heartbeat import Heartbeat
from digest.web.health import checks
from digest.web.health.checks import Health
from tests.support.folders import newsletter_folder
from tests.support.http_server import HttpServer

PATH = "/ping/a-secret-uuid"


def test_a_working_process_pings_and_a_hanging_one_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newsletter_folder(tmp_path / "n", all_sources=False)
    warnings: list[str] = []
    heartbeat = Heartbeat()
    with HttpServer() as service:
        environment = {
            "DIGEST_ALERTS__HEARTBEAT_URL": service.route(PATH, "OK"),
            "DIGEST_ALERTS__WEBHOOK_PRIVATE": "true",
        }
        with (
            make_app(tmp_path / "n", environment=environment) as app,
            Health(lambda: app.database, tuple, heartbeat) as health,
        ):
            pulse = Pulse(health.problems, lambda: ping(app), lambda _late: None, warnings.append)
            # The schedule has not begun.
            pulse.beat()
            assert service.hits(PATH) == []
            heartbeat.beat()
            pulse.beat()
            assert [hit.method for hit in service.hits(PATH)] == ["GET"]
            service.route(PATH, "gone", status=404)
            pulse.beat()
            pulse.beat()
            # Once, and without the path, which is a secret.
            assert len(warnings) == 1
            assert "the service answered 404" in warnings[0]
            assert "secret" not in warnings[0]
            service.route(PATH, "OK")
            pulse.beat()
            monkeypatch.setattr(checks, "MAX_SILENCE", -1.0)
            pulse.beat()
            assert len(service.hits(PATH)) == 4


def test_a_service_that_is_away_is_said_once() -> None:
    warnings: list[str] = []
    pulse = Pulse(list, lambda: "hc.example.com: no answer in 10 seconds", lambda _late: None, warnings.append)
    pulse.beat()
    pulse.beat()
    assert warnings == [
        "The heartbeat (`alerts.heartbeat_url`) could not be sent: hc.example.com: no answer in 10 seconds. "
        "It is tried every minute."
    ]


@pytest.mark.parametrize(("tolerated", "noticed"), [(-1.0, True), (3600.0, False)])
def test_a_wait_that_took_too_long_is_noticed(tolerated: float, noticed: bool) -> None:
    stood_still, looked = threading.Event(), threading.Semaphore(0)

    def problems() -> list[str]:
        looked.release()
        return ["nothing is pinged"]

    pulse = Pulse(
        problems, str, lambda _late: stood_still.set(), lambda _line: None, every=0.0, tolerated=tolerated, look=0.01
    )
    with pulse.running():
        for _ in range(3):
            assert looked.acquire(timeout=30)
    assert stood_still.is_set() is noticed
