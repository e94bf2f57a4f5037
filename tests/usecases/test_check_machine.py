"""The clock against real servers on this machine, and the disks."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path

import pytest

from digest.usecases.check_setup import ask_ntp, check_clock, check_disks, judge_clock, judge_disk
from digest.utils.findings import Level
from tests.support.http_server import Exchange, HttpServer

EPOCH = 2_208_988_800


@contextmanager
def time_server(ahead: float, *, stratum: int = 2) -> Iterator[str]:
    """An SNTP server whose clock is this many seconds ahead. It answers one request."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            data, client = server.recvfrom(512)
            if len(data) < 48:
                return
            seconds = time.time() + ahead + EPOCH
            stamp = struct.pack("!II", int(seconds), int(seconds % 1 * 2**32))
            server.sendto(bytes([0x24, stratum]) + bytes(30) + stamp + stamp, client)

        thread = threading.Thread(target=serve)
        thread.start()
        address = server.getsockname()
        try:
            yield f"127.0.0.1:{address[1]}"
        finally:
            # Ends a server that was not asked.
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stopper:
                stopper.sendto(b"", address)
            thread.join()


def closed_port() -> str:
    """A UDP port at which nothing answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{bound.getsockname()[1]}"


@pytest.mark.parametrize("ahead", [0.0, 90.0, -3600.0])
def test_a_time_server_tells_the_offset(ahead: float) -> None:
    with time_server(ahead) as server:
        offset = ask_ntp(server)
    assert offset is not None
    # A busy machine is slow.
    assert abs(offset - ahead) < 4


def test_a_time_server_that_is_not_synchronised_is_not_believed() -> None:
    with time_server(0, stratum=16) as server:
        assert ask_ntp(server) is None


@pytest.mark.parametrize(("ahead", "text"), [(90, "90 seconds behind"), (-7200, "7,200 seconds ahead of")])
def test_a_skewed_clock_is_an_error_with_its_direction(ahead: float, text: str) -> None:
    finding = judge_clock(ahead, "time.example")
    assert finding.level == Level.ERROR
    assert f"clock is {text} time.example" in finding.message
    assert "timedatectl" in finding.fix
    assert judge_clock(ahead / 100, "time.example").level == (Level.GOOD if ahead == 90 else Level.ERROR)


def test_the_date_of_a_provider_is_used_before_a_time_server() -> None:
    def answer(exchange: Exchange) -> None:
        exchange.handler.send_response_only(404)
        exchange.handler.send_header("Date", formatdate(time.time() + 600, usegmt=True))
        exchange.handler.send_header("Content-Length", "0")
        exchange.handler.end_headers()

    with HttpServer() as site:
        site.route("/", answer)
        finding = check_clock({}, [site.url().rstrip("/")], closed_port())
    assert finding.level == Level.ERROR
    assert "seconds behind 127.0.0.1" in finding.message


def test_a_time_that_nobody_tells_is_not_known() -> None:
    finding = check_clock({}, ["http://127.0.0.1:1"], closed_port())
    assert finding.level == Level.UNKNOWN
    assert "not known" in finding.message


def test_a_known_time_is_used_first() -> None:
    assert check_clock({"pages.example": 30.0}, [], closed_port()).level == Level.ERROR


@pytest.mark.parametrize(
    ("free", "level"), [(50_000_000, Level.ERROR), (900_000_000, Level.WARNING), (9_000_000_000, Level.GOOD)]
)
def test_free_space(free: int, level: Level) -> None:
    assert judge_disk("store", Path("/srv"), free).level == level


def test_folders_on_one_disk_are_one_finding_even_if_one_is_missing(tmp_path: Path) -> None:
    (finding,) = check_disks({"store": tmp_path, "outbox": tmp_path / "not" / "yet"})
    assert finding.message.startswith("store and outbox: ")
